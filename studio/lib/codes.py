"""Short public codes for row numbers: session 12 is ``/s/k7f3qa`` in an address, on paper and on the phone.

Every number has exactly one code and every code one number. Codes hide nothing (whoever wants to can turn
them round), they only keep addresses short, hard to mistype and free of "session number 12". They use
Crockford's alphabet: no i, l, o or u, and either case is read.
"""

from __future__ import annotations

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)} | {"o": 0, "i": 1, "l": 1}
_SHORTEST = 6
_LONGEST = 13  # 2**65 codes: more than a BIGINT counts
_LARGEST_ID = 2**63 - 1
_ODD = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio; odd, so that multiplying can be undone


class NotACode(ValueError):
    """This text is no code: too short, too long, or a character that codes never have."""


def encode(number: int) -> str:
    """The code of a row number from 0: six characters up to a billion rows, one more for each 32-fold growth.

    :raises ValueError: for numbers that no row can have.
    """
    if type(number) is not int or not 0 <= number <= _LARGEST_ID:
        raise ValueError(f"Codes are for row numbers, not {number!r}.")
    length, rest = _SHORTEST, number
    while rest >= 1 << (5 * length):
        rest -= 1 << (5 * length)
        length += 1
    mixed = _mix(rest, 5 * length)
    return "".join(_ALPHABET[mixed >> (5 * place) & 31] for place in reversed(range(length)))


def decode(code: str) -> int:
    """The row number of a code, read as people type it: any case, hyphens and spaces, o for 0, i or l for 1.

    :raises NotACode: when it is no code. That a row has this number is for the caller to find out.
    """
    characters = code.lower().replace("-", "").replace(" ", "")
    length = len(characters)
    if not _SHORTEST <= length <= _LONGEST or any(character not in _VALUES for character in characters):
        raise NotACode(f"“{code[:20]}” is not a code.")
    mixed = 0
    for character in characters:
        mixed = mixed << 5 | _VALUES[character]
    number = _unmix(mixed, 5 * length) + sum(1 << (5 * shorter) for shorter in range(_SHORTEST, length))
    if number > _LARGEST_ID:
        raise NotACode(f"“{code[:20]}” is not a code.")
    return number


class CodeConverter:
    """Lets an address carry a code and a view receive the number: ``<code:session_id>``."""

    regex = "[0-9A-Za-z-]{6,20}"

    def to_python(self, value: str) -> int:
        """:raises NotACode: a ValueError, which Django answers with "not found"."""
        return decode(value)

    def to_url(self, value: int) -> str:
        return encode(value)


def _mix(number: int, bits: int) -> int:
    """Scatter neighbours over the whole range; each of the three moves can be undone within ``bits``."""
    mask, half = (1 << bits) - 1, bits // 2
    number = number * (_ODD & mask) & mask
    number ^= number >> half
    return number * (_ODD & mask) & mask


def _unmix(number: int, bits: int) -> int:
    mask, half = (1 << bits) - 1, bits // 2
    back = pow(_ODD & mask, -1, 1 << bits)
    number = number * back & mask
    number ^= number >> half
    # An odd width leaves one bit that the first step still overlaps.
    number ^= (number >> (2 * half)) if bits % 2 else 0
    return number * back & mask
