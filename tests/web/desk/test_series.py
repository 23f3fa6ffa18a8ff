"""Series at the desk: the form beside its dates, what is saved, drafts, and taking a series back."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from django.http import HttpResponse
from django.test import Client

from scheduling.domain import closures
from scheduling.models import Series, Service
from sessions_app.domain import expansion, timetable
from sessions_app.models import Session
from studio.lib import codes
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins, make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("moment")]

LIST, NEW = "/desk/series/", "/desk/series/new/"
FRAGMENT = {"HX-Request": "true", "HX-Target": "dates"}


class Form:
    """The form of a series as a browser sends it: Mondays and Wednesdays at 18:00 from 5 January 2026."""

    def __init__(self, **fields: object) -> None:
        self.service = Service.objects.filter(name="Spin").first() or make.service("Spin", cost_minor=1200)
        self.place = make.location()
        self.fields: dict[str, object] = {
            "service": self.service.pk,
            "place": f"{self.place.pk}.",
            "practitioner": "",
            "starts_on": "2026-01-05",
            "starts_time": "18:00",
            "duration_minutes": "",
            "weekdays": ["0", "2"],
            "frequency": "weekly",
            "monthly_kind": "weekday",
            "every": "1",
            "ends": "count",
            "count": "10",
            "until": "",
            "capacity": "",
            "public_note": "",
            "staff_note": "",
            "is_enabled": "on",
            "key": "one-press",
        } | fields

    def preview(self, desk: Client, **fields: object) -> str:
        """The list of dates, as htmx asks for it while one types."""
        self.fields |= fields
        answer = desk.post(NEW, self.fields | {"preview": "1"}, headers=FRAGMENT)
        assert answer.status_code == 200
        return answer.content.decode()

    def look(self, desk: Client, **fields: object) -> str:
        """The page with the dates, as the button without JavaScript asks for it; its answer is kept."""
        self.fields |= fields
        page = desk.post(NEW, self.fields | {"preview": "1"}).content.decode()
        for name in ("seen", "seen_for"):
            if found := re.search(f'name="{name}" value="([^"]+)"', page):
                self.fields[name] = found[1]
        return page

    def save(self, desk: Client, **fields: object) -> HttpResponse:
        self.fields |= fields
        return desk.post(NEW, self.fields)


def dates(page: str) -> list[str]:
    """Every date of the list, as ISO."""
    return re.findall(r'class="date-on"><time datetime="([^"]+)"', page)


def created(desk: Client, **fields: object) -> Series:
    form = Form(**fields)
    form.look(desk)
    answer = form.save(desk)
    assert answer.status_code == 302, answer.content.decode()
    return Series.objects.latest("pk")


def expand() -> int:
    return expansion.expand(by=SYSTEM, at=make.NOW)


# --- the live list -----------------------------------------------------------------------------------


def test_ten_sessions_on_mondays_and_wednesdays_are_these_ten_dates(desk):
    """S3-03, S3-04, V-08."""
    page = Form().preview(desk)
    january = [f"2026-01-{day:02}" for day in (5, 7, 12, 14, 19, 21, 26, 28)]
    assert dates(page) == [*january, "2026-02-02", "2026-02-04"]
    assert "10 sessions · Mon, Wed 18:00–19:00 · Mon 5 Jan to Wed 4 Feb" in page
    assert "£120.00 for the whole" in page
    assert "Create 10 sessions<" in page


def test_monthly_keeps_the_ordinal_weekdays_or_the_day(desk):
    """S3-05, V-09, X-16."""
    form = Form(frequency="monthly", count="4")
    assert dates(form.preview(desk)) == ["2026-01-05", "2026-01-07", "2026-02-02", "2026-02-04"]
    by_day = form.preview(desk, monthly_kind="day", weekdays=[], starts_on="2026-01-31", count="3")
    assert dates(by_day) == ["2026-01-31", "2026-02-28", "2026-03-31"]


def test_every_second_week_until_a_last_date(desk):
    """S3-08: the last date is included."""
    page = Form(weekdays=["0"], every="2", ends="until", count="", until="2026-02-02").preview(desk)
    assert dates(page) == ["2026-01-05", "2026-01-19", "2026-02-02"]


def test_a_clock_change_is_noted_and_the_local_time_stays(desk):
    """V-10."""
    page = Form(starts_on="2026-03-23", weekdays=["0"], count="3").preview(desk)
    assert re.findall(r'class="date-clock"><time[^>]*>([^<]+)', page) == ["18:00", "18:00", "18:00"]
    assert "clocks changed on 29 Mar: still 18:00 local time" in page


@pytest.mark.parametrize(
    ("count", "until", "words"),
    [
        ("10", "2026-02-02", "“Number of sessions” and “Last date” are both filled. Clear one of them."),
        ("", "", "Neither “Number of sessions” nor “Last date” is filled. Fill one of them."),
    ],
)
def test_both_ends_or_none_is_refused_by_the_names_of_both_fields(desk, count, until, words):
    """S3-08, X-19."""
    form = Form(count=count, until=until)
    assert words in form.preview(desk)
    answer = form.save(desk)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Series.objects.count() == 0


def test_a_first_date_on_another_weekday_is_refused_with_a_suggestion(desk):
    """X-17: it is not moved silently."""
    form = Form(starts_on="2026-01-06")
    words = "Tue 6 Jan 2026 is not on a chosen weekday. Start on Wed 7 Jan 2026, or choose Tuesday as well."
    assert words in form.preview(desk)
    answer = form.save(desk)
    assert answer.status_code == 422 and words in answer.content.decode()


def test_a_taken_room_or_person_is_named_with_until_when(desk):
    coach = make.practitioner("Ana Gil")
    created(desk, practitioner=coach.pk, weekdays=["2"], starts_on="2026-01-07", count="1")
    expand()
    page = Form(practitioner=coach.pk, starts_time="18:30").preview(desk)
    assert "Ana Gil teaches Spin until 19:00" in page
    assert "Create 9 sessions, skip 1<" in page
    assert "1 to look at" in page


def test_a_closed_day_is_left_out_unless_it_is_added_anyway(desk):
    """X-51."""
    day = date(2026, 1, 7)
    closures.add(name="Epiphany", starts_on=day, ends_on=day, by=SYSTEM, at=make.NOW)
    form = Form()
    page = form.preview(desk)
    assert "Closed: Epiphany" in page and "Create 9 sessions, skip 1<" in page
    assert 'name="keep" value="2026-01-07" id="keep-2026-01-07"><label' in page
    page = form.preview(desk, keep=["2026-01-07"])
    assert "Held all the same" in page and "Create 10 sessions<" in page


def test_a_date_can_be_skipped(desk):
    page = Form(skip=["2026-01-12", "not a date"]).preview(desk)
    assert "Create 9 sessions, skip 1<" in page
    assert 'value="2026-01-12" id="skip-2026-01-12" checked' in page


def test_what_is_still_missing_is_said_without_scolding(desk):
    page = Form(service="", starts_time="").preview(desk)
    assert "To see every date:" in page
    assert "Choose a service." in page and "Type when it starts, such as 19:30." in page
    assert dates(page) == []


@pytest.mark.parametrize("typed", ["18:00", "1800", "6pm", "6.00 pm"])
def test_times_are_read_as_people_type_them(desk, typed):
    assert "Mon, Wed 18:00–19:00" in Form(starts_time=typed).preview(desk)


def test_a_time_that_is_none_is_refused_with_an_example(desk):
    answer = Form(starts_time="25:00").save(desk)
    assert answer.status_code == 422
    assert "“25:00” is not a time. Type it like 19:30 or 7.30pm." in answer.content.decode()


def test_the_list_costs_the_same_statements_for_ten_dates_and_for_a_hundred(desk, queries):
    """Q17."""
    form = Form(practitioner=make.practitioner().pk)
    counts = []
    for count in ("10", "104"):
        form.fields["count"] = count
        desk.post(NEW, form.fields | {"preview": "1"}, headers=FRAGMENT)
        with queries() as seen:
            desk.post(NEW, form.fields | {"preview": "1"}, headers=FRAGMENT)
        counts.append(len([each for each in seen.captured_queries if "SAVEPOINT" not in each["sql"]]))
    assert counts[0] == counts[1]


# --- saving ------------------------------------------------------------------------------------------


def test_what_was_looked_at_is_created_once_and_can_be_taken_back(desk):
    """S3-06, S3-07."""
    form = Form()
    assert "Create 10 sessions" in form.look(desk)
    for _ in range(2):
        answer = form.save(desk)
    series = Series.objects.get()
    assert answer["Location"] == f"{LIST}{codes.encode(series.pk)}/"
    page = desk.get(answer["Location"])
    assert "Being created" in page.content.decode()
    assert expand() == 10
    assert desk.post(page.context["toasts"][0].href).status_code == 302
    series.refresh_from_db()
    assert series.is_enabled is False


def test_without_a_look_the_dates_are_shown_first(desk):
    """A page without JavaScript, or a button pressed faster than the list: nothing is created unseen."""
    form = Form()
    answer = form.save(desk)
    assert answer.status_code == 200
    assert "Nothing was created yet" in answer.content.decode()
    form.look(desk)
    answer = form.save(desk, count="11")
    assert "Nothing was created yet" in answer.content.decode()
    assert Series.objects.count() == 0


def test_a_world_that_moved_since_the_look_is_shown_again(desk):
    """UX D5: the preview is the effect, or it is asked again."""
    form = Form()
    form.look(desk)
    day = date(2026, 1, 7)
    closures.add(name="Epiphany", starts_on=day, ends_on=day, by=SYSTEM, at=make.NOW)
    answer = form.save(desk)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This changed since you looked. Nothing was created" in page
    assert "Closed: Epiphany" in page and "Create 9 sessions, skip 1<" in page
    assert Series.objects.count() == 0


def test_a_refusal_keeps_everything_that_was_typed(desk):
    place = make.location("Hall")
    room = make.room("Cellar", at=place, capacity=4)
    form = Form(place=f"{place.pk}.{room.pk}", capacity="20", public_note="Bring water")
    answer = form.save(desk)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Cellar holds 4 people, and the series has 20 places." in page
    assert "Bring water" in page and 'value="20"' in page and "<title>Error: " in page


def test_a_draft_creates_nothing_until_it_is_enabled_as_it_was_looked_at(desk):
    """S3-06, X-18."""
    series = created(desk, is_enabled="")
    assert expand() == 0
    address = f"{LIST}{codes.encode(series.pk)}/"
    page = desk.get(address).content.decode()
    assert "Draft" in page and "Create 10 sessions" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    answer = desk.post(f"{address}enable/", {"seen": seen, "key": "enable"})
    assert answer.status_code == 302
    assert expand() == 10
    again = desk.post(f"{address}enable/", {"key": "again"})
    assert again.status_code == 409
    assert "This series is enabled already." in again.content.decode()


def test_a_draft_that_changed_since_the_look_is_not_enabled(desk):
    """X-18: the same preview, then the same effect."""
    series = created(desk, is_enabled="")
    address = f"{LIST}{codes.encode(series.pk)}/"
    seen = re.search(r'name="seen" value="([^"]+)"', desk.get(address).content.decode())[1]
    closures.add(name="Flood", starts_on=date(2026, 1, 5), ends_on=date(2026, 1, 5), by=SYSTEM, at=make.NOW)
    answer = desk.post(f"{address}enable/", {"seen": seen, "key": "enable"})
    assert answer.status_code == 409
    assert "This changed since you looked." in answer.content.decode()
    series.refresh_from_db()
    assert series.is_enabled is False


# --- one series, and all of them ---------------------------------------------------------------------


def test_the_page_lists_every_date_with_what_became_of_it(desk):
    series = created(desk, starts_on="2026-03-09", count="4", skip=["2026-03-11"], public_note="Bring water")
    expand()
    page = desk.get(f"{LIST}{codes.encode(series.pk)}/").content.decode()
    held = Session.objects.filter(series=series)
    assert held.count() == 3
    assert all(f"/desk/sessions/{codes.encode(each.pk)}/" in page for each in held)
    assert "Left out by choice" in page
    assert "Bring water" in page and "Running" in page


def test_withdrawing_shows_what_goes_and_what_stays(desk):
    series = created(desk, starts_on="2026-03-09", count="4")
    expand()
    make.booking(Session.objects.filter(series=series).first())
    address = f"{LIST}{codes.encode(series.pk)}/withdraw/"
    page = desk.get(address).content.decode()
    assert "3 sessions to come are deleted" in page and "1 session stays: people have booked" in page
    assert "Withdraw: delete 3 sessions" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    answer = desk.post(address, {"seen": seen, "key": "take-back"}, follow=True)
    assert "withdrawn, 3 sessions deleted" in answer.content.decode()
    assert Session.objects.filter(series=series, deleted_at=None).count() == 1


def test_withdrawing_asks_again_when_somebody_booked_since(desk):
    series = created(desk, starts_on="2026-03-09", count="4")
    expand()
    address = f"{LIST}{codes.encode(series.pk)}/withdraw/"
    seen = re.search(r'name="seen" value="([^"]+)"', desk.get(address).content.decode())[1]
    make.booking(Session.objects.filter(series=series).first())
    answer = desk.post(address, {"seen": seen, "key": "take-back"})
    assert answer.status_code == 409
    assert "Withdraw: delete 3 sessions" in answer.content.decode()
    assert Session.objects.filter(series=series, deleted_at=None).count() == 4


def test_the_list_says_where_each_series_stands(desk):
    running = created(desk, starts_on="2026-03-09", count="4")
    expand()
    draft = created(desk, service=running.service_id, place=f"{running.location_id}.", is_enabled="", key="b")
    page = desk.get(LIST).content.decode()
    assert "2 series." in page and "Running" in page and "Draft" in page
    assert codes.encode(draft.pk) in page


def test_an_empty_list_offers_the_first_series(desk):
    page = desk.get(LIST).content.decode()
    assert "No series yet." in page and NEW in page


def test_the_form_is_filled_with_what_was_clicked_on_the_calendar(desk):
    place = make.location()
    room = make.room(at=place)
    make.service()
    page = desk.get(
        NEW, {"starts_on": "2026-03-11", "starts_time": "18:00", "room": room.pk}
    ).content.decode()
    assert 'value="2026-03-11"' in page and 'value="18:00"' in page
    assert f'value="{place.pk}.{room.pk}" selected' in page
    assert re.search(r'name="weekdays" value="2"[^>]*checked', page)
    assert desk.get(NEW, {"starts_on": "tomorrow"}).status_code == 404


def test_without_services_or_places_the_form_says_what_to_add_first(desk):
    page = desk.get(NEW).content.decode()
    assert "A session needs a service and a place." in page


def test_practitioners_plan_for_themselves_only(coach):
    other = make.practitioner("Somebody Else")
    form = Form(practitioner=coach.person.pk)
    form.look(coach)
    assert form.save(coach).status_code == 302
    page = coach.get(NEW).content.decode()
    assert "Somebody Else" not in page and "staff_note" not in page
    assert form.save(coach, practitioner=other.pk, key="b").status_code == 422
    theirs = timetable.create_series(
        service_id=form.service.pk,
        location_id=form.place.pk,
        practitioner_id=other.pk,
        weekdays=[0],
        starts_on=date(2026, 3, 9),
        starts_time=time(9),
        count=2,
        is_enabled=False,
        by=SYSTEM,
        at=make.NOW,
    )
    for action in ("enable/", "withdraw/"):
        assert coach.post(f"{LIST}{codes.encode(theirs)}/{action}").status_code == 403
    assert coach.get(f"{LIST}{codes.encode(theirs)}/").status_code == 200


def test_members_plan_nothing():
    member = logins.browser(Role.MEMBER)
    assert [member.get(path).status_code for path in (LIST, NEW)] == [403, 403]


def test_a_series_that_does_not_exist_is_not_found(desk):
    assert desk.get(f"{LIST}{codes.encode(999_999)}/").status_code == 404


def test_pages_cost_the_same_for_one_series_and_for_three(desk, queries):
    counts: dict[str, list[int]] = {"list": [], "page": [], "form": []}
    for number in (1, 2):
        for _ in range(number):
            series = created(
                desk,
                starts_on="2026-03-09",
                count=str(3 * number),
                key=f"{number} {_}",
                service=make.service().pk,
                place=f"{make.location().pk}.",
            )
        expand()
        address = f"{LIST}{codes.encode(series.pk)}/"
        for name, path in (("list", LIST), ("page", address), ("form", NEW)):
            desk.get(path)
            with queries() as seen:
                assert desk.get(path).status_code == 200
            counts[name].append(len(seen))
    assert all(one == three <= 15 for one, three in counts.values()), counts


def test_a_session_on_a_closed_day_is_flagged_on_the_page_of_its_series(desk):
    """S3-49."""
    series = created(desk, starts_on="2026-03-09", count="2")
    expand()
    closures.add(name="Flood", starts_on=date(2026, 3, 9), ends_on=date(2026, 3, 9), by=SYSTEM, at=make.NOW)
    assert "Closed day" in desk.get(f"{LIST}{codes.encode(series.pk)}/").content.decode()
