"""A memory in and out: TMX 1.4 and CSV. What comes in counts as a person's; what goes out is people's only."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mt._version import __version__
from mt.errors import ExtraError, InputError
from mt.memory.store import Entry, Memory
from mt.writing import whole

if TYPE_CHECKING:
    from lxml import etree

FIELDS = ("source", "target", "note", "time")
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements of a TMX segment that hold formatting codes, not text."""
NOT_XML = re.compile("[^\\t\\n\\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def import_file(memory: Memory, path: str | Path) -> int:
    """Add the entries of a .tmx, .csv or .tsv file and give their number. Pairs with an empty side are left out.

    Raises InputError for a file that cannot be read or makes no sense, ExtraError where TMX needs lxml.
    """
    file = Path(path)
    readers: dict[str, Callable[[Path], Iterator[Entry]]] = {".tmx": _read_tmx, ".csv": _read_table, ".tsv": _read_table}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{file}: a memory comes from one of {', '.join(readers)}")
    from mt import arabic

    try:
        count = memory.add_all(e for e in reader(file) if e.source.strip() and e.english.strip() and arabic.has_arabic(e.source))
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    if not count:
        raise InputError(f"{file}: no pair of Arabic and English in it")
    return count


def export_file(memory: Memory, path: str | Path) -> int:
    """Write people's entries to a .tmx, .csv or .tsv file, whole or not at all, and give their number."""
    file = Path(path)
    writers: dict[str, Callable[[Memory, IO[bytes]], int]] = {".tmx": _write_tmx, ".csv": _write_csv, ".tsv": _write_tsv}
    writer = writers.get(file.suffix.lower())
    if writer is None:
        raise InputError(f"{file}: a memory goes to one of {', '.join(writers)}")
    try:
        with whole(file) as out:
            count = writer(memory, out)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror}") from error
    return count


def _read_table(path: Path) -> Iterator[Entry]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        try:
            names = {name.strip().lower(): name for name in rows.fieldnames or [] if name}
            source, target = names.get("source"), names.get("target", names.get("english"))
            if source is None or target is None:
                raise InputError(f"{path}: its header must name the columns source and target")
            for row in rows:
                extra = (row.get(names.get("note", ""), "") or "", row.get(names.get("time", ""), "") or "")
                yield Entry(row[source] or "", row[target] or "", *extra)
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path}:{rows.line_num}: not a table in UTF-8: {error}") from error


def _write_csv(memory: Memory, out: IO[bytes]) -> int:
    return _write_table(memory, out, ",")


def _write_tsv(memory: Memory, out: IO[bytes]) -> int:
    return _write_table(memory, out, "\t")


def _write_table(memory: Memory, out: IO[bytes], delimiter: str) -> int:
    import io

    count = 0
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    rows.writerow(FIELDS)
    for entry in memory.entries():
        rows.writerow((entry.source, entry.english, entry.note, entry.time))
        count += 1
    text.detach()
    return count


def _read_tmx(path: Path) -> Iterator[Entry]:
    etree = _lxml(path)
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "remove_comments": True, "remove_pis": True}
    try:
        with path.open("rb") as file:
            for _, unit in etree.iterparse(file, events=("end",), tag="{*}tu", **options):
                yield from _pairs(unit, path)
                unit.clear()
                while unit.getprevious() is not None:
                    del unit.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise InputError(f"{path}: not valid TMX: {error}") from error


def _pairs(unit: etree._Element, path: Path) -> Iterator[Entry]:
    """One entry a unit; of several variants of a language the first counts."""
    texts: dict[str, str] = {}
    for variant in unit.iterchildren("{*}tuv"):
        language = (variant.get(XML_LANG) or variant.get("lang") or "").lower().partition("-")[0]
        segment = variant.find("{*}seg")
        if segment is not None:
            texts.setdefault(language, " ".join(_text(segment, path).split()))
    note = unit.find("{*}note")
    if "ar" in texts and "en" in texts:
        yield Entry(texts["ar"], texts["en"], "" if note is None else (note.text or "").strip(), _iso(unit.get("changedate") or ""))


def _text(node: etree._Element, path: Path) -> str:
    """Text of a segment without formatting codes."""
    parts = [node.text or ""]
    for child in node:
        if not isinstance(child.tag, str):
            raise InputError(f"{path}: its text has entities of its own, which are not read; replace them by what they stand for")
        parts += ["" if child.tag.rpartition("}")[2] in CODES else _text(child, path), child.tail or ""]
    return "".join(parts)


def _write_tmx(memory: Memory, out: IO[bytes]) -> int:
    etree = _lxml(memory.path)
    count = 0
    header = {
        "creationtool": "mt",
        "creationtoolversion": __version__,
        "segtype": "sentence",
        "o-tmf": "mt",
        "adminlang": "en",
        "srclang": "ar",
        "datatype": "plaintext",
    }
    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element("tmx", version="1.4"):
            xml.write(etree.Element("header", header), pretty_print=True)
            with xml.element("body"):
                for entry in memory.entries():
                    xml.write(_unit(etree.Element, etree.SubElement, entry), pretty_print=True)
                    count += 1
    return count


def _unit(element: Callable[..., etree._Element], within: Callable[..., etree._Element], entry: Entry) -> etree._Element:
    unit = element("tu", {"creationid": "person", **({"changedate": _basic(entry.time)} if entry.time else {})})
    if entry.note:
        within(unit, "note").text = NOT_XML.sub("", entry.note)
    for language, text in (("ar", entry.source), ("en", entry.english)):
        variant = within(unit, "tuv", {XML_LANG: language})
        within(variant, "seg").text = NOT_XML.sub("", text)
    return unit


def _basic(time: str) -> str:
    """2026-03-01T12:00:00+00:00 -> 20260301T120000Z, as TMX has it."""
    return time.partition("+")[0].replace("-", "").replace(":", "") + "Z"


def _iso(time: str) -> str:
    """The other way round; an empty text where it is not such a time."""
    from datetime import UTC, datetime

    try:
        return datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat(timespec="seconds")
    except ValueError:
        return ""


def _lxml(path: Path):  # type: ignore[no-untyped-def]
    try:
        from lxml import etree
    except ImportError as error:
        raise ExtraError(f'{path}: TMX needs lxml: pip install "mt[files]"') from error
    return etree
