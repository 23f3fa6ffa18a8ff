"""People who can sign in, and browsers in which they have."""

from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client

from studio.people.models import Person, User
from studio.people.rules.permissions import Role

PASSWORD = "four quiet words here"
_number = count(1)


def person(role: Role | str = Role.MEMBER, *, sign_in: bool = False, **fields: Any) -> Person:
    """Someone of that role. ``sign_in`` gives them a login whose password is ``PASSWORD``."""
    number = next(_number)
    fields = {"name": f"Person {number}", "email": f"person{number}@studio.example", "role": role, **fields}
    if sign_in and "user" not in fields:
        fields["user"] = user(fields["email"])
    return Person.objects.create(**fields)


def user(email: str, password: str = PASSWORD, **fields: Any) -> User:
    """A login with a proven address."""
    made = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    return made


def browser(who: Role | Person = Role.MEMBER, **fields: Any) -> Client:
    """A browser in which somebody is signed in; ``.person`` is who."""
    somebody = who if isinstance(who, Person) else person(who, sign_in=True, **fields)
    client = Client()
    client.force_login(somebody.user)
    client.person = somebody  # type: ignore[attr-defined]
    return client
