"""Office files read, translated and written back: docx, odt, pptx, xlsx."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mt import formats
from mt.data import Block, Document, Result, Segment, Translation
from mt.errors import InputError
from mt.formats import FileOptions, container
from tests import office_files
from tests.fakes import LATIN

FILES = [
    "pandoc.docx",
    "office.docx",
    "rare.docx",
    "pandoc.odt",
    "office.odt",
    "rare.odt",
    "pandoc.pptx",
    "library.pptx",
    "office.pptx",
    "library.xlsx",
    "office.xlsx",
]
KEPT = re.compile(
    r"<(?:w:(?:p|tc|hyperlink|drawing|footnoteReference|bookmarkStart|bookmarkEnd|fldChar|instrText|tab|br|sdt|ins|numPr)"
    r"|text:(?:p|h|a|note|bookmark-start|bookmark-end|change|change-start|change-end|tab|line-break|list-item)|draw:frame|office:annotation"
    r"|a:(?:p|br|tc|fld|hlinkClick)|p:pic|c|f|si|mergeCell|tablePart|conditionalFormatting)(?=[ />])"
)
RIGHT_TO_LEFT = re.compile(
    r'<w:(?:bidi|rtl|bidiVisual|rtlGutter)(?: w:val="(?:1|true|on)")?/>|w:val="ar|lang="ar'
    r'|writing-mode="rl|rtl="1"|rightToLeft="(?:1|true)"|readingOrder="2"'
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of `tests.office_files`; do not write to it."""
    made = tmp_path_factory.mktemp("office")
    office_files.make(made)
    return made


def latin(text: str) -> str:
    return text.translate(LATIN)


def read(path: Path, *fields: str) -> Document:
    return formats.read(path, FileOptions(fields=fields))[0]


def translated(document: Document, write: Callable[[str], str] = latin) -> Result:
    return Result(
        document, tuple(Translation(Segment(block.text, block=i), write(block.text)) for i, block in enumerate(document.blocks)), "none"
    )


def written(path: Path, into: Path, write: Callable[[str], str] = latin, *, bilingual: bool = False, fields: tuple[str, ...] = ()) -> Path:
    """The path of the file in English."""
    options = FileOptions(fields=fields, bilingual=bilingual)
    made = into / path.name
    made.write_bytes(formats.FORMATS[path.suffix].write(translated(read(path, *fields), write), path, options))
    return made


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def xml(path: Path, name: str) -> str:
    return members(path)[name].decode()


def texts(document: Document) -> list[str]:
    return [" ".join(block.text.split()) for block in document.blocks]


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_read_and_comes_back_in_english(folder: Path, tmp_path: Path, name: str) -> None:
    source = read(folder / name)
    made = read(written(folder / name, tmp_path))
    assert texts(made) == [latin(text) for text in texts(source)]
    assert [block.kind for block in made.blocks] == [block.kind for block in source.blocks]
    assert "حلف الناتو" in source.text or name.startswith("rare")


@pytest.mark.parametrize("name", FILES)
def test_nothing_that_is_no_text_is_lost_or_doubled(folder: Path, tmp_path: Path, name: str) -> None:
    made, source = members(written(folder / name, tmp_path)), members(folder / name)
    assert {part: Counter(KEPT.findall(data.decode())) for part, data in made.items() if part.endswith(".xml")} == {
        part: Counter(KEPT.findall(data.decode())) for part, data in source.items() if part.endswith(".xml")
    }


@pytest.mark.parametrize("name", FILES)
def test_round_trip_keeps_texts_marks_and_every_other_member(folder: Path, tmp_path: Path, name: str) -> None:
    made = written(folder / name, tmp_path, str)
    assert read(made).blocks == read(folder / name).blocks
    before, after = members(folder / name), members(made)
    assert list(after) == [one for one in before if not one.endswith("/")]
    untouched = [one for one in after if not re.search(r"(xml|rels)$", one)]
    assert {one: after[one] for one in untouched} == {one: before[one] for one in untouched}
    again = tmp_path / "again"
    again.mkdir()
    assert members(written(made, again, str)) == after


