"""Paragraphs made of runs, as office formats have them: lines of text lifted out with marks, English woven back in.

A paragraph is a row of items: text in one look, points (an image, a footnote mark) and gaps (a tab, a line break), each inside
the wraps around it (a link, a bookmark). Every line between gaps is a block. Its marks are the wraps around a part of it, the
stretches whose look is not that of most letters, and the points between words; points at its edges stay there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, TypeAlias

from mt.data import Block, BlockKind, Mark

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from mt.formats.inline import Translated

# Matches a raised number, which is a mark of a note and no text, e.g. "12", "[3]", "١".
NUMBER = re.compile(r"\s*[\[(]?\d{1,3}[\])]?\s*")

# Matches what must not stand inside a line or in XML, e.g. "\n", "\x00"; a space takes its place.
UNFIT = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff\ufffe\uffff]")

MAX_NESTED = 6
"""Ranges and fields inside each other that are told apart; further in they are points."""

Node: TypeAlias = "Element | str"
"""What stands in a paragraph: an element, or text between elements."""


@dataclass(frozen=True, slots=True)
class Look:
    """How text is set. Looks with the same key are the same; `source` is what the format needs to write it."""

    key: str = ""
    source: Element | None = field(default=None, compare=False)


@dataclass(eq=False, frozen=True, slots=True)
class Wrap:
    """What stands around items: an element (`shell`, or its child `hole`, takes them), or what stands before and after them."""

    shell: Element | None = None
    hole: str = ""
    before: tuple[Element, ...] = ()
    after: tuple[Element, ...] = ()


Path: TypeAlias = tuple[Wrap, ...]
"""The wraps around an item, the outermost first."""


@dataclass(frozen=True, slots=True)
class Item:
    """Text in one look; or nodes that are not text: a point, or a gap that ends the line. A string among them is a code."""

    path: Path = ()
    text: str = ""
    look: Look = Look()
    nodes: tuple[Node, ...] = ()
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph of a file, and how to put its items back, which is done only where a text has changed."""

    items: Sequence[Item]
    put: Callable[[list[Item]], None]
    kind: BlockKind = "paragraph"
    tail: str = "\n\n"


