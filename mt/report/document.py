"""A result as a Word document for editors: a table of source and English, doubts as comments."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from mt import check
from mt.data import Result, Translation
from mt.errors import ExtraError

if TYPE_CHECKING:
    from docx.document import Document as Word
    from docx.shared import Length
    from docx.table import _Cell
    from docx.text.paragraph import Paragraph

NAME = "mt"
"""Author of the comments."""


def write_docx(results: Sequence[Result]) -> bytes:
    """One Word file for all results: headline, summary with its sources, then number, English and source, row by row.

    A doubtful segment carries a comment with the reasons. Raises ExtraError where python-docx is missing.
    """
    try:
        import docx
    except ImportError as error:
        raise ExtraError('writing Word files needs python-docx: pip install "mt[files]"') from error
    word = docx.Document()
    for i, result in enumerate(results):
        if i:
            word.add_page_break()  # type: ignore[no-untyped-call]
        _write(word, result)
    data = BytesIO()
    word.save(data)
    return data.getvalue()


def _write(word: Word, result: Result) -> None:
    summary = result.summary
    word.add_heading((summary.headline if summary else "") or result.document.title or result.document.id or "Translation", level=1)
    if summary:
        for sentence in summary.sentences:
            sources = f" [{', '.join(str(i + 1) for i in sentence.sources)}]" if sentence.sources else ""
            paragraph = word.add_paragraph(sentence.text + sources, style="List Bullet")
            if summary.language == "ar":
                _right_to_left(paragraph)
    table = word.add_table(rows=0, cols=3, style="Table Grid")
    for i, translation in enumerate(result.translations):
        if translation.segment.text.strip():
            _row(word, table.add_row().cells, i + 1, translation)
    word.add_paragraph().add_run(result.signature).font.size = _points(8)


def _row(word: Word, cells: Sequence[_Cell], number: int, translation: Translation) -> None:
    """Number, English, source; widths as shares of a portrait page."""
    for cell, width in zip(cells, (0.4, 3.0, 3.0), strict=True):
        cell.width = _inches(width)
    cells[0].text = str(number)
    english = cells[1].paragraphs[0].add_run(translation.text)
    if translation.flags:
        reasons = check.explain(translation.segment.text, translation.text, translation.flags, translation.terms)
        word.add_comment(english, "\n".join(reasons), author=NAME, initials=NAME)
    source = cells[2].paragraphs[0]
    source.add_run(translation.segment.text)
    _right_to_left(source)


def _right_to_left(paragraph: Paragraph) -> None:
    """Set the direction of a paragraph and its runs; python-docx has no property for it."""
    from docx.oxml import OxmlElement

    paragraph._p.get_or_add_pPr().append(OxmlElement("w:bidi"))
    for run in paragraph.runs:
        run.font.rtl = True


def _points(size: float) -> Length:
    from docx.shared import Pt

    return Pt(size)


def _inches(width: float) -> Length:
    from docx.shared import Inches

    return Inches(width)
