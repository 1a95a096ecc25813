"""What of a source has no counterpart in its translation, and what of the translation has none in the source.

A word is judged by how surely the lexicon knows its translations, by the best of them in the other text, and by whether it
could be linked. `tests/bench/fit_coverage.py` fits how these weigh on pairs with parts cut out. A stretch of words without
counterparts is worth a look; a single one is chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mt.alignment.aligner import UNKNOWN, Evidence, Link, Pieces, evidence, links_of, posterior_of
from mt.alignment.lexicon import lexicon
from mt.alignment.units import ARABIC_LETTER

READABLE = 0.5  # share of its words that the lexicon knows of any English
SUREST = 0.02  # least probability that a word becomes what the lexicon does not list
Features = tuple[float, ...]


class Weights(NamedTuple):
    """Of the features of a word without a counterpart, in nats: constant, and one for each of `features`."""

    source: Features
    target: Features


WEIGHTS = Weights(
    source=(0.18, 3.17, -0.02, -3.95, -0.25, -4.61, 0.0),
    target=(0.46, 2.89, 0.2, -3.19, -0.35, -5.52, 0.86),
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words (indices into `words`), first and last, and how much speaks for their having no counterpart, in nats."""

    first: int
    last: int
    doubt: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much speaks for each word having no counterpart (in nats; below 0 for one that has), and the links."""

    source: tuple[float, ...]
    target: tuple[float, ...]
    links: tuple[Link, ...]


def is_judged(source: str, target: str) -> bool:
    """Whether the lexicon can say anything about a pair: neither is too long, and the target looks like English."""
    found = evidence(source, target)
    known = sum(unit.key in lexicon().english for unit in found.target.units)
    return found.forward.size > 0 and known >= READABLE * len(found.target.units)


@lru_cache(maxsize=8)
def coverage(source: str, target: str) -> Coverage:
    """Judge every word of a source and of its English, and link them as `align` does; zeros where one of them has no words."""
    found = evidence(source, target)
    if not found.forward.size:
        return Coverage((0.0,) * len(found.source.words), (0.0,) * len(found.target.words), ())
    posterior = posterior_of(found)
    known = features(found, posterior)
    return Coverage(
        _by_word(found.source, known.source, WEIGHTS.source),
        _by_word(found.target, known.target, WEIGHTS.target),
        links_of(found, posterior),
    )


class Known(NamedTuple):
    """What is known of each unit of both texts; None for a unit that says nothing, such as a clitic."""

    source: Sequence[Features | None]
    target: Sequence[Features | None]


def features(found: Evidence, posterior: npt.NDArray[np.float32]) -> Known:
    """What the doubt of each unit is made of."""
    held = lexicon()
    return Known(
        [
            None
            if "+" in unit.key or not ARABIC_LETTER.search(unit.key)
            else _features(held.untranslated(unit.key), best, linked, name=False)
            for unit, best, linked in zip(found.source.units, found.forward.max(1).tolist(), posterior.max(1).tolist(), strict=True)
        ],
        [
            _features(
                held.unbacked(held.english[unit.key]) if unit.key in held.english else 1.0,
                best,
                linked,
                name=found.target.words[unit.word][0].isupper() and unit.word > 0,
            )
            for unit, best, linked in zip(found.target.units, found.backward.max(0).tolist(), posterior.max(0).tolist(), strict=True)
        ],
    )


def _features(other: float, best: float, linked: float, *, name: bool) -> Features:
    sure = -math.log(max(other, SUREST)) / -math.log(SUREST)
    likely = math.log(max(best, UNKNOWN) / UNKNOWN) / -math.log(UNKNOWN)
    return (1.0, sure, likely, linked, sure * likely, sure * linked, float(name) * (1 - likely))


def _by_word(pieces: Pieces, known: Sequence[Features | None], weights: Features) -> tuple[float, ...]:
    """The doubt about each word: that about its stem."""
    doubts = [0.0] * len(pieces.words)
    for unit, own in zip(pieces.units, known, strict=True):
        if own is not None:
            doubts[unit.word] = sum(map(mul, own, weights))
    return tuple(doubts)


def longest(doubts: Sequence[float]) -> Stretch | None:
    """The stretch of words whose doubts add up to most; None where no word is doubtful.

    >>> longest((-2.5, 1.0, 0.0, 2.0, -2.5, 1.5))
    Stretch(first=1, last=3, doubt=3.0)
    """
    best: Stretch | None = None
    start, total = 0, 0.0
    for i, value in enumerate(doubts):
        if total <= 0:
            start, total = i, 0.0
        total += value
        if value > 0 and (best is None or total > best.doubt):
            best = Stretch(start, i, total)
    return best
