"""The tags every template may use (built in, no ``{% load %}``): figures, money, time, icons, forms.

Money, times and figures are printed by these and by nothing else, so that one place decides how they look.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.http import QueryDict
from django.middleware.csrf import get_token
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studio.lib import codes
from studio.lib.consequences import Consequence
from studio.lib.money import Money
from studio.web import formats

register = template.Library()

ICONS = "vendor/lucide-1.62.0/icons.svg"


# --- money and figures -------------------------------------------------------------------------------


@register.simple_tag(name="money", takes_context=True)
def money_tag(context: Context, minor: int | Money | None, currency: str = "", sign: bool = False) -> str:
    """``{% money charge.amount_minor %}``: £12.50 in the studio's currency. ``sign=True`` adds a plus."""
    if minor is None:
        return ""
    return formats.money(_amount(context, minor, currency), sign=sign)


@register.filter(name="money")
def money_filter(amount: Money | int | None, currency: str = "") -> str:
    """``{{ amount|money }}`` for Money, ``{{ minor|money:"GBP" }}`` for minor units."""
    if amount is None:
        return ""
    return formats.money(amount if isinstance(amount, Money) else Money(amount, currency))


@register.simple_tag(name="owes", takes_context=True)
def owes_tag(context: Context, minor: int | Money, currency: str = "") -> str:
    """``{% owes balance_minor %}``: Owes £45.00 · £20.00 in credit · Nothing owed. Positive is owed."""
    return formats.owes(_amount(context, minor, currency))


@register.filter(name="owes")
def owes_filter(amount: Money | int, currency: str = "") -> str:
    return formats.owes(amount if isinstance(amount, Money) else Money(amount, currency))


@register.filter
def signed(value: int) -> str:
    """A number that moves something: ``+10``, ``−5`` with a real minus, ``0``."""
    return formats.number(value, sign=True)


@register.filter
def number(value: int) -> str:
    """``1,200`` and ``−5`` with a real minus."""
    return formats.number(value)


@register.filter
def minutes(count: int) -> str:
    """A length in minutes as words: ``45 min``, ``1 h 30 min``."""
    return formats.minutes(count)


@register.simple_tag
def figure(shown: object, href: str = "", name: str = "", raw: object = None) -> SafeString:
    """A number that leads to its explanation (UX 3.5); without ``href``, the total on the explaining page.

    ``{% figure 4 href=url name="credits-free" %}``. ``name`` is the same on both ends and ``raw`` is the bare
    number when ``shown`` is words, so that a test can follow the link and compare.
    """
    bare = shown if raw is None else raw
    if href:
        return format_html(
            '<a class="figure" href="{}" data-explain="{}" data-fig="{}">{}</a>', href, name, bare, shown
        )
    return format_html('<span class="figure" data-total="{}" data-fig="{}">{}</span>', name, bare, shown)


# --- time --------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def when(
    context: Context, starts: datetime, ends: datetime | None = None, zone: str = "", long: bool = False
) -> SafeString:
    """``{% when session.starts_at session.ends_at session.time_zone %}``: Thu 5 Mar, 18:00–19:00."""
    local, until = _local(context, starts, zone), ends and _local(context, ends, zone)
    words = formats.when(local, until, today=_today(context, zone), locale=_locale(context), long=long)
    return _time(local.isoformat(), words)


@register.simple_tag(takes_context=True)
def clock(
    context: Context, starts: datetime, ends: datetime | None = None, zone: str = "", text: bool = False
) -> SafeString | str:
    """The time of day: 18:00 or 18:00–19:00. ``text=True`` for an attribute (no ``<time>`` around it)."""
    local, until = _local(context, starts, zone), ends and _local(context, ends, zone)
    words = formats.clock(local, until, locale=_locale(context))
    return words if text else _time(local.isoformat(), words)


@register.simple_tag(takes_context=True)
def day(
    context: Context, on: date | datetime | None, zone: str = "", long: bool = False, text: bool = False
) -> SafeString | str:
    """The day: Thu 5 Mar; ``long=True``: Thursday 5 March. Takes a date, or a moment and its zone."""
    if on is None:
        return ""
    local = _local(context, on, zone).date() if isinstance(on, datetime) else on
    words = formats.day(local, today=_today(context, zone), locale=_locale(context), long=long)
    return words if text else _time(local.isoformat(), words)


