"""People: finding someone, everything about one person, and changing their details and access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, QuerySet, Window
from django.http import Http404, HttpResponse
from django.urls import NoReverseMatch, URLPattern, reverse

from billing.queries import invoices, statements
from memberships.domain import people as verbs
from memberships.queries import log, lots, plans
from sessions_app.models import Booking
from sessions_app.queries import sessions
from studio.audit.queries import timeline
from studio.lib.refusals import Refused
from studio.people.models import Person
from studio.people.queries import people as directory
from studio.people.rules import permissions
from studio.people.rules.permissions import Capability, Role
from studio.web import formats
from studio.web.desk import answers, rows, words
from studio.web.desk.people_forms import AccessForm, EditPersonForm, NewPersonForm, SearchForm
from studio.web.requests import Request
from studio.web.routes import needs, route

LINES, SHOWN = 6, 10


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Props of ``components/person_row.html``."""

    name: str
    href: str
    facts: list[str]
    flags: list[tuple[str, str]] = field(default_factory=list)
    more_flags: int = 0
    end: str = ""
    action: str = ""
    action_href: str = ""


@dataclass(frozen=True, slots=True)
class Credits:
    """Props of ``components/credit_summary.html``: every number opens the rows behind it."""

    title: str
    note: str
    until: str
    free: int
    held: int
    used: int
    expired: int
    href: str


def listed(request: Request) -> HttpResponse:
    """Find anyone by name, address or phone."""
    form = SearchForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    active = {"": True, "no": False, "all": None}.get(chosen.get("active", ""), True)
    found = directory.directory(
        actor=request.actor, search=chosen.get("q", ""), role=chosen.get("role") or None, is_active=active
    )
    page = answers.paged(request, found)
    owes = _open_minor(request, [person.pk for person in page])
    context = {
        "search": form,
        "page": page,
        "people": [_line(request, person, owes.get(person.pk, 0)) for person in page],
        "is_narrowed": any(chosen.values()),
        "may_add": request.actor.may(Capability.EDIT_PEOPLE),
    }
    return answers.page(request, "desk/people.html", context, fragments=("found",))


def show(request: Request, person_id: int) -> HttpResponse:
    """Everything about one person, the user log first (S1-10)."""
    person = _person(request, person_id)
    sees_money = request.actor.may(Capability.SEE_MONEY)
    today = answers.today(request)
    moves = log.moves(person.pk)
    active = list(_active_bookings(request, person).prefetch_related(None)[:SHOWN])
    context = {
        "person": person,
        "role": permissions.ROLE_WORDS[Role(person.role)],
        "log": rows.of_log(log.described(moves[: -LINES - 1 : -1])),
        "log_count": len(moves),
        "credits": [_credits(request, person, each) for each in lots.summary(person.pk, on=today)],
        "active": active,
        "active_count": active[0].total if active else 0,  # type: ignore[attr-defined]
        "past": [_past(request, each) for each in _past_bookings(request, person)[:SHOWN]],
        "memberships": plans.memberships_of(person.pk)[:SHOWN],
        "balance": statements.balance(f"person:{person.pk}", request.studio.currency) if sees_money else None,
        "invoices": _invoices(request, person) if sees_money else [],
        "facts": _facts(request, person),
        "may": _may(request, person),
        "crumbs": [("People", reverse("desk:people"))],
    }
    return answers.page(request, "desk/person.html", context)


def whole_log(request: Request, person_id: int) -> HttpResponse:
    """Every change of the credits, newest first, or everything else that happened around this person."""
    person = _person(request, person_id)
    everything = request.GET.get("show") == "all"
    if everything:
        page = answers.paged(request, timeline.of_person(person.pk))
        told: list[Any] = words.happenings(page, with_names=False)
    else:
        page = answers.paged(request, list(reversed(log.moves(person.pk))))
        told = rows.of_log(log.described(list(page.object_list)))
    here = reverse("desk:person_log", args=[person.pk])
    context = {
        "person": person,
        "everything": everything,
        "log": told,
        "page": page,
        "crumbs": _crumbs(person),
        "tabs": [
            {"label": "Credits", "href": here, "is_current": not everything},
            {"label": "Everything", "href": f"{here}?show=all", "is_current": everything},
        ],
    }
    return answers.page(request, "desk/person_log.html", context)


