"""One readable log of several programs: each line with its time and the name of who said it."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable

_COLOURS = {"web": 36, "worker": 35, "beat": 34, "database": 33, "broker": 33, "data": 32}
_writing = threading.Lock()


def say(name: str, text: str) -> None:
    """Print one line of *name*."""
    stamp = time.strftime("%H:%M:%S")
    colour = _COLOURS.get(name)
    shown = f"\x1b[{colour}m{name:<8}\x1b[0m" if colour and sys.stdout.isatty() else f"{name:<8}"
    with _writing:
        print(f"{stamp} {shown} | {text}", flush=True)


def follow(
    name: str, process: subprocess.Popen[bytes], *, is_wanted: Callable[[str], bool] = bool
) -> threading.Thread:
    """Print what *process* prints, line by line, until it ends. Lines that are not wanted are left out."""

    def read() -> None:
        for line in process.stdout or ():
            if is_wanted(text := line.decode(errors="replace").rstrip()):
                say(name, text)

    thread = threading.Thread(target=read, name=f"log-{name}", daemon=True)
    thread.start()
    return thread
