"""Importing a weekly timetable: upload, look at every row, confirm; the same verb as the command."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpResponse
from django.urls import URLPattern, reverse

from scheduling.rules import timetable as reader
from scheduling.rules.recurrence import WEEKDAYS
from scheduling.rules.timetable import Problem, Row
from sessions_app.domain import timetable_import
from sessions_app.domain.timetable_import import CannotImport
from sessions_app.queries import timetable as queries
from studio.lib.refusals import Refused
from studio.lib.transactions import Preview, preview
from studio.people.rules.permissions import Capability
from studio.web.desk import answers
from studio.web.desk.answers import KeyForm
from studio.web.desk.fields import DayField
from studio.web.requests import Request
from studio.web.routes import needs, route

MOST_SHOWN = 200
KEPT_FOR = timedelta(days=1)
_SALT = "desk.timetable-import"
USUAL_WEEKS = 12


class UploadForm(KeyForm):
    """A file, from when, and for how many weeks. What was uploaded travels along, signed."""

    file = forms.FileField(
        label="Timetable, as a CSV file",
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    starts_on = DayField(label="From", error_messages={"required": "Choose the first day."})
    weeks = forms.IntegerField(
        label="For",
        error_messages={"required": "Type how many weeks.", "invalid": "Type a whole number of weeks."},
    )
    upload = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and file.size > reader.MOST_BYTES:
            self.add_error("file", "The file is larger than 1 MB. Divide it into several files.")
        elif file is not None:
            cleaned["content"], cleaned["name"] = file.read(), file.name
        else:
            self._recall(cleaned)
        return cleaned

    def _recall(self, cleaned: dict[str, Any]) -> None:
        """The file that was looked at before."""
        try:
            kept = signing.loads(cleaned.get("upload", ""), salt=_SALT, max_age=KEPT_FOR)
        except signing.SignatureExpired:
            self.add_error("file", "The file was looked at more than a day ago. Choose it again.")
        except signing.BadSignature:
            self.add_error("file", "Choose a file.")
        else:
            cleaned["content"], cleaned["name"] = kept["content"].encode("latin-1"), kept["name"]

    def kept(self) -> str:
        """The file for the hidden field: signed, so that nobody unpacks what we did not pack."""
        typed = self.cleaned_data
        plain = {"content": typed["content"].decode("latin-1"), "name": typed["name"]}
        return signing.dumps(plain, salt=_SALT, compress=True)

    def signature(self, *, skip_bad: bool) -> str:
        typed = self.cleaned_data
        about = f"{typed['starts_on']} {typed['weeks']} {skip_bad} ".encode()
        return hashlib.sha256(about + typed["content"]).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Look:
    """A file that was read: what would be imported, what is wrong, and the words of the button."""

    rows: list[tuple[Row, str, str]]
    more: int
    problems: tuple[Problem, ...]
    preview: Preview | None
    skip_bad: bool
    button: str
    signature: str


def import_timetable(request: Request) -> HttpResponse:
    """Upload, look, confirm."""
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        initial={"starts_on": _next_monday(request), "weeks": USUAL_WEEKS},
    )
    look: Look | None = None
    refusal: Refused | None = None
    if request.method == "POST" and form.is_valid():
        skip_bad = "skip_bad" in request.POST
        kwargs = _arguments(request, form)
        try:
            if "import" in request.POST and request.POST.get("seen_for") == form.signature(skip_bad=skip_bad):
                return _import(request, kwargs, skip_bad=skip_bad)
        except CannotImport as refused:
            # The look below lists the problems by row.
            refusal = None if refused.problems else refused
        except Refused as refused:
            refusal = refused
        look = _look(request, form, kwargs)
        if "problems" in request.POST and look.problems:
            return _problems_file(look.problems)
    context = {
        "form": form,
        "look": look,
        "refused": refusal,
        "upload": form.kept() if look else "",
        "file_name": form.cleaned_data.get("name", "") if look else "",
        "required": reader.REQUIRED,
        "optional": reader.OPTIONAL,
        "crumbs": [("Series", reverse("desk:series_list"))],
    }
    status = answers.status_of(refusal) if refusal else 422 if form.errors else 200
    if look is not None and look.problems and status == 200:
        status = 422
    return answers.page(request, "desk/import.html", context, status=status)


def sample(request: Request) -> HttpResponse:
    """A file to begin with."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="timetable.csv"'
    write = csv.writer(answer).writerow
    write([*reader.REQUIRED, *reader.OPTIONAL])
    zone = request.studio.time_zone
    write(["Main building", zone, "Monday", "18:00", "19:00", "Yoga", "Studio 1", "", "12", "12.50", ""])
    write(["Main building", zone, "Wednesday", "07:30", "08:15", "Spin", "Studio 2", "", "20", "", ""])
    return answer


