"""Verbs: one transaction, tried again when others were in the way, previewed without a trace."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from studio.lib import consequences, transactions
from studio.lib.consequences import Consequence, tell
from studio.lib.refusals import Busy, Reason, Refused
from studio.lib.transactions import RETRIES, WorldMoved, preview, step, use_case
from studio.people.models import Household, Person

pytestmark = pytest.mark.django_db

IN_THE_WAY = {"deadlock": "40P01", "serialization": "40001", "lock timeout": "55P03"}


def fail(code):
    """Let the database fail with this code, as it does when others are in the way."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DO $$ BEGIN RAISE EXCEPTION 'others are in the way' USING ERRCODE = '{code}'; END $$"
        )


class Tried:
    """A verb that adds a person and then fails as often as it is told to."""

    def __init__(self, code, failures):
        self.code, self.failures, self.tries = code, failures, 0

    def __call__(self, **kwargs):
        @use_case
        def add(*, name):
            self.tries += 1
            person = Person.objects.create(name=name)
            if self.tries <= self.failures:
                fail(self.code)
            return person.pk

        return add(**kwargs)


@use_case
def rename(*, person_id, name):
    """Give a person another name, and say so."""
    person = Person.objects.get(pk=person_id)
    tell("messages", "Somebody is told")
    tell("places", f"{person.name} becomes {name}")
    Person.objects.filter(pk=person_id).update(name=name)
    return name


@pytest.mark.parametrize("code", IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_what_lost_to_others_is_tried_again_as_a_whole(code):
    """F20: the tries that failed leave nothing."""
    verb = Tried(code, failures=RETRIES - 1)

    made = verb(name="Ada")

    assert verb.tries == RETRIES
    assert [person.pk for person in Person.objects.all()] == [made]


@pytest.mark.parametrize("code", IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_who_loses_every_time_hears_that_it_is_busy(code):
    """F20: a sentence, not a page of errors."""
    verb = Tried(code, failures=99)

    with pytest.raises(Busy) as refusal:
        verb(name="Ada")

    assert verb.tries == RETRIES
    assert [reason.code for reason in refusal.value.reasons] == ["busy"]
    assert Person.objects.count() == 0


def test_another_failure_is_not_tried_again():
    verb = Tried("22012", failures=99)

    with pytest.raises(DatabaseError):
        verb(name="Ada")

    assert verb.tries == 1


def test_a_verb_is_not_called_inside_another():
    """ARCHITECTURE 8.1: nobody opens a transaction around it, neither a view nor a verb."""
    person = Person.objects.create(name="Ada")

    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        rename(person_id=person.pk, name="Grace")


def test_a_refusal_leaves_nothing():
    @use_case
    def refuse(*, name):
        Person.objects.create(name=name)
        raise Refused(Reason("no", "No."))

    with pytest.raises(Refused):
        refuse(name="Ada")

    assert Person.objects.count() == 0


def test_what_was_confirmed_is_done():
    person = Person.objects.create(name="Ada")
    seen = preview(rename, person_id=person.pk, name="Grace")

    assert rename(person_id=person.pk, name="Grace", expecting=seen.fingerprint) == "Grace"
    assert Person.objects.get().name == "Grace"


def test_what_is_no_longer_so_is_shown_and_not_done():
    """F26: the difference comes back in the order of every preview, and nothing was written."""
    person = Person.objects.create(name="Ada")
    seen = preview(rename, person_id=person.pk, name="Grace")
    Person.objects.update(name="Lady Ada")

    with pytest.raises(WorldMoved) as moved:
        rename(person_id=person.pk, name="Grace", expecting=seen.fingerprint)

    assert moved.value.consequences == (
        Consequence("places", "Lady Ada becomes Grace"),
        Consequence("messages", "Somebody is told"),
    )
    assert Person.objects.get().name == "Lady Ada"


def test_a_repeated_answer_is_not_held_against_what_was_confirmed():
    @use_case
    def again():
        consequences.repeat()
        return 7

    assert again(expecting="what was seen then") == 7


def test_a_preview_shows_everything_and_leaves_nothing(django_capture_on_commit_callbacks):
    """No row, no message, nothing that waits for the commit."""
    called = []

    @use_case
    def loud(*, name):
        transaction.on_commit(lambda: called.append(name))
        return rename(person_id=Person.objects.create(name="Ada").pk, name=name)

    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        seen = preview(loud, name="Grace")

    assert (seen.result, called, callbacks) == ("Grace", [], [])
    assert [line.kind for line in seen.consequences] == ["places", "messages"]
    assert Person.objects.count() == 0
    assert not consequences.anyone_listens()


def test_a_preview_says_at_once_what_the_database_says_at_commit():
    @use_case
    def dangle():
        Household.objects.create(name="Nobody's", payer_id=0)

    with pytest.raises(IntegrityError):
        preview(dangle)

    assert Household.objects.count() == 0


def test_a_preview_that_is_refused_is_refused_as_the_verb_is():
    @use_case
    def refuse():
        raise Refused("Not on a Sunday.")

    with pytest.raises(Refused, match="Not on a Sunday"):
        preview(refuse)
    # The next verb is carried out again.
    assert rename(person_id=Person.objects.create(name="Ada").pk, name="Grace") == "Grace"
    assert Person.objects.get().name == "Grace"


def test_a_preview_that_loses_to_others_is_busy_and_not_broken():
    verb = Tried("55P03", failures=99)

    with pytest.raises(Busy):
        preview(verb, name="Ada")

    assert verb.tries == RETRIES


@pytest.mark.django_db(transaction=False)
def test_a_step_runs_inside_a_verb_only():
    @step
    def part(number):
        return number + 1

    assert part(1) == 2
    connection.in_atomic_block = False
    try:
        with pytest.raises(RuntimeError, match="is a step: call it from a use case"):
            part(1)
    finally:
        connection.in_atomic_block = True


def test_telling_nobody_costs_nothing_and_says_nothing():
    tell("money", "Nobody hears this")
    consequences.repeat()

    with consequences.listening() as told:
        assert consequences.anyone_listens()
    assert (list(told), told.is_repeat) == ([], False)


def test_a_fingerprint_is_of_what_is_said_and_not_of_its_order():
    one, other = Consequence("money", "1.00"), Consequence("places", "A leaves")

    assert consequences.fingerprint([one, other]) == consequences.fingerprint([other, one])
    assert consequences.fingerprint([one]) != consequences.fingerprint([other])
    assert transactions.RETRIES == 3
