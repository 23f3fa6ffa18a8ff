"""Which events become messages, and what these say."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings

from billing.domain import payments
from billing.models import Invoice
from memberships.domain import people, sales
from sessions_app.domain import booking
from studio.audit.models import Event
from studio.audit.rules import told
from studio.lib.transactions import preview
from studio.notifications.domain import writing
from studio.notifications.models import Bookmark, Message
from studio.notifications.rules import telling
from studio.people.models import Household, Studio
from studio.people.rules.permissions import SYSTEM
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


def write(at: datetime = NOW) -> list[Message]:
    """Write what is untold; the messages of the last write, oldest first."""
    before = set(Message.objects.values_list("pk", flat=True))
    while writing.write(at=at):
        pass
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def member(name: str = "Amir Patel", **fields):
    return make.person(name, **({"email": "amir@example.org"} | fields))


def test_a_booking_is_confirmed_in_the_locations_time_with_its_zone():
    """UX 4.2: what people do themselves is confirmed at once."""
    amir = member()
    session = make.session(
        datetime.fromisoformat("2026-07-01T17:00:00+00:00"),
        service=make.service("Reformer"),
        location=make.location("Riverside", time_zone="Europe/Paris"),
    )
    make.lot(amir, session.service, quantity=4)
    write()

    booking.book(session_id=session.pk, person_id=amir.pk, by=amir.actor, at=NOW)

    [message] = write()
    assert message.subject == "Booked: Reformer, Wednesday 1 July 2026, 19:00 (Europe/Paris time)"
    assert message.body_text == (
        "Hello Amir Patel,\n\nYou have a place:\n\nReformer\n"
        "Wednesday 1 July 2026, 19:00 (Europe/Paris time)\nRiverside\n\n"
        "It takes one credit. You have 3 left of these.\n\nStudio\nhttp://127.0.0.1:8000\n"
    )
    assert "<b>Reformer</b><br>Wednesday 1 July 2026, 19:00 (Europe/Paris time)" in message.body_html
    assert (message.to, message.hold_until, message.state) == ("amir@example.org", NOW, "waiting")


def test_what_the_desk_does_to_a_person_waits_a_minute():
    """UX 4.2: messages to others are held 60 seconds."""
    amir, session = member(), make.session()
    make.lot(amir, session.service)
    write()

    booked = booking.book(session_id=session.pk, person_id=amir.pk, by=make.staff().actor, at=NOW)
    [message] = write()

    assert message.hold_until == message.next_try_at == NOW + timedelta(seconds=60)
    assert "Studio has booked you a place:" in message.body_text

    booking.cancel(booking_id=booked, by=make.staff().actor, at=NOW)
    [message] = write()
    assert message.subject == f"Canceled: {session.service}, Tuesday 3 March 2026, 18:00 (Europe/London time)"
    assert "The credit goes back to where it came from." in message.body_text


def test_a_plan_that_is_sold_invoiced_paid_and_granted_at_once_is_one_message():
    amir = member()
    term = make.plan("Ten pack", price_minor=9050, quantity=10, days=90)

    sales.sell(
        person_id=amir.pk,
        payment_term_id=term.pk,
        starts_on=NOW.date(),
        paid_by="card",
        by=make.staff().actor,
        at=NOW,
    )

    messages = write()
    assert [(message.template, message.dropped_reason) for message in messages] == [
        ("membership.sold", ""),
        ("invoice.issued", "told in the message “Membership”"),
        ("payment.received", "told in the message “Membership”"),
        ("credits.granted", "told in the message “Membership”"),
    ]
    [number] = Invoice.objects.values_list("number", flat=True)
    text = messages[0].body_text
    assert "You have Ten pack, for £90.50." in text
    assert f"Invoice {number}: £90.50\nPaid: £90.50. Thank you." in text
    assert "Credits: 10 × " in text and "good until Sunday 31 May 2026" in text


def test_an_invoice_a_payment_and_granted_credits_have_their_own_words():
    amir, desk = member(), make.staff().actor
    term = make.plan("Ten pack", price_minor=9050)
    sales.sell(person_id=amir.pk, payment_term_id=term.pk, starts_on=NOW.date(), by=desk, at=NOW)
    [sold] = [message for message in write() if not message.dropped_reason]
    assert "due on Monday 16 March 2026" in sold.body_text
    assert "Its credits come when the invoice is paid." in sold.body_text
    invoice = Invoice.objects.get()

    payments.record(invoice_id=invoice.pk, amount_minor=9050, method="cash", by=desk, at=NOW)
    make.lot(amir, quantity=2)

    paid, granted = write()
    assert paid.subject == f"Paid: £90.50 on invoice {invoice.number}"
    assert granted.subject == "You have new credits"
    assert "2 × " in granted.body_text and "without an end" in granted.body_text


def test_an_invitation_keeps_its_link_to_itself():
    """The link signs somebody in: it is made at delivery and never stored."""
    amir = member()

    people.invite(person_id=amir.pk, by=make.staff().actor, at=NOW)

    [message] = write()
    assert message.subject == "Your account at Studio"
    assert "[personal link]" in message.body_text
    assert "/accounts/invitation/" not in message.body_text + message.body_html


def test_each_event_is_written_once_whoever_looks_how_often():
    """J3: one row per event, person and channel."""
    make.booking(who=member())

    first = write()

    assert [message.template for message in first] == ["credits.granted", "booking.made"]
    assert write() == []
    assert Message.objects.count() == 2


def test_a_preview_writes_no_message():
    amir, session = member(), make.session()
    make.lot(amir, session.service)
    write()

    preview(booking.book, session_id=session.pk, person_id=amir.pk, by=amir.actor, at=NOW)

    assert write() == []


def test_events_nobody_is_told_of_have_no_message():
    booked = make.booking(who=member())
    write()

    people.edit(person_id=booked.person_id, name="Amir", email="a@example.org", by=SYSTEM, at=NOW)

    assert Event.objects.filter(verb="person.edited").count() == 1
    assert write() == []


def test_nobody_without_an_address_is_forgotten_silently():
    make.lot(make.person("Nan"))

    [message] = write()

    assert (message.to, message.dropped_reason, message.state) == ("", "no e-mail address", "dropped")


def test_a_child_without_an_address_is_written_to_by_way_of_who_pays():
    parent = member("Priya", email="priya@example.org")
    child = make.person("Kiran", household=Household.objects.create(name="Patel", payer=parent))
    make.lot(child)

    [message] = write()

    assert (message.person, message.to) == (child, "priya@example.org")
    assert message.body_text.startswith("Hello Kiran,")


def test_a_line_break_in_a_name_is_no_mail_header():
    amir = member()
    session = make.session(service=make.service("Yoga\nBcc: all@example.org"))
    make.booking(session, amir)

    messages = write()

    assert messages[-1].subject.startswith("Booked: Yoga Bcc: all@example.org, Tuesday")


def test_markup_in_a_name_stays_words():
    amir = member("<b>Amir</b> & Co")
    make.lot(amir)

    [message] = write()

    assert message.body_text.startswith("Hello <b>Amir</b> & Co,")
    assert "Hello &lt;b&gt;Amir&lt;/b&gt; &amp; Co," in message.body_html


def test_old_news_is_not_written_up():
    """A journal that is read late does not send last month's confirmations."""
    make.lot(member())

    [message] = write(NOW + timedelta(days=7, seconds=1))

    assert (message.dropped_reason, message.body_text) == ("older than 7 days", "")


