"""Production refuses to start rather than to run unsafely."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

SAFE = {
    "STUDIO_ENV": "production",
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "book.example.org",
    "DATABASE_URL": "postgres://studio@127.0.0.1:1/studio",
}


def start(**changes: str | None) -> tuple[int, str]:
    """Import the settings in a process of their own; its exit code and its last words."""
    variables = {**SAFE, **changes}
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = kept | {name: value for name, value in variables.items() if value is not None}
    answer = subprocess.run(
        [sys.executable, "-c", "import studio.settings"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, answer.stderr.strip().rsplit("\n", 1)[-1]


def test_safe_settings_start():
    assert start() == (0, "")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY must be set to at least 40 random characters in production."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must be set to at least 40 random characters in production."),
        ({"STUDIO_DEBUG": "1"}, "STUDIO_DEBUG must be off in production: it shows settings to visitors."),
        (
            {"ALLOWED_HOSTS": None},
            "ALLOWED_HOSTS must name the addresses of this studio, "
            "for example ALLOWED_HOSTS=book.example.org.",
        ),
        (
            {"ALLOWED_HOSTS": "*"},
            "ALLOWED_HOSTS must name the addresses of this studio, "
            "for example ALLOWED_HOSTS=book.example.org.",
        ),
        ({"DATABASE_URL": None}, "DATABASE_URL must be set in production."),
        (
            {"STRIPE_LIVE": "1", "STRIPE_SECRET_KEY": "sk_test_1"},
            "STRIPE_LIVE is on, but STRIPE_SECRET_KEY is not a live key. "
            "Set a live key, or turn STRIPE_LIVE off.",
        ),
        (
            {"STRIPE_SECRET_KEY": "sk_live_1"},
            "STRIPE_SECRET_KEY is a live key, but STRIPE_LIVE is off. "
            "Turn STRIPE_LIVE on, or set a test key.",
        ),
        ({"STUDIO_ENV": "prod"}, "STUDIO_ENV is 'prod'; use production, demo, test or development."),
    ],
)
def test_unsafe_settings_do_not(changes, sentence):
    code, words = start(**changes)
    assert code == 1
    assert words == f"django.core.exceptions.ImproperlyConfigured: {sentence}"


def test_a_live_key_with_the_live_flag_starts():
    assert start(STRIPE_LIVE="1", STRIPE_SECRET_KEY="sk_live_1") == (0, "")


def test_development_answers_on_this_machine_only():
    program = "import studio.settings as s; print(s.ALLOWED_HOSTS)"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "['localhost', '127.0.0.1', '[::1]']"


def test_every_variable_is_described():
    """What a process reads from its environment is listed in docs/deploy.md, and nothing else is."""
    source = (PROJECT / "studio/settings.py").read_text()
    read = set(re.findall(r'(?:environ\.get|_flag|_words|_secret)\(\s*"([A-Z_]+)"', source))
    table = (PROJECT / "docs/deploy.md").read_text().split("| variable |")[1].split("\n\n")[0]
    names = [row.split("|")[1] for row in table.splitlines() if row.startswith("|")]
    described = {name for cell in names for name in re.findall(r"`([A-Z_]+)`", cell)}
    assert read == described
