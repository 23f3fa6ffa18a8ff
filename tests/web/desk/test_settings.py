"""Settings at the desk: what there is, the studio's own details, and what is sold in words."""

from __future__ import annotations

import re

import pytest

from memberships.domain import sales, studio_settings
from memberships.models import Plan
from studio.audit.models import Event
from studio.people.models import Studio
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

HOME, DETAILS, PASSES = "/desk/settings/", "/desk/settings/studio/", "/desk/settings/passes/"
FORM = {
    "name": "West End Gym",
    "legal_name": "West End Gym Ltd",
    "address": "1 Byres Road\r\nGlasgow",
    "tax_id": "GB 123",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "locale": "en-GB",
    "week_starts_on": "0",
    "invoice_due_days": "30",
    "member_cancellation_enabled": "on",
    "key": "one-press",
}


def saved(**fields: object) -> None:
    """The details as the verb saves them, without a page."""
    studio_settings.save(
        **{"name": "Gym", "time_zone": "Europe/London", "currency": "GBP"} | fields, by=SYSTEM, at=make.NOW
    )


def links(page: str) -> list[str]:
    start = page.index('<ul class="grid"')
    return re.findall(r'<a href="/([^"]+)"', page[start : page.index("</ul>", start)])


def test_the_home_leads_only_where_this_person_may_go(owner, desk):
    for browser, wanted in ((owner, True), (desk, False)):
        found = links(browser.get(HOME).content.decode())
        assert ("desk/settings/studio/" in found) is wanted
        assert ("desk/series/import/" in found) is wanted
        assert all(browser.get(f"/{path}").status_code == 200 for path in found)
    assert logins.browser(Role.PRACTITIONER).get(HOME).status_code == 403


def test_the_details_are_saved_once_and_can_be_taken_back(owner):
    for _ in range(2):
        answer = owner.post(DETAILS, FORM)
        assert (answer.status_code, answer["Location"]) == (302, HOME)
    studio = Studio.objects.current()
    assert (studio.legal_name, studio.address, studio.invoice_due_days) == (
        "West End Gym Ltd",
        "1 Byres Road\nGlasgow",
        30,
    )
    page = owner.get(HOME)
    assert "Studio details saved" in page.content.decode()
    owner.post(page.context["toasts"][0].href)
    assert Studio.objects.current().legal_name == ""


def test_the_journal_names_what_changed_and_not_the_values(owner):
    """A2: an address may be a person's."""
    owner.post(DETAILS, FORM)
    event = Event.objects.get(verb="studio.changed")
    assert event.facts == {"fields": ["address", "invoice_due_days", "legal_name", "name", "tax_id"]}


def test_the_currency_stays_once_money_is_on_the_books(owner):
    assert owner.post(DETAILS, FORM | {"currency": "eur"}).status_code == 302
    assert Studio.objects.current().currency == "EUR"
    saved()
    term = make.plan()
    sales.sell(
        person_id=make.person().pk,
        payment_term_id=term.pk,
        starts_on=make.NOW.date(),
        by=SYSTEM,
        at=make.NOW,
    )
    page = owner.get(DETAILS).content.decode()
    assert "Money is on the books in it, so it stays." in page and " disabled" in page
    assert owner.post(DETAILS, FORM | {"currency": "EUR", "key": "b"}).status_code == 302
    assert Studio.objects.current().currency == "GBP"
    with pytest.raises(studio_settings.CannotSaveStudio) as refused:
        saved(currency="EUR")
    assert [reason.code for reason in refused.value.reasons] == ["currency_in_use"]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"name": " "}, "The studio needs a name."),
        ({"invoice_due_days": "400"}, "An invoice cannot be due after 400 days."),
        ({"invoice_due_days": "soon"}, "Type a whole number."),
        ({"currency": "pounds"}, "at most 3"),
        ({"currency": "12"}, "“12” is not a currency."),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone of the list."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(owner, sent, words):
    answer = owner.post(DETAILS, FORM | sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page and "GB 123" in page and "<title>Error: " in page
    assert Studio.objects.current().legal_name == ""


def test_details_are_for_who_may_change_settings(desk):
    assert (desk.get(DETAILS).status_code, desk.post(DETAILS, FORM).status_code) == (403, 403)


def test_the_verb_decides_again_who_may():
    with pytest.raises(studio_settings.CannotSaveStudio):
        studio_settings.save(
            name="Mine", time_zone="UTC", currency="GBP", by=make.person().actor, at=make.NOW
        )


def test_passes_are_told_in_words(desk):
    """S2-15, S2-16: no magic numbers."""
    yoga = make.service("Yoga")
    kind = make.credit_type(yoga, name="Class credit")
    make.plan("10-class pack", price_minor=9000, quantity=10, days=90, kind=kind)
    make.plan("Founder's gift", price_minor=0, quantity=3, days=0, kind=kind)
    Plan.objects.filter(name="Founder's gift").update(is_on_sale=False)
    page = desk.get(PASSES).content.decode()
    assert "10 × Class credit, end 90 days after payment, good for Yoga" in page
    assert "3 × Class credit, never end, good for Yoga" in page
    assert "£90.00" in page and "Not on sale" in page


def test_an_empty_list_of_passes_says_what_that_means(desk):
    assert "No pass yet." in desk.get(PASSES).content.decode()


def test_passes_cost_the_same_for_one_plan_and_for_three(desk, queries):
    counts = []
    for number in (1, 2):
        for _ in range(number):
            make.plan()
        desk.get(PASSES)
        with queries() as seen:
            assert desk.get(PASSES).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15
