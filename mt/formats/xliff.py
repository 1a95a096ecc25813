"""XLIFF 1.2 and 2: Arabic sources get an English target, between the same tags; the rest of the file keeps its bytes.

A unit that has a target which is not Arabic is done and stays; so does one that says `translate="no"`. New targets are marked
as translated by a machine; what looks doubtful as needing review (1.2) or with the substate `mt:doubtful` (2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.arabic import has_arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated
from mt.formats.splice import Edit, spliced
from mt.formats.tagged import Tagged, blocks_of, joined
from mt.formats.xmlplaces import XML, attribute_edit, escaped, read_xml, written
from mt.formats.xmlsegments import segment_text, translated, visible

NAMES = frozenset("xliff file group unit segment ignorable trans-unit alt-trans match source seg-source target".split())


@dataclass(frozen=True, slots=True)
class Unit:
    """What is translated of a file: a trans-unit (1.2) or a segment (2). The numbers are indices of elements; target -1: none yet."""

    index: int
    source: int
    last: int
    """The element after which a new target goes."""
    target: int
    text: Tagged


def read_xliff(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The Arabic sources as blocks. Raises InputError where the target language is not English."""
    xml = read_xml(path, NAMES)
    units = _units(xml, path)
    return Document(blocks_of(unit.text for unit in units), id=str(path)), xml.file.notes


def write_xliff(result: Result, path: Path, options: FileOptions) -> bytes:
    """The file with English targets."""
    xml = read_xml(path, NAMES)
    units = translated(_units(xml, path), result, path)
    edits = [edit for unit, english in units for edit in _filled(xml, unit, english)]
    if edits:
        edits += _languages(xml)
    return written(xml.file, spliced(xml.file.text, edits), path)


XLIFF = Format(read_xliff, write_xliff, ".xlf")


def _units(xml: XML, path: Path) -> list[Unit]:
    roots = [i for i, e in enumerate(xml.elements) if e.name == "xliff"]
    if roots != [0] or xml.elements[0].parent >= 0:
        raise InputError(f"{path}: is not XLIFF: its root must be <xliff>")
    children = xml.children()

    def first(index: int, name: str) -> int:
        return next(iter(children.get((index, name), ())), -1)

    found = []
    for i, element in enumerate(xml.elements):
        source = first(i, "source")
        if element.name not in ("trans-unit", "segment") or source < 0 or xml.attribute(i, "translate") == "no":
            continue
        split, target = first(i, "seg-source"), first(i, "target")
        chosen = split if split >= 0 else source
        done = target >= 0 and visible(xml.within(target)).strip() and not has_arabic(visible(xml.within(target)))
        if done or not has_arabic(visible(xml.within(chosen))):
            continue
        _refuse_other_languages(xml, i, path)
        text = segment_text(xml.within(chosen))
        if text.arabic:
            found.append(Unit(i, chosen, max(source, split), target, text))
    return found


def _refuse_other_languages(xml: XML, index: int, path: Path) -> None:
    for name in ("target-language", "trgLang"):
        language = xml.attribute(index, name)
        if language and language.lower().partition("-")[0] not in ("en", "eng", "und"):
            raise InputError(f"{path}: wants translations into '{language}', and only English can be written; set {name} to en")


def _filled(xml: XML, unit: Unit, english: Sequence[Translated]) -> Iterator[Edit]:
    text = joined(unit.text, english, escaped)
    doubtful = any(made.flags for made in english)
    two = xml.elements[unit.index].name == "segment"
    state = {} if two else {"state": "needs-review-translation" if doubtful else "translated", "state_qualifier": "leveraged-mt"}
    if two:
        yield from attribute_edit(xml, unit.index, state="translated", **({"subState": "mt:doubtful"} if doubtful else {}))
    source = xml.elements[unit.source]
    if unit.target < 0:
        before = xml.file.text[: source.start]
        space = before[len(before.rstrip()) :]
        prefix = xml.file.text[source.start + 1 : source.inner].partition(source.name)[0]
        language = {"xml:lang": "en"} if "xml:lang" in source.attributes else {}
        attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in {**language, **state}.items())
        end = xml.elements[unit.last].end
        yield Edit(end, end, f"{space}<{prefix}target{attributes}>{text}</{prefix}target>")
        return
    target = xml.elements[unit.target]
    language = {"xml_lang": "en"} if "xml:lang" in target.attributes else {}
    tag = next((edit.text for edit in attribute_edit(xml, unit.target, **language, **state)), xml.file.text[target.start : target.inner])
    if target.inner == target.end:  # <target/>
        name = xml.file.text[target.start + 1 : target.inner].partition("target")[0] + "target"
        yield Edit(target.start, target.end, f"{tag.removesuffix('/>').rstrip()}>{text}</{name}>")
    else:
        yield Edit(target.start, target.outer, tag + text)


def _languages(xml: XML) -> Iterator[Edit]:
    """The file says that its targets are English, if it did not."""
    for i, element in enumerate(xml.elements):
        name = {"file": "target-language", "xliff": "trgLang"}.get(element.name)
        two = xml.elements[0].attributes.get("version", "").startswith("2")
        if name is not None and two == (element.name == "xliff") and name not in element.attributes:
            yield from attribute_edit(xml, i, **{name.replace("-", "_"): "en"})
