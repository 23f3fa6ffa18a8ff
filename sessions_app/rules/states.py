"""What state a session is in, as every list, calendar and roster says it."""

from __future__ import annotations

from datetime import datetime


def state_of(
    *,
    starts_at: datetime,
    ends_at: datetime,
    is_canceled: bool,
    is_closed: bool,
    at: datetime,
    is_full: bool = False,
) -> str:
    """``canceled``, ``completed``, ``unsaved`` (over, no outcome yet), ``now``, ``full`` or ``open``."""
    if is_canceled:
        return "canceled"
    if is_closed:
        return "completed"
    if ends_at <= at:
        return "unsaved"
    if starts_at <= at:
        return "now"
    return "full" if is_full else "open"
