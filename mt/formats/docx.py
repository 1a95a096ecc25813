"""Word documents (docx): body, tables, headers, footers, notes, comments, text boxes and charts, turned left to right.

Paragraphs are edited in place in the XML parts; what is not text or direction is not touched. Text deleted under tracked changes
leaves a paragraph that is translated; inserted text is translated and stays an insertion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from mt import arabic
from mt.data import BlockKind, Document, Result
from mt.formats import drawing
from mt.formats.docx_direction import RUN_ORDER, bidirectional, insert, turn, turned_look
from mt.formats.format import FileOptions
from mt.formats.office import Package, open_package, properties, read_passages, say_english, write_passages
from mt.formats.runs import (
    MAX_NESTED,
    NUMBER,
    Item,
    Node,
    Passage,
    Path,
    RangeEnd,
    Wrap,
    assemble,
    split,
    with_ranges,
    wrapped,
    written_text,
)

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAIN = "wordprocessingml.document.main"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
ALTERNATIVES = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
PARTS = ("footnotes", "endnotes", "comments", "header", "footer")
"""Kinds of parts beside the body whose paragraphs are text."""

TRANSPARENT = {W + name for name in ("dir", "bdo")}
CONTAINERS = {W + name for name in ("hyperlink", "ins", "moveTo", "smartTag", "customXml", "sdt", "sdtContent")}
PROPERTIES = {W + name for name in ("sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr")}
DELETED = {W + name for name in ("del", "moveFrom")}
UNSEEN = {W + name for name in ("pPr", "rPr", "proofErr", "lastRenderedPageBreak", "softHyphen", "delText", "delInstrText")}
SKIPPED = UNSEEN | DELETED | PROPERTIES
GAPS = {W + name for name in ("tab", "ptab", "cr")}
RANGES = {
    W + "bookmarkStart": "bookmark start",
    W + "bookmarkEnd": "bookmark end",
    W + "commentRangeStart": "comment start",
    W + "commentRangeEnd": "comment end",
    W + "permStart": "permission start",
    W + "permEnd": "permission end",
}
NUMBER_CODES = frozenset(f"%{level}" for level in range(1, 10))
NUMBER_CODE = re.compile("%[1-9]")
TEXT_FIELDS = frozenset(
    "HYPERLINK REF STYLEREF TITLE SUBJECT KEYWORDS COMMENTS DOCPROPERTY QUOTE MERGEFIELD INCLUDETEXT FILLIN ASK".split()
)
"""Fields whose result is text; that of others is a number, a date or a picture, and Word renews it."""


def read(path: FilePath, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The paragraphs of a Word document, those of its body first. Raises InputError, naming the file."""
    package, main = open_package(path, MAIN)
    deleted = sum(1 for _ in package.root(main).iter(*DELETED))
    notes = (f"deletions under tracked changes are left out: {deleted}",) if deleted else ()
    return read_passages(package, _passages(package, main, bilingual=False)), notes


def write(result: Result, path: FilePath, options: FileOptions) -> bytes:
    """A copy of the document in English, left to right; bilingual with each source paragraph above its English."""
    package, main = open_package(path, MAIN)
    passages = list(_passages(package, main, bilingual=options.bilingual))
    turn(package, main)
    write_passages(package, passages, result)
    for part in _parts(package, main):
        _renew_fallbacks(package.root(part))
        for linked in drawing.linked_parts(package, part):
            drawing.turn(package.root(linked))
    say_english(package)
    return package.save()


def _parts(package: Package, main: str) -> list[str]:
    return [main, *(part for kind in PARTS for part in package.related(main, kind))]


def _passages(package: Package, main: str, *, bilingual: bool) -> Iterator[Passage]:
    styles = _style_kinds(package, main)
    for part in _parts(package, main):
        for paragraph in package.root(part).iter(W + "p"):
            if next(paragraph.iterancestors(FALLBACK), None) is None:
                kind = _kind(paragraph, styles)
                yield Passage(_items(paragraph), _Putter(paragraph, bilingual), kind, "\n" if kind in {"cell", "list_item"} else "\n\n")
        yield from drawing.linked_passages(package, part)
    for part in package.related(main, "numbering"):
        yield from (_label(level) for level in package.root(part).iter(W + "lvlText"))
    yield from properties(package)


def _label(level: Element) -> Passage:
    """What stands before the items of a list, such as `المادة %1:`."""

    def put(items: list[Item]) -> None:
        level.set(W + "val", written_text(items))

    written = level.get(W + "val", "")
    return Passage(split(Item(text=written), NUMBER_CODE, NUMBER_CODES) if arabic.has_arabic(written) else (), put, "caption", "\n")


