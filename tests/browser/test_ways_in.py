"""Signing in, in a real browser: every page is accessible, and none of it needs JavaScript."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import expect

from memberships.domain import people
from studio.people.models import Person
from studio.people.queries import invitations
from studio.people.rules.permissions import SYSTEM, Role
from tests import logins
from tests.browser import arrivals, harness
from tests.browser.conftest import OpenWindow
from tests.browser.harness import Visitor


@pytest.fixture(autouse=True)
def no_tries_counted_yet() -> None:
    cache.clear()


def invitation() -> str:
    """The address of a fresh invitation; the person is called Ana."""
    ana = logins.person(name="Ana", email="ana@studio.example")
    people.invite(person_id=ana.pk, by=SYSTEM, at=timezone.now())
    ana.refresh_from_db()
    return f"/accounts/invitation/{invitations.token_for(ana.user, at=timezone.now())}/"


def test_mistakes_are_told_accessibly_and_keep_what_was_typed(visitor: Visitor) -> None:
    visitor.go("/accounts/login/")
    visitor.page.get_by_label("E-mail address").fill("ana@studio.example")
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()

    expect(visitor.page).to_have_title(re.compile("^Error: "))
    expect(visitor.page.get_by_label("E-mail address")).to_have_value("ana@studio.example")
    visitor.audit()


def test_a_password_signs_in_by_keyboard_alone(visitor: Visitor) -> None:
    person = logins.person(sign_in=True)
    visitor.go("/accounts/login/")

    harness.tab_to(visitor.page, "#id_login")
    visitor.page.keyboard.type(person.email)
    harness.tab_to(visitor.page, "#id_password")
    visitor.page.keyboard.type(logins.PASSWORD)
    visitor.page.keyboard.press("Enter")

    expect(visitor.page).to_have_url(re.compile(r"/$"))
    expect(visitor.page.get_by_role("link", name="Sign in")).to_have_count(0)


def test_an_invitation_a_code_and_the_way_out_work_without_javascript(open_window: OpenWindow) -> None:
    page_of = open_window(harness.PHONE, javascript=False)
    page = page_of.page
    page_of.go(invitation())
    page.get_by_label("Choose a password").fill(logins.PASSWORD)
    page.get_by_role("button", name="Use this password").click()

    page.get_by_role("link", name="Send me a code instead").click()
    page.get_by_label("E-mail address").fill("ana@studio.example")
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(mail.outbox[-1].subject.split()[0])
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert page_of.go("/accounts/2fa/").status == 200
    assert page.url.endswith("/accounts/2fa/")

    page_of.go("/accounts/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    page_of.go("/accounts/2fa/")
    assert "/accounts/login/" in page.url


def test_the_team_sets_up_the_app_without_javascript(open_window: OpenWindow, settings) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_STAFF_TOTP_REQUIRED = True
    staff = logins.person(Role.STAFF, sign_in=True)
    window = open_window(harness.DESKTOP, javascript=False)
    page = window.page
    window.go("/accounts/login/")
    page.get_by_label("E-mail address").fill(staff.email)
    page.get_by_label("Password").fill(logins.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Set up the authenticator app")
    page.get_by_label("Code").fill(arrivals.code_of(page.locator("code").inner_text()))
    page.get_by_role("button", name="Switch on").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    assert Person.objects.get(pk=staff.pk).user.authenticator_set.count() == 2