def bookings(request: Request, person_id: int) -> HttpResponse:
    """All bookings of a person: those to come, or those that are over or canceled."""
    person = _person(request, person_id)
    past = request.GET.get("show") == "past"
    if past:
        found = _past_bookings(request, person)
    else:
        found = _active_bookings(request, person)
    page = answers.paged(request, found)
    here = reverse("desk:person_bookings", args=[person.pk])
    context = {
        "person": person,
        "past": past,
        "page": page,
        "total": page.paginator.count,
        "lines": [_past(request, each) for each in page],
        "may_cancel": request.actor.may(Capability.CANCEL_BOOKINGS),
        "crumbs": _crumbs(person),
        "tabs": [
            {"label": "To come", "href": here, "is_current": not past},
            {"label": "Past", "href": f"{here}?show=past", "is_current": past},
        ],
    }
    return answers.page(request, "desk/person_bookings.html", context)


def book(request: Request, person_id: int) -> HttpResponse:
    """Sessions to come into which this person could be booked, soonest first."""
    person = _person(request, person_id)
    page = answers.paged(request, sessions.upcoming_for(person.pk, by=request.actor, at=request.now))
    context = {
        "person": person,
        "page": page,
        "sessions": [(each, rows.of_session(each, at=request.now, may_register=False)) for each in page],
        "back": reverse("desk:person", args=[person.pk]),
        "crumbs": _crumbs(person),
    }
    return answers.page(request, "desk/person_book.html", context)


def add(request: Request) -> HttpResponse:
    """Add someone the business knows."""
    form = NewPersonForm(
        request.POST or None,
        with_role=request.actor.may(Capability.GIVE_ACCESS),
        initial={"name": request.GET.get("name", "")},
    )
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"] or None
        details = {name: form.cleaned_data[name] for name in ("name", "email", "phone")}
        role = form.cleaned_data.get("role") or Role.MEMBER.value
        try:
            person_id = verbs.add(**details, role=role, by=request.actor, at=request.now, key=key)
        except Refused as refused:
            form.add_reasons(refused)
        else:
            to = reverse("desk:person", args=[person_id])
            return answers.done(request, f"{details['name']} added", to=to, key=key)
    context = {"form": form, "crumbs": [("People", reverse("desk:people"))]}
    return answers.page(request, "desk/person_add.html", context, status=422 if form.errors else 200)


def edit(request: Request, person_id: int) -> HttpResponse:
    """Change someone's details."""
    person = _person(request, person_id)
    initial = {name: getattr(person, name) for name in ("name", "email", "phone", "may_cancel")}
    form = EditPersonForm(request.POST or None, initial=initial)
    to = reverse("desk:person", args=[person.pk])
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["key"] or None
        details = {name: form.cleaned_data[name] for name in initial}
        try:
            verbs.edit(person_id=person.pk, **details, by=request.actor, at=request.now, key=key)
        except Refused as refused:
            form.add_reasons(refused)
        else:
            return answers.done(request, f"{details['name']} changed", to=to, key=key)
    context = {"person": person, "form": form, "back": to, "crumbs": _crumbs(person)}
    return answers.page(request, "desk/person_edit.html", context, status=422 if form.errors else 200)


def invite(request: Request, person_id: int) -> HttpResponse:
    """Give the person a login; a link with which they choose a password goes to them by e-mail."""
    person = _person(request, person_id)
    refused = _try(request, verbs.invite, person)
    if refused is not None:
        return _refused(request, person, refused)
    text = f"{person.name} invited. The e-mail goes to {person.email} within a minute"
    return answers.done(request, text, to=reverse("desk:person", args=[person.pk]))


def close(request: Request, person_id: int) -> HttpResponse:
    """Close a person's account: what that means first, then the button."""
    person = _person(request, person_id)
    to = reverse("desk:person", args=[person.pk])
    refused = None
    if request.method == "POST":
        refused = _try(request, verbs.deactivate, person)
        if refused is None:
            return answers.done(request, f"{person.name}’s account closed", to=to)
    context = {
        "person": person,
        "refused": refused,
        "active_count": Booking.objects.active(request.now).filter(person=person).count(),
        "back": to,
        "crumbs": _crumbs(person),
    }
    status = answers.status_of(refused) if refused else 200
    return answers.page(request, "desk/person_close.html", context, status=status)


