"""Reading corpora: TSV, JSONL, TMX and Moses pairs, each plain or gzipped, as pairs of Arabic and English."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from mt.errors import InputError

FIELDS = (("source", "target"), ("ar", "en"), ("arabic", "english"))
"""Names of the two sides in JSONL, the first that fit."""
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
CODES = frozenset({"bpt", "ept", "it", "ph", "ut"})
"""Elements of TMX that hold the markup of a program, not text."""
TO_UTF8 = "convert it first, e.g. iconv -f windows-1256 -t utf-8"


@dataclass(frozen=True, slots=True)
class Pair:
    """A text and its translation, white space around them removed. An empty side: the file had none."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Article:
    """An English article with what is to be written of it. `headline` and `lead` are empty where only the summary is known."""

    text: str
    summary: str
    headline: str = ""
    lead: str = ""


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, in order; the format goes by its name.

    `.tsv`: Arabic, tab, English; further columns are left alone. `.jsonl`: objects with `source` and `target`, `ar` and `en`,
    or `arabic` and `english`, also inside `translation`. `.tmx`: segments of `ar` and `en`. `NAME.ar`: lines, with `NAME.en` beside it.
    `.gz` after any of them.

    Raises InputError that names the file and line where it is empty, not UTF-8, damaged, or has one column only.
    """
    suffixes = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if suffixes not in READERS:
        raise InputError(f"{path}: unknown kind of corpus; expected {', '.join('.' + kind for kind in READERS)}, with or without .gz")
    pairs = [Pair(pair.source.strip(), pair.target.strip()) for pair in READERS[suffixes](path)]
    if not pairs:
        raise InputError(f"{path}: empty: there is nothing to train on")
    if not any(pair.target for pair in pairs):
        raise InputError(f"{path}: one column only; expected Arabic and English, with a tab between them")
    return pairs


def read_articles(path: Path) -> list[Article]:
    """Articles of JSONL objects with `text` and either `summaries` (a list) or `headline`, `lead` and `summary`. Raises InputError."""
    articles = [_article(record, path, number) for number, record in _records(path)]
    if not articles:
        raise InputError(f"{path}: empty: there is nothing to train on")
    return articles


def read_texts(path: Path) -> list[str]:
    """Every text in a file of any kind: the lines, or all strings in its JSON. Raises InputError."""
    kind = path.name.removesuffix(".gz").rpartition(".")[2].lower()
    if kind == "jsonl":
        return [text for _, record in _records(path) for text in _strings(record)]
    if kind == "json":
        with _opened(path) as stream:
            try:
                return list(_strings(json.loads(stream.read())))
            except ValueError as error:
                raise InputError(f"{path}: not valid JSON") from error
    return [line for _, line in _lines(path)]


def _tsv(path: Path) -> Iterator[Pair]:
    for _, line in _lines(path):
        source, _, rest = line.partition("\t")
        yield Pair(source, rest.partition("\t")[0])


def _jsonl(path: Path) -> Iterator[Pair]:
    for number, record in _records(path):
        inner = record.get("translation", record)
        sides = inner if isinstance(inner, dict) else record
        names = next((names for names in FIELDS if all(isinstance(sides.get(name), str) for name in names)), None)
        if names is None:
            raise InputError(f"{path}: line {number}: expected the fields {' or '.join(map(' and '.join, FIELDS))}")
        yield Pair(*(str(sides[name]) for name in names))


def _tmx(path: Path) -> Iterator[Pair]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            for _, unit in ElementTree.iterparse(stream):
                if unit.tag == "tu":
                    sides = {_code(variant): _segment(variant) for variant in unit.iter("tuv")}
                    if "ar" in sides and "en" in sides:
                        yield Pair(sides["ar"], sides["en"])
                    unit.clear()
    except (ElementTree.ParseError, OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read as TMX: {error}") from error


def _code(variant: ElementTree.Element) -> str:
    """`ar` of `ar-EG`."""
    return (variant.get(LANGUAGE) or variant.get("lang") or "").lower().partition("-")[0]


def _segment(variant: ElementTree.Element) -> str:
    segment = variant.find("seg")
    return "" if segment is None else " ".join("".join(_text(segment)).split())


def _text(element: ElementTree.Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag not in CODES:
            yield from _text(child)
        yield child.tail or ""


def _moses(path: Path) -> Iterator[Pair]:
    name = path.name.removesuffix(".gz")
    plain = path.with_name(name.removesuffix(".ar") + ".en")
    packed = plain.with_name(plain.name + ".gz")
    other = packed if not plain.is_file() and packed.is_file() else plain
    sources, targets = ([line for _, line in _lines(side)] for side in (path, other))
    if len(sources) != len(targets):
        raise InputError(f"{path} has {len(sources)} lines, {other} {len(targets)}: they must match line by line")
    yield from map(Pair, sources, targets)


READERS: Mapping[str, Callable[[Path], Iterator[Pair]]] = {"tsv": _tsv, "jsonl": _jsonl, "tmx": _tmx, "ar": _moses}
"""By the ending of the name."""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines without their ends; only line feeds end a line, so that Moses pairs stay parallel."""
    with _opened(path) as stream:
        for number, line in enumerate(stream, 1):
            yield number, line.rstrip("\r\n")


def _records(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in _lines(path):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise InputError(f"{path}: line {number}: not valid JSON") from error
        if not isinstance(record, dict):
            raise InputError(f"{path}: line {number}: expected a JSON object")
        yield number, record


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """As UTF-8 text, with what can go wrong while reading said in our words."""
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="\n") as stream:
            yield stream
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8; {TO_UTF8}") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"{path}: a damaged gzip file: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _article(record: Mapping[str, object], path: Path, number: int) -> Article:
    text, summaries = record.get("text"), record.get("summaries")
    summary = record.get("summary", summaries[0] if isinstance(summaries, list) and summaries else None)
    headline, lead = record.get("headline") or "", record.get("lead") or ""
    if not (isinstance(text, str) and isinstance(summary, str) and isinstance(headline, str) and isinstance(lead, str)):
        raise InputError(f"{path}: line {number}: expected text and summaries, or text, headline, lead and summary")
    return Article(text, summary, headline, lead)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
