"""Seeds of every format and ways to damage them, for the short test and for `tests.bench.fuzz_formats`."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from mt.errors import MTError
from mt.formats import FORMATS, NO_OPTIONS
from mt.pipeline import Pipeline
from tests.fakes import FakeEngine
from tests.roundtrip import UNCHANGED
from tests.tiny_pdf import Glyphs, drawn, pdf

TEXT = "وصل <b>الوفد</b> إلى عمان، وقال {name} «نعم» في 2025."
SRT = """1
00:00:01,000 --> 00:00:02,500
{\\an8}<i>وصل الوفد</i>

2
00:00:02,500 --> 00:00:04,000
إلى <b>عمان</b> أمس.
- نعم
- لا
"""
VTT = f"""WEBVTT
Language: ar

NOTE نص

id
00:01.000 --> 00:03.000 align:right
<v نص>{TEXT} &amp; نعم

00:03.000 --> 00:05.000
لا
"""
PO = r"""msgid ""
msgstr ""
"Language: ar\n"
"Plural-Forms: nplurals=6; plural=0;\n"

#, c-format
msgctxt "a"
msgid "وصل %s"
msgstr ""

msgid "%d file"
msgid_plural "%d files"
msgstr[0] "ملف"
msgstr[1] "%d ملفات"

#~ msgid "x"
#~ msgstr "نص"
"""
XLIFF = """<?xml version="1.0"?>
<xliff version="1.2"><file source-language="ar" original="x" datatype="x"><body>
<trans-unit id="1"><source>وصل <g id="1">الوفد</g><x id="2"/> <ph id="3">نص</ph> &amp; نعم</source><target/></trans-unit>
</body></file></xliff>
"""
TMX = """<?xml version="1.0"?>
<tmx version="1.4"><header srclang="ar"/><body>
<tu><tuv xml:lang="ar"><seg>وصل <bpt i="1">x</bpt>الوفد<ept i="1"/></seg></tuv></tu>
</body></tmx>
"""
XHTML = f"""<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" dir="rtl"><head><title>قمة</title></head><body><p>{TEXT.replace("«", "&#171;")}</p></body></html>
"""
HTML = f"""<!DOCTYPE html>
<html dir="rtl" lang="ar"><head><title>{TEXT}</title></head><body><p class="a">{TEXT}</p><script>x</script></body></html>
"""
TEXTS: dict[str, str] = {
    ".txt": f"عنوان\n\n{TEXT}\n- {TEXT}\n",
    ".html": HTML,
    ".xhtml": XHTML,
    ".md": f"---\ntitle: نص\n---\n# {TEXT}\n\n* **{TEXT}** [نص](http://a.b)\n\n```\nنص\n```\n\n| نص | نص |\n|---|---|\n| نص | 1 |\n",
    ".csv": f'id,نص\r\n1,"{TEXT} ""نعم"""\r\n2,{TEXT}\r\n',
    ".tsv": f"id\tنص\n1\t{TEXT}\n2\t{TEXT}\n",
    ".json": f'{{"id": "نص", "title": "{TEXT}", "body": {{"tags": ["نص", "\\u0646\\u0635"], "n": -1.5e3}}}}\n',
    ".jsonl": f'{{"title": "{TEXT}"}}\n{{"title": "نص", "n": [1, true, null]}}\n',
    ".srt": SRT,
    ".vtt": VTT,
    ".po": PO,
    ".xlf": XLIFF,
    ".tmx": TMX,
}
PIECES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"<",
    b">",
    b"&",
    b'"',
    b"\\",
    b"{" * 50,
    b"[" * 2000,
    b"<b>" * 500,
    b"\r",
    b"-->",
    b"\xd9",
    b"%s",
    b"9" * 400,
)


