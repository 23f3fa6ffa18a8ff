"""What the containers' health checks ask: ``python -m studio.ops.healthcheck web|worker|beat``."""

import os
import sys
import time
import urllib.request
from pathlib import Path

from studio.celery import app

_BEAT_FILE = Path("/tmp/beat-schedule")
_BEAT_SECONDS = 600


def web() -> bool:
    """The web server in this container can serve."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    request = urllib.request.Request("http://127.0.0.1:8000/readyz", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=8) as answer:
        return bool(answer.status == 200)


def worker() -> bool:
    """A worker answers through the broker."""
    return bool(app.control.ping(timeout=10, limit=1))


def beat() -> bool:
    """The timetable was written down lately: beat does so every few minutes."""
    files = list(_BEAT_FILE.parent.glob(f"{_BEAT_FILE.name}*"))
    return any(time.time() - path.stat().st_mtime < _BEAT_SECONDS for path in files)


CHECKS = {"web": web, "worker": worker, "beat": beat}


def main(argv: list[str]) -> int:
    """0 when the named program is well, else 1."""
    try:
        return 0 if CHECKS[argv[0]]() else 1
    except OSError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
