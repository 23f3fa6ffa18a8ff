"""All addresses of the product, by door. Each declares its policy; the site does not start otherwise."""

from django.urls import URLPattern, URLResolver, include, path

from studio.web import health, owner_admin, shell
from studio.web.routes import OWNER, PUBLIC, guarded, route

urlpatterns: list[URLPattern | URLResolver] = [
    route("healthz", health.alive, name="healthz", policy=PUBLIC),
    route("readyz", health.ready, name="readyz", policy=PUBLIC),
    route("theme/", shell.choose_theme, name="theme", policy=PUBLIC.on("POST")),
    path("accounts/", include("studio.web.accounts.urls")),
    path("desk/", include("studio.web.desk.urls")),
    path("api/", include("studio.web.api.urls")),
    path("", include("studio.web.portal.urls")),
    path("admin/", (guarded(owner_admin.site.get_urls(), OWNER), "admin", "admin")),
]

handler403 = "studio.web.refusal_pages.forbidden"
handler404 = "studio.web.shell.not_found"
handler500 = "studio.web.shell.failed"
