"""Glossary files: CSV and TSV with a header, TBX, YAML; and the starter that ships with the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mt import arabic
from mt.errors import ExtraError, InputError
from mt.glossary.entries import Case, Term

if TYPE_CHECKING:
    from lxml import etree

STARTER = "starter"
"""The name of the glossary that ships with the package."""
COLUMNS: Mapping[str, str] = {
    "source": "source",
    "arabic": "source",
    "ar": "source",
    "target": "target",
    "english": "target",
    "en": "target",
    "note": "note",
    "notes": "note",
    "comment": "note",
    "case": "case",
    "pos": "part_of_speech",
    "part of speech": "part_of_speech",
    "part_of_speech": "part_of_speech",
    "accepted": "accepted",
    "forbidden": "forbidden",
}
"""How a column or key may be called -> the field of `Term`."""
CASES: Mapping[str, Case] = {"": "auto", "auto": "auto", "exact": "exact", "yes": "exact", "any": "any", "no": "any"}
"""What a file may say of capitals -> `Term.case`."""
FORBIDDEN_STATES = ("forbidden", "deprecated", "deprecatedTerm-admn-sts", "supersededTerm-admn-sts", "superseded")
"""What TBX says of a term that must not be used."""
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def read(path: str | Path) -> tuple[Term, ...]:
    """The entries of a glossary file, in order, as they are: `mt.glossary.problems` says what is wrong with them.

    path: a file that ends in .csv, .tsv, .tbx, .yaml or .yml; or "starter".

    Raises InputError for a file that cannot be read or makes no sense, ExtraError where TBX needs lxml.
    """
    file = Path(__file__).parent / "starter.tsv" if str(path) == STARTER else Path(path)
    readers = {".csv": _table, ".tsv": _table, ".tbx": _tbx, ".yaml": _yaml, ".yml": _yaml}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: a glossary ends in one of {', '.join(readers)}; or name the one that ships, {STARTER}")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return tuple(reader(data, str(path)))


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8: save the glossary as UTF-8") from error


def _table(data: bytes, name: str) -> Iterator[Term]:
    text = _text(data, name)
    delimiter = "\t" if name.lower().endswith(".tsv") or name == STARTER or "\t" in text.partition("\n")[0] else _delimiter(text)
    rows = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    )
    try:
        header: list[str] | None = None
        for row in rows:
            if not any(cell.strip() for cell in row) or row[0].startswith("#"):
                continue
            if header is None:
                header = _header(row, name)
                if header is not None and not arabic.has_arabic(row[0]):
                    continue
                header = ["source", "target"]
            yield _term(dict(zip(header, row, strict=False)), f"{name}:{rows.line_num}")
    except csv.Error as error:
        raise InputError(f"{name}:{rows.line_num}: not a table: {error}") from error


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _header(row: list[str], name: str) -> list[str] | None:
    """Fields of the columns. A table may do without a header if its first column is Arabic."""
    fields = [COLUMNS.get(cell.strip().lower(), "") for cell in row]
    if arabic.has_arabic(row[0]):
        return None
    if "source" not in fields or "target" not in fields:
        raise InputError(f"{name}: its header must name the columns source and target; found {', '.join(cell.strip() for cell in row)}")
    return fields


def _term(fields: Mapping[str, str], place: str) -> Term:
    plain = {field: " ".join(value.split()) for field, value in fields.items() if field}
    case = plain.get("case", "").lower()
    if case not in CASES:
        raise InputError(f"{place}: case: expected one of {', '.join(filter(None, CASES))}, found '{case}'")
    return Term(
        source=plain.get("source", ""),
        target=plain.get("target", ""),
        note=plain.get("note", ""),
        case=CASES[case],
        part_of_speech=plain.get("part_of_speech", ""),
        accepted=_several(plain.get("accepted", "")),
        forbidden=_several(plain.get("forbidden", "")),
        place=place,
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(word for part in cell.split("|") if (word := part.strip()))


def _yaml(data: bytes, name: str) -> Iterator[Term]:
    """A list of mappings with the fields, or one mapping from Arabic to English."""
    try:
        tree = yaml.safe_load(_text(data, name))
    except yaml.YAMLError as error:
        raise InputError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from error
    entries = [{"source": key, "target": value} for key, value in tree.items()] if isinstance(tree, dict) else tree
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(f"{name}: expected a list of entries with source and target, or a mapping from Arabic to English")
    for number, entry in enumerate(entries, 1):
        unknown = [str(key) for key in entry if str(key).lower() not in COLUMNS]
        if unknown:
            raise InputError(
                f"{name}: entry {number}: unknown key '{unknown[0]}'; expected one of {', '.join(sorted(set(COLUMNS.values())))}"
            )
        yield _term({COLUMNS[str(key).lower()]: _plain(value) for key, value in entry.items()}, f"{name}: entry {number}")


def _plain(value: object) -> str:
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return "|".join(map(str, value))
    if isinstance(value, list | dict):  # aliases of aliases of aliases would fill the memory
        raise InputError("a glossary entry holds plain texts, or a list of them")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _tbx(data: bytes, name: str) -> Iterator[Term]:
    """TBX 2 (`termEntry`, `langSet`) and 3 (`conceptEntry`, `langSec`): every Arabic term with the first English one."""
    try:
        from lxml import etree
    except ImportError as error:
        raise ExtraError(f'{name}: TBX needs lxml: pip install "mt[files]"') from error
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True))
    except etree.XMLSyntaxError as error:
        raise InputError(f"{name}: not valid XML: {error}") from error
    concepts = [node for node in root.iter() if _tag(node) in {"termEntry", "conceptEntry"}]
    if not concepts:
        raise InputError(f"{name}: no termEntry or conceptEntry: not a TBX glossary")
    for number, concept in enumerate(concepts, 1):
        sources, _ = _tbx_terms(concept, "ar")
        targets, forbidden = _tbx_terms(concept, "en")
        fields = {
            "target": targets[0] if targets else "",
            "note": next((_inner(node) for node in concept.iter() if _tag(node) in {"note", "descrip"}), ""),
            "part_of_speech": next((_inner(node) for node in concept.iter() if node.get("type") == "partOfSpeech"), ""),
            "forbidden": "|".join(forbidden),
        }
        for source in sources or [""]:
            yield _term({**fields, "source": source}, f"{name}: entry {number}")


def _tbx_terms(concept: etree._Element, language: str) -> tuple[list[str], list[str]]:
    """Terms of one language: those to use, and those not to use."""
    use: list[str] = []
    avoid: list[str] = []
    for section in concept.iter():
        if _tag(section) not in {"langSet", "langSec"} or (section.get(XML_LANG) or "").lower().split("-")[0] != language:
            continue
        for group in section.iter():
            if _tag(group) in {"tig", "ntig", "termSec"}:
                states = {_inner(node) for node in group.iter() if node.get("type") in {"administrativeStatus", "normativeAuthorization"}}
                terms = [_inner(node) for node in group.iter() if _tag(node) == "term"]
                (avoid if states & set(FORBIDDEN_STATES) else use).extend(terms)
    return use, avoid


def _tag(node: etree._Element) -> str:
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def _inner(node: etree._Element) -> str:
    return "".join(str(text) for text in node.itertext()).strip()
