"""Fit the weights of the extractive scorer and judge them on documents that it has not seen.

    python -m tests.bench.fit_extractive --shared DIR

DIR holds `summaries/` (training and development sets) and `eval/` (whole articles). Fitted on the even half
of the Arabic EASC set and on the English training sets; judged on the odd half, GUM and the articles. Prints
the weights as they stand in `mt/summarization/extractive.py`. Ridge regression gives the start; from there
one weight after the other moves as long as ROUGE rises, for what counts is the three sentences together.
Takes about a minute on a free core.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mt.config import SummaryOptions
from mt.summarization.extractive import Candidate, Features, choose, describe, score
from mt.summarization.words import words
from tests.bench.summary_sets import Case, cases

Array = npt.NDArray[np.float64]
RIDGE = 20.0  # beside a total weight of 1,000 a set; chosen, not tuned: the climb that follows moves every weight
STEPS = (0.4, 0.2, 0.1)  # moves of one weight
TRAIN = ("easc-even", "18f", "digitalgov", "wikinews", "news")
JUDGE = ("easc-odd", "gum", "articles-en", "articles-ar", "articles-dev")
THREE = SummaryOptions(sentences=3)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case with everything that does not depend on the weights."""

    case: Case
    candidates: list[Candidate]
    tokens: list[list[str]]
    references: list[list[Counter[tuple[str, ...]]]] = field(repr=False)
    known: dict[tuple[int, ...], float] = field(default_factory=dict, repr=False)
    """ROUGE by chosen sentences: most moves of a weight change few choices."""


def prepare(case: Case) -> Prepared:
    tokens = [[w.casefold() for w in words(s)] for s in case.sentences]
    references = [[grams([w.casefold() for w in words(r)], n) for n in (1, 2)] for r in case.references]
    return Prepared(case, describe(case.sentences, case.title), tokens, references)


def grams(tokens: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


def rouge(tokens: Sequence[str], references: Sequence[Sequence[Counter[tuple[str, ...]]]]) -> float:
    """Mean of the F-scores ROUGE-1 and ROUGE-2, against the kindest reference."""
    own = [grams(tokens, n) for n in (1, 2)]
    return max(float(np.mean([f_score(a, b) for a, b in zip(own, reference, strict=True)])) for reference in references)


def f_score(a: Counter[tuple[str, ...]], b: Counter[tuple[str, ...]]) -> float:
    common = (a & b).total()
    return 2 * common / max(a.total() + b.total(), 1)


def labels(document: Prepared) -> Array:
    """How good each sentence is, standardised within the document: votes of people, or its own ROUGE."""
    votes = document.case.votes
    raw = np.array(votes if votes else [rouge(t, document.references) for t in document.tokens], dtype=float)
    spread = raw.std()
    return (raw - raw.mean()) / spread if spread else raw * 0


def ridge(sets: Sequence[Sequence[Prepared]]) -> Features:
    """Least squares on rows that are centred within the document; every set weighs the same, and long documents less."""
    a = RIDGE * np.eye(len(Features._fields))
    b = np.zeros(len(Features._fields))
    for documents in sets:
        total = sum(len(d.candidates) ** 0.5 for d in documents)
        for document in documents:
            x = np.array([c.features for c in document.candidates])
            x = x - x.mean(0)
            w = 1000 / total / len(document.candidates) ** 0.5
            a += w * x.T @ x
            b += w * x.T @ labels(document)
    return Features(*np.linalg.solve(a, b).tolist())


def gain(weights: Features, documents: Sequence[Prepared]) -> float:
    """Mean ROUGE of the three best sentences."""
    return float(np.mean([rouge_of(chosen(weights, d), d) for d in documents]))


def rouge_of(indices: tuple[int, ...], document: Prepared) -> float:
    if indices not in document.known:
        document.known[indices] = rouge([t for i in indices for t in document.tokens[i]], document.references)
    return document.known[indices]


def chosen(weights: Features, document: Prepared) -> tuple[int, ...]:
    scores = [score(weights, candidate.features) for candidate in document.candidates]
    return tuple(choose(document.candidates, scores, THREE))


def lead(weights: Features, document: Prepared) -> float:
    """ROUGE of as many words from the start."""
    size = sum(len(document.tokens[i]) for i in chosen(weights, document))
    return rouge([t for s in document.tokens for t in s][:size], document.references)


def climb(weights: Features, goal: Callable[[Features], float]) -> Features:
    """Move one weight at a time while the goal rises."""
    best = goal(weights)
    for step in STEPS:
        for name in Features._fields:
            for move in (step, -step):
                tried = weights._replace(**{name: getattr(weights, name) + move})
                value = goal(tried)
                if value > best + 1e-5:
                    weights, best = tried, value
                    break
        print(f"step {step}: {best:.4f}", flush=True)
    return weights


def lines(weights: Features, sets: dict[str, list[Prepared]]) -> Iterator[str]:
    for name, documents in sets.items():
        ours = gain(weights, documents)
        leading = float(np.mean([lead(weights, d) for d in documents]))
        yield f"{name:14} {len(documents):4} documents  ours {100 * ours:5.1f}  lead, as many words {100 * leading:5.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    args = parser.parse_args()
    train = {name: [prepare(c) for c in cases(args.shared, name) if len(c.sentences) >= 4] for name in TRAIN}
    judge = {name: [prepare(c) for c in cases(args.shared, name)] for name in JUDGE}
    start = ridge(list(train.values()))
    print("ridge", rounded(start))
    weights = climb(start, lambda w: float(np.mean([gain(w, documents) for documents in train.values()])))
    weights = rounded(weights)
    print("\nmean of ROUGE-1 and ROUGE-2, fitted on:", *lines(weights, train), "judged on:", *lines(weights, judge), "", weights, sep="\n")


def rounded(weights: Features) -> Features:
    return Features(*(round(w, 2) for w in weights))


if __name__ == "__main__":
    main()
