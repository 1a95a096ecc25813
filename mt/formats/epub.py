"""Books: every chapter, the table of contents and the title are translated; pictures, fonts and ids stay byte for byte."""

from __future__ import annotations

import html as entities
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote
from zipfile import ZIP_STORED

from mt.data import Block, Document, Result
from mt.errors import InputError
from mt.formats import direction, html, markup
from mt.formats.container import Member, pack, unpack
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.inplace import Item, Part, parts, rewritten, woven
from mt.formats.splice import Edit
from mt.formats.text import Decoded

CONTAINER = "META-INF/container.xml"
MIMETYPE = "mimetype"
PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbncx+xml"})
"""Media types that are read as pages; the last is the table of contents of EPUB 2."""
READ_METADATA = frozenset({"dc:title", "dc:description", "dc:subject"})
_ENTITIES = re.compile(rb"<!ENTITY", re.IGNORECASE)


class Readable(Protocol):
    """A file in a book that has text to translate."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The texts to translate."""

    def written(self, translated: Sequence[Translated], *, bilingual: bool = False) -> str:
        """The file with the English of its texts."""


class Metadata:
    """The package document of a book: its title and description, its language and the side on which it opens."""

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.tokens = list(markup.tokens(source))
        self.parts: list[Part] = []
        self.edits: list[Edit] = []
        for tag, inside in zip(self.tokens, self.tokens[1:], strict=False):
            for attribute in tag.attributes:
                self._edit(attribute.start, attribute.end, direction.attribute(attribute.name, source[attribute.start : attribute.end]))
            text = source[inside.start : inside.end]
            if tag.kind != "open" or inside.kind != "text":
                continue
            if tag.name == "dc:language":
                self._edit(inside.start, inside.end, direction.locale(text.strip()) if text.strip() else text)
            elif tag.name in READ_METADATA:
                item = Item("text", inside.start, inside.end, text=entities.unescape(text))
                self.parts += parts(source, [item], "title" if tag.name == "dc:title" else "paragraph", "plain", name)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The texts to translate."""
        return tuple(part.block for part in self.parts)

    def written(self, translated: Sequence[Translated], *, bilingual: bool = False) -> str:
        """The package document in English; it has no place for two languages."""

        def render(part: Part, english: Translated, edits: Sequence[Edit]) -> str:
            return woven(self.source, part, english, edits, html.escaped)

        return rewritten(self.source, self.parts, translated, self.edits, render)

    def files(self, folder: str) -> list[str]:
        """Names of the files to read, in reading order: the chapters, then tables of contents."""
        tags = [token for token in self.tokens if token.name in {"item", "itemref"}]
        listed = {self._value(tag, "id"): tag for tag in tags if tag.name == "item" and self._value(tag, "media-type") in PAGES}
        spine = [self._value(tag, "idref") for tag in tags if tag.name == "itemref"]
        order = [name for name in dict.fromkeys([*spine, *listed]) if name in listed]
        return list(dict.fromkeys(posixpath.normpath(posixpath.join(folder, unquote(self._value(listed[name], "href")))) for name in order))

    def _value(self, token: markup.Token, name: str) -> str:
        return next((entities.unescape(self.source[a.start : a.end]) for a in token.attributes if a.name == name), "")

    def _edit(self, start: int, end: int, text: str) -> None:
        if text != self.source[start:end]:
            self.edits.append(Edit(start, end, text))


@dataclass(frozen=True, slots=True)
class Chapter:
    """A file in a book, how its bytes were read, and what is in it."""

    name: str
    found: Decoded
    content: Readable


def _members(path: Path) -> dict[str, Member]:
    members = {member.name: member for member in unpack(path)}
    for name, member in members.items():
        if name.lower().endswith((".xhtml", ".html", ".htm", ".opf", ".ncx", ".xml")) and _ENTITIES.search(member.data):
            raise InputError(f"{path}: {name} declares entities, which a book need not; it is refused for safety")
    return members


def _chapters(members: dict[str, Member], path: Path) -> list[Chapter]:
    """The files with text, in the order in which they are read."""
    if CONTAINER not in members:
        raise InputError(f"{path}: is no EPUB book: it has no {CONTAINER}")
    source = html.decoded(members[CONTAINER].data, f"{path}: {CONTAINER}").text
    roots = [
        source[a.start : a.end]
        for token in markup.tokens(source)
        if token.name == "rootfile"
        for a in token.attributes
        if a.name == "full-path"
    ]
    package = next((name for name in map(unquote, roots) if name in members), None)
    if package is None:
        raise InputError(f"{path}: is no whole EPUB book: its package document is missing")
    found = html.decoded(members[package].data, f"{path}: {package}")
    metadata = Metadata(found.text, f"{path}: {package}")
    chapters = [Chapter(package, found, metadata)]
    for name in metadata.files(posixpath.dirname(package)):
        if name in members:
            found = html.decoded(members[name].data, f"{path}: {name}")
            chapters.append(Chapter(name, found, html.Page(found.text, f"{path}: {name}")))
    return chapters


def read_epub(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The document in a book. Raises InputError."""
    blocks = tuple(block for chapter in _chapters(_members(path), path) for block in chapter.content.blocks)
    title = next((block.text for block in blocks if block.kind == "title"), "")
    return Document(blocks, str(path), title), ()


def write_epub(result: Result, path: Path, options: FileOptions) -> bytes:
    """The book in English, opening on the left. Raises InputError."""
    members = _members(path)
    chapters = _chapters(members, path)
    translated = checked(result, [block for chapter in chapters for block in chapter.content.blocks], path)
    at = 0
    for chapter in chapters:
        mine = translated[at : at + len(chapter.content.blocks)]
        at += len(mine)
        text = chapter.content.written(mine, bilingual=options.bilingual)
        members[chapter.name] = replace(members[chapter.name], data=html.encoded(text, chapter.found))
    for name, member in members.items():
        if name.lower().endswith(".css"):
            # latin-1 gives every byte back as it was
            members[name] = replace(member, data=direction.style(member.data.decode("latin-1")).encode("latin-1"))
    return pack(_mimetype_first(members))


def _mimetype_first(members: dict[str, Member]) -> list[Member]:
    """The first file of a book is its type, stored as it is: programs look for it at that place."""
    if MIMETYPE in members:
        members[MIMETYPE].info.compress_type = ZIP_STORED
    return sorted(members.values(), key=lambda member: member.name != MIMETYPE)


EPUB = Format(read_epub, write_epub, ".epub", binary=True, bilingual=True)
