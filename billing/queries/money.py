"""Money for the pages of the desk: which invoices, what they add up to, what waits, what was earned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Min, Q, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from billing.models import Charge, Entry
from billing.queries import charges, invoices
from studio.people.rules.permissions import Actor

STATES = ("open", "overdue", "paid")


class Totals(NamedTuple):
    """What a list of invoices adds up to, in minor units."""

    number: int
    total_minor: int
    paid_minor: int

    @property
    def open_minor(self) -> int:
        return self.total_minor - self.paid_minor


class Owed(NamedTuple):
    """What is open on all invoices, and the part that is overdue."""

    open_minor: int
    open_count: int
    overdue_minor: int
    overdue_count: int


class Waiting(NamedTuple):
    """Final charges of one person that stand on no invoice yet."""

    person_id: int
    name: str
    charges: int
    minor: int
    since: date


@dataclass(frozen=True, slots=True)
class Wage:
    """One entry of a practitioner's account: what a session paid, or took back (below zero)."""

    at: datetime
    session_id: int | None
    minor: int
    reason: str


def listed(*, by: Actor, on: date, state: str = "", search: str = "") -> QuerySet[Any]:
    """Invoices this actor may see, newest first, with what is paid and open; narrowed by what is given.

    ``on`` is today: an open invoice that was due before it is overdue. Every word of ``search`` occurs in the
    number or in the person's name, address or phone.
    """
    found = invoices.visible_to(by)
    if state == "open":
        found = found.filter(open_minor__gt=0)
    elif state == "overdue":
        found = found.filter(open_minor__gt=0, due_on__lt=on)
    elif state == "paid":
        found = found.filter(open_minor__lte=0)
    for word in search.split():
        found = found.filter(Q(number__icontains=word) | Q(person__search_text__contains=word.lower()))
    return found


def totals(found: QuerySet[Any]) -> Totals:
    """What these invoices add up to: one statement."""
    sums = found.order_by().aggregate(
        number=Count("pk"),
        total=Coalesce(Sum("total_minor"), 0),
        paid=Coalesce(Sum("paid_minor"), 0),
    )
    return Totals(sums["number"], sums["total"], sums["paid"])


def owed(*, by: Actor, on: date) -> Owed:
    """What is open and what is overdue, over everything this actor may see: one statement."""
    is_open, is_overdue = Q(open_minor__gt=0), Q(open_minor__gt=0, due_on__lt=on)
    sums = (
        invoices.visible_to(by)
        .order_by()
        .aggregate(
            opened=Coalesce(Sum("open_minor", filter=is_open), 0),
            opened_count=Count("pk", filter=is_open),
            overdue=Coalesce(Sum("open_minor", filter=is_overdue), 0),
            overdue_count=Count("pk", filter=is_overdue),
        )
    )
    return Owed(sums["opened"], sums["opened_count"], sums["overdue"], sums["overdue_count"])


def waiting() -> QuerySet[Any]:
    """People with final charges on no invoice yet, as :class:`Waiting` tuples, the longest wait first."""
    return (
        charges.uninvoiced()
        .order_by()
        .values_list("person_id", "person__name")
        .annotate(charges=Count("pk"), minor=Sum("amount_minor"), since=Min("service_on"))
        .order_by("since", "person_id")
    )


def waiting_charges(person_ids: Collection[int]) -> dict[int, list[Charge]]:
    """The charges behind :func:`waiting` of these people, by person, oldest first: one statement."""
    found: dict[int, list[Charge]] = {person_id: [] for person_id in person_ids}
    for charge in charges.uninvoiced().filter(person__in=person_ids).order_by("service_on", "pk"):
        found[charge.person_id].append(charge)
    return found


def wages_by_practitioner(currency: str, earliest: datetime, latest: datetime) -> dict[int, int]:
    """What each practitioner earned in the half-open span, by id: the sum of :func:`wages_of`."""
    moved = _wage_entries(currency, earliest, latest)
    sums = moved.values_list("owner").annotate(minor=Sum("signed")).order_by()
    return {int(owner.partition(":")[2]): int(minor) for owner, minor in sums}


def wages_of(practitioner_id: int, currency: str, earliest: datetime, latest: datetime) -> list[Wage]:
    """What one practitioner earned in the half-open span, entry by entry, oldest first."""
    entries = _wage_entries(currency, earliest, latest).filter(owner=f"practitioner:{practitioner_id}")
    return [
        Wage(at, _session_of(key), signed, reason)
        for at, key, signed, reason in entries.order_by("at", "pk").values_list(
            "at", "key", "signed", "reason"
        )
    ]


def _wage_entries(currency: str, earliest: datetime, latest: datetime) -> QuerySet[Any]:
    """Entries into and out of practitioners' accounts, with whose it is and which way it went."""
    comes_in = Q(destination__owner__startswith="practitioner:")
    return (
        Entry.objects.filter(at__gte=earliest, at__lt=latest, kind__in=["post", "settle"])
        .filter(comes_in | Q(source__owner__startswith="practitioner:"))
        .filter(source__unit=currency, key__startswith="wage:")
        .annotate(
            owner=Case(When(comes_in, then=F("destination__owner")), default=F("source__owner")),
            signed=Case(When(comes_in, then=F("amount")), default=-F("amount")),
        )
    )


def _session_of(key: str) -> int | None:
    """The session inside ``wage:session:12:1`` and ``wage:session:12:1:reverse``."""
    _, noun, number, *_ = [*key.split(":"), "", ""]
    return int(number) if noun == "session" and number.isdecimal() else None