@pytest.mark.parametrize("name", FILES)
def test_nothing_says_right_to_left_afterwards(folder: Path, tmp_path: Path, name: str) -> None:
    made = members(written(folder / name, tmp_path))
    found = {part: RIGHT_TO_LEFT.findall(data.decode()) for part, data in made.items() if part.endswith(".xml")}
    assert {part: hits for part, hits in found.items() if hits} == {}


def test_libreoffice_reads_the_english(folder: Path, tmp_path: Path) -> None:
    files = [written(folder / name, tmp_path) for name in ("rare.docx", "office.odt")]
    office_files.convert(folder / "profile", "txt:Text (encoded):UTF8", *files, into=tmp_path)
    rare, office = ((tmp_path / name).read_text(encoding="utf-8-sig") for name in ("rare.txt", "office.txt"))
    assert latin("قال الوزير الجديد إن القمة ناجحة3 جدا.") in rare
    assert latin("يجتمع وزراء خارجية حلف الناتو هذا الأسبوع في مقر الحلف لمناقشة الاستعدادات للقمة.") in office


def test_libraries_read_the_english(folder: Path, tmp_path: Path) -> None:
    import docx
    from openpyxl import load_workbook
    from pptx import Presentation

    document = docx.Document(str(written(folder / "rare.docx", tmp_path)))
    assert document.sections[0].header.paragraphs[0].text == latin("وزارة الخارجية")
    assert document.core_properties.title == latin("تقرير")
    assert document.core_properties.language == "en-US"
    [slide] = Presentation(str(written(folder / "library.pptx", tmp_path))).slides
    assert slide.shapes.title.text == latin("قمة الناتو")
    assert slide.notes_slide.notes_text_frame.text == latin("ملاحظة للمتحدث")
    sheet = load_workbook(written(folder / "library.xlsx", tmp_path)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:3] == [latin("مصر"), latin("القاهرة"), 105]
    assert sheet["B2"].comment.text == latin("عاصمة كبيرة")


def test_bold_and_link_come_back_at_their_words(folder: Path, tmp_path: Path) -> None:
    made = written(folder / "office.docx", tmp_path)
    import docx

    [paragraph] = [p for p in docx.Document(str(made)).paragraphs if p.text.startswith(latin("يجتمع"))]
    assert [run.text for run in paragraph.runs if run.bold] == [latin("حلف الناتو")]
    assert [run.text for run in paragraph.runs if run.italic] == [latin("الاستعدادات")]
    assert [(link.text, link.url) for link in paragraph.hyperlinks] == [(latin("مقر الحلف"), "https://www.nato.int/")]


