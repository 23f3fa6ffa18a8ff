"""Codes: one for each row number, short, and forgiving to whoever types them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.lib import codes
from studio.lib.codes import CodeConverter, NotACode

ROW_NUMBERS = st.integers(0, 2**63 - 1)


@given(ROW_NUMBERS)
def test_every_number_comes_back_from_its_code(number):
    assert codes.decode(codes.encode(number)) == number


@pytest.mark.parametrize("number", [0, 1, 2**30 - 1, 2**30, 2**30 + 2**35 - 1, 2**30 + 2**35, 2**63 - 1])
def test_every_number_comes_back_where_codes_grow_longer(number):
    assert codes.decode(codes.encode(number)) == number


def test_no_two_of_the_first_ten_thousand_numbers_share_a_code():
    assert len({codes.encode(number) for number in range(10_000)}) == 10_000


def test_codes_never_change():
    """Links that were printed or sent must keep working: changing these figures breaks every one of them."""
    assert [codes.encode(number) for number in (1, 2, 3, 12, 2**30, 2**63 - 1)] == [
        "195c4n", "17mq9z", "chhgcn", "e63ymk", "0000000", "7zk0vgxtfcytt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "length"), [(1, 6), (2**30 - 1, 6), (2**30, 7), (2**30 + 2**35, 8), (2**63 - 1, 13)]
)
def test_a_code_is_six_characters_up_to_a_billion_rows_and_grows_beyond(number, length):
    assert len(codes.encode(number)) == length


@given(ROW_NUMBERS)
def test_codes_are_read_as_people_type_them(number):
    code = codes.encode(number)
    mistyped = code.upper().replace("0", "O").replace("1", "l")
    assert codes.decode(f"{mistyped[:3]}-{mistyped[3:]} ") == number
    assert codes.decode(code.replace("1", "I").replace("0", "o")) == number


@pytest.mark.parametrize(
    "text", ["", "abc", "k7f3q", "u7f3qa", "k7f3q!", "0" * 14, "yyyyyyyyyyyyy", "kéf3qa"]
)
def test_what_is_no_code_is_refused(text):
    with pytest.raises(NotACode, match="is not a code"):
        codes.decode(text)


@pytest.mark.parametrize("number", [-1, 2**63, 1.0, True, "1", None])
def test_only_row_numbers_have_codes(number):
    with pytest.raises(ValueError, match="row numbers"):
        codes.encode(number)


def test_an_address_carries_the_code_and_the_view_gets_the_number():
    converter = CodeConverter()
    assert converter.to_url(12) == codes.encode(12)
    assert converter.to_python("E63-YMK") == 12
    with pytest.raises(ValueError, match="is not a code"):
        converter.to_python("u-u-u-u")
