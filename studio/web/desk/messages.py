"""Messages: what was written to whom, what waits or failed, and trying one again."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse

from studio.lib.refusals import Refused
from studio.notifications.domain import sending
from studio.notifications.models import Message
from studio.notifications.queries import messages as queries
from studio.notifications.rules import telling
from studio.people.rules.permissions import Capability
from studio.web import context, toasts
from studio.web.desk import answers
from studio.web.requests import Request
from studio.web.routes import needs, route

# state: the tab's label, the tag's state and word, what is said when there are none
STATES = {
    "": ("All", "", "", "No messages yet", "Bookings, invoices and payments are told by e-mail."),
    "waiting": ("Waiting", "info", "Waiting", "Nothing waits", "Everything written so far has gone out."),
    "failed": ("Failed", "danger", "Failed", "Nothing has failed", "What cannot be sent is listed here."),
    "sent": ("Sent", "ok", "Sent", "Nothing was sent yet", "What was sent is listed here."),
    "dropped": ("Not sent", "canceled", "Not sent", "Nothing was left out", "Messages not sent are here."),
}
RETRYING = ("warn", "Trying again")


def index(request: Request) -> HttpResponse:
    """The list, newest first; ``?state=failed`` shows those alone."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    page = answers.paged(request, queries.listed(actor=request.actor, state=state))
    trouble = queries.in_trouble(actor=request.actor)
    shown = {
        "page": page,
        "rows": [_row(message) for message in page],
        "tabs": [_tab(each, state, trouble["failed"]) for each in STATES],
        "empty_title": STATES[state][3],
        "empty_text": STATES[state][4],
        "trouble": trouble,
        "crumbs": _crumbs(),
    }
    return answers.page(request, "desk/messages.html", shown)


def show(request: Request, message_id: int) -> HttpResponse:
    """One message: its words, and how far it got."""
    return _message_page(request, _message(request, message_id))


def retry(request: Request, message_id: int) -> HttpResponse:
    """Try a message again at once."""
    message = _message(request, message_id)
    key = answers.key_of(request)
    try:
        sending.retry(message_id=message.pk, by=request.actor, at=request.now, key=key)
    except Refused as refused:
        return _message_page(request, message, refused, status=answers.status_of(refused))
    toasts.tell(request, f"Message to {message.person.name} will be tried again now")
    return redirect("desk:message", message.pk)


def _message(request: Request, message_id: int) -> Message:
    message = queries.listed(actor=request.actor).filter(pk=message_id).first()
    if message is None:
        raise Http404("no such message")
    return message


def _message_page(
    request: Request, message: Message, refused: Refused | None = None, *, status: int = 200
) -> HttpResponse:
    row = _row(message)
    shown = {
        "message": message,
        "row": row,
        "refused": refused,
        "may_retry": request.actor.may(Capability.EDIT_PEOPLE) and sending.can_retry(message),
        "crumbs": [*_crumbs(), ("Messages", reverse("desk:messages"))],
    }
    return answers.page(request, "desk/messages_one.html", shown, status=status)


def _row(message: Message) -> dict[str, object]:
    """A message as a line of the list."""
    kind = telling.WORDS.get(message.template, message.template)
    tag_state, tag_label = RETRYING if message.state == "retrying" else STATES[message.state][1:3]
    return {
        "message": message,
        "subject": message.subject or kind,
        "kind": kind,
        "tag_state": tag_state,
        "tag_label": tag_label,
        "note": message.dropped_reason or message.last_error,
    }


def _tab(state: str, current: str, failed: int) -> dict[str, object]:
    href = reverse("desk:messages")
    return {
        "label": STATES[state][0],
        "href": f"{href}?state={state}" if state else href,
        "is_current": state == current,
        "count": failed if state == "failed" else None,
    }


def _crumbs() -> list[tuple[str, str]]:
    settings = context.address("desk:settings")
    return [("Settings", settings)] if settings else []


_SEE = needs(Capability.SEE_PEOPLE)

routes: list[URLPattern] = [
    route("messages/", index, name="messages", policy=_SEE),
    route("messages/<code:message_id>/", show, name="message", policy=_SEE),
    route(
        "messages/<code:message_id>/retry/",
        retry,
        name="retry_message",
        policy=needs(Capability.EDIT_PEOPLE, methods=("POST",)),
    ),
]
