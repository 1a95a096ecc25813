"""Files in, files out: one reader and one writer a format, in two dicts.

A new format is one file and an entry here. `read` picks the reader by the suffix; what has none of
its own is read as plain text, if it is text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mt.data import Document, Result
from mt.formats.bilingual import write_bilingual, write_tsv
from mt.formats.records import write_json, write_jsonl, write_summary_json, write_summary_jsonl
from mt.formats.text import decode, read_text, read_text_file, write_summary, write_text

__all__ = ["READERS", "SUMMARY_WRITERS", "WRITERS", "Reader", "Writer", "decode", "read", "read_text_file"]

Reader: TypeAlias = Callable[[Path], tuple[Document, tuple[str, ...]]]
"""From a file to a document and notes on how it was read; raises InputError."""


@dataclass(frozen=True, slots=True)
class Writer:
    """From a result to text that ends in a line end.

    suffix: of files of this format, with the dot.
    summary: it has a place for the summary.
    """

    write: Callable[[Result], str]
    suffix: str
    summary: bool = True


READERS: dict[str, Reader] = {".txt": read_text}
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


def read(path: Path) -> tuple[Document, tuple[str, ...]]:
    """The document in a file, and notes on how it was read. Raises InputError, naming the file."""
    return READERS.get(path.suffix.lower(), read_text)(path)
