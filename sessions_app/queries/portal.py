"""The timetable as one person meets it: what is on, what they could book, what they have booked, and why not.

Everything is set-based: the number of statements does not depend on the number of sessions. The reasons come
from the rules that the verbs enforce, so the reason shown is the reason that would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Prefetch, Q, QuerySet, Window
from django.db.models.functions import ExtractHour

from memberships.models import CreditType
from memberships.queries import lots as lot_queries
from memberships.queries.lots import CreditSummary
from memberships.rules import lots as lot_rule
from memberships.rules.lots import LotFacts
from scheduling.models import Closure, Service
from sessions_app.models import Booking, BookingQuerySet, Outcome, Session
from sessions_app.rules import booking as rule
from sessions_app.rules import completion as price_rule
from sessions_app.rules.booking import PersonFacts, SessionFacts
from studio.lib.refusals import Reason
from studio.people.models import Person
from studio.people.rules.permissions import Actor

TIMES_OF_DAY = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""Parts of the day by local hours, half-open."""

# Local time is between 12 hours behind UTC and 14 ahead: the instants that a local day may reach.
_AHEAD, _BEHIND = timedelta(hours=14), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Choice:
    """What someone looks for; None and empty mean anything."""

    service_id: int | None = None
    location_id: int | None = None
    time_of_day: str = ""

    def admits(self, service_id: int, location_id: int, hour: int) -> bool:
        """Whether a session of this service, at this location, at this local hour is looked for."""
        earliest, latest = TIMES_OF_DAY.get(self.time_of_day, (0, 24))
        return (
            self.service_id in (None, service_id)
            and self.location_id in (None, location_id)
            and earliest <= hour < latest
        )


ANYTHING = Choice()


@dataclass(frozen=True, slots=True)
class Week:
    """What is on in a span of days.

    The dates that have something, and what there is to choose between (id to name, by name).
    """

    dates: frozenset[date]
    services: dict[int, str]
    locations: dict[int, str]


@dataclass(frozen=True, slots=True)
class Wallet:
    """A person's credits per type, and the services that each type is good for."""

    credits: tuple[CreditSummary, ...] = ()
    services: dict[int, frozenset[int]] | None = None

    def covering(self, service_id: int) -> list[LotFacts]:
        """The lots that are good for a service, whatever they still hold."""
        good_for = self.services or {}
        lots = [
            lot_queries.facts(lot)
            for summary in self.credits
            if service_id in good_for.get(summary.credit_type_id, ())
            for lot in summary.lots
        ]
        return sorted(lots, key=lambda lot: lot.id)


@dataclass(frozen=True, slots=True)
class Offer:
    """A session as one person, or a visitor, meets it.

    ``reasons`` are all that speak against booking it now; ``lot`` would pay. ``why_not_cancel`` speaks
    against giving up the place they have.
    """

    session: Session
    booking: Booking | None
    reasons: tuple[Reason, ...]
    lot: LotFacts | None
    price_minor: int
    why_not_cancel: tuple[Reason, ...] = ()


# --- the timetable -----------------------------------------------------------------------------------


def bookable(actor: Actor) -> QuerySet[Session]:
    """Sessions offered here: listed, of a service and at a location that are open to members (S3-84)."""
    return Session.objects.visible_to(actor).filter(
        deleted_at=None, is_listed=True, service__members_may_book=True, location__members_may_book=True
    )


def readable(actor: Actor) -> QuerySet[Session]:
    """Sessions whose page this person may open: what is offered, and what they have or had a place in."""
    own = Q(bookings__person_id=actor.person_id) if actor.person_id else Q(pk=None)
    offered = Q(is_listed=True, service__members_may_book=True, location__members_may_book=True)
    return _with_facts(Session.objects.filter(offered | own, deleted_at=None).distinct())


def on_day(actor: Actor, on: date, choice: Choice = ANYTHING) -> list[Session]:
    """What is on, on a local date, in order."""
    return list(_with_facts(_chosen(_within(bookable(actor), on, on), choice)).order_by("starts_at", "pk"))


def next_after(actor: Actor, on: date, *, at: datetime, choice: Choice = ANYTHING) -> Session | None:
    """The first session after a local date that has not begun, or None."""
    after = datetime.combine(on + timedelta(days=1), time(), UTC)
    found = _chosen(bookable(actor).filter(starts_at__gt=max(at, after - _AHEAD), canceled_at=None), choice)
    return _with_facts(found.filter(local_start__gte=after)).order_by("starts_at", "pk").first()


