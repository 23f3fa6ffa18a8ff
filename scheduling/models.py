"""Where, what and when: places, services, the rules that repeat, and resources in use."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from studio.people.models import Person


class Location(models.Model):
    """A place with its own time zone. A session's day is the day at its location."""

    name = models.CharField(max_length=80)
    time_zone = models.CharField(max_length=64)
    members_may_book = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="location_name_once")]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A room of a location. Without a capacity it limits nobody."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=80)
    capacity = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(F("location"), Lower("name"), name="room_name_once_per_location")
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """What is delivered and priced: cost, wage, fixed or hourly (S3-97). Amounts are in minor units."""

    class Pricing(models.TextChoices):
        FIXED = "fixed", "Fixed price per session"
        HOURLY = "hourly", "Price per hour"

    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    pricing = models.CharField(max_length=10, choices=Pricing, default=Pricing.FIXED)
    cost_minor = models.BigIntegerField(default=0)
    wage_minor = models.BigIntegerField(default=0)
    capacity = models.PositiveIntegerField(default=12)
    duration_minutes = models.PositiveIntegerField(default=60)
    members_may_book = models.BooleanField(default=True)
    hue = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="service_name_once"),
            models.CheckConstraint(
                condition=Q(cost_minor__gte=0) & Q(wage_minor__gte=0), name="service_amounts_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1) & Q(duration_minutes__gte=1),
                name="service_holds_someone_for_a_while",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Series(models.Model):
    """The rule that produces sessions: weekdays, interval, start, and one of count and last date (S3-08).

    A series that is not enabled is a draft and creates nothing (S3-06, X-18).
    """

    class Frequency(models.TextChoices):
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"

    class MonthlyKind(models.TextChoices):
        WEEKDAY = "weekday", "On the same weekday of the month"
        DAY = "day", "On the same day of the month"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="series")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="series")
    room = models.ForeignKey(Room, null=True, blank=True, on_delete=models.PROTECT, related_name="series")
    practitioner = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    weekdays = ArrayField(models.PositiveSmallIntegerField(), help_text="0 is Monday.")
    frequency = models.CharField(max_length=10, choices=Frequency, default=Frequency.WEEKLY)
    monthly_kind = models.CharField(max_length=10, choices=MonthlyKind, default=MonthlyKind.WEEKDAY)
    every = models.PositiveSmallIntegerField(default=1)
    starts_on = models.DateField()
    starts_time = models.TimeField(
        help_text="Wall-clock time at the location; it stays through clock changes."
    )
    duration_minutes = models.PositiveIntegerField()
    count = models.PositiveIntegerField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)
    is_enabled = models.BooleanField(default=True)
    capacity = models.PositiveIntegerField()
    public_note = models.TextField(blank=True)
    staff_note = models.TextField(blank=True)
    cost_minor = models.BigIntegerField(null=True, blank=True)
    wage_minor = models.BigIntegerField(null=True, blank=True)
    import_key = models.CharField(max_length=64, null=True, unique=True)
    kept_on = ArrayField(
        models.DateField(), default=list, help_text="Closed days on which it is held all the same (X-51)."
    )
    expanded_through = models.DateField(
        null=True,
        help_text="Every date up to here is a session or a skip. Empty: the worker expands it, once enabled.",
    )

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(
                condition=Q(count__isnull=True, until__isnull=False)
                | Q(count__isnull=False, until__isnull=True),
                name="series_ends_by_count_or_date",
            ),
            models.CheckConstraint(condition=Q(weekdays__len__gte=1), name="series_has_weekdays"),
            models.CheckConstraint(
                condition=Q(every__gte=1) & Q(capacity__gte=1) & Q(duration_minutes__gte=1),
                name="series_numbers_positive",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="series_to_expand",
                condition=Q(is_enabled=True, expanded_through__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} at {self.starts_time:%H:%M}"


class SeriesSkip(models.Model):
    """A date that a series leaves out, and why. A skipped or deleted date never comes back by itself."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="skips")
    on = models.DateField()
    reason = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["series", "on"], name="skip_once_per_date")]

    def __str__(self) -> str:
        return f"{self.on}: {self.reason}"


class Closure(models.Model):
    """Days on which a location, or the whole business, is closed. Visible to everybody (S3-48)."""

    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="closures"
    )
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The last closed day.")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="closure_ends_after_start")
        ]

    def __str__(self) -> str:
        return self.name


class Slot(models.Model):
    """A resource in use: one room, or one practitioner, during a span. The database refuses an overlap.

    ``holder`` says what uses it (``session:12``). An allowed overlap carries its reason and leaves the
    constraint.
    """

    # The exclusion constraints are indexes by room and by practitioner; more of them only slow every write.
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="slots", db_index=False)
    practitioner = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="slots", db_index=False
    )
    during = DateTimeRangeField()
    holder = models.CharField(max_length=40)
    overlap_reason = models.CharField(max_length=200, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(room__isnull=True, practitioner__isnull=False)
                | Q(room__isnull=False, practitioner__isnull=True),
                name="slot_has_one_resource",
            ),
            ExclusionConstraint(
                name="room_used_once",
                expressions=[("room", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(overlap_reason__isnull=True, room__isnull=False),
            ),
            ExclusionConstraint(
                name="practitioner_busy_once",
                expressions=[("practitioner", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(overlap_reason__isnull=True, practitioner__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["holder"], name="slot_by_holder"),
            # The few that the exclusion constraints leave out are looked for as well.
            models.Index(
                fields=["room"], name="overlap_allowed_in_room", condition=Q(overlap_reason__isnull=False)
            ),
            models.Index(
                fields=["practitioner"],
                name="overlap_allowed_of_person",
                condition=Q(overlap_reason__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.during}"
