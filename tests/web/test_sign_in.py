"""The way in: password, code, reset, invitation, authenticator app; and the way out."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from memberships.domain import people
from studio.people.models import Person, User
from studio.people.queries import invitations
from studio.people.rules.permissions import SYSTEM, Role
from studio.web.accounts import second_step
from tests import logins

pytestmark = pytest.mark.django_db

LOGIN, CODE, CONFIRM, RESET = (
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/login/code/confirm/",
    "/accounts/password/reset/",
)
BAD = {"login": "person@studio.example", "password": "not the right words"}


def sign_in(client: Client, person: Person, password: str = logins.PASSWORD, **more: str) -> HttpResponse:
    return client.post(LOGIN, {"login": person.email, "password": password, **more})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def mailed() -> str:
    return mail.outbox[-1].body


def words(response: HttpResponse) -> str:
    """The page without what differs at every request."""
    text = response.content.decode()
    return re.sub(
        r'nonce="[^"]+"|value="[A-Za-z0-9]{64}"|value="[0-9a-f-]{36}"|"X-CSRFToken": "[^"]+"', "", text
    )


# --- password ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "lands_on"),
    [(Role.ADMIN, "/desk/"), (Role.STAFF, "/desk/"), (Role.PRACTITIONER, "/desk/"), (Role.MEMBER, "/")],
)
def test_the_team_lands_on_the_desk_and_members_on_the_schedule(
    client: Client, role: Role, lands_on: str
) -> None:
    response = sign_in(client, logins.person(role, sign_in=True))

    assert (response.status_code, response["Location"]) == (302, lands_on)
    assert is_in(client)


def test_the_address_is_read_without_regard_to_case(client: Client) -> None:
    person = logins.person(email="ana@studio.example", sign_in=True)

    client.post(LOGIN, {"login": "Ana@Studio.Example", "password": logins.PASSWORD})

    assert client.session["_auth_user_id"] == str(person.user_id)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client) -> None:
    logins.person(email=BAD["login"], sign_in=True)
    known = client.post(LOGIN, BAD)
    User.objects.all().delete()
    unknown = Client().post(LOGIN, BAD)

    assert known.status_code == unknown.status_code == 200
    assert words(known) == words(unknown)
    assert "do not fit together" in words(known)
    assert not is_in(client)


def test_signing_in_returns_to_the_page_one_came_from_but_never_to_a_stranger(client: Client) -> None:
    person = logins.person(sign_in=True)
    own = sign_in(client, person, next="/accounts/password/change/")
    stranger = sign_in(Client(), person, next="https://evil.example/")
    scheme = sign_in(Client(), person, next="//evil.example/")

    assert own["Location"] == "/accounts/password/change/"
    assert stranger["Location"] == "/"
    assert scheme["Location"] == "/"


def test_the_session_changes_its_key_at_sign_in(client: Client) -> None:
    client.post(LOGIN, BAD)
    client.get(CODE)
    before = client.session.session_key

    sign_in(client, logins.person(sign_in=True))

    assert client.session.session_key != before


def test_tries_are_limited_per_address(client: Client) -> None:
    person = logins.person(email=BAD["login"], sign_in=True)
    for _ in range(5):
        client.post(LOGIN, BAD)

    response = sign_in(client, person)

    assert not is_in(client)
    assert "Too many tries" in words(response)


def test_a_closed_account_does_not_open(client: Client) -> None:
    closed = logins.person(sign_in=True, is_active=False)
    sign_in(client, closed)

    assert not is_in(client)


def test_forms_without_words_say_what_to_enter(client: Client) -> None:
    """UX 3.7: no "required", no "invalid"."""
    page = words(client.post(LOGIN, {"login": "ana", "password": ""}))

    assert "Enter your e-mail address, like ana@example.org." in page
    assert "Enter your password." in page
    assert not re.search(r"\b(required|invalid|please|oops)\b", re.sub(r"<[^>]+>", "", page), re.IGNORECASE)


# --- e-mailed code -----------------------------------------------------------------------------------


def test_a_code_signs_in_once(client: Client) -> None:
    person = logins.person(sign_in=True)
    client.post(CODE, {"email": person.email})
    code = mail.outbox[-1].subject.split()[0]

    response = client.post(CONFIRM, {"code": code})

    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_in(client)
    other = Client()
    other.post(CODE, {"email": person.email})
    other.post(CONFIRM, {"code": code})
    assert not is_in(other)


def test_asking_for_a_code_does_not_tell_who_has_an_account(client: Client) -> None:
    person = logins.person(email="ana@studio.example", sign_in=True)
    known = client.post(CODE, {"email": person.email}, follow=True)
    unknown = Client().post(CODE, {"email": "bob@studio.example"}, follow=True)

    assert known.redirect_chain == unknown.redirect_chain == [(CONFIRM, 302)]
    assert words(known).replace("ana@", "bob@") == words(unknown)
    # Both get a message, so that the time taken does not tell either.
    assert [message.to for message in mail.outbox] == [["ana@studio.example"], ["bob@studio.example"]]


def test_a_code_wears_out_after_three_wrong_tries(client: Client) -> None:
    person = logins.person(sign_in=True)
    client.post(CODE, {"email": person.email})
    code = mail.outbox[-1].subject.split()[0]
    for _ in range(3):
        client.post(CONFIRM, {"code": "wrong"})

    client.post(CONFIRM, {"code": code})

    assert not is_in(client)


# --- reset -------------------------------------------------------------------------------------------


def link_in_mail() -> str:
    return re.search(r"http://testserver(\S+)", mailed()).group(1)  # type: ignore[union-attr]


def test_a_reset_link_changes_the_password_once_and_signs_nobody_in(client: Client) -> None:
    person = logins.person(sign_in=True)
    client.post(RESET, {"email": person.email})
    link = link_in_mail()

    form = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "five other quiet words"})

    person.user.refresh_from_db()
    assert person.user.check_password("five other quiet words")
    assert not is_in(client)
    assert "This link is used up" in words(Client().get(link, follow=True))


def test_a_reset_does_not_tell_who_has_an_account(client: Client) -> None:
    person = logins.person(email="ana@studio.example", sign_in=True)
    known = client.post(RESET, {"email": person.email}, follow=True)
    unknown = Client().post(RESET, {"email": "bob@studio.example"}, follow=True)

    assert words(known) == words(unknown)
    assert [message.to for message in mail.outbox] == [["ana@studio.example"], ["bob@studio.example"]]


def test_a_reset_link_lasts_thirty_minutes(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = logins.person(sign_in=True)
    client.post(RESET, {"email": person.email})
    link = link_in_mail()

    clock.forward(minutes=31)

    assert "This link is used up" in words(client.get(link, follow=True))


def test_a_common_or_short_password_is_not_taken(client: Client) -> None:
    person = logins.person(sign_in=True)
    client.post(RESET, {"email": person.email})
    form = client.get(link_in_mail(), follow=True).redirect_chain[-1][0]

    for bad in ("short", "qwertyuiop1234567890"[:11], "password1234"):
        client.post(form, {"password1": bad})

    person.user.refresh_from_db()
    assert person.user.check_password(logins.PASSWORD)


# --- signed out everywhere ---------------------------------------------------------------------------


def test_changing_the_password_signs_out_every_browser() -> None:
    here = logins.browser(Role.MEMBER)
    there = logins.browser(here.person)
    sign_in(here, here.person)

    here.post(
        "/accounts/password/change/", {"oldpassword": logins.PASSWORD, "password1": "five other quiet words"}
    )

    assert is_signed_out(here)
    assert is_signed_out(there)


def is_signed_out(client: Client) -> bool:
    return client.get("/accounts/password/change/")["Location"].startswith(LOGIN)


@pytest.mark.parametrize("verb", ["deactivate", "set_access"])
def test_losing_access_ends_every_sign_in(now, verb: str) -> None:  # type: ignore[no-untyped-def]
    admin = logins.person(Role.ADMIN)
    client = logins.browser(Role.STAFF)
    assert client.get("/accounts/2fa/").status_code == 200
    extra = {"role": "member"} if verb == "set_access" else {}

    getattr(people, verb)(person_id=client.person.pk, by=admin.actor, at=now, **extra)

    assert client.get("/accounts/2fa/")["Location"].startswith(LOGIN)


def test_signing_out_asks_by_post() -> None:
    client = logins.browser(Role.MEMBER)

    client.get("/accounts/logout/")
    assert is_in(client)
    client.post("/accounts/logout/")
    assert not is_in(client)


def test_the_desk_is_signed_out_when_quiet_and_after_a_day_but_members_stay(clock) -> None:  # type: ignore[no-untyped-def]
    staff, member = Client(), Client()
    sign_in(staff, logins.person(Role.STAFF, sign_in=True))
    sign_in(member, logins.person(Role.MEMBER, sign_in=True))

    for _ in range(3):
        clock.forward(minutes=20)
        assert staff.get("/accounts/2fa/").status_code == 200
    clock.forward(minutes=36)

    assert staff.get("/accounts/2fa/").status_code == 302
    assert member.get("/accounts/2fa/").status_code == 200

    sign_in(staff, logins.person(Role.STAFF, sign_in=True))
    for _ in range(25):
        clock.forward(minutes=30)
        staff.get("/accounts/2fa/")
    assert staff.get("/accounts/2fa/").status_code == 302


# --- invitation --------------------------------------------------------------------------------------


def invited(now, **fields) -> Person:  # type: ignore[no-untyped-def]
    person = logins.person(**fields)
    people.invite(person_id=person.pk, by=SYSTEM, at=now)
    person.refresh_from_db()
    return person


def address(person: Person, at) -> str:  # type: ignore[no-untyped-def]
    return f"/accounts/invitation/{invitations.token_for(person.user, at=at)}/"


def test_an_invitation_sets_the_first_password_once(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = invited(clock.now, email="ana@studio.example")
    link = address(person, clock.now)

    page = client.get(link)
    answer = client.post(link, {"password": logins.PASSWORD})

    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("same-origin", "no-store, private")
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert sign_in(client, person)["Location"] == "/"
    assert is_in(client)
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": "somebody else's words"}).status_code == 410


def test_an_invitation_lasts_seven_days(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = invited(clock.now)
    link = address(person, clock.now)

    clock.forward(days=7)
    assert client.get(link).status_code == 200
    clock.forward(seconds=1)
    assert client.get(link).status_code == 410


def test_a_newer_invitation_ends_the_one_before(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = invited(clock.now)
    first = address(person, clock.now)
    people.invite(person_id=person.pk, by=SYSTEM, at=clock.now + timedelta(hours=1))
    person.user.refresh_from_db()

    assert client.get(first).status_code == 410
    assert client.get(address(person, clock.now)).status_code == 200


def test_a_made_up_or_closed_invitation_does_not_open(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = invited(clock.now)
    link = address(person, clock.now)
    people.deactivate(person_id=person.pk, by=SYSTEM, at=clock.now)

    assert client.get(link).status_code == 410
    assert client.get("/accounts/invitation/made-up/").status_code == 410


def test_a_weak_first_password_is_refused_with_a_reason(client: Client, clock) -> None:  # type: ignore[no-untyped-def]
    person = invited(clock.now)

    response = client.post(address(person, clock.now), {"password": "short"})

    assert response.status_code == 422
    assert "12 characters" in words(response)


def test_who_is_in_has_no_address_to_confirm() -> None:
    assert logins.browser().get("/accounts/confirm-email/")["Location"] == "/"


# --- sign-up -----------------------------------------------------------------------------------------

NEWCOMER = {"name": "Zoë", "email": "zoe@studio.example", "password1": logins.PASSWORD}


def test_signing_up_by_oneself_is_off_unless_the_studio_opens_it(client: Client) -> None:
    response = client.post("/accounts/signup/", NEWCOMER)

    assert "The desk makes your account" in words(response)
    assert not Person.objects.exists()


def test_a_newcomer_confirms_the_address_and_is_a_member(client: Client, settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_SIGN_UP_OPEN = True

    client.post("/accounts/signup/", NEWCOMER)
    assert not is_in(client)
    code = mail.outbox[-1].subject.split()[0]
    client.post("/accounts/confirm-email/", {"code": code})

    assert is_in(client)
    person = Person.objects.get()
    assert (person.name, person.role, person.user.email) == ("Zoë", "member", "zoe@studio.example")


def test_signing_up_does_not_tell_who_has_an_account(settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_SIGN_UP_OPEN = True
    logins.person(email="ana@studio.example", sign_in=True)
    known = Client().post("/accounts/signup/", NEWCOMER | {"email": "ana@studio.example"}, follow=True)
    unknown = Client().post("/accounts/signup/", NEWCOMER, follow=True)

    assert words(known).replace("ana@", "zoe@") == words(unknown)
    assert Person.objects.count() == 2


# --- authenticator app -------------------------------------------------------------------------------


def with_app(person: Person) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(person.user, secret)
    return secret


def code_of(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def test_the_team_sets_up_the_app_before_anything_else(settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_STAFF_TOTP_REQUIRED = True
    staff, member = logins.browser(Role.STAFF), logins.browser(Role.MEMBER)

    assert staff.get("/accounts/2fa/").status_code == 200
    assert member.get("/accounts/2fa/").status_code == 200
    assert staff.get("/probe/signed-in/")["Location"] == "/accounts/2fa/totp/activate/"
    assert member.get("/probe/signed-in/").status_code == 200
    with_app(staff.person)
    assert staff.get("/probe/signed-in/").status_code == 200


test_the_team_sets_up_the_app_before_anything_else = pytest.mark.urls("tests.web.probe_urls")(
    test_the_team_sets_up_the_app_before_anything_else
)


def test_with_an_app_the_password_alone_does_not_let_in(client: Client) -> None:
    person = logins.person(Role.STAFF, sign_in=True)
    secret = with_app(person)

    asked = sign_in(client, person)
    assert asked["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert not is_in(client)
    answer = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert answer["Location"] == "/desk/"
    assert is_in(client)


def test_the_password_is_asked_again_before_security_changes_some_time_after_signing_in(
    client: Client,
    clock,  # type: ignore[no-untyped-def]
) -> None:
    sign_in(client, logins.person(sign_in=True))
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200

    clock.forward(minutes=15)
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked["Location"], {"password": logins.PASSWORD})

    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_an_app_code_works_once() -> None:
    person = logins.person(sign_in=True)
    code = code_of(with_app(person))
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser, person)
        browser.post("/accounts/2fa/authenticate/", {"code": code})

    assert (is_in(first), is_in(second)) == (True, False)


def test_a_mailed_code_does_not_replace_the_app(client: Client) -> None:
    person = logins.person(Role.STAFF, sign_in=True)
    with_app(person)
    client.post(CODE, {"email": person.email})
    response = client.post(CONFIRM, {"code": mail.outbox[-1].subject.split()[0]})

    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert not is_in(client)


def test_the_team_cannot_switch_the_app_off_where_it_is_asked_for(settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_STAFF_TOTP_REQUIRED = True
    staff = logins.browser(Role.STAFF)
    secret = with_app(staff.person)
    staff.logout()
    sign_in(staff, staff.person)
    staff.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    staff.post("/accounts/2fa/totp/deactivate/")

    assert Authenticator.objects.filter(user=staff.person.user, type="totp").count() == 1


@pytest.mark.urls("tests.web.probe_urls")
def test_the_owner_of_the_installation_sets_up_the_app_too(settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_STAFF_TOTP_REQUIRED = True
    owner = Client()
    owner.force_login(logins.user("owner@studio.example", is_superuser=True))

    assert owner.get("/admin/")["Location"] == "/accounts/2fa/totp/activate/"
    with_app(logins.person(user=User.objects.get(), role=Role.ADMIN))
    assert owner.get("/admin/").status_code == 200
    assert owner.get("/probe/signed-in/").status_code == 200


def test_the_apps_secret_is_not_readable_in_the_database() -> None:
    person = logins.person(sign_in=True)
    secret = with_app(person)
    stored = Authenticator.objects.get(user=person.user).data["secret"]

    assert secret not in stored
    assert second_step.SecondStepAdapter().decrypt(stored) == secret
