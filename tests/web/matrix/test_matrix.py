"""Every address, every method, every kind of visitor: the answer is what the policy says.

New addresses join in by themselves.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from studio.people.models import Person, Studio
from studio.people.rules import permissions
from studio.people.rules.permissions import Role
from studio.web import routes
from studio.web.routes import KNOWN_METHODS, Declared, Entry
from tests import logins, make
from tests.web.matrix import objects
from tests.web.matrix.objects import Things

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"
CANARY = "Canary Kittiwake"
# No worker runs here, and saying so is this page's purpose.
NOT_READY = ("readyz", 503)
# Guarded exactly like GET, so two kinds of visitor are enough.
ALIKE = {"HEAD", "OPTIONS"}
# Somebody else's package, guarded as a whole; its root stands for all of it.
ONE_FOR_ALL = "admin/"


def addresses() -> Iterator[Declared]:
    for each in routes.declared():
        if not each.pattern.startswith(ONE_FOR_ALL) or each.name == "admin:index":
            yield each


ALL = [pytest.param(each, id=each.name or each.pattern) for each in addresses()]


@pytest.fixture(autouse=True)
def at_the_moment_of_the_builders(settings: Any) -> None:
    settings.STUDIO_NOW = make.NOW


class Visitors:
    """One of each kind, by name; None is a visitor who has not signed in."""

    def __init__(self) -> None:
        Studio.objects.current()
        granted = permissions.GRANTABLE[Role.STAFF]
        self.people: dict[str, Person | None] = {
            "visitor": None,
            "member": logins.person(Role.MEMBER, sign_in=True),
            "practitioner": logins.person(Role.PRACTITIONER, sign_in=True),
            "staff": logins.person(Role.STAFF, sign_in=True),
            "staff with permissions": logins.person(Role.STAFF, sign_in=True, capabilities=sorted(granted)),
            "admin": logins.person(Role.ADMIN, sign_in=True),
            "closed": logins.person(Role.ADMIN, sign_in=True, is_active=False),
        }

        self._browsers = {who: Client(raise_request_exception=False) for who in self.people}

    def ask(self, who: str, method: str, address: str) -> HttpResponse:
        client, person = self._browsers[who], self.people[who]
        # Signed in anew where the address before signed them out.
        if person is not None and SESSION_KEY not in client.session:
            client.force_login(person.user)
        return client.generic(method, address)


def admits(declared: Declared, person: Person | None, method: str) -> bool:
    """What the policy promises, worked out apart from the code that keeps it."""
    entry = declared.policy.entry
    if entry is Entry.ANYONE:
        return True
    if person is None or not person.is_active or entry is Entry.OWNER:
        return False
    needed = declared.policy.capabilities_for(method)
    may = permissions.capabilities_of(Role(person.role), person.capabilities)
    return not needed or any(capability in may for capability in needed)


def written() -> dict[str, int]:
    """Rows written so far in this transaction, by table; signing in writes a session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname NOT IN ('django_session', 'people_user', 'web_cache')"
        )
        return dict(cursor.fetchall())


@pytest.mark.parametrize("declared", ALL)
def test_each_address_answers_everyone_as_its_policy_says(declared: Declared) -> None:
    assert declared.name, f"/{declared.pattern} has no name."
    visitors = Visitors()
    things = Things(logins.person(Role.MEMBER))
    address = reverse(declared.name, kwargs=objects.values(declared.name, declared.arguments, things))
    policy = declared.policy

    for method in KNOWN_METHODS:
        if method not in policy.allowed_methods:
            assert visitors.ask("admin", method, address).status_code in refusals(declared), method
            continue
        for who, person in visitors.people.items():
            if method in ALIKE and who not in {"visitor", "member"}:
                continue
            is_admitted = admits(declared, person, method)
            before = {} if is_admitted else written()
            response = visitors.ask(who, method, address)
            case = f"{who}: {method} {address} gave {response.status_code}"
            assert response.status_code < 500 or (declared.name, response.status_code) == NOT_READY, case
            assert_guarded(response, case)
            if is_admitted:
                not_served = {401} if policy.is_api and method == "OPTIONS" else {401, 405}
                assert response.status_code not in not_served, case
                # The allowed twin of all the refusals: the page is there, if only to say "not now".
                is_there = who == "admin" and method == "GET" and declared.name.startswith("desk:")
                assert not is_there or response.status_code < 400 or response.status_code == 409, case
                assert not goes_to_sign_in(response) or declared.pattern.startswith("accounts/"), case
                continue
            assert written() == before, case
            if policy.is_api:
                assert response.status_code in {401, 403}, case
            elif person is None or not person.is_active:
                assert goes_to_sign_in(response), case
            else:
                assert response.status_code == 403, case


