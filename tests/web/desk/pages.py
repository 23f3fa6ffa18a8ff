"""Reading a page as its reader does: the words, the figures, the hidden fields of its forms."""

from __future__ import annotations

import html
import re

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse


def text(response: HttpResponse) -> str:
    """The words of the page's main part, or of a fragment, one space between them."""
    page = response.content.decode()
    main = page.partition("<main")[2].partition("</main>")[0] or page
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())
    return re.sub(r" ([.,])", r"\1", words)


def toasts(response: HttpResponse) -> str:
    """What the page says has just happened."""
    found = response.content.decode().partition('id="toasts"')[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", found.partition(">")[2])).split())


def figures(response: HttpResponse, end: str) -> dict[str, str]:
    """The numbers of a page by name: ``explain`` those that lead on, ``total`` those it adds up to."""
    return dict(re.findall(rf'data-{end}="([^"]+)" data-fig="([^"]+)"', response.content.decode()))


def hidden(response: HttpResponse, name: str) -> str:
    """The value of the first hidden field of this name in the page's main part, or in a fragment."""
    page = response.content.decode()
    main = page.partition("<main")[2].partition("</main>")[0] or page
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', main)
    assert found is not None, f"no hidden {name}"
    return html.unescape(found[1])


def at(name: str, *ids: int) -> str:
    """The address of a page of the desk."""
    return reverse(f"desk:{name}", args=ids)


def statements(browser: Client, address: str) -> int:
    """How many statements a page takes."""
    with CaptureQueriesContext(connection) as seen:
        response = browser.get(address)
    assert response.status_code == 200
    return len(seen)
