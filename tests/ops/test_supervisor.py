"""The demo starts, answers, refuses a second of its kind, and leaves nothing running."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from studio.ops.embedded import postgres, processes

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def demo_home(tmp_path):
    """A folder for the demo's data."""
    home = tmp_path / "demo"
    yield home
    shutil.rmtree(postgres.reachable_home(home / "postgres"), ignore_errors=True)


def command(home: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """How to start the demo on *home*, as if neither a database nor Redis were around."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
    }
    environment |= {"STUDIO_DEMO_DIR": str(home), "PATH": "/usr/sbin:/sbin", "PYTHONPATH": str(PROJECT)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("STUDIO_ENV", None)
    return [sys.executable, "-m", "studio.ops.supervisor", *words], environment


@contextmanager
def running(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A demo on *port*, and the file with its log; killed at the end if it still runs."""
    # Loading the data has tests of its own.
    argv, environment = command(home, "--empty", "--port", str(port))
    log = home.parent / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(argv, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process, log
    finally:
        processes.stop(process, signal.SIGTERM, patience=30)


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while "Studio is ready" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def test_it_starts_answers_and_stops_without_a_trace(demo_home):
    port = processes.free_port()
    with running(demo_home, port) as (process, log):
        wait_until_ready(process, log)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/readyz", headers={"Accept": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert json.load(answer) == {
                "ready": "yes",
                "database": "answers",
                "migrations": "applied",
                "broker": "answers",
            }
        argv, environment = command(demo_home, "--port", str(port))
        second = subprocess.run(
            argv, env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        assert second.returncode == 1
        assert second.stderr.strip() == (
            f"A demo is already running from this folder (process {process.pid}). "
            "Stop it with Ctrl-C in its terminal first."
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    words = log.read_text()
    assert "using a stand-in written in Python" in words
    assert "create_admin" in words
    assert words.rstrip().endswith("stopped")
    assert processes.is_free(port)
    assert not (demo_home / "database_url").exists()
    assert (demo_home / "secret_key").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_named_with_another_that_is_free(demo_home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        argv, environment = command(demo_home, "--port", str(port))
        answer = subprocess.run(
            argv, env=environment, capture_output=True, text=True, check=False, timeout=30
        )
    assert answer.returncode == 1
    assert answer.stderr.strip().startswith(
        f"Port {port} is taken by another program. Choose another, for example: bin/demo --port "
    )


def test_a_reset_never_empties_a_database_that_is_not_its_own(demo_home):
    argv, environment = command(demo_home, "--reset")
    environment["DATABASE_URL"] = "postgres://somebody@127.0.0.1:1/theirs"
    answer = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 1
    assert answer.stderr.strip().startswith("--reset clears only the demo's own database")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_nothing_outlives_a_demo_that_was_killed(demo_home):
    port = processes.free_port()
    with running(demo_home, port) as (process, log):
        wait_until_ready(process, log)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        while not processes.is_free(port) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert processes.is_free(port)
        for pid in json.loads((demo_home / "processes").read_text()):
            with suppress(ProcessLookupError):
                while time.monotonic() < deadline:
                    os.kill(pid, 0)
                    time.sleep(0.2)
                pytest.fail(f"Process {pid} is still there.")
