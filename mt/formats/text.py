"""Plain text in, whatever its encoding, and plain text out.

Old Arabic archives are in windows-1256 or ISO-8859-6. Both give every byte of Arabic a meaning, so a
wrong choice raises no error but gives garbage: they are told apart by the words that come out.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from mt.data import Document, Result
from mt.errors import InputError
from mt.formats.format import FileOptions
from mt.segmentation import document

# 10 million Arabic words in UTF-8, some hundred novels: beyond it the file is surely not an article.
MAX_BYTES = 100_000_000
ACCEPTED = "accepted is plain text in UTF-8, UTF-16, UTF-32, windows-1256 or ISO-8859-6"

# Longest first: the UTF-16 mark is the beginning of the UTF-32 one.
BYTE_ORDER_MARKS: dict[bytes, str] = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
UNMARKED_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
LEGACY: dict[str, str] = {"cp1256": "windows-1256", "iso8859_6": "ISO-8859-6"}

FIRST_BYTES: dict[bytes, str] = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a zip archive or an office document (which needs its suffix, such as .docx)",
    b"\xd0\xcf\x11\xe0": "an old office document (save it as .docx, .xlsx or .pptx)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x1f\x8b": "a gzip archive",
}

# Matches what no text has: NUL and its like, but not tab, line ends, form feed or escape, e.g. "\x00", "\x06", "\x9d".
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
# Matches a word with its vowel signs, e.g. "في", "NATO", "كُل".
WORD = re.compile("[\\w\N{ARABIC FATHATAN}-\N{ARABIC SUKUN}]+")
# Matches characters that Arabic news is made of: e.g. "م", "،", "a", "7", " ", "«", "…".
ORDINARY = re.compile(
    "[\\s!-~\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"
    "\N{ARABIC NUMBER SIGN}-\N{ARABIC LETTER YEH BARREE WITH HAMZA ABOVE}\N{EN DASH}-\N{HORIZONTAL ELLIPSIS}]"
)
# Matches a word that one of the two old encodings can write, e.g. "وصل".
ARABIC_WORD = re.compile("[\N{ARABIC LETTER HAMZA}-\N{ARABIC SUKUN}]+")
# Words of any Arabic text; 31 to 42 % of the words of the sample articles are one of these or have the article.
COMMON_WORDS = frozenset(
    "في من على إلى الى أن ان عن مع هذا هذه التي الذي ما لا هو هي كان كانت قال وقال بين بعد قبل كل أو ثم قد وفي ومن".split()
)
ARTICLE = "ال"
# `_likeness` of the 997 sentences of FLORES dev: 0.91 to 2.0 in the right encoding, at most 0.88 in the other.
MIN_LIKENESS = 0.9
# One broken character in 200: a cut or damaged file is read and said so; above, it is another encoding.
MAX_BROKEN = 0.005


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, how its bytes came to be, and notes such as "read as windows-1256".

    mark: the byte order mark before the text, or nothing. encoding: the Python codec of the rest.
    """

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    notes: tuple[str, ...] = ()

    def encode(self, text: str) -> bytes:
        """Another text in the same encoding; in UTF-8 with a byte order mark where that encoding lacks a character of it.

        Half a surrogate pair becomes a question mark.
        """
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError:
            return (self.mark if self.encoding == "utf-8" else codecs.BOM_UTF8) + text.encode("utf-8", "replace")


