"""CSV and TSV: which cells are translated, and that the rest keeps its bytes."""

import codecs
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InputError
from mt.formats import FileOptions
from mt.formats.tables import delimiter_of, read_table, rows
from tests.roundtrip import echoed, saved, through

TABLE = 'id,العنوان,النص,رابط\r\n1,قمة لاهاي,"وصل الوفد، وقال: ""نعم""",https://un.org/خبر\r\n2,,نص, \r\n\r\n'


def test_arabic_columns_and_headers_are_translated(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.csv", TABLE), lambda source: f"<{len(source)}>").decode()
    assert written == 'id,<7>,<4>,<4>\r\n1,<9>,"<22>",https://un.org/خبر\r\n2,,<2>, \r\n\r\n'


def test_named_columns_only(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv", TABLE)
    assert "قمة لاهاي" in through(path, options=FileOptions(fields=("النص",))).decode()
    assert through(path, options=FileOptions(fields=("3",))) == through(path, options=FileOptions(fields=("النص",)))


def test_an_unknown_column_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column 'title'; there is id, العنوان"):
        read_table(saved(tmp_path, "a.csv", TABLE), FileOptions(fields=("title",)))


def test_the_columns_are_said(tmp_path: Path) -> None:
    assert read_table(saved(tmp_path, "a.csv", "id,text\n1,نص\n"), FileOptions())[1] == ("translated columns: text",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE.encode()),
        ("a.csv", codecs.BOM_UTF8 + TABLE.encode()),
        ("a.csv", TABLE.encode("utf-16")),
        ("a.csv", "الاسم;المدينة\nوصل الوفد إلى عمان في المساء;من القاهرة\n".encode("cp1256")),
        ("a.csv", 'نص "مقتبس" هنا,"بلا نهاية\nسطر,نص'.encode()),
        ("a.csv", b"\xd9\x86\xd8\xb5"),
        ("a.csv", "نص\rنص\r".encode()),
        ("a.csv", '"فقرة أولى.\n\nفقرة ثانية."|2\n"نص"|3'.encode()),
        ("a.tsv", 'عنوان\tنص "به" علامات\t\n"نص\t3\n'.encode()),
    ],
)
def test_bytes_stay_when_the_engine_returns_its_input(tmp_path: Path, name: str, content: bytes) -> None:
    assert echoed(saved(tmp_path, name, content)) == content


def test_english_with_a_comma_is_quoted(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv", "نص,2\nنص آخر,3\n")
    assert through(path, lambda source: 'a, "b"') == b'"a, ""b""",2\n"a, ""b""",3\n'


def test_a_tsv_without_quotes_gets_none(tmp_path: Path) -> None:
    assert through(saved(tmp_path, "a.tsv", "نص\t2\n"), lambda source: 'a\t"b"') == b'a "b"\t2\n'


def test_old_encoding_without_the_character_becomes_utf8(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.csv", "وصل الوفد إلى عمان في المساء\n".encode("cp1256"))
    assert through(path, lambda source: "Müller said ő").decode("utf-8-sig") == "Müller said ő\n"


def test_placeholders_come_back(tmp_path: Path) -> None:
    assert b"{name}" in through(saved(tmp_path, "a.csv", "مرحبا {name} في عمان\n"))


@pytest.mark.parametrize(
    ("text", "delimiter"), [("a,b\n1,2", ","), ("a;b\n1,5;2", ";"), ("a\tb\nc\td", "\t"), ("نص، وآخر", ","), ("", ",")]
)
def test_delimiter(text: str, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter


def test_more_columns_than_a_sheet_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2: more than 16384 columns"):
        read_table(saved(tmp_path, "a.csv", "نص\n" + "," * 20_000), FileOptions())


@given(st.lists(st.lists(st.text('ab,"\n ن', max_size=5), min_size=1, max_size=4), max_size=4))
def test_cells_are_those_of_the_csv_module(table: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(table)
    assert [[cell.text for cell in row] for row in rows(buffer.getvalue(), ",")] == table