def _import(request: Request, kwargs: dict[str, Any], *, skip_bad: bool) -> HttpResponse:
    key = answers.key_of(request)
    result = timetable_import.import_rows(
        **kwargs, skip_bad=skip_bad, key=key, expecting=request.POST.get("seen") or None
    )
    said = (
        f"{_count(result['series'], 'series')} imported, {_count(result['sessions'], 'session')} on their way"
    )
    if result["skipped"]:
        said += f"; {_count(result['skipped'], 'row')} left out"
    return answers.done(request, said, to=reverse("desk:series_list"), key=key)


def _look(request: Request, form: UploadForm, kwargs: dict[str, Any]) -> Look:
    """What the verb itself would do with all rows; with problems, with the good ones."""
    problems: tuple[Problem, ...] = ()
    seen: Preview | None = None
    skip_bad = False
    try:
        seen = preview(timetable_import.import_rows, **kwargs)
    except CannotImport as refused:
        problems, skip_bad = refused.problems, True
        seen = _good_only(kwargs)
    read = reader.read(kwargs["content"], currency=request.studio.currency)
    bad = {problem.row for problem in problems}
    there = queries.import_keys([row.import_key for row in read.rows], kwargs["starts_on"])
    rows = [
        (row, WEEKDAYS[row.weekday], "There already" if row.import_key in there else "")
        for row in read.rows
        if row.number not in bad
    ]
    return Look(
        rows[:MOST_SHOWN],
        max(0, len(rows) - MOST_SHOWN),
        problems,
        seen if seen is not None and seen.result["series"] else None,
        skip_bad,
        _button(seen, skip_bad=skip_bad),
        form.signature(skip_bad=skip_bad),
    )


def _good_only(kwargs: dict[str, Any]) -> Preview | None:
    try:
        return preview(timetable_import.import_rows, **kwargs, skip_bad=True)
    except CannotImport:
        return None


def _button(seen: Preview | None, *, skip_bad: bool) -> str:
    if seen is None:
        return ""
    series = seen.result["series"]
    if skip_bad:
        return f"Import {_count(series, 'good row')}, leave out {seen.result['skipped']}"
    return f"Import {_count(series, 'row')}"


def _arguments(request: Request, form: UploadForm) -> dict[str, Any]:
    typed = form.cleaned_data
    return {
        "content": typed["content"],
        "starts_on": typed["starts_on"],
        "weeks": typed["weeks"],
        "by": request.actor,
        "at": request.now,
    }


def _problems_file(problems: tuple[Problem, ...]) -> HttpResponse:
    """Every problem by row, to work through beside the timetable."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="timetable-problems.csv"'
    write = csv.writer(answer).writerow
    write(["row", "column", "value", "problem", "remedy"])
    for each in problems:
        write([each.row or "", each.column, _harmless(each.value), _harmless(each.text), each.remedy])
    return answer


def _harmless(cell: str) -> str:
    """A spreadsheet must not take what somebody typed for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _next_monday(request: Request) -> date:
    today = answers.today(request)
    return today + timedelta(days=-today.weekday() % 7)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 or noun.endswith("s") else f"{number} {noun}s"


_IMPORT = needs(Capability.IMPORT_DATA)

routes: list[URLPattern] = [
    route("series/import/", import_timetable, name="import_timetable", policy=_IMPORT.on("GET", "POST")),
    route("series/import/sample.csv", sample, name="import_sample", policy=_IMPORT),
]
