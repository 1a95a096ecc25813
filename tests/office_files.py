"""Arabic office files for tests: some made by LibreOffice and Pandoc, some by libraries, one full of what is rare."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

PAGE = """<!DOCTYPE html><html dir="rtl" lang="ar"><head><meta charset="utf-8"><title>قمة لاهاي</title></head><body>
<h1>وزراء خارجية حلف الناتو يجتمعون</h1>
<p>يجتمع وزراء خارجية <b>حلف الناتو</b> هذا الأسبوع في <a href="https://www.nato.int/">مقر الحلف</a> لمناقشة <i>الاستعدادات</i> للقمة.</p>
<h2>جدول الأعمال</h2>
<ul><li>الدعم المستمر لأوكرانيا</li><li>الإنفاق الدفاعي بنسبة 5٪</li></ul>
<ol><li>البند الأول</li><li>البند الثاني</li></ol>
<table border="1"><tr><th>الدولة</th><th>العاصمة</th></tr><tr><td>مصر</td><td>القاهرة</td></tr><tr><td>الأردن</td><td>عمان</td></tr></table>
<p>سطر أول<br>سطر ثان</p></body></html>
"""
MARKDOWN = """---
title: قمة الناتو في لاهاي
author: محمد سعد
lang: ar
dir: rtl
---

# مقدمة