class TestRareThingsInWord:
    @pytest.fixture
    def body(self, folder: Path, tmp_path: Path) -> str:
        return xml(written(folder / "rare.docx", tmp_path), "word/document.xml")

    def test_inserted_text_stays_inserted_and_deleted_text_goes(self, folder: Path, body: str) -> None:
        assert re.search(r'<w:ins w:id="1" w:author="a"><w:r>(?:(?!</w:ins>).)*' + latin("الوزير الجديد"), body)
        assert "السابق" not in body
        assert formats.read(folder / "rare.docx")[1] == ("deletions under tracked changes are left out: 1",)

    def test_equal_runs_are_joined_and_complex_formats_become_plain_ones(self, body: str) -> None:
        assert (
            f'<w:r><w:rPr><w:b/><w:bCs/><w:sz w:val="40"/><w:szCs w:val="40"/></w:rPr><w:t xml:space="preserve">{latin("إن القمة")}' in body
        )
        assert "rFonts" not in body

    def test_fields_stay_whole(self, body: str) -> None:
        kinds = re.findall(
            r'fldCharType="(\w+)"|<w:instrText[^>]*> (\w+)|<w:t [^>]*>([^<]*)',
            body[body.index("HYPERLINK") - 400 : body.index("PAGE") + 500],
        )
        flat = [next(filter(None, one)).strip() for one in kinds]
        start = flat.index("begin")
        expected = ["begin", "HYPERLINK", "separate", latin("موقع الأمم المتحدة"), "end", latin("صفحة"), "begin", "PAGE", "separate"]
        assert flat[start : start + len(expected)] == expected
        assert "<w:t>١</w:t>" in body

    def test_bookmark_stands_around_its_words(self, body: str) -> None:
        assert re.search(
            rf'<w:bookmarkStart w:id="5" w:name="b"/><w:r>.{{0,60}}{latin("انظر")}\s*</w:t></w:r><w:bookmarkEnd w:id="5"/>', body
        )

    def test_tabs_and_line_breaks_stay_between_their_lines(self, body: str) -> None:
        row = re.sub(r"<w:(tab|br)/>|<[^>]+>", lambda tag: f"[{tag[1]}]" if tag[1] else "", body[: body.index("<mc:Alt")])
        assert row.endswith(f"{latin('الاسم')}[tab]{latin('القيمة')}[br]{latin('سطر جديد')}")

    def test_both_forms_of_a_text_box_are_english(self, body: str) -> None:
        assert body.count(latin("نص في إطار")) == 2

    def test_table_of_contents_keeps_its_fields_links_and_page_numbers(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "out").mkdir()
        path = tmp_path / "a.docx"
        path.write_bytes((folder / "rare.docx").read_bytes())
        office_files.set_body(path, "contents_word.xml")
        before = xml(path, "word/document.xml")
        after = xml(written(path, tmp_path / "out"), "word/document.xml").replace(' xml:space="preserve"', "")
        for text in ("مقدمة طويلة", "خاتمة"):
            before = before.replace(text, latin(text))
        assert after[after.index("<w:body>") :] == before[before.index("<w:body>") :]

    def test_controls_keep_their_properties_but_no_binding(self, body: str) -> None:
        assert '<w:alias w:val="x"/>' in body and '<w:alias w:val="y"/>' in body and "dataBinding" not in body

    def test_addresses_are_no_text_and_come_back(self, folder: Path, body: str) -> None:
        assert "un.org" not in read(folder / "rare.docx").text
        assert "https://un.org/ar" in body and "a@b.org" in body

    def test_labels_of_lists_are_english(self, folder: Path, tmp_path: Path) -> None:
        def label(text: str) -> str:
            return re.sub(r'<w:lvlText w:val="[^"]*"', '<w:lvlText w:val="المادة %1:"', text, count=1)

        path = with_member(folder / "rare.docx", tmp_path / "label.docx", "word/numbering.xml", label)
        (tmp_path / "out").mkdir()
        labels = re.findall(r'<w:lvlText w:val="([^"]*)"', xml(written(path, tmp_path / "out"), "word/numbering.xml"))
        assert labels[0] == latin("المادة") + " %1:"

    def test_raised_number_is_no_text(self, folder: Path) -> None:
        assert "قال الوزير الجديد إن القمة ناجحة جدا." in texts(read(folder / "rare.docx"))

    def test_what_was_pushed_right_goes_left(self, body: str) -> None:
        assert 'w:jc w:val="right"' not in body


def before(end: str, entry: str) -> Callable[[str], str]:
    return lambda text: text.replace(end, entry + end)


