from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Floor 0: who. Users (logins), persons, households, and what a role may do."""

    name = "studio.people"
    label = "people"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"
