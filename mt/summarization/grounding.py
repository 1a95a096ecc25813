"""What in the source supports a summary sentence, and what in it has no support.

Made for summaries in the language of the source sentences: English with English, Arabic with Arabic.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise, takewhile

from mt import numbers
from mt.data import SummaryFlag, SummarySentence
from mt.summarization import extractive
from mt.summarization.words import content_words, is_stop_word, stem, words

MOST_SOURCES = 3
SUPPORT = 0.35
"""Share of a sentence's weight that its sources must hold between them, else it is `unsupported`.

Of 1,567 sentences of human summaries 1.0% hold less of their own article, and nearly all hold less of another article
(`tests/bench/summary_quality.py`). On 461 of them, 0.25 gave 0.2% and 98%, 0.4 gave 2.0% and nearly all.
"""
GAIN = 0.1  # share that a second or third source must add; chosen, not fitted
NAME_WEIGHT = 2.0  # names and numbers count so many times as much: they say which event it is; chosen, not fitted
SAME_START = 4  # letters in common from which a name is another form of one in the source: Mali, Malian

# Matches "Sarajevo", "KFOR", "G20", "al-Hadba" (as Hadba), "O'Brien"; not "river".
CAPITALISED = re.compile(r"\b[A-Z][^\W_]*(?:'[A-Z][^\W_]+)?")
# Matches what makes a name of the word before it: " Kallas" after Kaja, "-Hadba" after Al, "'s" after Egypt.
NAME_FOLLOWS = re.compile(r"[ -](?:al-)?[A-Z][^\W_]|['\N{RIGHT SINGLE QUOTATION MARK}]s\b")
NEAR = 1  # sentences between a name and what is said of it in the source
SURE = 0.5  # share of a sentence without its name that sources must hold for it to be clear where the name belongs
OPENERS = frozenset('.!?:;"«»(*•-…') | frozenset("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{EN DASH}\N{EM DASH}")


@dataclass(frozen=True, slots=True)
class Sources:
    """The source sentences, indexed by word."""

    sentences: tuple[str, ...]
    holders: Mapping[str, Sequence[int]]
    """Stem -> the sentences that have it, ascending."""
    known: Mapping[str, frozenset[str]]
    """Every word in lower case, by its first `SAME_START` letters."""
    initials: str
    """First letters of the words that carry meaning, a line a sentence: WFPsa for "World Food Programme sent the aid"."""

    folded: tuple[str, ...]
    """The sentences in lower case."""

    def weight(self, word: str, *, name: bool) -> float:
        """How much a word tells: log(1 + sentences / sentences with it); a word that none has counts as if half a one had it."""
        rarity = math.log(1 + len(self.sentences) / (len(self.holders.get(word, ())) or 0.5))
        return rarity * (NAME_WEIGHT if name or word[0].isdigit() else 1.0)


def ground(summary: Sequence[str], sentences: Sequence[str], *, mend: bool = True) -> tuple[SummarySentence, ...]:
    """Find for each summary sentence the source sentences that support it, and flag what they do not support.

    sources: indices into `sentences`, at most three, the best support first.
    flags: `unsupported` (hardly anything of it is there), `numbers` (one that the sources lack), `names`
    (a capitalised name or acronym that the source lacks), `misplaced` (a name that the source has, but not near
    what the sentence says of it; or first and last names that stand together nowhere).
    mend: put in place of an unsupported sentence the source sentence that it came closest to and that the
    summary has not yet; where there is none, leave the sentence out. So every sentence has a source.

    >>> source = ["Two ministers met in Amman on Monday.", "They signed a pact on 40 wells.", "Rain is expected."]
    >>> [(s.sources, sorted(s.flags)) for s in ground(["Ministers signed a pact on 50 wells."], source)]
    [((1, 0), ['numbers'])]
    """
    sources = index(sentences)
    judged = [_judge(text, sources) for text in summary]
    return _mended(judged, sources) if mend else tuple(judged)


def index(sentences: Sequence[str]) -> Sources:
    """Index source sentences for `ground`."""
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for i, sentence in enumerate(sentences):
        for word in dict.fromkeys(content_words(sentence)):
            holders[word].append(i)
    known: defaultdict[str, set[str]] = defaultdict(set)
    initials = []
    for sentence in sentences:
        plain = [_bare(word) for word in words(sentence)]
        initials.append("".join(word[0] for word in plain if not is_stop_word(word)))
        for word in plain:
            known[word.casefold()[:SAME_START]].add(word.casefold())
    by_start = {start: frozenset(group) for start, group in known.items()}
    folded = tuple(sentence.casefold() for sentence in sentences)
    return Sources(tuple(sentences), dict(holders), by_start, "\n".join(initials), folded)


def _judge(text: str, sources: Sources) -> SummarySentence:
    support, share = _support(text, sources)
    flags: set[SummaryFlag] = set()
    if share < SUPPORT:
        flags.add("unsupported")
    supporting = numbers.read("\n".join(sources.sentences[i] for i in support))
    if numbers.unmatched(numbers.read(text), supporting):
        flags.add("numbers")
    if any(not _is_known(name, sources) for name in names(text)):
        flags.add("names")
    if _is_mixed(text, sources) or any(_is_misplaced(name, text, sources) for name in names(text)):
        flags.add("misplaced")
    return SummarySentence(text, support, frozenset(flags))


def _support(text: str, sources: Sources) -> tuple[tuple[int, ...], float]:
    """The sentences that between them hold most of a text's weight, found greedily, and the share that they hold."""
    open_words = _weights(text, sources)
    total = sum(open_words.values())
    found: list[int] = []
    held = 0.0
    while open_words and len(found) < MOST_SOURCES:
        best, gain = _best(open_words, sources)
        if gain < (GAIN * total if found else 1e-9):
            break
        found.append(best)
        held += gain
        open_words = {word: w for word, w in open_words.items() if best not in sources.holders.get(word, ())}
    return tuple(found), held / total if total else 0.0