def test_chart_in_word_is_english_and_left_to_right(folder: Path, tmp_path: Path) -> None:
    [chart] = [data.decode() for name, data in members(folder / "library.pptx").items() if re.search(r"charts/chart[^/]*\.xml$", name)]
    kind = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"
    pushed = chart.replace("<a:p>", '<a:p><a:pPr rtl="1" algn="r"/>', 1)
    path = with_member(folder / "rare.docx", tmp_path / "a.docx", "word/charts/chart1.xml", lambda _: pushed)
    entries = {
        "[Content_Types].xml": ("</Types>", f'<Override PartName="/word/charts/chart1.xml" ContentType="{kind}"/>'),
        "word/_rels/document.xml.rels": ("</Relationships>", f'<Relationship Id="rId99" Type="{relation}" Target="charts/chart1.xml"/>'),
    }
    for name, (end, entry) in entries.items():
        office_files.replace_in(path, name, before(end, entry))
    (tmp_path / "out").mkdir()
    made = xml(written(path, tmp_path / "out"), "word/charts/chart1.xml")
    assert latin("عدد السكان") in made and latin("الأردن") in made and "الأردن" not in made
    assert '<a:pPr rtl="0" algn="l"/>' in made


@pytest.mark.parametrize(
    ("bidi", "alignment", "expected"),
    [
        (True, "", ""),
        (True, "left", "left"),
        (True, "center", "center"),
        (True, "both", "both"),
        (False, "right", "left"),
        (True, "right", "right"),
    ],
)
def test_alignment_in_word(tmp_path: Path, bidi: bool, alignment: str, expected: str) -> None:
    import docx

    path = tmp_path / "a.docx"
    document = docx.Document()
    for text in ("نص أول", "نص ثان", "نص ثالث"):
        document.add_paragraph(text)
    document.save(str(path))
    properties = "<w:pPr>" + "<w:bidi/>" * bidi + (f'<w:jc w:val="{alignment}"/>' if alignment else "") + "</w:pPr>"
    plain = "<w:p><w:pPr><w:bidi/></w:pPr>"
    office_files.replace_in(path, "word/document.xml", lambda text: text.replace("<w:p>", plain).replace(plain, "<w:p>" + properties, 1))
    (tmp_path / "out").mkdir()
    made = xml(written(path, tmp_path / "out"), "word/document.xml")
    assert re.findall(r'<w:jc w:val="(\w+)"', made) == ([expected] if expected else [])


def test_words_all_at_the_wrong_side_go_left(folder: Path, tmp_path: Path) -> None:
    """LibreOffice writes HTML that runs right to left with every line at the left."""
    assert 'w:jc w:val="right"' in xml(folder / "office.docx", "word/document.xml")
    assert 'w:jc w:val="right"' not in xml(written(folder / "office.docx", tmp_path), "word/document.xml")


def test_bilingual_word_file_has_the_source_above(folder: Path, tmp_path: Path) -> None:
    import docx

    made = docx.Document(str(written(folder / "pandoc.docx", tmp_path, bilingual=True)))
    lines = [paragraph.text for paragraph in made.paragraphs]
    at = lines.index("مقدمة")
    assert lines[at + 1] == latin("مقدمة")
    source = made.paragraphs[at]._p.xml
    assert "<w:bidi/>" in source and "<w:rtl/>" in source
    assert sum(line == "أولا" for line in lines) == sum(line == latin("أولا") for line in lines) == 1


