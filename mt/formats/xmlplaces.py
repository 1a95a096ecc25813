"""Where the elements of an XML file stand, so that it can be changed in places and keep every other byte.

A tree that is written again has other quotation marks, other spaces in its tags and other entities. Declarations of
entities are refused: they are how a small file grows into gigabytes or reads other files.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.parsers import expat

from mt.errors import InputError
from mt.formats.splice import Edit
from mt.formats.text import BYTE_ORDER_MARKS, Decoded, read_bytes

# Elements inside one another; real files have a dozen.
MAX_DEPTH = 1_000
DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
TEXT_ENCODING = re.compile(r"ascii|utf-(?:8|16|32)(?:-[lb]e)?|cp\d+|iso8859-\d+|mac-arabic")
# A start tag: `<g id="1">`, `<x id='2'/>`.
START_TAG = re.compile(r"<(?P<name>[^\s<>/=\"']+)(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+>")
ENTITY = re.compile(r"&(#\d+|#[xX][0-9a-fA-F]+|amp|lt|gt|quot|apos);")
ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
# Characters that XML cannot hold, not even as numbers.
FORBIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Element:
    """name: without its namespace. parent: index of the nearest listed element around it, -1 without one.

    start, inner, outer, end: offsets of its start tag, of what is inside, of its end tag, and after that; those of `<x/>` are
    start, end, end, end.
    """

    name: str
    attributes: Mapping[str, str]
    parent: int
    start: int
    inner: int
    outer: int
    end: int


@dataclass(frozen=True, slots=True)
class XML:
    """The text of a file and the elements that were asked for, in the order of their start tags."""

    file: Decoded
    elements: tuple[Element, ...]

    def attribute(self, index: int, name: str) -> str:
        """An attribute of an element, or else of the nearest listed element around it that has it."""
        while index >= 0 and name not in self.elements[index].attributes:
            index = self.elements[index].parent
        return self.elements[index].attributes[name] if index >= 0 else ""

    def children(self) -> dict[tuple[int, str], list[int]]:
        """(index of an element, name) -> indices of the listed elements right below it with that name."""
        found: dict[tuple[int, str], list[int]] = {}
        for i, element in enumerate(self.elements):
            found.setdefault((element.parent, element.name), []).append(i)
        return found

    def within(self, index: int) -> str:
        """What is written inside an element."""
        return self.file.text[self.elements[index].inner : self.elements[index].outer]


def read_xml(path: Path, names: Collection[str]) -> XML:
    """The text of an XML file and where the elements with these names are.

    Raises InputError for what is not well formed, declares entities, or is nested too deep.
    """
    file = _decoded(read_bytes(path), path)
    data = file.text.encode("utf-8")
    found = sorted(_parsed(data, names, path), key=lambda e: e.start)
    places = _offsets(data, {offset for e in found for offset in (e.start, e.inner, e.outer, e.end)})
    elements = (Element(e.name, e.attributes, e.parent, places[e.start], places[e.inner], places[e.outer], places[e.end]) for e in found)
    return XML(file, tuple(elements))


def written(file: Decoded, text: str, path: Path) -> bytes:
    """A changed text in the encoding of the file, with numbers for the characters that it lacks.

    Raises InputError where the English could not be put between the tags, so that no broken file is written.
    """
    _parsed(text.encode("utf-8"), (), path)
    return file.mark + text.encode(file.encoding, "xmlcharrefreplace")


def unescaped(text: str) -> str:
    """What stands for `&amp;` and its like. Line ends become one space, as they are only layout.

    >>> unescaped("a &lt;&#x62;&gt;")
    'a <b>'
    """

    def plain(match: re.Match[str]) -> str:
        name = match[1]
        if name[0] == "#":
            return chr(int(name[2:], 16) if name[1] in "xX" else int(name[1:]))
        return ENTITIES[name]

    return ENTITY.sub(plain, text)


def escaped(text: str) -> str:
    """A text as content of an element; characters that XML cannot hold become U+FFFD."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def attribute_edit(xml: XML, index: int, **values: str) -> Iterator[Edit]:
    """Set attributes in a start tag; a name with a colon or hyphen is given with `_` in its place, `xml_lang` is `xml:lang`."""
    element = xml.elements[index]
    tag = xml.file.text[element.start : element.inner]
    changed = tag
    for key, value in values.items():
        name = key.replace("xml_", "xml:").replace("_", "-")
        there = re.search(rf"(\s{re.escape(name)}\s*=\s*)(?:\"[^\"]*\"|'[^']*')", changed)
        if there:
            changed = f'{changed[: there.end(1)]}"{value}"{changed[there.end() :]}'
        else:
            close = "/>" if changed.endswith("/>") else ">"
            body = changed.removesuffix(close)
            changed = f'{body.rstrip()} {name}="{value}"{body[len(body.rstrip()) :]}{close}'
    if changed != tag:
        yield Edit(element.start, element.inner, changed)


