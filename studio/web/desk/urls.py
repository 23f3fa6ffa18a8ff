"""The addresses of the back office."""

from studio.web.desk import styleguide
from studio.web.routes import PUBLIC, route

app_name = "desk"

urlpatterns = [
    route("styleguide/", styleguide.page, name="styleguide", policy=PUBLIC.on("GET", "POST")),
]
