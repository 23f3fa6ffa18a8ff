"""A session as a row of the timetable: the priced button, or in its place why not and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from scheduling.models import Closure
from sessions_app.models import Session
from sessions_app.queries import portal
from sessions_app.queries.portal import Offer, Wallet
from studio.lib import codes
from studio.lib.refusals import Reason
from studio.web.portal import words
from studio.web.requests import Request


@dataclass(frozen=True, slots=True)
class Link:
    """A way on."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Row:
    """What a template shows of a session. ``state`` colours it and ``tag`` says it; ``action`` is the button.

    ``book_href`` takes the POST of the button; without it the button is a link to ``action_href``. ``why``
    are the reasons in the button's place, and ``ways`` lead on from them.
    """

    code: str
    title: str
    href: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    zone_words: str
    facts: Sequence[str]
    places: str
    state: str
    tag: str = ""
    note: str = ""
    action: str = ""
    action_href: str = ""
    book_href: str = ""
    why: Sequence[Reason] = ()
    ways: Sequence[Link] = ()
    cancel_href: str = ""
    is_booked: bool = False
    price: str = ""
    described: str = ""


def rows(
    request: Request, sessions: Sequence[Session], credits: Wallet, closed: Sequence[Closure]
) -> list[Row]:
    """Rows for these sessions as the person of this request meets them."""
    found = portal.offers(
        sessions,
        person=request.person,
        credits=credits,
        closed=closed,
        at=request.now,
        cancellation_enabled=request.studio.member_cancellation_enabled,
    )
    return [row(request, offer) for offer in found]


def row(request: Request, offer: Offer, *, refused: Sequence[Reason] = ()) -> Row:
    """One session. ``refused``: what a verb has just answered, where it knows more than this page did."""
    session = offer.session
    code = codes.encode(session.pk)
    return Row(
        code=code,
        title=session.service.name,
        href=reverse("portal:session", args=[session.pk]),
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        zone=session.time_zone,
        zone_words=words.zone(request, session),
        facts=words.facts(session),
        described=f"{session.service.name}, {words.when(request, session)}",
        **_standing(request, offer, refused),  # type: ignore[arg-type]
    )


def _standing(request: Request, offer: Offer, refused: Sequence[Reason]) -> dict[str, object]:
    """State, tag, button and reasons: the first of these that is so."""
    session = offer.session
    if session.canceled_at is not None:
        return {"state": "canceled", "tag": "Canceled", "places": ""}
    if request.now >= session.ends_at:
        note = "Over. You had a place." if offer.booking else "Over."
        return {"state": "past", "places": "", "note": note}
    if offer.booking is not None:
        return _booked(request, offer)
    if request.now >= session.starts_at:
        return {"state": "now", "places": words.places(session)}
    return _not_booked(request, offer, refused)


def _booked(request: Request, offer: Offer) -> dict[str, object]:
    assert offer.booking is not None
    booked: dict[str, object] = {"state": "ok", "tag": "Booked", "places": "", "is_booked": True}
    if request.now >= offer.session.starts_at:
        return booked | {"note": "It has started."}
    if offer.why_not_cancel:
        return booked | {"note": " ".join(str(reason) for reason in offer.why_not_cancel)}
    return booked | {
        "note": f"Free to cancel until {words.when(request, offer.session)}.",
        "cancel_href": reverse("portal:cancel", args=[offer.booking.pk]),
    }


def _not_booked(request: Request, offer: Offer, refused: Sequence[Reason]) -> dict[str, object]:
    session, reasons = offer.session, list(refused or offer.reasons)
    is_full = any(reason.code == "full" for reason in reasons)
    shown: dict[str, object] = {
        "state": "full" if is_full else "open",
        "tag": "Full" if is_full else "",
        "places": "" if is_full else words.places(session),
        "price": words.money(request, offer.price_minor) if offer.price_minor and offer.lot is None else "",
    }
    if reasons:
        return shown | {"why": reasons, "ways": ways_on(request, offer, reasons)}
    if request.person is None:
        page = reverse("portal:session", args=[session.pk])
        return shown | {
            "action": "Sign in to book",
            "action_href": f"{reverse('account_login')}?{urlencode({'next': page})}",
        }
    price = "1 credit" if offer.lot else "free"
    return shown | {
        "action": f"Book · {price}",
        "book_href": reverse("portal:book-session", args=[session.pk]),
    }


def ways_on(request: Request, offer: Offer, reasons: Sequence[Reason]) -> list[Link]:
    """What to do next about these reasons, each way once."""
    session = offer.session
    times = f"{reverse('portal:schedule')}?{urlencode({'service': codes.encode(session.service_id)})}"
    other = Link(f"Other times of {session.service.name}", times)
    plans = Link("See prices", reverse("portal:prices"))
    passes = Link("See my passes", reverse("portal:passes"))
    by_code = {
        "full": other,
        "started": other,
        "canceled": other,
        "closed": other,
        "closure": other,
        "deleted": other,
        "not_covered": plans,
        "no_credits_left": plans,
        "credits_end_before": passes,
        "overdrawn": passes,
        "already_booked": Link("See my bookings", reverse("portal:bookings")),
    }
    if request.person is None:
        by_code = {code: way for code, way in by_code.items() if way is other}
    found = [by_code[reason.code] for reason in reasons if reason.code in by_code]
    return list(dict.fromkeys(found))
