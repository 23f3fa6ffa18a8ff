"""``manage.py create_admin``: the first person of a new installation, who then invites everyone else."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from memberships.domain import people
from studio.lib.refusals import Refused
from studio.people.models import Person
from studio.people.queries import invitations
from studio.people.rules.permissions import SYSTEM, Role


class Command(BaseCommand):
    help = "Add an admin and print the link at which they choose their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True, type=_address)

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            person_id = people.add(
                name=options["name"], email=options["email"], role=Role.ADMIN, by=SYSTEM, at=at
            )
            people.invite(person_id=person_id, by=SYSTEM, at=at)
        except Refused as refused:
            raise CommandError("\n".join(str(reason) for reason in refused.reasons)) from refused
        person = Person.objects.select_related("user").get(pk=person_id)
        assert person.user is not None
        link = reverse("invitation", args=[invitations.token_for(person.user, at=at)])
        self.stdout.write(
            f"{person.name} is an admin. Choose a password within {invitations.GOOD_FOR.days} days:"
        )
        self.stdout.write(settings.SITE_URL.rstrip("/") + link)


def _address(text: str) -> str:
    validate_email(text)
    return text
