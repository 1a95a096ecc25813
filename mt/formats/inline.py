"""What stands inside text but is not text: lifted out before translation, put back at the right English words.

A reader gives blocks with marks (`mt.data.Mark`); `english` gives the English of each block with the same
marks, projected by word alignment. Every mark comes back once, inside the marks it was in, and none cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from mt.alignment import align
from mt.data import Block, Flag, Mark, Result, Translation, pieces
from mt.errors import InputError
from mt.formats.projection import Align, Sentence, project


@dataclass(frozen=True, slots=True)
class Translated:
    """The English of one block, its marks in the order in which they open there, and what is doubtful in it."""

    text: str
    marks: tuple[Mark, ...] = ()
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, or where a mark opens, closes or (a point or a break) stands."""

    kind: Literal["text", "open", "close", "point"]
    text: str = ""
    key: int = -1


def english(result: Result, align: Align = align) -> tuple[Translated, ...]:
    """The English of every block of the source. A block that came back as it was keeps its text and marks exactly."""
    groups = {i: list(group) for i, group in groupby(result.translations, lambda t: t.segment.block)}
    return tuple(_english(block, groups.get(i, []), align) for i, block in enumerate(result.document.blocks))


def checked(result: Result, blocks: Sequence[Block], path: Path) -> tuple[Translated, ...]:
    """`english`, for a writer that has read the source again and found `blocks` in it.

    Raises InputError where they are not those that were translated.
    """
    if [block.text for block in blocks] != [block.text for block in result.document.blocks]:
        raise InputError(f"{path}: has changed since it was read; translate it again")
    return english(result)


def weave(text: str, marks: Sequence[Mark]) -> Iterator[Piece]:
    """Text and marks as a stream, well nested; the white space of a break is left out.

    >>> [piece.text or piece.kind for piece in weave("an example", (Mark(0, 3, 10), Mark(1, 10, 10, 1)))]
    ['an ', 'open', 'example', 'point', 'close']
    """
    at = 0
    around: list[Mark] = []

    def until(end: int) -> Iterator[Piece]:
        nonlocal at
        if at < end:
            yield Piece("text", text[at:end])
            at = end

    for i, mark in enumerate(marks):
        holds_another = i + 1 < len(marks) and marks[i + 1].depth > mark.depth
        while len(around) > mark.depth:
            outer = around.pop()
            yield from until(outer.end)
            yield Piece("close", key=outer.key)
        yield from until(mark.start)
        if not text[mark.start : mark.end].strip() and not holds_another:
            yield Piece("point", key=mark.key)
            at = mark.end
        else:
            yield Piece("open", key=mark.key)
            around.append(mark)
    for outer in reversed(around):
        yield from until(outer.end)
        yield Piece("close", key=outer.key)
    yield from until(len(text))


def _english(block: Block, translations: Sequence[Translation], align: Align) -> Translated:
    flags = frozenset(flag for translation in translations for flag in translation.flags)
    if all(translation.text == translation.segment.text for translation in translations):
        return Translated(block.text, block.marks, flags)
    written = pieces(list(translations))
    text = "".join(written)
    if not block.marks:
        return Translated(text, (), flags)
    sentences = []
    source_at = target_at = 0
    for translation, piece in zip(translations, written, strict=True):
        inside = target_at + piece.index(translation.text)
        sentences.append(Sentence(source_at, translation.segment.text, inside, translation.text))
        source_at += len(translation.segment.text) + len(translation.segment.tail)
        target_at += len(piece)
    return Translated(*project(block.text, block.marks, text, sentences, align), flags)
