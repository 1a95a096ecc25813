"""PDF in; out comes a Word document, an HTML page or Markdown with its paragraphs and headings, since a PDF cannot be written in.

Lines are joined to paragraphs by their gaps, sizes and ends. What stands at the top or bottom of many pages is left out, with the
page numbers. Pictures, tables and columns are not kept as such: the text is.
"""

from __future__ import annotations

import html
import io
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from mt.data import Block, BlockKind, Document, Result
from mt.errors import ExtraError, InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.pdflines import LETTER_WIDTH, Line, Piece, lines, pieces
from mt.formats.text import read_bytes
from mt.segmentation import document

if TYPE_CHECKING:
    from pypdf import PdfReader

# A heading is larger than the body by this factor, and no longer than this; a gap between paragraphs larger than that of lines.
HEADING_SIZE, HEADING_LENGTH, PARAGRAPH_GAP = 1.12, 200, 1.35
# Lines from the top and bottom of a page where running headers and page numbers stand, and the share of pages that have them.
MARGIN_LINES, REPEATED = 2, 0.5
# A line with fewer letters than this share of the longest ends a paragraph; so does one beside which the next word had room.
SHORT_SHARE = 0.75
PAGE_NUMBER = re.compile(
    r"(?:صفحة|الصفحة|ص|page|p\.?)?\s*[-–—|]?\s*[\d٠-٩]{1,4}\s*(?:(?:/|من|of|-|–)\s*(?:[\d٠-٩]{1,4})?)?\s*[-–—|]?|(?:https?|file)://\S+",
    re.IGNORECASE,
)
"""`3`, `- 3 -`, `صفحة 1 من 3`, `1/12`; and the address that browsers print below a page."""
BULLET = re.compile(r"(?:[•◦▪●■‣·✓➢►*]|[-–—]|\(?[\d٠-٩]{1,3}[.)-])\s")
FINAL = re.compile(r"[.!?؟۔:؛][\"'”’»)\]]*$")
HYPHEN = re.compile(r"(?<=[a-z])-$")
MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])|^(\d+)(?=[.)]\s)|^(?=[-+]\s)")


def read_pdf(path: Path, options: FileOptions) -> tuple[Document, tuple[str, ...]]:
    """Headings and paragraphs as blocks. Raises InputError for a PDF that is locked, scanned or damaged, with the remedy."""
    pages, notes = _pages(path)
    found = lines(pages)
    if not any(line.text for line in found):
        raise InputError(f"{path}: has no text, only pictures (a scan); add text first, e.g. ocrmypdf -l ara {path.name} out.pdf")
    kept = _without_margins(found)
    if len(kept) < len(found):
        notes = (*notes, "headers, footers and page numbers left out")
    blocks = _with_kinds(tuple(_blocks(kept)))
    title = next((block.text for block in blocks if block.kind == "title"), "")
    return Document(blocks, id=str(path), title=title), notes


def write_pdf(result: Result, path: Path, options: FileOptions) -> bytes:
    """The English as a Word document, or as HTML or Markdown by `options.to`."""
    source, _ = read_pdf(path, options)
    english = checked(result, source.blocks, path)
    writer = {".html": _html, ".md": _markdown}.get(options.to, _docx)
    return writer(source.blocks, english)


PDF = Format(read_pdf, write_pdf, ".docx", others=(".html", ".md"), binary=True)


def _pages(path: Path) -> tuple[list[list[Piece]], tuple[str, ...]]:
    """The pieces of each page, and notes on pages that could not be read."""
    try:
        from pypdf import PdfReader
    except ImportError as error:
        raise ExtraError('PDF files need an extra package: pip install "mt[files]"') from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it would say of damaged parts is said here, in one line
    data = read_bytes(path)
    if b"%PDF-" not in data[:1024]:
        raise InputError(f"{path}: is not a PDF file")
    pages: list[list[Piece]] = []
    broken: list[int] = []
    try:
        reader = PdfReader(io.BytesIO(data))
        _unlock(reader, path)
        for number, page in enumerate(reader.pages, 1):
            try:
                pages.append(pieces(page))
            except Exception:  # pypdf raises whatever a damaged page makes it stumble over
                pages.append([])
                broken.append(number)
    except InputError:
        raise
    except Exception as error:
        raise _damaged(path, error) from error
    if broken and not any(pages):
        raise _damaged(path, None)
    return pages, (f"pages that could not be read: {', '.join(map(str, broken))}",) if broken else ()