@cache
def seeds() -> dict[str, tuple[bytes, ...]]:
    """Small files of every format, by suffix; each format has one at least."""
    found = {suffix: (text.encode(),) for suffix, text in TEXTS.items()}
    found[".pdf"] = (_pdf(),)
    found |= {suffix: (make(),) for suffix, make in CONTAINERS.items()}
    alike = {id(form): suffix for suffix, form in FORMATS.items() if suffix in found}
    return {suffix: found[suffix if suffix in found else alike[id(form)]] for suffix, form in FORMATS.items()}


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """The seed with one to four damages; of a zip archive, half of the time inside one of its members."""
    if seed.startswith(b"PK") and chance.random() < 0.7:
        return _inside(seed, chance)
    data = seed
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(DAMAGES)(data, chance)
    return data


def attempt(path: Path) -> str:
    """What becomes of a file on the whole path: "written", or "refused" with an error of ours; other errors come through."""
    form = FORMATS[path.suffix]
    try:
        document, _ = form.read(path, NO_OPTIONS)
        form.write(Pipeline(UNCHANGED, FakeEngine(max_source_tokens=200)).translate(document), path, NO_OPTIONS)
    except MTError as error:
        message = str(error)
    else:
        return "written"
    assert message and "\n" not in message, f"not one line: {message}"
    return "refused"


def _place(data: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(data))


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: _place(data, chance)]


def _delete(data: bytes, chance: random.Random) -> bytes:
    start = _place(data, chance)
    return data[:start] + data[start + chance.randint(1, 40) :]


def _double(data: bytes, chance: random.Random) -> bytes:
    start = _place(data, chance)
    chunk = data[start : start + chance.randint(1, 200)]
    return data[:start] + chunk * chance.choice((2, 3, 50)) + data[start:]


def _splice(data: bytes, chance: random.Random) -> bytes:
    start = _place(data, chance)
    return data[:start] + chance.choice(PIECES) + data[start:]


def _swap(data: bytes, chance: random.Random) -> bytes:
    a, b = sorted((_place(data, chance), _place(data, chance)))
    return data[b:] + data[a:b] + data[:a]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_flip, _cut, _delete, _double, _splice, _swap)


def _inside(seed: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(seed)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    chosen = chance.randrange(len(members))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, (info, data) in enumerate(members):
            archive.writestr(info, mutated(data, chance) if i == chosen else data)
    return buffer.getvalue()


# Seeds that have to be made


def _pdf() -> bytes:
    lines = [drawn("قمة الناتو"), drawn("وصل الوفد إلى عمان"), drawn("في المساء.") + "2025", "(NATO) " + drawn("نعم")]
    page = [Glyphs(text, 60, 700 - 15 * i, 20 if i == 0 else 12) for i, text in enumerate(lines)]
    return pdf([page, page])


def _saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]
    return buffer.getvalue()


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("قمة الناتو", 1)
    paragraph = document.add_paragraph("وصل ")
    paragraph.add_run("الوفد").bold = True
    document.add_table(1, 2).cell(0, 0).text = "نص"
    document.sections[0].header.paragraphs[0].text = "صحيفة"
    return _saved(document)


def _pptx() -> bytes:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = "قمة الناتو"
    return _saved(deck)


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["نص", 1, "=A1"])
    return _saved(book)


def _zip(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ODT = """<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>
<text:h text:outline-level="1">قمة</text:h><text:p>وصل <text:span text:style-name="T1">الوفد</text:span></text:p>
</office:text></office:body></office:document-content>"""
ODT_MANIFEST = """<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/></manifest:manifest>"""
EPUB_CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>
<rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
EPUB_PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title>قمة</dc:title><dc:language>ar</dc:language></metadata>
<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine page-progression-direction="rtl"><itemref idref="a"/></spine></package>"""


def _odt() -> bytes:
    media = "application/vnd.oasis.opendocument.text"
    return _zip({"mimetype": media, "content.xml": ODT, "META-INF/manifest.xml": ODT_MANIFEST})


def _epub() -> bytes:
    members = {"META-INF/container.xml": EPUB_CONTAINER, "a.opf": EPUB_PACKAGE, "a.xhtml": XHTML}
    return _zip({"mimetype": "application/epub+zip", **members})


CONTAINERS: dict[str, Callable[[], bytes]] = {".docx": _docx, ".pptx": _pptx, ".xlsx": _xlsx, ".odt": _odt, ".epub": _epub}
