"""Workbooks (xlsx): text cells in the order of the sheets, comments, drawings and charts, turned left to right.

The XML parts are edited in place, so charts, pictures, formats and formulas stay. A text that many cells share is one block. Names of
sheets stay as they are, because formulas use them; names of table columns follow their header cells, also inside formulas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mt import arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats import drawing
from mt.formats.format import FileOptions
from mt.formats.office import open_package, plain, properties, read_passages, say_english, write_passages
from mt.formats.runs import Item, Look, Passage, split, written_text

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MAIN = "spreadsheetml.sheet.main"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
THREADED = "{http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments}"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
PHONETIC = {S + "rPh", S + "phoneticPr"}
# Matches the name of a table column in a formula, e.g. "[السكان]", "[@السكان]", both parts of "[[a]:[b]]".
COLUMN_NAME = re.compile(r"\[(?P<row>@?)(?P<name>[^\[\]]+)\]")
SPECIAL = re.compile(r"[\[\]#']")
FORMULAS = (S + "definedName", S + "f", S + "calculatedColumnFormula", S + "totalsRowFormula")
RIGHT_TO_LEFT = "2"
PAGE_TEXTS = tuple(S + page + place for page in ("odd", "even", "first") for place in ("Header", "Footer"))
PLACES = frozenset({"&L", "&C", "&R"})
# Matches a code in the text above or below a sheet, e.g. "&C", "&P", '&"Arial,Bold"', "&12", "&K01+000".
PAGE_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f+-]{6}|[0-9]{1,3}|[A-Za-z&])')
# Matches the two parts of the address of a cell, e.g. "AB12".
ADDRESS = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
# Matches an index into a table of the workbook, e.g. "0", "417".
INDEX = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with text. column: its letters. shared: index of its text among the shared ones; -1 for a text of its own."""

    sheet: str
    element: Element
    column: str
    row: int
    shared: int


class Workbook:
    """A workbook opened for its texts; `fields` are the headers of the columns wanted, none for all."""

    def __init__(self, path: Path, options: FileOptions) -> None:
        """Raises InputError for what is no workbook and for columns that are in no sheet."""
        self.package, self.main = open_package(path, MAIN)
        self.options = options
        self.cells = [cell for sheet in self.sheets for cell in self._cells(sheet)]
        self.chosen = self._chosen(options.fields, path) if options.fields else self.cells

    @cached_property
    def sheets(self) -> list[str]:
        """Names of the parts that hold the sheets, in the order of their tabs."""
        targets = {one.id: one.target for one in self.package.relationships(self.main) if one.kind == "worksheet"}
        order = [sheet.get(RELATION_ID, "") for sheet in self.package.root(self.main).iter(S + "sheet")]
        return [targets[one] for one in order if one in targets]

    @cached_property
    def strings(self) -> list[Element]:
        """The texts that cells share."""
        return [text for part in self.package.related(self.main, "sharedStrings") for text in self.package.root(part).findall(S + "si")]

    def _cells(self, sheet: str) -> Iterator[Cell]:
        for element in self.package.root(sheet).iter(S + "c"):
            kind = element.get("t", "n")
            address = ADDRESS.fullmatch(element.get("r", ""))
            if kind not in {"s", "inlineStr"} or element.find(S + "f") is not None or address is None:
                continue
            shared = (element.findtext(S + "v") or "").strip() if kind == "s" else "-1"
            if shared == "-1" or (INDEX.fullmatch(shared) and int(shared) < len(self.strings)):
                yield Cell(sheet, element, address[1], int(address[2]), int(shared))

    def text(self, cell: Cell) -> Element | None:
        """The element that holds the text of a cell, alone or shared."""
        return self.strings[cell.shared] if cell.shared >= 0 else cell.element.find(S + "is")

    def _chosen(self, names: Sequence[str], path: Path) -> list[Cell]:
        """The cells below the wanted headers; a header is the first text with that name in a sheet's first row of texts."""
        chosen: list[Cell] = []
        known: list[str] = []
        for sheet in self.sheets:
            own = [cell for cell in self.cells if cell.sheet == sheet]
            first = min((cell.row for cell in own), default=0)
            headers = {cell.column: _plain_text(self.text(cell)).strip() for cell in own if cell.row == first}
            known += headers.values()
            columns = {column for column, header in headers.items() if header in names}
            chosen += [cell for cell in own if cell.column in columns and cell.row > first]
        missing = [name for name in names if name not in known]
        if missing:
            raise InputError(f"{path}: no column {missing[0]!r}; its columns are {', '.join(dict.fromkeys(known)) or 'without headers'}")
        return chosen

    def own_texts(self) -> None:
        """Give chosen cells a copy of a text that they share with others, which stay as they are."""
        chosen = {id(cell.element) for cell in self.chosen}
        kept = {cell.shared for cell in self.cells if id(cell.element) not in chosen}
        copies: dict[int, int] = {}
        moved = []
        for cell in self.chosen:
            if cell.shared >= 0 and cell.shared in kept:
                moved.append(self._moved(cell, copies))
            else:
                moved.append(cell)
        self.chosen = moved

    def _moved(self, cell: Cell, copies: dict[int, int]) -> Cell:
        if cell.shared not in copies:
            source = self.strings[cell.shared]
            copy = deepcopy(source)
            table = source.getparent()
            assert table is not None
            table.append(copy)
            copies[cell.shared] = len(self.strings)
            self.strings.append(copy)
            for count in ("count", "uniqueCount"):
                table.attrib.pop(count, None)
        value = cell.element.find(S + "v")
        assert value is not None
        value.text = str(copies[cell.shared])
        return Cell(cell.sheet, cell.element, cell.column, cell.row, copies[cell.shared])

    def passages(self) -> Iterator[Passage]:
        """Texts of cells in the order in which they are first used, then comments, drawings and charts unless columns were chosen."""
        if self.options.fields:
            self.own_texts()
        seen: set[int] = set()
        for cell in self.chosen:
            text = self.text(cell)
            if text is not None and cell.shared not in seen:
                seen |= {cell.shared} - {-1}
                yield Passage(_items(text), _Putter(text, self.options.bilingual), "cell", "\n")
        if not self.options.fields:
            yield from self._beside_cells()
            yield from properties(self.package)

    def _beside_cells(self) -> Iterator[Passage]:
        package = self.package
        for sheet in self.sheets:
            for part in package.related(sheet, "comments"):
                yield from (Passage(_items(text), _Putter(text), "caption") for text in package.root(part).iter(S + "text"))
            for part in package.related(sheet, "threadedComment"):
                yield from (plain(text, "caption") for text in package.root(part).iter(THREADED + "text"))
            yield from (_page_text(element) for element in package.root(sheet).iter(*PAGE_TEXTS))
            for part in package.related(sheet, "drawing"):
                yield from drawing.passages(package.root(part), "caption")
                yield from drawing.linked_passages(package, part)


