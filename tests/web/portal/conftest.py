"""What tests of the portal share: the moment of the builders, a member with a browser, and a page to read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from studio.people.models import Person, Studio
from tests import logins, make


@pytest.fixture(autouse=True)
def at_the_moment_of_the_builders(settings: Any) -> None:
    settings.STUDIO_NOW = make.NOW


@pytest.fixture
def studio(db: None) -> Studio:
    return Studio.objects.current()


@pytest.fixture
def peter(studio: Studio) -> Person:
    """A member who can sign in."""
    return logins.person("member", name="Peter", sign_in=True)


@pytest.fixture
def browser(peter: Person) -> Client:
    """Peter's browser."""
    return logins.browser(peter)


@pytest.fixture
def visitor(studio: Studio) -> Client:
    """Somebody who has not signed in."""
    return Client()


class Text(str):
    """The words of a page's main part."""

    __slots__ = ()

    def has(self, *phrases: str) -> bool:
        """Whether the page says all of these; the failing one is in the assertion's message."""
        missing = [phrase for phrase in phrases if phrase not in self]
        assert not missing, f"{missing} not in: {self}"
        return True


def words(response: HttpResponse) -> Text:
    """What a reader reads in the main part, one space between words."""
    html = response.content.decode()
    main = html.partition("<main")[2].partition("</main>")[0] or html
    without_tags = re.sub(r"<[^>]+>", " ", re.sub(r"<(script|style).*?</\1>", " ", main, flags=re.S))
    for entity, letter in (("&#x27;", "'"), ("&amp;", "&"), ("&nbsp;", " "), ("&quot;", '"')):
        without_tags = without_tags.replace(entity, letter)
    return Text(re.sub(r"\s+([.,?:!])", r"\1", " ".join(without_tags.split())))


def figures(response: HttpResponse, kind: str) -> dict[str, str]:
    """The numbers of a page by name: those that lead to an explanation, or those that are its totals."""
    html = response.content.decode()
    return dict(re.findall(rf'data-{kind}="([^"]+)" data-fig="([^"]+)"', html))


def count(browser: Client, address: str) -> int:
    """How many statements a page takes."""
    with CaptureQueriesContext(connection) as seen:
        response = browser.get(address)
    assert response.status_code == 200
    return len(seen)
