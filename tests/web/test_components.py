"""Tags and components, each by itself: what they print for the values they are given."""

from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

from studio.lib.consequences import Consequence

COMPONENTS = Path(__file__).parents[2] / "templates/components"
STUDIO = SimpleNamespace(name="Northside", locale="en-GB", time_zone="Europe/London", currency="GBP")


def show(template: str, **values: Any) -> str:
    """What a template prints on a page of Northside at noon on 2 March 2026."""
    request = RequestFactory().get("/desk/sessions/?outcome=none&page=2")
    request.studio = STUDIO  # type: ignore[attr-defined]
    request.now = datetime(2026, 3, 2, 12, tzinfo=UTC)  # type: ignore[attr-defined]
    return str(engines["django"].from_string(template).render(values, request))


def component(name: str, **values: Any) -> str:
    """A component as a page includes it: with these values and no others, on one line."""
    given = " ".join(f"{key}={key}" for key in values)
    return " ".join(show(f'{{% include "components/{name}.html" with {given} only %}}', **values).split())


# --- tags --------------------------------------------------------------------------------------------


def test_money_is_in_the_studios_currency() -> None:
    assert show("{% money 1250 %} {% money 1250 'USD' %} {% owes 1250 %}") == "£12.50 $12.50 Owes £12.50"


def test_times_are_those_of_the_place_the_session_is_in() -> None:
    """V-18 among others: one moment, two clocks."""
    at = datetime(2026, 3, 5, 18, tzinfo=UTC)
    words = "{% clock at zone='Europe/London' text=True %} {% clock at zone='America/New_York' text=True %}"
    assert show(words, at=at) == "18:00 13:00"


def test_a_moment_carries_its_machine_time() -> None:
    shown = show(
        "{% when at until %}",
        at=datetime(2026, 7, 2, 17, tzinfo=UTC),
        until=datetime(2026, 7, 2, 18, tzinfo=UTC),
    )
    assert shown == '<time datetime="2026-07-02T18:00:00+01:00">Thu 2 Jul, 18:00–19:00</time>'


def test_a_day_may_be_a_date_or_a_moment_and_its_zone() -> None:
    late = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    assert show("{% day on text=True %}", on=date(2026, 3, 5)) == "Thu 5 Mar"
    assert show("{% day at 'Asia/Tokyo' text=True %}", at=late) == "Fri 6 Mar"


def test_a_figure_leads_to_its_explanation_and_both_ends_name_the_same_number() -> None:
    assert show("{% figure 4 href='/why/' name='credits-free' %}") == (
        '<a class="figure" href="/why/" data-explain="credits-free" data-fig="4">4</a>'
    )
    assert show("{% figure '£4.00' name='owed' raw=400 %}") == (
        '<span class="figure" data-total="owed" data-fig="400">£4.00</span>'
    )


def test_an_icon_is_decoration_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in show("{% icon 'plus' %}")
    assert 'role="img" aria-label="Add"' in show("{% icon 'plus' label='Add' %}")


def test_every_form_gets_a_key_of_its_own_and_keeps_it_when_it_comes_back() -> None:
    first, second = show("{% op_key %}"), show("{% op_key %}")
    assert first.split("value=")[1] != second.split("value=")[1]
    assert 'name="key" value="kept"' in show("{% op_key key %}", key="kept")
    assert "csrfmiddlewaretoken" in first


def test_what_comes_from_people_is_escaped() -> None:
    shown = component("tag", state="custom", label="<script>alert(1)</script>")
    assert shown == '<span class="tag state-custom">&lt;script&gt;alert(1)&lt;/script&gt;</span>'


def test_page_links_keep_the_filters() -> None:
    assert show("{% page_link 3 %}") == "?outcome=none&amp;page=3"


# --- components --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.html")), ids=lambda path: path.stem)
def test_every_component_declares_its_props_first(path: Path) -> None:
    assert path.read_text().startswith(("{#", "{% comment %}"))


