from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "studio.web"
    label = "web"

    def ready(self) -> None:
        from studio.web import checks  # noqa: F401  (registers the check of route policies)
