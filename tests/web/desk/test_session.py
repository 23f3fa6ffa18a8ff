"""Sessions: the list, one session, completing it, opening it again, and the queue of what is not saved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.domain import invoices
from billing.models import Entry
from memberships.queries import lots
from sessions_app.domain import attendance, booking, completion
from sessions_app.models import Booking, Outcome, Session
from studio.lib import codes
from studio.people.rules.permissions import Role
from tests import logins, make
from tests.make import NOW
from tests.web.desk import pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def over(moment):
    """A session that ended an hour ago, with Pat Coach, who earns 5.00."""
    return make.session(
        NOW - timedelta(hours=2),
        service=make.service("Reformer"),
        practitioner=make.practitioner("Joe Marsh"),
    )


def on_list(of, name="", **fields):
    return make.booking(of, make.person(name, **fields), by=make.staff().actor)


def unpaid(of, name):
    person = make.person(name)
    booking_id = booking.book(
        session_id=of.pk, person_id=person.pk, unpaid_ok=True, by=make.staff().actor, at=NOW
    )
    return Booking.objects.get(pk=booking_id)


def ended(booked):
    return f"ended-{codes.encode(booked.pk)}"


def complete(browser, of, **chosen):
    """Look, choose, look at what follows, confirm: as without JavaScript."""
    address = pages.at("complete", of.pk)
    seen = browser.post(address, {"preview": "1", **chosen})
    confirmed = {
        "key": "complete",
        "seen": pages.hidden(seen, "seen"),
        "seen_for": pages.hidden(seen, "seen_for"),
        **chosen,
    }
    return browser.post(address, confirmed)


# --- the list ------------------------------------------------------------------------------------------


def test_the_list_starts_today_and_every_filter_is_in_the_address(desk, over):
    yoga = make.session(NOW + timedelta(days=1), service=make.service("Yoga"))
    make.session(NOW - timedelta(days=3), service=make.service("Past spin"))
    address = pages.at("sessions")

    def found(query=""):
        words = pages.text(desk.get(f"{address}{query}")).partition("Show Clear")[2]
        return [name for name in ("Past spin", "Reformer", "Yoga") if name in words]

    assert found() == ["Reformer", "Yoga"]
    assert found("?earliest=") == ["Past spin", "Reformer", "Yoga"]
    assert found("?earliest=2026-03-03") == ["Yoga"]
    assert found("?latest=2026-03-01") == ["Past spin"]
    assert found(f"?service={yoga.service_id}") == ["Yoga"]
    assert found(f"?location={over.location_id}") == ["Reformer"]
    assert found("?state=unsaved") == ["Past spin", "Reformer"]
    assert found("?state=open&service=nonsense") == ["Yoga"]


def test_a_list_without_a_match_offers_to_clear_the_filters(desk):
    assert "No session matches these filters." in pages.text(desk.get(f"{pages.at('sessions')}?state=full"))


def test_sessions_are_shown_page_by_page(desk):
    service, place = make.service("Spin"), make.location()
    for number in range(51):
        make.session(NOW + timedelta(hours=number + 1), service=service, location=place)

    second = pages.text(desk.get(f"{pages.at('sessions')}?page=2"))

    assert "51–51 of 51 sessions" in second
    assert second.count("Spin") == 3  # the filter, the row and its button


# --- one session ---------------------------------------------------------------------------------------


def test_a_session_shows_its_facts_list_money_and_log(desk, over):
    Session.objects.filter(pk=over.pk).update(public_note="Bring a towel", staff_note="Knee injury")
    on_list(over, "Amir Patel")
    unpaid(over, "Bea Long")

    words = pages.text(desk.get(pages.at("session", over.pk)))

    for phrase in (
        "Monday 2 March, 07:00–08:00",
        "Joe Marsh",
        "Bring a towel",
        "Knee injury",
        "2 of 8 booked",
    ):
        assert phrase in words
    assert "Bea Long No pass: £12.00 held – £12.00 held" in words
    assert "Bea Long booked Mon 2 Mar, 09:00 · Sam Desk" in words
    assert "Reformer" in words and "Not saved" in words


def test_the_booked_places_are_explained_by_who_took_them(desk, over):
    on_list(over, "Amir Patel")
    leaver = on_list(over, "Bea Long")
    booking.cancel(booking_id=leaver.pk, by=make.staff().actor, at=NOW)

    shown = pages.figures(desk.get(pages.at("session", over.pk)), "explain")
    behind = desk.get(pages.at("explain_places", over.pk))

    assert shown["places"] == "1"
    assert pages.figures(behind, "total") == {"places": "1", "places-left": "7"}
    assert "Bea Long left" in pages.text(behind)


def test_a_practitioner_reads_sessions_of_others_without_names_or_staff_notes(coach, over):
    Session.objects.filter(pk=over.pk).update(staff_note="Knee injury")
    on_list(over, "Amir Patel")

    page = pages.text(coach.get(pages.at("session", over.pk)))
    places = pages.text(coach.get(pages.at("explain_places", over.pk)))

    assert "Reformer" in page and "1 of 8 booked" in page
    assert ["Amir Patel" in page, "Knee injury" in page, "Amir Patel" in places] == [False, False, False]
    assert "Someone booked" in places


def test_a_session_that_does_not_exist_is_not_found(desk):
    assert desk.get(pages.at("session", 999_999)).status_code == 404


# --- completing ----------------------------------------------------------------------------------------


def test_everyone_counts_as_there_and_whoever_is_not_there_is_preselected_as_missed(desk, over):
    """S1-16."""
    here, away = on_list(over, "Amir Patel"), on_list(over, "Bea Long")
    attendance.mark(booking_id=away.pk, is_present=False, by=make.staff().actor, at=NOW)

    page = desk.get(pages.at("complete", over.pk)).content.decode()

    assert f'name="{ended(here)}" value="completed" checked' in page
    assert f'name="{ended(away)}" value="missed" checked' in page


def test_completing_shows_what_follows_then_does_it(desk, over):
    """S3-16…S3-19, S3-23…S3-26: completed and missed take the full cost, canceled takes nothing."""
    here, away, excused = on_list(over, "Amir"), unpaid(over, "Bea"), unpaid(over, "Cho")
    chosen = {ended(away): "missed", ended(excused): "canceled"}

    seen = desk.post(pages.at("complete", over.pk), {"preview": "1", **chosen})
    before = Outcome.objects.count()
    answer = complete(desk, over, **chosen)

    words = pages.text(seen)
    for phrase in (
        "1 used, 0 returned",
        "£12.00 charged",
        "£5.00 for Joe Marsh",
        "1 give their place back",
    ):
        assert phrase in words
    assert "Complete: 1 attended, 1 missed, 1 canceled" in words
    assert before == 0
    assert answer["Location"] == pages.at("session", over.pk)
    saved = {
        outcome.booking_id: (outcome.mapped_status, outcome.cost_minor) for outcome in Outcome.objects.all()
    }
    assert saved == {here.pk: ("completed", 0), away.pk: ("missed", 1200), excused.pk: ("canceled", 0)}
    page = desk.get(answer["Location"])
    assert "Reformer completed" in pages.toasts(page)
    assert "Completed" in pages.text(page) and "1 Credit" in pages.text(page)


def test_choices_made_after_the_preview_are_shown_before_they_are_saved(desk, over):
    booked = on_list(over)
    seen = desk.post(pages.at("complete", over.pk), {"preview": "1"})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}

    answer = desk.post(pages.at("complete", over.pk), {"key": "one", **sent, ended(booked): "canceled"})

    assert "These are the consequences of your choices. Nothing was saved yet." in pages.text(answer)
    assert "0 used, 1 returned" in pages.text(answer)
    assert Outcome.objects.count() == 0


def test_somebody_who_joined_meanwhile_is_named_before_anything_is_saved(desk, over):
    on_list(over, "Amir Patel")
    seen = desk.post(pages.at("complete", over.pk), {"preview": "1"})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}
    on_list(over, "Bea Long")

    answer = desk.post(pages.at("complete", over.pk), {"key": "one", **sent})

    assert "This changed since you looked: Bea Long joined. Nothing was saved." in pages.text(answer)
    assert Outcome.objects.count() == 0


def test_a_price_that_moved_is_asked_again(desk, over):
    """The fingerprint of the preview no longer holds: nothing is done (WorldMoved)."""
    on_list(over, "Amir Patel")
    seen = desk.post(pages.at("complete", over.pk), {"preview": "1"})
    sent = {name: pages.hidden(seen, name) for name in ("seen", "seen_for")}
    Session.objects.filter(pk=over.pk).update(wage_minor=900)

    answer = desk.post(pages.at("complete", over.pk), {"key": "one", **sent})

    assert answer.status_code == 409
    assert "This changed since you looked." in pages.text(answer)
    assert "£9.00 for Joe Marsh" in pages.text(answer)
    assert Outcome.objects.count() == 0


def test_the_preview_comes_as_a_fragment(desk, over):
    on_list(over)

    part = desk.post(
        pages.at("complete", over.pk),
        {"preview": "1"},
        headers={"HX-Request": "true", "HX-Target": "consequences"},
    )

    assert part.content.decode().lstrip().startswith('<section id="consequences"')
    assert "1 used, 0 returned" in pages.text(part)


def test_completing_is_undone_from_its_toast(desk, over):
    person = make.person("Amir Patel")
    make.lot(person, over.service, quantity=4)
    make.booking(over, person, by=make.staff().actor)
    complete(desk, over)
    page = desk.get(pages.at("session", over.pk))
    address = page.content.decode().partition('id="toasts"')[2].partition('action="')[2].partition('"')[0]

    desk.post(address, {"key": "undo"})

    over.refresh_from_db()
    [credit] = lots.summary(person.pk, on=NOW.date())
    assert (over.closed_at, credit.free, credit.held, credit.used) == (None, 3, 1, 0)


def test_a_session_that_has_not_started_says_why_it_cannot_be_completed(desk):
    session = make.session(NOW + timedelta(hours=3))
    make.booking(session)

    looked = desk.get(pages.at("complete", session.pk))
    sent = desk.post(pages.at("complete", session.pk), {"key": "one", "seen_for": "", "preview": "1"})

    assert "This session has not started yet. Complete it once it has, or cancel it." in pages.text(looked)
    assert (looked.status_code, sent.status_code) == (200, 409)


def test_an_empty_session_is_completed_without_anybody(desk, over):
    answer = complete(desk, over)

    over.refresh_from_db()
    assert (answer.status_code, over.closed_at) == (302, NOW)


def test_a_practitioner_completes_their_own_sessions_only(coach, over):
    mine = make.session(NOW - timedelta(hours=2), practitioner=coach.person)

    complete(coach, mine)
    mine.refresh_from_db()

    assert mine.closed_at == NOW
    assert coach.post(pages.at("complete", over.pk), {"key": "other"}).status_code == 403
    assert coach.post(pages.at("reopen", over.pk), {"key": "other"}).status_code == 403
    over.refresh_from_db()
    assert over.closed_at is None


# --- what was saved ------------------------------------------------------------------------------------


def test_the_wage_of_a_session_is_explained_to_whoever_may_see_it(owner, coach):
    """X-47."""
    mine = make.session(NOW - timedelta(hours=2), practitioner=coach.person)
    on_list(mine)
    on_list(mine)
    completion.complete(session_id=mine.pk, by=owner.person.actor, at=NOW)

    for browser in (owner, coach):
        shown = pages.figures(browser.get(pages.at("session", mine.pk)), "explain")
        behind = browser.get(pages.at("explain_wage", mine.pk))
        assert pages.figures(behind, "total") == {"wage": shown["wage"]} == {"wage": "500"}
    other = logins.browser(Role.PRACTITIONER)
    assert other.get(pages.at("explain_wage", mine.pk)).status_code == 403
    assert "wage" not in pages.figures(
        logins.browser(Role.STAFF).get(pages.at("session", mine.pk)), "explain"
    )


def test_opening_again_says_what_it_takes_back_and_holds_the_credit(desk, over):
    """X-21."""
    on_list(over, "Amir Patel")
    unpaid(over, "Bea Long")
    completion.complete(session_id=over.pk, by=desk.person.actor, at=NOW)

    words = pages.text(desk.get(pages.at("reopen", over.pk)))
    desk.post(pages.at("reopen", over.pk), {"key": "open"})

    for phrase in ("1 held again, none used", "£12.00 no longer charged, but held", "£5.00 taken back"):
        assert phrase in words
    over.refresh_from_db()
    assert over.closed_at is None


def test_what_is_invoiced_is_not_opened_again(desk, over):
    booked = unpaid(over, "Bea Long")
    completion.complete(session_id=over.pk, by=desk.person.actor, at=NOW)
    invoices.issue(person_id=booked.person_id, by=desk.person.actor, at=NOW)
    entries = Entry.objects.count()

    answer = desk.post(pages.at("reopen", over.pk), {"key": "open"})

    assert answer.status_code == 409
    assert "is on invoice INV-2026-00001." in pages.text(answer)
    assert Entry.objects.count() == entries


def test_the_queue_of_what_is_not_saved_empties(desk, over):
    address = pages.at("not_saved")
    before = pages.text(desk.get(address))

    complete(desk, over)

    assert "Reformer" in before
    assert pages.at("complete", over.pk) not in desk.get(address).content.decode()
    assert "All saved. Nothing missing from balances." in pages.text(desk.get(address))


def test_a_practitioners_queue_holds_their_own_sessions(coach, over):
    make.session(NOW - timedelta(hours=3), service=make.service("Mine"), practitioner=coach.person)

    words = pages.text(coach.get(pages.at("not_saved")))

    assert ["Mine" in words, "Reformer" in words] == [True, False]


@pytest.mark.parametrize("name", ["session", "complete", "reopen", "explain_places", "explain_wage"])
def test_members_do_not_come_in(moment, over, name):
    assert logins.browser(Role.MEMBER).get(pages.at(name, over.pk)).status_code == 403


def test_pages_of_sessions_cost_the_same_for_one_row_and_for_three(desk, over):
    on_list(over)
    addresses = [pages.at(name, over.pk) for name in ("session", "complete", "explain_places")]
    addresses += [pages.at("sessions"), pages.at("not_saved")]
    one = [pages.statements(desk, address) for address in addresses]
    for _ in range(2):
        on_list(over)
        make.session(NOW - timedelta(hours=2), practitioner=make.practitioner())

    three = [pages.statements(desk, address) for address in addresses]

    assert three == one
    assert max(three) <= 15


def test_opening_again_and_pay_cost_the_same_for_one_row_and_for_three(owner, over):
    def cost(bookings):
        session = make.session(NOW - timedelta(hours=2), practitioner=make.practitioner())
        for _ in range(bookings):
            on_list(session)
        completion.complete(session_id=session.pk, by=owner.person.actor, at=NOW)
        return [pages.statements(owner, pages.at(name, session.pk)) for name in ("reopen", "explain_wage")]

    one = cost(1)

    assert cost(3) == one
    assert max(one) <= 15
