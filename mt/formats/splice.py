"""Text files that change in places only: what stands between the places stays as it is, to the last character."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """What is put in the place of a part of a text. start, end: character offsets; equal: an insertion."""

    start: int
    end: int
    text: str


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; they may come in any order, and those at one place are made in theirs.

    >>> spliced("a, b", [Edit(3, 4, "c"), Edit(0, 0, "> ")])
    '> a, c'
    """
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        assert position <= edit.start <= edit.end <= len(text), "edits overlap"
        parts += (text[position : edit.start], edit.text)
        position = edit.end
    return "".join([*parts, text[position:]])


def line_of(text: str, position: int) -> int:
    """The number of the line, from 1 on, for messages."""
    return text.count("\n", 0, position) + 1
