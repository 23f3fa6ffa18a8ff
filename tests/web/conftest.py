"""What tests of the doors share."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_tries_counted_yet() -> Iterator[None]:
    """Sign-in tries are counted across requests; each test starts at none."""
    cache.clear()
    yield
    cache.clear()
