"""Placeholders, entities, addresses and tags inside plain text: taken out before translation, put back exactly.

What looks like these is not language, and a model that sees it changes it. Readers of formats that hold
plain strings (tables, records, message catalogues) share this; readers of marked-up text add it to their own marks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mt.data import Mark
from mt.formats.inline import Translated, weave

_URL = r"(?:https?://|ftp://|www\.)[^\s<>\"«»“”،؛]*[^\s<>\"«»“”،؛.,;:!?؟)\]}'*_]"
_MAIL = r"[A-Za-z0-9](?<![\w.+-].)[\w.+-]{0,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,}"
_MENTION = r"(?<![\w@])@[A-Za-z0-9_]+"
_BRACES = r"\{\{[^{}]{1,80}\}\}|\{%[^{}]{1,80}%\}|[$#]?\{[\w.:$@,#-]{0,80}\}"
_PERCENT = r"(?<![\d٪%])%(?:\(\w{1,80}\)|\d{1,3}\$)?[-+0#]{0,3}\d{0,4}(?:\.\d{1,3})?(?:hh|h|ll|l|z|j|t)?[sdiufgGeExXcp@](?![A-Za-z])"
_ENTITY = r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});"
_TAG = r"</?[A-Za-z][\w:-]{0,40}(?:\s[^<>]{0,2000})?/?>"
_TOKEN = rf"{_URL}|{_MAIL}|{_MENTION}|{_BRACES}|{_PERCENT}|{_ENTITY}|{_TAG}"
PROTECTED = re.compile(rf"\((?:{_TOKEN})\)|\[(?:{_TOKEN})\]|\[\^?\d{{1,3}}\]|{_TOKEN}")
"""What no model may touch: `https://un.org/ar`, `a@b.org`, `@unicef`, `{name}`, `%1$s`, `&nbsp;`, `<b>`, `[12]`, with its brackets."""
_OPENING = re.compile(r"<([A-Za-z][\w:-]*)(?:\s[^<>]*)?(?<!/)>")
_CLOSING = re.compile(r"</([A-Za-z][\w:-]*)\s*/?>")
_BREAK = re.compile(r"&(?:nbsp|ensp|emsp|thinsp|#160|#xa0);|<(?:br|hr)\s*/?>", re.IGNORECASE)
"""What stands for white space."""


@dataclass(frozen=True, slots=True)
class Protected:
    """A text without what must not be touched. `taken`: by key, what opens there and what closes ("" for a point)."""

    text: str
    marks: tuple[Mark, ...]
    taken: Mapping[int, tuple[str, str]]


def protect(text: str, marks: Sequence[Mark] = ()) -> Protected:
    """Take what must not be touched out of a text, whose marks (if it has some) move along.

    In a text without marks a tag that is closed again becomes a range; all else is a point, or a break
    where it stands for white space. The keys in `taken` are above the given ones.

    >>> made = protect("مرحبا {name}، زر <b>موقعنا</b>")
    >>> made.text, [(mark.start, mark.end) for mark in made.marks], list(made.taken.values())
    ('مرحبا ، زر موقعنا', [(6, 6), (11, 17)], [('{name}', ''), ('<b>', '</b>')])
    """
    found = _uncrossed(list(PROTECTED.finditer(text)), marks)
    if not found:
        return Protected(text, tuple(marks), {})
    closes = {} if marks else _pairs(found)
    closing = set(closes.values())
    kept, ends, shifts, at = [], [0], [0], 0
    for match in found:
        space = " " if _BREAK.fullmatch(match.group()) else ""
        kept += [text[at : match.start()], space]
        at = match.end()
        ends.append(at)
        shifts.append(shifts[-1] + at - match.start() - len(space))

    def moved(offset: int) -> int:
        return offset - shifts[bisect_right(ends, offset) - 1]

    first = max((mark.key for mark in marks), default=-1) + 1
    taken: dict[int, tuple[str, str]] = {}
    new: list[Mark] = []
    for i, match in enumerate(found):
        if i not in closing:
            last = found[closes.get(i, i)]
            taken[first + len(new)] = (match.group(), last.group() if i in closes else "")
            new.append(Mark(first + len(new), match.start(), last.end()))
    placed = tuple(Mark(mark.key, moved(mark.start), moved(mark.end), mark.depth) for mark in _nested(marks, new))
    return Protected("".join(kept) + text[at:], placed, taken)


def restored(translated: Translated, taken: Mapping[int, tuple[str, str]]) -> str:
    """The English as plain text, with what was taken out in its places."""
    written = []
    for piece in weave(translated.text, translated.marks):
        opening, closing = taken.get(piece.key, ("", ""))
        written.append({"text": piece.text, "open": opening, "point": opening + closing, "close": closing}[piece.kind])
    return "".join(written)


def _uncrossed(found: list[re.Match[str]], marks: Sequence[Mark]) -> list[re.Match[str]]:
    """Those inside which no mark starts or ends."""
    edges = sorted({offset for mark in marks for offset in (mark.start, mark.end)})
    return [match for match in found if bisect_right(edges, match.start()) == bisect_right(edges, match.end() - 1)]


def _pairs(found: Sequence[re.Match[str]]) -> dict[int, int]:
    """Index of an opening tag -> index of the tag that closes it; tags that cross others have no partner."""
    waiting: list[tuple[str, int]] = []
    pairs = {}
    for i, match in enumerate(found):
        if opening := _OPENING.fullmatch(match.group()):
            waiting.append((opening[1], i))
        elif (closing := _CLOSING.fullmatch(match.group())) and waiting and waiting[-1][0] == closing[1]:
            pairs[waiting.pop()[1]] = i
    return pairs


def _nested(marks: Sequence[Mark], new: Sequence[Mark]) -> list[Mark]:
    """All marks in the order in which they open; `new` ones cover text, so it is clear what they are inside of."""
    merged: list[Mark] = []
    around: list[int] = []  # ends of the ranges that are open
    given = list(reversed(marks))
    for mark in new:
        opening = []
        while given and given[-1].start <= mark.start:
            opening.append(given.pop())
        for each in [*opening, mark]:
            while around and around[-1] <= each.start:
                around.pop()
            merged.append(each if each is not mark else Mark(mark.key, mark.start, mark.end, len(around)))
            if each.end > each.start:
                around.append(each.end)
    return merged + given[::-1]
