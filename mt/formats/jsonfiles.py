"""JSON and JSONL documents of others, of which some string values are translated; indent, order and escapes stay.

Which values: those under the named fields, or else all with Arabic letters, except under names of ids
and addresses. A field is a key, or a path of keys joined by dots (`body.text`); it may stand at any depth, list
levels are not named, and everything below it is meant. The records that `mt` itself writes are in `mt.formats.records`.

The json module cannot say where a value stands, so the grammar is walked here; that also takes no memory and no recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mt.arabic import has_arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import checked
from mt.formats.splice import Edit, line_of, spliced
from mt.formats.tagged import Tagged, blocks_of, joined, tagged
from mt.formats.text import Decoded, decode_bytes, read_bytes

# As deep as the json module goes before Python's own limit stops it.
MAX_DEPTH = 900
TOKEN = re.compile(
    r'[ \t\r\n]*+(?:(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<mark>[{}\[\],:])|(?P<plain>-?[\w.+-]++)|(?P<end>\Z))', re.DOTALL
)
PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|NaN|-?Infinity", re.ASCII)
# Keys whose values identify things: `id`, `post_id`, `imageUrl`, `slug`.
IDENTIFIER = re.compile(
    r"(?:.*[_-])?(?:id|ids|uid|uuid|guid|url|urls|uri|href|src|slug|path|key|lang|language|locale)|.*[a-z](?:Id|Ids|Url|Uri|Slug)"
)
# Values that are one address: `https://example.org/خبر`, `a@b.org`.
MAX_ADDRESS = 2_000
ADDRESS = re.compile(r"[A-Za-z][\w+.-]*:\S+|www\.\S+|[^\s@]+@[^\s@]+\.[^\s@]+|/\S*")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """A string value. start, end: where it stands, quotation marks included.

    path: keys from the top, joined by dots. key: the last of them; a value in a list has the key of the list.
    """

    start: int
    end: int
    text: str
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class Values:
    """What is translated of a file: values in reading order, with their texts taken apart."""

    file: Decoded
    values: tuple[Value, ...]
    texts: tuple[Tagged, ...]


def strings(text: str, start: int = 0, end: int | None = None) -> Iterator[Value]:
    """The string values of one JSON document, between two offsets of a text.

    Raises ValueError, whose arguments are what is wrong and where.

    >>> [(value.path, value.text) for value in strings('{"a": [{"b": "x"}, 1], "c": "y"}')]
    [('a.b', 'x'), ('c', 'y')]
    """
    end = len(text) if end is None else end
    position = start
    closers: list[str] = []
    keys: list[str] = []  # of each object around, "" for lists
    expected = "value"
    while True:
        match = TOKEN.match(text, position, end)
        if match is None:
            raise ValueError("a character that does not belong there, or a string without end", _skip_space(text, position, end))
        position, token = match.end(), match[match.lastgroup or 0]
        at = position - len(token)
        kind = "string" if match["string"] else token
        if expected in ("key", "key or }") and kind == "string":
            keys[-1], expected = _decoded(token, at), "colon"
        elif expected == "colon" and kind == ":":
            expected = "value"
        elif expected in ("value", "value or ]") and kind in ("{", "["):
            closers.append("}" if kind == "{" else "]")
            keys.append("")
            expected = "key or }" if kind == "{" else "value or ]"
            if len(closers) > MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH} levels", at)
        elif kind in ("}", "]") and closers and closers[-1] == kind and expected in (f"key or {kind}", f"value or {kind}", "comma"):
            closers.pop()
            keys.pop()
            expected = "comma"
        elif expected == "comma" and closers and kind == ",":
            expected = "key" if closers[-1] == "}" else "value"
        elif expected in ("value", "value or ]") and kind == "string":
            named = [key for key in keys if key]
            yield Value(at, position, _decoded(token, at), ".".join(named), named[-1] if named else "")
            expected = "comma"
        elif expected in ("value", "value or ]") and match["plain"] and PLAIN.fullmatch(token):
            expected = "comma"
        elif expected == "comma" and not closers and match["end"] is not None:
            return
        else:
            wanted = {"comma": f", or {closers[-1]}" if closers else "the end", "colon": ":"}.get(expected, expected)
            raise ValueError(f"expected {wanted}, found {' '.join(token[:30].split()) or 'the end'}", at)


def read_json(path: Path, options: FileOptions, *, lines: bool = False) -> tuple[Document, tuple[str, ...]]:
    """The chosen string values as blocks. lines: JSONL, a document a line.

    Raises InputError for what is not JSON, naming the line, and for a field that is not there.
    """
    found = _values(path, options, lines=lines)
    return Document(blocks_of(found.texts), id=str(path)), found.file.notes


def write_json(result: Result, path: Path, options: FileOptions, *, lines: bool = False) -> bytes:
    """The file with English in the place of the Arabic. A string without a character beyond ASCII stays so."""
    found = _values(path, options, lines=lines)
    english = iter(checked(result, blocks_of(found.texts), path))
    edits = []
    for value, text in zip(found.values, found.texts, strict=True):
        written = joined(text, [next(english) for _ in text.blocks])
        if written != value.text:
            edits.append(Edit(value.start, value.end, _encoded(written, found.file.text[value.start : value.end])))
    return found.file.encode(spliced(found.file.text, edits))


JSON = Format(read_json, write_json, ".json")
JSONL = Format(partial(read_json, lines=True), partial(write_json, lines=True), ".jsonl")


def _values(path: Path, options: FileOptions, *, lines: bool) -> Values:
    file = decode_bytes(read_bytes(path), str(path))
    values: list[Value] = []
    texts: list[Tagged] = []
    seen: set[str] = set()
    missing = set(options.fields)
    for value in _documents(file.text, path, lines=lines):
        under = {field for field in options.fields if f".{field}." in f".{value.path}."}
        missing -= under
        if missing and len(seen) < 1000:
            seen.add(value.path)
        if (under if options.fields else _is_text(value)) and has_arabic(value.text):
            text = tagged(value.text)
            if text.arabic:
                values.append(value)
                texts.append(text)
    if missing:
        there = ", ".join(" ".join(path.split()) for path in sorted(seen)[:50]) or "no string at all"
        raise InputError(f"{path}: has no text in a field '{min(missing)}'; there is {there}")
    return Values(file, tuple(values), tuple(texts))


def _documents(text: str, path: Path, *, lines: bool) -> Iterator[Value]:
    """The string values of the document, or of the documents on all lines that are not empty."""
    start = 0
    try:
        while lines and start < len(text):
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            if not text[start:end].isspace() and start < end:
                yield from strings(text, start, end)
            start = end + 1
        if not lines:
            yield from strings(text)
    except ValueError as error:
        what, place = error.args
        remedy = (
            "each line must be a JSON document of its own; mend or delete this one"
            if lines
            else "mend it; several documents go into a .jsonl"
        )
        raise InputError(f"{path}: line {line_of(text, place)}: not valid JSON: {what}; {remedy}") from error


def _skip_space(text: str, position: int, end: int) -> int:
    while position < end and text[position] in " \t\r\n":
        position += 1
    return position


def _is_text(value: Value) -> bool:
    text = value.text.strip()
    return not IDENTIFIER.fullmatch(value.key[:100]) and not (len(text) < MAX_ADDRESS and ADDRESS.fullmatch(text))


def _decoded(token: str, at: int) -> str:
    try:
        text = json.loads(token, strict=False)  # line breaks inside strings are common, and no doubt about what is meant
    except json.JSONDecodeError as error:
        raise ValueError(f"in a string: {error.msg[0].lower()}{error.msg[1:]}", at + error.pos) from error
    assert isinstance(text, str)
    return text


def _encoded(text: str, before: str) -> str:
    """A string value, escaped in the manner of the one that it replaces."""
    token = json.dumps(text, ensure_ascii=before.isascii())
    if "\\/" in before:
        token = token.replace("/", "\\/")
    return LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", token)