def _damaged(path: Path, error: Exception | None) -> InputError:
    reason = f" ({' '.join(str(error).split())[:80]})" if error and str(error) else ""
    return InputError(f"{path}: is damaged{reason}; mend it, e.g. with qpdf {path.name} out.pdf, or print it to PDF again")


def _unlock(reader: PdfReader, path: Path) -> None:
    """A PDF that anybody may open is often locked against changes with an empty password."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise InputError(f"{path}: is locked by a password; unlock it first, e.g. qpdf --decrypt --password=... {path.name} out.pdf")


# Lines into blocks


def _without_margins(found: Sequence[Line]) -> list[Line]:
    """The lines without page numbers and without what stands at the top or bottom of at least half of the pages."""
    by_page: dict[int, list[Line]] = {}
    for line in found:
        by_page.setdefault(line.page, []).append(line)
    margins = {}
    for page, own in by_page.items():
        heights = sorted({round(line.y) for line in own})
        edge = {*heights[:MARGIN_LINES], *heights[-MARGIN_LINES:]}
        margins[page] = [line for line in own if round(line.y) in edge]
    counts = Counter(key for own in margins.values() for key in {_shape(line.text) for line in own})
    least = max(2, REPEATED * len(by_page))
    dropped = {
        id(line)
        for own in margins.values()
        for line in own
        if counts[_shape(line.text)] >= least or PAGE_NUMBER.fullmatch(line.text.strip())
    }
    kept = [line for line in found if id(line) not in dropped]
    return kept or list(found)


def _shape(text: str) -> str:
    """The text with all numbers alike, as a running header has the number of the page in it."""
    return re.sub(r"[\d٠-٩]+", "#", text).strip()


def _blocks(found: Sequence[Line]) -> Iterator[Block]:
    if not found:
        return
    letters: Counter[float] = Counter()
    for line in found:
        letters[round(line.size)] += len(line.text)
    body = max(letters, key=lambda size: letters[size])
    gaps = [a.y - b.y for a, b in pairwise(found) if a.page == b.page and 0 < a.y - b.y < 3 * max(a.size, b.size)]
    leading = sorted(gaps)[len(gaps) // 4] if gaps else 0.0  # most gaps of a list or a short text are not those inside paragraphs
    columns = _columns([line for line in found if round(line.size) == body])
    group: list[Line] = []
    title = False
    for line in found:
        if group and not _continues(group[-1], line, leading, columns):
            block = _block(group, body, titled=title)
            title = title or block.kind == "title"
            yield block
            group = []
        group.append(line)
    yield _block(group, body, titled=title)


def _with_kinds(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Where all letters have one size, title and by-line are told by their words, as in a plain text."""
    if any(block.kind in ("title", "heading") for block in blocks):
        return blocks
    plain = document("\n\n".join(block.text for block in blocks)).blocks
    if len(plain) != len(blocks):
        return blocks
    return tuple(replace(block, kind=known.kind) for block, known in zip(blocks, plain, strict=True))


def _columns(found: Sequence[Line]) -> dict[int, int]:
    """The left margins of the columns, in points -> letters in the longest line that starts there.

    A margin is where three lines start; and the leftmost, as lines of unjustified Arabic seldom start at the same place.
    """
    starts = Counter(round(line.left) for line in found)
    margins = sorted({min(starts), *(place for place, number in starts.items() if number >= 3)})
    longest: dict[int, int] = {}
    for line in found:
        margin = _margin(line, margins)
        longest[margin] = max(longest.get(margin, 0), len(line.text))
    return longest