def _style_kinds(package: Package, main: str) -> dict[str, BlockKind]:
    """Kinds of block by the id of the paragraph style, from the names that Word gives its own styles in every language."""
    kinds: dict[str, BlockKind] = {}
    names: tuple[tuple[str, BlockKind], ...] = (
        ("title", "title"),
        ("heading", "heading"),
        ("subtitle", "heading"),
        ("list", "list_item"),
        ("caption", "caption"),
    )
    for part in package.related(main, "styles"):
        for style in package.root(part).iter(W + "style"):
            element = style.find(W + "name")
            name = "" if element is None else element.get(W + "val", "").lower()
            kinds |= {style.get(W + "styleId", ""): kind for start, kind in names if name.startswith(start)}
    return kinds


def _kind(paragraph: Element, styles: dict[str, BlockKind]) -> BlockKind:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    kind = styles.get("" if style is None else style.get(W + "val", ""), "paragraph")
    if kind != "paragraph":
        return kind
    if paragraph.find(f"{W}pPr/{W}numPr") is not None:
        return "list_item"
    return "cell" if next(paragraph.iterancestors(W + "tc"), None) is not None else "paragraph"


@dataclass(frozen=True, slots=True)
class _Token:
    """An item before fields are put together. role: begin, instr, separate or end of a field, or nothing."""

    item: Item
    node: Element
    role: str = ""


def _items(paragraph: Element) -> list[Item]:
    return with_ranges(_fields(list(_tokens(paragraph, ()))), _range_end)


def _tokens(parent: Element, path: Path) -> Iterator[_Token]:
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in SKIPPED:
            continue
        if child.tag == W + "r":
            yield from _run_tokens(child, path)
        elif child.tag in TRANSPARENT:
            yield from _tokens(child, path)
        elif _holds_words(child):
            hole = W + "sdtContent" if child.tag == W + "sdt" else ""
            content = child.find(hole) if hole else child
            if content is not None:
                yield from _tokens(content, (*path, Wrap(_shell(child), hole)))
        else:
            yield _Token(Item(path, nodes=(child,)), child)


def _holds_words(element: Element) -> bool:
    """It stands around text of the paragraph; a link around a picture does not."""
    around = element.tag in CONTAINERS or (element.tag == W + "fldSimple" and _field_name(element.get(W + "instr", "")) in TEXT_FIELDS)
    return around and any((text.text or "").strip() for text in element.iter(W + "t"))


def _shell(element: Element) -> Element:
    """The element without its content, but with its properties."""
    shell = element.makeelement(element.tag, dict(element.attrib), element.nsmap)
    for child in element:
        if child.tag in PROPERTIES:
            shell.append(deepcopy(child))
        elif child.tag == W + "sdtContent":
            shell.append(child.makeelement(child.tag, dict(child.attrib), None))
    return shell


def _run_tokens(run: Element, path: Path) -> Iterator[_Token]:
    look = turned_look(run.find(W + "rPr"))
    height = run.find(f"{W}rPr/{W}vertAlign")
    raised = height is not None and height.get(W + "val") == "superscript"
    for child in run:
        if not isinstance(child.tag, str) or child.tag in UNSEEN:
            continue
        if child.tag == W + "t" and raised and NUMBER.fullmatch(child.text or ""):
            yield _Token(Item(path, nodes=(child,)), child)
        elif child.tag == W + "t":
            yield _Token(Item(path, child.text or "", look), child)
        elif child.tag == W + "noBreakHyphen":
            yield _Token(Item(path, "\N{NON-BREAKING HYPHEN}", look), child)
        elif child.tag == W + "fldChar":
            yield _Token(Item(path, nodes=(child,)), child, child.get(W + "fldCharType", ""))
        elif child.tag == W + "instrText":
            yield _Token(Item(path, nodes=(child,)), child, "instr")
        else:
            gap = child.tag in GAPS or (child.tag == W + "br" and child.get(W + "type", "textWrapping") == "textWrapping")
            yield _Token(Item(path, nodes=(child,), gap=gap), child)


def _fields(tokens: Sequence[_Token]) -> list[Item]:
    """Put together what belongs to a field: its result stays text in a wrap, or the whole field is one point."""
    return _between(tokens, 0, len(tokens), _field_ends(tokens), 0)


@dataclass(frozen=True, slots=True)
class _FieldEnds:
    """Where the field that begins at an index has its separator (0 for none) and its end."""

    separate: int
    end: int


def _field_ends(tokens: Sequence[_Token]) -> dict[int, _FieldEnds]:
    """Fields that end in this paragraph, by the index at which they begin."""
    found: dict[int, _FieldEnds] = {}
    opened: list[int] = []
    separators: dict[int, int] = {}
    for i, token in enumerate(tokens):
        if token.role == "begin":
            opened.append(i)
        elif token.role == "separate" and opened:
            separators.setdefault(opened[-1], i)
        elif token.role == "end" and opened:
            begin = opened.pop()
            found[begin] = _FieldEnds(separators.get(begin, 0), i)
    return found


