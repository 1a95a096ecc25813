"""The flags, from `cases/check.json`: for each, pairs of source and English that raise it and pairs that must not."""

import json
from pathlib import Path
from typing import TypedDict, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.check import BADNESS, EXPLANATIONS, FINDERS, badness, check, explain
from mt.data import Flag, Hypothesis


class Cases(TypedDict):
    raised: list[tuple[str, str]]
    quiet: list[tuple[str, str]]


CASES: dict[Flag, Cases] = json.loads((Path(__file__).parent / "cases" / "check.json").read_text(encoding="utf-8"))
FLAGS: tuple[Flag, ...] = get_args(Flag)
RAISED = [(flag, source, english) for flag, cases in CASES.items() for source, english in cases["raised"]]
QUIET = [(flag, source, english) for flag, cases in CASES.items() for source, english in cases["quiet"]]

LETTERS = "اب وقال٣3.,:!؟ \n-/@#<>NATOthe\N{ARABIC TATWEEL}\N{ARABIC FATHA}é中🙂\N{RIGHT-TO-LEFT MARK}"
TEXTS = st.text(st.sampled_from(LETTERS) | st.characters())
PIECES = ["كلمة ", "a", "A", " ", "\n", "a b c d e f ", "ab ", "no, ", "a-", "中", "English:", "<", ".", "٣٫", "\N{ARABIC FATHA}", "🙂"]


def flags(source: str, english: str, *, truncated: bool = False) -> frozenset[Flag]:
    return check(source, Hypothesis(english, score=-0.5, tokens=5, truncated=truncated))


@pytest.mark.parametrize(("flag", "source", "english"), RAISED)
def test_flag_is_raised(flag: Flag, source: str, english: str) -> None:
    assert flag in flags(source, english)


@pytest.mark.parametrize(("flag", "source", "english"), QUIET)
def test_flag_is_not_raised(flag: Flag, source: str, english: str) -> None:
    assert flag not in flags(source, english)


@pytest.mark.parametrize("flag", FINDERS)
def test_every_finder_has_cases_in_both_directions(flag: Flag) -> None:
    assert min(len(CASES[flag]["raised"]), len(CASES[flag]["quiet"])) >= 8


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag_has_an_explanation_and_a_weight(flag: Flag) -> None:
    assert EXPLANATIONS[flag].endswith(".")
    assert flag in BADNESS


def test_a_good_translation_has_no_flags() -> None:
    assert flags("وصل ٤٠ جنديا من قوة KFOR في حزيران.", "Forty KFOR soldiers arrived in June.") == frozenset()


def test_truncated_when_the_engine_says_so() -> None:
    assert flags("وصل الوفد.", "The delegation arrived.", truncated=True) == {"truncated"}


def test_empty_stands_alone() -> None:
    assert flags("قتل 40 شخصا من NATO.", "") == {"empty"}


@pytest.mark.parametrize(("worse", "better"), [
    (["empty"], ["repetition"]),
    (["repetition"], ["numbers"]),
    (["echo"], ["acronyms"]),
    (["numbers", "acronyms"], ["numbers"]),
    (["too_short"], ["source_language"]),
    (["acronyms"], []),
])  # fmt: skip
def test_badness_orders_attempts(worse: list[Flag], better: list[Flag]) -> None:
    assert badness(worse) > badness(better)


@pytest.mark.parametrize(("source", "english", "said"), [
    ("وصل 40 جنديا", "Soldiers arrived.", "The source has 40, the English does not."),
    ("وصل الوفد", "17 men arrived", "The English has 17, the source does not."),
    ("قوة (KFOR) و(NALT)", "the force", "Missing in the English: KFOR, NALT."),
    ("وصل الوفد.", "The وفد arrived.", "Not English: وفد."),
    ("وصل الوفد.", "He said that he said that he said that.", "The English repeats “he said that”."),
    ("این کتاب برای شما است", "This book is for you", "The source looks like Persian, not Arabic."),
    ("وصل الوفد.", "English: It arrived.", "The model says “English:” instead of translating only."),
    ("وصل الوفد إلى القاهرة.", "The delegation arrived in the", "The English stops in the middle, at “the”."),
])  # fmt: skip
def test_explain_names_the_thing(source: str, english: str, said: str) -> None:
    assert said in explain(source, english, flags(source, english))


def test_explain_says_the_worst_first_and_clips() -> None:
    source, english = "قتل " + "9" * 500 + " من NATO", "no"
    sentences = explain(source, english, {"acronyms", "numbers", "truncated"})
    assert [sentence[:12] for sentence in sentences] == ["The English ", "The source h", "Missing in t"]
    assert max(map(len, sentences)) < 200


@given(TEXTS, TEXTS)
def test_check_and_explain_never_fail(source: str, english: str) -> None:
    found = flags(source, english)
    sentences = explain(source, english, found)
    assert len(sentences) == len(found)
    assert all(sentences)


@given(TEXTS)
def test_source_as_translation_is_flagged_if_it_has_arabic(text: str) -> None:
    if any("ا" <= letter <= "ي" and letter.isalpha() and letter != "\N{ARABIC TATWEEL}" for letter in text):
        assert flags(text, text) & {"untranslated"}


@pytest.mark.parametrize("piece", PIECES)
def test_check_takes_a_hundred_thousand_characters(piece: str) -> None:
    """Quadratic work would take minutes here and run into the time limit of the tests."""
    long = piece * (100_000 // len(piece))
    for source, english in ((long, long), ("خبر قصير.", long), (long, "Short.")):
        found = flags(source, english)
        assert len(explain(source, english, found)) == len(found)