@pytest.mark.parametrize("path", sorted(COMPONENTS.glob("*.html")), ids=lambda path: path.stem)
def test_every_component_is_shown_in_the_gallery_and_listed(path: Path) -> None:
    everything = (COMPONENTS.parent / "desk/styleguide.html").read_text()
    for each in [*COMPONENTS.glob("*.html"), *(COMPONENTS.parent / "shell").glob("*.html")]:
        everything += each.read_text()
    assert f"components/{path.name}" in everything
    assert f"`{path.stem}`" in (COMPONENTS / "README.md").read_text()


def test_a_state_is_a_word_and_not_only_a_colour() -> None:
    states = ["open", "now", "completed", "missed", "canceled", "unsaved", "waiting", "full"]
    words = [component("tag", state=state).split(">")[1].split("<")[0] for state in states]
    assert words == ["Open", "On now", "Completed", "Missed", "Canceled", "Not saved", "Waiting", "Full"]


def test_places_are_said_in_words() -> None:
    meter = component("place_meter", taken=7, capacity=8, waiting=2)
    assert "<span>7 of 8 · 2 waiting</span>" in meter
    assert 'width="88%"' in meter


def test_a_full_session_and_one_without_places_do_not_break_the_meter() -> None:
    assert 'class="places is-full"' in component("place_meter", taken=8, capacity=8)
    assert 'width="0%"' in component("place_meter", taken=0, capacity=0)


def test_consequences_come_in_a_fixed_order_and_say_what_stays() -> None:
    told = [Consequence("messages", "96 people told"), Consequence("places", "14 sessions canceled")]
    shown = component("consequences", consequences=told)
    words = [part.split("</span>")[0] for part in shown.split('class="words">')[1:]]
    assert words == ["14 sessions canceled", "No credits", "No charge", "No pay", "96 people told"]


def test_a_member_is_not_told_about_pay() -> None:
    assert "No pay" not in component("consequences", consequences=[], kinds="places credits money messages")


class Sample(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the invoice.")
    agreed = forms.BooleanField(label="Agreed")


def test_a_field_ties_label_hint_and_error_to_its_control() -> None:
    form = Sample({"name": "", "agreed": "on"})
    form.full_clean()
    form.errors.clear()
    form.add_error("name", "Type a name.")
    shown = component("field", field=form["name"])
    assert '<label for="id_name">Name</label>' in shown
    assert 'aria-describedby="id_name_helptext id_name_error"' in shown or (
        'aria-describedby="id_name_helptext"' in shown
    )
    assert 'id="id_name_helptext"' in shown
    assert "Type a name." in shown
    assert 'aria-invalid="true"' in shown


def test_the_summary_of_mistakes_leads_to_each_field() -> None:
    form = Sample({})
    form.full_clean()
    shown = component("form_errors", form=form)
    assert [part.split('"')[0] for part in shown.split('href="')[1:]] == ["#id_name", "#id_agreed"]


def test_one_page_of_rows_needs_no_page_links() -> None:
    assert component("pagination", page=Paginator(range(3), 30).get_page(1)) == ""
    shown = component("pagination", page=Paginator(range(90), 30).get_page(2), noun="sessions")
    assert "31–60 of 90 sessions" in shown
    assert 'aria-current="page">2</a>' in shown


def test_a_toast_with_undo_is_a_form_that_is_posted() -> None:
    shown = component("toast", text="Booked", href="/undo/", label="Undo", fields={"booking": "k7f3qa"})
    assert '<form method="post" action="/undo/">' in shown
    assert '<input type="hidden" name="booking" value="k7f3qa">' in shown
    assert "<form" not in component("toast", text="Saved")


def test_templates_carry_no_inline_style_or_script() -> None:
    """The content policy would stop them; here they are found before a browser does."""
    wrong = []
    for path in COMPONENTS.parent.rglob("*.html"):
        text = path.read_text()
        wrong += [
            f"{path.name}: {bad}"
            for bad in (" style=", "<style", " onclick=", "|safe", "javascript:")
            if bad in text
        ]
    assert wrong == []
    assert render_to_string("shell/500.html", {"code": "7K2M"}).count("7K2M") == 1
