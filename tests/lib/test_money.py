"""Money: whole minor units, one currency at a time, shares that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.lib import money
from studio.lib.money import MixedCurrencies, Money, NotAnAmount

pounds = st.integers(-(10**9), 10**9).map(lambda minor: Money(minor, "GBP"))


def test_amounts_of_one_currency_add_subtract_and_compare():
    assert Money(1250, "GBP") + Money(50, "GBP") == Money(1300, "GBP")
    assert Money(1250, "GBP") - Money(1300, "GBP") == Money(-50, "GBP") == -Money(50, "GBP")
    assert Money(100, "GBP") * 3 == 3 * Money(100, "GBP") == Money(300, "GBP")
    assert Money(99, "GBP") < Money(100, "GBP") <= Money(100, "GBP")
    assert abs(Money(-5, "GBP")) == Money(5, "GBP")
    assert bool(Money(0, "GBP")) is False and bool(Money(-1, "GBP")) is True
    assert hash(Money(1, "GBP")) == hash(Money(1, "GBP"))
    assert sum([Money(1, "GBP"), Money(2, "GBP")], Money(0, "GBP")) == Money(3, "GBP")


@pytest.mark.parametrize(
    "meet", [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a < b, lambda a, b: a >= b]
)
def test_two_currencies_never_meet(meet):
    """RELIABILITY 6.16"""
    with pytest.raises(MixedCurrencies, match=r"12\.50 GBP and 1250 JPY are different currencies"):
        meet(Money(1250, "GBP"), Money(1250, "JPY"))


def test_the_same_figure_in_two_currencies_is_not_equal():
    assert Money(100, "GBP") != Money(100, "EUR")


@pytest.mark.parametrize(
    "meet", [lambda a: a + 1, lambda a: a - 1, lambda a: a * 1.5, lambda a: a < 1, lambda a: a * a]
)
def test_an_amount_and_a_bare_number_do_not_mix(meet):
    with pytest.raises(TypeError):
        meet(Money(1, "GBP"))


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_minor_units_are_whole_numbers(minor):
    with pytest.raises(TypeError, match="whole minor units"):
        Money(minor, "GBP")


@pytest.mark.parametrize("currency", ["gbp", "£", "", "GBPX", None])
def test_a_currency_is_three_capital_letters(currency):
    with pytest.raises(ValueError, match="three capital letters"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("minor", "percentage", "expected"),
    [
        (8000, 50, 4000),
        (3000, 50, 1500),
        (5, 50, 3),
        (-5, 50, -3),
        (1, 49, 0),
        (1, 50, 1),
        (333, 10, 33),
        (335, 10, 34),
        (7, 0, 0),
        (7, 100, 7),
    ],
)
def test_percentages_round_halves_away_from_zero(minor, percentage, expected):
    """V-11 (80.00 and 30.00 at 50 %), RELIABILITY 6.15 (50 % of 5 is 3, not 2)"""
    assert Money(minor, "GBP").percent(percentage) == Money(expected, "GBP")


@pytest.mark.parametrize(("minor", "percentage"), [(1.0, 50), (1, 0.5)])
def test_percentages_take_no_fractions(minor, percentage):
    with pytest.raises(TypeError, match="whole percent"):
        money.percent(minor, percentage)


@given(pounds, st.integers(0, 200))
def test_a_percentage_and_its_reversal_cancel(amount, percentage):
    assert amount.percent(percentage) + (-amount).percent(percentage) == Money(0, "GBP")


def test_a_hundred_in_three_is_one_penny_more_first():
    """V-18, X-35"""
    assert money.split(10000, 3) == [3334, 3333, 3333]
    assert [str(share) for share in Money(10000, "GBP").split(3)] == ["33.34 GBP", "33.33 GBP", "33.33 GBP"]


def test_every_package_of_up_to_999_sessions_adds_up_to_its_price():
    """K7: the sum over a package is its price, exactly, and no two shares differ by more than one."""
    for parts in range(1, 1000):
        for price in (1, 10000, 123457):
            shares = money.split(price, parts)
            assert (sum(shares), len(shares)) == (price, parts)
            assert max(shares) - min(shares) <= 1
            assert shares == sorted(shares, reverse=True)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_weighted_shares_add_up_and_stay_within_one_of_the_exact_share(total, weights):
    shares = money.split_by(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)


def test_what_is_left_over_goes_to_those_who_lost_most():
    assert money.split_by(100, [1, 2, 3]) == [17, 33, 50]
    assert money.split_by(-100, [1, 2, 3]) == [-17, -33, -50]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1, 5]])
def test_shares_need_somebody_to_share_with(weights):
    with pytest.raises(ValueError, match="Weights"):
        money.split_by(100, weights)


def test_splitting_into_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one part"):
        money.split(100, 0)


@pytest.mark.parametrize(
    ("currency", "decimals"), [("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XYZ", 2)]
)
def test_each_currency_has_its_own_decimals(currency, decimals):
    assert money.exponent(currency) == decimals


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (1250, "GBP", "12.50"),
        (5, "GBP", "0.05"),
        (-5, "GBP", "-0.05"),
        (1250, "JPY", "1250"),
        (1250, "KWD", "1.250"),
        (0, "GBP", "0.00"),
    ],
)
def test_amounts_are_written_plainly_for_forms(minor, currency, expected):
    assert money.plain(minor, currency) == expected


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "GBP", 1250),
        ("12,50", "GBP", 1250),
        ("£12.50", "GBP", 1250),
        ("£ 12.5", "GBP", 1250),
        ("12.50 GBP", "GBP", 1250),
        ("gbp 12", "GBP", 1200),
        ("12", "GBP", 1200),
        ("12.", "GBP", 1200),
        (".5", "GBP", 50),
        ("0", "GBP", 0),
        ("  7 ", "GBP", 700),
        ("1,234", "GBP", 123400),
        ("1,234.50", "GBP", 123450),
        ("1.234,50 €", "EUR", 123450),
        ("1\u202f234,50", "EUR", 123450),
        ("1'234.50", "CHF", 123450),
        ("1,234,567.89", "GBP", 123456789),
        ("$12.50", "CAD", 1250),
        ("¥1,250", "JPY", 1250),
        ("1.250", "JPY", 1250),
        ("1.250", "KWD", 1250),
        ("1,250", "KWD", 1250),
        ("1.5", "KWD", 1500),
        ("1.234.567", "KWD", 1234567000),
    ],
)
def test_typed_amounts_are_read_as_people_type_them(typed, currency, minor):
    assert money.parse_minor(typed, currency) == minor


@pytest.mark.parametrize(
    ("typed", "currency", "expected"),
    [
        ("", "GBP", "No amount was typed. Type one such as 12.50."),
        ("   ", "JPY", "No amount was typed. Type one such as 1250."),
        ("£", "GBP", "No amount was typed. Type one such as 12.50."),
        ("twelve", "GBP", "“twelve” is not an amount in GBP. Type the digits only, such as 12.50."),
        ("€12", "GBP", "“€12” is not an amount in GBP. Type the digits only, such as 12.50."),
        ("12e3", "GBP", "“12e3” is not an amount in GBP. Type the digits only, such as 12.50."),
        ("١٢", "GBP", "“١٢” is not an amount in GBP. Type the digits only, such as 12.50."),
        ("1-2", "GBP", "“1-2” is not an amount. Type digits such as 12.50."),
        ("-5", "GBP", "“-5” is below zero. Type an amount from 0."),
        ("12.505", "GBP", "“12.505” has too many decimals: GBP has at most 2 decimals."),
        ("12.5", "JPY", "“12.5” has too many decimals: JPY has no decimals."),
        ("12,50,50", "GBP", "“12,50,50” is not clear. Type it without separators of thousands."),
        ("0,123,456", "GBP", "“0,123,456” is not clear. Type it without separators of thousands."),
        (
            "9" * 40,
            "GBP",
            "“99999999999999999999999999999…” is larger than 10000000000.00, the most there can be.",
        ),
    ],
)
def test_what_is_no_amount_says_so_and_what_to_type(typed, currency, expected):
    with pytest.raises(NotAnAmount) as refusal:
        money.parse_minor(typed, currency)
    assert str(refusal.value) == expected


def test_amounts_below_zero_are_read_where_they_may_be():
    assert money.parse_minor("-12.50", "GBP", may_be_negative=True) == -1250
    assert money.parse_minor("\u221212.50", "GBP", may_be_negative=True) == -1250
    assert money.parse_minor("-£12.50", "GBP", may_be_negative=True) == -1250


@given(st.integers(0, 10**12), st.sampled_from(["GBP", "JPY", "KWD", "CLF"]))
def test_what_a_form_was_filled_with_is_read_back_unchanged(minor, currency):
    assert money.parse_minor(money.plain(minor, currency), currency) == minor


@given(st.text(max_size=40))
def test_whatever_is_typed_is_an_amount_or_a_sentence(typed):
    try:
        assert money.parse_minor(typed, "GBP") >= 0
    except NotAnAmount as refusal:
        assert str(refusal).endswith(".")


@pytest.mark.parametrize(
    ("minor", "currency", "sign", "words"),
    [
        (168000, "GBP", False, "£1,680.00"),
        (-4500, "GBP", False, "\N{MINUS SIGN}£45.00"),
        (4500, "EUR", True, "+€45.00"),
        (1250, "JPY", False, "¥1,250"),
        (600, "CHF", False, "CHF\N{NO-BREAK SPACE}6.00"),
    ],
)
def test_an_amount_is_shown_as_people_read_it(minor, currency, sign, words):
    assert money.shown(minor, currency, sign=sign) == words
