"""PO: which side is translated, plural forms, the header; polib and gettext read the result."""

from pathlib import Path

import polib
import pytest

from mt.errors import InputError
from mt.formats import FORMATS, NO_OPTIONS
from tests.roundtrip import echoed, saved, through

ARABIC_IDS = r"""# مترجم
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: ar\n"
"Plural-Forms: nplurals=2; plural=n!=1;\n"

#. ملاحظة
#: src/a.c:1
#, c-format
msgctxt "menu"
msgid "مرحبا %s في\n"
"عمان"
msgstr ""

msgid "وصل"
msgstr "Arrived"

#, fuzzy
msgid "غادر"
msgstr "Left?"

msgid "%d ملف"
msgid_plural "%d ملفات"
msgstr[0] ""
msgstr[1] ""

#~ msgid "قديم"
#~ msgstr ""
"""
ARABIC_STRINGS = r"""msgid ""
msgstr "Language: ar_EG\nPlural-Forms: nplurals=6; plural=n==0 ? 0 : 5;\n"

msgid "arrived"
msgstr "وصل \"الوفد\"\tأمس"

msgid "%d file"
msgid_plural "%d files"
msgstr[0] "لا ملفات"
msgstr[1] "ملف واحد"
msgstr[2] "ملفان"
msgstr[3] "%d ملفات"
msgstr[4] "%d ملفا"
msgstr[5] "%d ملف"

msgid "plain"
msgstr ""
"""


def translated(path: Path) -> polib.POFile:
    path.write_bytes(through(path))
    return polib.pofile(str(path))


def test_arabic_messages_get_a_translation(tmp_path: Path) -> None:
    po = translated(saved(tmp_path, "a.po", ARABIC_IDS))
    assert po.metadata["Language"] == "en"
    assert po.find("وصل").msgstr == "Arrived"
    assert po.find("غادر").msgstr == "Uadr." and po.find("غادر").fuzzy
    hello = po.find("مرحبا %s في\nعمان")
    assert "%s" in hello.msgstr and hello.msgstr.count("\n") == 1 and "c-format" in hello.flags and hello.msgctxt == "menu"
    files = po.find("%d ملف")
    assert all("%d" in text for text in files.msgstr_plural.values()) and len(files.msgstr_plural) == 2
    assert [entry.msgid for entry in po.obsolete_entries()] == ["قديم"]


def test_arabic_translations_are_translated_and_have_two_forms(tmp_path: Path) -> None:
    po = translated(saved(tmp_path, "a.po", ARABIC_STRINGS))
    assert po.metadata["Plural-Forms"] == "nplurals=2; plural=(n != 1);"
    assert po.find("arrived").msgstr.startswith("Wcl")
    assert set(po.find("%d file").msgstr_plural) == {0, 1}
    assert "%d" not in po.find("%d file").msgstr_plural[0] and "%d" in po.find("%d file").msgstr_plural[1]
    assert po.find("plain").msgstr == ""


def test_a_header_without_plural_forms_gets_them(tmp_path: Path) -> None:
    content = ARABIC_STRINGS.replace("\\nPlural-Forms: nplurals=6; plural=n==0 ? 0 : 5;", "")
    assert content != ARABIC_STRINGS
    assert translated(saved(tmp_path, "a.po", content)).metadata["Plural-Forms"] == "nplurals=2; plural=(n != 1);"


def test_what_is_not_translated_keeps_its_bytes(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.po", ARABIC_IDS), lambda source: "E").decode()
    kept = [line for line in ARABIC_IDS.splitlines() if not line.startswith(('"Language', '"Plural', "msgstr"))]
    position = 0
    for line in kept:
        position = written.index(line, position)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("content", [ARABIC_STRINGS, 'msgid "a"\nmsgstr ""\n"نص"\n\n# نهاية'])
def test_bytes_stay_when_the_engine_returns_its_input(tmp_path: Path, content: str, ends: str) -> None:
    content = content.replace("\n", ends)
    assert echoed(saved(tmp_path, "a.po", content)) == content.encode()


def test_long_english_is_folded(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.po", 'msgid "نص"\nmsgstr ""\n')
    english = "word " * 30 + "end"
    path.write_bytes(through(path, lambda source: english))
    assert polib.pofile(str(path)).find("نص").msgstr == english
    assert max(len(line) for line in path.read_text().splitlines()) <= 80


@pytest.mark.parametrize(("content", "message"), [("", "no entry"), ('msgid "نص"\nmsgstr "a\n', "line 2: not a line of a PO file")])
def test_broken_files_are_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FORMATS[".po"].read(saved(tmp_path, "a.po", content), NO_OPTIONS)
