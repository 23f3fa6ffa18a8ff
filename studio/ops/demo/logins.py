"""Who may sign in to the demo. Public on purpose: the demo listens on the loopback address only."""

from typing import NamedTuple

PASSWORD = "northside-demo-2026"


class Login(NamedTuple):
    """One way to sign in."""

    role: str
    email: str
    password: str


LOGINS = [
    Login("admin", "admin@northside.example", PASSWORD),
    Login("staff", "staff@northside.example", PASSWORD),
    Login("practitioner", "practitioner@northside.example", PASSWORD),
    Login("member", "member@northside.example", PASSWORD),
]
