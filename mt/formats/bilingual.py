"""Source and English segment by segment: to read, and as a table for spreadsheets and translation tools."""

from __future__ import annotations

from itertools import groupby

from mt.check import explain
from mt.data import Result, Translation
from mt.formats.text import numbering, write_summary

TSV_COLUMNS = ("segment", "block", "source", "english", "flags")


def write_bilingual(result: Result) -> str:
    """Each segment with its number, the English below it, and below that what looks doubtful.

    Blocks are set apart by a rule, so the shape of the article can be seen. The numbers are those in
    brackets after the sentences of the summary.
    """
    numbered = _numbered(result)
    blocks = [
        "\n".join(_pair(i, translation) for i, translation in group) for _, group in groupby(numbered, lambda pair: pair[1].segment.block)
    ]
    summary = write_summary(result)
    return "\n---\n\n".join(([summary + "\n"] if summary else []) + blocks)


def write_tsv(result: Result) -> str:
    """A header and one line a segment: number from 1 on, block from 1 on, source, English, flags.

    Tabs and line ends inside a text become spaces, so that every line has five columns.
    """
    rows = [TSV_COLUMNS] + [
        (str(i), str(t.segment.block + 1), one_line(t.segment.text), one_line(t.text), ",".join(sorted(t.flags)))
        for i, t in _numbered(result)
    ]
    return "".join("\t".join(row) + "\n" for row in rows)


def one_line(text: str) -> str:
    """The text with runs of white space as single spaces.

    >>> one_line("a\\n b ")
    'a b'
    """
    return " ".join(text.split())


def _numbered(result: Result) -> list[tuple[int, Translation]]:
    return [(number, result.translations[i]) for i, number in numbering(result).items()]


def _pair(number: int, translation: Translation) -> str:
    mark = f"[{number}] "
    doubts = explain(translation.segment.text, translation.text, translation.flags, translation.terms)
    lines = [mark + one_line(translation.segment.text), one_line(translation.text), *(f"doubtful: {doubt}" for doubt in doubts)]
    return ("\n" + " " * len(mark)).join(lines) + "\n"
