"""The best of several hypotheses: most like the others (minimum Bayes risk by character n-grams), and good by itself.

Kumar and Byrne, Minimum Bayes-Risk Decoding for Statistical Machine Translation (2004); Popović, chrF (2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mt import check, quality
from mt.data import Hypothesis

LONGEST = 6  # letters of an n-gram, as in chrF
RECALL = 4.0  # weight of recall against precision: chrF's beta of 2, squared
QUALITY = 10.0  # weight of the quality score beside the likeness to the others: tests/bench/candidates.py


def best(source: str, hypotheses: Sequence[Hypothesis]) -> Hypothesis:
    """The hypothesis that is most like all others and scores best by `mt.quality`; the first of equals. There must be one.

    >>> texts = ["He came to Cairo.", "He came to Cairo today.", "She left for Rome."]
    >>> best("وصل اليوم إلى القاهرة", [Hypothesis(text, score=-0.5, tokens=6) for text in texts]).text
    'He came to Cairo today.'
    """
    worth = [like + QUALITY * good for like, good in merits(source, hypotheses)]
    return hypotheses[worth.index(max(worth))]


def merits(source: str, hypotheses: Sequence[Hypothesis]) -> list[tuple[float, float]]:
    """Of each hypothesis its mean likeness to the others and its quality, both from 0 to 1."""
    grams = [_grams(hypothesis.text) for hypothesis in hypotheses]
    found = []
    for i, hypothesis in enumerate(hypotheses):
        others = [likeness(grams[i], other) for j, other in enumerate(grams) if j != i]
        good = quality.score(source, hypothesis.text, check.check(source, hypothesis), hypothesis.score)
        found.append((sum(others) / max(1, len(others)), good))
    return found


def likeness(one: Sequence[Counter[str]], other: Sequence[Counter[str]]) -> float:
    """chrF of one text against another, from 0 to 1, by their n-grams."""
    scores = []
    for ours, theirs in zip(one, other, strict=True):
        common = (ours & theirs).total()
        if common:
            precision, recall = common / ours.total(), common / theirs.total()
            scores.append((1 + RECALL) * precision * recall / (RECALL * precision + recall))
    return sum(scores) / LONGEST


def _grams(text: str) -> list[Counter[str]]:
    letters = "".join(text.split())
    return [Counter(letters[i : i + n] for i in range(len(letters) - n + 1)) for n in range(1, LONGEST + 1)]
