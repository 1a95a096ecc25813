"""The segments furthest from what a person wrote, and what can be said of why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mt.check import check, explain
from mt.data import Hypothesis
from mt.evaluate.scores import line_scores
from mt.evaluate.sets import TestSet
from mt.summarization.words import content_words, words

FEWEST_WORDS = 4
"""Shorter sources are left out: in two words any other wording scores nothing."""
MOST_NAMED = 8
"""Words that are listed as missing."""


@dataclass(frozen=True, slots=True)
class Bad:
    """One bad segment. line: in its set, from 1. faults: sentences, the worst first."""

    set_name: str
    line: int
    chrf: float
    source: str
    text: str
    reference: str
    faults: tuple[str, ...]


def worst(found: TestSet, texts: Sequence[str], count: int) -> list[Bad]:
    """The segments of a set with the least chrF, the worst first."""
    scores = line_scores(texts, found.references)
    long = [i for i, source in enumerate(found.sources) if len(source.split()) >= FEWEST_WORDS]
    return [_bad(found, i, texts[i], scores[i]) for i in sorted(long, key=lambda i: (scores[i], i))[:count]]


def _bad(found: TestSet, i: int, text: str, chrf: float) -> Bad:
    source, reference = found.sources[i], found.references[i]
    flags = check(source, Hypothesis(text, score=0.0, tokens=0))
    faults = explain(source, text, flags)
    if missing := _missing(text, reference):
        faults.append(f"Not in it, of the person's words: {', '.join(missing)}.")
    return Bad(found.name, i + 1, chrf, source, text, reference, tuple(faults))


def _missing(text: str, reference: str) -> list[str]:
    """Words of the reference whose stem the English lacks, names and numbers first."""
    there = set(content_words(text))
    lacking = [word for word in dict.fromkeys(words(reference)) if (stems := content_words(word)) and not set(stems) & there]
    telling = [word for word in lacking if not word.islower()]
    return [*telling, *(word for word in lacking if word.islower())][:MOST_NAMED]
