"""What a person is entitled to: plans, memberships, dues and lots of credits."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from billing.models import Account, Charge
from scheduling.models import Service
from studio.people.models import Person
from studio.people.rules.permissions import Actor


class CreditType(models.Model):
    """A kind of session credit kept in the inventory (S2-04, S2-05), and the services it is good for."""

    name = models.CharField(max_length=60)
    is_personal = models.BooleanField(
        default=False, help_text="For personal training rather than group sessions."
    )
    services = models.ManyToManyField(Service, related_name="credit_types")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="credit_type_name_once")]

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):
    """What is sold: a membership offer."""

    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    is_on_sale = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="plan_name_once")]

    def __str__(self) -> str:
        return self.name


class PlanBucket(models.Model):
    """A credit type on a plan. A required one must be chosen at sign-up (S2-12)."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="buckets")
    credit_type = models.ForeignKey(CreditType, on_delete=models.PROTECT, related_name="plan_buckets")
    is_required = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "credit_type"], name="bucket_once_per_plan")]

    def __str__(self) -> str:
        return f"{self.credit_type} on {self.plan}"


class PaymentTerm(models.Model):
    """One way to pay for a plan."""

    class Kind(models.TextChoices):
        ONCE = "once", "Once"

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="payment_terms")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.ONCE)
    price_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="term_price_not_negative")
        ]

    def __str__(self) -> str:
        return f"{self.plan}, {self.name}"


class PaymentTermBucket(models.Model):
    """Credits per payment (S2-15) and days to use them, 0 meaning that they never expire (S2-16)."""

    payment_term = models.ForeignKey(PaymentTerm, on_delete=models.PROTECT, related_name="buckets")
    credit_type = models.ForeignKey(CreditType, on_delete=models.PROTECT, related_name="term_buckets")
    quantity = models.PositiveIntegerField(default=0)
    days_to_expire = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payment_term", "credit_type"], name="bucket_once_per_payment_term"
            ),
            # days without a quantity mean nothing.
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(days_to_expire=0), name="unused_bucket_has_no_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.credit_type}"


class Membership(models.Model):
    """A person's copy of a plan."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="memberships")
    payment_term = models.ForeignKey(PaymentTerm, on_delete=models.PROTECT, related_name="memberships")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    sold_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_ends_after_start",
            )
        ]
        indexes = [models.Index(fields=["person", "-starts_on"], name="membership_by_person")]

    def __str__(self) -> str:
        return str(self.plan)


class DuesPeriod(models.Model):
    """The span that one dues charge pays for. Settled when its charge is.

    The credits follow from that (S2-03).
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="dues_periods")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="dues_period")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "starts_on"], name="dues_once_per_period"),
        ]

    def __str__(self) -> str:
        return f"{self.membership} from {self.starts_on}"


class CreditLotQuerySet(models.QuerySet["CreditLot"]):
    """Lots, by who may see them."""

    def visible_to(self, actor: Actor) -> CreditLotQuerySet:
        """Lots that this actor may see: their own, or anybody's at the desk."""
        return self.filter(person__in=Person.objects.visible_to(actor))


class CreditLot(models.Model):
    """Credits granted together: one origin, one expiry, one ledger account.

    ``last_valid_on`` is the last local date on which a session may be paid from it; empty means never
    expires.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="lots")
    credit_type = models.ForeignKey(CreditType, on_delete=models.PROTECT, related_name="lots")
    membership = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="lots")
    dues_period = models.ForeignKey(DuesPeriod, null=True, on_delete=models.PROTECT, related_name="lots")
    key = models.CharField(max_length=60, unique=True, help_text="The business fact that granted it.")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="lot")
    granted = models.PositiveIntegerField()
    granted_at = models.DateTimeField()
    last_valid_on = models.DateField(null=True)
    is_free = models.BooleanField(
        default=False, help_text="Given, not paid for. Free credits are used first."
    )
    reason = models.CharField(max_length=200)

    objects = CreditLotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dues_period", "credit_type"], name="lot_once_per_dues_period_and_bucket"
            ),
            models.CheckConstraint(condition=Q(granted__gt=0), name="lot_grants_something"),
        ]
        indexes = [models.Index(fields=["person", "last_valid_on"], name="lot_by_person")]

    def __str__(self) -> str:
        return f"{self.granted} × {self.credit_type}"
