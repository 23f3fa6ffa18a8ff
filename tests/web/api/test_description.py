"""The API describes itself, and answers in its own way wherever it is asked."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from studio.people.rules.permissions import Role
from studio.web import routes
from tests import logins
from tests.web.api.conftest import ROOT, problem

pytestmark = pytest.mark.django_db


def described() -> dict:
    answer = Client().get(f"{ROOT}schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_the_description_is_valid_and_leaves_nothing_unsaid(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_every_address_is_described():
    unsaid = {"api:schema", "api:elsewhere", "api:docs", "schema", "elsewhere", "docs"}
    served = {
        "/" + each.pattern.replace("<code:", "{").replace(">", "}")
        for each in routes.declared()
        if each.pattern.startswith("api/") and each.name not in unsaid
    }

    assert set(described()["paths"]) == served


def test_every_operation_says_how_it_can_fail_and_what_it_is_for():
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            case = f"{method} {path}"
            assert operation["summary"] and operation["description"], case
            problems = {status for status in operation["responses"] if int(status) >= 400}
            assert {"401", "403"} <= problems, case
            if method == "post":
                assert {"400", "404", "409", "422"} <= problems, case


def test_the_page_about_it_says_everything_the_description_says():
    """Each operation, each parameter, each body and each of its fields; links lead to what is on the page."""
    answer, document = Client().get("/api/docs/"), described()
    page = html.unescape(answer.content.decode())

    assert answer.status_code == 200
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"{method.upper()}</span> {path}" in page
            assert operation["summary"] in page
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema and not name.startswith("Paginated"):
            _, _, body = page.partition(f'id="body-{name}"')
            assert all(f"<code>{field}</code>" in body for field in schema["properties"]), name
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r' id="([^"]+)"', page))


def test_lists_open_from_the_page_for_whoever_is_signed_in():
    link = '<a href="/api/v1/sessions/">'

    assert link not in Client().get("/api/docs/").content.decode()
    assert link in logins.browser(Role.MEMBER).get("/api/docs/").content.decode()


def test_an_address_that_does_not_exist_answers_with_a_problem(caller):
    member = caller()

    for path in ("nothing/", "sessions/not-a-code!/", "sessions/k7f3qa/more/", ""):
        assert problem(member.get(path), 404) == ["not_found"], path
    assert problem(member.post("nothing/"), 404) == ["not_found"]


def test_a_method_that_does_not_exist_answers_with_a_problem(caller):
    answer = caller(Role.ADMIN).delete("bookings/")

    assert problem(answer, 405) == ["method_not_allowed"]
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_answers_are_kept_by_nobody(caller):
    assert caller().get("people/me/")["Cache-Control"] == "no-store, private"