def _best(open_words: Mapping[str, float], sources: Sources, taken: Set[int] = frozenset()) -> tuple[int, float]:
    """The sentence that holds most of the words' weight, the earliest of equals; (-1, 0.0) if none holds any."""
    gains: defaultdict[int, float] = defaultdict(float)
    for word, weight in open_words.items():
        for i in sources.holders.get(word, ()):
            if i not in taken:
                gains[i] += weight
    best = min(gains, key=lambda i: (-gains[i], i), default=-1)
    return best, gains.get(best, 0.0)


def names(text: str) -> list[str]:
    """Capitalised names and acronyms of one sentence, in order; a word capitalised because something opens is left out.

    >>> names('Three officers of KFOR met Kaja Kallas, and said: "Winter is near."')
    ['KFOR', 'Kaja', 'Kallas']
    """
    found = []
    for match in CAPITALISED.finditer(text):
        word = _bare(match[0])
        if is_stop_word(word) or (_opens(text, match.start()) and not _is_acronym(word) and not NAME_FOLLOWS.match(text, match.end())):
            continue
        found.append(word)
    return found


def _bare(word: str) -> str:
    """Without the ending of "Egypt's"."""
    return word.removesuffix("'s").removesuffix("\N{RIGHT SINGLE QUOTATION MARK}s")


def _opens(text: str, start: int) -> bool:
    """Whether a sentence, a quotation or a bracket begins here, so that any word would have a capital."""
    before = text[max(0, start - 4) : start]
    return not before.strip() or (before.rstrip()[-1] in OPENERS and not before.endswith("-"))


def _is_acronym(word: str) -> bool:
    """KFOR, UN, G20, WaPo."""
    return sum(c.isupper() or c.isdigit() for c in word) >= 2


def _is_known(name: str, sources: Sources) -> bool:
    """Whether the source has a name, another form of it (Mali, for Malian), or the words it is made of (World Food Programme, for WFP)."""
    if _is_acronym(name) and (name in sources.initials or (len(name) >= 3 and name.casefold() in sources.initials.casefold())):
        return True
    name = name.casefold()
    alike = sources.known.get(name[:SAME_START], frozenset())
    return any(name == other or _common_start(name, other) >= max(SAME_START, min(len(name), len(other)) - 2) for other in alike)


def _is_misplaced(name: str, text: str, sources: Sources) -> bool:
    """Whether the source says what the rest of a sentence says, and has the name, but not there or in the sentences around."""
    if _is_acronym(name) or not _is_known(name, sources):
        return False
    support, share = _support(re.sub(rf"\b{re.escape(name)}\b", "", text), sources)
    near = {j for i in support for j in range(i - NEAR, i + NEAR + 1) if 0 <= j < len(sources.sentences)}
    return share >= SURE and not any(_has(sources.folded[j], name) for j in near) and any(_has(s, name) for s in sources.folded)


def _is_mixed(text: str, sources: Sources) -> bool:
    """Whether two words of one name, both of the source, stand together in none of its sentences: Karim Sabri of two men."""
    own = set(names(text))
    for first, second in pairwise(CAPITALISED.finditer(text)):
        pair = _bare(first[0]), _bare(second[0])
        joined = text[first.end() : second.start()] in {" ", "-"} and own.intersection(pair)
        together = any(all(_has(sentence, name) for name in pair) for sentence in sources.folded)
        if joined and not together and all(_is_known(name, sources) for name in pair):
            return True
    return False


def _has(sentence: str, name: str) -> bool:
    """Whether a sentence in lower case has a name, or a longer one without its last two letters: Malian, Mali."""
    name = name.casefold()
    return name in sentence or (len(name) > SAME_START + 1 and name[:-2] in sentence)


def _common_start(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _mended(judged: Sequence[SummarySentence], sources: Sources) -> tuple[SummarySentence, ...]:
    """Replace what is unsupported by the nearest source sentence that is fit for a summary and not yet in it."""
    taken = {s.sources[0] for s in judged if "unsupported" not in s.flags}
    taken |= {i for i, sentence in enumerate(sources.sentences) if extractive.is_poor(sentence)}
    mended = []
    for sentence in judged:
        if "unsupported" not in sentence.flags:
            mended.append(sentence)
            continue
        best, gain = _best(_weights(sentence.text, sources), sources, taken)
        if gain:
            taken.add(best)
            mended.append(SummarySentence(extractive.tidy(sources.sentences[best]), (best,)))
    return tuple(mended)


def _weights(text: str, sources: Sources) -> dict[str, float]:
    """What each content word of a text tells."""
    capitals = {stem(name) for name in names(text)}
    return {word: sources.weight(word, name=word in capitals) for word in content_words(text)}
