"""What just happened, in one sentence, with the way to take it back: said by a view, shown on the next page.

Good news is a toast that leaves by itself. Anything that needs attention is a banner that stays.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest

_MARK = "toast:"


@dataclass(frozen=True, slots=True)
class Toast:
    """``href`` with ``label`` is a form that is posted (Undo); ``fields`` are its hidden values."""

    text: str
    href: str = ""
    label: str = "Undo"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence that stays at the top of the page: ``state`` is danger, warn or info."""

    text: str
    state: str


def tell(
    request: HttpRequest,
    text: str,
    *,
    undo: str = "",
    label: str = "Undo",
    fields: Mapping[str, str] | None = None,
) -> None:
    """Say it on the next page: noun and past verb, ``Amir Patel checked in``. ``undo`` is a POST address."""
    words = json.dumps({"href": undo, "label": label, "fields": dict(fields or {})})
    messages.success(request, text, extra_tags=_MARK + words)


def warn(request: HttpRequest, text: str) -> None:
    """A banner on the next page, for what needs attention."""
    messages.warning(request, text)


@dataclass(slots=True)
class News:
    """Everything waiting to be said to this visitor; reading it takes it off the pile."""

    toasts: list[Toast]
    notices: list[Notice]


def take(request: HttpRequest) -> News:
    news = News([], [])
    for message in messages.get_messages(request):
        if message.level >= messages.WARNING:
            state = "danger" if message.level >= messages.ERROR else "warn"
            news.notices.append(Notice(str(message.message), state))
        else:
            news.toasts.append(_toast(str(message.message), message.extra_tags or ""))
    return news


def _toast(text: str, tags: str) -> Toast:
    """Tags that are not ours come from a package that also says something."""
    if not tags.startswith(_MARK):
        return Toast(text)
    words = json.loads(tags.removeprefix(_MARK))
    return Toast(text, words["href"], words["label"], words["fields"])
