"""The Postgres and the brokers that the demo and the tests bring along."""

import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis

from studio.ops.embedded import broker, postgres, processes


@pytest.fixture
def home(tmp_path_factory):
    """A folder that the user Postgres runs as may enter."""
    preferred = tmp_path_factory.mktemp("cluster")
    found = postgres.reachable_home(preferred)
    yield found
    shutil.rmtree(found, ignore_errors=True)


def test_what_was_acknowledged_is_there_after_a_crash(home):
    first = postgres.start(home, is_durable=True)
    try:
        with psycopg.connect(first.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (number integer)")
            connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    finally:
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    second = postgres.start(home, is_durable=True)
    try:
        with psycopg.connect(second.url()) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
    finally:
        second.stop()
    assert second.process.returncode == 0


def test_a_server_that_a_broken_run_left_is_ended_first(home):
    left = postgres.start(home, is_durable=True)
    again = postgres.start(home, is_durable=True)
    try:
        assert left.process.wait(timeout=10) == 0
        with psycopg.connect(again.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        again.stop()


def test_nobody_connects_without_the_password(home):
    server = postgres.start(home, is_durable=False)
    try:
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(f"postgres://postgres:guess@127.0.0.1:{server.port}/studio")
        with socket.socket() as elsewhere:
            elsewhere.settimeout(1)
            assert elsewhere.connect_ex(("127.0.0.2", server.port)) != 0
    finally:
        server.stop()


def test_the_extensions_that_the_tables_need_are_there(home):
    server = postgres.start(home, is_durable=False)
    try:
        with psycopg.connect(server.url()) as connection:
            rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
    finally:
        server.stop()
    assert {"btree_gist", "pg_trgm"} <= {name for (name,) in rows}


def test_a_port_in_use_is_not_called_free():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert processes.is_free(taken.getsockname()[1]) is False
    assert processes.is_free(processes.free_port()) is True


def test_a_deaf_program_is_ended_all_the_same():
    deaf = processes.start(["/bin/sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.1; done"])
    assert deaf.stdout is not None
    deaf.stdout.readline()
    assert processes.stop(deaf, signal.SIGTERM, patience=0.3) == -signal.SIGKILL
    deaf.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_end_with_a_parent_that_was_killed():
    program = (
        "import sys, time; from studio.ops.embedded import processes as p; import subprocess as s;"
        "print(p.start(['sleep', '60'], output=s.DEVNULL).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _ends(child)


def _ends(pid: int) -> bool:
    """Whether *pid* is gone, or a zombie that nobody collects, within three seconds."""
    for _ in range(30):
        with suppress(FileNotFoundError, ProcessLookupError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                time.sleep(0.1)
                continue
        return True
    return False


# --- brokers -----------------------------------------------------------------------------------------

KINDS = ["stand-in", *(["redis"] if broker.installed() else [])]


@pytest.fixture(params=KINDS)
def client(request):
    """A client of each kind of broker that this machine has."""
    with broker.temporary(request.param) as running, redis.Redis.from_url(running.url) as connected:
        yield connected


def test_an_error_reply_does_not_end_the_connection(client):
    client.set("word", "a")
    number = client.client_id()
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.lpush("word", "b")
    assert client.get("word") == b"a"
    assert client.client_id() == number
    answers = client.pipeline().lpush("word", "b").get("word").execute(raise_on_error=False)
    assert isinstance(answers[0], redis.ResponseError)
    assert answers[1] == b"a"


def test_a_pipeline_is_answered_at_once(client):
    """Nagle's delay made this 23 a second."""
    began = time.monotonic()
    for number in range(200):
        client.pipeline().set("n", number).get("n").lpush("list", number).execute()
    assert 200 / (time.monotonic() - began) > 200


def test_lua_and_blocking_reads_work(client):
    assert client.eval("return redis.call('incrby', KEYS[1], ARGV[1])", 1, "sum", 5) == 5
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("0" * 40, 0)
    assert client.brpop(["nothing"], timeout=1) is None


def test_the_stand_in_leans_on_names_that_still_exist():
    from fakeredis._clients import _tcp_server

    assert hasattr(_tcp_server.TCPFakeRequestHandler, "setup")
    assert hasattr(_tcp_server.TcpFakeServer, "serve_forever")
