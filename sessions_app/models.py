"""What happens, and who comes: sessions, bookings and how they ended."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from billing.models import Charge, Entry
from memberships.models import CreditLot
from scheduling.models import Location, Room, Series, Service
from studio.people.models import Person
from studio.people.rules.permissions import Actor, Capability


class SessionQuerySet(models.QuerySet["Session"]):
    """Sessions, by who may see them, when they are, and what is still to do."""

    def visible_to(self, actor: Actor) -> SessionQuerySet:
        """Sessions that this actor may see: all at the desk, the listed ones elsewhere."""
        if actor.may(Capability.USE_DESK):
            return self
        return self.filter(deleted_at=None, is_listed=True)

    def between(self, earliest: datetime, latest: datetime) -> SessionQuerySet:
        """Sessions that start in the half-open span."""
        return self.filter(starts_at__gte=earliest, starts_at__lt=latest, deleted_at=None)

    def not_saved(self, at: datetime) -> SessionQuerySet:
        """Sessions that are over and have no outcome yet: missing from balances and pay."""
        return self.filter(ends_at__lte=at, closed_at=None, canceled_at=None, deleted_at=None)


class Session(models.Model):
    """One dated meeting with a capacity.

    ``booked`` is kept by a database trigger (migration ``0002_places``) and limited by a CHECK: the database
    has the last word on places. ``local_start`` and ``time_zone`` are the wall-clock facts from which
    ``starts_at`` follows.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="sessions")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="sessions")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions")
    practitioner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions_given"
    )
    series = models.ForeignKey(Series, null=True, on_delete=models.PROTECT, related_name="sessions")
    occurrence_on = models.DateField(help_text="The local date that the series meant; it survives a move.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    local_start = models.DateTimeField(help_text="The wall-clock start, written as if it were UTC.")
    time_zone = models.CharField(max_length=64)
    capacity = models.PositiveIntegerField()
    booked = models.PositiveIntegerField(default=0)
    public_note = models.TextField(blank=True, help_text="Seen by every participant (S3-09).")
    staff_note = models.TextField(blank=True)
    cost_minor = models.BigIntegerField(null=True, blank=True, help_text="Empty: what the service costs.")
    wage_minor = models.BigIntegerField(null=True, blank=True)
    is_listed = models.BooleanField(default=True)
    canceled_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(booked__gte=0) & Q(booked__lte=F("capacity")), name="session_never_overbooked"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            models.UniqueConstraint(
                fields=["series", "occurrence_on"], name="session_once_per_series_and_date"
            ),
        ]
        indexes = [
            models.Index(fields=["starts_at"], name="session_by_start"),
            models.Index(
                fields=["ends_at"],
                name="session_not_saved",
                condition=Q(closed_at__isnull=True, canceled_at__isnull=True, deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service} at {self.local_start:%Y-%m-%d %H:%M}"

    @property
    def places_left(self) -> int:
        """Free places."""
        return self.capacity - self.booked


class BookingQuerySet(models.QuerySet["Booking"]):
    """Bookings, by who may see them and whether they hold a place."""

    def visible_to(self, actor: Actor) -> BookingQuerySet:
        """Bookings that this actor may see: their own, those in their sessions, or all at the desk."""
        if actor.may(Capability.BOOK_FOR_OTHERS):
            return self
        mine = Q(person_id=actor.person_id)
        if actor.may(Capability.USE_DESK):
            mine |= Q(session__practitioner_id=actor.person_id)
        return self.filter(mine)

    def live(self) -> BookingQuerySet:
        """Bookings that hold a place."""
        return self.filter(canceled_at=None)

    def active(self, at: datetime) -> BookingQuerySet:
        """Active sign-ups (S1-08): live bookings of sessions that have not yet taken place."""
        return self.live().filter(
            session__starts_at__gt=at, session__canceled_at=None, session__deleted_at=None
        )


class Booking(models.Model):
    """One person's place in one session, and what it holds: a credit of a lot, or money, or nothing."""

    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="bookings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    lot = models.ForeignKey(CreditLot, null=True, on_delete=models.PROTECT, related_name="bookings")
    hold = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="booking")
    charge = models.OneToOneField(Charge, null=True, on_delete=models.PROTECT, related_name="booking")
    cycle = models.PositiveSmallIntegerField(default=1, help_text="Raised when an outcome is taken back.")
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    canceled_at = models.DateTimeField(null=True)
    canceled_by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # S1-15: presence is a fact and nothing more. No trigger, no entry, no status hangs on it.
    is_present = models.BooleanField(null=True)
    present_at = models.DateTimeField(null=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "person"],
                condition=Q(canceled_at__isnull=True),
                name="one_place_per_person",
            ),
            models.CheckConstraint(
                condition=Q(lot__isnull=True) | Q(charge__isnull=True), name="booking_holds_credit_or_money"
            ),
        ]
        indexes = [models.Index(fields=["person", "-booked_at"], name="booking_by_person")]

    def __str__(self) -> str:
        return f"booking {self.pk}"


class MappedStatus(models.TextChoices):
    """The broad category of an ending."""

    COMPLETED = "completed", "Completed"
    MISSED = "missed", "Missed"
    CANCELED = "canceled", "Canceled"


class ModifierType(models.TextChoices):
    """How the numbers of a completion type are meant."""

    PERCENTAGE = "percentage", "Percentage"
    FIXED = "fixed", "Fixed amount"


class CompletionType(models.Model):
    """How a session can end, and what that costs and pays (S3-24…S3-26, S3-28)."""

    code = models.CharField(max_length=20, null=True, unique=True, help_text="Set for the three defaults.")
    label = models.CharField(max_length=15)
    mapped_status = models.CharField(max_length=10, choices=MappedStatus)
    description = models.TextField(blank=True)
    modifier_type = models.CharField(max_length=10, choices=ModifierType, default=ModifierType.PERCENTAGE)
    client_modifier = models.PositiveIntegerField()
    practitioner_modifier = models.PositiveIntegerField()
    returns_credit = models.BooleanField(
        help_text="Whether a credit held for the booking goes back to its lot."
    )
    is_enabled = models.BooleanField(default=True)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("label"), condition=Q(archived_at__isnull=True), name="completion_label_once"
            ),
            models.CheckConstraint(
                condition=~Q(modifier_type="percentage")
                | Q(client_modifier__lte=100, practitioner_modifier__lte=100),
                name="percentage_at_most_100",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Outcome(models.Model):
    """How a booking did end.

    A frozen copy of the completion type and the amounts it came to (S3-42, X-27).
    """

    booking = models.ForeignKey(Booking, on_delete=models.PROTECT, related_name="outcomes")
    completion_type = models.ForeignKey(CompletionType, on_delete=models.PROTECT, related_name="outcomes")
    label = models.CharField(max_length=15)
    mapped_status = models.CharField(max_length=10, choices=MappedStatus)
    modifier_type = models.CharField(max_length=10, choices=ModifierType)
    client_modifier = models.PositiveIntegerField()
    practitioner_modifier = models.PositiveIntegerField()
    returns_credit = models.BooleanField()
    cost_minor = models.BigIntegerField()
    wage_minor = models.BigIntegerField()
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    reversed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["booking"], condition=Q(reversed_at__isnull=True), name="one_outcome_per_booking"
            ),
            models.CheckConstraint(
                condition=Q(cost_minor__gte=0) & Q(wage_minor__gte=0), name="outcome_amounts_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.label