def reopen(request: Request, person_id: int) -> HttpResponse:
    """Open a closed account again."""
    person = _person(request, person_id)
    refused = _try(request, verbs.reactivate, person)
    if refused is not None:
        return _refused(request, person, refused)
    return answers.done(
        request, f"{person.name}’s account opened", to=reverse("desk:person", args=[person.pk])
    )


def access(request: Request, person_id: int) -> HttpResponse:
    """What a person may do: a role, and permissions beside it."""
    person = _person(request, person_id)
    initial = {"role": person.role, "capabilities": person.capabilities}
    form = AccessForm(request.POST or None, initial=initial)
    to = reverse("desk:person", args=[person.pk])
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        refused = _try(
            request, verbs.set_access, person, role=chosen["role"], capabilities=chosen["capabilities"]
        )
        if refused is None:
            return answers.done(request, f"{person.name}’s access changed", to=to)
        form.add_reasons(refused)
    context = {"person": person, "form": form, "back": to, "crumbs": _crumbs(person)}
    return answers.page(request, "desk/person_access.html", context, status=422 if form.errors else 200)


def _try(request: Request, verb: Any, person: Person, **kwargs: Any) -> Refused | None:
    """Call a verb about a person; the refusal, if it refuses."""
    try:
        verb(person_id=person.pk, by=request.actor, at=request.now, key=answers.key_of(request), **kwargs)
    except Refused as refused:
        return refused
    return None


def _refused(request: Request, person: Person, refused: Refused) -> HttpResponse:
    context = {
        "person": person,
        "refused": refused,
        "back": reverse("desk:person", args=[person.pk]),
        "crumbs": _crumbs(person),
    }
    return answers.page(request, "desk/person_refused.html", context, status=answers.status_of(refused))


def _person(request: Request, person_id: int) -> Person:
    found = Person.objects.visible_to(request.actor).select_related("user", "household__payer")
    person = found.filter(pk=person_id).first()
    if person is None:
        raise Http404("no such person")
    return person


def _active_bookings(request: Request, person: Person) -> QuerySet[Booking]:
    """Active sign-ups (S1-08), soonest first; each row knows how many there are."""
    return (
        sessions.bookings_of(person.pk, by=request.actor)
        .filter(pk__in=Booking.objects.active(request.now).filter(person=person))
        .annotate(total=Window(Count("pk")))
        .order_by("session__starts_at", "pk")
    )


def _past_bookings(request: Request, person: Person) -> QuerySet[Booking]:
    return (
        sessions.bookings_of(person.pk, by=request.actor)
        .exclude(pk__in=Booking.objects.active(request.now).filter(person=person))
        .order_by("-session__starts_at", "-pk")
    )


def _past(request: Request, booking: Booking) -> dict[str, Any]:
    """One booking as a line: how it ended, and what paid for it."""
    outcome = next(iter(booking.ended), None)  # type: ignore[attr-defined]
    if outcome is not None:
        state, label = outcome.mapped_status, outcome.label
    elif booking.canceled_at is not None or booking.session.canceled_at is not None:
        state, label = "canceled", ""
    else:
        state, label = ("unsaved" if booking.session.ends_at <= request.now else "open"), ""
    if booking.lot is not None:
        pays = booking.lot.credit_type.name
    elif booking.charge is not None:
        pays = rows.money(request, booking.charge.amount_minor or booking.charge.expected_minor)
    else:
        pays = "Nothing"
    return {"booking": booking, "session": booking.session, "state": state, "label": label, "pays": pays}


def _line(request: Request, person: Person, owes: int) -> PersonLine:
    contact = [each for each in (person.email, person.phone) if each] or ["No contact details"]
    flags = [("warn", f"Owes {rows.money(request, owes)}")] if owes else []
    if not person.is_active:
        flags.append(("canceled", "Closed"))
    may_book = person.is_active and request.actor.may(Capability.BOOK_FOR_OTHERS)
    return PersonLine(
        name=person.name,
        href=reverse("desk:person", args=[person.pk]),
        facts=contact,
        flags=flags,
        end="" if person.role == Role.MEMBER else permissions.ROLE_WORDS[Role(person.role)],
        action="Book" if may_book and person.role == Role.MEMBER else "",
        action_href=reverse("desk:person_book", args=[person.pk]),
    )


