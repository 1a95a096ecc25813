"""Office Open XML packages (docx, pptx, xlsx): parts, relationships, properties, and English put into a copy."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mt.data import BlockKind, Document, Result
from mt.errors import InputError
from mt.formats.container import Member, pack, parse_xml, unpack
from mt.formats.runs import Item, Passage, blocks, fill, written_text
from mt.formats.text import read_bytes

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
CONTENT_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
CORE = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
STRICT = "http://purl.oclc.org/ooxml/"
OLE = b"\xd0\xcf\x11\xe0"
"""First bytes of old office files, and of new ones under a password."""
PROPERTIES = (DUBLIN_CORE + "title", DUBLIN_CORE + "subject", DUBLIN_CORE + "description", f"{{{CORE}}}keywords", f"{{{CORE}}}category")


@dataclass(frozen=True, slots=True)
class Relationship:
    """A part that another part refers to. kind: the last word of its type, such as `footnotes`."""

    id: str
    kind: str
    target: str


class Package:
    """The parts of a zip container; those that were asked for as XML may be changed, the others stay as they are."""

    def __init__(self, path: Path) -> None:
        """Raises InputError, naming the file, for what is damaged, encrypted, old or hostile."""
        if read_bytes(path).startswith(OLE):
            raise InputError(f"{path}: is an old office file or has a password; save it in its program as {path.suffix} without a password")
        self.path = path
        self._members = {member.name: member for member in unpack(path)}
        self._roots: dict[str, Element] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def names(self) -> tuple[str, ...]:
        """Of all parts, in the order of the file."""
        return tuple(self._members)

    def data(self, name: str) -> bytes:
        """A part as it is in the file. Raises InputError where there is none."""
        if name not in self._members:
            raise InputError(f"{self.path}: lacks {name}; save it again in its program")
        return self._members[name].data

    def root(self, name: str) -> Element:
        """The root of an XML part; the same one at every call."""
        if name not in self._roots:
            from lxml import etree

            root = parse_xml(self.data(name), f"{self.path}: {name}")
            if next(root.iter(etree.Entity), None) is not None:
                raise InputError(f"{self.path}: {name}: uses entities, which an office file need not; save it again in its program")
            self._roots[name] = root
        return self._roots[name]

    def relationships(self, name: str) -> tuple[Relationship, ...]:
        """What a part refers to inside the package, in the order of the file; the package itself for an empty name."""
        folder, base = posixpath.split(name)
        source = posixpath.join(folder, "_rels", base + ".rels")
        if source not in self:
            return ()
        found = []
        for one in self.root(source).iter(RELATIONSHIPS + "Relationship"):
            if one.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, one.get("Target", "")))
                found.append(Relationship(one.get("Id", ""), one.get("Type", "").rpartition("/")[2], target.lstrip("/")))
        return tuple(one for one in found if one.target in self)

    def related(self, name: str, kind: str) -> tuple[str, ...]:
        """Names of the parts of one kind that a part refers to, in the order of the file."""
        return tuple(one.target for one in self.relationships(name) if one.kind == kind)

    def save(self) -> bytes:
        """The container with its changed parts; the others are as they were, byte for byte."""
        return pack(self._saved(member) for member in self._members.values())

    def _saved(self, member: Member) -> Member:
        from lxml import etree

        root = self._roots.get(member.name)
        if root is None or etree.tostring(root) == etree.tostring(parse_xml(member.data, member.name)):
            return member
        tree = root.getroottree()
        return replace(member, data=etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=tree.docinfo.standalone))


def open_package(path: Path, main: str) -> tuple[Package, str]:
    """An Office Open XML file and the name of its main part, whose content type must contain `main`.

    Raises InputError for another kind of file, one with macros, and the rare strict form.
    """
    package = Package(path)
    found = package.related("", "officeDocument")
    if not found:
        raise InputError(f"{path}: is not an office file of this kind; save it in its program as {path.suffix}")
    kind = _content_type(package, found[0])
    if "macroEnabled" in kind:
        raise InputError(f"{path}: holds macros; save it without macros as {path.suffix}")
    if main not in kind:
        raise InputError(f"{path}: is another kind of file ({kind}); rename it, or save it as {path.suffix}")
    if STRICT in str(package.root(found[0]).tag):
        raise InputError(f"{path}: is in the strict form of Office Open XML; save it as ordinary {path.suffix}")
    return package, found[0]


def _content_type(package: Package, part: str) -> str:
    types = package.root("[Content_Types].xml")
    exact = {one.get("PartName", "").lstrip("/"): one.get("ContentType", "") for one in types.iter(CONTENT_TYPES + "Override")}
    usual = {one.get("Extension", "").lower(): one.get("ContentType", "") for one in types.iter(CONTENT_TYPES + "Default")}
    return str(exact.get(part) or usual.get(part.rpartition(".")[2].lower(), ""))


def read_passages(package: Package, passages: Iterable[Passage]) -> Document:
    """The document that the paragraphs of a file make."""
    return Document(blocks(passages), str(package.path), _title(package))


def write_passages(package: Package, passages: Sequence[Passage], result: Result) -> None:
    """Put the English into the paragraphs. Raises InputError where they are not those that were translated."""
    from mt.formats.inline import checked

    fill(passages, checked(result, blocks(passages), package.path))


def properties(package: Package) -> Iterator[Passage]:
    """Title, subject, description, keywords of the file."""
    for part in package.related("", "core-properties"):
        root = package.root(part)
        for name in PROPERTIES:
            for element in root.iter(name):
                yield plain(element, "title" if name.endswith("title") else "caption")


def plain(element: Element, kind: BlockKind = "paragraph", tail: str = "\n\n") -> Passage:
    """An element that holds nothing but text."""

    def put(items: list[Item]) -> None:
        element.text = written_text(items)

    return Passage([Item(text=element.text or "")], put, kind, tail)


def _title(package: Package) -> str:
    """The title in the properties of the file; empty where there is none."""
    for part in package.related("", "core-properties"):
        return (package.root(part).findtext(DUBLIN_CORE + "title") or "").strip()
    return ""


def say_english(package: Package) -> None:
    """The properties name English as the language."""
    for part in package.related("", "core-properties"):
        root = package.root(part)
        found = root.find(DUBLIN_CORE + "language")
        if found is None:
            found = root.makeelement(DUBLIN_CORE + "language", {}, None)
            root.append(found)
        found.text = "en-US"
