"""Web pages: what is read in them, what is turned, and what stays byte for byte."""

import html
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mt import formats
from mt.errors import InputError
from mt.formats import FileOptions, direction, markup
from tests.fakes import plain_english
from tests.marked import echoed, through

PAGE = """<!DOCTYPE html>
<HTML lang=ar-EG dir="rtl"><head><meta charset="utf-8"><title>قمة &laquo;الناتو&raquo;</title>
<meta name='description' content='أخبار القمة'><meta property="og:locale" content="ar_AR">
<link rel=stylesheet href="a.css?x=1&y=2">
<style>body{direction:rtl;text-align:right} pre{direction:ltr;text-align:left} .x{float:left}</style>
<script>if (a < b) document.write("<p>مرحبا</p>");</script></head>
<body class="rtl">
<!-- تعليق <b> -->
<h1 align=right>وصل <b>الوفد</b> إلى <a href="/x?a=1&amp;b=2" title="مدينة عمان" >عمّان</a></h1>
<p>  قال الوزير<sup id=f1><a href="#1">[1]</a></sup> إن المحادثات &laquo;بدأت&raquo; يوم&nbsp;الثلاثاء.<br />وغادر الوفد.
 <img src=a.png alt='صورة الوفد'> </p>
<p style="color:red;text-align: right">استخدم الأمر <code>mt &lt;نص&gt;</code> ثم اضغط <kbd>حفظ</kbd>.</p>
<ul><li>أول<li><b>ثان</ul><p>بلا نهاية
<p translate=no>هذا يبقى</p>
<pre>سطر أول
سطر ثان</pre>
<table><tr><th scope=col>الاسم<td>١٢٣ دولار</table>
<form><input type=submit value=إرسال><input placeholder="ابحث هنا" value="يبقى"><button>حفظ</button><select><option>مصر</select></form>
<div>نص <span dir="rtl" lang="ar">داخل <i></i></span> النص</div><svg><text>شكل</text></svg>
</body></HTML>
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, encoding="utf-8")
    return path


class Tags(HTMLParser):
    """Counts tags, and checks what must nest."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        self.found["/" + tag] += 1


def texts(path: Path) -> list[str]:
    return [block.text for block in formats.read(path)[0].blocks]


def test_everything_that_people_read_is_read_in_order(page: Path) -> None:
    document, notes = formats.read(page)
    assert [(block.text, block.kind) for block in document.blocks] == [
        ("قمة «الناتو»", "title"),
        ("أخبار القمة", "caption"),
        ("وصل الوفد إلى عمّان", "heading"),
        ("مدينة عمان", "caption"),
        ("قال الوزير إن المحادثات «بدأت» يوم الثلاثاء.", "paragraph"),
        ("وغادر الوفد.", "paragraph"),
        ("صورة الوفد", "caption"),
        ("استخدم الأمر  ثم اضغط .", "paragraph"),
        ("أول", "list_item"),
        ("ثان", "list_item"),
        ("بلا نهاية", "paragraph"),
        ("سطر أول", "paragraph"),
        ("سطر ثان", "paragraph"),
        ("الاسم", "cell"),
        ("١٢٣ دولار", "cell"),
        ("إرسال", "caption"),
        ("ابحث هنا", "caption"),
        ("حفظ", "paragraph"),
        ("مصر", "list_item"),
        ("نص داخل  النص", "paragraph"),
    ]
    assert (document.title, notes) == ("قمة «الناتو»", ())


def test_an_engine_that_returns_its_input_gives_the_page_back_turned(page: Path) -> None:
    turned = PAGE
    for before, after in [
        ('lang=ar-EG dir="rtl"', 'lang=en dir="ltr"'),
        ("ar_AR", "en_US"),
        ("body{direction:rtl;text-align:right}", "body{direction:ltr;text-align:left}"),
        (".x{float:left}", ".x{float:right}"),
        ("align=right", "align=left"),
        ("text-align: right", "text-align: left"),
        ('<span dir="rtl" lang="ar">', '<span dir="ltr" lang="en">'),
        ("١٢٣ دولار", "١٢٣ دولار"),
    ]:
        assert before in turned
        turned = turned.replace(before, after)
    assert echoed(page).decode() == turned


