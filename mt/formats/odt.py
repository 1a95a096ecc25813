"""OpenDocument texts (odt): body, tables, headers, footers, notes, comments, frames and charts, turned left to right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from mt.data import BlockKind, Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions
from mt.formats.odt_direction import Styles, turn
from mt.formats.office import Package, plain, read_passages, write_passages
from mt.formats.runs import Item, Look, Node, Passage, Path, RangeEnd, Wrap, append, assemble, with_ranges

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MIME = b"application/vnd.oasis.opendocument.text"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
MANIFEST = "{urn:oasis:names:tc:opendocument:xmlns:manifest:1.0}"
META = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
PROPERTIES = (DUBLIN_CORE + "title", DUBLIN_CORE + "subject", DUBLIN_CORE + "description", META + "keyword")

GAPS = {TEXT + "tab", TEXT + "line-break"}
WRAPS = {TEXT + "a", TEXT + "meta"}
UNSEEN = {TEXT + "soft-page-break"}
RANGES = {
    TEXT + "bookmark-start": "bookmark start",
    TEXT + "bookmark-end": "bookmark end",
    TEXT + "reference-mark-start": "reference start",
    TEXT + "reference-mark-end": "reference end",
    TEXT + "change-start": "change start",
    TEXT + "change-end": "change end",
    OFFICE + "annotation": "annotation start",
    OFFICE + "annotation-end": "annotation end",
}
NAMES = (TEXT + "name", TEXT + "change-id", OFFICE + "name")
# Matches what counts as one space in the format, e.g. " \n  ".
SPACES = re.compile(r"[ \t\r\n]+")
# Matches a number that is not absurd, e.g. "12".
COUNT = re.compile(r"\d{1,4}")
MAX_SPACES = 100
SEVERAL_SPACES = re.compile("( {2,})")


def read(path: FilePath, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The paragraphs of an OpenDocument text, those of its body first. Raises InputError, naming the file."""
    package = _open(path)
    deleted = sum(1 for _ in package.root("content.xml").iter(TEXT + "deletion"))
    notes = (f"deletions under tracked changes are not translated: {deleted}",) if deleted else ()
    document = read_passages(package, _passages(package))
    titles = [element.text or "" for element in package.root("meta.xml").iter(DUBLIN_CORE + "title")] if "meta.xml" in package else []
    return replace(document, title="".join(titles).strip()), notes


def write(result: Result, path: FilePath, options: FileOptions) -> bytes:
    """A copy of the text in English, left to right."""
    package = _open(path)
    passages = list(_passages(package))
    turn([package.root(name) for name in _parts(package)])
    write_passages(package, passages, result)
    if "meta.xml" in package:
        for language in package.root("meta.xml").iter(DUBLIN_CORE + "language"):
            language.text = "en-US"
    return package.save()


def _open(path: FilePath) -> Package:
    package = Package(path)
    if "mimetype" not in package or not package.data("mimetype").startswith(MIME):
        raise InputError(f"{path}: is not an OpenDocument text; save it in its program as .odt")
    if (
        "META-INF/manifest.xml" in package
        and next(package.root("META-INF/manifest.xml").iter(MANIFEST + "encryption-data"), None) is not None
    ):
        raise InputError(f"{path}: is encrypted; save it without a password")
    package.root("content.xml")
    return package


def _parts(package: Package) -> list[str]:
    """The body, then embedded objects such as charts, then headers and footers, which stand among the styles."""
    objects = [name for name in package.names if name.endswith(("/content.xml", "/styles.xml"))]
    return ["content.xml", *objects, *(["styles.xml"] if "styles.xml" in package else [])]


def _passages(package: Package) -> Iterator[Passage]:
    styles = Styles([package.root(name) for name in _parts(package)])
    for name in _parts(package):
        for paragraph in package.root(name).iter(TEXT + "p", TEXT + "h"):
            if next(paragraph.iterancestors(TEXT + "tracked-changes"), None) is None:
                kind = _kind(paragraph, styles)
                items = with_ranges(list(_items(paragraph, (), (), styles)), _range_end)
                yield Passage(items, _Putter(paragraph), kind, "\n" if kind in {"cell", "list_item"} else "\n\n")
    if "meta.xml" in package:
        for element in package.root("meta.xml").iter(*PROPERTIES):
            yield plain(element, "title" if element.tag == PROPERTIES[0] else "caption")


def _kind(paragraph: Element, styles: Styles) -> BlockKind:
    if styles.based_on(paragraph.get(TEXT + "style-name", ""), "Title"):
        return "title"
    if paragraph.tag == TEXT + "h":
        return "heading"
    around = {element.tag for element in paragraph.iterancestors()}
    return "cell" if TABLE + "table-cell" in around else "list_item" if TEXT + "list-item" in around else "paragraph"


def _items(parent: Element, path: Path, spans: tuple[str, ...], styles: Styles) -> Iterator[Item]:
    look = Look(" ".join(spans))
    if parent.text:
        yield Item(path, SPACES.sub(" ", parent.text), look)
    for child in parent:
        if child.tag == TEXT + "span":
            style = styles.seen(child.get(TEXT + "style-name", ""))
            yield from _items(child, path, (*spans, style) if style else spans, styles)
        elif child.tag == TEXT + "s":
            yield Item(path, " " * _count(child), look)
        elif child.tag in WRAPS and "".join(child.itertext()).strip():
            yield from _items(child, (*path, Wrap(child.makeelement(child.tag, dict(child.attrib), child.nsmap))), spans, styles)
        elif isinstance(child.tag, str) and child.tag not in UNSEEN:
            yield Item(path, nodes=(child,), look=look, gap=child.tag in GAPS)
        if child.tail:
            yield Item(path, SPACES.sub(" ", child.tail), look)


def _count(spaces: Element) -> int:
    written = spaces.get(TEXT + "c", "1")
    return min(int(written), MAX_SPACES) if COUNT.fullmatch(written) else 1


def _range_end(node: Element) -> RangeEnd | None:
    """What a node opens or closes: a bookmark, a mark, an inserted text, a range with a comment."""
    kind, _, edge = RANGES.get(node.tag, "").partition(" ")
    name = next((node.get(name) for name in NAMES if node.get(name)), None)
    return RangeEnd(f"{kind} {name}", edge == "start") if kind and name else None


@dataclass(frozen=True, slots=True)
class _Putter:
    paragraph: Element

    def __call__(self, items: list[Item]) -> None:
        for child in list(self.paragraph):
            self.paragraph.remove(child)
        self.paragraph.text = None
        assemble(self.paragraph, items, self._make)

    def _make(self, item: Item) -> list[Node]:
        """Nodes of an item, in spans of the styles that its look names."""
        nodes: list[Node] = []
        for node in item.nodes or _spaced(item.text, self.paragraph):
            if not isinstance(node, str):
                node.tail = None
            nodes.append(node)
        for style in reversed(item.look.key.split()):
            span = self.paragraph.makeelement(TEXT + "span", {TEXT + "style-name": style}, None)
            for node in nodes:
                append(span, node)
            nodes = [span]
        return nodes


def _spaced(text: str, near: Element) -> list[Node]:
    """Text as the format wants it: more than one space is an element."""
    nodes: list[Node] = []
    for part in SEVERAL_SPACES.split(text):
        if len(part) > 1 and not part.strip(" "):
            nodes += [" ", near.makeelement(TEXT + "s", {TEXT + "c": str(len(part) - 1)}, None)]
        elif part:
            nodes.append(part)
    return nodes
