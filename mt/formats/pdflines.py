"""Lines of a PDF page in reading order. A PDF says where glyphs stand, not what is read after what.

Pieces of text come from pypdf with their places. Along a line they are in the order of the eye, left to right, and Arabic in the
order of reading inside each piece; here the pieces of a line are put into the order of reading. Brackets, which some
programs write as they look and others as they are meant, are turned where they close before they open.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING, Any

from mt.arabic import has_arabic, presentation_forms

if TYPE_CHECKING:
    from pypdf import PageObject

# Pieces whose baselines differ by less than this share of the size stand on one line; sub- and superscripts do.
SAME_LINE = 0.45
# The width of a letter as a share of the size, and the gap, in sizes, that is a new cell: between words it is about 0.3.
LETTER_WIDTH, CELL_GAP = 0.5, 2.0
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_DIGITS = "٠-٩۰-۹"
# What stands together and is read to the left, to the right, or as its neighbours: `وصل`, `NATO`, ` (`.
PART = re.compile(
    rf"(?P<number>[\d{_DIGITS}](?:[\d{_DIGITS}.,:/٫٬]*[\d{_DIGITS}])?(?![A-Za-zÀ-ɏ]))"
    rf"|(?P<left>[A-Za-zÀ-ɏ0-9](?:[^{_RIGHT}\n]*[A-Za-zÀ-ɏ0-9])?)|(?P<right>[{_RIGHT}]+)|(?P<neutral>.)",
    re.DOTALL,
)
ARABIC_NUMBER = re.compile(rf"[{_DIGITS}][{_DIGITS}.,:/٫٬]*[{_DIGITS}]")
BRACKETS = str.maketrans("()[]{}«»<>‹›", ")(][}{»«><›‹")
OPENERS, CLOSERS = frozenset("([{«‹"), frozenset(")]}»›")
STOPS = (".", "،", "؛", "؟", "!")
# Characters that have a direction to pypdf: quotation marks and brackets like `[` go to the right for it, but no `(`, `.`, `-`, `:`.
DIRECTED = re.compile(r"[^\x00-/:-@\u2000-\u206f\u20a0-\u21ff]")
RIGHTWARD = re.compile(rf"[^{_RIGHT}\x00-/:-@\u2000-\u206f\u20a0-\u21ff]")
# Spaces that no writer puts there: `( الناتو )`, `وقال .`
INSIDE = re.compile(r"(?<=[(\[{«‹]) +| +(?=[)\]}»›])|(?<=\w) +(?=[،؛؟.!:](?:\s|$))")
GLUED = re.compile(rf"(?<=[{_RIGHT}]{{2}})(?=[0-9])|(?<=»)(?=[{_RIGHT}])|(?<=[{_RIGHT}]{{3}})(?=«)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text at a place, in points from the lower left corner; drawn: how many were drawn before it."""

    text: str
    x: float
    y: float
    size: float
    drawn: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line in reading order. left: of its leftmost piece. y: of the baseline. size: of most of its letters."""

    text: str
    left: float
    y: float
    size: float
    page: int


def pieces(page: PageObject) -> list[Piece]:
    """The text of a page in the order in which it is drawn."""
    found: list[Piece] = []
    leftward = False

    def visit(text: str, outer: Sequence[float], inner: Sequence[float], font: Any, size: float) -> None:
        nonlocal leftward
        if not text or (text.isspace() and "\n" in text):
            return
        text = text.replace("\n", " ")
        if DIRECTED.search(text):
            leftward = RIGHTWARD.search(text) is None
        elif leftward:  # pypdf turned what stands between Arabic words, too
            text = text[::-1]
        a, b, c, d, e, f = outer
        x, y = inner[4], inner[5]
        scale = sqrt(abs((a * d - b * c) * (inner[0] * inner[3] - inner[1] * inner[2])))
        found.append(Piece(text, a * x + c * y + e, b * x + d * y + f, abs(size) * scale, len(found)))

    page.extract_text(visitor_text=visit)
    return found


def lines(pages: Sequence[Sequence[Piece]]) -> list[Line]:
    """The lines of all pages; a gap as between the cells of a table ends a line."""
    rows = [(number, row) for number, page in enumerate(pages) for row in _rows(page)]
    leftward = _reads_leftward([row for _, row in rows])
    found = []
    for number, row in rows:
        cells = list(_cells(row))
        for cell in reversed(cells) if leftward else cells:
            text = _logical(cell, leftward=leftward)
            if text:
                found.append(Line(text, min(p.x for p in cell), row[0].y, _size(cell), number))
    return _bracketed(found)


def _rows(page: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Pieces of one line each, left to right. Lines stay in the order in which they are drawn, which keeps columns apart."""
    row: list[Piece] = []
    for piece in page:
        if row and abs(piece.y - row[0].y) > SAME_LINE * max(piece.size, row[0].size, 1.0):
            yield sorted(_with_marks(row), key=lambda p: p.x)
            row = []
        row.append(piece)
    if row:
        yield sorted(_with_marks(row), key=lambda p: p.x)


def _with_marks(row: Sequence[Piece]) -> list[Piece]:
    """Vowel signs that are drawn on their own go to the piece at whose end, which is its left, they stand."""
    marks = [piece for piece in row if _is_mark(piece)]
    found = [piece for piece in row if not _is_mark(piece)]
    for mark in marks if found else ():
        i = min(range(len(found)), key=lambda i: abs(found[i].x - mark.x))
        found[i] = replace(found[i], text=found[i].text + mark.text)
    return found or marks