def test_american_studios_read_american_dates():
    Studio.objects.current()
    Studio.objects.update(locale="en-US", currency="USD", time_zone="America/New_York")
    session = make.session(location=make.location(time_zone="America/New_York"))
    make.booking(session, member())

    assert write()[-1].subject.endswith("Tuesday, March 3, 2026, 1:00 PM (America/New York time)")


def test_writing_costs_the_same_for_one_event_and_for_three(queries):
    amir = member()
    counts = []
    write()
    for several in (1, 3):
        for _ in range(several):
            make.lot(amir)
        with queries() as seen:
            assert writing.write(at=NOW) == several
        counts.append(len(seen))

    assert counts[0] == counts[1] <= 10


def test_the_journal_is_read_on_from_where_everything_is_told():
    """A low number that is committed late is found: the bookmark follows a quarter of an hour behind."""
    amir = member()
    make.lot(amir)
    write(NOW)
    [told] = Event.objects.filter(verb="credits.granted").values_list("pk", flat=True)

    write(NOW + timedelta(minutes=14))
    assert Bookmark.objects.get().through_event == 0
    write(NOW + timedelta(minutes=15))
    assert Bookmark.objects.get().through_event == told

    make.lot(amir)
    assert [message.template for message in write(NOW + timedelta(minutes=16))] == ["credits.granted"]


def test_a_preview_says_who_will_be_written_to_and_the_effect_writes_to_the_same():
    """UX 4.1: places, credits, money, pay, messages; one person gets one message of one operation."""
    amir, nan, desk = member(), make.person("Nan"), make.staff().actor
    session, term = make.session(), make.plan("Ten pack", price_minor=9050)
    for person in (amir, nan):
        make.lot(person, session.service)

    def foretold(verb, by, **asked) -> list[str]:
        seen = preview(verb, **asked, by=by, at=NOW)
        return [line.text for line in seen.consequences if line.kind == "messages"]

    waits = "Amir Patel gets an e-mail after a minute, unless it is undone"
    assert foretold(booking.book, amir.actor, session_id=session.pk, person_id=amir.pk) == [
        "Amir Patel gets an e-mail"
    ]
    assert foretold(booking.book, desk, session_id=session.pk, person_id=amir.pk) == [waits]
    assert foretold(booking.book, desk, session_id=session.pk, person_id=nan.pk) == []
    sold = {"person_id": amir.pk, "payment_term_id": term.pk, "starts_on": NOW.date(), "paid_by": "card"}
    assert foretold(sales.sell, desk, **sold) == [waits]
    booked = make.booking(session, amir)
    assert foretold(booking.cancel, desk, booking_id=booked.pk) == [waits]


def test_every_event_that_people_are_told_of_has_its_words():
    templates = {path.name for path in (settings.BASE_DIR / "templates" / "notifications").iterdir()}

    assert templates - {"base.txt", "base.html"} == {
        f"{verb}.{kind}" for verb in told.TOLD for kind in ("txt", "html")
    }
    assert set(telling.WORDS) == set(told.TOLD)
