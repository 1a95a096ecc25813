"""PO files: an Arabic `msgid` is translated into its `msgstr`; where only the `msgstr` is Arabic, that is translated itself.

A `msgid` that has a translation which is not Arabic keeps it, unless it is marked fuzzy. English has two plural forms, so two
are written: of an Arabic file the form for one and the last. What looks doubtful is marked fuzzy. Comments, contexts,
obsolete entries and the order stay; libraries for PO wrap lines anew and move entries, so the lines are found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.arabic import has_arabic
from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.splice import Edit, line_of, spliced
from mt.formats.tagged import Tagged, blocks_of, joined, tagged
from mt.formats.text import Decoded, decode_bytes, read_bytes

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
STRING = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n])*+)"')
PART = re.compile(
    r"[ \t]*(?P<keyword>msgctxt|msgid_plural|msgid|msgstr(?:\[\d{1,2}\])?)[ \t]*"
    rf"{STRING.pattern}(?:[ \t]*(?:\r\n|\r|\n)[ \t]*{STRING.pattern})*+(?=[ \t]*(?:[\r\n]|\Z))"
)
"""A keyword and its strings: `msgid "a"`, and the lines of strings after it."""
ESCAPE = re.compile(r"\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
UNSAFE = re.compile(r'[\\"\n\t\r\a\b\f\v]')
FUZZY = re.compile(r"#,(?:.*,)?[ \t]*fuzzy\b")
# gettext folds longer lines.
WIDTH = 76
LANGUAGE = re.compile(r"^Language:[^\n]*", re.MULTILINE)
PLURALS = re.compile(r"^Plural-Forms:[^\n]*", re.MULTILINE)
CHARSET = re.compile(r"(?<=charset=)[\w.:-]+")
ENGLISH_PLURALS = "Plural-Forms: nplurals=2; plural=(n != 1);"


@dataclass(frozen=True, slots=True)
class Part:
    """A keyword with its strings. start, end: in the file, the last line break not included."""

    keyword: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A message. parts: in the order of the file, each keyword once. flags: where its line of flags ends, 0 without one."""

    parts: tuple[Part, ...]
    fuzzy: bool
    flags: int

    def text(self, keyword: str) -> str:
        """The text of a keyword, empty where it is not there."""
        return next((part.text for part in self.parts if part.keyword == keyword), "")

    @property
    def translations(self) -> tuple[Part, ...]:
        """`msgstr`, or all its plural forms."""
        return tuple(part for part in self.parts if part.keyword.startswith("msgstr"))


@dataclass(frozen=True, slots=True)
class Message:
    """What is translated of an entry: its text, or its forms for one and for many."""

    entry: Entry
    texts: tuple[Tagged, ...]