# --- shell -------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One of the icons of ``static/vendor/lucide-*/icons.svg``. Decoration unless it has a ``label``."""
    address = static(ICONS)
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', label, address, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', address, name)


@register.simple_tag(takes_context=True)
def op_key(context: Context, key: str = "") -> SafeString:
    """The hidden fields of every form that changes something: the operation's key and the CSRF token.

    Sending the form twice carries the same key, so it has one effect. ``{% op_key form.key.value %}`` keeps a
    key when the form is shown again. Works inside components included with ``only``.
    """
    request = getattr(context, "request", None) or context.get("request")
    token = get_token(request) if request is not None else ""
    return format_html(
        '<input type="hidden" name="key" value="{}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">',
        key or uuid.uuid4(),
        token,
    )


@register.simple_tag(takes_context=True)
def page_link(context: Context, number_of_page: int | str) -> str:
    """``?…&page=3``: this page's own filters with another page number. Works inside ``only``."""
    request = getattr(context, "request", None) or context.get("request")
    query = request.GET.copy() if request is not None else QueryDict(mutable=True)
    query["page"] = str(number_of_page)
    return f"?{query.urlencode()}"


@register.filter
def page_range(page: Page) -> list[int | str]:
    """The page numbers to show around this page, with an ellipsis where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


@register.simple_tag
def in_order(consequences: Iterable[Consequence], kinds: str = "") -> list[dict[str, Any]]:
    """Consequences grouped for a preview, in the fixed order; what stays as it is is said too.

    ``{% in_order preview.consequences "places credits money messages" as rows %}`` leaves out lines that do
    not concern the reader (a member does not see pay). "Cannot be undone" shows only when something cannot.
    """
    told = list(consequences)
    shown = kinds.split() if kinds else [kind for kind in _LINES if kind != "final"]
    rows = []
    for kind, (label, picture, none) in _LINES.items():
        texts = [each.text for each in told if each.kind == kind]
        if texts or kind in shown:
            rows.append(
                {
                    "kind": kind,
                    "label": label,
                    "icon": picture,
                    "texts": texts or [none],
                    "is_none": not texts,
                }
            )
    return rows


_LINES = {
    "places": ("Places", "users", "No places change"),
    "credits": ("Credits", "ticket", "No credits"),
    "money": ("Money", "banknote", "No charge"),
    "pay": ("Pay", "wallet", "No pay"),
    "messages": ("Messages", "mail", "No emails"),
    "final": ("For good", "triangle-alert", ""),
}


@register.filter
def code(number_of_row: int) -> str:
    """The short public code of a row: ``{{ session.pk|code }}`` is k7f3qa."""
    return codes.encode(number_of_row)


@register.filter
def initials(name: str) -> str:
    """``Amir Patel`` is AP."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))


@register.filter
def percent_of(part: int, whole: int) -> int:
    """How full, in whole percent from 0 to 100; 0 when there is no whole."""
    return max(0, min(100, round(100 * part / whole))) if whole else 0


# --- what the request knows --------------------------------------------------------------------------


def _request_fact(context: Context, name: str) -> Any:
    request = getattr(context, "request", None) or context.get("request")
    return getattr(request, name, None)


def _studio_fact(context: Context, name: str, otherwise: str) -> str:
    studio = _request_fact(context, "studio")
    return getattr(studio, name, "") or otherwise


def _locale(context: Context) -> str:
    return _studio_fact(context, "locale", "en-GB")


def _zone(context: Context, zone: str) -> str:
    return zone or _studio_fact(context, "time_zone", settings.TIME_ZONE)


def _amount(context: Context, minor: int | Money, currency: str) -> Money:
    return (
        minor
        if isinstance(minor, Money)
        else Money(minor, currency or _studio_fact(context, "currency", "GBP"))
    )


def _local(context: Context, moment: datetime, zone: str) -> datetime:
    return formats.in_zone(moment, _zone(context, zone)) if timezone.is_aware(moment) else moment


def _today(context: Context, zone: str) -> date:
    now = _request_fact(context, "now") or timezone.now()
    return now.astimezone(ZoneInfo(_zone(context, zone))).date()


def _time(iso: str, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', iso, words)
