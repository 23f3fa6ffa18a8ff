"""People, credits and invoices through the API: what they say, and to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain import invoices, payments
from billing.models import Invoice
from memberships.models import CreditLot
from scheduling.models import Service
from sessions_app.domain import booking, completion
from studio.lib import codes
from studio.people.models import Household, Person
from studio.people.rules.permissions import SYSTEM, Role
from tests import make
from tests.make import NOW
from tests.web.api.conftest import problem

pytestmark = pytest.mark.django_db


def results(answer) -> list[dict]:
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def names(answer) -> list[str]:
    return [row["name"] for row in results(answer)]


# --- people ------------------------------------------------------------------------------------------


def test_everybody_sees_themselves_with_what_they_may_do(caller):
    member = caller(name="Amir Patel", email="amir@example.org", phone="0141 12345", joined_on="2026-01-05")

    assert member.get("people/me/").json() == {
        "id": codes.encode(member.person.pk),
        "name": "Amir Patel",
        "role": "member",
        "email": "amir@example.org",
        "phone": "0141 12345",
        "is_active": True,
        "joined_on": "2026-01-05",
        "capabilities": [
            "bookings.add_for_self",
            "bookings.cancel_own",
            "closures.see",
            "courses.enroll_in_time",
            "notes.see_public",
            "plans.buy_for_self",
        ],
    }


def test_the_desk_finds_people_and_others_see_their_own(caller):
    staff = caller(Role.STAFF, name="Sam Desk", email="sam@example.org")
    member = caller(name="Amir Patel", email="amir@example.org")
    make.person("Bea Closed", is_active=False)
    child = make.person("Kiran Patel", household=Household.objects.create(name="P", payer=member.person))

    assert names(staff.get("people/")) == ["Amir Patel", "Bea Closed", "Kiran Patel", "Sam Desk"]
    assert names(staff.get("people/", search="patel kir")) == ["Kiran Patel"]
    assert names(staff.get("people/", search="amir@")) == ["Amir Patel"]
    assert names(staff.get("people/", role="staff")) == ["Sam Desk"]
    assert names(staff.get("people/", is_active="false")) == ["Bea Closed"]
    assert names(member.get("people/")) == ["Amir Patel", "Kiran Patel"]
    assert member.get(f"people/{codes.encode(child.pk)}/").json()["name"] == "Kiran Patel"

    others = member.get(f"people/{codes.encode(staff.person.pk)}/")
    missing = member.get(f"people/{codes.encode(999_999)}/")
    assert problem(others, 404) == problem(missing, 404) == ["not_found"]
    assert others.content == missing.content
    assert problem(staff.get("people/", role="wizard"), 422) == ["invalid_choice"]


def test_people_cost_the_same_for_one_and_for_three(caller, queries):
    staff = caller(Role.STAFF)
    staff.get("people/")
    counts = []
    for several in (0, 2):
        for _ in range(several):
            make.person()
        with queries() as seen:
            assert len(results(staff.get("people/"))) == Person.objects.count()
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 3


# --- credits -----------------------------------------------------------------------------------------


def test_a_lot_says_what_is_free_held_used_and_expired(caller):
    """V-02: six credits and one booking leave five."""
    member = caller()
    session = make.session()
    lot = make.lot(member.person, session.service, quantity=6, days=281)
    booking.book(session_id=session.pk, person_id=member.person.pk, by=member.actor, at=NOW)

    [said] = results(member.get("credit-lots/"))

    assert (said["granted"], said["free"], said["held"], said["used"], said["expired"]) == (6, 5, 1, 0, 0)
    assert said["last_valid_on"] == "2026-12-08"
    assert said["credit_type"]["name"] == lot.credit_type.name
    assert said == member.get(f"credit-lots/{codes.encode(lot.pk)}/").json()


def test_a_lots_entries_add_up_to_what_is_free(caller):
    """S1-10, S1-11, V-01."""
    member, staff = caller(name="Peter"), caller(Role.STAFF, name="Sam Desk")
    service = make.service("Spin")
    lot = make.lot(member.person, service, quantity=4)
    first = booking.book(
        session_id=make.session(service=service).pk, person_id=member.person.pk, by=staff.actor, at=NOW
    )
    booking.cancel(booking_id=first, by=member.actor, at=NOW)

    entries = results(member.get(f"credit-lots/{codes.encode(lot.pk)}/entries/"))

    assert [(each["change"], each["available"], each["actor"], each["by"]) for each in entries] == [
        (4, 4, "", "system"),
        (-1, 3, "Sam Desk", "employee"),
        (1, 4, "Peter", "member"),
    ]
    assert [each["booking"] for each in entries] == [None, codes.encode(first), codes.encode(first)]
    assert sum(each["change"] for each in entries) == 4


def test_lots_of_others_are_not_there(caller):
    other = make.lot(make.person(), make.service())
    code, staff, member = codes.encode(other.pk), caller(Role.STAFF), caller()

    assert results(member.get("credit-lots/")) == []
    for path in (f"credit-lots/{code}/", f"credit-lots/{code}/entries/"):
        missing = member.get(path.replace(code, codes.encode(999_999)))
        assert problem(member.get(path), 404) == problem(missing, 404) == ["not_found"]
        assert staff.get(path).status_code == 200
    person = codes.encode(other.person_id)
    assert [row["id"] for row in results(staff.get("credit-lots/", person=person))] == [code]


def test_lots_cost_the_same_for_one_and_for_three(caller, queries):
    staff = caller(Role.STAFF)
    counts = []
    for several in (1, 2):
        for _ in range(several):
            make.lot(make.person(), make.service())
        staff.get("credit-lots/")
        with queries() as seen:
            assert len(results(staff.get("credit-lots/"))) == CreditLot.objects.count()
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 3


# --- invoices ----------------------------------------------------------------------------------------


def invoice(person: Person) -> Invoice:
    """For one session that they came to without credits."""
    staff = make.staff()
    session = make.session(service=Service.objects.filter(name="Spin").first() or make.service("Spin"))
    booking.book(session_id=session.pk, person_id=person.pk, unpaid_ok=True, by=staff.actor, at=NOW)
    over = session.ends_at + timedelta(hours=1)
    completion.complete(session_id=session.pk, by=SYSTEM, at=over)
    return Invoice.objects.get(pk=invoices.issue(person_id=person.pk, by=SYSTEM, at=over))


def test_an_invoice_says_what_for_how_much_is_paid_and_what_is_open(caller):
    member, staff = caller(name="Amir Patel"), caller(Role.STAFF)
    made = invoice(member.person)
    payments.record(invoice_id=made.pk, amount_minor=200, method="cash", by=staff.actor, at=NOW)

    said = member.get(f"invoices/{codes.encode(made.pk)}/").json()

    assert said == {
        "id": codes.encode(made.pk),
        "number": made.number,
        "person": {"id": codes.encode(member.person.pk), "name": "Amir Patel"},
        "issued_at": "2026-03-03T20:00:00Z",
        "issued_on": "2026-03-03",
        "due_on": "2026-03-17",
        "currency": "GBP",
        "total_minor": 1200,
        "paid_minor": 200,
        "open_minor": 1000,
        "lines": [
            {
                "position": 1,
                "description": "Spin, 3 March 2026",
                "service_on": "2026-03-03",
                "amount_minor": 1200,
            }
        ],
    }


def test_invoices_are_seen_by_whose_they_are_and_by_who_sees_money(caller):
    member, staff = caller(), caller(Role.STAFF)
    own, other = invoice(member.person), invoice(make.person())

    def numbers(by, **query) -> list[str]:
        return [row["number"] for row in results(by.get("invoices/", **query))]

    assert numbers(member) == [own.number]
    assert numbers(staff) == [other.number, own.number]
    assert numbers(caller(Role.PRACTITIONER)) == []
    assert numbers(staff, person=codes.encode(member.person.pk)) == [own.number]
    payments.record(invoice_id=own.pk, amount_minor=1200, method="card", by=staff.actor, at=NOW)
    assert numbers(staff, is_open="true") == [other.number]
    assert numbers(staff, is_open="false") == [own.number]
    hidden = member.get(f"invoices/{codes.encode(other.pk)}/")
    missing = member.get(f"invoices/{codes.encode(999_999)}/")
    assert problem(hidden, 404) == problem(missing, 404) == ["not_found"]


def test_invoices_cost_the_same_for_one_and_for_three(caller, queries):
    staff = caller(Role.STAFF)
    counts = []
    for several in (1, 2):
        for _ in range(several):
            invoice(make.person())
        staff.get("invoices/")
        with queries() as seen:
            assert len(results(staff.get("invoices/"))) == Invoice.objects.count()
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 4