def test_properties_of_the_source_above_are_in_the_order_that_word_needs(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "a.docx"
    document = docx.Document()
    document.add_paragraph("البند الأول")
    document.save(str(path))
    language = '<w:r><w:rPr><w:lang w:bidi="ar-JO"/></w:rPr><w:t'
    office_files.replace_in(path, "word/document.xml", lambda text: text.replace("<w:r><w:t", language))
    (tmp_path / "out").mkdir()
    assert "<w:rtl/><w:lang " in xml(written(path, tmp_path / "out", bilingual=True), "word/document.xml")


def test_a_damaged_part_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(data: bytes, parser: object) -> None:
        raise ValueError("not proper UTF-8 !\nBytes: 0xFF\n")

    monkeypatch.setattr("lxml.etree.fromstring", fails)
    with pytest.raises(InputError, match="^a.xml: is not well-formed XML: not proper UTF-8 ! Bytes: 0xFF$"):
        container.parse_xml(b"<a/>", "a.xml")


def test_source_above_is_not_counted_as_an_item_of_a_list(tmp_path: Path) -> None:
    import docx

    path = tmp_path / "a.docx"
    document = docx.Document()
    document.add_paragraph("البند الأول", style="List Number")
    document.save(str(path))
    (tmp_path / "out").mkdir()
    made = docx.Document(str(written(path, tmp_path / "out", bilingual=True)))
    assert [p._p.pPr is not None and 'w:numId w:val="0"' in p._p.xml for p in made.paragraphs] == [True, False]


def test_bilingual_workbook_has_the_english_below(folder: Path, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    sheet = load_workbook(written(folder / "office.xlsx", tmp_path, bilingual=True)).worksheets[0]
    assert sheet["B2"].value == f"القاهرة\n{latin('القاهرة')}"
    assert sheet["B2"].alignment.wrap_text


class TestWorkbooks:
    @pytest.mark.parametrize("name", ["library.xlsx", "office.xlsx"])
    def test_chosen_column_alone_is_translated(self, folder: Path, tmp_path: Path, name: str) -> None:
        from openpyxl import load_workbook

        made = load_workbook(written(folder / name, tmp_path, fields=("الدولة",)))
        sheet = made.worksheets[0]
        assert [cell.value for cell in sheet["A"]][:4] == ["الدولة", latin("مصر"), latin("الأردن"), latin("مصر")]
        assert [cell.value for cell in sheet["B"]][:4] == ["العاصمة", "القاهرة", "عمان", "الجيزة"]
        assert made.worksheets[1]["A1"].value == "مصر"

    def test_unknown_column_is_an_error_that_names_the_columns(self, folder: Path) -> None:
        with pytest.raises(InputError, match="no column 'نص'; its columns are الدولة, العاصمة"):
            read(folder / "library.xlsx", "نص")

    def test_formulas_stay_and_follow_the_names_of_table_columns(self, folder: Path, tmp_path: Path) -> None:
        from openpyxl import load_workbook

        sheet = load_workbook(written(folder / "library.xlsx", tmp_path)).worksheets[0]
        assert sheet["C7"].value == "=SUM(C2:C4)"
        assert sheet["D7"].value == f"=SUM(T1[{latin('السكان')}])"
        assert [column.name for column in sheet.tables["T1"].tableColumns] == [sheet.cell(1, i).value for i in (1, 2, 3)]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("SUM(T1[السكان])", "SUM(T1[Total people])"),
            ("T1[@السكان]*2", "T1[@[Total people]]*2"),
            ("T1[@[السكان]]", "T1[@[Total people]]"),
            ("SUM(T1[[العاصمة]:[السكان]])", "SUM(T1[[Item '#1]:[Total people]])"),
            ("[1]Sheet!A1", "[1]Sheet!A1"),
        ],
    )
    def test_columns_in_formulas(self, folder: Path, tmp_path: Path, before: str, after: str) -> None:
        names = {"السكان": "Total people", "العاصمة": "Item #1"}
        path = with_member(
            folder / "office.xlsx",
            tmp_path / "a.xlsx",
            "xl/worksheets/sheet1.xml",
            lambda text: text.replace("SUM(C2:C4)", before),
        )
        (tmp_path / "out").mkdir()
        made = xml(written(path, tmp_path / "out", lambda text: names.get(text, latin(text))), "xl/worksheets/sheet1.xml")
        assert f">{after}</f>" in made

    def test_headers_that_become_equal_are_told_apart(self, folder: Path, tmp_path: Path) -> None:
        from openpyxl import load_workbook

        sheet = load_workbook(written(folder / "office.xlsx", tmp_path, lambda text: "Name")).worksheets[0]
        names = [column.name for column in sheet.tables["T1"].tableColumns]
        assert names == ["Name", "Name 2", "Name 3"] == [sheet.cell(1, i).value for i in (1, 2, 3)]

    @pytest.mark.parametrize(
        ("written_as", "expected"),
        [(("Total", "TOTAL", "total"), ["Total", "TOTAL 2", "total 3"]), (("Country", "", "People"), ["Country", "العاصمة", "People"])],
    )
    def test_headers_are_told_apart_as_excel_does(
        self, folder: Path, tmp_path: Path, written_as: tuple[str, ...], expected: list[str]
    ) -> None:
        from openpyxl import load_workbook

        english = dict(zip(("الدولة", "العاصمة", "السكان"), written_as, strict=True))
        sheet = load_workbook(written(folder / "office.xlsx", tmp_path, lambda text: english.get(text, latin(text)))).worksheets[0]
        assert [column.name for column in sheet.tables["T1"].tableColumns] == expected == [sheet.cell(1, i).value for i in (1, 2, 3)]

    def test_numbers_keep_their_side_and_texts_go_left(self, folder: Path, tmp_path: Path) -> None:
        from openpyxl import load_workbook

        sheet = load_workbook(written(folder / "office.xlsx", tmp_path)).worksheets[0]
        assert (sheet["A2"].alignment.horizontal, sheet["C2"].alignment.horizontal) == ("left", "right")

    def test_page_header_keeps_its_codes(self, folder: Path, tmp_path: Path) -> None:
        from openpyxl import load_workbook

        sheet = load_workbook(written(folder / "office.xlsx", tmp_path)).worksheets[0]
        assert (sheet.oddHeader.left.text, sheet.oddHeader.center.text) == (latin("سري"), latin("وزارة الخارجية صفحة") + " &P")

    def test_chart_speaks_english(self, folder: Path, tmp_path: Path) -> None:
        made = members(written(folder / "office.xlsx", tmp_path))
        [chart] = [data.decode() for name, data in made.items() if re.search(r"charts/chart\d+\.xml$", name)]
        assert latin("عدد السكان") in chart and latin("مصر") in chart and "مصر" not in chart


