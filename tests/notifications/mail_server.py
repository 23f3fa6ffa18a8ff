"""A mail server of a few lines on a free port of this machine, which can be told to misbehave (F13)."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class Mailbox:
    """What arrived, and how the server behaves: ``accept``, ``refuse``, ``unknown`` or ``close``.

    ``refuse`` puts every recipient off, ``unknown`` knows none of them, ``close`` takes a message and
    hangs up before it says so.
    """

    port: int = 0
    behaviour: str = "accept"
    arrived: list[Message] = field(default_factory=list)

    @property
    def mailers(self) -> dict[str, object]:
        """The setting that makes Django send here."""
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        options = {"host": "127.0.0.1", "port": self.port, "timeout": 5}
        return {"default": {"BACKEND": smtp, "OPTIONS": options}}


@contextmanager
def running() -> Iterator[Mailbox]:
    """A mail server for the length of a test."""
    mailbox = Mailbox()

    class Conversation(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                word = line[:4].upper().decode()
                if word == "QUIT":
                    return self.say("221 bye")
                if word == "RCPT" and mailbox.behaviour == "refuse":
                    self.say("451 try again later")
                elif word == "RCPT" and mailbox.behaviour == "unknown":
                    self.say("550 no such mailbox")
                elif word == "DATA":
                    self.say("354 go on")
                    self.read_message()
                    if mailbox.behaviour == "close":
                        return None
                    self.say("250 taken")
                else:
                    self.say("250 fine")
            return None

        def read_message(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            mailbox.arrived.append(message_from_bytes(b"".join(lines)))

        def say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        mailbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield mailbox
        finally:
            server.shutdown()
            thread.join()
