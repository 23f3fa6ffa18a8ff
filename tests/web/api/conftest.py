"""What tests of the API share: a clock that stands at ``make.NOW``, and callers with tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from studio.people.models import Person, Studio
from studio.people.rules.permissions import Role
from studio.web.api import tokens
from tests import logins
from tests.make import NOW

ROOT = "/api/v1/"


class Caller:
    """A program that calls the API with its owner's token."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.actor = person.actor
        self.token, self.kept = tokens.issue(person.user, label="test", at=NOW)
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(ROOT + path, query, headers=self._headers())

    def post(self, path: str, body: Any = None, key: str | None = None) -> HttpResponse:
        return self.client.post(
            ROOT + path, json.dumps(body or {}), content_type="application/json", headers=self._headers(key)
        )

    def delete(self, path: str) -> HttpResponse:
        return self.client.delete(ROOT + path, headers=self._headers())

    def _headers(self, key: str | None = None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return headers | ({"Idempotency-Key": key} if key is not None else {})


@pytest.fixture(autouse=True)
def clock_at_now(settings: Any) -> None:
    settings.STUDIO_NOW = NOW


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    """``caller(Role.STAFF)``: somebody new of that role; ``caller(person)``: that person, who has a login."""

    Studio.objects.current()

    def made(who: Role | Person = Role.MEMBER, **fields: Any) -> Caller:
        return Caller(who if isinstance(who, Person) else logins.person(who, sign_in=True, **fields))

    return made


def problem(response: HttpResponse, status: int) -> list[str]:
    """The codes of a problem, after looking at its shape (RFC 9457)."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert told["type"].startswith("urn:studio:problem:") and told["title"] and told["detail"]
    assert all(set(reason) == {"code", "text", "remedy", "field", "facts"} for reason in told["reasons"])
    return [reason["code"] for reason in told["reasons"]]
