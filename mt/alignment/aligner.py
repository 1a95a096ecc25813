"""From a source and its translation to links between their words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mt import numbers
from mt.alignment.lexicon import lexicon
from mt.alignment.transliteration import ALIKE, similarity
from mt.alignment.units import ARABIC_LETTER, ARTICLES, WITH_ARTICLE, WORD, Unit, english_key, folded, pieces

Array = npt.NDArray[np.float32]

EQUAL = 0.9  # probability that two equal numbers or Latin words translate one another
UNKNOWN = 1e-4  # that any two words do
DISTANCE = 2.0  # how quickly words become unlikely to be linked as their relative places differ
SENTENCE = 25  # units from which it is the distance in words that counts
ALONE = 0.1  # share of the probability of a link that does not need linked neighbours
UNLINKED = 0.01  # weight of no link
LONGEST = 400  # units of a text that are aligned at once: time and memory grow with the square
ROUNDS = 3  # of letting neighbours support one another
NEIGHBOURS = 3  # how far a neighbour may be
FILLED = 0.1  # score of a link that only its neighbours speak for
ACCEPTED = 0.15  # posterior from which a link is made
POSSESSIVE = ("'s", "\N{RIGHT SINGLE QUOTATION MARK}s")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a word stands in its text, as character offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """A word of the source and one of the target that stands for it (indices into `words`), with a score from 0 to 1."""

    source: int
    target: int
    score: float


class Pieces(NamedTuple):
    """A text cut for alignment."""

    text: str
    spans: tuple[Span, ...]
    words: tuple[str, ...]
    units: tuple[Unit, ...]


def words(text: str) -> tuple[Span, ...]:
    """The words of a text, Arabic or English, in order.

    >>> [(span.start, span.end) for span in words("قال: U.S. 3.5%")]
    [(0, 3), (5, 9), (10, 13)]
    """
    return tuple(Span(*match.span()) for match in WORD.finditer(text))


def align(source: str, target: str) -> tuple[Link, ...]:
    """Link the words of an Arabic source with those of its English, sorted by source and target.

    A word may have several links or none. Pure and deterministic; about a millisecond for a sentence of 30 words.

    >>> [(link.source, link.target) for link in align("وصل الوزير إلى القاهرة", "The minister arrived in Cairo")]
    [(0, 2), (1, 0), (1, 1), (3, 4)]
    """
    found = evidence(source, target)
    if max(len(found.source.units), len(found.target.units)) > LONGEST:
        return _by_halves(found.source, found.target)
    return links_of(found, posterior_of(found)) if found.forward.size else ()


def _by_halves(ours: Pieces, theirs: Pieces) -> tuple[Link, ...]:
    """The links of texts too long to align at once: those of their first halves and those of their second."""
    left, right = len(ours.words) // 2, len(theirs.words) // 2
    if not left or not right:
        return ()
    here, there = ours.spans[left].start, theirs.spans[right].start
    first = align(ours.text[:here], theirs.text[:there])
    second = align(ours.text[here:], theirs.text[there:])
    return (*first, *(Link(link.source + left, link.target + right, link.score) for link in second))


class Evidence(NamedTuple):
    """Two texts and p(target unit | source unit) and the other way round, each of shape (source units, target units).

    Where a text has no units both are empty, and where it has more than `LONGEST`: nothing is said of it as a whole.
    """

    source: Pieces
    target: Pieces
    forward: Array
    backward: Array


@lru_cache(maxsize=8)
def evidence(source: str, target: str) -> Evidence:
    """What speaks for each link, wherever the words stand."""
    ours, theirs = _arabic(source), _english(target)
    if not ours.units or not theirs.units or max(len(ours.units), len(theirs.units)) > LONGEST:
        nothing = np.zeros((0, 0), np.float32)
        return Evidence(ours, theirs, nothing, nothing)
    return Evidence(ours, theirs, *_evidence(ours, theirs))


def links_of(found: Evidence, posterior: Array) -> tuple[Link, ...]:
    """The links that evidence and the order of the words speak for, given `posterior_of`."""
    ours, theirs, *_ = found
    return tuple(sorted(_with_articles(_links(posterior, ours, theirs), ours, theirs), key=lambda link: (link.source, link.target)))


@lru_cache(maxsize=64)
def _arabic(text: str) -> Pieces:
    spans = words(text)
    found = tuple(folded(text[span.start : span.end]) for span in spans)
    units = tuple(Unit(key, i) for i, word in enumerate(found) for key in _units(word))
    return Pieces(text, spans, found, units)


@lru_cache(maxsize=64)
def _english(text: str) -> Pieces:
    spans = words(text)
    found = tuple(text[span.start : span.end] for span in spans)
    units = tuple(Unit(english_key(word), i) for i, word in enumerate(found) if word.lower() not in ARTICLES)
    return Pieces(text, spans, found, units)


@lru_cache(maxsize=20_000)
def _units(word: str) -> tuple[str, ...]:
    return pieces(word, lexicon().frequency) if word else ()


def _evidence(ours: Pieces, theirs: Pieces) -> tuple[Array, Array]:
    """p(target unit | source unit) and the other way round, each of shape (source units, target units)."""
    held = lexicon()
    forward = np.full((len(ours.units), len(theirs.units)), UNKNOWN, np.float32)
    backward = forward.copy()
    columns: defaultdict[int, list[int]] = defaultdict(list)
    for j, unit in enumerate(theirs.units):
        if unit.key in held.english:
            columns[held.english[unit.key]].append(j)
    for i, unit in enumerate(ours.units):
        row = held.row(unit.key)
        for key, places in columns.items():
            if key in row:
                entry = row[key]
                for j in places:
                    forward[i, j] = max(entry.forward, UNKNOWN)
                    backward[i, j] = max(entry.backward, UNKNOWN)
    for i, j, value in (*_same(ours, theirs), *_sounding_alike(ours, theirs, forward)):
        forward[i, j] = max(forward[i, j], value)
        backward[i, j] = max(backward[i, j], value)
    return forward, backward


def _same(ours: Pieces, theirs: Pieces) -> Iterator[tuple[int, int, float]]:
    """Numbers of the same value, and words in Latin letters that stand in both texts."""
    values = _numbers(theirs)
    for mine, own in _numbers(ours):
        for yours, other in values:
            if own & other:
                yield from ((i, j, EQUAL) for i in mine for j in yours)
    keys = {unit.key: j for j, unit in enumerate(theirs.units)}
    for i, unit in enumerate(ours.units):
        if not ARABIC_LETTER.search(unit.key) and english_key(unit.key) in keys:
            yield i, keys[english_key(unit.key)], EQUAL


def _numbers(pieces: Pieces) -> list[tuple[list[int], frozenset[object]]]:
    """The units of each number of a text, and what it may mean."""
    found = []
    position = 0
    for number in numbers.read(pieces.text):
        start = pieces.text.find(number.text, position)
        if start < 0 or number.kind in ("percent", "hint"):
            continue
        position = start + len(number.text)
        units = [i for i, unit in enumerate(pieces.units) if _overlap(pieces.spans[unit.word], start, position)]
        found.append((units, frozenset[object](number.values)))
    return found


def _overlap(span: Span, start: int, end: int) -> bool:
    return span.start < end and start < span.end


def _sounding_alike(ours: Pieces, theirs: Pieces, forward: Array) -> Iterator[tuple[int, int, float]]:
    """Capitalised words that sound like a word that the lexicon cannot place."""
    unplaced = [i for i, unit in enumerate(ours.units) if "+" not in unit.key and forward[i].max() < 0.1 and len(unit.key) > 1]
    capitals = [j for j, unit in enumerate(theirs.units) if theirs.words[unit.word][0].isupper()]
    for i in unplaced:
        for j in capitals:
            alike = similarity(ours.units[i].key.removeprefix("ال"), theirs.words[theirs.units[j].word].removesuffix("'s"))
            if alike >= ALIKE:
                yield i, j, alike * alike


def posterior_of(found: Evidence) -> Array:
    """How probable each link is: both directions agree, and its neighbours are linked too."""
    forward, backward = found.forward, found.backward
    rows, columns = forward.shape
    place = np.abs(((np.arange(rows) + 0.5) / rows)[:, None] - ((np.arange(columns) + 0.5) / columns)[None, :])
    prior = np.exp(-DISTANCE * max(1.0, rows / SENTENCE) * place).astype(np.float32)
    support = prior
    for _ in range(ROUNDS):
        each = forward * support
        chosen = each / (each.sum(0, keepdims=True) + UNLINKED)
        other = backward * support
        taken = other / (other.sum(1, keepdims=True) + UNLINKED)
        joint: Array = np.sqrt(chosen * taken)
        support = prior * (ALONE + _neighbourhood(joint))
    return joint


def _neighbourhood(joint: Array) -> Array:
    """How strongly the links around each place are: those before and after it in both texts count most."""
    rows, columns = joint.shape
    padded = np.zeros((rows + 2 * NEIGHBOURS, columns + 2 * NEIGHBOURS), np.float32)
    padded[NEIGHBOURS:-NEIGHBOURS, NEIGHBOURS:-NEIGHBOURS] = joint
    total = np.zeros_like(joint)
    for down in range(-NEIGHBOURS, NEIGHBOURS + 1):
        for right in range(-NEIGHBOURS, NEIGHBOURS + 1):
            if down or right:
                weight = 1.0 / (1 + abs(down - right)) / (1 + min(abs(down), abs(right)))
                total += weight * padded[NEIGHBOURS + down : NEIGHBOURS + down + rows, NEIGHBOURS + right : NEIGHBOURS + right + columns]
    return total


def _links(posterior: Array, ours: Pieces, theirs: Pieces) -> list[Link]:
    """Links that are the best of their row or column and probable enough, by word."""
    best: defaultdict[tuple[int, int], float] = defaultdict(float)
    top = posterior >= np.minimum(posterior.max(0, keepdims=True), posterior.max(1, keepdims=True))
    for i, j in np.argwhere(top & (posterior >= ACCEPTED)).tolist():
        pair = ours.units[i].word, theirs.units[j].word
        best[pair] = max(best[pair], float(posterior[i, j]))
    return _filled([Link(*pair, score) for pair, score in best.items()], ours, theirs)


def _filled(links: list[Link], ours: Pieces, theirs: Pieces) -> list[Link]:
    """With links between words that have none, where the words before both and after both are linked: إلى and "in"."""
    pairs = {(link.source, link.target) for link in links}
    sources, targets = {i for i, _ in pairs}, {j for _, j in pairs}
    free = [j for j in range(1, len(theirs.words) - 1) if j not in targets and theirs.words[j].lower() not in ARTICLES]
    added = []
    for i in range(1, len(ours.words) - 1):
        if i in sources:
            continue
        between = [j for j in free if (i - 1, j - 1) in pairs and ((i + 1, j + 1) in pairs or (i + 1, j + 2) in pairs)]
        added += [Link(i, j, FILLED) for j in between]
    return links + added


def _with_articles(links: Sequence[Link], ours: Pieces, theirs: Pieces) -> Iterable[Link]:
    """The links, and those of each article, which goes with the noun that it belongs to."""
    yield from links
    best: dict[int, Link] = {}
    for link in links:
        if link.target not in best or link.score > best[link.target].score:
            best[link.target] = link
    for j, word in enumerate(theirs.words):
        if word.lower() in ARTICLES:
            noun = _noun_after(j, best, ours, theirs)
            if noun is not None:
                yield Link(noun.source, j, noun.score)


def _noun_after(article: int, best: Mapping[int, Link], ours: Pieces, theirs: Pieces) -> Link | None:
    """The link of the noun of an article: English puts it last ("the Sudanese government"), Arabic first (الحكومة السودانية).

    So while the next English word goes with the Arabic word before, and that is no verb, it is nearer to the noun.
    """
    place = next((k for k in (article + 1, article + 2) if k in best), None)
    if place is None:
        return None
    while (
        place + 1 in best
        and best[place + 1].source == best[place].source - 1
        and not theirs.words[place].endswith(POSSESSIVE)
        and _is_noun(ours.words[best[place + 1].source])
    ):
        place += 1
    return best[place]


def _is_noun(word: str) -> bool:
    """By its article, or by how often its stem has one."""
    return word.startswith(WITH_ARTICLE) or all(lexicon().is_noun(unit) for unit in _units(word) if "+" not in unit)
