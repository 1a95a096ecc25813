"""Marks of a source put at the right words of its English, by word alignment.

A range goes to the run of English words that its Arabic words are linked to; a point or a break to the gap
that leaves the fewest links on its wrong side; both stay in the sentence that they were in. Marks are
placed from the outside in, each where its siblings leave room, so that none can cross.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from mt.alignment import Link, Span, words
from mt.data import Mark
from mt.formats.rendering import OPENERS, Node, Rendering, tree

Align: TypeAlias = Callable[[str, str], Sequence[Link]]
"""Gives the links between the words (`mt.alignment.words`) of a source and its English."""

UNLINKED = 0.05
"""What a word without links costs inside a range, where a link counts its score (0 to 1)."""
GLUED = 2.0
"""How much more the word counts that a point is glued to, such as that before a footnote mark."""
DECAY = 0.5
"""How much less each further word from a point counts."""
NOUN_PHRASE = 2
"""Words after an article that may be those that it belongs to."""
STRONG = 0.3
"""A link with at least this score says where the words next to a point are."""
OTHER_SIDE = 0.8
"""What it costs more to stand before the word that follows than behind the word that comes before, as names do."""
FAR = 0.6
"""What each English word costs between a point and the word that it stood next to."""
SAME_PUNCTUATION = 0.3
"""What a gap gains that has punctuation where the source has it next to a point."""
ARTICLES = frozenset({"the", "a", "an"})
LEADING = frozenset("and so then to for by with in at on of from as".split())
"""What Arabic writes as one letter joined to the next word; outside a range that starts behind that letter."""
FUNCTION = ARTICLES | LEADING | frozenset("that is are was were be been have has had will would it its this these his her their".split())
VERBS = frozenset(
    "said says told met held made took gave began won lost left sent saw came went became found led paid put set built brought".split()
)
"""Past tenses not in -ed. A footnote mark goes behind `European Union`, but before the verb of `minister said`."""
NEAR = 6
"""Words on either side of a point that count."""
REACH = 40
"""English words from where the words next to a point are that it can be put; by then FAR outweighs all links."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A segment and its English, and where each starts in the text of the block."""

    source_at: int
    source: str
    target_at: int
    target: str


def project(source: str, marks: Sequence[Mark], target: str, sentences: Sequence[Sentence], align: Align) -> tuple[str, tuple[Mark, ...]]:
    """The English with the white space that points and breaks need around them, and the marks in it.

    sentences: in order; together they cover both texts, white space aside.
    """
    side = Sides(source, target, sentences, align)
    roots = tree(marks)
    side.place(roots, 0, len(side.target_words), 0, len(target))
    return Rendering(source, target).run(roots)


def _with_equal_words(sentence: Sentence, ours: Sequence[Span], theirs: Sequence[Span], align: Align) -> list[Link]:
    """Links, where a word that stands once on both sides, such as `WHO`, is linked to itself alone."""
    left = _once([sentence.source[span.start : span.end] for span in ours])
    right = _once([sentence.target[span.start : span.end] for span in theirs])
    equal = {left[word]: right[word] for word in left if word in right}
    ends = set(equal.values())
    found = [link for link in align(sentence.source, sentence.target) if link.source not in equal and link.target not in ends]
    return found + [Link(i, j, 1.0) for i, j in equal.items()]


def _once(found: Sequence[str]) -> dict[str, int]:
    counts = Counter(found)
    return {word: i for i, word in enumerate(found) if counts[word] == 1}


class Level:
    """What siblings have taken of the target words from low up to high."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high
        self.words = bytearray(high - low)
        self.inner = bytearray(high - low + 1)
        """Gaps that are inside a sibling."""
        self.starting: dict[int, Node] = {}
        self.ending: dict[int, Node] = {}

    @cached_property
    def gaps(self) -> list[int]:
        """The gaps that are inside no sibling, once all ranges are taken; the last one always is."""
        return [gap for gap in range(self.low, self.high + 1) if not self.inner[gap - self.low]]

    def take(self, node: Node) -> None:
        """Note where a range went."""
        for word in range(node.low, node.high):
            self.words[word - self.low] = 1
        for gap in range(node.low + 1, node.high):
            self.inner[gap - self.low] = 1
        if node.low < node.high:
            self.starting[node.low] = self.ending[node.high] = node

    def is_free(self, word: int) -> bool:
        """Whether a target word is none of a sibling's."""
        return not self.words[word - self.low]

    def free_part(self, low: int, high: int) -> tuple[int, int]:
        """The first run of free words from low up to high; empty where there is none."""
        while low < high and not self.is_free(low):
            low += 1
        end = low
        while end < high and self.is_free(end):
            end += 1
        return low, end


