"""The gallery page, and the frame that every page stands in."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from studio.web import context, shell, toasts
from tests import logins

GALLERY = "/desk/styleguide/"


@pytest.mark.django_db
def test_the_gallery_opens_for_anyone_and_asks_the_database_only_for_the_studio(
    client: Client, queries: Callable[[], AbstractContextManager[CaptureQueriesContext]]
) -> None:
    client.get(GALLERY)
    with queries() as seen:
        answer = client.get(GALLERY)
    assert answer.status_code == 200
    assert [each["sql"] for each in seen if "people_studio" not in each["sql"]] == []


@pytest.mark.django_db
def test_a_page_with_mistakes_says_so_in_its_title(client: Client) -> None:
    assert "<title>Error: Style guide" in client.get(f"{GALLERY}?form=wrong").text
    assert "<title>Style guide" in client.get(GALLERY).text


@pytest.mark.django_db
def test_a_visitor_sees_no_way_to_the_desk(client: Client) -> None:
    sections = context.links(client.get(GALLERY).wsgi_request, context.DESK)
    assert sections == []


@pytest.mark.django_db
def test_only_sections_that_exist_and_let_one_in_are_shown() -> None:
    """UX 2.2: entries whose pages come later are absent, not dead."""
    staff = logins.browser("staff")
    request = staff.get(GALLERY).wsgi_request
    shown = [link.label for link in context.links(request, context.DESK)]
    existing = [entry.label for entry in context.DESK if context.address(entry.route)]
    assert set(shown) <= set(existing)
    answers = {
        link.label: staff.get(link.href, follow=True).status_code
        for link in context.links(request, context.DESK)
    }
    assert answers == dict.fromkeys(shown, 200)


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/", "/"),
        ("/schedule/2026-03-05/", "/"),
        ("/me/", "/me/"),
        ("/me/details/", "/me/"),
        ("/me/bookings/7k2m9q/cancel/", "/me/bookings/"),
        ("/elsewhere/", ""),
    ],
)
def test_the_current_section_is_the_one_the_page_lies_in(path: str, section: str) -> None:
    addresses = ["/", "/me/bookings/", "/me/passes/", "/me/"]
    assert context._current(path, list(zip(context.PORTAL, addresses, strict=True))) == section


# --- theme -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_chosen_theme_is_on_the_next_page(client: Client) -> None:
    answer = client.post("/theme/", {"theme": "dark", "next": GALLERY})
    assert answer.headers["Location"] == GALLERY
    assert 'data-theme="dark"' in client.get(GALLERY).text


@pytest.mark.django_db
@pytest.mark.parametrize("next_page", ["https://elsewhere.example/", "//elsewhere.example/", ""])
def test_choosing_a_theme_sends_nobody_elsewhere(client: Client, next_page: str) -> None:
    assert client.post("/theme/", {"theme": "dark", "next": next_page}).headers["Location"] == "/"


@pytest.mark.django_db
def test_an_unknown_theme_changes_nothing(client: Client) -> None:
    client.post("/theme/", {"theme": '"><script>', "next": GALLERY})
    assert "theme" not in client.cookies


# --- what just happened ------------------------------------------------------------------------------


def _news(*said: Callable[..., None]) -> toasts.News:
    request = RequestFactory().get("/")
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    for say in said:
        say(request)
    return toasts.take(request)


def test_good_news_is_a_toast_with_its_undo() -> None:
    news = _news(lambda request: toasts.tell(request, "Booked", undo="/undo/", fields={"booking": "k7f3qa"}))
    assert news.toasts == [toasts.Toast("Booked", "/undo/", "Undo", {"booking": "k7f3qa"})]
    assert news.notices == []


def test_what_needs_attention_is_a_banner_that_stays() -> None:
    news = _news(lambda request: toasts.warn(request, "3 have no address"))
    assert news.notices == [toasts.Notice("3 have no address", "warn")]
    assert news.toasts == []


# --- pages for when something is not there -----------------------------------------------------------


@pytest.mark.django_db
def test_a_missing_page_offers_a_way_on(client: Client) -> None:
    """Q21: no dead ends."""
    answer = client.get("/nothing/here/")
    assert answer.status_code == 404
    assert '<a class="button primary"' in answer.text


def test_a_page_that_broke_names_a_code_and_needs_no_database() -> None:
    answer = shell.failed(RequestFactory().get("/desk/today/"))
    assert answer.status_code == 500
    assert "Something failed on our side" in answer.text


@pytest.mark.django_db
def test_a_form_that_was_open_too_long_says_what_to_do() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/theme/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form was open for too long" in answer.text
