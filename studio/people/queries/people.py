"""Who is known here, for lists and for finding someone."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.db.models.functions import Lower

from studio.people.models import Person
from studio.people.rules.permissions import Actor, Role

BY_NAME = (Lower("name"), "id")


def directory(
    *, actor: Actor, search: str = "", role: Role | str | None = None, is_active: bool | None = True
) -> QuerySet[Person]:
    """People this actor may see, by name; every word of *search* occurs in name, address or phone.

    ``is_active=None`` lists everyone. The order is total, so that pages neither skip nor repeat.
    """
    found = _matching(Person.objects.visible_to(actor), search)
    if role:
        found = found.filter(role=role)
    if is_active is not None:
        found = found.filter(is_active=is_active)
    return found.select_related("user", "household__payer").order_by(*BY_NAME)


def find(text: str, *, actor: Actor, limit: int = 8) -> list[Person]:
    """The active people to offer while someone types a name; nobody before two characters."""
    if len(text.strip()) < 2:
        return []
    found = _matching(Person.objects.visible_to(actor).active(), text)
    return list(found.order_by(*BY_NAME)[:limit])


def access_givers(limit: int = 3) -> list[str]:
    """Names of active admins, for the page that says whom to ask."""
    admins = Person.objects.active().filter(role=Role.ADMIN, user__is_active=True)
    return list(admins.order_by(*BY_NAME).values_list("name", flat=True)[:limit])


def givers() -> list[tuple[int, str]]:
    """Id and name of every active person who may give sessions: the choices of forms and filters."""
    team = Person.objects.active().exclude(role=Role.MEMBER)
    return list(team.order_by(*BY_NAME).values_list("pk", "name"))


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """The names of these people, by id."""
    return dict(Person.objects.filter(pk__in=list(person_ids)).values_list("pk", "name"))


def _matching(found: QuerySet[Person], search: str) -> QuerySet[Person]:
    for word in search.lower().split():
        found = found.filter(search_text__contains=word)
    return found
