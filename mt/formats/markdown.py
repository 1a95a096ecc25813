"""Markdown: the text is translated in place; code, front matter, link targets and HTML tags stay byte for byte.

markdown-it says what everything is, but not where inside a paragraph; so its tokens are walked along the source,
from which each was made. A paragraph that cannot be walked along (none is known) is translated without its markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mt.data import Block, BlockKind, Document, Result
from mt.errors import ExtraError, InputError
from mt.formats import html
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.inplace import Item, Part, parts, rewritten, woven
from mt.formats.splice import Edit
from mt.formats.text import decode_bytes, read_bytes

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_SOURCE = 10_000_000
"""Characters; a larger text takes minutes to parse."""
MAX_NESTING = 100
"""Quotations and lists inside each other; what is deeper stays as it is."""
KINDS: dict[str, BlockKind] = {"heading_open": "heading", "td_open": "cell", "th_open": "cell", "list_item_open": "list_item"}

_SOFT_BREAK = re.compile(r" *\n *")
_HARD_BREAK = re.compile(r"(?: {2,}|\\)\n *")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_TASK = re.compile(r"\[[ xX]\]\s+")
"""The box of a task list: `[x] `."""
_SPACE = re.compile(r"\s*")
_SPECIAL = re.compile(
    r"[\\`*]|~~|<(?=[A-Za-z/!?])|&(?=#?\w{1,32};)|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])"  # what markup in a line begins with
)
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|>|=+\s*$|-{2,}\s*$|\|)|(\d{1,9})(?=[.)](?:\s|$))")
"""What makes a line a heading, a list or a quotation: `# `, `- `, `> `, `1. `."""


class _LostError(Exception):
    """The tokens of a paragraph do not match its source."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """The content of a paragraph, without the prefixes of its lines; where each of its characters is in the source."""

    content: str
    places: Sequence[int]


class Text:
    """A Markdown text, its translatable parts in reading order, and what must change in its tags."""

    def __init__(self, source: str, name: str) -> None:
        if len(source) > MAX_SOURCE:
            raise InputError(f"{name}: larger than {MAX_SOURCE // 1_000_000} million characters; split it")
        self.source = source
        self.name = name
        self.parts: list[Part] = []
        self.edits: list[Edit] = []
        self.starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", source))]
        self.references: set[str] = set()
        self._read()
        self.parts.sort(key=lambda part: (part.start, part.end))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The texts to translate."""
        return tuple(part.block for part in self.parts)

    def written(self, translated: Sequence[Translated], *, bilingual: bool = False) -> str:
        """The text with the English of its parts, and with `bilingual` the source above it."""

        def render(part: Part, english: Translated, edits: Sequence[Edit]) -> str:
            text = self._rendered(part, english, edits)
            return f"{self.source[part.start : part.end]}<br>{text}" if bilingual and part.place == "flow" else text

        return rewritten(self.source, self.parts, translated, self.edits, render)

    def _rendered(self, part: Part, english: Translated, edits: Sequence[Edit]) -> str:
        if part.block.kind == "caption":  # HTML
            text = woven(self.source, part, english, edits, html.escaped)
            return text.replace('"', "&quot;") if part.place == "attribute" else text
        if part.place == "attribute":  # a description of an image, a title of a link
            return woven(self.source, part, english, edits, _escaped).replace('"', "&quot;")
        text = woven(self.source, part, english, edits, _escaped_cell if part.block.kind == "cell" else _escaped)
        if part.block.kind == "cell":
            return text
        return _not_a_block(text)

    # Blocks

    def _read(self) -> None:
        around: list[str] = []
        cell_line, cell_at = -1, 0
        tokens, self.references = _parsed(self.source)
        for token in tokens:
            if token.nesting == 1:
                around.append(token.type)
            elif token.nesting == -1 and around:
                around.pop()
            if token.map is None:
                continue
            if token.type == "html_block":
                self._html(*self._span(token))
            elif token.type == "inline" and token.children:
                first, last = token.map
                in_cell = around[-1] in {"td_open", "th_open"}
                if in_cell and first != cell_line:
                    cell_line, cell_at = first, self.starts[first]
                paragraph = self._located(token.content, first, last, cell_at if in_cell else self.starts[first])
                if paragraph is not None:
                    cell_at = paragraph.places[-1]
                    self._add(token, paragraph, next((KINDS[name] for name in reversed(around) if name in KINDS), "paragraph"))

    def _span(self, token: Token) -> tuple[int, int]:
        assert token.map is not None
        ends = [*self.starts, len(self.source)]
        return ends[min(token.map[0], len(ends) - 1)], ends[min(token.map[1], len(ends) - 1)]

    def _located(self, content: str, first: int, last: int, at: int) -> _Paragraph | None:
        """Where the lines of a paragraph are in the source; None where they are not to be found there."""
        places: list[int] = []
        ends = [*self.starts[1:], len(self.source)]
        for i, line in enumerate(content.split("\n")):
            if first + i >= min(last, len(ends)):
                return None
            begin, end = max(self.starts[first + i], at), ends[first + i]
            found = self.source.find(line, begin, end)
            exact = end - len(self.source[begin:end]) + len(self.source[begin:end].rstrip()) - len(line)
            if found >= 0 and exact > found and self.source.startswith(line, exact) and "|" not in self.source[begin:end]:
                found = exact  # the last of several, as the content ends the line
            if found >= 0:
                places += range(found, found + len(line) + 1)
                continue
            spread = _spread(line, self.source, begin, end)
            if spread is None:
                return None
            places += spread
        return _Paragraph(content, places)

    def _html(self, start: int, end: int) -> None:
        """A block of HTML is read as a page is."""
        page = html.Page(self.source[start:end], self.name)
        self.edits += [Edit(edit.start + start, edit.end + start, edit.text) for edit in page.edits]
        for part in page.parts:
            tags = {
                key: (slice(a.start + start, a.stop + start), slice(b.start + start, b.stop + start)) for key, (a, b) in part.tags.items()
            }
            block = replace(part.block, kind="caption")
            self.parts.append(replace(part, block=block, start=part.start + start, end=part.end + start, tags=tags))

    # Inside a paragraph

    def _add(self, token: Token, paragraph: _Paragraph, kind: BlockKind) -> None:
        try:
            rows = [list(row) for row in self._rows(token.children or [], paragraph)]
        except _LostError:
            start, end = paragraph.places[0], paragraph.places[-1]
            rows = [[Item("text", start, end, text=paragraph.content)]]
        for row in rows:
            self.parts += parts(self.source, row, kind, "flow", self.name)

    def _rows(self, children: Sequence[Token], paragraph: _Paragraph) -> Iterator[list[Item]]:
        """Items of a paragraph, a row for each of its lines that end with a hard break outside other markup."""
        walk = _Walk(self, paragraph)
        task = _TASK.match(paragraph.content)
        row: list[Item] = []
        depth = 0
        for child in children:
            for found in walk.step(child):
                item = found
                if task is not None and item.kind == "text" and item.start == paragraph.places[0] and len(item.text) > task.end():
                    item = replace(item, start=item.start + task.end(), text=item.text[task.end() :])
                depth += (item.kind == "open") - (item.kind == "close")
                if item.kind == "break" and depth == 0:
                    yield row
                    row = []
                else:
                    row.append(item)
        if walk.at != len(paragraph.content):
            raise _LostError
        yield row


