"""A broker for the demo and the tests: Redis or Valkey when installed, else a stand-in in Python.

The broker holds nudges only, so it keeps nothing on disk. The stand-in is fakeredis' own TCP server with
two of its habits changed; ``tests/ops/test_broker.py`` guards the private names that this leans on.
"""

import argparse
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import redis

from studio.ops.embedded import processes

Kind = Literal["redis", "stand-in"]
_START_SECONDS = 15
_PROJECT = Path(__file__).resolve().parents[3]


class CannotStart(Exception):
    """No broker could be started; the text says what to do."""


@dataclass(frozen=True)
class Broker:
    """A running broker."""

    process: subprocess.Popen[bytes]
    url: str
    name: str

    def stop(self) -> None:
        """End it; nothing needs to be kept."""
        processes.stop(self.process, signal.SIGTERM, patience=5)


def installed() -> str | None:
    """Path of a Redis or Valkey server on this machine."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def start(kind: Kind | None = None, *, output: int | None = subprocess.DEVNULL) -> Broker:
    """Start a broker on a free port of the loopback address.

    :param kind: which one; without it, Redis when installed, else the stand-in.
    :raises CannotStart: if it does not answer.
    """
    server = installed()
    if kind == "redis" and server is None:
        raise CannotStart("Neither redis-server nor valkey-server is installed.")
    for _attempt in range(3):
        port = processes.free_port()
        is_stand_in = server is None or kind == "stand-in"
        broker = _stand_in(port, output) if is_stand_in else _redis(str(server), port, output)
        if _answers(broker):
            return broker
        broker.stop()
    raise CannotStart("The broker did not start. Set REDIS_URL to one that is running.")


def _redis(server: str, port: int, output: int | None) -> Broker:
    """A real one. Its configuration goes in by stdin: a password in the arguments is seen by everybody."""
    password = secrets.token_urlsafe(24)
    process = processes.start([server, "-"], stdin=subprocess.PIPE, output=output)
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "maxmemory-policy noeviction",
    ]
    if process.stdin:
        process.stdin.write("\n".join(lines).encode() + b"\n")
        process.stdin.close()
    return Broker(process, f"redis://:{password}@127.0.0.1:{port}/0", server.rsplit("/", 1)[-1])


def _stand_in(port: int, output: int | None) -> Broker:
    env = {**os.environ, "PYTHONPATH": str(_PROJECT)}
    process = processes.start([sys.executable, "-m", __name__, "--port", str(port)], env=env, output=output)
    return Broker(process, f"redis://127.0.0.1:{port}/0", "stand-in")


def _answers(broker: Broker) -> bool:
    """Wait until *broker* answers."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and broker.process.poll() is None:
        with suppress(redis.RedisError), redis.Redis.from_url(broker.url, socket_connect_timeout=1) as client:
            if client.ping():
                return True
        time.sleep(0.05)
    return False


@contextmanager
def temporary(kind: Kind | None = None) -> Iterator[Broker]:
    """A broker that is gone when the block ends."""
    broker = start(kind)
    try:
        yield broker
    finally:
        broker.stop()


def serve_stand_in(port: int) -> None:
    """Serve the stand-in on *port* until the process ends."""
    # Only the process that serves it needs these: lupa and fakeredis take 0.3 s to import.
    from fakeredis._clients._tcp_server import TCPFakeRequestHandler, TcpFakeServer

    class Handler(TCPFakeRequestHandler):
        """Answers at once (Nagle's delay costs 40 ms a pipeline) and stays open after an error reply."""

        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            read = self.current_client.read_response

            def answer() -> object:
                try:
                    return read()
                except redis.ResponseError as error:
                    return error

            setattr(self.current_client, "read_response", answer)  # noqa: B010

    server = TcpFakeServer(("127.0.0.1", port))
    server.RequestHandlerClass = Handler
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the stand-in broker on the loopback address.")
    parser.add_argument("--port", type=int, required=True)
    with suppress(KeyboardInterrupt):
        serve_stand_in(parser.parse_args().port)
