"""Fit how much speaks for a word having no counterpart, on pairs with a part of one side cut out.

    python -m tests.bench.fit_coverage --shared DIR

DIR holds `corpora/`; the pairs are those that `fit_alignment` does not learn from. A stretch of the English is dropped, or one
of another pair put in; the words that were linked to it, or are it, should be found, and all words of whole pairs should not.
Logistic regression; the odds of the sample are taken out, so that a doubt of 0 nats is even. Prints `WEIGHTS` of
`mt/alignment/coverage.py`, and for `mt/check.py` the doubt that 1% and 2% of whole pairs exceed.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mt.alignment import align, coverage, words
from mt.alignment.aligner import evidence, posterior_of
from mt.alignment.coverage import Features, features
from tests.bench.fit_alignment import pairs

Array = npt.NDArray[np.float64]
CUT = range(2, 9)  # words in a row
RIDGE = 1.0
STEPS = 20  # of Newton's method
MOST = 3000  # pairs
SEED = 5


class Sample(NamedTuple):
    """Features of one word, and whether it has no counterpart."""

    known: Features
    alone: bool


def sources(source: str, english: str, chance: random.Random) -> Iterator[Sample]:
    """Words of a source: of the whole pair, and those whose English is dropped."""
    spans = words(english)
    length = chance.choice(CUT)
    if len(spans) < length + 3:
        return
    first = chance.randrange(1, len(spans) - length)
    gone = set(range(first, first + length))
    linked: dict[int, set[int]] = {}
    for link in align(source, english):
        linked.setdefault(link.source, set()).add(link.target)
    cut = english[: spans[first].start] + english[spans[first + length].start :]
    for text, alone in ((english, False), (cut, True)):
        found = evidence(source, text)
        for unit, known in zip(found.source.units, features(found, posterior_of(found)).source, strict=True):
            if known is not None and (not alone or linked.get(unit.word, {-1}) <= gone):
                yield Sample(known, alone)


def targets(source: str, english: str, other: str, chance: random.Random) -> Iterator[Sample]:
    """Words of a translation: of the whole pair, and those of another that are put in."""
    spans, others = words(english), words(other)
    length = chance.choice(CUT)
    if len(spans) < 3 or len(others) < length + 3:
        return
    place, first = chance.randrange(1, len(spans)), chance.randrange(1, len(others) - length)
    added = other[others[first].start : others[first + length].start]
    longer = english[: spans[place].start] + added.rstrip() + " " + english[spans[place].start :]
    for text, alone in ((english, False), (longer, True)):
        found = evidence(source, text)
        for unit, known in zip(found.target.units, features(found, posterior_of(found)).target, strict=True):
            if known is not None and (not alone or place <= unit.word < place + length):
                yield Sample(known, alone)


def fit(samples: Sequence[Sample]) -> Features:
    """Weights of a logistic regression, with the odds of the sample taken out."""
    x = np.array([sample.known for sample in samples])
    y = np.array([sample.alone for sample in samples], float)
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        curve = x.T @ (x * (p * (1 - p))[:, None]) + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, x.T @ (y - p) - RIDGE * weights)
    weights[0] -= np.log(y.mean() / (1 - y.mean()))
    return tuple(round(float(weight), 2) for weight in weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()

    chance = random.Random(SEED)
    held_out = list(pairs(options.shared / "corpora", held_out=True))
    held_out = chance.sample(held_out, min(MOST, len(held_out)))
    print(f"{len(held_out):,} pairs")
    ours = [sample for pair in held_out for sample in sources(*pair, chance)]
    theirs = [sample for pair in held_out for sample in targets(*pair, chance.choice(held_out)[1], chance)]
    weights = coverage.Weights(fit(ours), fit(theirs))
    print(f"WEIGHTS = {weights}")
    coverage.WEIGHTS = weights
    judged = [coverage.coverage(*pair) for pair in held_out]
    for side in ("source", "target"):
        stretches = [coverage.longest(getattr(one, side)) for one in judged]
        doubts = [one.doubt if one else 0.0 for one in stretches]
        print(side, {share: round(float(np.quantile(doubts, 1 - share)), 1) for share in (0.01, 0.02, 0.03)})


if __name__ == "__main__":
    main()
