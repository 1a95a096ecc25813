"""Summaries without a model: the sentences that a linear scorer likes best, in document order."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mt.config import SummaryOptions
from mt.data import Summary, SummarySentence
from mt.summarization.words import content_words, count_words, has_words

Vector = Mapping[str, float]


class Features(NamedTuple):
    """What the scorer knows of one sentence; each is between 0 and 1."""

    opening: float
    """1 at the start, falling evenly to 0 at sentence `OPENING`."""
    position: float
    """1 at the start, 1/2 at the second sentence, 1/3 at the third, ..."""
    length: float
    """Words, up to 25, by 25."""
    centrality: float
    """Similarity to all other sentences together, by the highest in the document."""
    cohesion: float
    """Similarity to the neighbours."""
    title: float
    """Share of the title's weight that the sentence has; 0 without a title."""
    number: float
    """1 if it has a digit."""
    speech: float
    """1 if it begins with a dash or quotation mark, or has the first person or a question."""
    unfinished: float
    """1 if no full stop, question mark or the like ends it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of one sentence. size: words. poor: unfit for a summary, see `is_poor`."""

    text: str
    size: int
    poor: bool
    vector: Vector
    features: Features


WEIGHTS = Features(
    opening=0.58, position=0.79, length=0.4, centrality=0.5, cohesion=-0.15, title=0.57, number=0.1, speech=-0.07, unfinished=-0.25
)
"""Fitted by `tests/bench/fit_extractive.py` on 52 Arabic and 1,168 English documents.

On documents not used for fitting, the mean of ROUGE-1 and ROUGE-2 is, beside that of as many words from the start:
21.6 / 21.2 (84 English texts of many kinds), 29.0 / 28.6 (24 news articles), 34.4 / 34.4 and in Arabic 29.1 / 31.3
(6 whole news articles), 74.5 / 74.8 (53 Arabic encyclopaedia articles). Tried and dropped for a weight or a gain of
nothing: an even fall with the position, length beyond 40 words, share of new words, a beginning that points back.
"""
REDUNDANCY = 0.6
"""Standard deviations of the scores that a sentence loses if it says the same as one already chosen."""
SAME = 0.8  # cosine from which two sentences say the same; the second is never taken
OPENING = 6  # sentences
MOST_CANDIDATES = 400  # best sentences that compete; bounds the work on long documents
SHORTEST = 5  # words; below this a sentence is a caption, a greeting or a remnant
LONGEST_HEADLINE = 16  # words
LONGEST_LINE = 12  # words of a line without a full stop: up to here it is a headline, by-line or table row

CLOSERS = r"[\"'\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}»)\]]*\s*$"
FINISHED = re.compile(r"[.!?؟…\N{ARABIC FULL STOP}]" + CLOSERS)  # matches the end of "He left." and "غادر.»"
ASKED = re.compile(r"[?؟]" + CLOSERS)  # matches the end of '"Why?"'
LISTED = re.compile(r"\s*[-\N{EN DASH}\N{EM DASH}*•]")  # matches the start of "- Yes." and "* What"
QUOTED = re.compile(r"\s*[\"\N{LEFT DOUBLE QUOTATION MARK}«'\N{LEFT SINGLE QUOTATION MARK}]")  # matches the start of '"We lost'
SPEECH = re.compile(r"[?؟]|\b(?:I|[Ww]e|[Mm]y|[Oo]ur)\b|\b(?:نحن|أنا|إننا)\b")  # matches in "Why?", "I went", "so we know"
QUOTES = (("«", "»"), ("\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}"))


@dataclass(frozen=True, slots=True)
class Extractive:
    """The plug point `Summarizer`, without a model, for English and Arabic.

    >>> text = ["By Salma Haddad", "The council of Wadi Zahra agreed on a budget of 40 million dinars.", "Lunch was served in the hall."]
    >>> Extractive().summarize(text, SummaryOptions(sentences=1), title="Council agrees on budget").text
    'The council of Wadi Zahra agreed on a budget of 40 million dinars.'
    """

    weights: Features = WEIGHTS

    @property
    def name(self) -> str:
        """For signatures and `Summary.method`."""
        return "extractive"

    def summarize(self, sentences: Sequence[str], options: SummaryOptions, *, title: str = "") -> Summary:
        """The best sentences as they stand, in document order, without near-repetitions.

        At most `options.sentences`, together at most `options.words` words; if no sentence is that short,
        the shortest good one. Headlines, by-lines, questions and dialogue are taken only where there is
        nothing else. The headline is the title, or a short sentence. No words, no sentences: an empty summary.
        """
        title = tidy(title)
        usable = [i for i, sentence in enumerate(sentences) if has_words(sentence)]
        candidates = describe([sentences[i] for i in usable], title)
        scores = [score(self.weights, candidate.features) for candidate in candidates]
        made = tuple(SummarySentence(candidates[i].text, (usable[i],)) for i in choose(candidates, scores, options))
        return Summary(made, self.name, headline(candidates, scores, title) if options.headline else "", options.language)


def score(weights: Features, row: Features) -> float:
    """How good a summary sentence the row describes; higher is better, the scale has no meaning."""
    return sum(w * x for w, x in zip(weights, row, strict=True))


def ranked(sentences: Sequence[str]) -> list[int]:
    """Indices of the sentences, the best for a summary first."""
    scores = [score(WEIGHTS, candidate.features) for candidate in describe(sentences)]
    return sorted(range(len(sentences)), key=lambda i: (-scores[i], i))


