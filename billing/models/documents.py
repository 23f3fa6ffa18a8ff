"""The documents that stand on the ledger: charges, invoices and payments. Amounts are in minor units."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.models.ledger import Entry
from studio.people.models import Person


class Charge(models.Model):
    """What one person owes for one thing: held while it is only expected, posted once it is final.

    ``key`` says what it is for (``booking:42``) without a reference upwards.
    """

    key = models.CharField(max_length=60, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="charges")
    description = models.CharField(max_length=200)
    service_on = models.DateField()
    expected_minor = models.BigIntegerField(help_text="What was held when it was agreed.")
    amount_minor = models.BigIntegerField(null=True, help_text="What it came to. Empty until it is final.")
    hold = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="held_charge")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="charge")
    at = models.DateTimeField()
    final_at = models.DateTimeField(null=True)
    cycle = models.PositiveSmallIntegerField(
        default=1, help_text="Raised when a final charge is opened again."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, final_at__isnull=True)
                | Q(amount_minor__gte=0, final_at__isnull=False),
                name="charge_amount_once_final",
            ),
            models.CheckConstraint(condition=Q(expected_minor__gte=0), name="charge_not_negative"),
        ]
        indexes = [models.Index(fields=["person", "-service_on"], name="charge_by_person")]

    def __str__(self) -> str:
        return self.description


class InvoiceCounter(models.Model):
    """The last number given out in a series. Locked last in a transaction, so numbers have no gap (I6)."""

    series = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


class Invoice(models.Model):
    """A numbered claim on a person for final charges. Written once; what is paid is derived from payments."""

    number = models.CharField(max_length=30, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="invoices")
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="invoice_not_negative"),
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="invoice_due_after_issue"),
        ]
        indexes = [models.Index(fields=["person", "-issued_on"], name="invoice_by_person")]

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """One charge on an invoice. A charge stands on at most one line (I2)."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    charge = models.OneToOneField(Charge, on_delete=models.PROTECT, related_name="line")
    description = models.CharField(max_length=200)
    service_on = models.DateField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once_per_invoice")
        ]

    def __str__(self) -> str:
        return self.description


class Payment(models.Model):
    """Money that arrived, posted to the person's account."""

    class Method(models.TextChoices):
        CASH = "cash", "Cash"
        CARD = "card", "Card at the desk"
        TRANSFER = "transfer", "Bank transfer"

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="payments")
    method = models.CharField(max_length=10, choices=Method)
    amount_minor = models.BigIntegerField()
    received_at = models.DateTimeField()
    reference = models.CharField(max_length=80, blank=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="payment")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_positive")]
        indexes = [models.Index(fields=["person", "-received_at"], name="payment_by_person")]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.amount_minor}"
