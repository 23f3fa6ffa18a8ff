"""No address without a policy; what each policy answers; what every answer carries."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from studio.people.rules.permissions import Capability, Role
from studio.web import checks, middleware, routes
from studio.web.routes import PUBLIC, SIGNED_IN, needs, route
from tests import logins

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.web.probe_urls")]

SIGN_IN = "/accounts/login/"


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


# --- declaring ---------------------------------------------------------------------------------------


@pytest.mark.urls("studio.urls")
def test_every_address_of_the_product_has_a_policy() -> None:
    declared = list(routes.declared())

    assert routes.undeclared() == []
    assert {"account_login", "healthz", "theme"} <= {each.name for each in declared}


def test_an_address_without_a_policy_is_found_wherever_it_hides() -> None:
    inner = [route("fine/", view, name="fine", policy=PUBLIC), path("bare/", view)]
    patterns = [path("outer/", include(inner))]

    assert routes.undeclared(patterns) == ["outer/bare/"]
    with pytest.raises(ImproperlyConfigured, match="/outer/bare/ has no policy"):
        list(routes.declared(patterns))


@pytest.mark.urls("tests.web.undeclared_urls")
def test_the_site_does_not_start_with_an_undeclared_address() -> None:
    with pytest.raises(ImproperlyConfigured, match="/bare/ has no policy"):
        middleware.RequestFactsMiddleware(view)
    assert [error.id for error in checks.every_address_has_a_policy(None)] == ["web.E001"]


def test_a_package_is_mounted_under_one_policy() -> None:
    inner = [path("one/", view), path("more/", include([path("two/", view)]))]

    guarded = routes.guarded(inner, SIGNED_IN)

    assert [each.policy for each in routes.declared(guarded)] == [SIGNED_IN, SIGNED_IN]


def test_a_policy_is_spelled_correctly_or_not_at_all() -> None:
    with pytest.raises(ImproperlyConfigured):
        needs()
    with pytest.raises(ImproperlyConfigured):
        PUBLIC.on("FETCH")
    with pytest.raises(ImproperlyConfigured):
        PUBLIC.on()


# --- answering ---------------------------------------------------------------------------------------


def test_a_visitor_is_sent_to_sign_in_and_back(client: Client) -> None:
    response = client.get("/probe/signed-in/?week=3")

    assert (response.status_code, response["Location"]) == (
        302,
        f"{SIGN_IN}?next=%2Fprobe%2Fsigned-in%2F%3Fweek%3D3",
    )


def test_a_sent_form_leads_back_to_the_page_it_was_on(client: Client) -> None:
    ours = client.post("/probe/form/", HTTP_REFERER="http://testserver/probe/public/?page=2")
    strange = client.post("/probe/form/", HTTP_REFERER="https://evil.example/probe/public/")

    assert ours["Location"] == f"{SIGN_IN}?next=%2Fprobe%2Fpublic%2F%3Fpage%3D2"
    assert strange["Location"] == SIGN_IN


def test_a_fragment_request_leaves_the_whole_page(client: Client) -> None:
    response = client.get(
        "/probe/signed-in/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/probe/public/"},
    )

    assert response["HX-Redirect"] == f"{SIGN_IN}?next=%2Fprobe%2Fpublic%2F"


def test_someone_without_the_permission_learns_who_can_give_it() -> None:
    logins.person(Role.ADMIN, name="Maya Owner", sign_in=True)
    staff = logins.browser(Role.STAFF)
    allowed = logins.browser(Role.STAFF, capabilities=[Capability.CHANGE_SETTINGS])

    refused = staff.get("/probe/settings/")

    assert refused.status_code == 403
    assert "change settings" in refused.content.decode()
    assert "Maya Owner" in refused.content.decode()
    assert allowed.get("/probe/settings/").status_code == 200


def test_a_member_is_not_told_the_names_of_the_team() -> None:
    logins.person(Role.ADMIN, name="Maya Owner", sign_in=True)

    refused = logins.browser(Role.MEMBER).get("/probe/settings/")

    assert refused.status_code == 403
    assert "Maya Owner" not in refused.content.decode()


def test_reading_and_writing_may_need_different_permissions() -> None:
    member, staff = logins.browser(Role.MEMBER), logins.browser(Role.STAFF)

    assert member.get("/probe/closures/").status_code == 200
    assert member.post("/probe/closures/").status_code == 403
    assert staff.post("/probe/closures/").status_code == 200


def test_other_methods_are_refused_before_anything_else(client: Client) -> None:
    refused = client.delete("/probe/signed-in/")

    assert (refused.status_code, refused["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert client.post("/probe/public/").status_code == 405
    assert client.get("/probe/form/").status_code == 405


def test_head_follows_get_and_options_names_the_methods() -> None:
    member = logins.browser(Role.MEMBER)

    head, options = member.head("/probe/signed-in/"), member.options("/probe/signed-in/")

    assert (head.status_code, head.content) == (200, b"")
    assert (options.status_code, options["Allow"]) == (200, "GET, POST, HEAD, OPTIONS")
    assert Client().options("/probe/signed-in/").status_code == 302


def test_a_login_without_a_person_gets_no_further_than_public_pages() -> None:
    client = Client()
    client.force_login(logins.user("owner@studio.example"))

    assert client.get("/probe/public/").status_code == 200
    assert client.get("/probe/signed-in/").status_code == 403


def test_a_deactivated_person_is_a_visitor() -> None:
    client = logins.browser(Role.STAFF)
    client.person.__class__.objects.filter(pk=client.person.pk).update(is_active=False)

    assert client.get("/probe/signed-in/")["Location"].startswith(SIGN_IN)


def test_the_owners_admin_is_for_the_owner_and_only_for_reading() -> None:
    owner = Client()
    owner.force_login(logins.user("owner@studio.example", is_superuser=True))
    person = logins.person(name="Ada")

    assert logins.browser(Role.ADMIN).get("/admin/").status_code == 403
    assert Client().get("/admin/")["Location"] == f"{SIGN_IN}?next=%2Fadmin%2F"
    assert owner.get("/admin/people/person/").status_code == 200
    assert owner.get(f"/admin/people/person/{person.pk}/change/").status_code == 200
    assert owner.post(f"/admin/people/person/{person.pk}/change/", {"name": "Eve"}).status_code == 403
    assert owner.get("/admin/people/person/add/").status_code == 403
    assert owner.post(f"/admin/people/person/{person.pk}/delete/", {"post": "yes"}).status_code == 403


# --- the facts of a request --------------------------------------------------------------------------


def test_the_clock_is_read_once_and_can_be_set_outside_production(rf, settings, now) -> None:  # type: ignore[no-untyped-def]
    settings.STUDIO_NOW = lambda: now
    assert middleware.clock() == now
    settings.STUDIO_NOW = now
    assert middleware.clock() == now
    settings.IS_PRODUCTION = True
    assert middleware.clock() != now


def test_knowing_who_asks_takes_two_queries(queries) -> None:  # type: ignore[no-untyped-def]
    client = logins.browser(Role.STAFF)

    with queries() as seen:
        client.get("/probe/signed-in/")

    assert len(seen) == 2, [each["sql"] for each in seen]


def test_a_visitor_costs_no_query(client: Client, queries) -> None:  # type: ignore[no-untyped-def]
    with queries() as seen:
        client.get("/probe/public/")

    assert len(seen) == 0


# --- headers -----------------------------------------------------------------------------------------

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/accounts/login/", 200),
        ("/probe/signed-in/", 302),
        ("/nothing-here/", 404),
        ("/probe/form/", 405),
        ("/healthz", 200),
    ],
)
def test_every_answer_carries_the_security_headers(client: Client, address: str, status: int) -> None:
    response = client.get(address)

    assert response.status_code == status
    assert {name: response.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]


def test_pages_of_someone_signed_in_are_not_kept_by_caches() -> None:
    member = logins.browser(Role.MEMBER)

    assert member.get("/probe/signed-in/")["Cache-Control"] == "no-store, private"
    assert member.get("/nothing-here/")["Cache-Control"] == "no-store, private"
    assert "Cache-Control" not in Client().get("/probe/public/")


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    person = logins.person(sign_in=True)
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": person.email, "password": logins.PASSWORD})

    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_form_without_its_token_is_not_taken() -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post("/theme/", {"theme": "dark"}).status_code == 403


def test_the_theme_is_kept_in_a_cookie_and_leads_back_here(client: Client) -> None:
    ours = client.post("/theme/", {"theme": "dark", "next": "/probe/public/"})
    strange = client.post("/theme/", {"theme": "dark", "next": "https://evil.example/"})

    assert (ours["Location"], ours.cookies["theme"].value) == ("/probe/public/", "dark")
    assert strange["Location"] == "/"
