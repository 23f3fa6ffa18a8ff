"""Channels: how a letter leaves the house. Called outside of transactions; nothing here writes to tables."""

from __future__ import annotations

import smtplib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from studio.notifications.domain.sending import Letter


@dataclass(frozen=True, slots=True)
class Delivered:
    """How one delivery went. ``error`` is empty when the mail server took it.

    ``is_final``: no later try can help. ``is_down``: nobody answers, so the rest need not be tried now.
    """

    letter: Letter
    error: str = ""
    is_final: bool = False
    is_down: bool = False


def by_email(letters: Iterable[Letter]) -> Iterator[Delivered]:
    """Hand letters to the mail server over one connection, and tell how each went as soon as it did."""
    connection = mail.mailers["default"]
    try:
        for letter in letters:
            yield _deliver(connection, letter)
    finally:
        _close(connection)


def _deliver(connection: BaseEmailBackend, letter: Letter) -> Delivered:
    try:
        connection.send_messages([_message(letter)])
    except smtplib.SMTPRecipientsRefused as refused:
        code, words = refused.recipients[letter.to]
        return Delivered(letter, f"{code} {_text(words)}", is_final=code >= 500)
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError) as error:
        return Delivered(letter, str(error), is_down=True)
    except smtplib.SMTPResponseException as error:
        return Delivered(letter, f"{error.smtp_code} {_text(error.smtp_error)}")
    except (smtplib.SMTPException, ValueError) as error:
        return Delivered(letter, str(error))
    except OSError as error:
        return Delivered(letter, f"No answer from the mail server: {error}", is_down=True)
    return Delivered(letter)


def _message(letter: Letter) -> mail.EmailMultiAlternatives:
    name, address = parseaddr(letter.sender)
    message = mail.EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=str(Address(name, addr_spec=address)),
        to=[letter.to],
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        # Everything was answered for before; how the line is hung up changes nothing.
        return


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