def coming(actor: Actor, service_id: int, *, at: datetime, limit: int = 3) -> list[Session]:
    """The next dates of a service."""
    found = bookable(actor).filter(service_id=service_id, starts_at__gt=at, canceled_at=None)
    return list(_with_facts(found).order_by("starts_at", "pk")[:limit])


def week(actor: Actor, earliest: date, latest: date, choice: Choice = ANYTHING) -> Week:
    """Which of these local dates (both included) have something, and what there is to choose between."""
    rows = (
        _within(bookable(actor), earliest, latest)
        .annotate(hour=ExtractHour("local_start", tzinfo=UTC))
        .values_list("local_start", "hour", "service_id", "service__name", "location_id", "location__name")
    )
    dates, services, locations = set(), {}, {}
    for local_start, hour, service_id, service, location_id, location in rows:
        services[service_id], locations[location_id] = service, location
        if choice.admits(service_id, location_id, hour):
            dates.add(local_start.date())
    return Week(frozenset(dates), _by_name(services), _by_name(locations))


def closures(earliest: date, latest: date) -> list[Closure]:
    """Closures that touch these dates (S3-48): everybody may see them."""
    found = Closure.objects.filter(starts_on__lte=latest, ends_on__gte=earliest)
    return list(found.select_related("location").order_by("starts_on", "pk"))


# --- what a person may do with it --------------------------------------------------------------------


def wallet(person_id: int, *, on: date) -> Wallet:
    """A person's credits and what they are good for, in two statements."""
    credits = tuple(lot_queries.summary(person_id, on=on))
    types = [credit.credit_type_id for credit in credits]
    good_for: dict[int, set[int]] = {each: set() for each in types}
    links = CreditType.services.through.objects.filter(credittype_id__in=types)
    for credit_type_id, service_id in links.values_list("credittype_id", "service_id"):
        good_for[credit_type_id].add(service_id)
    return Wallet(credits, {each: frozenset(services) for each, services in good_for.items()})


def offers(
    sessions: Sequence[Session],
    *,
    person: Person | None,
    credits: Wallet,
    closed: Iterable[Closure],
    at: datetime,
    cancellation_enabled: bool,
) -> list[Offer]:
    """These sessions with what this person, or a visitor (None), may do about each. One statement."""
    booked = {} if person is None else _places(person.pk, sessions)
    closed = list(closed)
    return [
        _offer(
            session,
            person=person,
            booking=booked.get(session.pk),
            credits=credits,
            closed_for=_closed_for(session, closed),
            at=at,
            cancellation_enabled=cancellation_enabled,
        )
        for session in sessions
    ]


def _offer(
    session: Session,
    *,
    person: Person | None,
    booking: Booking | None,
    credits: Wallet,
    closed_for: str | None,
    at: datetime,
    cancellation_enabled: bool,
) -> Offer:
    facts = facts_of(session)
    who = PersonFacts(
        id=person.pk if person else 0,
        name=person.name if person else "",
        is_active=person.is_active if person else True,
        is_booked=booking is not None,
    )
    reasons = rule.why_not_for_self(person.actor, is_active=person.is_active) if person else []
    reasons += rule.why_not_book(facts, who, at=at, by_staff=False, closed_for=closed_for)
    usable: list[LotFacts] = []
    if person is not None:
        covering = credits.covering(session.service_id)
        usable = lot_rule.usable(covering, session_on=facts.on)
        reasons += rule.why_not_pay(facts, covering, usable, lot_id=None)
    return Offer(
        session=session,
        booking=booking,
        reasons=tuple(reasons),
        lot=usable[0] if usable else None,
        price_minor=facts.cost_minor,
        why_not_cancel=()
        if booking is None or person is None
        else why_not_cancel(booking, session, person, at=at, cancellation_enabled=cancellation_enabled),
    )


def facts_of(session: Session) -> SessionFacts:
    """What the rules need to know of a session loaded with its service and location."""
    return SessionFacts(
        id=session.pk,
        service_id=session.service_id,
        service=session.service.name,
        location=session.location.name,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        on=session.local_start.date(),
        time_zone=session.time_zone,
        capacity=session.capacity,
        booked=session.booked,
        cost_minor=price_minor(session),
        is_listed=session.is_listed,
        service_bookable=session.service.members_may_book,
        location_bookable=session.location.members_may_book,
        is_canceled=session.canceled_at is not None,
        is_closed=session.closed_at is not None,
        is_deleted=session.deleted_at is not None,
        practitioner_id=session.practitioner_id,
    )


