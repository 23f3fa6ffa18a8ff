"""What moved on an account, in order: the rows that add up to a balance."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from billing.models import Account, Charge, Entry, Invoice, InvoiceLine, Payment


@dataclass(frozen=True, slots=True)
class Balance:
    """A person's money with the studio. ``balance_minor`` above zero is credit, below zero is owed.

    ``held_minor`` is expected for open bookings and not charged yet.
    """

    balance_minor: int
    held_minor: int

    @property
    def owed_minor(self) -> int:
        """What the person owes; below zero they have credit."""
        return -self.balance_minor


@dataclass(frozen=True, slots=True)
class MoneyMove:
    """One entry of an account as a statement shows it.

    ``move_minor`` changes the balance, ``held_minor`` what is held; ``left_minor`` is the balance after it.
    """

    entry_id: int
    at: datetime
    actor: str
    key: str
    kind: str
    reason: str
    words: str
    note: str
    move_minor: int
    held_minor: int
    left_minor: int


def entries_of(accounts: Collection[int], *, until: datetime | None = None) -> QuerySet[Entry]:
    """Entries at either end of these accounts in the order in which they were written, up to an instant."""
    entries = Entry.objects.filter(Q(source__in=accounts) | Q(destination__in=accounts)).order_by("pk")
    return entries if until is None else entries.filter(at__lte=until)


def balance(owner: str, unit: str) -> Balance:
    """What is on an account now; nothing when it was never needed."""
    account = Account.objects.filter(owner=owner, unit=unit).first()
    return Balance(account.balance, account.held) if account else Balance(0, 0)


def balances(person_ids: Iterable[int], unit: str) -> dict[int, int]:
    """Balance in minor units of each of these people, by id; those without an account are absent."""
    owners = {f"person:{person_id}": person_id for person_id in person_ids}
    found = Account.objects.filter(owner__in=owners, unit=unit)
    return {owners[account.owner]: account.balance for account in found}


def of_account(owner: str, unit: str, *, until: datetime | None = None) -> list[MoneyMove]:
    """Every movement and hold of an account, oldest first, with the balance after each."""
    account = Account.objects.filter(owner=owner, unit=unit).first()
    if account is None:
        return []
    entries = list(entries_of([account.pk], until=until).select_related("operation__actor", "resolves"))
    words = _words(entries)
    left = 0
    moves = []
    for entry in entries:
        move, held = _effect(entry, account.pk)
        left += move
        text, note = words.get(entry.pk, ("", ""))
        moves.append(
            MoneyMove(
                entry_id=entry.pk,
                at=entry.at,
                actor=entry.operation.actor.name if entry.operation.actor else "",
                key=entry.key,
                kind=entry.kind,
                reason=entry.reason,
                words=text,
                note=note,
                move_minor=move,
                held_minor=held,
                left_minor=left,
            )
        )
    return moves


def open_minor_of(person_ids: Collection[int]) -> dict[int, int]:
    """What is open on the invoices of each of these people, by id; those who owe nothing are absent."""
    billed = Invoice.objects.filter(person__in=person_ids).values_list("person").annotate(Sum("total_minor"))
    paid = dict(
        Payment.objects.filter(invoice__person__in=person_ids)
        .values_list("invoice__person")
        .annotate(Sum("amount_minor"))
    )
    opened = {person_id: total - paid.get(person_id, 0) for person_id, total in billed}
    return {person_id: minor for person_id, minor in opened.items() if minor > 0}


def wages_of(session_id: int) -> QuerySet[Entry]:
    """Wage entries of a session with who caused them, oldest first; a wage taken back has its opposite."""
    return (
        Entry.objects.filter(key__startswith=f"wage:session:{session_id}:")
        .select_related("operation__actor")
        .order_by("pk")
    )


def _effect(entry: Entry, account_id: int) -> tuple[int, int]:
    """How an entry changes an account's balance and what is held on it."""
    if entry.destination_id == account_id:
        # Held amounts count at their source; a release moves nothing.
        return (entry.amount, 0) if entry.kind in ("post", "settle") else (0, 0)
    if entry.kind == "hold":
        return 0, entry.amount
    freed = -entry.resolves.amount if entry.resolves else 0
    return (0 if entry.kind == "release" else -entry.amount), freed


def _words(entries: list[Entry]) -> dict[int, tuple[str, str]]:
    """What each entry was for, by its id: the charge or the payment whose key it bears, and its invoice."""
    charge_keys = {entry.pk: key for entry in entries if (key := _charge_key(entry.key))}
    charges = {charge.key: charge for charge in Charge.objects.filter(key__in=set(charge_keys.values()))}
    numbers = dict(
        InvoiceLine.objects.filter(charge__in=charges.values()).values_list("charge__key", "invoice__number")
    )
    words = {
        entry_id: (charges[key].description, numbers.get(key, ""))
        for entry_id, key in charge_keys.items()
        if key in charges
    }
    for payment in Payment.objects.filter(entry__in=entries).select_related("invoice"):
        number = payment.invoice.number if payment.invoice else ""
        words[payment.entry_id] = (f"Paid, {payment.get_method_display().lower()}", number)
    return words


def _charge_key(key: str) -> str:
    """The charge's key inside ``charge:booking:42:1:hold``; empty for entries of other kinds."""
    return key.removeprefix("charge:").rsplit(":", 2)[0] if key.startswith("charge:") else ""
