"""Tokens: how a program signs in, and everything that ends it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from memberships.domain import people
from studio.people.models import User
from studio.people.rules.permissions import SYSTEM, Role
from studio.web.models import ApiToken
from tests import logins
from tests.make import NOW
from tests.web.api.conftest import ROOT, Caller, problem

pytestmark = pytest.mark.django_db


def sign_in(email: str, password: str = logins.PASSWORD, **more):
    body = json.dumps({"email": email, "password": password} | more)
    return Client().post(f"{ROOT}token/", body, content_type="application/json")


def me(token: str) -> int:
    return Client().get(f"{ROOT}people/me/", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_only_its_hash_is_kept():
    person = logins.person(Role.MEMBER, sign_in=True)

    answer = sign_in(person.email.upper(), label="Door display")

    assert answer.status_code == 201
    token = answer.json()["token"]
    assert answer.json()["expires_at"] == "2026-05-31T09:00:00Z"
    assert answer["Cache-Control"].startswith("no-store")
    kept = ApiToken.objects.get()
    assert (kept.label, kept.user) == ("Door display", person.user)
    assert token not in (kept.digest, kept.sign_in_hash)
    assert len(token) >= 43 + len("studio_")
    assert me(token) == 200
    assert me(token[:-1]) == 401


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer():
    person = logins.person(Role.MEMBER, sign_in=True)

    wrong, unknown = sign_in(person.email, "not the password"), sign_in("nobody@example.org")

    assert problem(wrong, 401) == problem(unknown, 401) == ["no_fit"]
    assert wrong.content == unknown.content
    assert ApiToken.objects.count() == 0


def test_tries_are_limited_also_across_the_sign_in_page():
    person = logins.person(Role.MEMBER, sign_in=True)
    for _ in range(5):
        sign_in(person.email, "not the password")

    assert problem(sign_in(person.email), 429) == ["too_many"]
    assert sign_in(person.email)["Retry-After"] == "300"


def test_an_unconfirmed_address_gets_no_token():
    user = User.objects.create_user("new@example.org", logins.PASSWORD)
    logins.person(Role.MEMBER, user=user)

    assert problem(sign_in("new@example.org"), 403) == ["unproven_address"]


def test_a_login_with_an_authenticator_app_needs_its_code():
    person = logins.person(Role.STAFF, sign_in=True)
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person.user, secret)

    assert problem(sign_in(person.email), 403) == ["code_needed"]
    assert problem(sign_in(person.email, code="000000"), 403) == ["code_needed"]
    [step, *_] = totp.yield_hotp_counters_from_time()
    code = totp.format_hotp_value(totp.hotp_value(secret, step))
    assert sign_in(person.email, code=code).status_code == 201


def test_the_team_gets_no_token_without_an_app_where_the_studio_asks_for_one(settings):
    settings.STUDIO_STAFF_TOTP_REQUIRED = True
    staff = logins.person(Role.STAFF, sign_in=True)
    member = logins.person(Role.MEMBER, sign_in=True)

    assert problem(sign_in(staff.email), 403) == ["app_needed"]
    assert sign_in(member.email).status_code == 201
    # Nor does their browser's sign-in open the API.
    assert problem(logins.browser(staff).get(f"{ROOT}people/"), 403) == ["not_allowed"]
    assert logins.browser(member).get(f"{ROOT}people/").status_code == 200


def test_a_token_ends_when_it_says_so(caller, settings):
    mine = caller()
    assert mine.get("people/me/").status_code == 200

    settings.STUDIO_NOW = NOW + timedelta(days=90)
    assert problem(mine.get("people/me/"), 401) == ["not_signed_in"]


def test_a_token_can_be_ended(caller):
    mine = caller()
    other = Caller(mine.person)

    assert mine.delete("token/").status_code == 204

    assert mine.get("people/me/").status_code == 401
    assert other.get("people/me/").status_code == 200


def test_what_signs_people_out_everywhere_ends_their_tokens(caller):
    """Another role, a new password, a closed account."""
    promoted, careful, closed = caller(), caller(), caller()
    people.set_access(person_id=promoted.person.pk, role="staff", by=SYSTEM, at=NOW)
    careful.person.user.set_password("other quiet words here")
    careful.person.user.save()
    people.deactivate(person_id=closed.person.pk, by=SYSTEM, at=NOW)

    assert [each.get("people/me/").status_code for each in (promoted, careful, closed)] == [401, 401, 401]


def test_a_browsers_sign_in_is_accepted_with_its_csrf_token():
    person = logins.person(Role.MEMBER, sign_in=True)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(person.user)

    assert browser.get(f"{ROOT}people/me/").json()["name"] == person.name
    answer = browser.post(f"{ROOT}bookings/", "{}", content_type="application/json")
    assert problem(answer, 403) == ["csrf"]

    page = browser.get("/api/docs/")
    token = page.content.decode().split('"X-CSRFToken": "')[1].split('"')[0]
    answer = browser.post(
        f"{ROOT}bookings/", "{}", content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert problem(answer, 422) == ["required"]


def test_without_a_sign_in_the_answer_says_how():
    answer = Client().get(f"{ROOT}sessions/")

    assert problem(answer, 401) == ["not_signed_in"]
    assert answer["WWW-Authenticate"] == 'Bearer realm="Studio"'
    assert "POST /api/v1/token/" in answer.json()["reasons"][0]["remedy"]


def test_an_unused_day_is_noted_once(caller, queries):
    mine = caller()
    with queries() as first:
        mine.get("people/me/")
    with queries() as second:
        mine.get("people/me/")

    assert ApiToken.objects.get().last_used_on == NOW.date()
    assert len(first) == len(second) + 1
