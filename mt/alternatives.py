"""Other readings of one segment: several hypotheses of a wide search, each checked, and none like another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from mt import check, quality, translation
from mt.config import Config
from mt.data import Hypothesis, Segment, Translation
from mt.engines import Engine, NBest

BEAMS_EACH = 3  # hypotheses that are searched for each one wanted: beams end in many texts that differ in a word
MOST_BEAMS = 24
ALIKE = (0.7, 0.85, 0.999)
"""Share of word pairs in common above which two texts count as one: tried in this order until there are enough."""
SEARCHES: tuple[dict[str, int], ...] = ({"beam_size": 1}, {"beam_size": 4}, {"beam_size": 8}, {"beam_size": 4, "no_repeat_ngram_size": 3})
"""For engines that give one hypothesis at a time."""


def alternatives(
    segment: Segment, count: int, engine: Engine, config: Config, aids: translation.Aids = translation.NO_AIDS
) -> tuple[Translation, ...]:
    """At most `count` translations of a segment that differ from one another, the best first: fewest faults, then likeliest."""
    source = translation.model_source(segment.text, config.text)
    read = [_reading(segment, source, hypothesis, aids) for hypothesis in _searched(source, count, engine, config, aids)]
    ranked = sorted(read, key=lambda t: (check.badness(t.flags), -t.hypothesis.score if t.hypothesis else 0.0))
    return tuple(distinct(ranked, count))


def _searched(source: str, count: int, engine: Engine, config: Config, aids: translation.Aids) -> Iterator[Hypothesis]:
    named = aids.glossary.prompt(source) if config.model.terms_prompt else ""
    terms = [named] if named else None
    if isinstance(engine, NBest):
        [found] = engine.several([source], min(MOST_BEAMS, BEAMS_EACH * count), config.decoding, terms=terms)
        yield from found
        return
    for change in SEARCHES:
        decoding = config.decoding.model_copy(update=change)
        yield from engine.generate([source], decoding, terms=terms) if terms else engine.generate([source], decoding)


def _reading(segment: Segment, source: str, hypothesis: Hypothesis, aids: translation.Aids) -> Translation:
    english = aids.glossary.apply(source, hypothesis.text)
    flags = check.check(segment.text, replace(hypothesis, text=english.text)) | english.flags
    good = quality.score(segment.text, english.text, flags, hypothesis.score)
    return Translation(segment, english.text, flags, hypothesis, "model", english.terms, quality=good)


def distinct(ranked: Sequence[Translation], count: int) -> list[Translation]:
    """The first, and of the others those that are least like any taken before, in the order given, until there are `count`."""
    taken: list[Translation] = []
    for alike in ALIKE:
        for one in ranked:
            if len(taken) < count and all(common(one.text, other.text) < alike for other in taken):
                taken.append(one)
    return sorted(taken, key=ranked.index)


def common(one: str, other: str) -> float:
    """Share of the pairs of neighbouring words that two texts have in common, ends included; 1 for the same words.

    >>> common("He left the house.", "He left the town.")
    0.6
    """
    ours, theirs = (Counter(pairwise(["", *text.casefold().split(), ""])) for text in (one, other))
    return 2 * (ours & theirs).total() / (ours.total() + theirs.total())
