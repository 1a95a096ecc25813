r"""Text with tags in it, such as `<b>`, `{\an8}` or `%s`, taken apart into blocks with marks and put together again.

For formats whose texts are strings with markup of their own: messages, JSON values, cells, subtitles, segments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal, TypeAlias

from mt.arabic import has_arabic
from mt.data import Block, BlockKind, Mark
from mt.formats.inline import Translated, weave
from mt.formats.protection import protect
from mt.segmentation import document

Tags: TypeAlias = Mapping[int, tuple[str, str]]
"""By the keys of marks: what opens and what closes there, as it is written in the file; nothing closes a point."""


@dataclass(frozen=True, slots=True)
class Token:
    """A tag in a text. name: of what opens and closes, which must pair; a break is white space to a reader."""

    start: int
    end: int
    kind: Literal["open", "close", "point", "break"] = "point"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """One or more blocks and, for each, the tags by the keys of its marks."""

    blocks: tuple[Block, ...]
    tags: tuple[Tags, ...]
    edges: tuple[tuple[str, str], ...]
    """White space at the start and end of each text, as it was written."""

    @property
    def arabic(self) -> bool:
        """There is something to translate in it."""
        return any(has_arabic(block.text) for block in self.blocks)


def _same(text: str) -> str:
    return text


def _no_tokens(_: str) -> Sequence[Token]:
    return ()


def tagged(
    raw: str,
    scan: Callable[[str], Sequence[Token]] = _no_tokens,
    *,
    kind: BlockKind = "paragraph",
    escape: Callable[[str], str] = _same,
    unescape: Callable[[str], str] = _same,
    paragraphs: bool = True,
) -> Tagged:
    """Take tags and placeholders out of a text, and cut it into paragraphs where it has line breaks.

    scan: finds tags beyond those of HTML, which are known without it.
    kind: of the block, where it is one. escape, unescape: between the text as a reader sees it and as it is written.
    paragraphs: a line break ends a block; a tag around several lines then becomes two points.

    >>> tagged("وصل <b>الوفد</b>").blocks
    (Block(text='وصل الوفد', kind='paragraph', tail='', marks=(Mark(key=0, start=4, end=9, depth=0),)),)
    """
    parts = document(raw).blocks if paragraphs and "\n" in raw.strip() else (Block(raw, kind),)
    found = [_lifted(part, scan, escape, unescape) for part in parts]
    edges = tuple((part.text[: len(part.text) - len(part.text.lstrip())], part.text[len(part.text.rstrip()) :]) for part in parts)
    return Tagged(tuple(block for block, _ in found), tuple(tags for _, tags in found), edges)


def blocks_of(texts: Iterable[Tagged]) -> tuple[Block, ...]:
    """The blocks of a document that holds these texts, each on lines of its own."""
    return tuple(
        block if i + 1 < len(text.blocks) else replace(block, tail=block.tail or "\n")
        for text in texts
        for i, block in enumerate(text.blocks)
    )


def joined(text: Tagged, english: Sequence[Translated], escape: Callable[[str], str] = _same) -> str:
    """The English of all blocks as it is written in the file, tags and placeholders in their places."""
    written = []
    for block, tags, (start, end), made in zip(text.blocks, text.tags, text.edges, english, strict=True):
        body = with_tags(made, tags, escape)
        written.append((start + body.strip() + end if body.strip() else body) + escape(block.tail))
    return "".join(written)


def with_tags(english: Translated, tags: Tags, escape: Callable[[str], str] = _same) -> str:
    """The English of one block as it is written in the file."""
    written = []
    for piece in weave(english.text, english.marks):
        if piece.kind == "text":
            written.append(escape(piece.text))
        else:
            written.append(tags[piece.key][piece.kind == "close"])
    return "".join(written)


def pairs(tokens: Sequence[Token]) -> dict[int, int]:
    """Index of what opens -> index of what closes it, and back; tags without a partner, and those that cross another pair, are left out."""
    partner: dict[int, int] = {}
    waiting: list[int] = []
    names: Counter[str] = Counter()  # how many of a name wait, so that a thousand stray closing tags cost nothing
    for i, token in enumerate(tokens):
        if token.kind == "open":
            waiting.append(i)
            names[token.name] += 1
        elif token.kind == "close" and names[token.name]:
            while tokens[opened := waiting.pop()].name != token.name:
                names[tokens[opened].name] -= 1
            names[token.name] -= 1
            partner[opened], partner[i] = i, opened
    return partner


def _lifted(
    part: Block, scan: Callable[[str], Sequence[Token]], escape: Callable[[str], str], unescape: Callable[[str], str]
) -> tuple[Block, Tags]:
    raw = part.text
    tokens = scan(raw)
    partner = pairs(tokens)
    gaps = (bool(raw[a.end : b.start].strip()) for a, b in pairwise(tokens))
    words = [0, *accumulate(gaps)]  # how many of the gaps before each tag have something to read
    texts: list[str] = []
    length = position = skip = 0
    marks: list[Mark] = []
    tags: dict[int, tuple[str, str]] = {}
    around: list[int] = []  # indices into marks
    for i, token in enumerate(tokens):
        if i < skip:
            continue
        texts.append(unescape(raw[position : token.start]))
        length += len(texts[-1])
        key, last, position = len(marks), partner.get(i, i), token.end
        if last < i:
            opened = around.pop()
            marks[opened] = Mark(opened, marks[opened].start, length, len(around))
        elif words[last] > words[i]:
            tags[key] = (raw[token.start : token.end], raw[tokens[last].start : tokens[last].end])
            marks.append(Mark(key, length, length, len(around)))
            around.append(key)
        else:  # a point, or a pair with nothing to read in it
            tags[key] = (raw[token.start : tokens[last].end], "")
            texts.append(" " if token.kind == "break" else "")
            marks.append(Mark(key, length, length + len(texts[-1]), len(around)))
            length += len(texts[-1])
            position, skip = tokens[last].end, last + 1
    texts.append(unescape(raw[position:]))
    safe = protect("".join(texts), tuple(marks))
    placeholders = {key: (escape(opening), escape(closing)) for key, (opening, closing) in safe.taken.items()}
    return Block(safe.text, part.kind, part.tail, safe.marks), tags | placeholders
