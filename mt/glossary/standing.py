"""Which English words stand for a term of the source, by word alignment; nothing where that is not sure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mt import alignment
from mt.alignment import Span
from mt.glossary.entries import Found

LINKING = frozenset("of the a an and or for to in on at by with from as that is are was were be been has have had it its not".split())
"""Words that do not stand for a term by themselves, but may stand inside its English."""
MAX_UNLINKED = 3
"""English words that nothing is linked to, in a row, which may be taken to stand for a term that is linked to nothing."""


@dataclass(frozen=True, slots=True)
class _View:
    """An English text as one term sees it.

    scores: words linked to the term. others: words linked to something else, by the number of the source word.
    open: words that could stand for the term: linked to nothing else, no linking words, not taken by another term.
    """

    words: tuple[Span, ...]
    scores: Mapping[int, float]
    others: Mapping[int, tuple[int, ...]]
    linking: frozenset[int]
    open: frozenset[int]
    unsaid: int


def overlap(one: Span, other: Span) -> bool:
    """Whether they share a character."""
    return one.start < other.end and other.start < one.end


def standing_for(match: Found, source: str, text: str, taken: Sequence[Span]) -> Span | None:
    """The characters of the text that stand for the term: words linked to it and to nothing else; or else the only words
    linked to nothing between those of its neighbours. `taken` stands for other terms.
    """
    places = alignment.words(source)
    own = [i for i, word in enumerate(places) if overlap(word, Span(match.start, match.end))]
    if not own:
        return None
    view = _view(own, source, text, taken)
    run = _linked(view) or _between(view, own[0], own[-1], len(places))
    return Span(view.words[run[0]].start, view.words[run[-1]].end) if run else None


def _view(own: Sequence[int], source: str, text: str, taken: Sequence[Span]) -> _View:
    words = alignment.words(text)
    scores: dict[int, float] = {}
    others: dict[int, tuple[int, ...]] = {}
    said = set()
    for link in alignment.align(source, text):
        if link.source in own:
            scores[link.target] = scores.get(link.target, 0.0) + link.score
            said.add(link.source)
        else:
            others[link.source] = (*others.get(link.source, ()), link.target)
    elsewhere = {target for targets in others.values() for target in targets}
    linking = frozenset(i for i, word in enumerate(words) if text[word.start : word.end].lower() in LINKING)
    free = frozenset(i for i, word in enumerate(words) if not any(overlap(word, span) for span in taken))
    return _View(words, scores, others, linking, free - linking - elsewhere, len(own) - len(said))


def _linked(view: _View) -> list[int]:
    """The strongest run of words linked to the term; with neighbours linked to nothing, as many as words of the term are."""
    runs = _runs(sorted(view.open & view.scores.keys()), view.linking)
    if not runs:
        return []
    run = max(runs, key=lambda run: sum(view.scores[i] for i in run if i in view.scores))
    for _ in range(view.unsaid):
        if run[0] - 1 in view.open:
            run.insert(0, run[0] - 1)
        elif run[-1] + 1 in view.open:
            run.append(run[-1] + 1)
    return run


def _between(view: _View, first: int, last: int, count: int) -> list[int]:
    """The only run of words linked to nothing, between the English of the source words before the term and after it."""
    before = _neighbour(view, range(first - 1, -1, -1), -1)
    after = _neighbour(view, range(last + 1, count), len(view.words))
    if before is None or after is None or (before < 0 and after == len(view.words)):
        return []
    runs = _runs(sorted(i for i in view.open if min(before, after) < i < max(before, after)), view.linking)
    if (before < 0 or after == len(view.words)) and len(_runs(sorted(view.open), view.linking)) > 1:
        return []  # at an edge any word that is linked to nothing would do
    return runs[0] if len(runs) == 1 and len(runs[0]) <= MAX_UNLINKED else []


def _neighbour(view: _View, numbers: range, end: int) -> int | None:
    """The English of the first of these source words that has some beyond linking words; `end` after the last; None where
    one is linked to nothing, so that what is there may be its own.
    """
    for i in numbers:
        if i not in view.others:
            return None
        if solid := [target for target in view.others[i] if target not in view.linking]:
            return max(solid) if numbers.step < 0 else min(solid)
    return end


def _runs(numbers: Iterable[int], linking: frozenset[int]) -> list[list[int]]:
    """Group word numbers that follow one another, linking words between them aside.

    >>> _runs([3, 5, 8], frozenset({4}))
    [[3, 5], [8]]
    """
    runs: list[list[int]] = []
    for i in numbers:
        if runs and all(k in linking for k in range(runs[-1][-1] + 1, i)):
            runs[-1].append(i)
        else:
            runs.append([i])
    return runs