def _margin(line: Line, margins: Iterable[int]) -> int:
    return max((place for place in margins if place <= line.left + 1), default=round(line.left))


def _continues(line: Line, following: Line, leading: float, columns: Mapping[int, int]) -> bool:
    """Whether the following line belongs to the paragraph of this one."""
    if abs(line.size - following.size) > 0.1 * max(line.size, following.size) or BULLET.match(following.text):
        return False
    margin = _margin(line, columns)
    word = following.text.partition(" ")[0]
    room = line.left - margin > LETTER_WIDTH * line.size * (len(word) + 1) + line.size
    if room or len(line.text) < SHORT_SHARE * columns.get(margin, 0):
        return False
    gap = line.y - following.y
    if line.page != following.page or gap <= 0:  # over a page or a column
        return not FINAL.search(line.text)
    return gap <= PARAGRAPH_GAP * leading


def _block(group: Sequence[Line], body: float, *, titled: bool) -> Block:
    text = group[0].text
    for line in group[1:]:
        joined = HYPHEN.search(text) and line.text[:1].islower()
        text = text[:-1] + line.text if joined else f"{text} {line.text}"
    kind: BlockKind = "paragraph"
    if group[0].size >= HEADING_SIZE * body and len(text) <= HEADING_LENGTH and not text.endswith("."):
        kind = "heading" if titled else "title"
    elif BULLET.match(text):
        kind = "list_item"
    return Block(text, kind, "\n\n")


# Blocks into a new file


def _docx(blocks: Sequence[Block], english: Sequence[Translated]) -> bytes:
    try:
        import docx
        from docx.oxml.ns import qn
    except ImportError as error:
        raise ExtraError('Word documents need an extra package: pip install "mt[files]"') from error
    word = docx.Document()
    language = word.styles.element.find(f".//{qn('w:lang')}")
    if language is not None:
        language.set(qn("w:val"), "en-US")
    for block, made in zip(blocks, english, strict=True):
        text = _printable(made.text)
        if block.kind in ("title", "heading"):
            word.add_heading(text, 1 if block.kind == "title" else 2)
        else:
            item = block.kind == "list_item"
            word.add_paragraph(_item(text) if item else text, _style(text) if item else None)
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def _html(blocks: Sequence[Block], english: Sequence[Translated]) -> bytes:
    names = {"title": "h1", "heading": "h2"}
    lines = [
        f"<{name}>{html.escape(_printable(made.text), quote=False)}</{name}>"
        for block, made in zip(blocks, english, strict=True)
        for name in [names.get(block.kind, "p")]
    ]
    title = next((html.escape(made.text) for block, made in zip(blocks, english, strict=True) if block.kind == "title"), "")
    head = f'<meta charset="utf-8">\n<title>{title}</title>'
    body = "\n".join(lines)
    return f'<!DOCTYPE html>\n<html lang="en" dir="ltr">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'.encode()


def _markdown(blocks: Sequence[Block], english: Sequence[Translated]) -> bytes:
    marks = {"title": "# ", "heading": "## "}
    texts = []
    for block, made in zip(blocks, english, strict=True):
        text = " ".join(_printable(made.text).split())
        item = block.kind == "list_item" and not text[:1].isdigit()
        escaped = MARKDOWN.sub(lambda match: f"\\{match[0]}" if not match[2] else f"{match[2]}\\", _item(text) if item else text)
        texts.append((marks.get(block.kind) or ("- " if item else "")) + escaped)
    return ("\n\n".join(texts) + "\n").encode("utf-8", "replace")


def _item(text: str) -> str:
    return BULLET.sub("", text, count=1)


def _style(text: str) -> str:
    return "List Number" if text.lstrip("(")[:1].isdigit() else "List Bullet"


def _printable(text: str) -> str:
    """The text without characters that no document can hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\N{REPLACEMENT CHARACTER}", text)