def read_po(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The messages as blocks. Raises InputError for what is not PO, naming the line."""
    file, _, messages = _messages(path)
    return Document(blocks_of(text for message in messages for text in message.texts), id=str(path)), file.notes


def write_po(result: Result, path: Path, options: FileOptions) -> bytes:
    """The file with English in its `msgstr`, and `Language: en` in its header; in UTF-8, which the header says."""
    file, found, messages = _messages(path)
    english = iter(checked(result, blocks_of(text for message in messages for text in message.texts), path))
    newline = "\r\n" if "\r\n" in file.text else "\n"
    edits: list[Edit] = []
    for message in messages:
        own = [[next(english) for _ in text.blocks] for text in message.texts]
        edits += _filled(message, own, newline)
    if not edits:
        return file.encode(file.text)
    edits += _header(found, newline)
    edits += _fewer_plurals(found, {id(message.entry) for message in messages})
    return spliced(file.text, edits).encode("utf-8", "replace")


PO = Format(read_po, write_po, ".po")


def entries(text: str, name: str) -> Iterator[Entry]:
    """The entries of a PO file, the header among them (its `msgid` is empty), obsolete ones not.

    Raises InputError for a line that is none of PO.
    """
    parts: list[Part] = []
    fuzzy, flags, position = False, 0, 0
    while position < len(text):
        part = PART.match(text, position)
        line = LINE.match(text, position)
        assert line is not None
        body = line.group().strip()
        begins = part is None or part["keyword"] in ("msgctxt", "msgid")
        if begins and any(earlier.keyword.startswith("msgstr") for earlier in parts):
            yield Entry(tuple(parts), fuzzy, flags)
            parts, fuzzy, flags = [], False, 0
        if part is not None:
            strings = "".join(STRING.findall(part.group()))
            parts.append(Part(part["keyword"], _unescaped(strings), position, part.end()))
            line = LINE.match(text, part.end())
            position = line.end() if line else part.end()
            continue
        if body.startswith("#,"):
            fuzzy, flags = fuzzy or FUZZY.match(body) is not None, position + len(line.group().rstrip())
        elif body and not body.startswith("#"):
            where = f"{name}: line {line_of(text, position)}"
            raise InputError(f"{where}: not a line of a PO file: {body[:40]}; mend it, or look with msgfmt -c")
        position = line.end()
    if any(part.keyword.startswith("msgstr") for part in parts):
        yield Entry(tuple(parts), fuzzy, flags)


def _messages(path: Path) -> tuple[Decoded, tuple[Entry, ...], tuple[Message, ...]]:
    file = decode_bytes(read_bytes(path), str(path))
    found = tuple(entries(file.text, str(path)))
    if not found:
        raise InputError(f"{path}: has no entry with msgid and msgstr; is it a PO file?")
    messages = (Message(entry, tuple(tagged(text) for text in _sources(entry))) for entry in found if entry.text("msgid"))
    return file, found, tuple(m for m in messages if any(text.arabic for text in m.texts))


def _sources(entry: Entry) -> list[str]:
    """The texts to translate: one, or those for one and for many; none where the entry has its English already."""
    translations = [part.text for part in entry.translations]
    if has_arabic(entry.text("msgid")):
        done = any(text.strip() and not has_arabic(text) for text in translations) and not entry.fuzzy
        plural = entry.text("msgid_plural")
        return [] if done else [entry.text("msgid"), *([plural] if plural else [])]
    forms = translations[:1] if len(translations) == 1 else [translations[1 if len(translations) > 2 else 0], translations[-1]]
    return forms if any(has_arabic(text) for text in forms) else []


def _filled(message: Message, english: Sequence[Sequence[Translated]], newline: str) -> Iterator[Edit]:
    """The new `msgstr`s in the place of the old ones; and the flag `fuzzy` where the English is doubtful."""
    texts = [joined(text, own) for text, own in zip(message.texts, english, strict=True)]
    old = message.entry.translations
    blocks = [block.text for text in message.texts for block in text.blocks]
    if blocks == [made.text for own in english for made in own]:
        return
    plural = message.entry.text("msgid_plural") != ""
    if plural:
        texts = [texts[0], texts[-1]]
    keywords = [f"msgstr[{i}]" for i in range(len(texts))] if plural else ["msgstr"]
    written = newline.join(_written(keyword, text, newline) for keyword, text in zip(keywords, texts, strict=True))
    yield Edit(old[0].start, old[-1].end, written)
    if any(block.flags for own in english for block in own) and not message.entry.fuzzy:
        at = message.entry.flags
        yield Edit(at, at, ", fuzzy") if at else Edit(message.entry.parts[0].start, message.entry.parts[0].start, f"#, fuzzy{newline}")


def _fewer_plurals(found: Sequence[Entry], done: set[int]) -> Iterator[Edit]:
    """Entries that keep their texts lose the plural forms beyond the two that the header now promises."""
    for entry in found:
        if id(entry) not in done and len(entry.translations) > 2:
            yield Edit(entry.translations[1].end, entry.translations[-1].end, "")


def _header(found: Sequence[Entry], newline: str) -> Iterator[Edit]:
    """The header says that the file is English now."""
    header = next((entry for entry in found if not entry.text("msgid") and entry.translations), None)
    if header is None:
        return
    part = header.translations[0]
    text = LANGUAGE.sub("Language: en", part.text) if LANGUAGE.search(part.text) else part.text.rstrip("\n") + "\nLanguage: en\n"
    text = PLURALS.sub(ENGLISH_PLURALS, text)
    if not PLURALS.search(text) and any(entry.text("msgid_plural") for entry in found):
        text = text.rstrip("\n") + f"\n{ENGLISH_PLURALS}\n"
    text = CHARSET.sub(lambda match: match[0] if match[0].lower() in ("utf-8", "utf8") else "UTF-8", text)
    if text != part.text:
        yield Edit(part.start, part.end, _written("msgstr", text, newline))


def _written(keyword: str, text: str, newline: str) -> str:
    """A keyword with its text as gettext lays it out: after line breaks, and folded at spaces."""
    lines = [piece for line in text.splitlines(keepends=True) if line for piece in _folded(line)] if text else [""]
    if len(lines) == 1 and len(keyword) + len(lines[0]) <= WIDTH:
        return f'{keyword} "{_escaped(lines[0])}"'
    return newline.join([f'{keyword} ""', *(f'"{_escaped(line)}"' for line in lines)])


def _folded(line: str) -> list[str]:
    """Pieces of at most 76 characters that end with a space, joined the same line."""
    pieces = [""]
    for word in re.findall(r"\S*\s*", line):
        if pieces[-1] and len(_escaped(pieces[-1] + word.rstrip())) > WIDTH:
            pieces.append("")
        pieces[-1] += word
    return pieces


def _unescaped(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[0][1:]
        if code[0] in "01234567":
            return chr(int(code, 8))
        return chr(int(code[1:], 16)) if code[0] == "x" and len(code) > 1 else ESCAPES.get(code, code)

    return ESCAPE.sub(plain, text)


def _escaped(text: str) -> str:
    names = {character: name for name, character in ESCAPES.items()}
    return UNSAFE.sub(lambda match: "\\" + names.get(match[0], match[0]), text)
