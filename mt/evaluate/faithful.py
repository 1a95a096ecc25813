"""What must come over whatever the wording: numbers, Latin tokens; and what must not happen: loops, Arabic left in, loss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mt import numbers
from mt.check import check, latin_tokens, missing_tokens
from mt.data import Flag, Hypothesis

SPOILT: tuple[Flag, ...] = ("repetition", "untranslated", "too_short")
"""Faults that make a line useless; `too_short` finds what lacks a third or more of the content, if not every time."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How many of some things in the sources the English has."""

    found: int
    total: int

    @property
    def share(self) -> float:
        """In percent; 100 where there was nothing to carry."""
        return 100 * self.found / self.total if self.total else 100.0


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Figures over the lines of a set. spoilt: lines by fault, in the order of SPOILT; any_spoilt: lines with one of them."""

    lines: int
    numbers: Carried
    tokens: Carried
    spoilt: tuple[int, ...]
    any_spoilt: int


def faithfulness(sources: Sequence[str], texts: Sequence[str]) -> Faithfulness:
    """Measure English lines against their sources, whoever wrote them.

    >>> measured = faithfulness(["وصل 40 جنديا من NATO"], ["Forty soldiers arrived"])
    >>> measured.numbers, measured.tokens, measured.any_spoilt
    (Carried(found=1, total=1), Carried(found=0, total=1), 0)
    """
    pairs = list(zip(sources, texts, strict=True))
    flags = [check(source, Hypothesis(text, score=0.0, tokens=0)) for source, text in pairs]
    spoilt = tuple(sum(flag in found for found in flags) for flag in SPOILT)
    return Faithfulness(
        len(pairs),
        _sum(_numbers(source, text) for source, text in pairs),
        _sum(_tokens(source, text) for source, text in pairs),
        spoilt,
        sum(bool(found & frozenset(SPOILT)) for found in flags),
    )


def _numbers(source: str, text: str) -> Carried:
    ours = [number for number in numbers.read(source) if number.firm]
    missing = numbers.unmatched(ours, numbers.read(text))
    return Carried(len(ours) - len(missing), len(ours))


def _tokens(source: str, text: str) -> Carried:
    tokens = latin_tokens(source)
    return Carried(len(tokens) - len(missing_tokens(source, text)), len(tokens)) if tokens else Carried(0, 0)


def _sum(parts: Iterable[Carried]) -> Carried:
    listed = list(parts)
    return Carried(sum(part.found for part in listed), sum(part.total for part in listed))
