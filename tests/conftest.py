"""What every test may ask for."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """A Wednesday noon in London, in winter: no clock change is near."""
    return datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
