"""Zip containers (docx, odt, pptx, xlsx, epub) and the XML in them, opened so that a hostile file can do no harm."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.errors import ExtraError, InputError
from mt.formats.text import read_bytes

if TYPE_CHECKING:
    from lxml import etree

# Whole books with pictures stay below these; a bomb does not.
MAX_MEMBERS = 20_000
MAX_UNPACKED = 300_000_000
"""Bytes of all members together."""
MAX_XML = 60_000_000
"""Bytes of one XML part; its tree in memory is some ten times as large."""
MAX_DEPTH = 200
"""Elements inside each other in one XML part; libxml2 itself stops at 256."""
ENCRYPTED = 0x1
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a container, and how it is stored there."""

    info: zipfile.ZipInfo
    data: bytes

    @property
    def name(self) -> str:
        """Its path in the container."""
        return self.info.filename


def unpack(path: Path) -> tuple[Member, ...]:
    """The files in a zip container, in order, folders left out.

    Raises InputError, naming the file, for what is no zip, is damaged, encrypted, or a bomb.
    """
    data = read_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            _guard(members, path)
            return tuple(Member(info, archive.read(info)) for info in members)
    except BROKEN as error:
        raise InputError(f"{path}: is not a whole zip container: {error}; save it again in its program") from error


def pack(members: Iterable[Member]) -> bytes:
    """A zip container of these files, in order, each stored or compressed as it was, dated as it was."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member in members:
            info = zipfile.ZipInfo(member.name, member.info.date_time)
            info.compress_type = member.info.compress_type if member.info.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
            info.external_attr, info.create_system = member.info.external_attr, member.info.create_system
            archive.writestr(info, member.data)
    return made.getvalue()


def parse_xml(data: bytes, name: str) -> etree._Element:
    """The root of an XML part, its white space kept. `name` is for the messages.

    No entity is expanded and nothing is fetched. Raises InputError for what is not well-formed, is too
    large or too deep, or declares entities (billion laughs, files of this machine).
    """
    try:
        from lxml import etree
    except ImportError as error:
        raise ExtraError('reading this format needs lxml: pip install "mt[files]"') from error

    if len(data) > MAX_XML:
        raise InputError(f"{name}: larger than {MAX_XML // 1_000_000} MB; split the document")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"{name}: is not well-formed XML: {' '.join(str(error).split())[:200]}") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise InputError(f"{name}: declares entities, which a document need not; it is refused for safety")
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise InputError(f"{name}: more than {MAX_DEPTH} elements inside each other; it is refused for safety")
    return root


def _guard(members: list[zipfile.ZipInfo], path: Path) -> None:
    """Refuse before anything is unpacked; zipfile never unpacks more of a member than its declared size."""
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{path}: holds {len(members)} files, more than {MAX_MEMBERS}; it is refused for safety")
    if sum(info.file_size for info in members) > MAX_UNPACKED:
        raise InputError(f"{path}: unpacks to more than {MAX_UNPACKED // 1_000_000} MB; it is refused for safety")
    if any(info.flag_bits & ENCRYPTED for info in members):
        raise InputError(f"{path}: is encrypted; save it without a password")
    if len({info.filename for info in members}) < len(members):
        raise InputError(f"{path}: holds two files of one name; save it again in its program")
