"""Starting and stopping other programs, so that none outlives the one that started it."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on *port* of the loopback address."""
    with socket.socket() as probe:
        # As servers do: a connection that is only being closed does not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _dies_with_parent(with_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes the program: ask Linux for *with_signal* when we die."""
    if _libc is None:
        return None

    def ask() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(with_signal))

    return ask


def start(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    output: int | IO[bytes] | None = subprocess.PIPE,
    stdin: int = subprocess.DEVNULL,
    dying: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own.

    Ctrl-C in the terminal therefore reaches only us, and we stop the children in order. On Linux the
    child gets the signal *dying* even when we are killed outright.

    :param user: name of the user to run as; needs root. The supplementary groups are dropped.
    """
    extra_groups: list[int] | None = [] if user else None
    return subprocess.Popen(
        [str(word) for word in argv],
        env=dict(env) if env is not None else None,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/" if user else None,
        user=user,
        group=_group_of(user) if user else None,
        extra_groups=extra_groups,
        process_group=0,
        # After the change of user: that change would clear the wish again.
        preexec_fn=_dies_with_parent(dying),
    )


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def stop(process: subprocess.Popen[bytes], *signals: signal.Signals, patience: float = 10.0) -> int:
    """End *process* with each of *signals* in turn, then for good; returns its exit code.

    :param patience: seconds to wait after each signal.
    """
    for number in (*(signals or [signal.SIGTERM]), signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            continue
    return process.wait()


def is_root() -> bool:
    """Whether we may change users. Postgres refuses to run as root."""
    return os.geteuid() == 0
