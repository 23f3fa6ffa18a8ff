"""Bookings: who has a place, taking one, giving one up."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from sessions_app.domain import booking as verbs
from sessions_app.models import Booking, MappedStatus, Session
from sessions_app.queries import catalogue
from studio.lib import codes
from studio.lib.refusals import NotFound, Reason
from studio.people.models import Person
from studio.people.rules.permissions import Capability
from studio.web.api import access, fields
from studio.web.api.filters import ApiFilterSet, CodeFilter
from studio.web.api.problems import NotAllowed
from studio.web.api.requests import Request
from studio.web.api.schema import IDEMPOTENCY_KEY
from studio.web.api.views import Listed, One, View
from studio.web.routes import SIGNED_IN, in_api, needs, route

MAY_BOOK = (Capability.BOOK_FOR_OTHERS, Capability.BOOK_IN_OWN_SESSIONS, Capability.BOOK_FOR_SELF)
MAY_CANCEL = (Capability.CANCEL_BOOKINGS, Capability.CANCEL_OWN_BOOKINGS)

ONLY_FOR_SELF = Reason(
    "only_for_self",
    "You may not take this place for this person.",
    "Book for yourself, or ask the desk.",
)
NOT_YOURS_TO_CANCEL = Reason("not_yours_to_cancel", "You may not give this place up.", "Ask the desk.")


class BookedSession(fields.ReadOnly):
    """The session of a booking, in brief."""

    id = fields.CodeField(source="pk", read_only=True)
    service = fields.Named()
    location = fields.Named()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    time_zone = serializers.CharField()


class Pays(fields.ReadOnly):
    """What holds the place: a credit of a lot, money on the person's account, or nothing."""

    kind = serializers.ChoiceField(choices=["credit", "money", "nothing"])
    lot = fields.CodeField(allow_null=True)
    credit_type = serializers.CharField(allow_null=True)
    amount_minor = serializers.IntegerField(allow_null=True, help_text="Expected, or what it came to.")


class BookingBody(fields.ReadOnly):
    """One person's place in one session."""

    id = fields.CodeField(source="pk", read_only=True)
    session = BookedSession()
    person = fields.Named()
    pays = serializers.SerializerMethodField()
    booked_at = serializers.DateTimeField()
    canceled_at = serializers.DateTimeField(allow_null=True)
    is_present = serializers.BooleanField(allow_null=True, help_text="Null: not marked.")
    outcome = serializers.SerializerMethodField(help_text="Null until the session is completed.")

    @extend_schema_field(Pays)
    def get_pays(self, booking: Booking) -> dict[str, Any]:
        paid: dict[str, Any] = {"kind": "nothing", "lot": None, "credit_type": None, "amount_minor": None}
        if booking.lot is not None:
            return paid | {
                "kind": "credit",
                "lot": codes.encode(booking.lot.pk),
                "credit_type": booking.lot.credit_type.name,
            }
        if booking.charge is not None:
            charge = booking.charge
            minor = charge.expected_minor if charge.amount_minor is None else charge.amount_minor
            return paid | {"kind": "money", "amount_minor": minor}
        return paid

    @extend_schema_field(serializers.ChoiceField(choices=MappedStatus.values, allow_null=True))
    def get_outcome(self, booking: Booking) -> str | None:
        return booking.ended[0].mapped_status if booking.ended else None  # type: ignore[attr-defined]


class NewBookingBody(fields.Body):
    """A place to take: the caller's unless ``person`` is sent, paid by what ends first unless ``lot`` is."""

    session = fields.CodeField()
    person = fields.CodeField(required=False)
    lot = fields.CodeField(required=False, help_text="Which credits pay.")
    unpaid_ok = serializers.BooleanField(
        default=False, help_text="For the desk: book someone without credits; the price is held instead."
    )


class BookingFilters(ApiFilterSet):
    """Narrow the list."""

    session = CodeFilter(field_name="session")
    person = CodeFilter(field_name="person")
    is_live = django_filters.BooleanFilter(
        field_name="canceled_at", lookup_expr="isnull", label="Holds a place"
    )


