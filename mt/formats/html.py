"""Web pages: the text, the title and the attributes that people read are translated in place, all else stays byte for byte.

Directions and languages are turned (`mt.formats.direction`). Elements inside a sentence become marks; code, scripts,
formulas and what is marked `translate="no"` are points in it and keep their content.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from mt import arabic
from mt.data import Block, BlockKind, Document, Result
from mt.errors import InputError
from mt.formats import direction, markup
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.inplace import Item, Part, edited, parts, rewritten, woven
from mt.formats.markup import Attribute, Token
from mt.formats.protection import protect
from mt.formats.splice import Edit
from mt.formats.text import BYTE_ORDER_MARKS, Decoded, decode_bytes, read_bytes

MAX_PAGE = 30_000_000
"""Characters; the tokens of a page take some ten times as much memory."""
VOID = markup.VOID
NEAREST = 100
"""Elements around, counted from the nearest, that are looked at."""

INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite data del dfn em font i img input ins label mark meter nobr output progress q rb rp rt rtc ruby"
    " s small span strike strong sub sup time u wbr br code kbd samp var tt svg math object audio video canvas map script style".split()
)
"""Elements that do not end a sentence; all others do."""
OPAQUE = frozenset("code kbd samp var tt svg math object audio video canvas script style iframe textarea xmp noembed noframes".split())
"""Elements whose content stays."""
KINDS: dict[str, BlockKind] = {
    "title": "title",
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption", "summary"), "heading"),
    **dict.fromkeys(("li", "dt", "dd", "option"), "list_item"),
    **dict.fromkeys(("td", "th"), "cell"),
    "figcaption": "caption",
}
NOTE_ELEMENTS = frozenset({"a", "sup", "sub"})
NOTE_MARK = re.compile(r"[\[(]?\d{1,3}[\])]?|[*†‡§¶↑↩\N{VARIATION SELECTOR-15}]+")
"""Text of a footnote mark: `1`, `[12]`, `*`, `↩`."""
CONTAINERS = frozenset("ul ol dl table pre div section article main nav aside header footer form body".split())
PLAIN = frozenset({"title", "option"})
"""Elements that hold text only, so that no tags can be put there."""
READ_ATTRIBUTES = frozenset("alt title placeholder aria-label aria-description aria-placeholder aria-roledescription label summary".split())
READ_META = frozenset(
    "description keywords title author subject abstract application-name apple-mobile-web-app-title og:title og:description og:site_name"
    " og:image:alt twitter:title twitter:description twitter:image:alt dc.title dc.description".split()
)
LOCALE_META = frozenset({"content-language", "og:locale", "language", "dc.language"})
IMPOSSIBLE = frozenset(
    "utf-7 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be punycode idna unicode_escape raw_unicode_escape undefined".split()
)
"""Codecs that no page whose head can be read as ASCII is in."""
BUTTONS = frozenset({"submit", "button", "reset"})

_HARD_SPACE = re.compile(r"&nbsp;|&#160;|&#[xX][aA]0;")
_LINE = re.compile(r"\r\n?|\n")
_LINE_OR_SPACE = re.compile(rf"({_HARD_SPACE.pattern}|{_LINE.pattern})")
_ENDED = re.compile(r"[.!?؟:؛…][»”\"')\]]*\s*$")
"""The end of a line that no sentence runs over: `انتهى.`"""
_WRAPPED = 60
"""A line before a `<br>` of at least so many characters may be a hard-wrapped one, in the middle of a sentence."""
_CHARSET = re.compile(
    rb"<meta[^>]{0,300}charset\s*=\s*[\"']?\s*([\w-]{2,40})|<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w-]{2,40})", re.IGNORECASE
)
_ID = re.compile(r"\s(?:id|name)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)


class Page:
    """A page, its translatable parts in reading order, and what must change in its tags."""

    def __init__(self, source: str, name: str) -> None:
        if len(source) > MAX_PAGE:
            raise InputError(f"{name}: larger than {MAX_PAGE // 1_000_000} million characters; split it")
        self.source = source
        self.name = name
        self.right_to_left = direction.speaks_of_right_to_left(source)
        self.tokens = list(markup.tokens(source))
        self.partners = markup.partners(self.tokens)
        self.edits: list[Edit] = []
        self.parts: list[Part] = []
        for token in self.tokens:
            if token.attributes:
                self._attributes(token)
            elif token.kind == "raw" and token.name == "style":
                self._edit(token.start, token.end, direction.style(source[token.start : token.end], right_to_left=self.right_to_left))
        for kind, place, items in self._flows():
            for line in self._split(self._with_note_marks(items)):
                self.parts += parts(source, line, kind, place, name)
        self.parts.sort(key=lambda part: (part.start, part.end))

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The texts to translate."""
        return tuple(part.block for part in self.parts)

    def written(self, translated: Sequence[Translated], *, bilingual: bool = False) -> str:
        """The page with the English of its parts, and with `bilingual` the source above it."""

        def render(part: Part, english: Translated, edits: Sequence[Edit]) -> str:
            if part.place == "attribute":
                return self._attribute_text(part, english, edits)
            text = woven(self.source, part, english, edits, escaped)
            if not bilingual or part.place == "plain":
                return text
            source = _ID.sub("", self.source[part.start : part.end])
            return f'<span class="mt-source" lang="ar" dir="rtl" style="display:block;text-align:start">{source}</span>{text}'

        return rewritten(self.source, self.parts, translated, self.edits, render)

    # Attributes

    def _attributes(self, token: Token) -> None:
        source = self.source
        for attribute in token.attributes:
            value = source[attribute.start : attribute.end]
            if not value:
                continue
            if self._is_read(token, attribute.name):
                self._attribute_part(attribute, value)
            elif token.name == "meta" and attribute.name == "content" and _meta_name(token, source) in LOCALE_META:
                self._edit(attribute.start, attribute.end, direction.locale(value))
            else:
                self._edit(attribute.start, attribute.end, direction.attribute(attribute.name, value, right_to_left=self.right_to_left))

    def _is_read(self, token: Token, name: str) -> bool:
        if token.name == "meta":
            return name == "content" and _meta_name(token, self.source) in READ_META
        if token.name == "input" and name == "value":
            return token.value("type", self.source) in BUTTONS
        return name in READ_ATTRIBUTES and token.value("translate", self.source) != "no"

    def _attribute_part(self, attribute: Attribute, value: str) -> None:
        made = protect(html.unescape(value))
        if any(character.isalnum() for character in made.text):
            block = Block(made.text, "caption", "\n", made.marks)
            self.parts.append(Part(block, attribute.start, attribute.end, taken=dict(made.taken), place="attribute"))

    def _attribute_text(self, part: Part, english: Translated, edits: Sequence[Edit]) -> str:
        text = woven(self.source, part, english, edits, escaped)
        quote = self.source[part.start - 1]
        if quote in {'"', "'"}:
            return text.replace(quote, "&quot;" if quote == '"' else "&#39;")
        return '"' + text.replace('"', "&quot;") + '"'

    def _edit(self, start: int, end: int, text: str) -> None:
        if text != self.source[start:end]:
            self.edits.append(Edit(start, end, text))

    # Paragraphs

    def _flows(self) -> Iterator[tuple[BlockKind, Literal["flow", "plain"], list[Item]]]:
        """Rows of items between the tags that end a sentence, each with its kind."""
        around: list[str] = []
        items: list[Item] = []
        preformatted = 0
        i = 0
        while i < len(self.tokens):
            token = self.tokens[i]
            i += 1
            if token.kind == "open" and (token.name in OPAQUE or self._untouchable(token)):
                last = self.partners.get(i - 1)
                if last is not None:
                    items.append(Item("point", token.start, self.tokens[last].end, token.name))
                    i = last + 1
                    continue
            if token.kind == "text":
                for item in self._texts(token, by_lines=preformatted > 0):
                    if item is not None:
                        items.append(item)
                    elif items:
                        yield _kind(around), _place(around), items
                        items = []
                continue
            item = _item(token)
            if item is not None:
                items.append(item)
                continue
            if items:
                yield _kind(around), _place(around), items
                items = []
            if token.name == "pre":
                preformatted = max(0, preformatted + (1 if token.kind == "open" else -1))
            _step(around, token)
        if items:
            yield _kind(around), _place(around), items

    def _untouchable(self, token: Token) -> bool:
        return token.value("translate", self.source) == "no" or "notranslate" in token.value("class", self.source).split()

    def _texts(self, token: Token, *, by_lines: bool) -> Iterator[Item | None]:
        """The text of a token and the hard spaces in it; None between the lines of preformatted text."""
        at = token.start
        for piece in _LINE_OR_SPACE.split(self.source[token.start : token.end]):
            end = at + len(piece)
            if _HARD_SPACE.fullmatch(piece):
                yield Item("break", at, end, text=" ")
            elif by_lines and _LINE.fullmatch(piece):
                yield None
            elif piece:
                yield Item("text", at, end, text=html.unescape(piece))
            at = end

    def _with_note_marks(self, items: list[Item]) -> list[Item]:
        """Footnote marks and powers, such as `<sup>2</sup>` and `<a href="#n1">1</a>`, are points as a whole."""
        made: list[Item] = []
        for item in items:
            opening = next((i for i in range(len(made) - 1, max(-1, len(made) - 6), -1) if made[i].kind == "open"), None)
            if item.kind != "close" or opening is None or made[opening].name != item.name or item.name not in NOTE_ELEMENTS:
                made.append(item)
                continue
            held = "".join(inner.text for inner in made[opening + 1 :]).strip()
            if held and not NOTE_MARK.fullmatch(held):
                made.append(item)
                continue
            for inner in made[opening + 1 :]:
                if inner.kind == "text":
                    source = self.source[inner.start : inner.end]
                    self._edit(inner.start, inner.end, arabic.digits(source))
            made[opening:] = [Item("point", made[opening].start, item.end, item.name)]
        return made

    def _split(self, items: list[Item]) -> Iterator[list[Item]]:
        """Cut at line breaks, except where a sentence may run over one."""
        line: list[Item] = []
        for i, item in enumerate(items):
            if item.name == "br" and not (self._runs_over(line) and self._starts(items, i + 1)):
                yield line
                line = []
            else:
                line.append(item)
        yield line

    def _runs_over(self, line: Sequence[Item]) -> bool:
        text = ""
        for item in reversed(line):
            if item.name == "br" or len(text) > 2 * _WRAPPED:
                break
            if item.kind == "text":
                text = item.text[-3 * _WRAPPED :] + text
        return len(text.strip()) >= _WRAPPED and not _ENDED.search(text)

    def _starts(self, items: Sequence[Item], at: int) -> bool:
        """Text follows, not another break or the end."""
        while at < len(items) and items[at].name != "br":
            if items[at].kind == "text" and items[at].text.strip():
                return True
            at += 1
        return False


