"""PDF: reading order, paragraphs, what is left out, what is refused, and the three kinds of output."""

import io
import shutil
import subprocess
from pathlib import Path

import docx
import pytest
from pypdf import PdfWriter

from mt.data import Document
from mt.errors import InputError
from mt.formats import FORMATS, NO_OPTIONS, FileOptions
from mt.formats.pdflines import Piece, lines
from tests.roundtrip import saved, through
from tests.tiny_pdf import Glyphs, drawn, pdf

BODY = ["وصل وزراء خارجية حلف الناتو إلى بروكسل", "لمناقشة الاستعدادات للقمة المقبلة في لا", "هاي يوم الأحد."]


def article(pages: int = 1) -> bytes:
    def page(number: int) -> list[Glyphs]:
        body = [Glyphs(drawn(text), 60 if i < 2 else 200, 700 - 15 * i) for i, text in enumerate(BODY)]
        head = [Glyphs(drawn("صحيفة الخبر"), 60, 800), Glyphs(drawn("قمة الناتو"), 200, 750, 20)]
        return [*head, *body, Glyphs(drawn("• نص البند"), 300, 640), Glyphs(str(number), 300, 20)]

    return pdf([page(number) for number in range(1, pages + 1)])


def read(path: Path) -> Document:
    return FORMATS[".pdf"].read(path, NO_OPTIONS)[0]


def test_paragraphs_headings_and_items(tmp_path: Path) -> None:
    document = read(saved(tmp_path, "a.pdf", article()))
    assert [(block.kind, block.text) for block in document.blocks[1:]] == [
        ("title", "قمة الناتو"),
        ("paragraph", " ".join(BODY)),
        ("list_item", "• نص البند"),
    ]


def test_running_headers_and_page_numbers_are_left_out_and_said(tmp_path: Path) -> None:
    document, notes = FORMATS[".pdf"].read(saved(tmp_path, "a.pdf", article(3)), NO_OPTIONS)
    assert "صحيفة" not in document.text and not any(block.text.isdigit() for block in document.blocks)
    assert notes == ("headers, footers and page numbers left out",)


def line(*drawings: tuple[str, float]) -> str:
    [found] = lines([[Piece(text, x, 500.0, 12.0, i) for i, (text, x) in enumerate(drawings)]])
    return found.text


@pytest.mark.parametrize(
    ("drawings", "expected"),
    [
        ([("بتوقيت", 100), (" ", 140), ("2025", 150), (" ", 180), ("وصل في", 190)], "وصل في 2025 بتوقيت"),
        ([("إلى", 100), (" ", 120), ("(", 125), ("NATO", 130), (")", 165), (" ", 170), ("حلف", 175)], "حلف (NATO) إلى"),
        ([("إلى", 100), (" ", 120), (")", 125), ("NATO", 130), ("(", 165), (" ", 170), ("حلف", 175)], "حلف (NATO) إلى"),
        ([("قال", 100), (" ", 120), ("New", 130), (" ", 150), ("York", 155), (" ", 190), ("في", 200)], "في New York قال"),
        ([("%", 100), ("3.5", 110), (" ", 130), ("بلغت", 140)], "بلغت 3.5%"),
        ([("2026", 100), ("-", 130), ("2025", 140), (" ", 170), ("عامي", 180)], "عامي 2025-2026"),
        ([("ﺔﻣﻗ"[::-1], 100), (" ", 130), ("ﻲﻓ"[::-1], 140)], "في قمة"),
        ([("NATO 2025", 100)], "NATO 2025"),
    ],
)
def test_reading_order(drawings: list[tuple[str, float]], expected: str) -> None:
    assert line(*drawings) == expected


def test_cells_of_a_row_are_apart() -> None:
    found = lines([[Piece("العدد", 100, 500, 12, 0), Piece("الدولة", 400, 500, 12, 1)]])
    assert [line.text for line in found] == ["الدولة", "العدد"]


def test_word_document_by_default(tmp_path: Path) -> None:
    document = docx.Document(io.BytesIO(through(saved(tmp_path, "a.pdf", article()))))
    found = [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs if paragraph.style]
    assert found[1] == ("Heading 1", "Kma alnatw.") and found[3][0] == "List Bullet"


@pytest.mark.parametrize(
    ("suffix", "start", "heading"),
    [(".html", '<!DOCTYPE html>\n<html lang="en" dir="ltr">', "<h1>Kma alnatw.</h1>"), (".md", "Chifa alxbr.\n", "\n# Kma alnatw.\n")],
)
def test_other_outputs(tmp_path: Path, suffix: str, start: str, heading: str) -> None:
    written = through(saved(tmp_path, "a.pdf", article()), options=FileOptions(to=suffix)).decode()
    assert written.startswith(start) and heading in written


def locked() -> bytes:
    writer = PdfWriter()
    writer.append(io.BytesIO(article()))
    writer.encrypt("secret", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pdf([[]]), "has no text, only pictures .*ocrmypdf"),
        (b"not a PDF", "is not a PDF file"),
        (b"%PDF-1.7\ngarbage", "is damaged.*qpdf"),
        (locked(), "is locked by a password; unlock it first"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(saved(tmp_path, "a.pdf", content))


def test_a_file_made_by_libreoffice(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    assert office, "this test needs LibreOffice: apt-get install libreoffice-writer"
    text = "\n".join([" ".join(BODY) + " (NATO) عام 2025، بنسبة 3.5% من الناتج.", "وقال الوزير إنه متفائل."])
    saved(tmp_path, "a.txt", text)
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "a.txt")], check=True, capture_output=True, timeout=120)
    assert [block.text for block in read(tmp_path / "a.pdf").blocks] == text.split("\n")
