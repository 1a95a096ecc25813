"""TMX as a source: Arabic segments of a translation memory get an English variant; all else keeps its bytes.

A unit that has an English variant with text stays as it is. What looks doubtful is said in a `prop` of the new variant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.arabic import has_arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated
from mt.formats.splice import Edit, spliced
from mt.formats.tagged import Tagged, blocks_of, joined
from mt.formats.xmlplaces import XML, escaped, read_xml, written
from mt.formats.xmlsegments import segment_text, translated, visible

NAMES = frozenset(["tmx", "header", "tu", "tuv", "seg"])


@dataclass(frozen=True, slots=True)
class Unit:
    """The Arabic variant of a unit, its segment, and the empty English segment if there is one (else -1), as indices of elements."""

    variant: int
    segment: int
    english: int
    text: Tagged


def read_tmx(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The Arabic segments without English as blocks."""
    xml = read_xml(path, NAMES)
    return Document(blocks_of(unit.text for unit in _units(xml, path)), id=str(path)), xml.file.notes


def write_tmx(result: Result, path: Path, options: FileOptions) -> bytes:
    """The file with English variants beside the Arabic ones."""
    xml = read_xml(path, NAMES)
    edits = [_filled(xml, unit, english) for unit, english in translated(_units(xml, path), result, path)]
    return written(xml.file, spliced(xml.file.text, edits), path)


TMX = Format(read_tmx, write_tmx, ".tmx")


def _units(xml: XML, path: Path) -> list[Unit]:
    if not xml.elements or xml.elements[0].name != "tmx":
        raise InputError(f"{path}: is not TMX: its root must be <tmx>")
    children = xml.children()
    units = (_unit(xml, i, children) for i, element in enumerate(xml.elements) if element.name == "tu")
    return [unit for unit in units if unit is not None and unit.text.arabic]


def _unit(xml: XML, index: int, children: Mapping[tuple[int, str], Sequence[int]]) -> Unit | None:
    """What there is to do in a unit, if anything."""
    arabic: list[tuple[int, int]] = []
    empty = -1
    for variant in children.get((index, "tuv"), ()):
        attributes = xml.elements[variant].attributes
        language = attributes.get("xml:lang", attributes.get("lang", "")).lower().partition("-")[0]
        for segment in children.get((variant, "seg"), ())[:1]:
            text = visible(xml.within(segment))
            if language in ("en", "eng"):
                if text.strip():
                    return None
                empty = segment
            elif language in ("ar", "ara", "") and has_arabic(text):
                arabic.append((variant, segment))
    return Unit(*arabic[0], empty, segment_text(xml.within(arabic[0][1]))) if arabic else None


def _filled(xml: XML, unit: Unit, english: Sequence[Translated]) -> Edit:
    text = joined(unit.text, english, escaped)
    content = xml.file.text
    if unit.english >= 0:
        empty = xml.elements[unit.english]
        tag = content[empty.start : empty.inner].removesuffix("/>").removesuffix(">").rstrip()
        return Edit(empty.start, empty.end, f"{tag}>{text}</seg>")
    variant, segment = xml.elements[unit.variant], xml.elements[unit.segment]
    outside, inside, after = (_space_before(content, place) for place in (variant.start, segment.start, variant.outer))
    flags = sorted({flag for made in english for flag in made.flags})
    doubts = f'{inside}<prop type="x-mt-flags">{",".join(flags)}</prop>' if flags else ""
    language = "xml:lang" if "lang" not in variant.attributes else "lang"
    made = f'{outside}<tuv {language}="en">{doubts}{inside}<seg>{text}</seg>{after}</tuv>'
    return Edit(variant.end, variant.end, made)


def _space_before(text: str, position: int) -> str:
    start = position
    while start and text[start - 1] in " \t\r\n":
        start -= 1
    return text[start:position]