def _item(token: Token) -> Item | None:
    """What a token is inside a paragraph; None where it ends one."""
    if token.kind in {"other", "raw"}:
        return Item("point", token.start, token.end)
    if token.name not in INLINE:
        return None
    if token.name == "br":
        return Item("break", token.start, token.end, "br", "\n")
    kind: Literal["open", "close", "point"] = "open" if token.kind == "open" else "close" if token.kind == "close" else "point"
    return Item(kind, token.start, token.end, token.name)


def _step(around: list[str], token: Token) -> None:
    """Keep the names of the elements that a tag is in; those that end of themselves are closed by the next of their kind."""
    if token.kind == "open":
        if not around or around[-1] != token.name or token.name in CONTAINERS:
            around.append(token.name)
    elif token.kind == "close" and token.name in around[-NEAREST:]:
        while around.pop() != token.name:
            pass


def _kind(around: Sequence[str]) -> BlockKind:
    """The kind of the nearest element that has one, within the nearest list, table or section."""
    for name in reversed(around[-NEAREST:]):
        if name in KINDS:
            return KINDS[name]
        if name in CONTAINERS:
            break
    return "paragraph"


def _place(around: Sequence[str]) -> Literal["flow", "plain"]:
    return "plain" if around and around[-1] in PLAIN else "flow"