class _Walk:
    """Goes along the content of a paragraph, token by token, and says where in the source each is."""

    def __init__(self, text: Text, paragraph: _Paragraph) -> None:
        self.text = text
        self.content = paragraph.content
        self.places = paragraph.places
        self.at = 0
        self.links: list[bool] = []
        """Of each link that is open: is it an address in angle brackets?"""

    def step(self, token: Token) -> Iterator[Item]:
        """The items that one token makes."""
        kind = token.type
        if kind == "text":
            if token.content:
                yield self._item("text", self._literal(token.content), text=token.content)
        elif kind == "text_special":
            yield self._item("text", self._literal(token.markup), text=token.content)
        elif kind == "softbreak":
            yield self._item("text", self._pattern(_SOFT_BREAK), text=" ")
        elif kind == "hardbreak":
            yield self._item("break", self._pattern(_HARD_BREAK), text="\n")
        elif kind == "code_inline":
            yield self._item("point", self._code(token.markup))
        elif kind == "html_inline":
            yield self._html(token)
        elif kind == "image":
            yield self._image(token)
        elif kind == "footnote_ref":
            yield self._item("point", self._pattern(_FOOTNOTE))
        elif kind == "link_open":
            self.links.append(token.markup == "autolink")
            yield self._item("open", self._literal("<" if self.links[-1] else "["), name="link")
        elif kind == "link_close":
            start = self.at
            self._literal(">" if self.links[-1] else "]")
            if not self.links.pop():
                self._target()
            yield self._item("close", start, name="link")
        elif token.nesting and token.markup:
            yield self._item("open" if token.nesting > 0 else "close", self._literal(token.markup), name=token.tag)
        else:
            raise _LostError

    def _item(self, kind: str, start: int, *, name: str = "", text: str = "") -> Item:
        begin = self.places[start]
        end = self.places[self.at - 1] + 1 if self.at > start else begin
        if kind == "open":
            return Item("open", begin, end, name)
        if kind == "close":
            return Item("close", begin, end, name)
        if kind == "break":
            return Item("break", begin, end, text=text)
        return Item("text" if kind == "text" else "point", begin, end, text=text)

    def _literal(self, wanted: str) -> int:
        start = self.at
        if not self.content.startswith(wanted, start):
            raise _LostError
        self.at += len(wanted)
        return start

    def _pattern(self, pattern: re.Pattern[str]) -> int:
        start = self.at
        match = pattern.match(self.content, start)
        if match is None:
            raise _LostError
        self.at = match.end()
        return start

    def _code(self, ticks: str) -> int:
        start = self._literal(ticks)
        closing = re.compile(rf"(?<!`){ticks}(?!`)").search(self.content, self.at)
        if closing is None:
            raise _LostError
        self.at = closing.end()
        return start

    def _html(self, token: Token) -> Item:
        start = self._literal(token.content)
        begin = self.places[start]
        turned = html.turned(token.content)
        if turned != token.content and self.text.source.startswith(token.content, begin):
            self.text.edits.append(Edit(begin, begin + len(token.content), turned))
        if re.match(r"<br[\s/>]", token.content, re.IGNORECASE):
            return self._item("break", start, text="\n")
        name = re.match(r"</?([A-Za-z][\w-]*)", token.content)
        if name is None or token.content.endswith("/>") or name[1].lower() in html.VOID:
            return self._item("point", start)
        return self._item("close" if token.content.startswith("</") else "open", start, name=f"<{name[1].lower()}")

    def _image(self, token: Token) -> Item:
        """An image is a point; its description is a part of its own."""
        start = self._literal("![")
        described = [item for child in token.children or [] for item in self.step(child)]
        self._literal("]")
        self._target()
        self.text.parts += parts(self.text.source, described, "paragraph", "attribute", self.text.name)
        return self._item("point", start)

    def _target(self) -> None:
        """What follows the text of a link: `(address "title")`, `[reference]`, or nothing."""
        from markdown_it.common.utils import normalizeReference
        from markdown_it.helpers import parseLinkDestination, parseLinkTitle

        if self.content.startswith("(", self.at):
            end = len(self.content)
            at = self._spaces(self.at + 1)
            address = parseLinkDestination(self.content, at, end)
            if address.ok:
                at = self._spaces(address.pos)
            title = parseLinkTitle(self.content, at, end)
            title_at = at
            if title.ok:
                at = self._spaces(title.pos)
            if self.content.startswith(")", at):
                self.at = at + 1
                if title.ok and title.pos > title_at + 2:
                    begin, close = self.places[title_at] + 1, self.places[title.pos - 1]
                    words = Item("text", begin, close, text=self.text.source[begin:close])
                    self.text.parts += parts(self.text.source, [words], "paragraph", "attribute", self.text.name)
                return
        reference = re.compile(r"\[([^\[\]]*)\]").match(self.content, self.at)
        if reference is not None and (not reference[1] or normalizeReference(reference[1]) in self.text.references):
            self.at = reference.end()

    def _spaces(self, at: int) -> int:
        match = _SPACE.match(self.content, at)
        assert match is not None
        return match.end()


