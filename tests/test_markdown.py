"""Markdown: text in place, everything else byte for byte."""

from pathlib import Path

import pytest

from mt import formats
from mt.formats import FileOptions
from tests.fakes import plain_english
from tests.marked import echoed, through

TEXT = """---
title: قمة الناتو
lang: ar
---
# قمة **الناتو** في لاهاي #

العنوان الثاني
--------------

\t نص = "كود"

> قال الوزير **إن المحادثات
> بدأت** في [جنيف](http://x.org/a_(b) "مدينة جنيف") ![صورة *الوفد*](a.png) أمس.

| اسم | عدد \\| كم | |
|---|:-:|---|
| مصر | `كود` | اسم |

- [ ] مهمة أولى[^1]
  1. سطر أول\\
     سطر ثان

```python
x = "مرحبا"
```

[^1]: ملاحظة *مهمة* و~~محذوفة~~

نص <kbd>حفظ</kbd> هنا <https://a.b> و[مرجع][ref] و[ref] \\* نجمة &copy; ``كو`د`` <br> {name}

<p align="center">فقرة <b>مهمة</b> <img alt="صورة"></p>

[ref]: http://z "عنوان"
"""


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.md"
    path.write_bytes(TEXT.encode())
    return path


def test_everything_that_people_read_is_read_in_order(text: Path) -> None:
    document, _ = formats.read(text)
    assert [(block.text, block.kind) for block in document.blocks] == [
        ("قمة الناتو في لاهاي", "heading"),
        ("العنوان الثاني", "heading"),
        ("قال الوزير إن المحادثات بدأت في جنيف  أمس.", "paragraph"),
        ("مدينة جنيف", "paragraph"),
        ("صورة الوفد", "paragraph"),
        ("اسم", "cell"),
        ("عدد | كم", "cell"),
        ("مصر", "cell"),
        ("اسم", "cell"),
        ("مهمة أولى", "list_item"),
        ("سطر أول", "list_item"),
        ("سطر ثان", "list_item"),
        ("ملاحظة مهمة ومحذوفة", "paragraph"),
        ("نص حفظ هنا  ومرجع وref * نجمة ©", "paragraph"),
        ("فقرة مهمة", "caption"),
        ("صورة", "caption"),
    ]
    assert document.title == "قمة الناتو في لاهاي"


def test_an_engine_that_returns_its_input_gives_the_text_back(text: Path) -> None:
    assert echoed(text) == text.read_bytes()


def test_translated_text_keeps_its_markup(text: Path) -> None:
    made = through(text, plain_english).decode()
    assert made.startswith("---\ntitle: قمة الناتو\nlang: ar\n---\n# Kma **alnatw** fi lahai. #\n")
    assert '> Kal alwzir **an almhadqat bdat** fi [jnif](http://x.org/a_(b) "Mdina jnif.") ![Cwra *alwfd*.](a.png) ams.\n\n' in made
    assert "| Asm. | Gdd \\| km. | |\n|---|:-:|---|\n| Mcr. | `كود` | Asm. |\n" in made
    assert "- [ ] Mhma awli.[^1]\n  1. Sor awl.\\\n     Sor qan.\n" in made
    assert '```python\nx = "مرحبا"\n```\n' in made
    assert '\t نص = "كود"\n' in made
    assert '[ref]: http://z "عنوان"\n' in made
    assert '<p align="center">Fkra <b>mhma</b>. <img alt="Cwra."></p>' in made
    for kept in ("``كو`د``", "<https://a.b>", "{name}", "[wmrjg][ref]", "\\*"):
        assert made.count(kept) == TEXT.count(kept) or kept == "[wmrjg][ref]"
    reread = formats.read(text)[0]
    text.write_text(made, encoding="utf-8")
    assert [block.kind for block in formats.read(text)[0].blocks] == [block.kind for block in reread.blocks]


def test_bilingual_text_has_the_source_above(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# عنوان\n\n- بند **مهم**\n", encoding="utf-8")
    made = through(path, plain_english, FileOptions(bilingual=True)).decode()
    assert made == "# عنوان<br>Gnwan.\n\n- بند **مهم**<br>Bnd **mhm**.\n"


def test_tags_are_turned(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text('<div dir="rtl" lang="ar">\n\nنص <span dir="rtl">آخر</span>\n\n</div>\n', encoding="utf-8")
    assert echoed(path).decode() == '<div dir="ltr" lang="en">\n\nنص <span dir="ltr">آخر</span>\n\n</div>\n'


@pytest.mark.parametrize(
    ("english", "written"),
    [
        ("1. June 2024", "1\\. June 2024"),
        ("# one", "\\# one"),
        ("- one", "\\- one"),
        ("> one", "\\> one"),
        ("a * b ` c", "a \\* b \\` c"),
        ("snake_case _a_", "snake_case \\_a\\_"),
        ("a [b](c)", "a [b\\](c)"),
        ("a <b> & c &amp;", "a \\<b> & c \\&amp;"),
        ("5 < 6", "5 < 6"),
    ],
)
def test_english_is_not_taken_for_markup(tmp_path: Path, english: str, written: str) -> None:
    path = tmp_path / "a.md"
    path.write_text("نص\n", encoding="utf-8")
    assert through(path, lambda source: english).decode() == written + "\n"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "نص",
        "نص\r\n\r\nآخر\r\n",
        "* نص\n\n\tآخر\n",
        "1) نص\n   > آخر\n   > ثالث\n",
        "نص\n===\n",
        "**نص",
        "[نص](",
        "[نص][]",
        "![نص]",
        "| نص |\n|-|\n| `\\|` نص |\n",
        "نص  \nآخر\\\nثالث",
        "\\[نص\\] \\\\ &#1606;",
        "<!-- نص -->\n",
        "***نص** آخر*",
        "__نص__ _آخر_",
        "   نص\n  آخر",
        "-   نص\n\n    ```\n    كود\n    ```\n",
        "> نص\nآخر",
        "[نص]: http://a\n\nنص",
        "# \n\n#\n\n- \n",
        "نص[^1][^2]\n\n[^1]: أ\n",
        "---\nنص: أ",
        "\ufeffنص",
    ],
)
def test_whatever_is_written_comes_back(tmp_path: Path, source: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes((source + "\n\nوصل الوفد.\n").encode())
    assert echoed(path) == path.read_bytes()
    assert "Wcl alwfd." in through(path, plain_english).decode()


@pytest.mark.parametrize("piece", ["*", "[", "> ", "`", "- ", "![", "<a ", "| ", "_a", "\\", "&", "[^1]"])
def test_hostile_markdown_comes_back(tmp_path: Path, piece: str) -> None:
    path = tmp_path / "a.md"
    path.write_text("وصل الوفد. " + piece * 500 + "\n", encoding="utf-8")
    assert echoed(path) == path.read_bytes()
