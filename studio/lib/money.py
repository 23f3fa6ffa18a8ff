"""Money as whole minor units (pence, cents, yen) and a currency. No floats, no implicit rounding.

Columns keep the integer (``*_minor``); :class:`Money` carries its currency where amounts meet, so that
pounds can never be added to yen (RELIABILITY 6.16). Typed amounts come in through :func:`parse_minor` only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import total_ordering

LARGEST_MINOR = 10**12
"""The largest amount that may be typed, in minor units: well inside a BIGINT even after a year of sums."""

_UNUSUAL = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENTS = {code: decimals for decimals, codes in _UNUSUAL.items() for code in codes.split()}
_SYMBOLS = {
    "£": "GBP GIP FKP SHP",
    "€": "EUR",
    "$": "USD CAD AUD NZD SGD HKD MXN ARS CLP COP",
    "¥": "JPY CNY",
    "₹": "INR",
    "₩": "KRW",
    "zł": "PLN",
    "kr": "SEK NOK DKK ISK",
}
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "INR": "₹", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$"}
_MINUS = "\N{MINUS SIGN}"
_CODE = re.compile(r"[A-Z]{3}")
_SPACES = re.compile(r"[\s\u00a0\u2009\u202f'\u2019]+")
_AMOUNT = re.compile(r"(?P<sign>[-\u2212]?)(?P<figure>[0-9][0-9.,]*|[.,][0-9]+)")


class MixedCurrencies(TypeError):
    """Two amounts of different currencies met. A programming error: one installation has one currency."""


class NotAnAmount(ValueError):
    """What was typed is not an amount of money. The text may be shown beside the field."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount: ``minor`` units of ``currency`` (an ISO 4217 code).

    :raises TypeError: when ``minor`` is not a whole number (floats and booleans included).
    :raises ValueError: when the currency is not three capital letters.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"Money counts whole minor units, not {self.minor!r}.")
        if not (isinstance(self.currency, str) and _CODE.fullmatch(self.currency)):
            raise ValueError(f"A currency is three capital letters such as GBP, not {self.currency!r}.")

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency) if _is_money(other) else NotImplemented

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency) if _is_money(other) else NotImplemented

    def __mul__(self, times: int) -> Money:
        return Money(self.minor * times, self.currency) if type(times) is int else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other) if _is_money(other) else NotImplemented

    def __str__(self) -> str:
        """For logs and messages to programmers; screens print money through their own tag."""
        return f"{plain(self.minor, self.currency)} {self.currency}"

    def percent(self, percentage: int) -> Money:
        """``percentage`` % of this amount, halves rounded away from zero, once (X-23, RELIABILITY 6.15)."""
        return Money(percent(self.minor, percentage), self.currency)

    def split(self, parts: int) -> list[Money]:
        """``parts`` shares that add up to exactly this amount; see :func:`split`."""
        return [Money(share, self.currency) for share in split(self.minor, parts)]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self} and {other} are different currencies.")
        return other.minor


def exponent(currency: str) -> int:
    """How many decimals a currency is written with: 2 for GBP, 0 for JPY, 3 for KWD (RELIABILITY 6.16)."""
    return _EXPONENTS.get(currency, 2)


def percent(minor: int, percentage: int) -> int:
    """``percentage`` % of ``minor``, halves rounded away from zero: 50 % of 5 is 3, of -5 is -3.

    A charge and its reversal therefore round to the same figure. Both arguments are whole numbers.
    """
    if type(minor) is not int or type(percentage) is not int:
        raise TypeError("Percentages of money are taken from whole minor units, in whole percent.")
    product = minor * percentage
    rounded = (abs(product) * 2 + 100) // 200
    return rounded if product >= 0 else -rounded


def split(total_minor: int, parts: int) -> list[int]:
    """Share an amount into equal parts that sum to it exactly, the larger ones first (X-35, V-18).

    100.00 in three is 33.34, 33.33, 33.33.

    :raises ValueError: when there is nobody to share with.
    """
    if parts < 1:
        raise ValueError(f"An amount is split into at least one part, not {parts}.")
    return split_by(total_minor, [1] * parts)


