"""Books: made by Pandoc's layout in miniature, turned, hostile."""

import io
import zipfile
from pathlib import Path

import pytest

from mt import formats
from mt.errors import InputError
from mt.formats import container
from tests.fakes import plain_english
from tests.marked import echoed, through

CONTAINER = '<?xml version="1.0"?><container><rootfiles><rootfile full-path="EPUB/book.opf"/></rootfiles></container>'
PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0" xml:lang="ar" dir="rtl"><metadata>
<dc:title id="t">كتاب القمة</dc:title><dc:creator>محمد سعد</dc:creator><dc:language>ar</dc:language></metadata>
<manifest><item id="c2" href="text/two.xhtml" media-type="application/xhtml+xml"/>
<item id="c1" href="text/%6Fne.xhtml" media-type="application/xhtml+xml"/>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="css" href="a.css" media-type="text/css"/></manifest>
<spine page-progression-direction="rtl"><itemref idref="c1"/><itemref idref="c2"/></spine></package>"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="ar" lang="ar" dir="rtl"><head><title>الفصل</title></head>
<body><p>{text}<a id="x"/> و<em>انتهى</em>.<br/></p></body></html>"""
NCX = """<ncx><docTitle><text>كتاب القمة</text></docTitle>
<navMap><navPoint id="n"><navLabel><text>الفصل</text></navLabel></navPoint></navMap></ncx>"""


def book(path: Path, **changed: str) -> Path:
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "EPUB/book.opf": PACKAGE,
        "EPUB/text/one.xhtml": PAGE.format(text="وصل الوفد"),
        "EPUB/text/two.xhtml": PAGE.format(text="غادر الوفد"),
        "EPUB/nav.xhtml": '<nav><ol><li><a href="text/one.xhtml">الفصل الأول</a></li></ol></nav>',
        "EPUB/toc.ncx": NCX,
        "EPUB/a.css": "body { direction: rtl; text-align: right }",
        "EPUB/picture.png": "\x89PNG",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | changed).items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return path


def unpacked(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {
            info.filename: archive.read(info).decode("latin-1" if info.filename.endswith("png") else "utf-8") for info in archive.infolist()
        }


def test_chapters_are_read_in_reading_order(tmp_path: Path) -> None:
    document, _ = formats.read(book(tmp_path / "a.epub"))
    assert [block.text for block in document.blocks] == [
        "كتاب القمة",
        "الفصل",
        "وصل الوفد وانتهى.",
        "الفصل",
        "غادر الوفد وانتهى.",
        "الفصل الأول",
        "كتاب القمة",
        "الفصل",
    ]
    assert document.title == "كتاب القمة"


def test_an_engine_that_returns_its_input_gives_the_book_back_turned(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub")
    before, after = unpacked(path.read_bytes()), unpacked(echoed(path))
    assert list(after) == list(before)
    turned = {
        "EPUB/book.opf": PACKAGE.replace('xml:lang="ar" dir="rtl"', 'xml:lang="en" dir="ltr"')
        .replace("<dc:language>ar", "<dc:language>en")
        .replace('direction="rtl"', 'direction="ltr"'),
        "EPUB/a.css": "body { direction: ltr; text-align: left }",
        **{
            name: before[name].replace('xml:lang="ar" lang="ar" dir="rtl"', 'xml:lang="en" lang="en" dir="ltr"')
            for name in ("EPUB/text/one.xhtml", "EPUB/text/two.xhtml")
        },
    }
    assert after == before | turned


def test_a_translated_book_is_whole_with_its_type_first_and_stored(tmp_path: Path) -> None:
    path = book(tmp_path / "a.epub")
    made = through(path, plain_english)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        for name in archive.namelist():
            if name.endswith((".xhtml", ".opf", ".ncx")):
                assert container.parse_xml(archive.read(name), name) is not None
    files = unpacked(made)
    assert '<dc:title id="t">Ktab alkma.</dc:title><dc:creator>محمد سعد</dc:creator>' in files["EPUB/book.opf"]
    assert '<p>Wcl alwfd<a id="x"/> <em>wanthi</em>.<br/></p>' in files["EPUB/text/one.xhtml"]
    assert "<text>Alfcl.</text>" in files["EPUB/toc.ncx"]
    assert files["EPUB/picture.png"] == unpacked(path.read_bytes())["EPUB/picture.png"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"META-INF/container.xml": ""}, "package document is missing"),
        ({"EPUB/text/one.xhtml": '<!DOCTYPE a [<!ENTITY lol "lol">]><p>&lol;</p>'}, "declares entities"),
        ({"META-INF/container.xml": '<rootfile full-path="../../etc/passwd"/>'}, "package document is missing"),
    ],
)
def test_hostile_books_are_refused(tmp_path: Path, changed: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        formats.read(book(tmp_path / "a.epub", **changed))
    assert str(raised.value).startswith(str(tmp_path))


def bomb(size: int, count: int = 1) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(count):
            archive.writestr(f"file{i}", bytes(size))
    return made.getvalue()


def encrypted() -> bytes:
    data = bytearray(bomb(10))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def damaged() -> bytes:
    data = bytearray(bomb(100_000))
    data[60] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a whole zip container"),
        (b"PK\x03\x04" + bytes(100), "is not a whole zip container"),
        (bomb(10)[:-10], "is not a whole zip container"),
        (damaged(), "is not a whole zip container"),
        (bomb(4_000_000, 80), "unpacks to more than 300 MB"),
        (encrypted(), "is encrypted; save it without a password"),
        (bomb(0, 20_001), "holds 20001 files"),
    ],
    ids=["empty", "start", "cut", "damaged", "bomb", "encrypted", "many"],
)
def test_hostile_containers_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.epub"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        container.unpack(path)


LAUGHTER = "".join(f'<!ENTITY a{i + 1} "{f"&a{i};" * 10}">' for i in range(9))
LAUGHS = f'<!DOCTYPE a [<!ENTITY a0 "ha">{LAUGHTER}]><a>&a9;</a>'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("<a>", "is not well-formed XML"),
        ("", "is not well-formed XML"),
        (LAUGHS, "declares entities|is not well-formed"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "declares entities"),
        ("<a>" * 201 + "</a>" * 201, "more than 200 elements inside each other"),
        ("<a>" * 5000 + "</a>" * 5000, "is not well-formed XML|elements inside each other"),
    ],
    ids=["open", "empty", "laughs", "external", "deep", "deeper"],
)
def test_hostile_xml_is_refused(data: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        container.parse_xml(data.encode(), "a.xml")
