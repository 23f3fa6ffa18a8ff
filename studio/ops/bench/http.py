"""P4: booking by HTTP: the real middleware, sign-in and CSRF, beside a bare view with one statement.

Both run in resident processes through Django's WSGI handler, one request after the other.
"""

from __future__ import annotations

import json
import random
from contextlib import closing
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from studio.lib import codes
from studio.ops.bench import booking as bench

MUST = 1 / 2

_BOOK = """
    WITH seat AS (
        UPDATE floor.session SET booked = booked + 1 WHERE id = %(session)s AND booked < capacity RETURNING id
    ), credit AS (
        UPDATE floor.lot SET remaining = remaining - 1
         WHERE person_id = %(person)s AND remaining > 0 AND EXISTS (SELECT 1 FROM seat) RETURNING id
    ), made AS (
        INSERT INTO floor.booking (session_id, person_id, lot_id)
        SELECT seat.id, %(person)s, credit.id FROM seat, credit
        ON CONFLICT DO NOTHING RETURNING id, lot_id
    )
    INSERT INTO floor.entry (lot_id, booking_id, delta, at)
    SELECT lot_id, id, -1, %(at)s FROM made RETURNING booking_id
"""


def bare(request: HttpRequest) -> HttpResponse:
    """The least that a booking by HTTP can be."""
    asked = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(_BOOK, {"session": asked["session"], "person": asked["person"], "at": bench.AT})
        return HttpResponse(str(cursor.fetchone()))


urlpatterns = [path("book/", bare)]


class Floor:
    """A bare view, without middleware."""

    def __init__(self, url: str, seed: int) -> None:
        from django.test import Client

        settings.MIDDLEWARE, settings.ROOT_URLCONF = [], __name__
        self.client = Client(HTTP_HOST="127.0.0.1")
        self.random = random.Random(seed)
        self.sessions, self.people = _sessions_and_people()

    def book(self) -> None:
        asked = {"session": self.random.choice(self.sessions), "person": self.random.choice(self.people)}
        assert self.client.post("/book/", asked, content_type="application/json").status_code == 200


class Product:
    """The portal's own page, as a signed-in member presses Book."""

    def __init__(self, url: str, seed: int) -> None:
        from django.test import Client

        from studio.people.models import Person, User

        settings.STUDIO_NOW = bench.AT
        user, _ = User.objects.get_or_create(email=f"bench{seed}@example.org")
        self.sessions, people = _sessions_and_people()
        Person.objects.filter(pk=people[seed]).update(user=user)
        self.client = Client(enforce_csrf_checks=True, HTTP_HOST="127.0.0.1")
        self.client.force_login(user)
        self.token = "b" * 32
        self.client.cookies[settings.CSRF_COOKIE_NAME] = self.token
        self.left = list(self.sessions)
        random.Random(seed).shuffle(self.left)

    def book(self) -> None:
        if not self.left:
            return
        address = f"/sessions/{codes.encode(self.left.pop())}/book/"
        response = self.client.post(address, HTTP_X_CSRFTOKEN=self.token)
        assert response.status_code in (302, 303), response.status_code


def run(*, pairs: int = 8, slice_seconds: float = 0.25) -> dict[str, dict[str, Any]]:
    """One row, ``book_http``. Run it after the rows of ``booking`` on the same database."""
    url = bench.url()
    connection.close()
    floors, products, ratios = [], [], []
    with (
        closing(bench.Crew(Floor, url, processes=1)) as floor,
        closing(bench.Crew(Product, url, processes=1)) as product,
    ):
        floor.rate("book", slice_seconds, threads=1)
        product.rate("book", slice_seconds / 5, threads=1)
        for _ in range(pairs):
            before = floor.rate("book", slice_seconds, threads=1)
            products.append(product.rate("book", slice_seconds, threads=1))
            after = floor.rate("book", slice_seconds, threads=1)
            floors.append((before + after) / 2)
            ratios.append(products[-1] / floors[-1])
    return {
        "book_http": {
            "floor": median(floors),
            "product": median(products),
            "ratio": median(ratios),
            "must": MUST,
            "unit": "requests a second",
        }
    }


def _sessions_and_people() -> tuple[list[int], list[int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM floor.session ORDER BY id")
        sessions = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT person_id FROM floor.lot ORDER BY person_id")
        return sessions[2:], [row[0] for row in cursor.fetchall()]