def split_by(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Share an amount in proportion to whole-number weights; the shares sum to it exactly.

    Largest remainder: each gets its share rounded down, and the units left over go to those who lost
    most by the rounding, earlier ones first. A negative amount is shared as its mirror image.

    :raises ValueError: when a weight is negative, or all are zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError(f"Weights are whole numbers from 0, not all 0: {list(weights)!r}.")
    if total_minor < 0:
        return [-share for share in split_by(-total_minor, weights)]
    shares = [total_minor * weight // whole for weight in weights]
    lost = [total_minor * weight % whole for weight in weights]
    in_line = sorted(range(len(weights)), key=lambda position: -lost[position])
    for position in in_line[: total_minor - sum(shares)]:
        shares[position] += 1
    return shares


def plain(minor: int, currency: str) -> str:
    """The amount as digits and a decimal point only, ``-1234.50``: what forms are filled with."""
    decimals = exponent(currency)
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def shown(minor: int, currency: str, *, sign: bool = False) -> str:
    """The amount as people read it: ``£1,680.00``, ``−£45.00`` with a real minus; ``sign`` adds a plus."""
    whole, dot, fraction = plain(abs(minor), currency).partition(".")
    before = _MINUS if minor < 0 else "+" if sign and minor > 0 else ""
    unit = _SIGNS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{before}{unit}{int(whole):,}{dot}{fraction}"


def parse_minor(typed: str, currency: str, *, may_be_negative: bool = False) -> int:
    """Read a typed amount: ``12.50``, ``12,50``, ``£12.50``, ``1,234.50``, ``1 234,50 €``, ``GBP 12``.

    A comma or a point may mark the decimals. Where both readings are possible nothing is guessed.

    :raises NotAnAmount: with a sentence that says what was typed and what to type instead.
    """
    example = plain(1250, currency)
    figure = _without_currency(_SPACES.sub("", typed), typed, currency)
    if not figure:
        raise NotAnAmount(f"No amount was typed. Type one such as {example}.")
    match = _AMOUNT.fullmatch(figure)
    if match is None:
        raise NotAnAmount(f"“{_shown(typed)}” is not an amount. Type digits such as {example}.")
    if match["sign"] and not may_be_negative:
        raise NotAnAmount(f"“{_shown(typed)}” is below zero. Type an amount from 0.")
    minor = _minor_of(match["figure"], typed, currency)
    if minor > LARGEST_MINOR:
        raise NotAnAmount(
            f"“{_shown(typed)}” is larger than {plain(LARGEST_MINOR, currency)}, the most there can be."
        )
    return -minor if match["sign"] else minor


def _is_money(other: object) -> bool:
    return isinstance(other, Money)


def _shown(typed: str) -> str:
    """What was typed, short enough to repeat in a sentence."""
    shown = " ".join(typed.split())
    return shown if len(shown) <= 30 else f"{shown[:29]}…"


def _without_currency(figure: str, typed: str, currency: str) -> str:
    """Take the installation's own code or sign off; a foreign one is refused, not ignored."""
    letters = "".join(sign for sign in figure if sign not in "0123456789.,-\u2212")
    if not letters or letters.upper() == currency or currency in _SYMBOLS.get(letters, ""):
        return figure.replace(letters, "", 1)
    example = plain(1250, currency)
    raise NotAnAmount(
        f"“{_shown(typed)}” is not an amount in {currency}. Type the digits only, such as {example}."
    )


def _minor_of(figure: str, typed: str, currency: str) -> int:
    """Digits, points and commas to minor units; ``figure`` begins with a digit or one separator."""
    decimals = exponent(currency)
    whole, fraction = _cut(figure, decimals)
    groups = re.split(r"[.,]", whole)
    is_grouped = len(groups) == 1 or (
        1 <= len(groups[0]) <= 3
        and groups[0] != "0"
        and all(len(group) == 3 for group in groups[1:])
        and len(set(whole) & {".", ","}) == 1
    )
    if not is_grouped:
        raise NotAnAmount(f"“{_shown(typed)}” is not clear. Type it without separators of thousands.")
    if len(fraction) > decimals:
        allowed = f"at most {decimals} decimals" if decimals else "no decimals"
        raise NotAnAmount(f"“{_shown(typed)}” has too many decimals: {currency} has {allowed}.")
    return int(("".join(groups) or "0") + fraction.ljust(decimals, "0"))


def _cut(figure: str, decimals: int) -> tuple[str, str]:
    """Divide the figure at its decimal mark, if it has one; the rest may still hold thousands."""
    marks = re.findall(r"[.,]", figure)
    if not marks:
        return figure, ""
    head, _, tail = figure.rpartition(marks[-1])
    if len(marks) == 1:
        # "1,234" is how thousands are typed; "1.234" is too unclear to guess, unless the currency has
        # three decimals (then it is the only reading) or none (then it can only be thousands).
        is_thousands = len(tail) == 3 and head not in {"", "0"} and decimals != 3
        return (figure, "") if is_thousands and (marks[0] == "," or decimals == 0) else (head, tail)
    return (head, tail) if marks[-1] not in head else (figure, "")
