"""What a file format is to the rest: a reader, a writer, and what they may be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mt.data import Document, Result


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What readers and writers of files may be told. A format ignores what does not concern it.

    fields: columns of a table or fields of JSON records that hold the text; empty for the format's own choice.
    bilingual: write the source beside or above the English.
    to: suffix of the output, with the dot, where a format has several (a PDF); empty for its first.
    """

    fields: tuple[str, ...] = ()
    bilingual: bool = False
    to: str = ""


NO_OPTIONS = FileOptions()


@dataclass(frozen=True, slots=True)
class Format:
    """How files of one kind are read and written.

    read: gives the translatable pieces of a file as blocks, in reading order, and notes on how it was
    read. Pieces without Arabic letters may be among them. Raises InputError, naming the file.
    write: puts the English into a copy of the source file, which is read again in the same order.
    Raises InputError where the file is no longer what was translated (`mt.formats.inline.check_unchanged`).
    suffix: of the output, with the dot. others: further ones that it can have (`FileOptions.to`).
    binary: what is written is nothing to show on a terminal. bilingual: it can hold source and English.
    """

    read: Callable[[Path, FileOptions], tuple[Document, tuple[str, ...]]]
    write: Callable[[Result, Path, FileOptions], bytes]
    suffix: str
    others: tuple[str, ...] = ()
    binary: bool = False
    bilingual: bool = False
