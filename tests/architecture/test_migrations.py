"""Migrations have names that say what they do, stand on their own, and match the models."""

import ast
import io
from pathlib import Path

from django.core.management import call_command

PROJECT = Path(__file__).resolve().parents[2]
OURS = {"studio", "billing", "memberships", "scheduling", "sessions_app"}
MIGRATIONS = [
    path for root in sorted(OURS) for path in sorted((PROJECT / root).rglob("migrations/[0-9]*.py"))
]


def test_every_migration_has_a_name():
    assert len(MIGRATIONS) > 5
    assert [path.name for path in MIGRATIONS if "_auto_" in path.name] == []


def test_numbers_follow_one_another_in_every_app():
    for folder in {path.parent for path in MIGRATIONS}:
        numbers = sorted(int(path.name[:4]) for path in MIGRATIONS if path.parent == folder)
        assert numbers == list(range(1, len(numbers) + 1)), folder


def test_no_migration_leans_on_our_code():
    """Code moves on; a migration has to run as it was written."""
    wrong = [
        f"{path.relative_to(PROJECT)}: {name}"
        for path in MIGRATIONS
        for name in _imported(path)
        if name.split(".")[0] in OURS and ".migrations" not in name
    ]
    assert wrong == []


def _imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


def test_models_and_migrations_agree(db):
    said = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=said)
    except SystemExit:
        raise AssertionError(f"A migration is missing:\n{said.getvalue()}") from None
