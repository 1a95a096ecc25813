"""Sentences, blocks and parts that fit: tables of cases, and nothing lost for any text."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.data import Block, Document, Segment
from mt.segmentation import document, fit, segments, split

HERE = Path(__file__).parent
SENTENCES = json.loads((HERE / "cases/segmentation_sentences.json").read_text("utf8"))
BLOCKS = json.loads((HERE / "cases/segmentation_blocks.json").read_text("utf8"))
PARTS = json.loads((HERE / "cases/segmentation_parts.json").read_text("utf8"))

ALPHABET = (
    "ابتدمنوهيأإةىءؤ"
    "aBz"
    "019٣٫٬٪%"
    ".,،؛:!?؟۔…-–—*•"
    "\"'«»“”‘’()[]{}"
    "   \t\n\n\r\v\x1c\x85\u00a0\u2028\u3000"
    "\N{ARABIC FATHA}\N{ARABIC SHADDA}\N{ARABIC TATWEEL}\N{RIGHT-TO-LEFT MARK}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH JOINER}\N{BOM}\x00\x07"
    "😀👍🏽🇪🇬\N{VARIATION SELECTOR-16}\ud83d\ude00@/#_"
)
PIECES = [
    *("وقال الوزير", "د. ", "أ.م.", "www.un.org", "3.5٪", "\r\n", "\n\n", "كتب: محمد\n", "- نعم؟\n", "1. بند\n"),
    *("..", "...", "».", "[1]", ". "),
]
TEXTS = st.text(ALPHABET) | st.lists(st.sampled_from(PIECES) | st.text(ALPHABET, max_size=8)).map("".join) | st.text()
UNITS = st.sampled_from(["sentence", "block"])


def joined(found: Iterable[Segment]) -> str:
    return "".join(segment.text + segment.tail for segment in found)


def names(cases: Sequence[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


# Sentences


@pytest.mark.parametrize("case", SENTENCES, ids=names(SENTENCES))
def test_split_finds_the_sentences(case: dict[str, Any]) -> None:
    assert [segment.text for segment in split(case["text"])] == case["sentences"], case["why"]


@pytest.mark.parametrize("case", SENTENCES, ids=names(SENTENCES))
def test_sentences_are_the_same_in_the_middle_of_a_document(case: dict[str, Any]) -> None:
    text = f"مقدمة قصيرة انتهت.\n\n{case['text']}\n\nخاتمة قصيرة انتهت."
    assert [segment.text for segment in split(text)][1:-1] == case["sentences"], case["why"]


def test_table_has_enough_cases_that_must_not_be_split() -> None:
    assert len(SENTENCES) >= 150
    assert sum(len(case["sentences"]) == 1 for case in SENTENCES) >= len(SENTENCES) / 3


@given(TEXTS)
@settings(deadline=None, max_examples=150)
def test_split_joins_to_the_text(text: str) -> None:
    found = split(text)
    assert joined(found) == text
    assert all(segment.text == segment.text.strip() and not segment.tail.strip() for segment in found)
    assert all(segment.text for segment in found[1:])
    assert [segment.block for segment in found] == sorted(segment.block for segment in found)


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_split_of_one_sentence_is_that_sentence_on_one_line(text: str) -> None:
    for segment in split(text):
        if segment.text and "\n" not in segment.text and "\t" not in segment.text:
            assert joined(split(segment.text)) == segment.text


def test_split_of_nothing_is_nothing() -> None:
    assert split("") == []


@pytest.mark.parametrize("blank", [" ", "\n", " \t\r\n ", "\u3000"])
def test_split_of_a_blank_text_keeps_the_white_space(blank: str) -> None:
    assert split(blank) == [Segment("", blank)]


def test_white_space_at_the_start_is_an_empty_segment() -> None:
    assert split("\n نعم. لا.\n")[0] == Segment("", "\n ")


@pytest.mark.parametrize(
    "unit", ["نعم. ", "( ", "(نص. ", "1. ", '"', "أ.", "..", "« ", "!", "- نعم\n", "a\tb\n", " ", "في «لا!» ", "[1]", "د. "]
)
def test_split_stays_linear_on_repeated(unit: str) -> None:
    """A quadratic splitter would need minutes for these."""
    text = unit * (50_000 // len(unit))
    assert joined(split(text)) == text


# Blocks


@pytest.mark.parametrize("case", BLOCKS, ids=names(BLOCKS))
def test_document_finds_the_blocks(case: dict[str, Any]) -> None:
    assert [[block.kind, block.text] for block in document(case["text"]).blocks] == case["blocks"], case["why"]


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_document_joins_to_the_text(text: str) -> None:
    found = document(text)
    assert found.text == text
    assert all(block.text == block.text.strip() for block in found.blocks[1:])
    assert all(not block.tail.strip() for block in found.blocks)


@given(TEXTS, UNITS)
@settings(deadline=None, max_examples=100)
def test_segments_of_a_block_join_to_its_text(text: str, unit: Literal["sentence", "block"]) -> None:
    whole = document(text)
    found = segments(whole, unit)
    for index, block in enumerate(whole.blocks):
        assert joined(segment for segment in found if segment.block == index) == block.text


@given(st.lists(TEXTS, max_size=4), UNITS)
@settings(deadline=None, max_examples=100)
def test_segments_join_for_blocks_of_any_reader(texts: list[str], unit: Literal["sentence", "block"]) -> None:
    whole = Document(tuple(Block(text) for text in texts))
    found = segments(whole, unit)
    for index, text in enumerate(texts):
        own = [segment for segment in found if segment.block == index]
        assert joined(own) == text
        assert all(segment.text for segment in own[1:])


def test_segments_by_block_are_whole_blocks() -> None:
    assert segments(document("واحد. اثنان.\n\nثلاثة."), "block") == [Segment("واحد. اثنان.", "", 0), Segment("ثلاثة.", "", 1)]


def test_document_keeps_the_id_and_finds_the_title() -> None:
    found = document("\n قمة في\tعمّان \n\nتبدأ القمة اليوم.", id="a1")
    assert (found.id, found.title) == ("a1", "قمة في عمّان")


def test_sample_article_is_fourteen_blocks() -> None:
    text = (HERE.parent / "seeds/nato-hague-summit.txt").read_text("utf8")
    found = document(text)
    assert [block.kind for block in found.blocks] == ["title", "byline", *["paragraph"] * 12]
    assert [block.text for block in found.blocks] == [line for line in text.split("\n") if line]


# Parts that fit a model


@pytest.mark.parametrize("case", PARTS, ids=names(PARTS))
def test_fit_cuts_where_it_should(case: dict[str, Any]) -> None:
    found = fit([Segment(case["text"], "\n", 3)], count=len, limit=case["limit"])
    assert [part.text for part in found] == case["parts"], case["why"]
    assert joined(found) == case["text"] + "\n"
    assert {part.block for part in found} == {3}


def words(text: str) -> int:
    return len(text.split())


def octets(text: str) -> int:
    return len(text.encode("utf8", "surrogatepass"))


@given(st.lists(TEXTS, max_size=3), st.sampled_from([len, words, octets]), st.integers(1, 40))
@settings(deadline=None, max_examples=150)
def test_fit_joins_to_the_text_within_the_limit(texts: list[str], count: Callable[[str], int], limit: int) -> None:
    given_ = [Segment(text, "\n", i) for i, text in enumerate(texts)]
    found = fit(given_, count, limit)
    for i, text in enumerate(texts):
        assert joined(part for part in found if part.block == i) == text + "\n"
    assert all(count(part.text) <= limit or len(part.text) == 1 for part in found)


def test_fit_leaves_alone_what_fits() -> None:
    given_ = [Segment("قال نعم. وقال لا.", " ", 1), Segment("", "\n", 2)]
    assert fit(given_, count=len, limit=17) == given_


def test_fit_ends_when_nothing_fits() -> None:
    assert [part.text for part in fit([Segment("ab c")], count=lambda text: 9, limit=1)] == ["a", "b", "c"]


@pytest.mark.parametrize("limit", [0, -1])
def test_fit_refuses_a_limit_below_one(limit: int) -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        fit([], count=len, limit=limit)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no space at all", "ا" * 100_000),
        ("words", "كلمة طويلة " * 9_000),
        ("clauses", "قال كذا، " * 11_000),
        ("sentences", "قال كذا. " * 11_000),
        ("digits", "12345" * 20_000),
        ("white space inside", "ا" + " " * 99_998 + "ب"),
        ("marks", "ا" + "\N{ARABIC FATHA}" * 99_999),
        ("two scripts", "a" * 50_000 + "ب" * 50_000),
    ],
)
def test_fit_counts_little_on_a_line_of_100_000_characters(name: str, text: str) -> None:
    asked: list[int] = []

    def count(part: str) -> int:
        asked.append(len(part))
        return octets(part) // 2 + 1

    found = fit([Segment(text)], count, limit=512)
    assert joined(found) == text
    assert all(octets(part.text) // 2 + 1 <= 512 for part in found)
    assert len(asked) <= 600
    assert sum(asked) <= 8 * len(text)


@pytest.mark.parametrize(
    "unit",
    [
        "👨\N{ZERO WIDTH JOINER}👩\N{ZERO WIDTH JOINER}👧",
        "👍🏽",
        "🇪🇬",
        "م\N{ARABIC DAMMA}",
        "e\N{COMBINING ACUTE ACCENT}",
        "❤\N{VARIATION SELECTOR-16}",
        "\ud83d\ude00",
    ],
)
@pytest.mark.parametrize("limit", [15, 16])
def test_fit_keeps_a_character_and_its_marks_together(unit: str, limit: int) -> None:
    parts = fit([Segment(unit * 60)], count=len, limit=limit)
    assert len(parts) > 1
    assert all(part.text == unit * (len(part.text) // len(unit)) for part in parts)


def test_fit_keeps_numbers_together() -> None:
    text = "رقم" + "٠" * 11 + "ثم3.500.000ثم" * 5
    parts = [part.text for part in fit([Segment(text)], count=len, limit=14)]
    assert sum(part.count("3.500.000") for part in parts) == 5
