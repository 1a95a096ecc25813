"""Files in, files out: `FORMATS` keep their layout, `WRITERS` show a result of any format as text.

A new format is one file and an entry here; its library is imported inside its functions. What has no
suffix of these is read as plain text, if it is text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mt.data import Document, Result
from mt.formats import docx, odt, pptx, xlsx
from mt.formats.bilingual import write_bilingual, write_tsv
from mt.formats.epub import EPUB
from mt.formats.format import NO_OPTIONS, FileOptions, Format
from mt.formats.html import HTML, XHTML
from mt.formats.jsonfiles import JSON, JSONL
from mt.formats.markdown import MARKDOWN
from mt.formats.pdf import PDF
from mt.formats.po import PO
from mt.formats.records import write_json, write_jsonl, write_summary_json, write_summary_jsonl
from mt.formats.subtitles import SRT, VTT
from mt.formats.tables import CSV, TSV
from mt.formats.text import decode, read_text, read_text_file, write_summary, write_text, write_text_file
from mt.formats.tmx import TMX
from mt.formats.xliff import XLIFF

__all__ = [
    "FORMATS",
    "NO_OPTIONS",
    "SUMMARY_WRITERS",
    "TEXT",
    "WRITERS",
    "FileOptions",
    "Format",
    "Writer",
    "decode",
    "format_of",
    "read",
    "read_text_file",
    "write",
]


@dataclass(frozen=True, slots=True)
class Writer:
    """From a result to text that ends in a line end.

    suffix: of files of this format, with the dot.
    summary: it has a place for the summary.
    """

    write: Callable[[Result], str]
    suffix: str
    summary: bool = True


TEXT = Format(read_text, write_text_file, ".txt")
FORMATS: dict[str, Format] = {
    ".txt": TEXT,
    **dict.fromkeys((".html", ".htm"), HTML),
    ".xhtml": XHTML,
    **dict.fromkeys((".md", ".markdown"), MARKDOWN),
    ".epub": EPUB,
    ".csv": CSV,
    ".tsv": TSV,
    ".json": JSON,
    **dict.fromkeys((".jsonl", ".ndjson"), JSONL),
    ".srt": SRT,
    ".vtt": VTT,
    **dict.fromkeys((".po", ".pot"), PO),
    **dict.fromkeys((".xlf", ".xliff"), XLIFF),
    ".tmx": TMX,
    ".pdf": PDF,
    ".docx": Format(docx.read, docx.write, ".docx", binary=True, bilingual=True),
    ".odt": Format(odt.read, odt.write, ".odt", binary=True),
    ".pptx": Format(pptx.read, pptx.write, ".pptx", binary=True),
    ".xlsx": Format(xlsx.read, xlsx.write, ".xlsx", binary=True, bilingual=True),
}
"""By lower-case suffix, one line a format."""
WRITERS: dict[str, Writer] = {
    "text": Writer(write_text, ".txt"),
    "json": Writer(write_json, ".json"),
    "jsonl": Writer(write_jsonl, ".jsonl"),
    "bilingual": Writer(write_bilingual, ".txt"),
    "tsv": Writer(write_tsv, ".tsv", summary=False),
}
SUMMARY_WRITERS: dict[str, Writer] = {
    "text": Writer(lambda result: write_summary(result) + "\n", ".txt"),
    "json": Writer(write_summary_json, ".json"),
    "jsonl": Writer(write_summary_jsonl, ".jsonl"),
}
"""For results of which only the summary is wanted."""


def format_of(path: Path) -> Format:
    """The format of a file, by its suffix; plain text where it has none that is known."""
    return FORMATS.get(path.suffix.lower(), TEXT)


def read(path: Path, options: FileOptions = NO_OPTIONS) -> tuple[Document, tuple[str, ...]]:
    """The document in a file, and notes on how it was read. Raises InputError, naming the file."""
    return format_of(path).read(path, options)


def write(result: Result, path: Path, options: FileOptions = NO_OPTIONS) -> bytes:
    """The English laid out as the file at `path`, from which the result comes. Raises InputError, naming the file."""
    return format_of(path).write(result, path, options)