def read_text(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """The document in a plain text file, and notes on how it was read. Raises InputError."""
    text, notes = read_text_file(path)
    return document(text, str(path)), notes


def write_text(result: Result) -> str:
    """The English as the source was laid out; above it, if there is one, the headline and the summary.

    Numbers in brackets after a sentence of the summary are the segments that support it (`numbering`).
    """
    summary = write_summary(result)
    return (f"{summary}\n\n" if summary else "") + result.text.rstrip("\n") + "\n"


def write_text_file(result: Result, path: Path, options: FileOptions) -> bytes:
    """The same as a file."""
    return write_text(result).encode()


def write_summary(result: Result) -> str:
    """Headline, empty line, one sentence a line with its sources in brackets; empty without a summary."""
    if result.summary is None:
        return ""
    numbers = numbering(result)
    lines = [result.summary.headline, ""] if result.summary.headline else []
    for sentence in result.summary.sentences:
        sources = f" [{', '.join(str(numbers[i]) for i in sentence.sources)}]" if sentence.sources else ""
        doubts = f" (doubtful: {', '.join(sorted(sentence.flags))})" if sentence.flags else ""
        lines.append(f"- {sentence.text}{sources}{doubts}")
    return "\n".join(lines)


def numbering(result: Result) -> dict[int, int]:
    """Index of a translation -> its number for a reader: from 1 on, white space not counted."""
    visible = [i for i, translation in enumerate(result.translations) if translation.segment.text.strip()]
    return {i: number for number, i in enumerate(visible, 1)}


def read_text_file(path: str | Path) -> tuple[str, tuple[str, ...]]:
    """The text of a file, line ends untouched, and notes such as "read as windows-1256".

    Raises InputError where the file cannot be read, is a folder, is too large or is not text; the
    message names the file.
    """
    return decode(read_bytes(Path(path)), str(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file. Raises InputError, naming it, where it cannot be read, is a folder or is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise InputError(f"{path}: is a folder; name the files in it, e.g. {path}/*.txt") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB; split it")
    return data


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """Text of bytes in an encoding that is found out, and notes on it; `name` is for the messages.

    Raises InputError for bytes that are no text, or too many.

    >>> decode("وصل الوفد إلى عمان في المساء".encode("cp1256"), "old.txt")
    ('وصل الوفد إلى عمان في المساء', ('read as windows-1256',))
    """
    found = decode_bytes(data, name)
    return found.text, found.notes


def decode_bytes(data: bytes, name: str) -> Decoded:
    """As `decode`, with the encoding, so that a changed text can be written as the file was."""
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: larger than {MAX_BYTES // 1_000_000} MB; split it")
    for mark, kind in FIRST_BYTES.items():
        if data.startswith(mark):
            raise InputError(f"{name}: is {kind}, not text; {ACCEPTED}")
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return _marked(data, encoding, mark, name)
    text = _attempt(data, "utf-8")
    if text is not None and not CONTROL.search(text):
        return Decoded(text)
    for encoding in UNMARKED_WIDE:
        wide = _attempt(data, encoding)
        if wide and not CONTROL.search(wide) and len(ORDINARY.findall(wide)) > 0.9 * len(wide):
            return Decoded(wide, encoding, notes=(f"read as {encoding.upper()}",))
    if text is not None and "\0" not in text:
        return Decoded(text)  # control characters that somebody typed are none of our business
    return _legacy(data, name)


def _marked(data: bytes, encoding: str, mark: bytes, name: str) -> Decoded:
    """Text that says its own encoding. A mark in front of something else is no text."""
    family = encoding.removesuffix("-le").removesuffix("-be").upper()
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = error.start + len(mark)
        raise InputError(f"{name}: begins as {family} but is broken at byte {place}: {error.reason}") from error
    if "\0" in text:
        raise InputError(f"{name}: has NUL characters, so it is not text; {ACCEPTED}")
    return Decoded(text, encoding, mark, () if encoding == "utf-8" else (f"read as {family}",))


def _legacy(data: bytes, name: str) -> Decoded:
    """Text in UTF-8 with little damage, or in one of the two old encodings."""
    if b"\0" in data:
        raise InputError(f"{name}: is a binary file; {ACCEPTED}")
    damaged = data.decode("utf-8", errors="replace")
    broken = damaged.count("\N{REPLACEMENT CHARACTER}")
    if broken <= max(1, MAX_BROKEN * len(damaged)) and not CONTROL.search(damaged):
        places = "1 place" if broken == 1 else f"{broken} places"
        return Decoded(damaged, notes=(f"not valid UTF-8 in {places}, shown there as '\N{REPLACEMENT CHARACTER}'",))
    readings = {codec: text for codec in LEGACY if (text := _attempt(data, codec)) and not CONTROL.search(text)}
    codec = max(readings, key=lambda codec: _likeness(readings[codec]), default="")
    if not codec or _likeness(readings[codec]) < MIN_LIKENESS:
        raise InputError(f"{name}: is a binary file or in an unknown encoding; {ACCEPTED}")
    return Decoded(readings[codec], codec, notes=(f"read as {LEGACY[codec]}",))


def _attempt(data: bytes, encoding: str) -> str | None:
    """The decoded text; None where the bytes do not allow this encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _likeness(text: str) -> float:
    """How much a decoded text looks like Arabic, 0.0 to 2.0.

    The share of the words beyond ASCII that are wholly Arabic (the wrong encoding puts Latin letters
    among them), plus the share of all words that are common or have the article.
    """
    words: list[str] = WORD.findall(text[:100_000])
    foreign = [word for word in words if not word.isascii()]
    arabic = sum(ARABIC_WORD.fullmatch(word) is not None for word in foreign)
    common = sum(word in COMMON_WORDS or word.startswith(ARTICLE) for word in words)
    return arabic / max(len(foreign), 1) + common / max(len(words), 1)