class TestRareThingsInOpenDocument:
    @pytest.fixture
    def body(self, folder: Path, tmp_path: Path) -> str:
        return xml(written(folder / "rare.odt", tmp_path), "content.xml")

    def test_texts_in_reading_order_without_deleted_ones(self, folder: Path) -> None:
        assert texts(read(folder / "rare.odt"))[:10] == [
            *("قال الوزير الجديد إن القمة ناجحة جدا.", "حاشية نادرة", "انظر الموقع", "القيمة", "سطر جديد"),
            *("رأي مهم جدا هنا", "تعليق جانبي", "حول الإطار", "نص في إطار", "أول"),
        ]

    def test_inserted_text_stays_inserted_and_deleted_text_stays_deleted(self, body: str) -> None:
        assert f'<text:change-start text:change-id="c2"/>{latin("الوزير الجديد")}<text:change-end text:change-id="c2"/>' in body
        assert "<text:p>السابق</text:p></text:deletion>" in body and '<text:change text:change-id="c1"/>' in body

    def test_spans_that_change_nothing_go_and_bold_stays(self, body: str) -> None:
        assert 'text:style-name="RareId' not in body
        assert f'<text:span text:style-name="RareB">{latin("ناجحة")}</text:span><text:note ' in body
        assert re.search(r'style:name="RareB"[^>]*><style:text-properties[^>]* fo:font-weight="bold"', body)

    def test_ranges_stand_around_their_words(self, body: str) -> None:
        assert f'<text:bookmark-start text:name="rb"/>{latin("انظر")}<text:bookmark-end text:name="rb"/>' in body
        assert re.search(rf'<office:annotation office:name="ra">.*</office:annotation>{latin("مهم جدا")}<office:annotation-end', body)

    def test_tab_and_line_break_stay(self, body: str) -> None:
        assert f"{latin('الموقع')}<text:tab/>{latin('القيمة')}<text:line-break/>{latin('سطر جديد')}" in body

    def test_right_aligned_paragraph_starts_at_the_left(self, body: str) -> None:
        assert re.search(r'style:name="RareP"[^>]*><style:paragraph-properties style:writing-mode="lr-tb" fo:text-align="start"/>', body)


