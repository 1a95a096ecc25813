"""Presentations (pptx): slides in their order with tables, groups, charts, diagrams, notes and comments, turned left to right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mt.data import BlockKind, Document, Result
from mt.formats import drawing
from mt.formats.format import FileOptions
from mt.formats.office import Package, open_package, plain, properties, read_passages, say_english, write_passages
from mt.formats.runs import Passage

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAIN = "presentationml.presentation.main"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
A = drawing.A
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
TITLES = frozenset({"title", "ctrTitle"})
MASTERS = ("slideMaster", "slideLayout", "notesMaster", "handoutMaster")


def read(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The paragraphs of a presentation, slide by slide. Raises InputError, naming the file."""
    package, main = open_package(path, MAIN)
    return read_passages(package, _passages(package, main)), ()


def write(result: Result, path: Path, options: FileOptions) -> bytes:
    """A copy of the presentation in English, left to right."""
    package, main = open_package(path, MAIN)
    passages = list(_passages(package, main))
    package.root(main).attrib.pop("rtl", None)
    for part in [main, *_slides(package, main), *_masters(package, main)]:
        for name in [part, *package.related(part, "notesSlide"), *drawing.linked_parts(package, part)]:
            drawing.turn(package.root(name))
    write_passages(package, passages, result)
    say_english(package)
    return package.save()


def _slides(package: Package, main: str) -> list[str]:
    """Names of the slides in the order in which they are shown."""
    targets = {one.id: one.target for one in package.relationships(main) if one.kind == "slide"}
    order = [slide.get(RELATION_ID, "") for slide in package.root(main).iter(P + "sldId")]
    return list(dict.fromkeys(targets[one] for one in order if one in targets))


def _masters(package: Package, main: str) -> list[str]:
    masters = [part for kind in MASTERS for part in package.related(main, kind)]
    return [*masters, *(layout for master in masters for layout in package.related(master, "slideLayout"))]


def _passages(package: Package, main: str) -> Iterator[Passage]:
    for slide in _slides(package, main):
        yield from _shown(package.root(slide))
        yield from drawing.linked_passages(package, slide)
        for notes in package.related(slide, "notesSlide"):
            yield from drawing.passages(package.root(notes))
        for comments in package.related(slide, "comments"):
            root = package.root(comments)
            yield from (plain(element) for element in root.iter(P + "text"))
            yield from drawing.passages(root)
    for master in _masters(package, main):
        for shape in package.root(master).iter(P + "sp"):
            if shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph") is None:  # what a placeholder says in a master is never shown
                yield from drawing.passages(shape, "caption")
    yield from properties(package)


def _shown(slide: Element) -> Iterator[Passage]:
    for body in slide.iter(P + "txBody", A + "txBody"):
        yield from drawing.passages(body, _kind(body))


def _kind(body: Element) -> BlockKind:
    if body.tag == A + "txBody":
        return "cell"
    shape = body.getparent()
    place = None if shape is None else shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
    return "heading" if place is not None and place.get("type") in TITLES else "paragraph"
