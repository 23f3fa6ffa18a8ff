"""The addresses of the back office: every module of pages lists its own."""

from studio.web.desk import explain, passes, people, roster, sessions, styleguide, today, undo
from studio.web.routes import PUBLIC, route

app_name = "desk"

urlpatterns = [
    *today.routes,
    *sessions.routes,
    *roster.routes,
    *people.routes,
    *passes.routes,
    *explain.routes,
    *undo.routes,
    route("styleguide/", styleguide.page, name="styleguide", policy=PUBLIC.on("GET", "POST")),
]
