"""Word documents turned left to right: paragraphs, runs, tables, sections, styles, lists and languages.

In a right-to-left paragraph Word's `left` and `start` are the side where a line begins, so most alignments and all indents are right
once the direction is gone. What is set for complex scripts only (bold, slant, size) is what an Arabic run shows: its English gets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mt import arabic
from mt.formats.office import Package
from mt.formats.runs import Look

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = W + "val"
ENGLISH = "en-US"
OFF = frozenset({"0", "false", "off", "none"})
# The order in which the schema wants the children of w:rPr and w:pPr; Word calls a file damaged where they stand otherwise.
RUN_ORDER = (
    "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid vanish webHidden color"
    " spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath"
).split()
PARAGRAPH_ORDER = (
    "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs suppressAutoHyphens"
    " kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing"
    " mirrorIndents suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange"
).split()
COMPLEX = {"bCs": "b", "iCs": "i", "szCs": "sz"}
LETTERED = frozenset({"arabicAlpha", "arabicAbjad", "hebrew1", "hebrew2"})
UNSEEN = frozenset({"lang", "noProof", "bCs", "iCs", "szCs", "rtl", "cs"})
"""Properties that make no difference to how English looks."""


def turn(package: Package, main: str) -> None:
    """Turn every part of a document that says which way text runs."""
    parts = [main, *(one.target for one in package.relationships(main) if one.target.endswith(".xml") and one.kind in TEXT_PARTS)]
    styles = _Styles.of(package, main)
    _turn_alignments([paragraph for part in parts for paragraph in package.root(part).iter(W + "p")], styles)
    for part in parts:
        _turn_part(package.root(part))


TEXT_PARTS = frozenset(
    {"styles", "stylesWithEffects", "numbering", "settings", "footnotes", "endnotes", "comments", "header", "footer", "glossaryDocument"}
)


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str
    bidi: bool | None
    alignment: str | None


@dataclass(frozen=True, slots=True)
class _Styles:
    """What the paragraph styles say about direction and alignment; under the empty name what holds for all."""

    styles: Mapping[str, _Style]
    usual: str

    @classmethod
    def of(cls, package: Package, main: str) -> _Styles:
        found: dict[str, _Style] = {}
        usual = ""
        for part in package.related(main, "styles"):
            root = package.root(part)
            found[""] = _style(root.find(f"{W}docDefaults/{W}pPrDefault"), "")
            for style in root.iter(W + "style"):
                if style.get(W + "type") == "paragraph":
                    name = style.get(W + "styleId", "")
                    based = style.find(W + "basedOn")
                    found[name] = _style(style, "" if based is None else based.get(VAL, ""))
                    usual = name if style.get(W + "default") in {"1", "true", "on"} else usual
        return cls(found, usual)

    def chain(self, name: str) -> Iterator[_Style]:
        """A style, the one it is based on, and so on; ends at a ring."""
        seen: set[str] = set()
        while name in self.styles and name not in seen:
            seen.add(name)
            yield self.styles[name]
            name = self.styles[name].parent if name else "-"
        if "" in self.styles and "" not in seen:
            yield self.styles[""]

    def of_paragraph(self, paragraph: Element) -> tuple[bool, str]:
        """Whether it is right to left, and its alignment."""
        properties = paragraph.find(W + "pPr")
        chain = list(self.chain(_value(properties, "pStyle") or self.usual))
        bidi = next((b for b in (_switch(properties, "bidi"), *(style.bidi for style in chain)) if b is not None), False)
        alignment = next((a for a in (_value(properties, "jc"), *(style.alignment for style in chain)) if a is not None), "left")
        return bidi, alignment


def _style(holder: Element | None, parent: str) -> _Style:
    properties = None if holder is None else holder.find(W + "pPr")
    return _Style(parent, _switch(properties, "bidi"), _value(properties, "jc"))


def _switch(properties: Element | None, name: str) -> bool | None:
    found = None if properties is None else properties.find(W + name)
    return None if found is None else found.get(VAL, "1") not in OFF


def _value(properties: Element | None, name: str) -> str | None:
    found = None if properties is None else properties.find(W + name)
    return None if found is None else found.get(VAL)


def _turn_alignments(paragraphs: Sequence[Element], styles: _Styles) -> None:
    """Bring to the left what would stay at the right as English.

    These are Arabic paragraphs that are pushed to the right without being right to left; and those that are both where most are:
    then it is the slip of a program (LibreOffice writes HTML so) and not a signature that is meant to stand at the end of the line.
    """
    worded = [paragraph for paragraph in paragraphs if arabic.has_arabic("".join(text.text or "" for text in paragraph.iter(W + "t")))]
    found = [(paragraph, *styles.of_paragraph(paragraph)) for paragraph in worded]
    turned = [alignment in {"right", "end"} for _, bidi, alignment in found if bidi]
    slip = sum(turned) * 2 > len(turned)
    for paragraph, bidi, alignment in found:
        if alignment in {"right", "end"} and (slip or not bidi):
            properties = paragraph.find(W + "pPr")
            if properties is None:
                properties = paragraph.makeelement(W + "pPr", {}, None)
                paragraph.insert(0, properties)
            _set(properties, "jc", "left", PARAGRAPH_ORDER)


def _turn_part(root: Element) -> None:
    for name in ("bidi", "bidiVisual", "rtlGutter"):
        for element in list(root.iter(W + name)):
            if element.get(VAL, "1") not in OFF:
                _remove(element)
    for properties in list(root.iter(W + "rPr")):
        _turn_run(properties)
    for element in root.iter(W + "numFmt"):
        if element.get(VAL) in LETTERED:
            element.set(VAL, "lowerLetter")
    for element in list(root.iter(W + "dataBinding")):
        _remove(element)  # else Word puts the Arabic back from the data that the control is bound to
    for element in root.iter(W + "themeFontLang"):
        _speak_english(element)
    for element in root.iter("{urn:schemas-microsoft-com:vml}textbox"):
        if "direction:rtl" in element.get("style", "").lower():
            element.set("style", ";".join(one for one in element.get("style", "").split(";") if one.strip().lower() != "direction:rtl"))


def _remove(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _turn_run(properties: Element) -> None:
    if _switch(properties, "rtl") or _switch(properties, "cs"):
        for complex_name, name in COMPLEX.items():
            found = properties.find(W + complex_name)
            if found is not None:
                _set(properties, name, found.get(VAL), RUN_ORDER)
    for name in ("rtl", "cs"):
        found = properties.find(W + name)
        if found is not None:
            properties.remove(found)
    for element in properties.findall(W + "lang"):
        _speak_english(element)
    for element in properties.findall(W + "rFonts"):
        element.attrib.pop(W + "hint", None)
        if not element.attrib:
            properties.remove(element)


def _speak_english(element: Element) -> None:
    if element.get(VAL, "ar").lower().startswith("ar"):
        element.set(VAL, ENGLISH)


def _set(properties: Element, name: str, value: str | None, order: list[str]) -> None:
    """Set a property; no value is the same as being there."""
    found = properties.find(W + name)
    if found is None:
        found = properties.makeelement(W + name, {}, None)
        insert(properties, found, order)
    if value is None:
        found.attrib.pop(VAL, None)
    else:
        found.set(VAL, value)


def insert(properties: Element, made: Element, order: list[str]) -> None:
    """Insert a property at the place where the schema wants it."""
    rank = order.index(made.tag.removeprefix(W))
    later = (i for i, child in enumerate(properties) if str(child.tag).removeprefix(W) in order[rank + 1 :])
    properties.insert(next(later, len(properties)), made)


def turned_look(properties: Element | None) -> Look:
    """How a run will look in English. Looks that English would show the same are the same."""
    from lxml import etree

    return Look() if properties is None else _look(etree.tostring(properties, with_tail=False))


@lru_cache(maxsize=4096)
def _look(written: bytes) -> Look:
    from lxml import etree

    turned = etree.fromstring(written)
    _turn_run(turned)
    seen = deepcopy(turned)
    for child in list(seen):
        name = str(child.tag).removeprefix(W)
        if name in UNSEEN or (name in {"b", "i"} and child.get(VAL, "1") in OFF):
            seen.remove(child)
        elif name == "rFonts":
            child.attrib.pop(W + "cs", None)
            if not child.attrib:
                seen.remove(child)
    key = "".join(sorted(etree.tostring(child, with_tail=False).decode() for child in seen))
    return Look(key, turned if len(turned) else None)


def bidirectional(properties: Element | None) -> Element:
    """Paragraph properties for Arabic again, without number (that of the style neither), section and place in the contents."""
    from lxml import etree

    made = etree.Element(W + "pPr") if properties is None else deepcopy(properties)
    for name in ("numPr", "sectPr", "pPrChange"):
        for child in made.findall(W + name):
            made.remove(child)
    _set(made, "bidi", None, PARAGRAPH_ORDER)
    numbered = made.makeelement(W + "numPr", {}, None)
    numbered.append(made.makeelement(W + "numId", {VAL: "0"}, None))
    insert(made, numbered, PARAGRAPH_ORDER)
    if properties is not None and properties.find(W + "pStyle") is not None:
        _set(made, "outlineLvl", "9", PARAGRAPH_ORDER)
    return made
