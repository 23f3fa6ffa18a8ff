"""Every address with the policy that guards it: who may come in, and with which methods.

No address is served without one. ``route`` wraps the view, so a view never asks who is there; objects are
still scoped by ``visible_to`` querysets, because a policy knows roles, not owners::

    urlpatterns = [
        route("", views.schedule, name="schedule", policy=PUBLIC),
        route("me/", views.account, name="account", policy=SIGNED_IN.on("GET", "POST")),
        route("desk/closures/", views.closures, name="closures",
              policy=needs(Capability.SEE_CLOSURES).writing(Capability.MANAGE_CLOSURES)),
    ]
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, URLResolver, get_resolver, path, re_path, register_converter

from studio.lib import codes
from studio.people.rules.permissions import Capability
from studio.web import refusal_pages
from studio.web.requests import Request

register_converter(codes.CodeConverter, "code")

Patterns = Iterable[URLPattern | URLResolver]

READING = ("GET", "HEAD", "OPTIONS")
KNOWN_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class Entry(StrEnum):
    """The least a visitor must be."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    CAPABLE = "capable"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use an address, and with which methods.

    ``any_of``: one of these capabilities is enough. ``any_of_to_write``: asked instead for methods that
    change something. ``before_second_step``: open to staff who have not set up their authenticator app yet.
    ``is_api``: the API authenticates by itself (token), so the answer is left to its permission class.
    """

    entry: Entry
    any_of: tuple[Capability, ...] = ()
    any_of_to_write: tuple[Capability, ...] | None = None
    methods: tuple[str, ...] = ("GET",)
    before_second_step: bool = False
    is_api: bool = False

    def on(self, *methods: str) -> Policy:
        """The same policy for exactly these methods; HEAD follows GET, OPTIONS is always answered."""
        unknown = [method for method in methods if method not in KNOWN_METHODS]
        if unknown or not methods:
            raise ImproperlyConfigured(f"A policy needs known methods, not {unknown or 'none'}.")
        return replace(self, methods=methods)

    def writing(self, *capabilities: Capability) -> Policy:
        """The same policy, also for POST, which asks for one of these capabilities instead."""
        methods = self.methods if "POST" in self.methods else (*self.methods, "POST")
        return replace(self, any_of_to_write=capabilities, methods=methods)

    @property
    def allowed_methods(self) -> tuple[str, ...]:
        extra = ("HEAD", "OPTIONS") if "GET" in self.methods else ("OPTIONS",)
        return tuple(dict.fromkeys((*self.methods, *extra)))

    def capabilities_for(self, method: str) -> tuple[Capability, ...]:
        """The capabilities of which one is needed for this method; none means being let in is enough."""
        if method not in READING and self.any_of_to_write is not None:
            return self.any_of_to_write
        return self.any_of

    def admits(self, request: Request, method: str | None = None) -> bool:
        """Whether the person behind this request may do this."""
        if self.entry is Entry.ANYONE:
            return True
        user = request.user
        if not user.is_authenticated:
            return False
        if self.entry is Entry.OWNER:
            return bool(user.is_superuser)
        if request.person is None or not request.person.is_active:
            return False
        needed = self.capabilities_for(method or request.method)
        return not needed or any(request.actor.may(capability) for capability in needed)


PUBLIC = Policy(Entry.ANYONE)
"""Anyone, for reading. A form that anyone may send: ``PUBLIC.on("GET", "POST")``."""

SIGNED_IN = Policy(Entry.SIGNED_IN)
"""Any active person who has signed in."""

OWNER = Policy(Entry.OWNER, methods=("GET", "POST"))
"""The owner of the installation: Django's own admin."""


def needs(*capabilities: Capability, methods: Sequence[str] = ("GET",)) -> Policy:
    """Someone with at least one of these capabilities.

    Name the narrow twin too where it is enough to open the page: ``needs(COMPLETE_SESSIONS,
    COMPLETE_OWN_SESSIONS)``; the view's queryset then shows only what is theirs.
    """
    if not capabilities:
        raise ImproperlyConfigured("needs() takes at least one capability; use SIGNED_IN otherwise.")
    return Policy(Entry.CAPABLE, any_of=capabilities).on(*methods)


def in_api(policy: Policy) -> Policy:
    """The same policy for an address of the API, where ``api_access.DeclaredPolicy`` enforces it."""
    return replace(policy, is_api=True)