def choose(candidates: Sequence[Candidate], scores: Sequence[float], options: SummaryOptions) -> list[int]:
    """Indices of the sentences to take, in order: maximal marginal relevance (Carbonell & Goldstein 1998) within the budget."""
    good = _good(candidates)
    left = sorted(good, key=lambda i: (-scores[i], i))[:MOST_CANDIDATES]
    penalty = REDUNDANCY * _spread(scores)
    budget = options.words if options.words is not None else sum(candidates[i].size for i in left)
    overlap = dict.fromkeys(left, 0.0)
    chosen: list[int] = []
    while len(chosen) < options.sentences:
        left = [i for i in left if candidates[i].size <= budget and overlap[i] < SAME]
        if not left:
            break
        best = max(left, key=lambda i: (scores[i] - penalty * overlap[i], -i))
        left.remove(best)
        chosen.append(best)
        budget -= candidates[best].size
        for i in left:
            overlap[i] = max(overlap[i], similarity(candidates[i].vector, candidates[best].vector))
    if not chosen and good:
        return [min(good, key=lambda i: (candidates[i].size, i))]
    return sorted(chosen)


def headline(candidates: Sequence[Candidate], scores: Sequence[float], title: str) -> str:
    """The title; else a first line that looks like one; else the best short sentence, without its full stop.

    >>> headline(describe(["A long day in Rades ends well", "They left at midnight."]), [0.0, 1.0], "")
    'A long day in Rades ends well'
    """
    if title or not candidates:
        return title
    first = candidates[0]
    if SHORTEST <= first.size <= LONGEST_LINE and not FINISHED.search(first.text) and not LISTED.match(first.text):
        return first.text
    good = _good(candidates)
    short = [i for i in good if candidates[i].size <= LONGEST_HEADLINE]
    best = max(short, key=lambda i: (scores[i], -i)) if short else min(good, key=lambda i: (candidates[i].size, i))
    return candidates[best].text.removesuffix(".")


def _good(candidates: Sequence[Candidate]) -> list[int]:
    """Indices of the sentences that can stand in a summary; of all, if none can."""
    return [i for i, candidate in enumerate(candidates) if not candidate.poor] or list(range(len(candidates)))


def _spread(scores: Sequence[float]) -> float:
    """Standard deviation; 0 for none."""
    mean = sum(scores) / max(len(scores), 1)
    return math.sqrt(sum((s - mean) ** 2 for s in scores) / max(len(scores), 1))


def is_poor(text: str) -> bool:
    """Whether a sentence cannot stand alone: too short, a headline or by-line, a list line, dialogue, a question, half a quotation.

    >>> [is_poor(t) for t in ["Written by: Mohamed Saad", "- And what about the final?", "The council met on Monday."]]
    [True, True, False]
    """
    size = count_words(text)
    if size < SHORTEST or (size <= LONGEST_LINE and not FINISHED.search(text)):
        return True
    halved = text.count('"') % 2 == 1 or any(text.count(left) != text.count(right) for left, right in QUOTES)
    return halved or bool(LISTED.match(text) or ASKED.search(text))


def tidy(text: str) -> str:
    """One line, single spaces."""
    return " ".join(text.split())


def describe(sentences: Sequence[str], title: str = "") -> list[Candidate]:
    """All that scoring and choosing need to know of each sentence. Work grows with the number of words, not its square."""
    texts = [tidy(sentence) for sentence in sentences]
    bags = [content_words(text) for text in texts]
    vectors, idf = vectorise(bags)
    central = centrality(vectors)
    most_central = max(central, default=0.0) or 1.0
    titled = {word: idf[word] for word in content_words(title) if word in idf}
    candidates = []
    for i, text in enumerate(texts):
        own = dict.fromkeys(bags[i])  # no set: the order of a sum must not change from run to run
        neighbours = [similarity(vectors[i], vectors[j]) for j in (i - 1, i + 1) if 0 <= j < len(texts)]
        size = count_words(text)
        row = Features(
            opening=max(0.0, 1 - i / OPENING),
            position=1 / (1 + i),
            length=min(size, 25) / 25,
            centrality=central[i] / most_central,
            cohesion=sum(neighbours) / max(len(neighbours), 1),
            title=sum(titled[word] for word in own if word in titled) / (sum(titled.values()) or 1.0),
            number=float(any(c.isdigit() for c in text)),
            speech=float(bool(LISTED.match(text) or QUOTED.match(text) or SPEECH.search(text))),
            unfinished=float(not FINISHED.search(text)),
        )
        candidates.append(Candidate(text, size, is_poor(text), vectors[i], row))
    return candidates


def vectorise(bags: Sequence[Sequence[str]]) -> tuple[list[dict[str, float]], dict[str, float]]:
    """Unit TF-IDF vectors, and the weight of each word: log(1 + sentences / sentences with the word)."""
    frequency = Counter(word for bag in bags for word in set(bag))
    idf = {word: math.log(1 + len(bags) / n) for word, n in frequency.items()}
    vectors = []
    for bag in bags:
        raw = {word: (1 + math.log(n)) * idf[word] for word, n in Counter(bag).items()}
        norm = math.sqrt(sum(v * v for v in raw.values())) or 1.0
        vectors.append({word: v / norm for word, v in raw.items()})
    return vectors, idf


def centrality(vectors: Sequence[Vector]) -> list[float]:
    """Sum of the similarities to all other sentences, by way of their sum: linear, where a graph would be quadratic."""
    total: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for word, v in vector.items():
            total[word] += v
    return [sum(v * (total[word] - v) for word, v in vector.items()) for vector in vectors]


def similarity(one: Vector, other: Vector) -> float:
    """Cosine of two unit vectors, 0 to 1."""
    if len(one) > len(other):
        one, other = other, one
    return sum(v * other.get(word, 0.0) for word, v in one.items())
