"""Rooms and practitioners in use: what a session would meet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from scheduling.rules.preview import Conflict

# Each interval looks into the index of its resource; slots with an allowed overlap are outside that index,
# few, and still in use, so they are asked for beside it.
_OVERLAPPING = """
    SELECT wanted.position, '{resource}', slot.{resource}_id, slot.holder,
           lower(slot.during), upper(slot.during)
      FROM wanted JOIN scheduling_slot slot
        ON slot.{resource}_id = %({resource})s AND slot.during && wanted.during
       AND slot.overlap_reason IS {allowed} NULL
"""
_CONFLICTS = """
    WITH wanted AS (
        SELECT position::int, tstzrange(starts_at, ends_at, '[)') AS during
          FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[])
               WITH ORDINALITY AS given(starts_at, ends_at, position)
    ), met (position, resource, resource_id, holder, starts_at, ends_at) AS ({met})
    SELECT met.position, resource, resource_id, COALESCE(room.name, person.name), holder, starts_at, ends_at
      FROM met
      LEFT JOIN scheduling_room room ON resource = 'room' AND room.id = resource_id
      LEFT JOIN people_person person ON resource = 'practitioner' AND person.id = resource_id
     WHERE holder <> ALL(%(besides)s)
     ORDER BY met.position, starts_at, resource DESC, holder
"""


def conflicts(
    intervals: Sequence[tuple[datetime, datetime]],
    *,
    room_id: int | None = None,
    practitioner_id: int | None = None,
    besides: Collection[str] = (),
) -> list[Conflict]:
    """What is in the way of a room, a practitioner or both during half-open intervals: one statement for all.

    Each answer says which interval it meets, by its position. ``besides`` are holders that do not count: the
    session that is being moved. With neither room nor practitioner nothing is asked.
    """
    resources = [
        name for name, id in (("room", room_id), ("practitioner", practitioner_id)) if id is not None
    ]
    if not intervals or not resources:
        return []
    met = " UNION ALL ".join(
        _OVERLAPPING.format(resource=resource, allowed=allowed)
        for resource in resources
        for allowed in ("", "NOT")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CONFLICTS.format(met=met),
            {
                "starts": [starts_at for starts_at, _ in intervals],
                "ends": [ends_at for _, ends_at in intervals],
                "room": room_id,
                "practitioner": practitioner_id,
                "besides": list(besides),
            },
        )
        return [Conflict(position - 1, *rest) for position, *rest in cursor.fetchall()]