def in_sign_in(policy: Policy) -> Policy:
    """The same policy, also for staff who have not set up their authenticator app yet."""
    return replace(policy, before_second_step=True)


@dataclass(frozen=True, slots=True)
class Declared:
    """One address and its policy, for the check and for the test that tries them all.

    ``name`` is the one to reverse, with its namespace; ``arguments`` are the parts to fill in.
    """

    pattern: str
    name: str
    policy: Policy
    arguments: tuple[str, ...] = ()


def route(pattern: str, view: Callable[..., Any], *, name: str, policy: Policy) -> URLPattern:
    """One address: Django's ``path`` with a policy in front of the view."""
    return path(pattern, guard(view, policy), name=name)


def route_matching(expression: str, view: Callable[..., Any], *, name: str, policy: Policy) -> URLPattern:
    """One address given as a regular expression."""
    return re_path(expression, guard(view, policy), name=name)


def guarded(patterns: Patterns, policy: Policy) -> list[URLPattern | URLResolver]:
    """The addresses of somebody else's package, all under one policy."""
    guarded_patterns: list[URLPattern | URLResolver] = []
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = guarded(each.url_patterns, policy)
            guarded_patterns.append(
                URLResolver(each.pattern, inner, each.default_kwargs, each.app_name, each.namespace)
            )
        else:
            view = guard(each.callback, policy)
            guarded_patterns.append(URLPattern(each.pattern, view, each.default_args, each.name))
    return guarded_patterns


def guard(view: Callable[..., Any], policy: Policy) -> Callable[..., Any]:
    """The view behind its policy. Methods first, then who, then the second step of signing in."""

    @functools.wraps(view)
    def guarded_view(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        if policy.is_api:
            return view(request, *args, **kwargs)
        if request.method not in policy.allowed_methods:
            return HttpResponseNotAllowed(policy.allowed_methods)
        if refusal := _turned_away(request, policy):
            return refusal
        if request.method == "OPTIONS":
            return HttpResponse(headers={"Allow": ", ".join(policy.allowed_methods)})
        return view(request, *args, **kwargs)

    guarded_view.policy = policy  # type: ignore[attr-defined]
    return guarded_view


def _turned_away(request: Request, policy: Policy) -> HttpResponse | None:
    """The page for someone the policy does not admit, or None."""
    if policy.entry is Entry.ANYONE:
        return None
    if not request.user.is_authenticated:
        return refusal_pages.to_sign_in(request)
    if not policy.admits(request):
        return refusal_pages.not_allowed(request, policy.capabilities_for(request.method))
    if settings.STUDIO_STAFF_TOTP_REQUIRED and not policy.before_second_step and request.lacks_second_step:
        return refusal_pages.to_second_step(request)
    return None


def declared(patterns: Patterns | None = None) -> Iterator[Declared]:
    """Every address of the site with its policy.

    :raises ImproperlyConfigured: for an address without one.
    """
    for address in _addresses(patterns):
        policy = getattr(address.view, "policy", None)
        if not isinstance(policy, Policy):
            raise ImproperlyConfigured(undeclared_message(address.pattern))
        yield Declared(address.pattern, address.name, policy, address.arguments)


def undeclared(patterns: Patterns | None = None) -> list[str]:
    """The addresses nobody declared a policy for."""
    return [
        address.pattern
        for address in _addresses(patterns)
        if not isinstance(getattr(address.view, "policy", None), Policy)
    ]


def undeclared_message(pattern: str) -> str:
    return (
        f"/{pattern} has no policy. Declare it with studio.web.routes.route(..., policy=...), "
        "or wrap a package's addresses in guarded(...)."
    )


@dataclass(frozen=True, slots=True)
class _Address:
    pattern: str
    name: str
    view: Callable[..., Any]
    arguments: tuple[str, ...]


def _addresses(
    patterns: Patterns | None, before: str = "", namespaces: tuple[str, ...] = (), given: tuple[str, ...] = ()
) -> Iterator[_Address]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        whole = before + str(each.pattern)
        arguments = (*given, *each.pattern.regex.groupindex)
        if isinstance(each, URLResolver):
            inner = (*namespaces, each.namespace) if each.namespace else namespaces
            yield from _addresses(each.url_patterns, whole, inner, arguments)
        else:
            name = ":".join((*namespaces, each.name)) if each.name else ""
            yield _Address(whole, name, each.callback, arguments)