def _is_mark(piece: Piece) -> bool:
    return all(unicodedata.combining(character) for character in piece.text)


def _cells(row: Sequence[Piece]) -> Iterator[list[Piece]]:
    """The row cut where the gap is wide. Pieces of one drawing stand at one place, one after the other."""
    cell: list[Piece] = []
    start, length = 0.0, 0
    for piece in row:
        if cell and piece.x - start > 0.01:
            end = max(start + LETTER_WIDTH * cell[-1].size * length, cell[-1].x)
            if not piece.text.isspace() and piece.x - end > CELL_GAP * max(piece.size, 1.0) + 0.2 * (end - start):
                yield cell
                cell = []
            length = 0
        start = piece.x
        length += len(piece.text)
        cell.append(piece)
    if cell:
        yield cell


def _size(row: Sequence[Piece]) -> float:
    """The size that most letters have."""
    counts: dict[float, int] = {}
    for piece in row:
        counts[round(piece.size, 1)] = counts.get(round(piece.size, 1), 0) + len(piece.text.strip())
    return max(counts, key=lambda size: counts[size])


def _reads_leftward(rows: Sequence[Sequence[Piece]]) -> bool:
    """Whether Arabic lines start at the right: their full stops stand at the left. Some programs lay Arabic out from the left."""
    left = right = 0
    for row in rows:
        visible = [piece.text.strip() for piece in row if piece.text.strip()]
        if any(has_arabic(text) for text in visible):
            left += visible[0].endswith(STOPS) and (has_arabic(visible[0]) or len(visible[0]) < 3)
            right += visible[-1].endswith(STOPS) and len(visible[-1]) < 3
    return left >= right


def _apart(row: Sequence[Piece]) -> list[Piece]:
    """A space where the drawing went back to the left in a line, as between two columns of a table."""
    found: list[Piece] = []
    for before, piece in pairwise([None, *row]):
        assert piece is not None
        if before and before.drawn > piece.drawn and _edge(before, left=False).isalnum() and _edge(piece, left=True).isalnum():
            found.append(replace(piece, text=" "))
        found.append(piece)
    return found


def _edge(piece: Piece, *, left: bool) -> str:
    """The character at one side of a piece; Arabic ends at the left."""
    return piece.text[-1:] if has_arabic(piece.text) == left else piece.text[:1]


def _logical(cell: Sequence[Piece], *, leftward: bool) -> str:
    """The text of a cell in the order of reading."""
    if not any(has_arabic(piece.text) for piece in cell):
        return " ".join(presentation_forms("".join(piece.text for piece in cell)).split())
    parts = [part for piece in _apart(cell) for part in _parts(piece.text)]
    if leftward:
        ordered = [text for group in reversed(_grouped(parts, "left")) for text in group]
    else:
        ordered = [text for group in _grouped(parts, "right") for text in (reversed(group) if len(group) > 1 else group)]
    return " ".join(presentation_forms("".join(ordered)).split())


def _parts(text: str) -> list[tuple[str, str]]:
    """(kind, text) left to right: words of each direction, numbers, and what is neither."""
    if has_arabic(text):  # read from the right, but for its numbers, of which pypdf turned the Arabic ones
        text = ARABIC_NUMBER.sub(lambda match: match[0][::-1], text)
        return [("right", text)]
    return [(match.lastgroup or "neutral", match.group()) for match in PART.finditer(text)]


def _grouped(parts: Sequence[tuple[str, str]], kind: str) -> list[list[str]]:
    """Runs of one direction, with what is neutral between their words, as groups; all other parts as groups of their own.

    A number beside Arabic belongs to it, whatever the direction of the line.
    """
    words = {"left"} if kind == "left" else {"right", "number"}
    groups: list[list[str]] = []
    i = 0
    while i < len(parts):
        j = last = i
        while parts[i][0] in words and j < len(parts) and parts[j][0] in words | {"neutral"}:
            last = j if parts[j][0] in words else last
            j += 1
        last = last if any(k == kind for k, _ in parts[i : last + 1]) else i
        groups.append([text for _, text in parts[i : last + 1]])
        i = last + 1
    return groups


def _bracketed(found: Sequence[Line]) -> list[Line]:
    """Lines whose brackets open before they close; where a line has one bracket only, as most others have it."""
    signs = [_turned(line.text) for line in found]
    usual = sum(signs) > 0
    turned = [
        line.text.translate(BRACKETS) if sign > 0 or (sign == 0 and usual and has_arabic(line.text)) else line.text
        for line, sign in zip(found, signs, strict=True)
    ]
    return [replace(line, text=_spaced(text) if has_arabic(text) else text) for line, text in zip(found, turned, strict=True)]


def _spaced(text: str) -> str:
    return " ".join(GLUED.sub(" ", INSIDE.sub("", text)).split())


def _turned(text: str) -> int:
    """1: its first bracket closes and a later one opens; -1: the other way round; 0: no saying."""
    if not has_arabic(text):
        return -1 if OPENERS & set(text) else 0
    brackets = [character for character in text if character in OPENERS | CLOSERS]
    if len(brackets) < 2:
        return 0
    first, last = brackets[0] in CLOSERS, brackets[-1] in OPENERS
    return 1 if first and last else -1 if not first and not last else 0
