"""Marks inside text: put back at the right words, never lost, doubled or crossing."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from mt.alignment import Link, align
from mt.data import Block, Mark
from mt.errors import InputError
from mt.formats.inline import Piece, Translated, checked, english, weave
from mt.formats.protection import protect, restored
from tests.marked import Case, cases, positional, projected, result

WORDS = "وصل الوفد إلى عمّان في المساء وقال الوزير إن المحادثات بدأت".split()
ENGLISH = "The delegation arrived in Amman in the evening and the minister said that the talks had begun".split()


def nothing(source: str, target: str) -> tuple[Link, ...]:
    """An aligner that finds no links."""
    return ()


@pytest.mark.parametrize(("name", "share"), [("inline", 0.9), ("inline_held_out", 0.75)])
def test_most_hand_made_cases_come_out_right_and_more_than_by_position(name: str, share: float) -> None:
    every = cases(name)
    right = sum(projected(case, align) in case.right for case in every)
    by_position = sum(projected(case, positional) in case.right for case in every)
    assert right >= share * len(every)
    assert right > 2 * by_position


@pytest.mark.parametrize("case", cases() + cases("inline_held_out"), ids=lambda case: case.english[:30])
def test_no_tag_is_lost_or_doubled(case: Case) -> None:
    made = protect(case.source)
    for links in (align, positional, nothing):
        done = english(result(made.text, made.marks, case.english), links)[0]
        assert sorted(mark.key for mark in done.marks) == sorted(mark.key for mark in made.marks)
        written = restored(done, made.taken)
        for opening, closing in made.taken.values():
            assert written.count(opening) == case.source.count(opening)
            assert not closing or written.count(closing) == case.source.count(closing)
        without = written
        for taken in made.taken.values():
            for part in taken:
                without = without.replace(part, "", 1)
        assert "".join(without.split()) == "".join(case.english.split())


def nested_marks(chance: random.Random, text: str) -> tuple[Mark, ...]:
    """Random marks: ranges, points and breaks, well nested."""
    marks: list[Mark] = []

    def fill(start: int, end: int, depth: int) -> None:
        at = start
        while at < end and len(marks) < 12:
            at += chance.randrange(0, 8)
            stop = min(at + chance.randrange(0, 20), end)
            if at >= end:
                break
            if text[at].isspace() and chance.random() < 0.4:
                marks.append(Mark(len(marks), at, at + 1, depth))
                at += 1
            elif chance.random() < 0.3:
                marks.append(Mark(len(marks), at, at, depth))
            elif text[at:stop].strip():
                marks.append(Mark(len(marks), at, stop, depth))
                if depth < 3:
                    fill(at, stop, depth + 1)
                at = stop

    fill(0, len(text), 0)
    return tuple(marks)


@pytest.mark.parametrize("seed", range(200))
def test_nothing_crosses_whatever_the_marks(seed: int) -> None:
    chance = random.Random(seed)
    text = " ".join(chance.choices(WORDS, k=chance.randrange(1, 12))) + chance.choice([".", "؟ ثم.", ""])
    plain = " ".join(chance.choices(ENGLISH, k=chance.randrange(0, 14))) + chance.choice([".", "", ", “so”."])
    marks = nested_marks(chance, text)
    links = chance.choice([align, positional, nothing])
    done = english(result(text, marks, plain), links)[0]
    assert sorted(mark.key for mark in done.marks) == list(range(len(marks)))
    around: list[int] = []
    outside: dict[int, int] = {}
    for piece in weave(done.text, done.marks):
        if piece.kind == "open":
            outside[piece.key] = around[-1] if around else -1
            around.append(piece.key)
        elif piece.kind == "point":
            outside[piece.key] = around[-1] if around else -1
        elif piece.kind == "close":
            assert around.pop() == piece.key
    assert around == []
    parents: dict[int, int] = {}
    stack: list[int] = []
    for mark in marks:
        del stack[mark.depth :]
        parents[mark.key] = stack[-1] if stack else -1
        stack.append(mark.key)
    assert outside == parents
    assert "".join(done.text.split()) == "".join(plain.split())


def test_a_block_that_comes_back_as_it_was_keeps_everything() -> None:
    block = Block("  وصل  الوفد.\n غادر ", marks=(Mark(0, 2, 5), Mark(1, 5, 7), Mark(2, 9, 9)))
    made = result(block.text, block.marks, "")
    same = tuple(t.__class__(t.segment, t.segment.text) for t in made.translations)
    assert english(replace(made, translations=same)) == (Translated(block.text, block.marks),)


@pytest.mark.parametrize(
    ("text", "marks", "wanted"),
    [
        ("plain", (), "plain"),
        ("ab", (Mark(0, 0, 2), Mark(1, 1, 1, 1)), "(a.b)"),
        ("ab", (Mark(0, 0, 2), Mark(1, 2, 2, 1)), "(ab.)"),
        ("ab", (Mark(0, 0, 2), Mark(1, 2, 2, 0)), "(ab)."),
        ("a b", (Mark(0, 1, 2),), "a.b"),
        ("a b", (Mark(0, 0, 1), Mark(1, 1, 2), Mark(2, 2, 3)), "(a).(b)"),
        ("", (Mark(0, 0, 0), Mark(1, 0, 0, 1)), "(.)"),
    ],
)
def test_weaving_nests_by_depth(text: str, marks: tuple[Mark, ...], wanted: str) -> None:
    signs = {"open": "(", "close": ")", "point": "."}
    assert "".join(piece.text or signs[piece.kind] for piece in weave(text, marks)) == wanted
    assert all(isinstance(piece, Piece) for piece in weave(text, marks))


@pytest.mark.parametrize(
    ("text", "left", "taken"),
    [
        ("مرحبا {name}، أهلا", "مرحبا ، أهلا", ["{name}"]),
        ("{{ user.name }} و ${x} و #{y}", " و  و ", ["{{ user.name }}", "${x}", "#{y}"]),
        ("%1$s من %d و%(count)d و %.2f", " من  و و ", ["%1$s", "%d", "%(count)d", "%.2f"]),
        ("50% سكان و 100%", "50% سكان و 100%", []),
        ("زر https://a.org/x?y=1،ثم", "زر ،ثم", ["https://a.org/x?y=1"]),
        ("(https://a.org/x).", ".", ["(https://a.org/x)"]),
        ("راسل a.b+c@news.example.org.", "راسل .", ["a.b+c@news.example.org"]),
        ("تابع @unicef_ar", "تابع ", ["@unicef_ar"]),
        ("عشرة&nbsp;أيام &amp; ليال", "عشرة أيام  ليال", ["&nbsp;", "&amp;"]),
        ("نص[12] آخر[^3]", "نص آخر", ["[12]", "[^3]"]),
        ("سطر<br/>سطر", "سطر سطر", ["<br/>"]),
        ("a < b > c و 5 <6", "a < b > c و 5 <6", []),
        ("قال: {نص}", "قال: ", ["{نص}"]),
    ],
)
def test_what_no_model_may_touch_is_taken_out_and_put_back(text: str, left: str, taken: list[str]) -> None:
    made = protect(text)
    assert made.text == left
    assert [opening for opening, _ in made.taken.values()] == taken
    assert restored(Translated(made.text, made.marks), made.taken) == text


def test_tags_in_plain_text_that_cross_come_back_as_they_were() -> None:
    made = protect("<b>نص <i>آخر</b> هنا</i>")
    assert restored(Translated(made.text, made.marks), made.taken) == "<b>نص <i>آخر</b> هنا</i>"


def test_marks_of_a_reader_move_along_and_what_they_cut_stays() -> None:
    made = protect("زر {x} هنا", (Mark(0, 3, 6), Mark(1, 7, 10)))
    assert made.text == "زر  هنا"
    assert [(mark.key, mark.start, mark.end, mark.depth) for mark in made.marks] == [(0, 3, 3, 0), (2, 3, 3, 1), (1, 4, 7, 0)]
    cut = protect("زر {xy} هنا", (Mark(0, 4, 5),))
    assert (cut.text, cut.taken) == ("زر {xy} هنا", {})


@pytest.mark.parametrize("piece", ["{", "a@", "<a ", "%", "&a", "http://", "a.", "[", "(", "<b>"])
def test_hostile_plain_text_comes_back(piece: str) -> None:
    text = piece * 10_000
    made = protect(text)
    assert restored(Translated(made.text, made.marks), made.taken) == text


def test_a_source_that_changed_is_refused() -> None:
    made = result("وصل الوفد.", (), "The delegation arrived.")
    with pytest.raises(InputError, match="a.html: has changed since it was read; translate it again"):
        checked(made, [Block("وصل الوزير.")], Path("a.html"))
