"""How the desk answers: done, with the way back; refused, with every reason; or a page and its fragment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from sessions_app.models import Session
from sessions_app.queries import sessions
from studio.audit.models import Operation
from studio.lib import localtime
from studio.lib.refusals import NotFound, Refused
from studio.people.rules.permissions import Capability
from studio.web import refusal_pages, toasts
from studio.web.desk import inverses
from studio.web.requests import Request

PER_PAGE = 50


class KeyForm(forms.Form):
    """A form that changes something: it carries the operation's key and the page to go back to."""

    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def add_reasons(self, refused: Refused) -> None:
        """Put every reason of a refusal beside the field it is about, or on top of the form."""
        for reason in refused.reasons:
            self.add_error(reason.field if reason.field in self.fields else None, str(reason))


def key_of(request: Request) -> str | None:
    """The operation key that the form carried; without one the verb makes its own."""
    return request.POST.get("key", "")[:64] or None


def back(request: Request, default: str) -> str:
    """Where the form asked to return to, when that is a page of ours."""
    return refusal_pages.safe_next(request, request.POST.get("next")) or default


def done(request: Request, text: str, *, to: str, key: str | None = None) -> HttpResponse:
    """Say what happened on the next page, with Undo when the operation under this key can be taken back."""
    toasts.tell(request, text, undo=_way_back(request, key) if key else "")
    return HttpResponseRedirect(to)


def _way_back(request: Request, key: str) -> str:
    """Where the operation under this key is taken back, when this person may."""
    operation = Operation.objects.filter(key=key, actor=request.actor.person_id).first()
    if operation is None or not inverses.may(
        request.actor, operation, inverses.sessions([operation]).get(operation.pk)
    ):
        return ""
    return reverse("desk:undo", args=[operation.pk])


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    fragments: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """The page, or the one part of it that htmx asked for: the same template at the same address."""
    target = request.htmx.target if request.htmx and not request.htmx.boosted else ""
    if target in fragments:
        return render(request, f"{template}#{target}", {**context, "is_fragment": True}, status=status)
    return render(request, template, dict(context), status=status)


def status_of(refused: Refused) -> int:
    """404 for what is gone, 409 for a no that depends on how things stand, 422 for what was typed."""
    if isinstance(refused, NotFound):
        return 404
    return 422 if all(reason.field for reason in refused.reasons) else 409


def paged(request: Request, rows: Any, *, per_page: int = PER_PAGE) -> Page[Any]:
    """The page of rows that the address asks for; a number beyond the last is the last."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def today(request: Request) -> date:
    """The studio's date."""
    return localtime.local_day(request.now, request.studio.time_zone)


def date_in(text: str) -> date:
    """An ISO date of an address.

    :raises Http404: when it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Http404("no such day") from error


def may(request: Request, capability: Capability, session: Session) -> bool:
    """Whether this person may do this in this session: everywhere, or because it is theirs."""
    return request.actor.may(capability, own=session.practitioner_id == request.actor.person_id)


def of_session(*needed: Capability) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Give a view the session of its address, to whom may do this in it; others read who can give access."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def with_session(request: Request, session_id: int, **kwargs: Any) -> HttpResponse:
            session = sessions.one(session_id, by=request.actor)
            if session is None:
                raise Http404("no such session")
            lacking = [capability for capability in needed if not may(request, capability, session)]
            if lacking:
                return refusal_pages.not_allowed(request, lacking)
            return view(request, session, **kwargs)

        return with_session

    return decorate