def test_a_page_with_nothing_to_turn_comes_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_bytes("\ufeff<p CLASS='a'  >قال <B>الوزير</B>\r\n إن & <br>&copy; <!x> <? y ?> </p><p>1 < 2 \r <a href=x>تم</p>\t".encode())
    assert echoed(path) == path.read_bytes()


def test_translated_pages_keep_every_tag_and_what_is_not_text(page: Path) -> None:
    made = through(page, plain_english).decode()
    assert Tags(made).found == Tags(PAGE).found
    for kept in [
        '<script>if (a < b) document.write("<p>مرحبا</p>");</script>',
        "<!-- تعليق <b> -->",
        "<code>mt &lt;نص&gt;</code>",
        "<kbd>حفظ</kbd>",
        "<p translate=no>هذا يبقى</p>",
        '<link rel=stylesheet href="a.css?x=1&y=2">',
        'value="يبقى"',
        "<svg><text>شكل</text></svg>",
        "pre{direction:ltr;text-align:left}",
    ]:
        assert kept in made
    assert "<b>alwfd</b> ali <a " in made
    assert "iwm&nbsp;alqlaqai" in made
    assert 'title="Mdina gman."' in made
    assert '<input type=submit value="Arsal."' in made
    assert '<sup id=f1><a href="#1">[1]</a></sup> an' in made


def test_bilingual_pages_show_the_source_above_and_no_id_twice(page: Path) -> None:
    made = through(page, plain_english, FileOptions(bilingual=True)).decode()
    assert '<h1 align=left><span class="mt-source" lang="ar" dir="rtl" style="display:block;text-align:start">وصل <b>الوفد</b>' in made
    assert made.count("id=f1") == 1
    assert "<title>Kma «alnatw».</title>" in made


@pytest.mark.parametrize("mark", ['<a href="#f"><sup>1</sup></a>', "<sup>[2]</sup>", '<sup id=a><a href="#b">*</a></sup>', "<sub>12</sub>"])
def test_footnote_marks_are_no_text(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<p>قال الوزير{mark} إن المحادثات بدأت.</p>", encoding="utf-8")
    assert texts(path) == ["قال الوزير إن المحادثات بدأت."]
    assert through(path, lambda source: "The minister said that the talks had begun.").decode() == (
        f"<p>The minister{mark} said that the talks had begun.</p>"
    )


def test_arabic_digits_of_a_footnote_mark_become_english_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<p>وصل الوفد<sup>٣</sup>.</p>", encoding="utf-8")
    assert through(path, plain_english).decode() == "<p>Wcl alwfd<sup>3</sup>.</p>"


@pytest.mark.parametrize("value", ['a "quoted" text', "it's", "a < b & c"])
@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_english_in_attributes_is_quoted(tmp_path: Path, value: str, quote: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<img alt={quote}صورة{quote}>", encoding="utf-8")
    found = re.search("<img alt=(\"[^\"]*\"|'[^']*')>", through(path, lambda source: value).decode())
    assert found is not None
    assert html.unescape(found[1][1:-1]) == value


def test_english_between_tags_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<p>نص</p>", encoding="utf-8")
    assert through(path, lambda source: "a <b> & c") == b"<p>a &lt;b&gt; &amp; c</p>"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1256">', "cp1256"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-6'>", "iso8859_6"),
        ('<?xml version="1.0" encoding="UTF-8"?>', "utf-8"),
        ("", "utf-8"),
        ("", "cp1256"),
        ('<meta charset="nonsense">', "utf-8"),
        ('<meta charset="us-ascii">', "utf-8"),
        ("", "utf-16"),
    ],
)
def test_the_encoding_is_found_and_kept(tmp_path: Path, head: str, encoding: str) -> None:
    path = tmp_path / "a.html"
    path.write_bytes(f"{head}<p>وصل الوفد إلى المدينة في المساء وقال إن المحادثات بدأت</p>".encode(encoding))
    assert texts(path) == ["وصل الوفد إلى المدينة في المساء وقال إن المحادثات بدأت"]
    assert through(path, lambda source: "Price “5 €” ☃").decode(encoding) in {
        f"{head}<p>Price “5 €” ☃</p>",
        f"{head}<p>Price “5 €” &#9731;</p>",
        f"{head}<p>Price &#8220;5 &#8364;&#8221; &#9731;</p>",
    }
    assert echoed(path) == path.read_bytes()