يجتمع وزراء خارجية **حلف الناتو** هذا الأسبوع[^1] في [لاهاي](https://nato.int) لمناقشة *الاستعدادات*.

[^1]: وفق بيان صادر عن الحلف.

- الدعم المستمر لأوكرانيا
- الإنفاق الدفاعي

1. أولا
2. ثانيا

| الدولة | العاصمة |
|--------|---------|
| مصر    | القاهرة |

> اقتباس طويل من الأمين العام.
"""


def convert(profile: Path, target: str, *files: Path, into: Path, source: str = "") -> None:
    """Let LibreOffice write files in another format. source: how it shall read them, if not as it thinks best."""
    command = [
        "soffice",
        f"-env:UserInstallation={profile.as_uri()}",
        "--headless",
        *([f"--infilter={source}"] if source else []),
        "--convert-to",
        target,
        "--outdir",
        str(into),
    ]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True, timeout=240)


def make(folder: Path) -> None:
    """Write the files: `pandoc.*`, `library.*`, `rare.*`, and by LibreOffice `office.*`."""
    (folder / "text.md").write_text(MARKDOWN, encoding="utf-8")
    for suffix in ("docx", "odt", "pptx"):
        subprocess.run(["pandoc", "text.md", "-o", f"pandoc.{suffix}"], cwd=folder, check=True, capture_output=True, timeout=60)
    workbook(folder / "library.xlsx")
    presentation(folder / "library.pptx")
    rare(folder / "rare.docx")
    (folder / "office.html").write_text(PAGE, encoding="utf-8")
    profile, out = folder / "profile", folder
    convert(profile, "odt:writer8", folder / "office.html", into=out, source="HTML (StarWriter)")
    convert(profile, "docx:MS Word 2007 XML", folder / "office.odt", into=out)
    rare_opendocument(folder / "office.odt", folder / "rare.odt")
    again = folder / "again"
    convert(profile, "xlsx:Calc MS Excel 2007 XML", folder / "library.xlsx", into=again)
    convert(profile, "pptx:Impress MS PowerPoint 2007 XML", folder / "library.pptx", into=again)
    for suffix in ("xlsx", "pptx"):
        (again / f"library.{suffix}").rename(folder / f"office.{suffix}")


def workbook(path: Path) -> None:
    """Two sheets right to left with a table, formulas, a chart, a comment, rich text and merged cells."""
    from openpyxl import Workbook
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment
    from openpyxl.formatting.rule import CellIsRule
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.worksheet.table import Table

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "الدول"
    sheet.sheet_view.rightToLeft = True
    for row in (["الدولة", "العاصمة", "السكان"], ["مصر", "القاهرة", 105], ["الأردن", "عمان", 11], ["مصر", "الجيزة", 9]):
        sheet.append(row)
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.alignment = Alignment(horizontal="right", readingOrder=2)
    sheet["C7"] = "=SUM(C2:C4)"
    sheet["D7"] = "=SUM(T1[السكان])"
    sheet["A9"] = CellRichText("يجتمع ", TextBlock(InlineFont(b=True), "حلف الناتو"), " هذا الأسبوع")
    sheet.merge_cells("A9:C9")
    sheet["B2"].comment = Comment("عاصمة كبيرة", "سعد")
    sheet.add_table(Table(displayName="T1", ref="A1:C4"))
    sheet.conditional_formatting.add("C2:C4", CellIsRule(operator="greaterThan", formula=["40"], fill=PatternFill(bgColor="FFFF00")))
    chart = BarChart()
    chart.title = "عدد السكان"
    chart.add_data(Reference(sheet, min_col=3, min_row=1, max_row=4), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=4))
    sheet.add_chart(chart, "G2")
    sheet.oddHeader.center.text = "وزارة الخارجية صفحة &P"
    sheet.oddHeader.left.text = "سري"
    second = book.create_sheet("ورقة")
    second["A1"], second["A2"] = "مصر", "سطر أول\nسطر ثان"
    book.properties.title = "بيانات"
    book.save(path)


def presentation(path: Path) -> None:
    """A slide with a title, right-to-left paragraphs, a table, a group, a chart and notes."""
    from pptx import Presentation
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import XL_CHART_TYPE
    from pptx.util import Inches

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "قمة الناتو"
    body = slide.placeholders[1].text_frame
    body.text = "يجتمع وزراء "
    bold = body.paragraphs[0].add_run()
    bold.text, bold.font.bold = "حلف الناتو", True
    body.paragraphs[0].add_run().text = " هذا الأسبوع"
    body.add_paragraph().text = "سطر أول\vسطر ثان"
    for paragraph in body.paragraphs:
        paragraph._p.get_or_add_pPr().attrib.update({"rtl": "1", "algn": "r"})
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for cell, text in zip(table.iter_cells(), ("الدولة", "العاصمة", "مصر", "القاهرة"), strict=True):
        cell.text = text
    table._tbl.tblPr.set("rtl", "1")
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "نص في مجموعة"
    data = CategoryChartData()  # type: ignore[no-untyped-call]
    data.categories = ["مصر", "الأردن"]
    data.add_series("السكان", (105, 11))  # type: ignore[no-untyped-call]
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(5), Inches(4), Inches(3), Inches(2), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "عدد السكان"
    slide.notes_slide.notes_text_frame.text = "ملاحظة للمتحدث"
    deck.core_properties.title = "عرض"
    deck.save(str(path))


CASES = Path(__file__).parent / "cases"


def rare(path: Path) -> None:
    """A Word file with tracked changes, content controls, fields, a text box, nested tables and a header."""
    from docx import Document

    document = Document()
    document.sections[0].header.paragraphs[0].text = "وزارة الخارجية"
    document.core_properties.title = "تقرير"
    document.save(str(path))
    set_body(path, "rare_word.xml")


def set_body(path: Path, case: str) -> None:
    """Put the body of a case into a Word file that has a header."""
    body = "".join((CASES / case).read_text(encoding="utf-8").splitlines())

    def with_body(xml: str) -> str:
        return xml[: xml.index("<w:body>") + 8] + body.replace("<w:sectPr>", _section(xml)) + "</w:body></w:document>"

    replace_in(path, "word/document.xml", with_body)


RARE_STYLES = (
    '<style:style style:name="RareP" style:family="paragraph"><style:paragraph-properties style:writing-mode="rl-tb"'
    ' fo:text-align="end"/></style:style>'
    '<style:style style:name="RareId" style:family="text"><style:text-properties officeooo:rsid="001"/></style:style>'
    '<style:style style:name="RareId2" style:family="text"><style:text-properties fo:language="ar" fo:country="EG"/></style:style>'
    '<style:style style:name="RareB" style:family="text"><style:text-properties style:font-weight-complex="bold"/></style:style>'
    '<style:style style:name="RareTable" style:family="table"><style:table-properties style:writing-mode="rl-tb"/></style:style>'
)


def rare_opendocument(source: Path, path: Path) -> None:
    """An OpenDocument text with tracked changes, a bookmark, a comment, notes, a frame, and spans that change nothing."""
    path.write_bytes(source.read_bytes())
    body = (CASES / "rare_odt.xml").read_text(encoding="utf-8")

    def with_body(xml: str) -> str:
        head, start, _ = xml.partition("<office:text")
        opening = start + xml[len(head) + len(start) :].partition(">")[0] + ">"
        named = head.replace("</office:automatic-styles>", RARE_STYLES + "</office:automatic-styles>")
        return named + opening + body + "</office:text></office:body></office:document-content>"

    replace_in(path, "content.xml", with_body)


def _section(xml: str) -> str:
    """The start of the section with its reference to the header."""
    start = xml.index("<w:headerReference")
    return "<w:sectPr>" + xml[start : xml.index("/>", start) + 2]


def replace_in(path: Path, name: str, change: Callable[[str], str]) -> None:
    """Change one member of a zip container."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = change(members.get(name, b"").decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, data in members.items():
            archive.writestr(one, data)
