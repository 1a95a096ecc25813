"""Which pairs of a corpus are fit to learn from, and a count of what was dropped and why.

Near-duplicates are found by shingles (Broder 1997, "On the resemblance and containment of documents"): hashed runs of
three words, of which the eight smallest stand for a sentence. Shared text with the evaluation sets is found by runs of eight words, the
measure of GPT-3's report (Brown et al. 2020, appendix C, has 13) made stricter because sentences are short.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from mt import arabic, numbers
from mt.summarization.words import ENGLISH_STOP_WORDS, words
from mt.train.corpora import Pair
from mt.train.recipe import CleanOptions

Reason = Literal[
    "one side", "swapped", "script", "language", "too long", "too short", "ratio", "numbers", "evaluation", "duplicate", "similar"
]
REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        "one side": "the Arabic or the English is missing",
        "swapped": "English where the Arabic should be, and Arabic where the English should be",
        "script": "the Arabic side is not in the Arabic script, or the English side has Arabic letters",
        "language": "the sides are not in Arabic and English",
        "too long": "more words than allowed",
        "too short": "fewer words than wanted",
        "ratio": "one side is far too long for the other",
        "numbers": "a number of one side has no answer on the other",
        "evaluation": "shares a run of words with an evaluation or held-out text",
        "duplicate": "the same pair again",
        "similar": "nearly the same as a pair before",
    }
)
SHINGLE = 3
"""Words in a shingle."""
SKETCH = 8
"""Hashed shingles that are remembered of a sentence, the smallest."""
FEW_SHINGLES = 4
"""With fewer shingles a resemblance is chance."""
RATIO_FROM = 6
"""Shortest Arabic side, in words, whose length says something about the other's."""
PROSE_FROM = 14
"""English of this many words holds at least one of `ENGLISH_STOP_WORDS`; names and headings may be shorter."""
FOREIGN_WORDS = frozenset(
    "le la les des du et est dans pour une el los las del y que por der die das und ist nicht von den para com não".split()
)
"""Function words of French, Spanish, German and Portuguese that are none in English."""
LETTERS = re.compile(r"[^\W\d_]")


class Overlap:
    """Runs of words of texts that must not be trained on."""

    def __init__(self, texts: Iterable[str], run: int) -> None:
        self._run = run
        self._seen: set[tuple[str, ...]] = set()
        for text in texts if run else ():
            found = folded(text)
            self._seen.update(_runs(found, run))
            if found:
                self._seen.add(tuple(found))  # a sentence shorter than a run counts whole

    def holds(self, text: str) -> bool:
        """Whether the text shares a run with one of them, or is one of them."""
        found = folded(text)
        return bool(found) and (tuple(found) in self._seen or any(run in self._seen for run in _runs(found, self._run)))


class Cleaner:
    """Goes through corpora one after another and remembers what it has seen."""

    def __init__(self, options: CleanOptions, overlap: Overlap) -> None:
        self._options = options
        self._overlap = overlap
        self._pairs: set[tuple[str, ...]] = set()
        self._holder: dict[int, int] = {}

    def clean(self, pairs: Iterable[Pair], *, min_words: int = 1) -> tuple[list[Pair], Counter[Reason]]:
        """The pairs that are fit, in order, and how many were dropped for which reason: the first that applies."""
        kept, dropped = [], Counter[Reason]()
        for pair in pairs:
            reason = self._reason(pair, min_words)
            if reason is None:
                kept.append(pair)
            else:
                dropped[reason] += 1
        return kept, dropped

    def _reason(self, pair: Pair, min_words: int) -> Reason | None:
        return _form(pair, self._options, min_words) or self._content(pair)

    def _content(self, pair: Pair) -> Reason | None:
        options = self._options
        if options.overlap and (self._overlap.holds(pair.source) or self._overlap.holds(pair.target)):
            return "evaluation"
        key = (*folded(pair.source), "", *folded(pair.target))
        if options.duplicates and key in self._pairs:
            return "duplicate"
        if options.numbers and not numbers_agree(pair):
            return "numbers"
        if options.near_duplicates < 1 and self._is_similar(pair):
            return "similar"
        self._pairs.add(key)
        return None

    def _is_similar(self, pair: Pair) -> bool:
        """Whether most shingles of the Arabic side stand in one pair before; if not, this pair is remembered."""
        shingles = sketch(pair.source)
        if len(shingles) < FEW_SHINGLES:
            return False
        votes = Counter(self._holder[shingle] for shingle in shingles if shingle in self._holder)
        if votes and max(votes.values()) >= self._options.near_duplicates * len(shingles):
            return True
        for shingle in shingles:
            self._holder[shingle] = len(self._pairs)
        return False


