"""The dates of a series before it is made: as the form has them, or as a draft would become (UX 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from scheduling.models import Series
from scheduling.rules import recurrence
from scheduling.rules.preview import PlannedDate
from scheduling.rules.recurrence import Rule
from sessions_app.domain import timetable
from sessions_app.queries import timetable as queries
from sessions_app.rules import completion
from sessions_app.rules import timetable as rule
from studio.lib import localtime
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, preview
from studio.web import formats
from studio.web.desk import answers, choices, rows
from studio.web.requests import Request


@dataclass(frozen=True, slots=True)
class Line:
    """One date of the list. ``choice`` is the box it offers: ``skip``, ``keep`` (add anyway) or none."""

    on: date
    starts: datetime
    ends: datetime
    state: str
    label: str
    notes: tuple[str, ...]
    choice: str = ""
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Every date of a series before it is made, and in words what will be made of it."""

    lines: Sequence[Line]
    summary: str
    attention: str
    price: str
    button: str
    fingerprint: str
    signature: str = ""


def of_form(request: Request, kwargs: dict[str, Any], stock: choices.Stock) -> Look:
    """The dates, and what the verb itself says about them: one fingerprint for both.

    :raises Refused: what the verb would refuse.
    """
    seen = preview(timetable.create_series, **kwargs)
    return _drawn(request, kwargs, stock, fingerprint=seen.fingerprint)


def once_more(request: Request, kwargs: dict[str, Any], stock: choices.Stock) -> Look | None:
    """The look after the world moved; without a fingerprint when it cannot be made any more."""
    try:
        return of_form(request, kwargs, stock)
    except Refused:
        return dates_only(request, kwargs, stock)


def dates_only(request: Request, kwargs: dict[str, Any], stock: choices.Stock) -> Look | None:
    """The dates of a series that cannot be made as it is, when its rule at least makes sense."""
    return None if recurrence.why_not(rule_of(kwargs)) else _drawn(request, kwargs, stock, fingerprint="")


def _drawn(request: Request, kwargs: dict[str, Any], stock: choices.Stock, *, fingerprint: str) -> Look:
    service = stock.service(kwargs["service_id"])
    assert service is not None  # the form offers only those of the stock
    lasts = kwargs["duration_minutes"] or service.duration_minutes
    repeats = rule_of(kwargs)
    planned = queries.planned_dates(
        repeats,
        starts_time=kwargs["starts_time"],
        duration_minutes=lasts,
        location_id=kwargs["location_id"],
        room_id=kwargs["room_id"],
        practitioner_id=kwargs["practitioner_id"],
    )
    price = completion.price_minor(
        service.cost_minor, is_hourly=service.pricing == "hourly", lasts=timedelta(minutes=lasts)
    )
    zone = next(each.time_zone for each in stock.locations if each.id == kwargs["location_id"])
    return _in_words(
        request,
        planned,
        repeats,
        skip_on=kwargs["skip_on"],
        keep_on=kwargs["keep_on"],
        price_minor=price,
        zone=zone,
        is_enabled=kwargs["is_enabled"],
        fingerprint=fingerprint,
    )


def of_series(request: Request, series: Series, *, may_enable: bool) -> tuple[Look | None, Refused | None]:
    """The same list for a draft, or for one that the worker has not come to: its dates as they stand now.

    With ``may_enable`` it carries the fingerprint to confirm, or the refusal that stands in the way.
    """
    kwargs = {"series_id": series.pk, "by": request.actor, "at": request.now}
    seen = attempt(timetable.enable_series, kwargs) if may_enable else None
    repeats = queries.rule_of(series)
    planned = queries.planned_dates(
        repeats,
        starts_time=series.starts_time,
        duration_minutes=series.duration_minutes,
        location_id=series.location_id,
        room_id=series.room_id,
        practitioner_id=series.practitioner_id,
    )
    look = _in_words(
        request,
        planned,
        repeats,
        skip_on=list(series.skips.values_list("on", flat=True)),
        keep_on=series.kept_on,
        price_minor=price_of(series),
        zone=series.location.time_zone,
        is_enabled=True,
        fingerprint=seen.fingerprint if isinstance(seen, Preview) else "",
    )
    return look, seen if isinstance(seen, Refused) else None


