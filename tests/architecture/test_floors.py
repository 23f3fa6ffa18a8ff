"""The house stands: imports and foreign keys go down only (docs/architecture.md)."""

import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignObject, ManyToManyField

PROJECT = Path(__file__).resolve().parents[2]
FLOORS = {
    "people": 0,
    "audit": 1,
    "billing": 2,
    "scheduling": 2,
    "memberships": 3,
    "sessions_app": 4,
    "notifications": 5,
    "web": 5,
    "ops": 6,
}


def test_the_import_contract_holds():
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_foreign_keys_go_down_only_and_never_across_a_wall():
    """The import contract does not see keys that are written as strings."""
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        here = FLOORS.get(model._meta.app_label)
        for field in model._meta.get_fields():
            if here is None or not isinstance(field, ForeignObject | ManyToManyField):
                continue
            there = FLOORS.get(field.related_model._meta.app_label)
            is_inside = field.related_model._meta.app_label == model._meta.app_label
            if there is not None and not is_inside and there >= here:
                wrong.append(f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}")
    assert wrong == []


def test_every_app_of_ours_has_a_floor():
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).is_relative_to(PROJECT)}
    outside = {config.label for config in apps.get_app_configs() if ".venv" in Path(config.path).parts}
    assert ours - outside == set(FLOORS)


def test_nobody_points_at_anything_in_general():
    """A key to any table whatsoever escapes every rule above; ledger rows use text keys instead."""
    fields = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.get_fields()
        if field.__class__.__name__ == "GenericForeignKey"
    ]
    assert fields == []