class Sides:
    """Words of both sides and the links between them, by sentence."""

    def __init__(self, source: str, target: str, sentences: Sequence[Sentence], align: Align) -> None:
        self.source, self.target = source, target
        self.sentences = sentences
        self.source_words: list[Span] = []
        self.target_words: list[Span] = []
        self.source_from: list[int] = [0]
        """Sentence i has the source words from source_from[i] up to source_from[i + 1]."""
        self.target_from: list[int] = [0]
        self.links: list[list[Link]] = []
        """By source word."""
        self.cut_words: dict[int, bool] = {}
        """Source words inside which a range starts."""
        for sentence in sentences:
            self._add(sentence, align)
        self.linked_from: list[list[Link]] = [[] for _ in self.target_words]
        for links in self.links:
            for link in links:
                self.linked_from[link.target].append(link)

    def _add(self, sentence: Sentence, align: Align) -> None:
        ours, theirs = words(sentence.source), words(sentence.target)
        source_at, target_at = len(self.source_words), len(self.target_words)
        self.links += [[] for _ in ours]
        same = sentence.source == sentence.target
        links = [Link(i, i, 1.0) for i in range(len(ours))] if same else _with_equal_words(sentence, ours, theirs, align)
        for link in links:
            self.links[source_at + link.source].append(Link(source_at + link.source, target_at + link.target, link.score))
        self.source_words += [Span(span.start + sentence.source_at, span.end + sentence.source_at) for span in ours]
        self.target_words += [Span(span.start + sentence.target_at, span.end + sentence.target_at) for span in theirs]
        self.source_from.append(len(self.source_words))
        self.target_from.append(len(self.target_words))

    def place(self, nodes: list[Node], low: int, high: int, start: int, end: int) -> None:
        """Place siblings and what is in them: between the target words low and high, the characters start and end."""
        for node in nodes:
            node.first = bisect_right(self.source_words, node.mark.start, key=lambda span: span.end)
            node.last = max(node.first, bisect_left(self.source_words, node.mark.end, key=lambda span: span.start))
            if node.first < node.last and self.source_words[node.first].start < node.mark.start:
                self.cut_words[node.first] = True
        ranges = [node for node in nodes if node.first < node.last]
        level = Level(low, high)
        for node in sorted(ranges, key=lambda node: (-len(self._sentences_of(node)), node.first - node.last)):
            self._place_range(node, level)
            level.take(node)
        for node in ranges:
            self._set_edges(node, start, end)
        gap_before = -1
        offset_before = start
        for node in nodes:
            if node.first == node.last:
                self._place_point(node, level)
                self._set_offset(node, level, start, end)
                if node.low == gap_before:
                    node.start = node.end = max(node.start, offset_before)
                gap_before, offset_before = node.low, node.start
        for node in ranges:
            if node.children:
                self.place(node.children, node.low, node.high, node.start, node.end)

    # Ranges

    def _sentences_of(self, node: Node) -> range:
        return range(bisect_right(self.source_from, node.first) - 1, bisect_right(self.source_from, node.last - 1))

    def _place_range(self, node: Node, level: Level) -> None:
        sentences = self._sentences_of(node)
        first, last = sentences[0], sentences[-1]
        if first == last:
            node.low, node.high = self._run(node.first, node.last, first, level)
            return
        low = self._run(node.first, self.source_from[first + 1], first, level)[0]
        high = self._run(self.source_from[last], node.last, last, level)[1]
        node.low, node.high = level.free_part(low, max(low, high))

    def _run(self, first: int, last: int, sentence: int, level: Level) -> tuple[int, int]:
        """The run of free words of a sentence that its source words from first to last are linked to best."""
        low, high = max(level.low, self.target_from[sentence]), min(level.high, self.target_from[sentence + 1])
        if low >= high:
            gap = min(max(low, level.low), level.high)
            return gap, gap
        begin, end = self.source_from[sentence], self.source_from[sentence + 1]
        free = [level.is_free(word) for word in range(low, high)]
        if (first, last) == (begin, end) and all(free):
            return low, high
        found = _best_run([self._gain(word, first, last) for word in range(low, high)], free)
        if found is not None:
            return self._trimmed(low + found[0], low + found[1], first, last, low, high, level)
        return self._by_position((first + last - 2 * begin) / (2 * (end - begin)), (last - first) / (end - begin), low, high, level)

    def _trimmed(self, start: int, end: int, first: int, last: int, low: int, high: int, level: Level) -> tuple[int, int]:
        """A run with its article and with what stands for its unlinked words; without the `and` of one that starts inside `والأردن`."""
        unlinked = sum(not self.links[word] for word in range(first, last))
        while unlinked and end < high and level.is_free(end) and not self.linked_from[end] and self._word(end) not in FUNCTION:
            end, unlinked = end + 1, unlinked - 1
        if self.cut_words.get(first):
            while start < end - 1 and self._word(start) in LEADING:
                start += 1
        elif start > low and level.is_free(start - 1) and self._word(start - 1) in ARTICLES and self._lone_article(start - 1):
            start -= 1
        return start, end

    def _lone_article(self, word: int) -> bool:
        """Whether an article does not belong to a word further on; a link to a verb far off says nothing."""
        return not any(word < other.target <= word + NOUN_PHRASE for link in self.linked_from[word] for other in self.links[link.source])

    def _word(self, i: int) -> str:
        span = self.target_words[i]
        return self.target[span.start : span.end].lower()

    def _gain(self, word: int, first: int, last: int) -> float:
        links = self.linked_from[word]
        if not links:
            return -UNLINKED
        return sum(link.score if first <= link.source < last else -link.score for link in links)

    def _by_position(self, middle: float, share: float, low: int, high: int, level: Level) -> tuple[int, int]:
        """Where nothing is linked: free words as far into the sentence as the source words are, unlinked ones before others.

        middle, share: of the source words in their sentence, 0 to 1.
        """
        around = low + (high - low) * middle
        free = [word for word in range(low, high) if level.is_free(word)]
        if not free:
            gap = next((gap for gap in range(min(round(around), high), high) if not level.inner[gap - level.low]), high)
            return gap, gap
        seed = min(free, key=lambda word: (len(self.linked_from[word]) > 0, self._word(word) in FUNCTION, abs(word + 0.5 - around)))
        lower, upper = seed, seed + 1
        while upper - lower < round(share * (high - low)):
            after, before = upper < high and level.is_free(upper), lower > low and level.is_free(lower - 1)
            if not after and not before:
                break
            if after and (not before or upper + lower <= 2 * around):
                upper += 1
            else:
                lower -= 1
        return lower, upper

    def _set_edges(self, node: Node, start: int, end: int) -> None:
        """Characters of a range: its words, and the marks at its edges if its source has such."""
        if node.low == node.high:
            node.start = node.end = min(max(self._between(node.low)[0], start), end)
            return
        before, after = self._between(node.low), self._between(node.high)
        source_start, source_end = self.source_words[node.first].start, self.source_words[node.last - 1].end
        opening = len(self.source[node.mark.start : source_start].strip()) if node.mark.start < source_start else 0
        closing = len(self.source[source_end : node.mark.end].strip()) if node.mark.end > source_end else 0
        node.start = max(before[3] - min(opening, before[3] - before[2]), start)
        node.end = min(after[0] + min(closing, after[1] - after[0]), end)

    def _between(self, gap: int) -> tuple[int, int, int, int]:
        """Offsets around a gap: the end of the word before and of its closing marks, the start of the opening marks and of the word."""
        left = self.target_words[gap - 1].end if gap else 0
        right = self.target_words[gap].start if gap < len(self.target_words) else len(self.target)
        between = self.target[left:right]
        if not gap:
            lead = len(between) - len(between.lstrip())
            return 0, 0, lead, right
        if gap == len(self.target_words):
            trail = len(between.rstrip())
            return left, left + trail, right, right
        closers = len(between.split(maxsplit=1)[0]) if between and not between[0].isspace() else 0
        openers = len(between.rsplit(maxsplit=1)[-1]) if between[closers:].strip() and not between[-1].isspace() else 0
        return left, left + closers, right - openers, right

    # Points and breaks

    def _place_point(self, node: Node, level: Level) -> None:
        """Choose the gap that leaves the fewest links of the words around on its wrong side."""
        at = node.mark.start
        sentence = max(0, bisect_right(self.sentences, at, key=lambda s: s.source_at) - 1)
        begin, end = self.source_from[sentence], self.source_from[sentence + 1]
        lowest, highest = max(level.low, self.target_from[sentence]), min(level.high, self.target_from[sentence + 1])
        if lowest > highest:
            lowest = highest = min(max(level.low, self.target_from[sentence]), level.high)
        first, after = bisect_left(level.gaps, lowest), bisect_right(level.gaps, highest)
        allowed = level.gaps[first : max(after, first + 1)]  # where the sentence is a sibling's, the end of that is the next place
        current = self.sentences[sentence]
        if node.first == begin and not self.source[current.source_at : at].strip():
            node.low = node.high = allowed[0]
        elif node.first == end and at >= current.source_at + len(current.source.rstrip()):
            node.low = node.high = allowed[-1]
        else:
            node.low = node.high = self._gap(node, begin, end, allowed)

    def _gap(self, node: Node, begin: int, end: int, allowed: Sequence[int]) -> int:
        at = node.first
        glued_left = at > begin and self.source_words[at - 1].end == node.mark.start
        glued_right = at < end and self.source_words[at].start == node.mark.end
        left = max((link.target + 1 for link in self._strong(at - 1)), default=None) if at > begin else None
        right = min((link.target for link in self._strong(at)), default=None) if at < end else None
        if left is None and right is None:
            first = self.target_from[bisect_right(self.source_from, begin) - 1]
            left = first + round((allowed[-1] - first) * (at - begin) / max(end - begin, 1))
        allowed = _within_reach(allowed, [place for place in (left, right) if place is not None])
        cost = dict.fromkeys(allowed, 0.0)
        for distance in range(NEAR):
            for word in (at - 1 - distance, at + distance):
                glued = not distance and (glued_left if word < at else glued_right)
                for link in self.links[word] if begin <= word < end else ():
                    worth = DECAY**distance * link.score * (GLUED if glued else 1)
                    for gap in allowed:
                        cost[gap] += worth * (link.target >= gap if word < at else link.target < gap)
        heads = self._heads(at)
        punctuated = self._punctuated(node)
        for gap in allowed:
            behind = FAR * (abs(gap - left) - sum(left <= head < gap for head in heads)) if left is not None else None
            before = FAR * abs(gap - right) + OTHER_SIDE * (left is not None and not glued_right) if right is not None else None
            wanted = (behind,) if glued_left and not glued_right else (before,) if glued_right and not glued_left else (behind, before)
            around = self._between(gap)
            cost[gap] += min((jump for jump in wanted if jump is not None), default=0.0)
            cost[gap] -= SAME_PUNCTUATION * (punctuated and around[0] < around[1])
        return min(allowed, key=lambda gap: (round(cost[gap], 6), gap))

    def _strong(self, word: int) -> list[Link]:
        return [link for link in self.links[word] if link.score >= STRONG]

    def _heads(self, at: int) -> set[int]:
        """The head of the noun phrase that a point follows, which it may stand behind at no cost."""
        found = {link.target for link in self.links[at - 2]} if at > 1 else set()
        return {word for word in found if self._word(word) not in VERBS and not self._word(word).endswith("ed")}

    def _punctuated(self, node: Node) -> bool:
        before = self.source_words[node.first - 1].end if node.first else 0
        after = self.source_words[node.first].start if node.first < len(self.source_words) else len(self.source)
        return bool(self.source[before : node.mark.start].strip() or self.source[node.mark.end : after].strip())

    def _set_offset(self, node: Node, level: Level, start: int, end: int) -> None:
        """Where in its gap a point stands: after closing or opening marks if it does so in the source."""
        word_end, closed, opening, word_start = self._between(node.low)
        before_word = self.source_words[node.first - 1].end if node.first else 0
        after_word = self.source_words[node.first].start if node.first < len(self.source_words) else len(self.source)
        left, right = self.source[before_word : node.mark.start], self.source[node.mark.end : after_word]
        opens = bool(left) and not left[-1].isspace() and (not node.first or left[0].isspace() or left[-1] in OPENERS)
        if opens:
            at = word_start
        elif left.strip():
            at = closed
        elif (right and not right[0].isspace() and right[0] not in OPENERS) or not left:
            at = word_end
        else:
            at = closed
        if not right and left and at != word_start and (node.low < len(self.target_words) or left[-1].isspace()):
            at = opening
        if node.mark.start < node.mark.end:
            at = closed
        elif at == closed and left[-1:].isspace() and right[:1].isspace() and opening >= closed + 2:
            at = closed + 1  # between two spaces that came back
        at = min(max(at, start), end)
        if node.low in level.starting:
            at = min(at, level.starting[node.low].start)
        if node.low in level.ending:
            at = max(at, level.ending[node.low].end)
        node.start = node.end = at


def _within_reach(gaps: Sequence[int], places: Sequence[int]) -> Sequence[int]:
    """The gaps that are near one of the places, in order; those next to the first place where none is.

    >>> _within_reach([0, 30, 50, 200], [60, 65]), _within_reach([0, 200], [60])
    ([30, 50], [0, 200])
    """
    near = {gap for place in places for gap in gaps[bisect_left(gaps, place - REACH) : bisect_right(gaps, place + REACH)]}
    after = bisect_left(gaps, places[0])
    return sorted(near) or gaps[max(after - 1, 0) : after + 1]


def _best_run(gains: Sequence[float], free: Sequence[bool]) -> tuple[int, int] | None:
    """The run of free words whose gains have the largest sum; None where none is above zero.

    >>> _best_run([-0.05, 0.9, -0.05, 0.8, -0.7], [True] * 5)
    (1, 4)
    """
    best, found = 0.0, None
    total, start = 0.0, 0
    for i, gain in enumerate(gains):
        if not free[i]:
            total, start = 0.0, i + 1
            continue
        if total <= 0:
            total, start = 0.0, i
        total += gain
        if total > best + 1e-9:
            best, found = total, (start, i + 1)
    return found