@dataclass(frozen=True, slots=True)
class Line:
    """A line lifted out of a paragraph.

    meanings: of the marks of the block, by key. base: the look of most letters, by path.
    whole: wraps around all of it. reach: wraps that go on before it or after it, so that their English must reach that edge.
    edges: white space around the text. head, foot: points before and after the text.
    """

    block: Block
    items: tuple[Item, ...]
    meanings: tuple[Wrap | Look | Item, ...]
    base: dict[Path, Look]
    whole: Path
    reach: tuple[frozenset[Wrap], frozenset[Wrap]]
    edges: tuple[str, str]
    head: tuple[Item, ...]
    foot: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    meaning: Wrap | Look | Item

    @property
    def order(self) -> tuple[int, int, int]:
        """Outer before inner; a point at the start of a wrap stands in it if it did so in the source."""
        kind = 0 if isinstance(self.meaning, Wrap) else 1 if isinstance(self.meaning, Look) else 2 if self.meaning.path else -1
        return self.start, kind, -self.end


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Text in one look, by character offsets into its line."""

    start: int
    end: int
    path: Path
    look: Look


def blocks(passages: Iterable[Passage]) -> tuple[Block, ...]:
    """The blocks of paragraphs, in order; a line without text is none."""
    return tuple(part.block for passage in passages for part in lines(passage) if isinstance(part, Line))


def fill(passages: Iterable[Passage], english: Iterable[Translated]) -> None:
    """Put the English of each block in its place; paragraphs whose text stays the same are not touched."""
    written = iter(english)
    for passage in passages:
        items: list[Item] = []
        changed = False
        for part in lines(passage):
            if isinstance(part, Item):
                items.append(part)
            elif (translated := next(written)).text.strip() == part.block.text:
                items += part.items
            else:
                items += weave(part, replace(translated, text=UNFIT.sub(" ", translated.text)))
                changed = True
        if changed:
            passage.put(items)


def lines(passage: Passage) -> list[Line | Item]:
    """The lines with text, and between them everything else."""
    items = [piece for item in passage.items for piece in _protected(item)]
    rows = [list(row) for _, row in groupby(items, lambda item: id(item) if item.gap else 0)]
    worded = [i for i, row in enumerate(rows) if _text(row).strip()]
    edges: dict[Wrap, tuple[int, int]] = {}
    for i, row in enumerate(rows):
        for wrap in _wraps(row):
            edges[wrap] = edges.get(wrap, (i, i))[0], i
    found: list[Line | Item] = []
    for i, row in enumerate(rows):
        if not _text(row).strip():
            found += row
            continue
        tail = passage.tail if i == worded[-1] else "\n"
        reach = frozenset(wrap for wrap in _wraps(row) if edges[wrap][0] < i), frozenset(wrap for wrap in _wraps(row) if edges[wrap][1] > i)
        found.append(_line(row, passage.kind, tail, reach))
    return found


def _protected(item: Item) -> list[Item]:
    """Addresses, placeholders and the like as points; the text between them stays text."""
    from mt.formats.protection import PROTECTED

    return split(item, PROTECTED)


def split(item: Item, codes: re.Pattern[str], gaps: frozenset[str] = frozenset()) -> list[Item]:
    """The text of an item with what matches `codes` as points, as gaps where it is among `gaps`."""
    if codes.search(item.text) is None:
        return [item]
    found: list[Item] = []
    at = 0
    for match in codes.finditer(item.text):
        found.append(replace(item, text=item.text[at : match.start()]))
        found.append(replace(item, text="", nodes=(match.group(),), gap=match.group() in gaps))
        at = match.end()
    return [one for one in (*found, replace(item, text=item.text[at:])) if one.text or one.nodes]


def written_text(items: Iterable[Item]) -> str:
    """Text and codes of items that hold no elements."""
    return "".join(item.text or "".join(_strings(item.nodes)) for item in items)


def _strings(nodes: Sequence[Node]) -> list[str]:
    return [node for node in nodes if isinstance(node, str)]


def _text(items: Iterable[Item]) -> str:
    return "".join(item.text for item in items)


def _wraps(row: Iterable[Item]) -> dict[Wrap, None]:
    return dict.fromkeys(wrap for item in row for wrap in item.path)


def _line(row: Sequence[Item], kind: BlockKind, tail: str, reach: tuple[frozenset[Wrap], frozenset[Wrap]]) -> Line:
    full = _text(row)
    text = full.strip()
    lead = len(full) - len(full.lstrip())
    stretches = _stretches(row, lead, text)
    base = _base_looks(text, stretches)
    head, inner, foot = _points(row, lead, len(text))
    wraps = _wrap_spans(text, stretches)
    whole = tuple(span.meaning for span in wraps if (span.start, span.end) == (0, len(text)) and isinstance(span.meaning, Wrap))
    spans = [span for span in wraps if span.meaning not in whole] + _look_spans(text, stretches, base) + inner
    marks, meanings = _marks(spans)
    edges = (full[:lead], full[lead + len(text) :])
    return Line(Block(text, kind, tail, marks), tuple(row), meanings, base, whole, reach, edges, head, foot)


def _stretches(row: Sequence[Item], lead: int, text: str) -> list[_Stretch]:
    """Where each look begins and ends in the text; white space takes the look before it."""
    found: list[_Stretch] = []
    at = -lead
    for item in row:
        start, at = at, at + len(item.text)
        if item.nodes or not item.text or at <= 0 or start >= len(text):
            continue
        same = found and found[-1].path == item.path and (found[-1].look == item.look or not item.text.strip())
        if same:
            found[-1] = replace(found[-1], end=min(at, len(text)))
        else:
            found.append(_Stretch(max(start, 0), min(at, len(text)), item.path, item.look))
    return found


def _base_looks(text: str, stretches: Sequence[_Stretch]) -> dict[Path, Look]:
    """The look of most letters by path; under the empty path that of the line if nothing stands outside of wraps."""
    counts: dict[Path, Counter[Look]] = {}
    for one in stretches:
        counts.setdefault(one.path, Counter())[one.look] += len("".join(text[one.start : one.end].split()))
    base = {path: counter.most_common(1)[0][0] for path, counter in counts.items()}
    base.setdefault((), max(counts.values(), key=lambda counter: counter.total()).most_common(1)[0][0])
    return base


def _points(row: Sequence[Item], lead: int, length: int) -> tuple[tuple[Item, ...], list[_Span], tuple[Item, ...]]:
    head: list[Item] = []
    inner: list[_Span] = []
    foot: list[Item] = []
    at = -lead
    for item in row:
        if not item.nodes:
            at += len(item.text)
        elif at <= 0:
            head.append(item)
        elif at >= length:
            foot.append(item)
        else:
            inner.append(_Span(at, at, item))
    return tuple(head), inner, tuple(foot)


def _wrap_spans(text: str, stretches: Sequence[_Stretch]) -> list[_Span]:
    edges: dict[Wrap, tuple[int, int]] = {}
    for one in stretches:
        for wrap in one.path:
            edges[wrap] = edges.get(wrap, (one.start, 0))[0], one.end
    return [_trimmed(text, start, end, wrap) for wrap, (start, end) in edges.items()]


def _look_spans(text: str, stretches: Sequence[_Stretch], base: dict[Path, Look]) -> list[_Span]:
    """Stretches in another look than the base."""
    other = [one for one in stretches if one.look != base[one.path] and text[one.start : one.end].strip()]
    return [_trimmed(text, one.start, one.end, one.look) for one in other]


def _trimmed(text: str, start: int, end: int, meaning: Wrap | Look) -> _Span:
    """Without the white space at its edges, unless there is nothing else."""
    inside = text[start:end]
    if not inside.strip():
        return _Span(start, end, meaning)
    return _Span(start + len(inside) - len(inside.lstrip()), end - len(inside) + len(inside.rstrip()), meaning)


def _marks(spans: Sequence[_Span]) -> tuple[tuple[Mark, ...], tuple[Wrap | Look | Item, ...]]:
    """Marks in the order in which they open, never crossing; their keys are indices of the meanings."""
    marks: list[Mark] = []
    meanings: list[Wrap | Look | Item] = []
    around: list[_Span] = []
    for span in sorted(spans, key=lambda span: span.order):
        inside = span.meaning.path if isinstance(span.meaning, Item) else ()
        while around and around[-1].end <= span.start and around[-1].meaning not in inside:
            around.pop()
        end = min(span.end, around[-1].end) if around else span.end
        marks.append(Mark(len(meanings), span.start, end, len(around)))
        meanings.append(span.meaning)
        if end > span.start:
            around.append(replace(span, end=end))
    return tuple(marks), tuple(meanings)


def weave(line: Line, translated: Translated) -> list[Item]:
    """The items of a line with its English in place of its text."""
    length = len(translated.text)
    spans = [_Span(mark.start, mark.end, line.meanings[mark.key]) for mark in translated.marks]
    looks = [span for span in spans if isinstance(span.meaning, Look)]
    points = [span for span in spans if isinstance(span.meaning, Item)]
    wraps = [_Span(0, length, wrap) for wrap in line.whole]
    wraps += [_reaching(span, length, line.reach) for span in spans if isinstance(span.meaning, Wrap)]
    points = [_Span(0, 0, item) for item in line.head] + points + [_Span(length, length, item) for item in line.foot]
    cuts = sorted({0, length} | {cut for span in spans for cut in (span.start, span.end)} | {c for s in wraps for c in (s.start, s.end)})
    found: list[Item] = [_placed(span, wraps) for span in points if span.start == 0]
    for start, end in pairwise(cuts):
        path = tuple(span.meaning for span in wraps if span.start <= start and end <= span.end and isinstance(span.meaning, Wrap))
        around = [span for span in looks if span.start <= start and end <= span.end]
        look = min(around, key=lambda span: span.end - span.start).meaning if around else line.base.get(path, line.base[()])
        assert isinstance(look, Look)
        lead = line.edges[0] if start == 0 else ""
        tail = line.edges[1] if end == length else ""
        found.append(Item(path, lead + translated.text[start:end] + tail, look))
        found += [_placed(span, wraps) for span in points if span.start == end]
    return found


def _reaching(span: _Span, length: int, reach: tuple[frozenset[Wrap], frozenset[Wrap]]) -> _Span:
    before, after = (span.meaning in wraps for wraps in reach)
    return replace(span, start=0 if before else span.start, end=length if after else span.end)


def _placed(span: _Span, wraps: Sequence[_Span]) -> Item:
    """A point in the wraps that are around its new place; at the edge of a wrap it stands inside if it did so before."""
    item, at = span.meaning, span.start
    assert isinstance(item, Item)
    touching = [wrap for wrap in wraps if wrap.start <= at <= wrap.end and isinstance(wrap.meaning, Wrap)]
    path = tuple(w.meaning for w in touching if isinstance(w.meaning, Wrap) and (w.start < at < w.end or w.meaning in item.path))
    return replace(item, path=path)


@dataclass(frozen=True, slots=True)
class RangeEnd:
    """One end of a range that is marked by two nodes: a bookmark, a comment."""

    name: str
    opens: bool


def with_ranges(items: Sequence[Item], end_of: Callable[[Element], RangeEnd | None]) -> list[Item]:
    """The two ends of a range around words become a wrap; where ranges cross, or only one end is here, they stay points."""
    found: list[Item] = []
    opened: list[tuple[str, int]] = []
    for item in items:
        node = item.nodes[0] if len(item.nodes) == 1 and not item.gap else None
        end = None if node is None or isinstance(node, str) else end_of(node)
        if end is not None and end.opens and len(opened) < MAX_NESTED:
            opened.append((end.name, len(found)))
        elif end is not None and opened and opened[-1][0] == end.name:
            start = opened.pop()[1]
            first = found[start]
            if first.path == item.path and _text(found[start:]).strip():
                wrap = Wrap(before=_elements(first.nodes), after=_elements(item.nodes))
                found[start:] = [wrapped(one, wrap, len(item.path)) for one in found[start + 1 :]]
                continue
        found.append(item)
    return found


def _elements(nodes: Sequence[Node]) -> tuple[Element, ...]:
    return tuple(node for node in nodes if not isinstance(node, str))


def wrapped(item: Item, wrap: Wrap, depth: int) -> Item:
    """The item with one more wrap around it, inside the first `depth` ones."""
    return replace(item, path=(*item.path[:depth], wrap, *item.path[depth:]))


def assemble(parent: Element, items: Sequence[Item], make: Callable[[Item], Sequence[Node]]) -> None:
    """Append the items to an element, each as `make` writes it, with their wraps around them."""
    first: dict[Wrap, int] = {}
    last: dict[Wrap, int] = {}
    for i, item in enumerate(items):
        for wrap in item.path:
            first.setdefault(wrap, i)
            last[wrap] = i
    opened: list[tuple[Wrap, Element]] = []
    for i, item in enumerate(items):
        shells = [wrap for wrap in item.path if wrap.shell is not None]
        same = next(
            (n for n, (wrap, pair) in enumerate(zip(shells, opened, strict=False)) if pair[0] is not wrap), min(len(shells), len(opened))
        )
        del opened[same:]
        for wrap in shells[same:]:
            shell = deepcopy(wrap.shell)
            assert shell is not None
            append(opened[-1][1] if opened else parent, shell)
            hole = shell.find(wrap.hole) if wrap.hole else shell
            assert hole is not None
            opened.append((wrap, hole))
        target = opened[-1][1] if opened else parent
        starting = [Item(nodes=wrap.before) for wrap in item.path if first[wrap] == i and wrap.before]
        ending = [Item(nodes=wrap.after) for wrap in reversed(item.path) if last[wrap] == i and wrap.after]
        for written in (*starting, item, *ending):
            for node in make(written):
                append(target, node)


def append(parent: Element, node: Node) -> None:
    """Append an element, or text behind what is there."""
    if not isinstance(node, str):
        parent.append(node)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + node
    else:
        parent.text = (parent.text or "") + node