def _in_words(
    request: Request,
    planned: Sequence[PlannedDate],
    repeats: Rule,
    *,
    skip_on: Iterable[date],
    keep_on: Iterable[date],
    price_minor: int,
    zone: str,
    is_enabled: bool,
    fingerprint: str,
) -> Look:
    skipped, kept = frozenset(skip_on), frozenset(keep_on)
    decided = rule.decide(planned, skip_on=skipped, keep_on=kept)
    left_out = {each.on: each.reason for each in decided.left_out}
    lines = [_line(each, left_out.get(each.on, ""), skipped, kept, zone) for each in planned]
    held = len(decided.held)
    noteworthy = sum(each.needs_a_look for each in planned)
    today = localtime.local_day(request.now, zone)
    past = sum(each.on < today for each in decided.held)
    attention = [f"{noteworthy} to look at" if noteworthy else "", f"{past} in the past" if past else ""]
    return Look(
        lines,
        _summary(request, decided.held, repeats, zone),
        " · ".join(filter(None, attention)),
        f"{rows.money(request, price_minor * held)} for the whole, without a pass" if price_minor else "",
        _button(held, len(left_out), is_enabled=is_enabled),
        fingerprint,
    )


def _line(
    planned: PlannedDate, left_out: str, skipped: frozenset[date], kept: frozenset[date], zone: str
) -> Line:
    is_skipped, is_kept = planned.on in skipped, planned.on in kept
    obstacles = len(planned.closures) + len(planned.conflicts)
    state, label, notes = "ok", "", planned.notes
    choice, is_chosen = "skip", False
    if is_skipped:
        state, label, is_chosen = "canceled", "Skipped", True
    elif left_out:
        # What stands in the way is said by the notes; only what follows from other dates needs its own words.
        state, label, choice = "missed", "Left out", ""
        notes = planned.notes if obstacles else (left_out, *planned.notes)
    elif is_kept and planned.closures:
        state, label, choice, is_chosen = "warn", "Held all the same", "keep", True
    elif planned.shift != "none":
        state, label = "warn", "Look"
    if planned.status == "closure" and not planned.conflicts and not is_skipped:
        choice, is_chosen = "keep", is_kept
    starts, ends = (localtime.local_time(at, zone) for at in (planned.starts_at, planned.ends_at))
    return Line(planned.on, starts, ends, state, label, notes, choice, is_chosen)


def _summary(request: Request, held: Sequence[PlannedDate], repeats: Rule, zone: str) -> str:
    """``24 sessions · Mon, Wed 18:00–19:00 · Mon 7 Sep to Mon 30 Nov``."""
    if not held:
        return "No session is left"
    starts, ends = (localtime.local_time(at, zone) for at in (held[0].starts_at, held[0].ends_at))
    today, locale = answers.today(request), request.studio.locale
    first, last = (formats.day(each.on, today=today, locale=locale) for each in (held[0], held[-1]))
    clock = formats.clock(starts, ends, locale=locale)
    if len(held) == 1:
        return f"1 session · {first}, {clock}"
    return f"{len(held)} sessions · {recurrence.in_words(repeats)} {clock} · {first} to {last}"


def _button(held: int, left_out: int, *, is_enabled: bool) -> str:
    if not is_enabled:
        return f"Keep a draft of {how_many(held)}"
    skip = f", skip {left_out}" if left_out else ""
    return f"Create {how_many(held)}{skip}"


def rule_of(kwargs: dict[str, Any]) -> Rule:
    return Rule(
        weekdays=tuple(sorted(set(kwargs["weekdays"]))),
        starts_on=kwargs["starts_on"],
        frequency=kwargs["frequency"],
        monthly_kind=kwargs["monthly_kind"],
        every=kwargs["every"],
        count=kwargs["count"],
        until=kwargs["until"],
    )


def price_of(series: Series) -> int:
    if series.cost_minor is not None:
        return series.cost_minor
    return completion.price_minor(
        series.service.cost_minor,
        is_hourly=series.service.pricing == "hourly",
        lasts=timedelta(minutes=series.duration_minutes),
    )


def how_many(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"


def attempt(verb: Callable[..., Any], kwargs: dict[str, Any]) -> Preview | Refused:
    """What a verb would do, or why it would not."""
    try:
        return preview(verb, **kwargs)
    except Refused as refused:
        return refused
