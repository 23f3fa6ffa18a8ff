"""The one ledger: credits, money and wages move, are reserved, and are given back by these five steps.

Each entry has a key made of the business fact it stands for, so writing it twice is impossible. A hold ends
once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError

from billing.models import Account, Entry
from studio.audit.domain import operations
from studio.lib.refusals import Reason, Refused
from studio.lib.transactions import step

CREDIT = "credit"


class Overdrawn(Refused):
    """The account does not hold that much any more."""

    code = "overdrawn"


class EntryDiffers(RuntimeError):
    """The same key came with another movement: a programming error, never a person's."""


@step
def account(owner: str, unit: str, *, may_overdraw: bool = False) -> Account:
    """The guarded account of this owner (``person:7``, ``lot:…``), made when first needed."""
    return _account(owner, unit, may_overdraw=may_overdraw, is_guarded=True)


@step
def studio_account(name: str, unit: str) -> Account:
    """One of the studio's own accounts: income, wages, cash, issued, used, expired, forfeited, withdrawn."""
    return _account(f"studio:{name}", unit, may_overdraw=True, is_guarded=False)


@step
def person_account(person_id: int, currency: str) -> Account:
    """A person's money with the studio. It may go below zero: then the person owes."""
    return account(f"person:{person_id}", currency, may_overdraw=True)


@step
def practitioner_account(person_id: int, currency: str) -> Account:
    """What a practitioner has earned and not been paid yet."""
    return account(f"practitioner:{person_id}", currency, may_overdraw=True)


@step
def post(*, key: str, source: Account, destination: Account, amount: int, reason: str, at: datetime) -> Entry:
    """Move an amount now.

    :raises Overdrawn: if the source must not fall below zero and would.
    """
    return _write(
        posting(key=key, source=source, destination=destination, amount=amount, reason=reason, at=at)
    )


@step
def hold(*, key: str, source: Account, destination: Account, amount: int, reason: str, at: datetime) -> Entry:
    """Reserve an amount at the source, meant for the destination.

    :raises Overdrawn: if less than that is available.
    """
    return _write(
        Entry(
            key=key, kind="hold", source=source, destination=destination, amount=amount, reason=reason, at=at
        )
    )


@step
def settle(held: Entry, *, key: str, amount: int, reason: str, at: datetime) -> Entry:
    """End a hold by moving an amount, which may differ from what was held and may be 0."""
    return _write(ending(held, key=key, kind="settle", amount=amount, reason=reason, at=at))


@step
def release(held: Entry, *, key: str, reason: str, at: datetime) -> Entry:
    """End a hold and move nothing: all of it is available again."""
    return _write(ending(held, key=key, kind="release", amount=held.amount, reason=reason, at=at))


@step
def reverse(entry: Entry, *, key: str, reason: str, at: datetime) -> Entry:
    """Answer a movement by the opposite one. Each movement is reversed at most once."""
    return _write(reversal(entry, key=key, reason=reason, at=at))


@step
def lock(account_ids: Iterable[int]) -> dict[int, Account]:
    """Lock accounts in ascending order, as every verb does, and return them by id."""
    return {found.pk: found for found in Account.objects.lock(sorted(set(account_ids)))}


@step
def open_accounts(owners: Sequence[str], unit: str) -> list[Account]:
    """New, empty, guarded accounts for these owners, in one statement."""
    return Account.objects.bulk_create(Account(owner=owner, unit=unit) for owner in owners)


def posting(
    *, key: str, source: Account, destination: Account, amount: int, reason: str, at: datetime
) -> Entry:
    """An unsaved movement, for :func:`write_many`."""
    return Entry(
        key=key, kind="post", source=source, destination=destination, amount=amount, reason=reason, at=at
    )


@step
def write_many(entries: list[Entry]) -> list[Entry]:
    """Write entries of a bulk verb in one statement. Their accounts are locked by the caller.

    :raises Overdrawn: if one of their sources must not fall below zero and would.
    """
    for entry in entries:
        entry.operation_id = operations.current().id
    return _refusing_overdrafts(lambda: Entry.objects.bulk_create(entries))


def ending(held: Entry, *, key: str, kind: str, amount: int, reason: str, at: datetime) -> Entry:
    """An unsaved entry that resolves a hold, for :func:`write_many`."""
    return Entry(
        key=key,
        kind=kind,
        source_id=held.source_id,
        destination_id=held.destination_id,
        amount=amount,
        reason=reason,
        at=at,
        resolves=held,
    )


def holding_again(ended: Entry, *, key: str, reason: str, at: datetime) -> Entry:
    """An unsaved hold like one that has ended, for :func:`write_many`."""
    return Entry(
        key=key,
        kind="hold",
        source_id=ended.source_id,
        destination_id=ended.destination_id,
        amount=ended.amount,
        reason=reason,
        at=at,
    )


def reversal(entry: Entry, *, key: str, reason: str, at: datetime) -> Entry:
    """An unsaved movement opposite to another, for :func:`write_many`."""
    return Entry(
        key=key,
        kind="post",
        source_id=entry.destination_id,
        destination_id=entry.source_id,
        amount=entry.amount,
        reason=reason,
        at=at,
        reverses=entry,
    )


def _account(owner: str, unit: str, *, may_overdraw: bool, is_guarded: bool) -> Account:
    found = Account.objects.filter(owner=owner, unit=unit).first()
    if found is None:
        # Two people may need it first at the same moment; the unique key lets one of them win.
        Account.objects.bulk_create(
            [Account(owner=owner, unit=unit, may_overdraw=may_overdraw, is_guarded=is_guarded)],
            ignore_conflicts=True,
        )
        found = Account.objects.get(owner=owner, unit=unit)
    return found


def _write(entry: Entry) -> Entry:
    written = Entry.objects.filter(key=entry.key).first()
    if written is None:
        entry.operation_id = operations.current().id
        _refusing_overdrafts(lambda: entry.save(force_insert=True))
        return entry
    if _moves(written) != _moves(entry):
        raise EntryDiffers(f"Entry {entry.key} was written with another movement.")
    return written


def _moves(entry: Entry) -> tuple[object, ...]:
    return (entry.kind, entry.source_id, entry.destination_id, entry.amount, entry.resolves_id)


def _refusing_overdrafts[T](write: Callable[[], T]) -> T:
    try:
        return write()
    except IntegrityError as error:
        if "account_never_overdrawn" in str(error):
            raise Overdrawn(
                Reason(
                    "overdrawn", "What was free a moment ago has just been used.", "Reload and choose again."
                )
            ) from error
        raise
