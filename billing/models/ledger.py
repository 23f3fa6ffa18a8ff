"""One ledger for money, credits and wages.

An entry moves an amount of one unit from one account to another, reserves it, or resolves a reservation.
Entries are append-only, and the totals on accounts are written by one database trigger (migration
``0002_ledger_triggers``).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from studio.audit.models import Operation


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts, and the one way to lock them."""

    def lock(self, ids: list[int]) -> list[Account]:
        """Lock these accounts in ascending order, the order in which every verb locks them."""
        return list(self.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))


class Account(models.Model):
    """A place for one unit: a person's money, a lot's credits, the studio's income.

    ``balance = posted_in - posted_out`` and ``available = balance - held``. A guarded account keeps these
    totals, and unless it may overdraw the database refuses to let ``available`` fall below zero. The
    studio's own accounts are not guarded: they are summed when asked, or every booking would queue on one
    row.
    """

    owner = models.CharField(max_length=60, help_text="What it belongs to: person:7, lot:12, studio:income.")
    unit = models.CharField(max_length=6, help_text="A currency code, or credit.")
    posted_in = models.BigIntegerField(default=0)
    posted_out = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    may_overdraw = models.BooleanField(default=False)
    is_guarded = models.BooleanField(default=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "unit"], name="account_once_per_owner_and_unit"),
            models.CheckConstraint(
                condition=Q(may_overdraw=True) | Q(posted_in__gte=F("posted_out") + F("held")),
                name="account_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(posted_in__gte=0) & Q(posted_out__gte=0) & Q(held__gte=0),
                name="account_totals_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} ({self.unit})"

    @property
    def balance(self) -> int:
        """What has come in minus what has gone out, in the account's smallest unit."""
        return self.posted_in - self.posted_out

    @property
    def available(self) -> int:
        """The balance minus what is held."""
        return self.balance - self.held


class Entry(models.Model):
    """One movement. Written once, never changed; a mistake is answered by another entry.

    * ``post`` moves the amount now.
    * ``hold`` reserves it at the source: available falls, balance stays.
    * ``settle`` resolves a hold and moves the amount, which may differ from what was held and may be 0.
    * ``release`` resolves a hold and moves nothing.

    The one-to-one ``resolves`` is the rule that a hold ends once. The database stamps both ends of each
    entry with the account's sequence number, balance and held amount after it, taken under the account's row
    lock.
    """

    class Kind(models.TextChoices):
        POST = "post"
        HOLD = "hold"
        SETTLE = "settle"
        RELEASE = "release"

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    # The composite indexes below begin with these two.
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="outgoing", db_index=False)
    destination = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="incoming", db_index=False
    )
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=40, help_text="Why, as a code: booking.made, lot.expired.")
    at = models.DateTimeField(help_text="When it happened in the studio.")
    recorded_at = models.DateTimeField(db_default=Now(), help_text="When it was written down.")
    operation = models.ForeignKey(Operation, on_delete=models.PROTECT, related_name="entries")
    resolves = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="resolved_by")
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    source_seq = models.BigIntegerField(null=True)
    source_balance = models.BigIntegerField(null=True)
    source_held = models.BigIntegerField(null=True)
    destination_seq = models.BigIntegerField(null=True)
    destination_balance = models.BigIntegerField(null=True)
    destination_held = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(source=F("destination")), name="entry_moves_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(amount=0, kind="settle"), name="entry_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["post", "hold"], resolves__isnull=True)
                | Q(kind__in=["settle", "release"], resolves__isnull=False),
                name="entry_resolves_a_hold",
            ),
        ]
        indexes = [
            models.Index(fields=["source", "source_seq"], name="entry_by_source"),
            models.Index(fields=["destination", "destination_seq"], name="entry_by_destination"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.reason}"