def refusals(declared: Declared) -> set[int]:
    # The API asks who it is before it looks at the method.
    return {401, 403, 405} if declared.policy.is_api else {405}


def goes_to_sign_in(response: HttpResponse) -> bool:
    return response.status_code == 302 and response["Location"].startswith(SIGN_IN)


def assert_guarded(response: HttpResponse, case: str) -> None:
    """The headers that every answer carries."""
    assert response.get("X-Content-Type-Options") == "nosniff", case
    assert response.get("X-Frame-Options") == "DENY", case
    assert "Content-Security-Policy" in response, case
    assert response.get("Referrer-Policy") == "same-origin", case


SCOPED = [
    pytest.param(each, id=each.name)
    for each in addresses()
    if any(not objects.is_for_everyone(each.name, argument) for argument in each.arguments)
]


@pytest.mark.parametrize("declared", SCOPED)
def test_what_is_somebody_elses_looks_like_what_does_not_exist(declared: Declared) -> None:
    """A member opens their own, and learns nothing about anyone else's: not even that it is there."""
    owner = logins.person(Role.MEMBER, sign_in=True, name=CANARY)
    stranger = logins.person(Role.MEMBER, sign_in=True)
    if not admits(declared, owner, "GET") and not admits(declared, owner, "POST"):
        return  # Members are not let in at all; the test above shows it.
    things = Things(owner)
    own = reverse(declared.name, kwargs=objects.values(declared.name, declared.arguments, things))
    missing = reverse(declared.name, kwargs=objects.missing(declared.name, declared.arguments, things))

    for method in [each for each in ("GET", "POST", "DELETE") if each in declared.policy.methods]:
        others = ask(stranger, method, own)
        nothing = ask(stranger, method, missing)
        assert (others.status_code, nothing.status_code) == (404, 404), f"{method} {own}"
        assert plain(others, own) == plain(nothing, missing), f"{method} {own} tells that it exists"
        assert CANARY not in others.content.decode()
    for method in [each for each in ("GET",) if each in declared.policy.methods]:
        # The allowed twin: the same request by whose it is.
        assert ask(owner, method, own).status_code < 400, f"{method} {own} is refused to its owner"


def ask(person: Person, method: str, address: str, **more: Any) -> HttpResponse:
    client = Client(raise_request_exception=False)
    client.force_login(person.user)
    return client.generic(method, address, **more)


def plain(response: HttpResponse, address: str) -> str:
    """The page without what differs at every request."""
    text = response.content.decode().replace(address, "/…/")
    return re.sub(
        r'nonce="[^"]+"|value="[A-Za-z0-9]{64}"|value="[0-9a-f-]{36}"|"X-CSRFToken": "[^"]+"', "", text
    )


COLLEAGUES = [
    pytest.param(each, id=each.name)
    for each in addresses()
    if each.name.startswith("desk:") and {"session_id", "booking_id"} & set(each.arguments)
]


@pytest.mark.parametrize("declared", COLLEAGUES)
def test_a_practitioner_reaches_nothing_in_a_colleagues_session(declared: Declared) -> None:
    """Neither who comes nor how it ended, of sessions that somebody else gives."""
    practitioner = logins.person(Role.PRACTITIONER, sign_in=True)
    things = Things(logins.person(Role.MEMBER, name=CANARY))
    address = reverse(declared.name, kwargs=objects.values(declared.name, declared.arguments, things))

    for method in [each for each in ("GET", "POST") if each in declared.policy.methods]:
        before = written()
        answer = ask(practitioner, method, address)
        assert written() == before, f"{method} {address} changed something"
        assert CANARY not in answer.content.decode(), f"{method} {address} shows who comes"
        if method == "POST":
            assert answer.status_code in {403, 404, 409, 422}, f"POST {address} gave {answer.status_code}"
    if admits(declared, practitioner, "GET") and "GET" in declared.policy.methods:
        # The allowed twin: the same page for whoever gives the session.
        twin = ask(things.practitioner, "GET", address).status_code
        assert twin < 400 or twin == 409, f"GET {address} gave {twin} to whose it is"
