"""Text in drawings, slides and charts (DrawingML): paragraphs of runs, labels of charts, turned left to right.

In DrawingML `l` and `r` are sides of the page, whatever the direction of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mt import arabic
from mt.data import BlockKind
from mt.formats.office import Package, plain
from mt.formats.runs import NUMBER, Item, Look, Node, Passage, assemble

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
LINKED = ("chart", "diagramData", "diagramDrawing")
"""Kinds of parts that hold what a picture in a document, slide or sheet says."""
OPPOSITE = {"r": "l", "l": "r"}
ENGLISH = "en-US"
LETTERED = {"arabic1Minus": "alphaLcPeriod", "arabic2Minus": "alphaLcPeriod", "hebrew2Minus": "alphaLcPeriod"}
UNSEEN = ("lang", "altLang", "dirty", "err", "noProof", "smtClean", "smtId", "bmk")
"""Attributes of a run that make no difference to how it looks."""


def linked_passages(package: Package, part: str) -> Iterator[Passage]:
    """Charts and diagrams that a part shows."""
    for linked in linked_parts(package, part):
        yield from passages(package.root(linked), "caption")


def linked_parts(package: Package, part: str) -> list[str]:
    """Names of the charts and diagrams that a part shows."""
    return [one.target for one in package.relationships(part) if one.kind in LINKED]


def passages(root: Element, kind: BlockKind = "paragraph") -> Iterator[Passage]:
    """Every paragraph below an element, and the words that a chart keeps of its table."""
    for element in root.iter(A + "p", CHART + "strCache"):
        if element.tag == A + "p":
            yield Passage(items(element), _Putter(element), kind)
        else:
            yield from (plain(value, kind) for value in element.iter(CHART + "v"))


def items(paragraph: Element) -> list[Item]:
    """Runs as text, line breaks as gaps, fields such as the slide number as points."""
    found = []
    for child in paragraph:
        properties = child.find(A + "rPr") if child.tag == A + "r" else None
        raised = properties is not None and not properties.get("baseline", "0").startswith(("0", "-"))
        if child.tag == A + "r" and not (raised and NUMBER.fullmatch(child.findtext(A + "t") or "")):
            found.append(Item(text=child.findtext(A + "t") or "", look=_turned_look(properties)))
        elif child.tag not in {A + "pPr", A + "endParaRPr"} and isinstance(child.tag, str):
            found.append(Item(nodes=(child,), gap=child.tag == A + "br"))
    return found


@dataclass(frozen=True, slots=True)
class _Putter:
    paragraph: Element

    def __call__(self, items: list[Item]) -> None:
        paragraph = self.paragraph
        last = paragraph.find(A + "endParaRPr")
        for child in [child for child in paragraph if child.tag != A + "pPr"]:
            paragraph.remove(child)
        assemble(paragraph, items, _make)
        if last is not None:
            paragraph.append(last)


def _make(item: Item) -> list[Node]:
    if item.nodes or not item.text:
        return [part for node in item.nodes for part in ([_run(node, item.look)] if isinstance(node, str) else [node])]
    return [_run(item.text, item.look)]


def _run(written: str, look: Look) -> Element:
    from lxml import etree

    run = etree.Element(A + "r")
    if look.source is not None:
        run.append(deepcopy(look.source))
    text = etree.Element(A + "t")
    text.text = written
    run.append(text)
    return run


def _turned_look(properties: Element | None) -> Look:
    from lxml import etree

    return Look() if properties is None else _look(etree.tostring(properties, with_tail=False))


@lru_cache(maxsize=4096)
def _look(written: bytes) -> Look:
    from lxml import etree

    turned = etree.fromstring(written)
    _speak_english(turned)
    seen = deepcopy(turned)
    for name in UNSEEN:
        seen.attrib.pop(name, None)
    if seen.get("b") == "0":
        seen.attrib.pop("b")
    if seen.get("i") == "0":
        seen.attrib.pop("i")
    for complex_font in seen.findall(A + "cs"):
        seen.remove(complex_font)
    return Look(etree.tostring(seen, with_tail=False).decode(), turned)


def turn(root: Element) -> None:
    """Turn every paragraph, list style, table and column below an element left to right, and its language to English."""
    for element in root.iter():
        if not isinstance(element.tag, str) or not element.tag.startswith((A, CHART)):
            continue
        name = element.tag.rpartition("}")[2]
        if name.endswith(("pPr", "defPPr")):
            _turn_paragraph(element)
        elif name in {"rPr", "defRPr", "endParaRPr"}:
            _speak_english(element)
        elif name == "tblPr":
            element.attrib.pop("rtl", None)
        elif name == "buAutoNum":
            element.set("type", LETTERED.get(element.get("type", ""), element.get("type", "")))
        elif element.tag == CHART + "lang" and element.get("val", "").lower().startswith("ar"):
            element.set("val", ENGLISH)
        if element.get("rtlCol") in {"1", "true"}:
            element.set("rtlCol", "0")


def _turn_paragraph(properties: Element) -> None:
    alignment = properties.get("algn")
    turned = properties.get("rtl") in {"1", "true"}
    parent = properties.getparent()
    pushed = alignment == "r" and parent is not None and parent.tag == A + "p" and arabic.has_arabic("".join(parent.itertext()))
    if alignment in OPPOSITE and (turned or pushed):
        properties.set("algn", OPPOSITE[alignment])
    if turned:
        properties.set("rtl", "0")


def _speak_english(properties: Element) -> None:
    if properties.get("lang", "").lower().startswith("ar"):
        properties.set("lang", ENGLISH)
    if properties.get("altLang", "").lower().startswith("ar"):
        properties.attrib.pop("altLang")
