"""The compose file keeps the rules of a production that is looked after by few people."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
FILE = PROJECT / "docker-compose.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(FILE.read_text())["services"]
OURS = ["migrate", "web", "worker", "beat"]
LASTING = ["postgres", "redis", "web", "worker", "beat"]


def test_these_services_make_up_the_product():
    assert sorted(SERVICES) == sorted(["postgres", "redis", *OURS])


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_says_whether_it_is_well(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_runs_as_root_or_gains_rights(name):
    service = SERVICES[name]
    assert service["user"] in {"10001:10001", "postgres", "redis"}
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_our_own_containers_write_nowhere_and_may_do_nothing_special(name):
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]


def test_the_image_drops_root_and_asks_after_its_health():
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    assert any("--require-hashes" in line for line in lines)


def test_no_secret_is_written_down():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"SECRET|PASSWORD|_KEY", name):
                assert re.fullmatch(r"\$\{[A-Z_]+(:[-?].*)?\}", str(value)), f"{name} holds a value"
    assert not re.search(r"(sk|rk)_(live|test)_|whsec_", FILE.read_text())


def test_secrets_without_which_nothing_is_safe_have_no_default():
    environment = SERVICES["web"]["environment"]
    assert environment["SECRET_KEY"].startswith("${SECRET_KEY:?")
    assert environment["ALLOWED_HOSTS"].startswith("${ALLOWED_HOSTS:?")
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_postgres_is_18_and_keeps_its_data():
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_redis_refuses_rather_than_forgets():
    command = " ".join(SERVICES["redis"]["command"])
    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command


def test_tables_are_brought_up_to_date_once_and_before_anything_else():
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ["web", "worker", "beat"]:
        assert SERVICES[name]["depends_on"] == {
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
            "migrate": {"condition": "service_completed_successfully"},
        }


def test_only_the_web_server_is_reachable_and_only_from_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${STUDIO_PORT:-8000}:8000"]}


def test_a_running_task_gets_the_time_it_may_take():
    """A task may take five minutes; the container waits longer before it is killed."""
    assert SERVICES["worker"]["stop_grace_period"] == "6m"


def test_every_variable_is_one_that_the_settings_read():
    known = (PROJECT / "studio/settings.py").read_text()
    unknown = [name for name in SERVICES["web"]["environment"] if f'"{name}"' not in known]
    assert unknown == []