def read(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The texts of a workbook; `options.fields` chooses columns by header. Raises InputError, naming the file."""
    workbook = Workbook(path, options)
    return read_passages(workbook.package, workbook.passages()), ()


def write(result: Result, path: Path, options: FileOptions) -> bytes:
    """A copy of the workbook in English, its first column at the left; bilingual with the English under each text."""
    workbook = Workbook(path, options)
    passages = list(workbook.passages())
    tables = _table_columns(workbook)
    _turn(workbook)
    write_passages(workbook.package, passages, result)
    _rename_columns(workbook, tables)
    say_english(workbook.package)
    return workbook.package.save()


def _items(text: Element) -> list[Item]:
    """The runs of a text, each line end a gap."""
    runs = [(text, Look())] if text.find(S + "t") is not None else []
    runs += [(run, _look(run.find(S + "rPr"))) for run in text.findall(S + "r")]
    found: list[Item] = []
    for run, look in runs:
        for i, line in enumerate((run.findtext(S + "t") or "").split("\n")):
            if i:
                found.append(Item(nodes=("\n",), look=look, gap=True))
            if line:
                found.append(Item(text=line, look=look))
    return found


def _page_text(element: Element) -> Passage:
    """What is printed above or below a sheet, with codes for its places, fonts and page numbers."""

    def put(items: list[Item]) -> None:
        element.text = written_text(items)

    return Passage(split(Item(text=element.text or ""), PAGE_CODE, PLACES), put, "caption", "\n")


def _look(properties: Element | None) -> Look:
    from lxml import etree

    return Look() if properties is None else Look(etree.tostring(properties, with_tail=False).decode(), properties)


def _plain_text(text: Element | None) -> str:
    return "" if text is None else written_text(_items(text))


@dataclass(frozen=True, slots=True)
class _Putter:
    """Puts items into a text; bilingual below its source."""

    text: Element
    bilingual: bool = False

    def __call__(self, items: list[Item]) -> None:
        if self.bilingual:
            items = [*_items(self.text), Item(nodes=("\n",), gap=True), *items]
        text = self.text
        for child in [child for child in text if child.tag in {S + "t", S + "r"} | PHONETIC]:
            text.remove(child)
        runs: list[tuple[Look, str]] = []
        for item in items:
            written = written_text([item])
            look = runs[-1][0] if item.gap and runs else item.look
            if runs and runs[-1][0] == look:
                runs[-1] = (look, runs[-1][1] + written)
            else:
                runs.append((look, written))
        if len(runs) == 1 and not runs[0][0].key:
            text.append(_t(text, runs[0][1]))
            return
        for look, written in runs:
            run = text.makeelement(S + "r", {}, None)
            if look.source is not None:
                run.append(deepcopy(look.source))
            run.append(_t(text, written))
            text.append(run)


def _t(near: Element, written: str) -> Element:
    made = near.makeelement(S + "t", {}, None)
    made.text = written
    if written != written.strip() or "\n" in written:
        made.set(SPACE, "preserve")
    return made


def _turn(workbook: Workbook) -> None:
    package = workbook.package
    for sheet in workbook.sheets:
        for view in package.root(sheet).iter(S + "sheetView"):
            view.attrib.pop("rightToLeft", None)
        for part in package.related(sheet, "drawing"):
            for name in [part, *drawing.linked_parts(package, part)]:
                drawing.turn(package.root(name))
    _turn_styles(workbook)
    for cell in workbook.chosen:
        row = cell.element.getparent()
        if row is not None and row.get("customHeight") not in {"1", "true"}:
            row.attrib.pop("ht", None)  # English wraps elsewhere: the program measures the row again
    for calculation in package.root(workbook.main).iter(S + "calcPr"):
        calculation.set("fullCalcOnLoad", "1")  # results of formulas are stored, and may hold the Arabic of other cells


def _turn_styles(workbook: Workbook) -> None:
    """Arabic texts that are pushed to the right go to the left, in formats of their own; numbers stay where they are."""
    for part in workbook.package.related(workbook.main, "styles"):
        formats = workbook.package.root(part).find(S + "cellXfs")
        if formats is None:
            continue
        made: dict[int, int] = {}
        for cell in workbook.chosen:
            written = cell.element.get("s", "0")
            style = int(written) if INDEX.fullmatch(written) else len(formats)
            if style not in made and style < len(formats):
                made[style] = _left_format(formats, style, wrap=workbook.options.bilingual)
            if style in made and made[style] != style and arabic.has_arabic(_plain_text(workbook.text(cell))):
                cell.element.set("s", str(made[style]))
        for alignment in workbook.package.root(part).iter(S + "alignment"):
            if alignment.get("readingOrder") == RIGHT_TO_LEFT:
                alignment.attrib.pop("readingOrder")
        formats.set("count", str(len(formats)))


def _left_format(formats: Element, style: int, *, wrap: bool) -> int:
    """Index of a format like this one, but not to the right, and with line breaks shown if `wrap`; the same index where it is so."""
    alignment = formats[style].find(S + "alignment")
    right = alignment is not None and alignment.get("horizontal") == "right"
    if not right and not (wrap and (alignment is None or alignment.get("wrapText") not in {"1", "true"})):
        return style
    copy = deepcopy(formats[style])
    changed = copy.find(S + "alignment")
    if changed is None:
        changed = copy.makeelement(S + "alignment", {}, None)
        copy.insert(0, changed)
    if right:
        changed.set("horizontal", "left")
    if wrap:
        changed.set("wrapText", "1")
    copy.set("applyAlignment", "1")
    formats.append(copy)
    return len(formats) - 1


def _table_columns(workbook: Workbook) -> list[tuple[str, Element, Cell]]:
    """(name of the table part, column of the table, its header cell) for headers that are texts."""
    cells = {(cell.sheet, cell.column, cell.row): cell for cell in workbook.chosen}
    found = []
    for sheet in workbook.sheets:
        for part in workbook.package.related(sheet, "table"):
            table = workbook.package.root(part)
            start = ADDRESS.match(table.get("ref", ""))
            if start is None or table.get("headerRowCount", "1") == "0":
                continue
            for i, column in enumerate(table.iter(S + "tableColumn")):
                cell = cells.get((sheet, _letters(_number(start[1]) + i), int(start[2])))
                if cell is not None:
                    found.append((part, column, cell))
    return found


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _rename_columns(workbook: Workbook, columns: Sequence[tuple[str, Element, Cell]]) -> None:
    """Table columns take the name that their header cell now has, with a number where it is taken; formulas follow.

    Names that differ in capitals only are the same to Excel, and none may be empty.
    """
    renamed: dict[str, str] = {}
    taken: dict[str, set[str]] = {}
    for part, column, cell in columns:
        names = taken.setdefault(part, {other.get("name", "").casefold() for other in workbook.package.root(part).iter(S + "tableColumn")})
        old, text = column.get("name", ""), _plain_text(workbook.text(cell))
        new = " ".join(text.split()) or old
        if text == old.replace("_x000a_", "\n"):
            continue
        names.discard(old.casefold())
        unique = next(name for name in (new, *(f"{new} {n}" for n in range(2, len(columns) + 3))) if name.casefold() not in names)
        if unique != text:
            _write_inline(cell.element, unique)
        names.add(unique.casefold())
        column.set("name", unique)
        renamed[old] = unique
    tables = [part for sheet in workbook.sheets for part in workbook.package.related(sheet, "table")]
    for part in (*workbook.sheets, *tables, workbook.main):
        for formula in workbook.package.root(part).iter(*FORMULAS):
            written = COLUMN_NAME.sub(lambda match: _renamed(match, renamed), formula.text or "")
            if formula.text and written != formula.text:
                formula.text = written


def _renamed(match: re.Match[str], renamed: Mapping[str, str]) -> str:
    """A column in a formula under its new name, with the signs that it needs there."""
    if match["name"] not in renamed:
        return match[0]
    name = SPECIAL.sub(r"'\g<0>", renamed[match["name"]])
    return f"[@[{name}]]" if match["row"] and not name.isidentifier() else f"[{match['row']}{name}]"


def _write_inline(cell: Element, text: str) -> None:
    """Give a cell a text of its own."""
    for child in list(cell):
        cell.remove(child)
    cell.set("t", "inlineStr")
    holder = cell.makeelement(S + "is", {}, None)
    holder.append(_t(cell, text))
    cell.append(holder)
