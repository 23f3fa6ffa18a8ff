"""Django's own admin, for the owner of the installation: for reading, with the house's own sign-in.

Business writes through it are impossible by construction; what can be read is listed here, and no ledger is.
"""

from typing import cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from studio.people.models import Household, Person, Studio, User
from studio.web import refusal_pages
from studio.web.requests import Request


class OwnerAdminSite(admin.AdminSite):
    site_header = "Studio, behind the scenes"
    site_title = "Studio"
    index_title = "Read only"

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return refusal_pages.to_sign_in(cast(Request, request))


class ReadOnly(admin.ModelAdmin):
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        return False


class PersonAdmin(ReadOnly):
    list_display = ("name", "email", "role", "is_active", "joined_on")
    list_filter = ("role", "is_active")
    search_fields = ("search_text",)


class UserAdmin(ReadOnly):
    list_display = ("email", "is_active", "last_login")
    search_fields = ("email",)
    exclude = ("password", "groups", "user_permissions")


class HouseholdAdmin(ReadOnly):
    list_display = ("name", "payer")


site = OwnerAdminSite(name="admin")
site.register(Studio, ReadOnly)
site.register(Person, PersonAdmin)
site.register(User, UserAdmin)
site.register(Household, HouseholdAdmin)
