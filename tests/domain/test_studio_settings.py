"""The studio's own details: saved, undone, and refused with every reason at its field."""

from __future__ import annotations

import pytest

from memberships.domain import sales, studio_settings
from studio.audit.domain import operations
from studio.audit.models import Event, Operation
from studio.lib.transactions import preview
from studio.people.models import Studio
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db

DETAILS = {"name": "The Gym", "time_zone": "Europe/London", "currency": "GBP"}


def save(by=SYSTEM, **changed):
    return studio_settings.save(**DETAILS | changed, by=by, at=NOW)


def codes(refusal):
    return {reason.code: reason.field for reason in refusal.value.reasons}


def test_details_are_saved_tidily_and_their_values_stay_out_of_the_journal():
    save(name="  The   Gym ", address=" 1 High Street \n Glasgow ", currency="gbp ", tax_id="GB 1")

    studio = Studio.objects.current()
    assert (studio.name, studio.address, studio.currency) == ("The Gym", "1 High Street\nGlasgow", "GBP")
    assert Event.objects.get().facts == {"fields": ["address", "name", "tax_id"]}


def test_saving_what_is_there_already_changes_and_records_nothing():
    save()
    save()

    assert Event.objects.count() == 1


def test_a_change_is_undone():
    save()
    save(name="Another name", invoice_due_days=7)
    changed = Operation.objects.latest("pk")

    undo = operations.verb_named(changed.inverse["verb"])
    undo(**changed.inverse["kwargs"], by=SYSTEM, at=NOW, undoes=changed.pk)

    studio = Studio.objects.current()
    assert (studio.name, studio.invoice_due_days) == ("The Gym", 14)


@pytest.mark.parametrize(("allowed", "word"), [(True, "may"), (False, "can no longer")])
def test_the_switch_for_cancellation_says_what_it_does(allowed, word):
    """S3-66."""
    Studio.objects.update_or_create(pk=1, defaults={"member_cancellation_enabled": not allowed})

    ask = DETAILS | {"member_cancellation_enabled": allowed, "by": SYSTEM, "at": NOW}
    [line] = preview(studio_settings.save, **ask).consequences

    assert line.text == f"Members {word} cancel their own bookings"


def test_every_reason_is_said_at_its_field():
    with pytest.raises(studio_settings.CannotSaveStudio) as refusal:
        save(
            name=" ",
            legal_name="x" * 201,
            time_zone="Europe/Atlantis",
            currency="£",
            locale="xx",
            week_starts_on=7,
            invoice_due_days=-1,
        )

    assert codes(refusal) == {
        "no_name": "name",
        "legal_name_too_long": "legal_name",
        "unknown_zone": "time_zone",
        "unknown_currency": "currency",
        "unknown_locale": "locale",
        "unknown_weekday": "week_starts_on",
        "due_days_out_of_range": "invoice_due_days",
    }


def test_the_currency_stays_once_money_is_on_the_books():
    save(currency="EUR")
    sales.sell(
        person_id=make.person().pk,
        payment_term_id=make.plan().pk,
        starts_on=NOW.date(),
        by=SYSTEM,
        at=NOW,
    )

    with pytest.raises(studio_settings.CannotSaveStudio) as refusal:
        save(currency="GBP")
    assert codes(refusal) == {"currency_in_use": "currency"}
    assert save(currency="EUR")


def test_a_currency_of_four_decimals_has_no_place_in_the_books():
    with pytest.raises(studio_settings.CannotSaveStudio) as refusal:
        save(currency="CLF")

    assert codes(refusal) == {"unknown_currency": "currency"}


def test_only_who_may_change_settings_does():
    with pytest.raises(studio_settings.CannotSaveStudio) as refusal:
        save(by=make.staff().actor)

    assert codes(refusal) == {"not_allowed": ""}
    assert save(by=make.admin().actor)
