"""Loading the demo: the studio, its people and plans, its timetable, and its story."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password

from memberships.domain import people
from memberships.models import CreditType, PaymentTerm, PaymentTermBucket, Plan, PlanBucket
from scheduling.domain import closures
from scheduling.models import Location, Service
from sessions_app.domain import expansion, timetable_import
from studio.ops.demo import cast, story
from studio.ops.demo.logins import LOGINS
from studio.people.models import Person, Studio, User
from studio.people.rules.permissions import SYSTEM

TIMETABLE = Path(__file__).with_name("timetable.csv")
WEEKS_AHEAD = 12


class AlreadyLoaded(Exception):
    """The database has people in it; the demo is loaded into an empty one only."""


def load(now: datetime, tell: Callable[[str], None], *, weeks_back: int = 8) -> None:
    """Fill an empty database with the demo, telling its progress.

    :raises AlreadyLoaded: if there are people in the database.
    """
    if Person.objects.exists():
        raise AlreadyLoaded
    began = story.starts_on(now, weeks_back)
    tell("the studio, its people and plans")
    Studio.objects.current()
    Studio.objects.update(**cast.STUDIO)
    _people(began)
    tell("the timetable: 46 classes a week")
    _timetable(began, weeks_back + WEEKS_AHEAD)
    _plans()
    closures.add(
        name="Staff training",
        starts_on=(now + timedelta(days=24)).date(),
        ends_on=(now + timedelta(days=24)).date(),
        by=SYSTEM,
        at=began,
    )
    tell("the sessions of twenty weeks")
    expansion.expand(by=SYSTEM, at=began)
    story.Story(began, now, tell).play()


def _people(at: datetime) -> None:
    logins = {login.role: login for login in LOGINS}
    names = [
        ("admin", [cast.ADMIN]),
        ("staff", [cast.STAFF]),
        ("practitioner", cast.PRACTITIONERS),
        ("member", cast.MEMBERS),
    ]
    for role, called in names:
        for number, name in enumerate(called):
            login = logins[role] if number == 0 else None
            address = login.email if login else f"{name.lower().replace(' ', '.')}@northside.example"
            person_id = people.add(name=name, email=address, role=role, by=SYSTEM, at=at)
            if login:
                people.invite(person_id=person_id, by=SYSTEM, at=at)
                user = User.objects.get(person=person_id)
                people.accept_invitation(
                    user_id=user.pk, password_hash=make_password(login.password), by=SYSTEM, at=at
                )


def _timetable(at: datetime, weeks: int) -> None:
    """The real week of a university gym, with a practitioner, places and prices in every row."""
    content = _with_practitioners(TIMETABLE.read_text()).encode()
    timetable_import.import_rows(content=content, starts_on=at.date(), weeks=weeks, by=SYSTEM, at=at)


def _with_practitioners(text: str) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    busy: list[tuple[str, str, str, str]] = []
    for row in rows:
        row["practitioner"] = next(
            name
            for name in cast.PRACTITIONERS
            if not any(
                name == taken and row["weekday"] == day and row["starts"] < ends and starts < row["ends"]
                for taken, day, starts, ends in busy
            )
            and (cast.PRACTITIONERS.index(name) + len(row["service"])) % 3 != 0
        )
        busy.append((row["practitioner"], row["weekday"], row["starts"], row["ends"]))
        row["capacity"] = str(cast.ROOM_PLACES[row["room"]])
        row["cost"] = f"{cast.DROP_IN_MINOR / 100:.2f}"
        row["wage"] = f"{cast.WAGE_MINOR / 100:.2f}"
    output = io.StringIO()
    writer = csv.DictWriter(output, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return output.getvalue()


def _plans() -> None:
    kind = CreditType.objects.create(name="Class")
    kind.services.set(Service.objects.all())
    for offer in cast.OFFERS:
        plan = Plan.objects.create(name=offer.plan, description=offer.description, is_on_sale=True)
        PlanBucket.objects.create(plan=plan, credit_type=kind)
        term = PaymentTerm.objects.create(plan=plan, name="paid once", price_minor=offer.price_minor)
        PaymentTermBucket.objects.create(
            payment_term=term,
            credit_type=kind,
            quantity=offer.credits,
            days_to_expire=offer.days_to_expire,
        )
    Location.objects.update(members_may_book=True)
