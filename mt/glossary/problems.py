"""What is wrong with a glossary as a whole: empty sides, duplicates, conflicts, terms that cannot work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from mt import arabic
from mt.glossary.arabic_side import folded_words
from mt.glossary.english_side import bare, forbidden_pattern
from mt.glossary.entries import Term

MIN_LETTERS = 3
"""Fewer letters of a one-word term are found in too many other words."""
MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """`error`: the entry cannot be used, or which of several is meant is unknown. `warning`: it works, but look at it."""

    kind: Literal["error", "warning"]
    place: str
    message: str


def problems(terms: Sequence[Term]) -> tuple[Problem, ...]:
    """What is wrong with the entries, in their order.

    >>> [problem.message for problem in problems([Term("محكمة", "court"), Term("محكمه", "tribunal")])]
    ['محكمه: two translations, court and tribunal (the first is used)']
    """
    return tuple(problem for checks in (_entries(terms), _pairs(terms)) for problem in checks)


def _entries(terms: Sequence[Term]) -> Iterator[Problem]:
    for term in terms:
        if not term.source or not term.target:
            side = "Arabic" if not term.source else "English"
            yield Problem("error", term.place, f"{term.source or term.target or 'entry'}: the {side} side is empty")
            continue
        words = folded_words(term.source)
        if not arabic.has_arabic(term.source):
            yield Problem("error", term.place, f"{term.source}: no Arabic in the source")
        elif len(words) == 1 and len(words[0]) < MIN_LETTERS:
            yield Problem("warning", term.place, f"{term.source}: so short that it is found where it is not meant")
        elif len(words) > MAX_WORDS:
            yield Problem("warning", term.place, f"{term.source}: {len(words)} words; a whole sentence belongs in a translation memory")
        if arabic.has_arabic(term.target):
            yield Problem("error", term.place, f"{term.source}: Arabic in the English side")
        for word in term.forbidden:
            if forbidden_pattern(word).fullmatch(bare(term.target)):
                yield Problem("error", term.place, f"{term.source}: “{word}” is forbidden and wanted at once")


def _pairs(terms: Sequence[Term]) -> Iterator[Problem]:
    first: dict[tuple[str, ...], Term] = {}
    for term in terms:
        words = folded_words(term.source)
        if not words or not term.target:
            continue
        known = first.setdefault(words, term)
        if known is term:
            continue
        if bare(known.target) == bare(term.target):
            yield Problem("warning", term.place, f"{term.source}: twice, first at {known.place or known.source}")
        else:
            yield Problem("error", term.place, f"{term.source}: two translations, {known.target} and {term.target} (the first is used)")
