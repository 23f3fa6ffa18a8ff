"""The addresses of the back office: every module of pages lists its own."""

from studio.web.desk import (
    calendar,
    closures,
    explain,
    importing,
    inventory,
    messages,
    money,
    passes,
    people,
    roster,
    series,
    sessions,
    settings,
    styleguide,
    today,
    undo,
)
from studio.web.routes import PUBLIC, route

app_name = "desk"

urlpatterns = [
    *today.routes,
    *calendar.routes,
    *importing.routes,
    *series.routes,
    *closures.routes,
    *money.routes,
    *settings.routes,
    *inventory.routes,
    *explain.routes,
    *undo.routes,
    *messages.routes,
    route("styleguide/", styleguide.page, name="styleguide", policy=PUBLIC.on("GET", "POST")),
    # Codes match many words, so fixed words of the same folder come before them.
    *passes.routes,
    *people.routes,
    *roster.routes,
    *sessions.routes,
]