def numbers_agree(pair: Pair) -> bool:
    """Whether every number that a translation must show is there, both ways; one and two may hide in Arabic grammar.

    >>> numbers_agree(Pair("وصل 40 جنديا", "Forty soldiers came")), numbers_agree(Pair("وصل 40 جنديا", "Fourteen soldiers came"))
    (True, False)
    """
    ours, theirs = numbers.read(pair.source), numbers.read(pair.target)
    added = [number for number in numbers.unmatched(theirs, ours) if max(number.values, default=3) > 2]
    return not numbers.unmatched(ours, theirs) and not added


def is_english(text: str) -> bool:
    """Whether a text can be English, by its letters and function words; short ones get the benefit of the doubt.

    >>> is_english("The ministers met in Amman on Sunday."), is_english("Les ministres et la presse sont dans la salle pour une heure")
    (True, False)
    >>> is_english("Министры встретились"), is_english("Amman, Jordan")
    (False, True)
    """
    letters = LETTERS.findall(text)
    if sum(letter.isascii() for letter in letters) < 0.8 * len(letters):
        return False
    found = [word.casefold() for word in words(text)]
    english = sum(word in ENGLISH_STOP_WORDS for word in found)
    foreign = sum(word in FOREIGN_WORDS for word in found)
    return foreign <= english + 1 and (english > 0 or len(found) < PROSE_FROM)  # one may be in a name: La Paz


def folded(text: str) -> list[str]:
    """Words without vowel marks, case and punctuation, Arabic letters that writers mix up as one."""
    return [word.casefold() for word in words(text)]


def sketch(text: str) -> list[int]:
    """The smallest hashes of the three-word runs, the same on every machine: texts that share most runs share most of these."""
    return sorted({zlib.crc32(" ".join(run).encode()) for run in _runs(folded(text), SHINGLE)})[:SKETCH]


def report(dropped: Mapping[str, Counter[Reason]], kept: Mapping[str, int]) -> str:
    """A Markdown table: a row a corpus, a column a reason that occurred."""
    reasons = [reason for reason in REASONS if any(counts[reason] for counts in dropped.values())]
    rows = [["corpus", "read", "kept", *reasons]]
    for name, counts in dropped.items():
        rows.append([name, str(kept[name] + counts.total()), str(kept[name]), *(str(counts[reason]) for reason in reasons)])
    total = sum(dropped.values(), Counter[Reason]())
    rows.append(["all", str(sum(kept.values()) + total.total()), str(sum(kept.values())), *(str(total[reason]) for reason in reasons)])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rule = "| --- |" + " ---: |" * (len(rows[0]) - 1)
    said = [f"- {reason}: {REASONS[reason]}" for reason in reasons]
    return "\n".join([lines[0], rule, *lines[1:], "", *said]) + "\n"


def _form(pair: Pair, options: CleanOptions, min_words: int) -> Reason | None:
    """What is wrong with a pair by itself, cheap tests first."""
    if pair.source and len(pair.source.split()) < min_words:
        return "too short"
    return next((reason for reason, is_wrong in FORM_RULES.items() if is_wrong(pair, options)), None)


def _bad_script(pair: Pair, _: CleanOptions) -> bool:
    return not arabic.has_arabic(pair.source) or arabic.has_arabic(pair.target)


def _bad_language(pair: Pair, options: CleanOptions) -> bool:
    return options.language and (arabic.language(pair.source) != "ar" or not is_english(pair.target))


def _too_long(pair: Pair, options: CleanOptions) -> bool:
    return max(len(pair.source.split()), len(pair.target.split())) > options.max_words


def _bad_ratio(pair: Pair, options: CleanOptions) -> bool:
    source, target = len(pair.source.split()), len(pair.target.split())
    least, most = options.ratio
    return source >= RATIO_FROM and not least < (target + 1) / (source + 1) < most


FORM_RULES: Mapping[Reason, Callable[[Pair, CleanOptions], bool]] = MappingProxyType(
    {
        "one side": lambda pair, _: not pair.source or not pair.target,
        "swapped": lambda pair, _: not arabic.has_arabic(pair.source) and arabic.has_arabic(pair.target),
        "script": _bad_script,
        "too long": _too_long,
        "ratio": _bad_ratio,
        "language": _bad_language,
    }
)
"""In the order in which they are tried."""


def _runs(found: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    return (tuple(found[i : i + length]) for i in range(len(found) - length + 1))