@pytest.mark.parametrize(
    ("source", "blocks"),
    [
        ("شارع الجامعة<br>القاهرة<br><br>مصر", ["شارع الجامعة", "القاهرة", "مصر"]),
        ("قال المتحدث باسم الحكومة إن الوزراء سيجتمعون غدا في العاصمة من<br>أجل بحث الأزمة", None),
        ("<b>نص <p>آخر</b> هنا", ["نص", "آخر", "هنا"]),
        ("<b>نص <i>آخر</b> هنا</i>", ["نص", "آخر", "هنا"]),
        ("<a href=x><div>عنوان</div></a>", ["عنوان"]),
        ("<p><a id=x></a><!-- c -->نص</p>", ["نص"]),
        ("نص <script>var a</script> آخر", ["نص  آخر"]),
        ("<p>&nbsp;</p><p>…</p><p>٣</p>", ["٣"]),
        ("&#1606;&#1589;", ["نص"]),
        ("<textarea>نص</textarea><style>نص</style><p>a", ["a"]),
        ("", []),
    ],
)
def test_paragraphs_end_where_their_text_does(tmp_path: Path, source: str, blocks: list[str] | None) -> None:
    path = tmp_path / "a.html"
    path.write_text(source, encoding="utf-8")
    assert texts(path) == (blocks if blocks is not None else [re.sub("<br>", "\n", source)])


@pytest.mark.parametrize(
    "source",
    [
        "<",
        "<p",
        "<p a='",
        "<!--",
        "<!DOCTYPE [",
        "<![CDATA[",
        "</",
        "</p",
        "<script>",
        "<p a=b",
        "&",
        "<p/",
        "<?",
        "<title>نص",
        "<a <b> نص",
    ],
)
@pytest.mark.parametrize("times", [1, 3000])
def test_broken_tags_come_back_to_the_letter(tmp_path: Path, source: str, times: int) -> None:
    source = "نص " + source * times
    path = tmp_path / "a.html"
    path.write_text(source, encoding="utf-8")
    assert "".join(source[token.start : token.end] for token in markup.tokens(source)) == source
    assert echoed(path).decode() == source


@pytest.mark.parametrize("tag", ["b", "div", "span dir=rtl", "li", "pre"])
def test_deep_nesting_is_refused_or_read(tmp_path: Path, tag: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<{tag}>نص " * 2000 + f"</{tag.split()[0]}>" * 2000, encoding="utf-8")
    if tag in {"b", "span dir=rtl"}:
        with pytest.raises(InputError, match="more than 100 elements inside each other"):
            formats.read(path)
    else:
        assert echoed(path)


def test_a_page_that_changed_is_refused(page: Path) -> None:
    def changing(source: str) -> str:
        page.write_text(PAGE.replace("وصل", "غادر"), encoding="utf-8")
        return source

    with pytest.raises(InputError, match="has changed since it was read"):
        through(page, changing)


@pytest.mark.parametrize(
    ("name", "value", "turned"),
    [
        ("dir", "RTL", "ltr"),
        ("dir", "auto", "auto"),
        ("lang", "ar", "en"),
        ("lang", "arc", "arc"),
        ("xml:lang", "ar-SA", "en"),
        ("align", "left", "left"),
        ("align", "Right", "left"),
        ("align", "center", "center"),
        ("style", "direction : rtl ; margin-left:1px;left:0", "direction : ltr ; margin-right:1px;left:0"),
        ("style", "border-right-width:1px;text-align:right", "border-right-width:1px;text-align:left"),
        ("class", "rtl text-right", "rtl text-right"),
        ("page-progression-direction", "rtl", "ltr"),
    ],
)
def test_attributes_are_turned(name: str, value: str, turned: str) -> None:
    assert direction.attribute(name, value) == turned


def test_a_page_from_right_to_left_is_mirrored_as_a_whole() -> None:
    assert direction.attribute("align", "left", right_to_left=True) == "right"
    assert direction.attribute("style", "border-right: 1px", right_to_left=True) == "border-left: 1px"