def test_paragraphs_of_slides_go_to_the_other_side(folder: Path, tmp_path: Path) -> None:
    slide = xml(written(folder / "library.pptx", tmp_path), "ppt/slides/slide1.xml")
    assert 'algn="l"' in slide and 'algn="r"' not in slide


def test_source_changed_meanwhile_is_an_error(folder: Path, tmp_path: Path) -> None:
    result = translated(Document((Block("نص آخر"),)))
    with pytest.raises(InputError, match="has changed since it was read"):
        formats.FORMATS[".docx"].write(result, folder / "rare.docx", FileOptions())


def with_member(source: Path, target: Path, name: str, change: Callable[[str], str]) -> Path:
    target.write_bytes(source.read_bytes())
    office_files.replace_in(target, name, change)
    return target


class TestFilesThatAreRefused:
    def refused(self, path: Path, message: str) -> None:
        with pytest.raises(InputError, match=message) as caught:
            formats.read(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)

    @pytest.mark.parametrize("suffix", [".docx", ".odt", ".pptx", ".xlsx"])
    def test_old_or_encrypted_office_file(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
        self.refused(path, f"old office file or has a password; save it in its program as {suffix}")

    @pytest.mark.parametrize("suffix", [".docx", ".odt", ".pptx", ".xlsx"])
    def test_no_zip_at_all(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_text("نص عادي", encoding="utf-8")
        self.refused(path, "is not a whole zip container")

    @pytest.mark.parametrize("name", ["rare.docx", "office.odt", "library.pptx", "library.xlsx"])
    def test_cut_off(self, folder: Path, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        path.write_bytes((folder / name).read_bytes()[:-2000])
        self.refused(path, "is not a whole zip container")

    @pytest.mark.parametrize(
        ("name", "suffix"),
        [("rare.docx", ".xlsx"), ("library.xlsx", ".docx"), ("library.pptx", ".docx"), ("rare.docx", ".odt"), ("office.odt", ".pptx")],
    )
    def test_wrong_suffix(self, folder: Path, tmp_path: Path, name: str, suffix: str) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes((folder / name).read_bytes())
        self.refused(path, "save it")

    def test_macros(self, folder: Path, tmp_path: Path) -> None:
        change = ("wordprocessingml.document.main", "macroEnabled.main")
        path = with_member(folder / "rare.docx", tmp_path / "a.docx", "[Content_Types].xml", lambda text: text.replace(*change))
        self.refused(path, "holds macros; save it without macros")

    def test_encrypted_opendocument(self, folder: Path, tmp_path: Path) -> None:
        change = ("</manifest:manifest>", "<manifest:encryption-data/></manifest:manifest>")
        path = with_member(folder / "office.odt", tmp_path / "a.odt", "META-INF/manifest.xml", lambda text: text.replace(*change))
        self.refused(path, "is encrypted; save it without a password")

    @pytest.mark.parametrize(
        ("name", "part"),
        [
            ("rare.docx", "word/document.xml"),
            ("office.odt", "content.xml"),
            ("library.pptx", "ppt/slides/slide1.xml"),
            ("library.xlsx", "xl/worksheets/sheet1.xml"),
        ],
    )
    def test_entities_and_broken_parts(self, folder: Path, tmp_path: Path, name: str, part: str) -> None:
        declared = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        made = with_member(folder / name, tmp_path / name, part, lambda text: re.sub(r"^(<\?xml[^>]*\?>)?", rf"\1{declared}", text))
        self.refused(made, "declares entities")
        self.refused(with_member(folder / name, tmp_path / name, part, lambda text: text[:-5]), "not well-formed XML")

    def test_bomb(self, folder: Path, tmp_path: Path) -> None:
        path = tmp_path / "a.docx"
        path.write_bytes((folder / "rare.docx").read_bytes())
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("word/media/a.bin", "w") as member:
            for _ in range(31):
                member.write(bytes(10_000_000))
        self.refused(path, "unpacks to more than 300 MB")
