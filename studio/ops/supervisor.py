"""``bin/demo``: the whole product on this machine, from database to browser, in one terminal.

Starts Postgres, a broker, the web server, a worker and the timetable, in that order; prints one log; stops
them in the opposite order on Ctrl-C. The data stay in ``.demo/`` until ``--reset``.
"""

import argparse
import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

import psycopg

from studio.ops.demo import log
from studio.ops.demo.logins import LOGINS
from studio.ops.embedded import broker, postgres, processes

PROJECT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("STUDIO_DEMO_DIR", PROJECT / ".demo"))
_READY_SECONDS = 120


class CannotRun(Exception):
    """The demo cannot start; the text says why and what to do."""


class Demo:
    """One run of the demo: what it started, and how to stop it."""

    def __init__(self, port: int, *, is_empty: bool = False) -> None:
        self.port = port
        self.is_empty = is_empty
        self.address = f"http://127.0.0.1:{port}"
        self.environment: dict[str, str] = {}
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    # --- services ---

    def start_services(self, cleanup: ExitStack) -> None:
        """Database and broker, each unless the environment names one."""
        database_url = os.environ.get("DATABASE_URL") or self._start_postgres(cleanup)
        redis_url = os.environ.get("REDIS_URL") or self._start_broker(cleanup)
        # For `manage.py` in another terminal while the demo runs.
        for name, url in (("database_url", database_url), ("redis_url", redis_url)):
            _write_secret(HOME / name, url)
            cleanup.callback((HOME / name).unlink, missing_ok=True)
        self.environment = os.environ | {
            "STUDIO_ENV": "demo",
            "STUDIO_DEMO_DIR": str(HOME),
            "SECRET_KEY": _kept_secret(HOME / "secret_key"),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SITE_URL": self.address,
            "DJANGO_SETTINGS_MODULE": "studio.settings",
            "PYTHONPATH": str(PROJECT),
            "PYTHONUNBUFFERED": "1",
            # The demo is often tried in a container, as root.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }

    def _start_postgres(self, cleanup: ExitStack) -> str:
        home = postgres.reachable_home(HOME / "postgres")
        log.say("database", f"starting Postgres; its data lie in {_short(home)}")
        with (HOME / "postgres.log").open("wb") as output:
            server = postgres.start(home, is_durable=True, output=output.fileno())
        cleanup.callback(server.stop)
        self.programs["database"] = server.process
        return server.url()

    def _start_broker(self, cleanup: ExitStack) -> str:
        running = broker.start()
        cleanup.callback(running.stop)
        self.programs["broker"] = running.process
        if running.name == "stand-in":
            log.say("broker", "no Redis or Valkey is installed: using a stand-in written in Python (slower)")
        else:
            log.say("broker", f"{running.name} started")
        return running.url

    # --- data ---

    def prepare_data(self) -> None:
        """Bring the tables up to date; on the first start, fill them."""
        self._manage("database", "migrate", "--noinput", "--verbosity=1")
        if self.is_empty or self._has_people():
            return
        log.say("data", "first start: loading the demo studio")
        began = time.monotonic()
        (HOME / "loading").touch()
        # Data that were not loaded to the end are thrown away, so nothing waits for the disk here. Nor does
        # the worker need thousands of nudges: its first tick finds what is due.
        url = self.environment["DATABASE_URL"]
        quick = f"{url}{'&' if '?' in url else '?'}options=-c%20synchronous_commit%3Doff"
        self._manage("data", "load_demo", DATABASE_URL=quick, REDIS_URL="memory://localhost/")
        (HOME / "loading").unlink()
        log.say("data", f"loaded in {time.monotonic() - began:.0f} s")

    def _has_people(self) -> bool:
        """Whether the database has been filled already."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute("SELECT FROM people_person LIMIT 1").fetchone() is not None

    def _manage(self, name: str, *words: str, **differing: str) -> None:
        """Run a management command, with *differing* variables, and show what it says."""
        argv: list[str | Path] = [sys.executable, PROJECT / "manage.py", *words]
        process = processes.start(argv, env=self.environment | differing)
        try:
            reader = log.follow(name, process, is_wanted=_is_worth_showing)
            process.wait()
            reader.join()
        finally:
            processes.stop(process)
        if process.returncode:
            raise CannotRun(
                f"`manage.py {words[0]}` ended with code {process.returncode}; its words are above."
            )

    # --- programs ---

    def start_programs(self, cleanup: ExitStack) -> None:
        """The web server, the worker, the timetable."""
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "studio"]
        access = ["--access-logfile=-", "--access-logformat=%(m)s %(U)s %(s)s %(M)s ms"]
        web = [sys.executable, "-m", "gunicorn", "studio.wsgi:application", f"--bind=127.0.0.1:{self.port}"]
        web += ["--worker-class=gthread", "--workers=2", "--threads=4", "--graceful-timeout=5"]
        web += ["--no-control-socket", "--log-level=warning", *access]
        worker = [
            *celery,
            "worker",
            "--loglevel=INFO",
            "--concurrency=2",
            "--without-gossip",
            "--without-mingle",
        ]
        beat = [*celery, "beat", "--loglevel=WARNING", f"--schedule={HOME / 'beat-schedule'}", "--pidfile="]
        started = []
        for name, argv in (("web", web), ("worker", worker), ("beat", beat)):
            process = processes.start(argv, env=self.environment)
            self.programs[name] = process
            log.follow(name, process, is_wanted=_is_worth_showing)
            started.append(process)
        (HOME / "processes").write_text(json.dumps([process.pid for process in started]))
        cleanup.callback(_stop_together, started)

    def wait_until_ready(self) -> None:
        """Until the product answers that it is ready.

        :raises CannotRun: if it does not within a minute, or a program ends.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            self.check_programs()
            if _is_ready(f"{self.address}/readyz"):
                return
            time.sleep(0.2)
        raise CannotRun(f"{self.address}/readyz did not say that it is ready within {_READY_SECONDS} s.")

    def check_programs(self) -> None:
        """:raises CannotRun: if one of the programs has ended."""
        for name, process in self.programs.items():
            if process.poll() is not None:
                where = f" See {_short(HOME / 'postgres.log')}." if name == "database" else ""
                raise CannotRun(f"The {name} ended by itself (code {process.returncode}).{where}")

    def welcome(self) -> str:
        """Where to go, and as whom."""
        if self.is_empty:
            start = ".venv/bin/python manage.py create_admin --help"
            return f"\n  Studio is ready at {self.address}/, and empty. Add yourself: {start}\n"
        rows = [f"    {login.role:<14}{login.email:<34}{login.password}" for login in LOGINS]
        return "\n".join(
            [
                "",
                f"  Studio is ready at {self.address}/ (members) and {self.address}/desk/ (staff).",
                "",
                "  Sign in as",
                *rows,
                "",
                f"  Mail that would go out lies in {_short(HOME / 'mail')}.",
                "  Ctrl-C stops everything; the data stay until `bin/demo --reset`.",
                "",
            ]
        )


def run(port: int, *, with_reset: bool, is_empty: bool) -> None:
    """Run the demo until a signal or a failure ends it.

    :raises CannotRun: with a sentence for the person at the terminal.
    """
    HOME.mkdir(parents=True, exist_ok=True)
    with ExitStack() as cleanup:
        _claim(cleanup)
        _stop_leftovers()
        if with_reset:
            reset()
        if not processes.is_free(port):
            raise CannotRun(
                f"Port {port} is taken by another program. "
                f"Choose another, for example: bin/demo --port {processes.free_port()}"
            )
        cleanup.callback(log.say, "demo", "stopped")
        try:
            _start_and_watch(Demo(port, is_empty=is_empty), cleanup)
        finally:
            # From here on a second Ctrl-C does not interrupt the tidying up.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            log.say("demo", "stopping")


def _start_and_watch(demo: Demo, cleanup: ExitStack) -> None:
    began = time.monotonic()
    if (HOME / "loading").exists() and not os.environ.get("DATABASE_URL"):
        log.say("demo", "the last first start broke off before its data were complete")
        reset()
    demo.start_services(cleanup)
    demo.prepare_data()
    demo.start_programs(cleanup)
    demo.wait_until_ready()
    log.say("demo", f"ready after {time.monotonic() - began:.1f} s")
    print(demo.welcome(), flush=True)
    while True:
        demo.check_programs()
        time.sleep(0.3)


def reset() -> None:
    """Forget the demo's data.

    :raises CannotRun: if they are in a database that is not the demo's own.
    """
    if os.environ.get("DATABASE_URL"):
        raise CannotRun(
            "--reset clears only the demo's own database, and DATABASE_URL names another. "
            "Unset DATABASE_URL, or empty that database yourself."
        )
    log.say("demo", "forgetting all data")
    shutil.rmtree(postgres.reachable_home(HOME / "postgres"), ignore_errors=True)
    for path in HOME.iterdir():
        if path.name == "lock":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _claim(cleanup: ExitStack) -> None:
    """Hold the lock of this folder: two demos would share one database folder."""
    lock: IO[str] = cleanup.enter_context((HOME / "lock").open("a+"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise CannotRun(
            f"A demo is already running from this folder (process {lock.read().strip() or 'unknown'}). "
            "Stop it with Ctrl-C in its terminal first."
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _stop_leftovers() -> None:
    """End programs of a run that was killed, where the system did not end them with it."""
    with suppress(OSError, ValueError):
        for pid in json.loads((HOME / "processes").read_text()):
            shown = subprocess.run(
                ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
            ).stdout
            # The number may belong to somebody else by now.
            if sys.executable in shown and "studio" in shown:
                log.say("demo", f"ending process {pid} of a run that broke off")
                os.kill(pid, signal.SIGTERM)
    (HOME / "processes").unlink(missing_ok=True)


def _stop_together(programs: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to end, then wait for each."""
    for process in programs:
        if process.poll() is None:
            process.terminate()
    for process in programs:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=15)
        processes.stop(process, signal.SIGKILL)
    (HOME / "processes").unlink(missing_ok=True)


def _is_ready(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:
        return answer.status == 200
    return False


_NOISE = [" /static/", " /readyz "]
# A tick that found nothing to do.
_IDLE = re.compile(r"Task \S+ received$|Task \S+ succeeded in \S+: (None|0|\[\]|\{\})$")
_NOISE += ["Operations to perform:", "Apply all migrations:", "Running migrations:", "No migrations to"]


def _is_worth_showing(text: str) -> bool:
    """Leave out what nobody reads: style sheets fetched, our own question whether it is ready."""
    return bool(text.strip()) and not _IDLE.search(text) and not any(noise in text for noise in _NOISE)


def _kept_secret(path: Path) -> str:
    """The secret in *path*, made on first use: sessions outlive a restart."""
    if not path.exists():
        _write_secret(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _short(path: Path) -> str:
    return str(path.relative_to(PROJECT)) if path.is_relative_to(PROJECT) else str(path)


def main(argv: list[str]) -> int:
    """Parse *argv*, run, and say in one sentence what went wrong."""
    parser = argparse.ArgumentParser(
        prog="bin/demo", description="Run Studio on demo data, on this machine only."
    )
    parser.add_argument("--port", type=int, default=8000, help="port of the web server (default 8000)")
    parser.add_argument("--reset", action="store_true", help="forget all data and start afresh")
    parser.add_argument("--empty", action="store_true", help="do not load the demo data: bring your own")
    options = parser.parse_args(argv)

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        run(options.port, with_reset=options.reset, is_empty=options.empty)
    except KeyboardInterrupt:
        return 0
    except (CannotRun, postgres.CannotStart, broker.CannotStart) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
