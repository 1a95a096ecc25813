"""Terms in Arabic text: through what clings to a word, and through the usual ways to misspell it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from mt.glossary.entries import Found, Term

_VOWELS = "\N{ARABIC FATHATAN}-\N{ARABIC SUKUN}\N{ARABIC LETTER SUPERSCRIPT ALEF}"
_TATWEEL = "\N{ARABIC TATWEEL}"
WORD = re.compile(rf"[\w{_VOWELS}]+")
"""`وزارة`, `كوب`, `28`, `كُتُب`"""
GAP = re.compile(r"[\s\-\"'«»()“”]+")
"""What may stand between two words of one term; a comma may not."""
_UNMARKED = re.compile(f"[{_VOWELS}{_TATWEEL}]")
_SAME_LETTER = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "ء", "ئ": "ء"})
_BEFORE = re.compile(r"(?P<joined>[وف]?)(?P<preposition>[بكلس]?)(?=.)")
"""`وب` of `وبمجلس`"""
_ARTICLE = "ال"
_ENDINGS = ("هما", "كما", "هم", "هن", "ها", "كم", "نا", "ه", "ك", "ي", "ا")
"""Pronouns (their, your, her, our, his, my), and the alef of an indefinite accusative: `رئيسا`."""
MIN_STEM = 3
"""Letters that a term of one word must keep when `و` or an ending is taken from it, ..."""
MIN_AFTER_PREPOSITION = 4
"""... and when ف ب ك ل س are: `فكرة` (idea) is not ف and `كرة` (ball); but `لحلف الناتو` is ل and `حلف الناتو`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to see a word: `bare` is the folded word without `cut` letters in front; `ended` if an ending went too.

    sure: the letters in front are no part of the word; else it takes a second word of the term to believe it.
    """

    bare: str
    cut: int
    whole: bool = True
    ended: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A term by its folded words after the first."""

    rest: tuple[str, ...]
    term: Term


def fold(text: str) -> str:
    """Letters that are often exchanged made the same; vowel signs and tatweel dropped.

    >>> fold("إلى المَحكمـــة") == fold("الي المحكمه")
    True
    """
    plain = unicodedata.normalize("NFKC", text) if not text.isascii() else text
    return _UNMARKED.sub("", plain).translate(_SAME_LETTER).casefold()


def folded_words(text: str) -> tuple[str, ...]:
    """The folded words of a text.

    >>> folded_words("مجلس الأمن")
    ('مجلس', 'الامن')
    """
    return tuple(WORD.findall(fold(text)))


def readings(word: str) -> Iterator[Reading]:
    """All ways to see a folded word, the word as it is first.

    >>> [reading.bare for reading in readings("وللمحكمه")]
    ['وللمحكمه', 'وللمحكم', 'للمحكمه', 'للمحكم', 'المحكمه', 'محكمه', 'محكم', 'لمحكمه', 'لمحكم']
    """
    seen: set[tuple[str, bool]] = set()
    for reading in _fronts(word):
        for found in (reading, *_without_ending(reading)):
            if (found.bare, found.ended) not in seen:
                seen.add((found.bare, found.ended))
                yield found


def _fronts(word: str) -> Iterator[Reading]:
    yield Reading(word, 0)
    before = _BEFORE.match(word)
    if before is None:  # nothing but vowel signs
        return
    cuts = dict.fromkeys((0, len(before["joined"]), before.end()))
    for cut in cuts:
        rest = word[cut:]
        if rest.startswith("لل") and len(rest) >= MIN_STEM + 2:
            yield Reading(rest, cut)
            yield Reading(_ARTICLE + rest[2:], cut, whole=False)  # للمحكمة is ل and المحكمة
            yield Reading(rest[2:], cut + 2)
        elif rest.startswith(_ARTICLE) and len(rest) > MIN_STEM:
            yield Reading(rest, cut)
            yield Reading(rest[2:], cut + 2)
        elif cut and _may_stand(word, cut):
            yield Reading(rest, cut, sure=len(rest) >= (MIN_STEM if word[:cut] == "و" else MIN_AFTER_PREPOSITION))


def _may_stand(word: str, cut: int) -> bool:
    """The letters in front may be a conjunction or a preposition."""
    return word[cut - 1] != "س" or word[cut] in "يتنا"  # which makes a future of such verbs only


def _without_ending(reading: Reading) -> Iterator[Reading]:
    if reading.bare.startswith(_ARTICLE):
        return
    for ending in _ENDINGS:
        stem = reading.bare.removesuffix(ending)
        if stem != reading.bare and len(stem) >= MIN_STEM:
            yield replace(reading, bare=stem, ended=True)
            if stem.endswith("ت"):  # محكمته is محكمة and ه
                yield replace(reading, bare=stem[:-1] + "ه", ended=True)


def index(terms: Iterable[Term]) -> dict[str, list[Entry]]:
    """Terms by their first folded word; the first of several with the same Arabic counts."""
    table: dict[str, list[Entry]] = {}
    seen: set[tuple[str, ...]] = set()
    for term in terms:
        words = folded_words(term.source)
        if words and words not in seen:
            seen.add(words)
            table.setdefault(words[0], []).append(Entry(words[1:], term))
    return table


def find(source: str, table: Mapping[str, list[Entry]]) -> tuple[Found, ...]:
    """The terms of a source in reading order; of those that overlap, the one with the most words."""
    places = list(WORD.finditer(source))
    folded = [fold(place[0]) for place in places]
    candidates = [(i, *term) for i in range(len(places)) for term in _at(i, source, places, folded, table)]
    taken: set[int] = set()
    found = []
    for i, length, reading, term in sorted(candidates, key=lambda candidate: (-candidate[1], candidate[0])):
        own = range(i, i + length)
        if taken.isdisjoint(own):
            taken.update(own)
            start, end = places[i].start(), places[i + length - 1].end()
            found.append(Found(term, start, end, _shown(source[start:end], term, reading)))
    return tuple(sorted(found, key=lambda match: match.start))


def _at(
    i: int, source: str, places: list[re.Match[str]], folded: list[str], table: Mapping[str, list[Entry]]
) -> Iterator[tuple[int, Reading, Term]]:
    """The terms that start with word `i`: the number of words, how the first is seen, and the term; the likelier first."""
    for reading in readings(folded[i]):
        for entry in table.get(reading.bare, ()):
            length = 1 + len(entry.rest)
            if (reading.ended if entry.rest else not reading.sure) or i + length > len(places):
                continue
            if _fits(entry.rest, folded[i + 1 : i + length]) and _together(source, places[i : i + length]):
                yield length, reading, entry.term


def _fits(rest: tuple[str, ...], words: list[str]) -> bool:
    """The words after the first are those of the term, with the article or without, the last also with an ending."""
    for k, (wanted, word) in enumerate(zip(rest, words, strict=True)):
        if wanted in (word, word.removeprefix(_ARTICLE)):
            continue
        last = k == len(rest) - 1
        if not (last and any(reading.bare == wanted for reading in _without_ending(Reading(word, 0)))):
            return False
    return True


def _together(source: str, places: list[re.Match[str]]) -> bool:
    return all(GAP.fullmatch(source[one.end() : other.start()]) for one, other in pairwise(places))


def _shown(text: str, term: Term, reading: Reading) -> str:
    """The text without the letters in front, where that leaves the word as it is; else the term as the glossary has it."""
    if reading.ended or not reading.whole or fold(text) != _UNMARKED.sub("", text).translate(_SAME_LETTER).casefold():
        return term.source
    front = reading.cut - 2 if text[: reading.cut].endswith(_ARTICLE) else reading.cut
    return text[front:]