def _parsed(source: str) -> tuple[list[Token], set[str]]:
    """The tokens of a text and the names that its links may refer to."""
    try:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.footnote import footnote_plugin
        from mdit_py_plugins.front_matter import front_matter_plugin
    except ImportError as error:
        raise ExtraError('reading Markdown needs markdown-it-py and mdit-py-plugins: pip install "mt[files]"') from error
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable(["table", "strikethrough"]).disable("text_join")
    parser.use(front_matter_plugin).use(footnote_plugin, inline=False, move_to_end=False, always_match_refs=True)
    known: dict[str, dict[str, object]] = {}
    return parser.parse(source, known), set(known.get("references", ()))


def _spread(line: str, source: str, begin: int, end: int) -> list[int] | None:
    """Places of a line whose source differs: `\\|` in a table, tabs in front. None where it differs in other ways."""
    places, at = [], begin
    wanted = line.lstrip(" ")
    places += [begin] * (len(line) - len(wanted))
    first = source.find(wanted[:1], begin, end) if wanted else begin
    while first >= 0:
        at, found = first, []
        for character in wanted:
            if source[at : at + 2] == "\\|" and character == "|":
                at += 1
            if at >= end or source[at] != character:
                break
            found.append(at)
            at += 1
        if len(found) == len(wanted):
            return [*places, *found, at]
        first = source.find(wanted[:1], first + 1, end)
    return None


def _escaped(text: str) -> str:
    """English that Markdown takes for plain text.

    >>> _escaped("5 * 4 <b> snake_case [1](x)")
    '5 \\\\* 4 \\\\<b> snake_case [1\\\\](x)'
    """
    return _SPECIAL.sub(r"\\\g<0>", text)


def _not_a_block(text: str) -> str:
    """The English of a paragraph, so that it stays one.

    >>> _not_a_block("1. June 2024"), _not_a_block("# one"), _not_a_block("-5 degrees")
    ('1\\\\. June 2024', '\\\\# one', '-5 degrees')
    """
    match = _BLOCK_START.match(text)
    if match is None:
        return text
    number = match[1] or ""
    return f"{number}\\{text[len(number) :]}"


def _escaped_cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|")


# Files


def read_markdown(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The document in a Markdown file. Raises InputError."""
    found = decode_bytes(read_bytes(path), str(path))
    blocks = Text(found.text, str(path)).blocks
    title = next((block.text for block in blocks if block.kind == "heading"), "")
    return Document(blocks, str(path), title), found.notes


def write_markdown(result: Result, path: Path, options: FileOptions) -> bytes:
    """The text in English, in its own encoding. Raises InputError."""
    found = decode_bytes(read_bytes(path), str(path))
    text = Text(found.text, str(path))
    return found.encode(text.written(checked(result, text.blocks, path), bilingual=options.bilingual))


MARKDOWN = Format(read_markdown, write_markdown, ".md", bilingual=True)
