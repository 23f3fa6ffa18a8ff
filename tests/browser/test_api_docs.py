"""The page about the API in a real browser."""

import pytest

from tests.browser import harness
from tests.browser.conftest import OpenWindow
from tests.browser.harness import Look

DOCS = "/api/docs/"


@pytest.mark.parametrize("look", [*harness.LOOKS, harness.SMALLEST], ids=str)
def test_the_page_about_the_api_is_accessible(open_window: OpenWindow, look: Look) -> None:
    visitor = open_window(look)
    assert visitor.go(DOCS).status == 200
    visitor.audit()


def test_it_reads_without_javascript(open_window: OpenWindow) -> None:
    visitor = open_window(javascript=False)
    visitor.go(DOCS)
    visitor.page.get_by_role("link", name="Credit lots").click()
    assert visitor.page.url.endswith("#credit-lots")
    assert visitor.page.get_by_role("heading", name="Every entry of a credit lot").is_visible()