def _parsed(data: bytes, names: Collection[str], path: Path) -> list[Element]:
    found: list[Element] = []
    slots: list[tuple[str, Mapping[str, str], int, int, int]] = []
    stack: list[int] = []  # indices into slots, -1 for elements that are not wanted
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = False

    def opened(qualified: str, attributes: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise InputError(f"{path}: elements are nested deeper than {MAX_DEPTH} levels; no real file is")
        name = qualified.rpartition(":")[2]
        start = parser.CurrentByteIndex
        if name not in names:
            stack.append(-1)
            return
        tag = START_TAG_BYTES.match(data, start)
        assert tag is not None  # the parser accepted it
        slots.append((name, attributes, next((i for i in reversed(stack) if i >= 0), -1), start, tag.end()))
        stack.append(len(slots) - 1)

    def closed(_: str) -> None:
        index = stack.pop()
        if index < 0:
            return
        name, attributes, parent, start, inner = slots[index]
        outer = parser.CurrentByteIndex
        if data[inner - 2 : inner] == b"/>":
            found.append(Element(name, attributes, parent, start, inner, inner, inner))
        else:
            found.append(Element(name, attributes, parent, start, inner, outer, data.index(b">", outer) + 1))

    def refused(*_: object) -> None:
        raise InputError(f"{path}: declares entities, which may hide anything; delete its <!DOCTYPE ...>")

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.EntityDeclHandler = refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(f"{path}: not well-formed XML: {error}; mend it with an XML editor") from error
    return found


START_TAG_BYTES = re.compile(START_TAG.pattern.encode("ascii"))


def _offsets(data: bytes, places: Collection[int]) -> dict[int, int]:
    """Offsets in UTF-8 bytes -> offsets in characters."""
    found = {0: 0}
    characters = 0
    for before, after in pairwise([0, *sorted(places)]):
        characters += len(data[before:after].decode("utf-8"))
        found[after] = characters
    return found


def _decoded(data: bytes, path: Path) -> Decoded:
    """Text in the encoding that the byte order mark or the XML declaration names, or else in UTF-8."""
    mark = next((mark for mark in BYTE_ORDER_MARKS if data.startswith(mark)), b"")
    declared = DECLARED.match(data)
    encoding = BYTE_ORDER_MARKS.get(mark) or (declared[1].decode("ascii") if declared else "utf-8")
    try:
        encoding = codecs.lookup(encoding).name
        if not TEXT_ENCODING.fullmatch(encoding):
            raise LookupError("not an encoding of text files")
        text = data[len(mark) :].decode(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(f"{path}: is not in {encoding}, as it says: {error}; save it as UTF-8") from error
    if text.startswith("\0<") or "\0" in text[:8]:
        raise InputError(f"{path}: in UTF-16 or UTF-32 without a byte order mark; save it as UTF-8")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: has half a character at {error.start}; save it as UTF-8") from error
    notes = (f"read as {encoding.upper()}",) if encoding != "utf-8" else ()
    return Decoded(text, encoding, mark, notes)
