"""Numbers by value in both languages: `cases/numbers.json` holds texts with their values, and pairs that agree or differ."""

import json
from decimal import Decimal
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.numbers import read, unmatched


class Pair(TypedDict):
    arabic: str
    english: str
    missing: list[str]
    added: list[str]


class Cases(TypedDict):
    read: list[tuple[str, list[str]]]
    nothing: list[str]
    pairs: list[Pair]


CASES: Cases = json.loads((Path(__file__).parent / "cases" / "numbers.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "values"), CASES["read"])
def test_read_gives_the_value(text: str, values: list[str]) -> None:
    assert {value for number in read(text) for value in number.values} == {Decimal(value) for value in values}


@pytest.mark.parametrize("text", CASES["nothing"])
def test_read_finds_no_number(text: str) -> None:
    assert [number.text for number in read(text) if number.firm or number.kind != "hint"] == []


@pytest.mark.parametrize("pair", CASES["pairs"], ids=lambda pair: pair["english"])
def test_unmatched_names_what_differs(pair: Pair) -> None:
    arabic, english = read(pair["arabic"]), read(pair["english"])
    assert [number.text for number in unmatched(arabic, english)] == pair["missing"]
    hidden = {Decimal(1), Decimal(2)}  # by the singular and the dual of the noun
    added = [number for number in unmatched(english, arabic) if number.kind != "digits" or not number.values <= hidden]
    assert [number.text for number in added] == pair["added"]


def test_there_are_cases_of_both_kinds() -> None:
    differ = [pair for pair in CASES["pairs"] if pair["missing"] or pair["added"]]
    assert len(differ) >= 15
    assert len(CASES["pairs"]) - len(differ) >= 15


@given(st.text(st.sampled_from("٠١٣0123459.,:،٫٬/-% \N{NO-BREAK SPACE}\N{ARABIC FATHA}\N{ARABIC TATWEEL}²½sk") | st.characters()))
def test_read_never_fails_and_a_text_agrees_with_itself(text: str) -> None:
    numbers = read(text)
    assert unmatched(numbers, numbers) == []
    assert all(number.text in text for number in numbers)


WORDS = "خمسة وعشرون ألف آلاف مليونان ونصف مئة ثلث الثالث عشر 3 و500 half a hundred million and two fifth".split()


@given(st.lists(st.sampled_from(WORDS)))
def test_any_order_of_number_words_agrees_with_itself(words: list[str]) -> None:
    numbers = read(" ".join(words))
    assert unmatched(numbers, numbers) == []


@given(st.integers(min_value=3, max_value=10**15))
def test_digits_of_both_scripts_and_groupings_agree(value: int) -> None:
    eastern = str(value).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for english in (str(value), f"{value:,}"):
        assert unmatched(read(eastern), read(english)) == []
        assert unmatched(read(english), read(eastern)) == []


@pytest.mark.parametrize("piece", ["1", "12 ", "1 000 ", "1/2/", "0,000", "خمسة و", "مليون و", "half a ", "1:", "http://a ", "x@"])
def test_read_takes_a_hundred_thousand_characters(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert unmatched(read(text), read(text)) == []