def escaped(text: str) -> str:
    """Text as it is written between tags."""
    return html.escape(text, quote=False)


def _meta_name(token: Token, source: str) -> str:
    return token.value("name", source) or token.value("property", source) or token.value("http-equiv", source)


# Files


def turned(source: str) -> str:
    """A few tags with their languages and directions turned to English, nothing translated."""
    page = Page(source, "")
    return edited(source, page.edits, 0, len(source))


def read_html(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The document in a page. Raises InputError."""
    found = decoded(read_bytes(path), str(path))
    page = Page(found.text, str(path))
    title = next((block.text for block in page.blocks if block.kind == "title"), "")
    return Document(page.blocks, str(path), title), found.notes


def write_html(result: Result, path: Path, options: FileOptions) -> bytes:
    """The page in English, in its own encoding. Raises InputError."""
    found = decoded(read_bytes(path), str(path))
    page = Page(found.text, str(path))
    return encoded(page.written(checked(result, page.blocks, path), bilingual=options.bilingual), found)


def decoded(data: bytes, name: str) -> Decoded:
    """The source of a page in the encoding of its mark, of its own words, or that is found out. Raises InputError."""
    stated = _CHARSET.search(data, 0, 4096)
    if stated is not None and not data.startswith(tuple(BYTE_ORDER_MARKS)):
        encoding = (stated[1] or stated[2]).decode("ascii")
        try:
            if codecs.lookup(encoding).name not in IMPOSSIBLE:
                return Decoded(data.decode(encoding), encoding)
        except (LookupError, UnicodeError):
            pass  # it says something wrong; see what it is
    return decode_bytes(data, name)


def encoded(text: str, found: Decoded) -> bytes:
    """A page in the encoding that it was in; characters that this lacks as references."""
    return found.mark + text.encode(found.encoding, "xmlcharrefreplace")


HTML = Format(read_html, write_html, ".html", bilingual=True)
XHTML = Format(read_html, write_html, ".xhtml", bilingual=True)
