"""What someone sees who may not come in: the way to sign in, or who can give access."""

import logging
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

from studio.people.queries import people
from studio.people.rules import permissions
from studio.people.rules.permissions import Capability
from studio.web.requests import Request

log = logging.getLogger(__name__)


def to_sign_in(request: Request) -> HttpResponse:
    """Sign in first, then return to where they were."""
    back = _way_back(request)
    query = f"?{urlencode({'next': back})}" if back else ""
    return _go(request, resolve_url(settings.LOGIN_URL) + query)


def to_second_step(request: Request) -> HttpResponse:
    """Staff set up their authenticator app before anything else."""
    return _go(request, resolve_url("mfa_activate_totp"))


def forbidden(request: Request, exception: Exception | None = None) -> HttpResponse:
    """403 raised by a view or a package, without a capability to name."""
    return not_allowed(request, [])


def not_allowed(request: Request, needed: Sequence[Capability]) -> HttpResponse:
    """403, saying what is missing and who can give it. A member is not told the names of the team."""
    roles = [
        permissions.ROLE_WORDS[role] for capability in needed for role in permissions.roles_with(capability)
    ]
    log.warning("Refused %s %s to person %s", request.method, request.path, request.actor.person_id)
    context = {
        "needed": [permissions.CAPABILITY_WORDS[capability] for capability in needed],
        "allowed_roles": list(dict.fromkeys(roles)),
        "givers": people.access_givers() if request.actor.is_desk else [],
    }
    return render(request, "shell/403.html", context, status=403)


def safe_next(request: Request, address: str | None) -> str | None:
    """The address if it is one of ours, else None: nobody is sent to a stranger's site after signing in."""
    if address and url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return address
    return None


def came_from(request: Request) -> str | None:
    """The page of ours whose form was sent."""
    page = urlsplit(request.headers.get("Referer", ""))
    if page.netloc != request.get_host():
        return None
    return safe_next(request, page.path + (f"?{page.query}" if page.query else ""))


def _way_back(request: Request) -> str | None:
    """The page they were on: this one when it can be read, else the page whose form they sent."""
    if getattr(request, "htmx", False) and request.htmx.current_url_abs_path:
        return safe_next(request, request.htmx.current_url_abs_path)
    if request.method in {"GET", "HEAD"}:
        return safe_next(request, request.get_full_path())
    return came_from(request)


def _go(request: Request, address: str) -> HttpResponse:
    """A redirect that a fragment request follows as a whole page."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)
