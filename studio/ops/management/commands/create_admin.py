"""``manage.py create_admin``: the first person of a new installation, who then invites everyone else.

Run again for the same address it adds nobody and prints a new link: the way back in when a password is lost.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from memberships.domain import people
from studio.lib.refusals import Refused
from studio.people.models import Person, User
from studio.people.queries import invitations
from studio.people.rules.permissions import SYSTEM, Role


class Command(BaseCommand):
    help = "Add an admin (or find the one with this address) and print their link to choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True, type=_address)

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        name, email = options["name"], options["email"].lower()
        known = Person.objects.filter(role=Role.ADMIN, user__email=email).first()
        if known is None and User.objects.filter(email=email).exists():
            raise CommandError(f"Someone who is not an admin signs in with {email}. Use another address.")
        try:
            person_id = (
                known.pk if known else people.add(name=name, email=email, role="admin", by=SYSTEM, at=at)
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