class _Bookings(View):
    serializer_class = BookingBody
    filterset_class = BookingFilters
    lookup_url_kwarg = "booking_id"
    queryset = Booking.objects.none()

    def get_queryset(self) -> QuerySet[Booking]:
        return catalogue.bookings(self.request.actor)


class BookingList(Listed, _Bookings):
    """The desk sees every booking; practitioners those in their sessions; members their own."""

    @extend_schema(summary="Bookings, newest first")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Take a place",
        request=NewBookingBody,
        responses={201: BookingBody},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """One credit is held at once. A place that cannot be had is a 409 with every reason."""
        body = NewBookingBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        person_id = _who(request, asked["session"], asked.get("person", request.actor.person_id))
        booking_id = verbs.book(
            session_id=asked["session"],
            person_id=person_id,
            lot_id=asked.get("lot"),
            unpaid_ok=asked["unpaid_ok"],
            by=request.actor,
            at=request.now,
            key=access.operation_key(request),
        )
        return _answer(request, booking_id, status=201)


@extend_schema(summary="One booking")
class BookingOne(One, _Bookings):
    """A booking that this caller may not see is answered like one that does not exist."""


class CancelBooking(View):
    """Give a place up."""

    @extend_schema(
        summary="Give a place up",
        request=None,
        responses={200: BookingBody},
        parameters=[IDEMPOTENCY_KEY],
        operation_id="bookings_cancel",
    )
    def post(self, request: Request, booking_id: int) -> Response:
        """Its credit goes back to where it came from, held money is free again."""
        booking = Booking.objects.visible_to(request.actor).filter(pk=booking_id).first()
        if booking is None:
            raise NotFound("booking")
        is_own = booking.person_id == request.actor.person_id
        if not request.actor.may(Capability.CANCEL_BOOKINGS, own=is_own):
            raise NotAllowed(NOT_YOURS_TO_CANCEL)
        verbs.cancel(
            booking_id=booking_id, by=request.actor, at=request.now, key=access.operation_key(request)
        )
        return _answer(request, booking_id, status=200)


def _who(request: Request, session_id: int, person_id: int) -> int:
    """The person to book, if this caller may book them into this session.

    :raises NotFound: if the session or the person is not there for this caller.
    :raises NotAllowed: if they are, but the place is not this caller's to take.
    """
    actor = request.actor
    session = catalogue.visible(actor).filter(pk=session_id).first()
    if session is None:
        raise NotFound("session")
    may_for_others = _may_book_others(request, session)
    people = Person.objects.active() if may_for_others else Person.objects.visible_to(actor)
    if not people.filter(pk=person_id).exists():
        raise NotFound("person")
    is_self = person_id == actor.person_id
    if may_for_others or (is_self and actor.may(Capability.BOOK_FOR_SELF)):
        return person_id
    raise NotAllowed(ONLY_FOR_SELF)


def _may_book_others(request: Request, session: Session) -> bool:
    is_own = session.practitioner_id == request.actor.person_id
    return bool(request.actor.may(Capability.BOOK_FOR_OTHERS, own=is_own))


def _answer(request: Request, booking_id: int, *, status: int) -> Response:
    booking = catalogue.bookings(request.actor).get(pk=booking_id)
    return Response(BookingBody(booking, context={"request": request}).data, status=status)


routes: list[URLPattern] = [
    route(
        "bookings/",
        BookingList.as_view(),
        name="bookings",
        policy=in_api(SIGNED_IN.writing(*MAY_BOOK)),
    ),
    route("bookings/<code:booking_id>/", BookingOne.as_view(), name="booking", policy=in_api(SIGNED_IN)),
    route(
        "bookings/<code:booking_id>/cancel/",
        CancelBooking.as_view(),
        name="cancel_booking",
        policy=in_api(needs(*MAY_CANCEL, methods=("POST",))),
    ),
]
