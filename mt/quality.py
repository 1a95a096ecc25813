"""How good a translation is likely to be, without a reference: from 0 (useless) to 1.

A weighted sum of what word alignment shows: how much of the source has a counterpart, how much of the English, and how usual
these counterparts are. `tests/bench/fit_quality.py` fits the weights to sentence chrF and says how well it ranks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from mt import check
from mt.alignment.coverage import coverage, is_judged
from mt.data import Flag


class Features(NamedTuple):
    """What the score is made of; all between 0 and about 1."""

    constant: float
    source_covered: float
    """Share of the words of the source that have a counterpart, by the doubts about them."""
    target_covered: float
    linked: float
    """Share of the words of the source that are linked."""
    surely: float
    """Mean score of the links."""
    faults: float
    """Weight of the flags, 1 for 30 and more."""
    brevity: float
    """1 / sqrt(words of the source): chrF of short sentences varies more."""
    repeated: float
    """Share of the English words that stand there more than once: loops have more."""


WEIGHTS = Features(0.116, 0.13, 0.296, 0.067, 0.135, -0.037, -0.092, 0.06)
WORST = 30.0  # weight of flags from which it does not matter how many more there are
CERTAINTY, USUAL = 0.13, -0.6
"""What a nat of a model's mean log-probability adds to the score, and the mean log-probability that adds nothing: from the
built-in model's own translations of FLORES dev."""


def features(source: str, english: str, flags: frozenset[Flag]) -> Features:
    """What is known of a translation; only the flags of one that cannot be aligned."""
    faults = min(1.0, check.badness(flags) / WORST)
    if not is_judged(source, english):
        return Features(1.0, 0.0, 0.0, 0.0, 0.0, faults, 0.0, 0.0)
    known = coverage(source, english)
    linked = len({link.source for link in known.links})
    words = english.casefold().split()
    return Features(
        1.0,
        _covered(known.source),
        _covered(known.target),
        linked / len(known.source),
        sum(link.score for link in known.links) / max(1, len(known.links)),
        faults,
        1 / math.sqrt(len(known.source)),
        1 - len(set(words)) / max(1, len(words)),
    )


def _covered(doubts: Sequence[float]) -> float:
    """Mean probability of a counterpart, by doubts in nats."""
    return sum(1 / (1 + math.exp(doubt)) for doubt in doubts) / len(doubts)


def score(source: str, english: str, flags: frozenset[Flag], certainty: float | None = None) -> float:
    """The likely quality of a translation, from 0 to 1: about the chrF that it would have against a person's.

    certainty: the model's mean log-probability (`Hypothesis.score`); None where it is not known.

    >>> good, bad = "The minister arrived in Cairo.", "The minister wants a new car."
    >>> score("وصل الوزير إلى القاهرة.", good, frozenset()) > score("وصل الوزير إلى القاهرة.", bad, frozenset())
    True
    """
    surer = 0.0 if certainty is None else CERTAINTY * (certainty - USUAL)
    likely = sum(weight * value for weight, value in zip(WEIGHTS, features(source, english, flags), strict=True))
    return min(1.0, max(0.0, likely + surer))
