"""Sources that are edited in place: paragraphs as rows of items, from them text with marks, and the English put back.

For formats whose readers know where everything stands in the source. What is not replaced stays to the letter.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal, TypeAlias

from mt.data import Block, BlockKind, Mark
from mt.errors import InputError
from mt.formats.inline import Translated, weave
from mt.formats.protection import protect
from mt.formats.splice import Edit

MAX_DEPTH = 100
"""Elements inside each other within one paragraph."""
_SPACE = re.compile(r"[ \t\n\r\f]+")

Place: TypeAlias = Literal["flow", "plain", "attribute"]
"""Where a part stands: in text that can hold tags, in text that cannot, in an attribute."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something inside a paragraph, its place in the source, and its text (of a break: the white space that it stands for)."""

    kind: Literal["text", "open", "close", "point", "break"]
    start: int
    end: int
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A translatable piece of a source.

    start, end: its place there. tags: by the key of a mark, where its opening and its closing tag are;
    taken: by key, what is protected inside the text.
    """

    block: Block
    start: int
    end: int
    tags: dict[int, tuple[slice, slice]] = field(default_factory=dict)
    taken: dict[int, tuple[str, str]] = field(default_factory=dict)
    place: Place = "flow"


Render: TypeAlias = Callable[[Part, Translated, Sequence[Edit]], str]


def parts(source: str, items: Sequence[Item], kind: BlockKind, place: Place, name: str) -> Iterator[Part]:
    """What is to be translated in a row of items. `name` is for the messages. Raises InputError where elements are too deep."""
    for row in _balanced(list(items)):
        filled = list(accumulate((item.kind == "text" and bool(item.text.strip()) for item in row), initial=0))
        pairs = _pairs(row)
        first, last = _trimmed(row, filled, pairs)
        if first >= last:
            continue
        made = _Paragraph(row, filled, pairs)
        made.add(first, last)
        text = made.text.rstrip()
        marks = tuple(Mark(mark.key, min(mark.start, len(text)), min(mark.end, len(text)), mark.depth) for mark in made.marks)
        if max((mark.depth for mark in marks), default=0) > MAX_DEPTH:
            raise InputError(f"{name}: more than {MAX_DEPTH} elements inside each other in one paragraph; it is refused for safety")
        safe = protect(text, marks)
        if not any(character.isalnum() for character in safe.text):
            continue
        whole = source[row[first].start : row[last - 1].end]
        start = row[first].start + len(whole) - len(whole.lstrip())
        end = row[last - 1].end - len(whole) + len(whole.rstrip())
        yield Part(Block(safe.text, kind, "\n", safe.marks), start, end, made.tags, dict(safe.taken), place)


def woven(source: str, part: Part, english: Translated, edits: Sequence[Edit], escaped: Callable[[str], str]) -> str:
    """The English of a part with its tags, as they are in the source but for the edits in them."""
    written = []
    for piece in weave(english.text, english.marks):
        if piece.kind == "text":
            written.append(escaped(piece.text))
        elif piece.key in part.taken:
            opening, closing = part.taken[piece.key]
            written.append(escaped(closing if piece.kind == "close" else opening))
        else:
            ends = part.tags[piece.key]
            wanted = {"open": ends[:1], "close": ends[1:], "point": ends}[piece.kind]
            written += [edited(source, edits, where.start, where.stop) for where in wanted]
    return "".join(written)


def rewritten(source: str, found: Sequence[Part], translated: Sequence[Translated], edits: Sequence[Edit], render: Render) -> str:
    """The source with its parts in English and the other edits; parts in attributes may lie inside others.

    A part whose English is its source is not touched.
    """
    changed = [(part, english) for part, english in zip(found, translated, strict=True) if _changed(part, english)]
    inner = [Edit(part.start, part.end, render(part, english, ())) for part, english in changed if part.place == "attribute"]
    small = sorted([*edits, *inner], key=lambda edit: edit.start)
    made: list[Edit] = []
    at = 0
    for part, english in changed:
        if part.place != "attribute":
            made += small[at : bisect_left(small, part.start, key=lambda edit: edit.start)]
            made.append(Edit(part.start, part.end, render(part, english, small)))
            at = bisect_left(small, part.end, key=lambda edit: edit.start)
    return edited(source, made + small[at:], 0, len(source))


def edited(source: str, edits: Sequence[Edit], start: int, end: int) -> str:
    """A part of the source with the edits that lie in it; edits are in order."""
    written, at = [], start
    for i in range(bisect_left(edits, start, key=lambda edit: edit.start), len(edits)):
        if edits[i].end > end:
            break
        written += [source[at : edits[i].start], edits[i].text]
        at = edits[i].end
    return "".join(written) + source[at:end]


def _changed(part: Part, english: Translated) -> bool:
    return english.text != part.block.text or english.marks != part.block.marks


class _Paragraph:
    """Text and marks of a row of items."""

    def __init__(self, items: Sequence[Item], filled: Sequence[int], pairs: dict[int, int]) -> None:
        self.items, self.filled, self.pairs = items, filled, pairs
        self.text = ""
        self.marks: list[Mark] = []
        self.tags: dict[int, tuple[slice, slice]] = {}
        self.fixed = 0
        """Characters that a mark refers to, which may not go any more."""
        self.behind_point = False
        """No text came since a point, so that white space there is white space on its other side."""

    def add(self, first: int, last: int) -> None:
        """Add the items from first up to last."""
        around: list[int] = []
        i = first
        while i < last:
            item = self.items[i]
            if item.kind == "text":
                collapsed = _SPACE.sub(" ", item.text)
                spaced = not self.text or (self.text[-1].isspace() and not self.behind_point)
                self.text += collapsed.lstrip(" ") if spaced else collapsed
                self.behind_point = self.behind_point and not collapsed
            elif item.kind == "break":
                self._add_break(item, len(around))
            elif item.kind == "close":
                key = around.pop()
                self.marks[key] = Mark(key, self.marks[key].start, len(self.text), self.marks[key].depth)
                self.fixed = len(self.text)
            elif item.kind == "open" and self.filled[self.pairs[i]] > self.filled[i]:
                closing = self.items[self.pairs[i]]
                around.append(self._mark(slice(item.start, item.end), slice(closing.start, closing.end), len(around)))
            else:
                if item.kind == "open":  # nothing to read in it: a point as a whole
                    i = self.pairs[i]
                self._mark(slice(item.start, self.items[i].end), slice(0, 0), len(around))
                self.behind_point = True
            i += 1

    def _mark(self, opening: slice, closing: slice, depth: int) -> int:
        key = len(self.marks)
        self.marks.append(Mark(key, len(self.text), len(self.text), depth))
        self.tags[key] = (opening, closing)
        self.fixed = len(self.text)
        return key

    def _add_break(self, item: Item, depth: int) -> None:
        if self.text.endswith(" ") and len(self.text) > self.fixed:
            self.text = self.text[:-1]
        key = self._mark(slice(item.start, item.end), slice(0, 0), depth)
        self.text += item.text
        self.marks[key] = Mark(key, len(self.text) - len(item.text), len(self.text), depth)
        self.fixed = len(self.text)


def _pairs(items: Sequence[Item]) -> dict[int, int]:
    """Index of an opening tag -> index of its closing one and the reverse, for tags that cross no others."""
    around: list[int] = []
    pairs = {}
    for i, item in enumerate(items):
        if item.kind == "open":
            around.append(i)
        elif item.kind == "close" and any(items[j].name == item.name for j in around[-MAX_DEPTH:]):
            while items[around[-1]].name != item.name:
                around.pop()
            pairs[i] = around.pop()
            pairs[pairs[i]] = i
    return pairs


def _balanced(items: list[Item]) -> list[list[Item]]:
    """Cut at tags that have no partner, so that these stay where they are."""
    done: list[tuple[int, list[Item]]] = []
    left = [items]
    for attempt in range(4):
        cut: list[list[Item]] = []
        for row in left:
            pairs = _pairs(row)
            alone = [i for i, item in enumerate(row) if item.kind in {"open", "close"} and (i not in pairs or attempt == 3)]
            if not alone:
                done.append((row[0].start if row else 0, row))
                continue
            cut += [row[i + 1 : j] for i, j in zip([-1, *alone], [*alone, len(row)], strict=True) if j > i + 1]
        left = cut
    done += [(row[0].start, row) for row in left]
    return [row for _, row in sorted(done, key=lambda placed: placed[0])]


def _trimmed(items: Sequence[Item], filled: Sequence[int], pairs: dict[int, int]) -> tuple[int, int]:
    """From where and up to where there is something to translate: what stands around that stays as it is."""
    first, last = 0, len(items)
    while first < last:
        head, tail = items[first], items[last - 1]
        if head.kind == "open" and pairs[first] == last - 1:
            first, last = first + 1, last - 1
        elif head.kind == "open" and filled[pairs[first]] == filled[first]:
            first = pairs[first] + 1
        elif tail.kind == "close" and filled[pairs[last - 1]] == filled[last - 1]:
            last = pairs[last - 1]
        elif head.kind in {"point", "break"} or (head.kind == "text" and filled[first + 1] == filled[first]):
            first += 1
        elif tail.kind in {"point", "break"} or (tail.kind == "text" and filled[last] == filled[last - 1]):
            last -= 1
        else:
            break
    return first, last
