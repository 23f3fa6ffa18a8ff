"""The server's time for the pages of a day, on the demo's data, and how many statements each takes.

There is no floor for a page in plain SQL, so these rows have a limit in seconds instead of a ratio: the 95th
percentile. Read them on a machine that does nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.queries import invoices
from sessions_app.models import Session
from studio.lib import codes
from studio.ops.demo import load
from studio.people.models import Person, User

NOW = datetime(2026, 3, 26, 11, 0, tzinfo=UTC)
MOST_SECONDS = 0.150
TIMES = 40


def run(*, times: int = TIMES) -> dict[str, dict[str, Any]]:
    """One row a page: seconds at the 95th percentile, the most it may be, and its statements.

    Loads the demo into the empty database that Django is connected to.
    """
    load.load(NOW, lambda words: None)
    settings.STUDIO_NOW = NOW
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    staff, member = _signed_in("admin"), _signed_in("member")
    return {
        f"page {name}": _measured(client, address, times)
        for client, pages in ((staff, _desk()), (member, _portal()))
        for name, address in pages.items()
    }


def _desk() -> dict[str, str]:
    session = Session.objects.filter(starts_at__lt=NOW, closed_at=None).latest("booked")
    person = Person.objects.filter(role="member").earliest("pk")
    return {
        "today": "/desk/today/",
        "calendar week": "/desk/calendar/week/2026-W13/",
        "sessions": "/desk/sessions/",
        "roster": f"/desk/sessions/{codes.encode(session.pk)}/roster/",
        "people": "/desk/people/",
        "person": f"/desk/people/{codes.encode(person.pk)}/",
        "money": "/desk/money/",
    }


def _portal() -> dict[str, str]:
    member = Person.objects.get(role="member", user__isnull=False)
    invoice = invoices.visible_to(member.actor).latest("pk")
    return {
        "book": "/",
        "my bookings": "/me/bookings/",
        "passes": "/me/passes/",
        "invoice": f"/me/invoices/{codes.encode(invoice.pk)}/",
    }


def _signed_in(role: str) -> Client:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(person__role=role))
    return client


def _measured(client: Client, address: str, times: int) -> dict[str, Any]:
    def ask() -> float:
        began = perf_counter()
        response = client.get(address)
        took = perf_counter() - began
        assert response.status_code == 200, (address, response.status_code)
        return took

    ask()
    with CaptureQueriesContext(connection) as seen:
        ask()
    took = sorted(ask() for _ in range(times))
    return {
        "product": took[int(times * 0.95) - 1],
        "must": MOST_SECONDS,
        "is_met": took[int(times * 0.95) - 1] <= MOST_SECONDS,
        "unit": "seconds at the 95th percentile",
        "statements": len(seen),
    }
