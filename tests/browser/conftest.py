"""Browser tests run when asked for: ``bin/test --browser``, ``-m browser``, a path in here, or CI."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest
from django.db import connections
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from tests.browser import harness
from tests.browser.harness import Look, Visitor

HERE = Path(__file__).parent

# Playwright keeps an event loop in this thread; the ORM is still only used from tests, one at a time.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark ours; take them out, visibly, where nobody asked for a browser."""
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
    if not _is_asked_for(config):
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


def _is_asked_for(config: pytest.Config) -> bool:
    named = any("browser" in str(argument) for argument in config.invocation_params.args)
    return named or bool(os.environ.get("STUDIO_CHROMIUM") or os.environ.get("CI"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # With Playwright's event loop in this thread Django keeps other connections; these would stay open.
    connections.close_all()
    with harness.chromium() as browser:
        yield browser


class OpenWindow(Protocol):
    def __call__(self, look: Look = ..., *, javascript: bool = ..., touch: bool = ...) -> Visitor: ...


@pytest.fixture
def open_window(chromium: Browser, live_server: LiveServer) -> Iterator[OpenWindow]:
    """Opens windows on the running product: ``visitor = open_window(harness.PHONE, javascript=False)``."""
    with ExitStack() as windows:

        def opened(look: Look = harness.DESKTOP, *, javascript: bool = True, touch: bool = False) -> Visitor:
            window = harness.window(chromium, live_server.url, look, javascript=javascript, touch=touch)
            return windows.enter_context(window)

        yield opened


@pytest.fixture
def visitor(open_window: Callable[..., Visitor]) -> Visitor:
    """A visitor at a desk, signed out, with JavaScript."""
    return open_window()
