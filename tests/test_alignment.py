"""Word alignment: against links made by hand, and what must hold for any text."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.alignment import align, words
from mt.alignment.lexicon import NOTHING, Frequency, pack, read
from mt.alignment.named import invented

CASES = json.loads((Path(__file__).parent / "cases" / "alignment.json").read_text(encoding="utf-8"))
Pair = tuple[int, int]


class Gold(NamedTuple):
    """Links by hand: those that must be there, and those that may."""

    sure: frozenset[Pair]
    possible: frozenset[Pair]


def text_words(text: str) -> list[str]:
    return [text[span.start : span.end] for span in words(text)]


def gold(case: dict[str, str]) -> Gold:
    """Read `links`: `word=English words; ...` in order, ` | ` between parts that stand apart, brackets around what may be linked."""
    source, target = text_words(case["source"]), text_words(case["target"])
    sure: set[Pair] = set()
    possible: set[Pair] = set()
    taken: set[int] = set()
    position = 0
    for entry in case["links"].split("; "):
        word, english = entry.split("=")
        position = source.index(word, position)
        used = [place for part in english.split(" | ") for place in _places(part, target, taken)]
        for j, optional in used:
            (possible if optional else sure).add((position, j))
        position += 1
    return Gold(frozenset(sure), frozenset(sure | possible))


def _places(part: str, target: list[str], taken: set[int]) -> Iterator[tuple[int, bool]]:
    """Places of a run of English words, those first that no other word has, and whether each is in brackets."""
    wanted: list[tuple[str, bool]] = []
    inside = False
    for piece in part.split():
        inside = inside or piece.startswith("(")
        wanted += [(word, inside) for word in text_words(piece)]
        inside = inside and not piece.endswith(")")
    plain = [word for word, _ in wanted]
    starts = [i for i in range(len(target) - len(plain) + 1) if target[i : i + len(plain)] == plain]
    assert starts, f"{part!r} is not in {target}"
    start = min(starts, key=lambda i: (len(taken & set(range(i, i + len(plain)))), i))
    taken.update(range(start, start + len(plain)))
    return ((start + k, optional) for k, (_, optional) in enumerate(wanted))


class Scores(NamedTuple):
    """Of links found: precision against what may be, recall of what must be, and the error rate of both."""

    precision: float
    recall: float
    error: float


def scores(found: list[frozenset[Pair]], wanted: list[Gold]) -> Scores:
    right = sum(len(links & one.possible) for links, one in zip(found, wanted, strict=True))
    hit = sum(len(links & one.sure) for links, one in zip(found, wanted, strict=True))
    total, sure = sum(map(len, found)), sum(len(one.sure) for one in wanted)
    return Scores(right / total, hit / sure, 1 - (right + hit) / (total + sure))


def diagonal(case: dict[str, str]) -> frozenset[Pair]:
    """Every English word with the word at the same relative place."""
    rows, columns = len(words(case["source"])), len(words(case["target"]))
    return frozenset((int((j + 0.5) / columns * rows), j) for j in range(columns))


def found(case: dict[str, str]) -> frozenset[Pair]:
    return frozenset((link.source, link.target) for link in align(case["source"], case["target"]))


def test_links_are_far_better_than_by_position() -> None:
    wanted = [gold(case) for case in CASES]
    ours, by_position = scores([found(case) for case in CASES], wanted), scores([diagonal(case) for case in CASES], wanted)
    assert ours.precision > 0.9
    assert ours.recall > 0.87
    assert ours.error < 0.11 < 0.6 < by_position.error


@pytest.mark.parametrize(("source", "target", "links"), [
    ("اجتمع غوتيريش وبوتين", "Guterres and Putin met", [(0, 3), (1, 0), (2, 1), (2, 2)]),  # names by sound, a clitic by itself
    ("قُتل ٤٠ شخصا", "Forty people were killed", [(0, 3), (1, 0), (2, 1)]),  # a number by its value
    ("زار قاعدة NATO", "visited a NATO base", [(0, 0), (1, 1), (1, 3), (2, 2)]),  # Latin letters; the article goes with its noun
    ("حكومة الوحدة الوطنية", "the national unity government", [(0, 0), (0, 3), (1, 2), (2, 1)]),
])  # fmt: skip
def test_kinds_of_evidence(source: str, target: str, links: list[Pair]) -> None:
    assert {(link.source, link.target) for link in align(source, target)} >= set(links)


@pytest.mark.parametrize(
    ("source", "target"), [("", ""), ("", "a word"), ("كلمة", ""), ("...", "!"), ("ـــ", "The"), ("و" * 5000, "v" * 5000)]
)
def test_nothing_to_link(source: str, target: str) -> None:
    assert align(source, target) == ()


def test_long_texts_are_aligned_in_parts() -> None:
    source = " ".join(["وصل الوزير إلى القاهرة."] * 400)
    target = " ".join(["The minister arrived in Cairo."] * 400)
    links = {(link.source, link.target) for link in align(source, target)}
    assert sum((4 * i + 3, 5 * i + 4) in links for i in range(400)) > 350
    assert max(link.target for link in align(source, target)) == 1999


def test_scores_and_order() -> None:
    links = align(CASES[0]["source"], CASES[0]["target"])
    assert list(links) == sorted(links, key=lambda link: (link.source, link.target))
    assert all(0 < link.score <= 1 for link in links)


@pytest.mark.parametrize(("text", "expected"), [
    ("والكويتُ (KFOR) 4,500 جندي", ["والكويتُ", "KFOR", "4,500", "جندي"]),
    ("Egypt's U.S. envoy—22:30, twenty-five", ["Egypt's", "U.S.", "envoy", "22:30", "twenty", "five"]),
    ("", []),
])  # fmt: skip
def test_words(text: str, expected: list[str]) -> None:
    assert text_words(text) == expected


@given(st.text(st.sampled_from("اب وقال٣3., \n-TheaﷺéU.'s\N{ARABIC FATHA}\N{ARABIC TATWEEL}")), st.text(max_size=60))
def test_align_never_fails(source: str, target: str) -> None:
    first, second = len(words(source)), len(words(target))
    assert all(link.source < first and link.target < second for link in align(source, target))


def test_lexicon_is_packed_and_read_back(tmp_path: Path) -> None:
    rows = {"حكومة": [("govern", 0.9, 0.5), (NOTHING, 0.1, 0.0)], "و+": [("and", 0.8, 0.9)]}
    pack(tmp_path / "l.npz", rows, {"حكومة": Frequency(100, 80), "و+": Frequency(500, 0)}, {"govern": 0.01, "and": 0.0})
    held = read(tmp_path / "l.npz")
    entry = held.row("حكومة")[held.english["govern"]]
    assert entry == pytest.approx((0.9, 0.5), abs=0.02)
    assert held.row("حكومات") == held.row("حكومة")
    assert held.is_noun("حكومة")
    assert not held.is_noun("و+")
    assert held.untranslated("حكومة") == pytest.approx(0.1, abs=0.02)
    assert (held.is_name("govern"), held.is_name("Guterres")) == (False, True)


@pytest.mark.parametrize(("source", "english", "names"), [
    ("التقى الرئيس وزير خارجية فرنسا", "The president met Guterres, the French foreign minister", ["Guterres"]),
    ("التقى غوتيريش وزير خارجية فرنسا", "Guterres's deputy met Antonio Guterres in France", ["Antonio"]),
    ("التقى غوتيريش وزير خارجية فرنسا", "The minister met Guterres", []),
    ("قال: أهلا", "He said: Welcome", []),
])  # fmt: skip
def test_invented_names(source: str, english: str, names: list[str]) -> None:
    assert invented(source, english) == names
