"""The pages of one section side by side, as far as this person may open them: Sessions, Money."""

from __future__ import annotations

from dataclasses import dataclass

from billing.queries import charges
from sessions_app.queries import today
from studio.people.rules.permissions import Capability, Role
from studio.web import context
from studio.web.context import Entry
from studio.web.requests import Request


@dataclass(frozen=True, slots=True)
class Tab:
    """Props of one entry of ``components/tabs.html``."""

    label: str
    href: str
    is_current: bool
    count: int = 0


SESSIONS = (
    Entry("List", "desk:sessions", ""),
    Entry("Not saved", "desk:not_saved", ""),
    Entry("Series", "desk:series_list", ""),
    Entry("Closures", "desk:closures", ""),
)
MONEY = (
    Entry("Invoices", "desk:money", ""),
    Entry("Not yet invoiced", "desk:uninvoiced", ""),
    Entry("Pay", "desk:pay", ""),
)


def sessions(request: Request) -> list[Tab]:
    """List, Not saved with how many there are, Series, Closures."""
    own = request.actor.person_id if request.actor.role is Role.PRACTITIONER else None
    waiting = today.not_saved(request.now, practitioner_id=own).count()
    return _tabs(request, SESSIONS, {"desk:not_saved": waiting})


def money(request: Request) -> list[Tab]:
    """Invoices, what is not invoiced yet with for how many people, pay."""
    if not request.actor.may(Capability.SEE_MONEY):
        # Money leads who only sees pay straight to it.
        return _tabs(request, MONEY[-1:], {})
    waiting = charges.uninvoiced().values("person_id").distinct().count()
    return _tabs(request, MONEY, {"desk:uninvoiced": waiting})


def _tabs(request: Request, entries: tuple[Entry, ...], counts: dict[str, int]) -> list[Tab]:
    counted = {context.address(name): count for name, count in counts.items()}
    return [
        Tab(link.label, link.href, link.is_current, counted.get(link.href, 0))
        for link in context.links(request, entries)
    ]
