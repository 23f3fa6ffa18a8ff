"""All addresses of the product, by door."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from studio.web import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
