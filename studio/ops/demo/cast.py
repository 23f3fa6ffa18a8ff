"""Who is in the demo: the same people, plans and rooms on every machine."""

from __future__ import annotations

from typing import NamedTuple

STUDIO = {
    "name": "Northside",
    "legal_name": "Northside Studio Ltd",
    "address": "1 Example Street\nGlasgow G12 0AA",
    "tax_id": "GB 000 0000 00",
    "time_zone": "Europe/London",
    "currency": "GBP",
    "locale": "en-GB",
    "invoice_due_days": 14,
}

ADMIN, STAFF = "Maya Lind", "Sam Okafor"
PRACTITIONERS = ["Ana Ruiz", "Joe Barr", "Priya Nair", "Tom Reed", "Ingrid Voss", "Lewis Grant"]

MEMBERS = [
    "Amir Patel", "Bea Long", "Cho Min", "Dina Haddad", "Ewan Clark", "Fatima Noor", "Gus Hale", "Hana Sato",
    "Isla Ferguson", "Jonas Weber", "Kira Novak", "Liam Doyle", "Mona Eriksen", "Nico Bianchi", "Orla Quinn",
    "Petra Kolar", "Rafa Molina", "Sara Lindqvist", "Tariq Aziz", "Uma Rao", "Vera Petrova", "Will Stone",
    "Xenia Dimas", "Yusuf Demir", "Zoe Martin", "Alasdair Muir", "Brigid Shaw", "Carlos Vega", "Delia Fox",
    "Eilidh Ross", "Finn Larsen", "Grace Obi", "Hugo Blanc", "Iris Chen", "Jack Munro", "Katya Orlova",
    "Leo Rossi", "Maren Holt", "Nadia Karim", "Owen Pryce", "Paula Nunez", "Quentin Roy", "Rosa Conti",
    "Stefan Ivanov", "Tessa Boyd", "Ulrich Braun", "Violet King", "Wanda Nowak",
]  # fmt: skip

ROOM_PLACES = {"Studio 3": 14, "Activity Hall": 20, "Fresh Air": 12}


class Offer(NamedTuple):
    """A plan of the demo with its one payment term.

    Prices in pence, 0 days meaning that credits never end.
    """

    plan: str
    description: str
    price_minor: int
    credits: int
    days_to_expire: int


OFFERS = [
    Offer("10-class card", "Ten classes of your choice, within three months.", 4500, 10, 90),
    Offer("5-class card", "Five classes to spread over two months.", 2500, 5, 60),
    Offer("20-class card", "For regulars. Twenty classes that never end.", 8000, 20, 0),
    Offer("First class free", "One class on us, within two weeks.", 0, 1, 14),
]

DROP_IN_MINOR = 600
WAGE_MINOR = 1500