def price_minor(session: Session) -> int:
    """What the session costs without a credit: its own price, or the service's for its length."""
    if session.cost_minor is not None:
        return session.cost_minor
    return price_rule.price_minor(
        session.service.cost_minor,
        is_hourly=session.service.pricing == Service.Pricing.HOURLY,
        lasts=session.ends_at - session.starts_at,
    )


def why_not_cancel(
    booking: Booking, session: Session, person: Person, *, at: datetime, cancellation_enabled: bool
) -> tuple[Reason, ...]:
    """Every reason against the person's own cancel, by the rule that the verb asks (S3-66)."""
    return tuple(
        rule.why_not_cancel(
            starts_at=session.starts_at,
            at=at,
            by_staff=False,
            is_live=booking.canceled_at is None,
            # Saving a session gives every booking its outcome.
            is_closed=session.closed_at is not None,
            studio_allows=cancellation_enabled,
            person_may=person.may_cancel,
        )
    )


# --- their bookings ----------------------------------------------------------------------------------


def upcoming(actor: Actor, *, at: datetime) -> BookingQuerySet:
    """The person's own places in sessions that are not over, soonest first, canceled sessions included."""
    return own(actor).filter(canceled_at=None, session__ends_at__gt=at).order_by("session__starts_at", "pk")


def past(actor: Actor, *, at: datetime) -> BookingQuerySet:
    """The person's own bookings that are over or were given up, latest first, with their outcome."""
    gone = Q(canceled_at__isnull=False) | Q(session__ends_at__lte=at)
    outcomes = Outcome.objects.filter(reversed_at=None).select_related("completion_type")
    return (
        own(actor)
        .filter(gone)
        .prefetch_related(Prefetch("outcomes", queryset=outcomes, to_attr="endings"))
        .order_by("-session__starts_at", "-pk")
    )


def own(actor: Actor) -> BookingQuerySet:
    """The person's own bookings, with what a row shows. Whoever sees everybody's sees only theirs here."""
    if actor.person_id is None:
        return Booking.objects.none()
    return (
        Booking.objects.visible_to(actor)
        .filter(person_id=actor.person_id, session__deleted_at=None)
        .select_related(
            "session__service",
            "session__location",
            "session__room",
            "session__practitioner",
            "lot__credit_type",
            "charge",
        )
    )


@dataclass(frozen=True, slots=True)
class NextBooking:
    """The next place someone has, and how many they have in all (active sign-ups, S1-08)."""

    booking: Booking
    active: int


def next_booking(actor: Actor, *, at: datetime) -> NextBooking | None:
    """Where they go next, in one statement."""
    found = own(actor).active(at).annotate(active_count=Window(Count("*")))
    first = found.order_by("session__starts_at", "pk").first()
    return None if first is None else NextBooking(first, first.active_count)


def _places(person_id: int, sessions: Sequence[Session]) -> dict[int, Booking]:
    found = Booking.objects.live().filter(person_id=person_id, session__in=[each.pk for each in sessions])
    return {booking.session_id: booking for booking in found}


# --- parts -------------------------------------------------------------------------------------------


def _within(sessions: QuerySet[Session], earliest: date, latest: date) -> QuerySet[Session]:
    """Sessions on these local dates, both included; the instants let the index help."""
    starts, ends = (
        datetime.combine(earliest, time(), UTC),
        datetime.combine(latest + timedelta(days=1), time(), UTC),
    )
    return sessions.filter(
        local_start__gte=starts,
        local_start__lt=ends,
        starts_at__gte=starts - _AHEAD,
        starts_at__lt=ends + _BEHIND,
    )


def _chosen(sessions: QuerySet[Session], choice: Choice) -> QuerySet[Session]:
    if choice.service_id is not None:
        sessions = sessions.filter(service_id=choice.service_id)
    if choice.location_id is not None:
        sessions = sessions.filter(location_id=choice.location_id)
    if choice.time_of_day in TIMES_OF_DAY:
        earliest, latest = TIMES_OF_DAY[choice.time_of_day]
        hour = ExtractHour("local_start", tzinfo=UTC)
        sessions = sessions.annotate(hour=hour).filter(hour__gte=earliest, hour__lt=latest)
    return sessions


def _with_facts(sessions: QuerySet[Session]) -> QuerySet[Session]:
    return sessions.select_related("service", "location", "room", "practitioner")


def _closed_for(session: Session, closed: Iterable[Closure]) -> str | None:
    on = session.local_start.date()
    for closure in closed:
        if closure.starts_on <= on <= closure.ends_on and closure.location_id in (None, session.location_id):
            return closure.name
    return None


def _by_name(names: dict[int, str]) -> dict[int, str]:
    return dict(sorted(names.items(), key=lambda item: item[1].casefold()))
