"""Examples with wanted terms: the prompt says which English some words of the source must have, and the answer has it.

A term of a lexicon counts where its Arabic stands in the source, clitics aside, and its English once in the target. Part
of them get another English than people chose, in the prompt and in the answer alike: only so does the model learn to
follow the prompt instead of its own taste.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from mt.summarization.words import SPELLING
from mt.train.corpora import Pair, read_pairs
from mt.train.recipe import TermOptions, matching

LONGEST = 5
"""Words in a term."""
SHORTEST_WORD = 3
"""Letters of a one-word Arabic term, and of an English one."""
CLITICS = ("وال", "بال", "فال", "لل", "وب", "ول", "ال", "و", "ف", "ب", "ك", "ل")
WITH_ARTICLE = frozenset({"وال", "بال", "فال", "لل"})
"""Clitics that hide an article of the term's own."""
EDGES = "،,.:؛;!؟?\"«»()[]“”'…-–"
NOTE = re.compile(r"\s*\(.*?\)")
"""Matches the remark in "bank (of a river)"."""
OPENING = re.compile(r"^(?:the|to|a|an) ", re.IGNORECASE)
HOW_MANY = (1, 1, 1, 2, 2, 3)
"""Terms asked for in one example: as often one as more."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term found in a pair: its Arabic as it stands there, and where its English stands in the target."""

    arabic: str
    start: int
    end: int
    replaceable: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target that follows the terms, and the terms as the prompt names them: `محكمة = tribunal; مجلس الأمن = Security Council`."""

    terms: str
    target: str


class Lexicons:
    """The terms of all word lists, and the English that may replace that of others."""

    def __init__(self, options: TermOptions) -> None:
        self._replaced = options.replaced
        self._english: defaultdict[tuple[str, ...], dict[str, bool]] = defaultdict(dict)
        self._pools: dict[bool, list[list[str]]] = {True: [], False: []}
        for lexicon in options.lexicons:
            for path in matching(lexicon.files):
                found = [english for pair in read_pairs(path) if (english := self._learn(pair, replaceable=lexicon.replace))]
                for capital, pools in self._pools.items():
                    pool = [english for english in found if english[0].isupper() is capital]
                    if lexicon.replace and pool:
                        pools.append(pool)

    def ask(self, pair: Pair, rng: Random) -> Wanted | None:
        """Choose one to three terms of a pair, names and phrases first; None: it has none that is known."""
        found = list(self._found(pair))
        telling = [term for term in found if _is_telling(pair.target[term.start : term.end])] or found
        if not telling:
            return None
        rng.shuffle(telling)
        chosen = sorted(telling[: rng.choice(HOW_MANY)], key=lambda term: term.start)
        chosen = [term for i, term in enumerate(chosen) if i == 0 or term.start >= chosen[i - 1].end]
        target, named, shift = pair.target, [], 0
        for term in chosen:
            usual = pair.target[term.start : term.end]
            english = self._other_for(usual, rng) if term.replaceable else usual
            target = target[: term.start + shift] + english + target[term.end + shift :]
            shift += len(english) - len(usual)
            named.append(f"{term.arabic} = {english}")
        return Wanted("; ".join(named), target)

    def _learn(self, pair: Pair, *, replaceable: bool) -> str:
        """The English of an entry that can be used as a term, or an empty string."""
        english = OPENING.sub("", NOTE.sub("", pair.target).strip())
        key = tuple(folded(word) for word in pair.source.split())
        short = len(english) < SHORTEST_WORD or len("".join(key)) < SHORTEST_WORD
        if short or not 0 < len(key) <= LONGEST or len(english.split()) > LONGEST + 1:
            return ""
        self._english[key].setdefault(english, replaceable)
        return english

    def _found(self, pair: Pair) -> Iterator[Term]:
        raw = pair.source.split()
        keys = [folded(word) for word in raw]
        lower = pair.target.lower()
        i = 0
        while i < len(raw):
            sizes = range(min(LONGEST, len(raw) - i), 0, -1)
            hit = next((hit for size in sizes if (hit := self._match(raw[i : i + size], keys[i : i + size], pair.target, lower))), None)
            if hit:
                yield hit
            i += len(hit.arabic.split()) if hit else 1

    def _match(self, raw: Sequence[str], keys: Sequence[str], target: str, lower: str) -> Term | None:
        """These words as a term, if a lexicon has them and the English stands in the target once. lower: the target in lower case."""
        for first in bare_forms(keys[0]):
            for english, replaceable in self._english.get((first, *keys[1:]), {}).items():
                if english.lower() not in lower:  # most are not there: compiling a pattern for each would take minutes
                    continue
                places = list(re.finditer(rf"(?<!\w){re.escape(english)}(?!\w)", target, re.IGNORECASE))
                if len(places) == 1:
                    return Term(_as_written(raw, keys[0], first), *places[0].span(), replaceable)
        return None

    def _other_for(self, usual: str, rng: Random) -> str:
        pools = self._pools[usual[0].isupper()]
        if not (pools and _is_telling(usual) and rng.random() < self._replaced):
            return usual
        return rng.choice(rng.choice(pools))


def folded(word: str) -> str:
    """A word as it is looked up: spelling variants as one, no marks at its edges.

    >>> folded("«الحكومة،") == folded("الحكومه")
    True
    """
    return word.strip(EDGES).translate(SPELLING)


def bare_forms(key: str) -> Iterator[str]:
    """The word, and what is left of it without a clitic.

    >>> list(bare_forms("للمحكمه"))
    ['للمحكمه', 'محكمه', 'المحكمه', 'لمحكمه']
    """
    yield key
    for clitic in CLITICS:
        rest = key.removeprefix(clitic)
        if rest != key and len(rest) >= SHORTEST_WORD:
            yield rest
            if clitic in WITH_ARTICLE:
                yield "ال" + rest


def _as_written(raw: Sequence[str], key: str, bare: str) -> str:
    """The words of a term as the source has them; without the clitic where the rest of the word stands as it is."""
    first = raw[0].strip(EDGES)
    cut = len(key) - len(bare) if key.endswith(bare) and len(first) == len(key) else 0
    return " ".join([first[cut:], *raw[1:]]).strip(EDGES)


def _is_telling(english: str) -> bool:
    """A name or a phrase: for a plain word another English would seldom fit the sentence."""
    return english[0].isupper() or " " in english
