"""CSV and TSV: the cells of some columns are translated, everything else keeps its bytes.

Which columns: those that are named (by their header, or by their number from 1 on), or else those of
whose cells at least half are Arabic. An Arabic header of a translated column is translated too, and, where no
columns are named, every Arabic header. The csv module cannot say where a cell stands or how it was quoted, so
the cells are found here; a quotation mark that is never closed is an ordinary character.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from mt.arabic import arabic_share, has_arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import checked
from mt.formats.splice import Edit, line_of, spliced
from mt.formats.tagged import Tagged, blocks_of, joined, tagged
from mt.formats.text import Decoded, decode_bytes, read_bytes

DELIMITERS = ",;\t|"
# A cell is Arabic with this share of Arabic letters, as in `mt.arabic.language`; a column is, with this share of Arabic cells.
ARABIC_CELL, ARABIC_COLUMN = 0.3, 0.5
# Characters from the start of a file that tell its delimiter: some hundred rows.
SAMPLE = 65_536
# What a TSV without quotation marks cannot hold in a cell.
BREAK = re.compile(r"[\t\r\n]+")
# Of a sheet in Excel and LibreOffice.
MAX_COLUMNS = 16_384


@dataclass(frozen=True, slots=True)
class Cell:
    """start, end: where it stands in the file, quotation marks included. text: as a reader sees it."""

    start: int
    end: int
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What is translated of a table: cells, in reading order, with their texts taken apart."""

    file: Decoded
    delimiter: str
    quotes: bool
    """Whether any cell is quoted; if none is, a TSV has no quoting at all."""
    cells: tuple[Cell, ...]
    texts: tuple[Tagged, ...]
    notes: tuple[str, ...]


def rows(text: str, delimiter: str, name: str = "") -> Iterator[list[Cell]]:
    """The cells of each row; an empty line has none. Raises InputError for a row that no spreadsheet could hold.

    >>> [[cell.text for cell in row] for row in rows('a,"b, ""c"" d"\\r\\n1,2', ",")]
    [['a', 'b, "c" d'], ['1', '2']]
    """
    end_of_cell = rf"(?={re.escape(delimiter)}|\r|\n|\Z)"
    cell = re.compile(rf'"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"{end_of_cell}|(?P<plain>[^{re.escape(delimiter)}\r\n]*+)')
    row: list[Cell] = []
    position = 0
    while text and position <= len(text):
        match = cell.match(text, position)
        assert match is not None  # the second branch matches anything
        quoted = match["quoted"] is not None
        row.append(Cell(match.start(), match.end(), match["quoted"].replace('""', '"') if quoted else match["plain"], quoted))
        position = match.end()
        if len(row) > MAX_COLUMNS:
            raise InputError(f"{name}: line {line_of(text, row[0].start)}: more than {MAX_COLUMNS} columns; is it a table?")
        if text[position : position + 1] == delimiter:
            position += 1
            continue
        yield [] if len(row) == 1 and match.start() == match.end() else row
        row = []
        position += 2 if text.startswith("\r\n", position) else 1
        if position == len(text):
            return


def delimiter_of(text: str) -> str:
    """The delimiter of a CSV: the one that cuts most rows into the same number of cells; a comma where none cuts.

    >>> delimiter_of("a;b\\n1,5;2\\n2;3")
    ';'
    """

    def fit(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row in rows(text[:SAMPLE], delimiter) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 1)

    return max(DELIMITERS, key=fit)


def read_table(path: Path, options: FileOptions, delimiter: str = "") -> tuple[Document, tuple[str, ...]]:
    """The Arabic cells of the chosen columns as blocks. Raises InputError for a column that is not there."""
    table = _table(path, options, delimiter)
    return Document(blocks_of(table.texts), id=str(path)), table.notes


def write_table(result: Result, path: Path, options: FileOptions, delimiter: str = "") -> bytes:
    """The table with English in the place of the Arabic; quoting, line ends and encoding as they were."""
    table = _table(path, options, delimiter)
    english = iter(checked(result, blocks_of(table.texts), path))
    edits = []
    for cell, text in zip(table.cells, table.texts, strict=True):
        written = joined(text, [next(english) for _ in text.blocks])
        if written != cell.text:
            edits.append(Edit(cell.start, cell.end, _as_cell(written, cell, table)))
    return table.file.encode(spliced(table.file.text, edits))


CSV = Format(read_table, write_table, ".csv")
TSV = Format(partial(read_table, delimiter="\t"), partial(write_table, delimiter="\t"), ".tsv")


def _table(path: Path, options: FileOptions, delimiter: str) -> Table:
    file = decode_bytes(read_bytes(path), str(path))
    delimiter = delimiter or delimiter_of(file.text)
    header = next(_rows(file, delimiter, path), [])
    chosen = _named(header, options.fields, path) if options.fields else _arabic_columns(_rows(file, delimiter, path))
    cells: list[Cell] = []
    texts: list[Tagged] = []
    quotes = False
    for row in _rows(file, delimiter, path):
        quotes = quotes or any(cell.quoted for cell in row)
        every = row[0].start == header[0].start and not options.fields
        for cell in row if every else [row[i] for i in chosen if i < len(row)]:
            text = tagged(cell.text, kind="cell") if has_arabic(cell.text) else None
            if text is not None and text.arabic:
                cells.append(cell)
                texts.append(text)
    return Table(file, delimiter, quotes, tuple(cells), tuple(texts), file.notes + _said(header, chosen))


def _rows(file: Decoded, delimiter: str, path: Path) -> Iterator[list[Cell]]:
    """Rows with cells; read again for each pass, since all cells of a large table at once take too much memory."""
    return (row for row in rows(file.text, delimiter, str(path)) if row)


def _said(header: Sequence[Cell], chosen: Sequence[int]) -> tuple[str, ...]:
    """Which columns are translated, if not all."""
    if not chosen or len(chosen) == len(header):
        return ()
    names = ", ".join((" ".join(header[i].text.split()) if i < len(header) else "") or str(i + 1) for i in chosen)
    return (f"translated columns: {names}",)


def _named(header: Sequence[Cell], names: Sequence[str], path: Path) -> list[int]:
    known = [" ".join(cell.text.split()) for cell in header]
    found = []
    for name in names:
        if name in known:
            found.append(known.index(name))
        elif name.isdecimal() and 0 < int(name) <= len(known):
            found.append(int(name) - 1)
        else:
            there = ", ".join(known[:50]) or "no column"
            raise InputError(f"{path}: has no column '{name}'; there is {there}; a number counts columns from 1 on")
    return sorted(set(found))


def _arabic_columns(table: Iterator[Sequence[Cell]]) -> list[int]:
    """Columns that are Arabic in most rows below the header; a table of one row has no header."""
    filled: Counter[int] = Counter()
    arabic: Counter[int] = Counter()
    header = next(table, [])
    for row in chain([next(table, header)], table):
        for i, cell in enumerate(row):
            if cell.text.strip():
                filled[i] += 1
                arabic[i] += _is_arabic(cell.text)
    return [i for i, number in sorted(filled.items()) if arabic[i] >= ARABIC_COLUMN * number]


def _is_arabic(text: str) -> bool:
    return arabic_share(text) >= ARABIC_CELL


def _as_cell(text: str, cell: Cell, table: Table) -> str:
    if table.delimiter == "\t" and not table.quotes:
        return BREAK.sub(" ", text)
    special = table.delimiter in text or BREAK.search(text) or text.startswith('"')
    return '"' + text.replace('"', '""') + '"' if cell.quoted or special else text