def _open_minor(request: Request, ids: list[int]) -> dict[int, int]:
    return statements.open_minor_of(ids) if request.actor.may(Capability.SEE_MONEY) else {}


def _credits(request: Request, person: Person, summary: lots.CreditSummary) -> Credits:
    today, locale = answers.today(request), request.studio.locale
    ends = summary.next_end_on
    until = formats.day(ends, today=today, locale=locale) if ends else ""
    note = f"First to end: {until}" if ends else ""
    return Credits(
        until=until,
        title=rows.credits_named(summary.credit_type),
        note=note or ("Never ends" if summary.free + summary.held else ""),
        free=summary.free,
        held=summary.held,
        used=summary.used,
        expired=summary.expired,
        href=reverse("desk:explain_credits", args=[person.pk, summary.credit_type_id]),
    )


def _invoices(request: Request, person: Person) -> list[dict[str, Any]]:
    """The latest invoices, each with its page once there is one."""
    found = invoices.visible_to(request.actor).filter(person=person)[:SHOWN]
    return [{"invoice": each, "href": _page_of(each)} for each in found]


def _page_of(invoice: Any) -> str:
    try:
        return reverse("desk:invoice", args=[invoice.pk])
    except NoReverseMatch:
        return ""


def _facts(request: Request, person: Person) -> list[tuple[str, str]]:
    joined = (
        formats.day(person.joined_on, today=answers.today(request), locale=request.studio.locale)
        if person.joined_on
        else "Not known"
    )
    facts = [
        ("E-mail", person.email or "None"),
        ("Phone", person.phone or "None"),
        ("Role", permissions.ROLE_WORDS[Role(person.role)]),
        ("Joined", joined),
        ("Signs in", "With a login" if person.user else "No login yet"),
        ("Cancels online", "Yes" if person.may_cancel else "No"),
    ]
    if person.household is not None and person.household.payer_id != person.pk:
        facts.append(("Bills go to", person.household.payer.name))
    return facts


def _may(request: Request, person: Person) -> dict[str, bool]:
    """Which actions to offer; the verbs decide again."""
    actor = request.actor
    is_member = person.role == Role.MEMBER
    edits = actor.may(Capability.EDIT_PEOPLE) and (is_member or actor.may(Capability.GIVE_ACCESS))
    return {
        "book": person.is_active and actor.may(Capability.BOOK_FOR_OTHERS),
        "sell": person.is_active and actor.may(Capability.SELL),
        "grant": person.is_active and actor.may(Capability.GRANT_CREDITS),
        "edit": edits or actor.person_id == person.pk,
        "invite": edits and person.is_active and bool(person.email),
        "close": edits and person.is_active and actor.person_id != person.pk,
        "reopen": edits and not person.is_active,
        "access": actor.may(Capability.GIVE_ACCESS) and actor.person_id != person.pk,
        "cancel": actor.may(Capability.CANCEL_BOOKINGS),
    }


def _crumbs(person: Person) -> list[tuple[str, str]]:
    return [("People", reverse("desk:people")), (person.name, reverse("desk:person", args=[person.pk]))]


_SEE = needs(Capability.SEE_PEOPLE)
_EDIT = needs(Capability.EDIT_PEOPLE, methods=("GET", "POST"))
_PERSON = "people/<code:person_id>/"

routes: list[URLPattern] = [
    route("people/", listed, name="people", policy=_SEE),
    route("people/new/", add, name="add_person", policy=_EDIT),
    route(_PERSON, show, name="person", policy=_SEE),
    route(f"{_PERSON}log/", whole_log, name="person_log", policy=_SEE),
    route(f"{_PERSON}bookings/", bookings, name="person_bookings", policy=_SEE),
    route(f"{_PERSON}book/", book, name="person_book", policy=needs(Capability.BOOK_FOR_OTHERS)),
    route(f"{_PERSON}edit/", edit, name="edit_person", policy=_EDIT),
    route(f"{_PERSON}invite/", invite, name="invite", policy=_EDIT.on("POST")),
    route(f"{_PERSON}close/", close, name="close_person", policy=_EDIT),
    route(f"{_PERSON}reopen/", reopen, name="reopen_person", policy=_EDIT.on("POST")),
    route(
        f"{_PERSON}access/",
        access,
        name="access",
        policy=needs(Capability.GIVE_ACCESS, methods=("GET", "POST")),
    ),
]