def _between(tokens: Sequence[_Token], start: int, stop: int, fields: Mapping[int, _FieldEnds], depth: int) -> list[Item]:
    found: list[Item] = []
    i = start
    while i < stop:
        if i not in fields:
            found.append(tokens[i].item)
            i += 1
            continue
        ends = fields[i]
        path = tokens[i].item.path
        code = "".join(token.node.text or "" for token in tokens[i : ends.separate or i] if token.role == "instr")
        inner = []
        if _field_name(code) in TEXT_FIELDS and tokens[ends.end].item.path == path and depth < MAX_NESTED:
            inner = _between(tokens, ends.separate + 1, ends.end, fields, depth + 1)
            wrap = Wrap(before=tuple(token.node for token in tokens[i : ends.separate + 1]), after=(tokens[ends.end].node,))
        if inner:
            found += [wrapped(item, wrap, len(path)) for item in inner]
        else:
            found.append(Item(path, nodes=tuple(token.node for token in tokens[i : ends.end + 1])))
        i = ends.end + 1
    return found


def _field_name(code: str) -> str:
    return (code.split() or [""])[0].upper()


def _range_end(node: Element) -> RangeEnd | None:
    """What a node opens or closes: a bookmark, a range with a comment, a range with rights."""
    kind, _, edge = RANGES.get(node.tag, "").partition(" ")
    return RangeEnd(f"{kind} {node.get(W + 'id')}", edge == "start") if kind else None


@dataclass(frozen=True, slots=True)
class _Putter:
    """Puts items into a paragraph; bilingual with a copy of the source above it."""

    paragraph: Element
    bilingual: bool

    def __call__(self, items: list[Item]) -> None:
        paragraph = self.paragraph
        if self.bilingual:
            paragraph.addprevious(_source_copy(paragraph))
        for child in [child for child in paragraph if child.tag != W + "pPr"]:
            paragraph.remove(child)
        assemble(paragraph, items, _make)


def _make(item: Item) -> list[Node]:
    if not item.nodes:
        return [_text_run(item)] if item.text else []
    return [
        _text_run(Item(text=node, look=item.look)) if isinstance(node, str) else _in_run(node) if _stood_in_run(node) else node
        for node in item.nodes
    ]


def _text_run(item: Item) -> Element:
    from lxml import etree

    run = etree.Element(W + "r")
    if item.look.source is not None:
        run.append(deepcopy(item.look.source))
    text = etree.Element(W + "t")
    text.text = item.text
    text.set(SPACE, "preserve")
    run.append(text)
    return run


def _stood_in_run(node: Element) -> bool:
    parent = node.getparent()
    return parent is not None and parent.tag == W + "r"


def _in_run(node: Element) -> Element:
    """What stood in a run of several things, moved to a run of its own with the same properties."""
    parent = node.getparent()
    assert parent is not None
    run = parent.makeelement(W + "r", {}, None)
    found = parent.find(W + "rPr")
    if found is not None:
        run.append(deepcopy(found))
    run.append(node)
    return run


def _source_copy(paragraph: Element) -> Element:
    """The Arabic words of a paragraph, right to left, without numbers, notes, pictures, fields and ranges."""
    copy = paragraph.makeelement(W + "p", {}, None)
    found = paragraph.find(W + "pPr")
    copy.append(bidirectional(found))
    for item in _items(paragraph):
        if item.gap:
            run = copy.makeelement(W + "r", {}, None)
            run.extend(deepcopy(node) for node in item.nodes if not isinstance(node, str))
            copy.append(run)
        elif item.text:
            run = _text_run(replace(item, path=()))
            properties = run.find(W + "rPr")
            if properties is None:
                properties = run.makeelement(W + "rPr", {}, None)
                run.insert(0, properties)
            if arabic.has_arabic(item.text):
                insert(properties, run.makeelement(W + "rtl", {}, None), RUN_ORDER)
            copy.append(run)
    return copy


def _renew_fallbacks(root: Element) -> None:
    """A text box is stored twice, for new and for old programs: the old form gets the text of the new one."""
    content = W + "txbxContent"
    for alternatives in root.iter(ALTERNATIVES):
        new = [box for choice in alternatives.findall(CHOICE) for box in choice.iter(content)]
        old = [box for fallback in alternatives.findall(FALLBACK) for box in fallback.iter(content)]
        if len(new) == len(old):
            for source, target in zip(new, old, strict=True):
                target[:] = [deepcopy(child) for child in source]
