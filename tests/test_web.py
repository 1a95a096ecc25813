"""The page as text, and its API: what is shown, what is linked, what is escaped, what bad input gets."""

import base64
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from mt import segmentation
from mt.data import Block, Document, Flag, Result, Segment, Summary, SummaryFlag, SummarySentence, Translation
from mt.errors import ConfigError, InputError
from mt.formats import WRITERS
from mt.pipeline import Pipeline
from mt.web.article import DRAWN_SEGMENTS, MOVES, TITLES, UNEXPECTED, Service, Shown, downloads, opened, pages, samples, stopped
from mt.web.demo import launch
from mt.web.view import LABELS, SUMMARY_LABELS, WELCOME, Page, Stage, html, message, status
from tests.browser import serving
from tests.fakes import fake_pipeline, plain_english

# Gradio sums up its queue with an option of pandas that pandas no longer wants.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated:DeprecationWarning")

HOSTILE = "<script>alert('x')</script> & \"خبر\" ${1+1} {{2*2}} <img src=x onerror=alert(1)>"


class Elements(HTMLParser):
    """Text by class, attributes of all elements; fails on nothing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.texts: list[tuple[list[str], str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"input", "br", "img"}:
            self.open.append((tag, (dict(attrs).get("class") or "").split()))
            if "mt-ar" in self.open[-1][1] or "mt-en" in self.open[-1][1]:
                self.texts.append((self.open[-1][1], ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if self.texts and any(name in self.texts[-1][0] for _, classes in self.open for name in classes):
            classes, before = self.texts[-1]
            self.texts[-1] = (classes, before + data)

    def of(self, name: str) -> list[str]:
        """Texts of the elements of a class, `mt-ar` or `mt-en`."""
        return [text for classes, text in self.texts if name in classes]

    def values(self, attribute: str) -> list[str]:
        """All values of an attribute."""
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


def a_page(
    *translations: tuple[str, str | None, set[Flag]], stage: Stage = "done", summary: Summary | None = None, notes: tuple[str, ...] = ()
) -> Page:
    """A page of one block a segment; None: not translated yet."""
    document = Document(tuple(Block(source, tail="\n") for source, _, _ in translations))
    segments = tuple(Segment(source, block=i) for i, (source, _, _) in enumerate(translations))
    known = tuple(
        None if english is None else Translation(segment, english, frozenset(flags))
        for segment, (_, english, flags) in zip(segments, translations, strict=True)
    )
    finished = tuple(t for t in known if t is not None)
    result = Result(document, finished, "model:fake|mt:1", summary, notes) if stage == "done" else None
    return Page(document, segments, known, stage, "model:fake|mt:1", result, seconds=75)


def test_text_is_shown_as_it_is_and_never_as_markup() -> None:
    summary = Summary((SummarySentence(HOSTILE, (0,)),), HOSTILE, headline=HOSTILE)
    page = Elements(html(a_page((HOSTILE, HOSTILE, {"numbers"}), summary=summary, notes=(HOSTILE,))))
    assert page.of("mt-ar") == [HOSTILE]
    assert page.of("mt-en")[0].startswith(HOSTILE)
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert message(HOSTILE).count("<") == 2


def test_every_element_is_closed() -> None:
    assert Elements(html(a_page(("أ", "A", {"empty"}), ("ب", None, set()), stage="translating"))).open == []


def test_links_lead_to_segments_and_back() -> None:
    summary = Summary((SummarySentence("Sum.", (2, 0)), SummarySentence("Sum too.", ())), "extractive")
    page = Elements(html(a_page(("أ", "A", set()), ("ب", "B", {"empty"}), ("ج", "C", set()), summary=summary)))
    links = [link for link in page.values("href") if link.startswith("#")]
    assert links == ["#mt-seg-3", "#mt-seg-1", "#mt-seg-2", "#mt-sum-1", "#mt-sum-1"]
    assert {link[1:] for link in links} <= set(page.values("id"))


def test_doubtful_segments_are_marked_with_their_reasons() -> None:
    shown = html(a_page(("قتل 40 شخصا", "People were killed.", {"numbers"}), ("ب", "B", set())))
    reasons = [value for value in Elements(shown).values("data-why") if value]
    assert len(reasons) == 1
    assert "40" in reasons[0]
    assert shown.count('class="mt-row mt-doubt"') == 1
    assert "1 of 2 segments is doubtful" in shown


@pytest.mark.parametrize(("flags", "said"), [(frozenset[Flag]({"numbers"}), True), (frozenset[Flag](), False)])
def test_a_second_attempt_is_said_only_where_doubt_remains(flags: frozenset[Flag], said: bool) -> None:
    segment = Segment("ا 7")
    known = (Translation(segment, "A", flags, obtained="decoded_again"),)
    assert ("translated again" in html(Page(Document((Block("ا 7"),)), (segment,), known, "done", "s"))) == said


def test_doubts_of_a_summary_sentence_are_explained() -> None:
    summary = Summary((SummarySentence("It rose by 9.", (0,), frozenset({"numbers"})),), "builtin")
    shown = html(a_page(("أ", "A", set()), summary=summary))
    assert SUMMARY_LABELS["numbers"] in shown
    assert [value for value in Elements(shown).values("data-why") if value]


def test_an_arabic_summary_reads_from_the_right() -> None:
    summary = Summary((SummarySentence("جملة.", (0,)),), "extractive", "عنوان", "ar")
    shown = html(a_page(("جملة.", "A sentence.", set()), summary=summary))
    assert '<h2 lang="ar" dir="rtl">عنوان</h2><ol lang="ar" dir="rtl">' in shown


def test_every_flag_has_a_label() -> None:
    assert set(LABELS) == set(get_args(Flag))
    assert set(SUMMARY_LABELS) == set(get_args(SummaryFlag))


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("translating", "Translating: 1 of 2 segments"),
        ("summarising", "2 segments translated; writing the summary"),
        ("done", "2 segments translated in 1 min 15 s"),
        ("stopped", "Stopped: 1 of 2 segments are translated."),
    ],
)
def test_status_says_how_far_it_is(stage: Stage, said: str) -> None:
    shown = status(a_page(("أ", "A", set()), ("ب", None, set()), stage=stage))
    assert said in shown
    assert ("<progress" in shown) == (stage in {"translating", "summarising"})


def test_what_stop_left_untranslated_is_said() -> None:
    page = a_page(("أ", "A", set()), ("ب", None, set()), stage="translating")
    assert Elements(stopped(page).text or "").of("mt-en") == ["A", "not translated"]
    assert "Stopped: 1 of 2" in stopped(page).status
    assert "before the first sentence" in stopped(None).status


def test_segments_without_text_are_not_rows_but_keep_their_number() -> None:
    document = Document((Block(" خبر"),))
    segments = (Segment("", " "), Segment("خبر"))
    known = tuple(Translation(segment, english) for segment, english in zip(segments, ("", "News"), strict=True))
    page = Page(document, segments, known, "done", "s")
    assert [i for i in Elements(html(page)).values("id") if i.startswith("mt-seg")] == ["mt-seg-2"]
    assert "1 segment translated" in status(page)


def test_downloads_hold_what_the_command_line_writes() -> None:
    result = fake_pipeline().translate("عنوان\n\nوصل 12 وفدا إلى عمان.", summary=1)
    page = Page(result.document, tuple(t.segment for t in result.translations), result.translations, "done", result.signature, result)
    links = [(attrs["download"], attrs["href"] or "") for tag, attrs in Elements(html(page, downloads(result))).tags if "download" in attrs]
    contents = {name: base64.b64decode(link.partition("base64,")[2]).decode("utf-8") for name, link in links}
    assert contents == {
        "translation.txt": WRITERS["text"].write(result),
        "bilingual.txt": WRITERS["bilingual"].write(result),
        "translation.json": WRITERS["json"].write(result),
    }


def test_sample_articles_have_readable_names_and_arabic_in_them() -> None:
    found = samples()
    assert list(found) == list(TITLES.values())
    assert all(segmentation.document(path.read_text(encoding="utf-8")).blocks for path in found.values())


@pytest.mark.parametrize("count", [1, 7, 400])
def test_pages_are_few_and_the_last_has_the_result(count: int) -> None:
    text = "\n".join(f"خبر رقم {n}." for n in range(count))
    shown = list(pages(fake_pipeline(), text, summary=1))
    assert len(shown) <= min(count, MOVES) + 3
    assert shown[0].done == 0
    assert [page.result is not None for page in shown] == [False] * (len(shown) - 1) + [True]
    assert shown[-1].result == fake_pipeline().translate(text, summary=1)


@pytest.mark.parametrize("count", [1, 25, 400])
def test_the_text_is_drawn_less_often_the_longer_it_is(count: int) -> None:
    shown = list(Service(fake_pipeline()).show("\n".join(f"خبر رقم {n}." for n in range(count)), 1, True, "en"))
    drawn = [one for one in shown if one.text is not None]
    assert len(drawn) <= min(count, DRAWN_SEGMENTS / count) + 3
    assert drawn[-1] == shown[-1]
    assert [one.running for one in shown] == [True] * (len(shown) - 1) + [False]


def test_text_up_to_the_limit_is_taken_and_beyond_it_the_command_line_is_named() -> None:
    text = "خبر قصير. " * 10
    assert list(pages(fake_pipeline(), text, max_characters=100))[-1].result is not None
    with pytest.raises(InputError, match=r"has 101 characters; .* at most 100\. .* mt translate FILE"):
        list(pages(fake_pipeline(), text + "ا", max_characters=100))


@pytest.mark.parametrize(
    ("text", "sentences", "language", "said"),
    [
        ("", 0, "en", "is empty"),
        (" \n", 0, "en", "is empty"),
        ("Only English.", 0, "en", "no Arabic"),
        ("خبر.", 51, "en", "sentences"),
        ("خبر.", 1, "fr", "language"),
    ],
)
def test_bad_input_is_a_message_and_not_a_page(text: str, sentences: int, language: str, said: str) -> None:
    [shown] = Service(fake_pipeline()).show(text, sentences, True, language)
    assert said in shown.status
    assert shown == Shown(shown.status, WELCOME)


def test_an_unexpected_fault_shows_nothing_of_its_inside(caplog: pytest.LogCaptureFixture) -> None:
    def broken(source: str) -> str:
        raise RuntimeError("/secret/path")

    *_, shown = Service(fake_pipeline(broken)).show("خبر.", 0, True, "en")
    assert shown == Shown(message(UNEXPECTED), WELCOME)
    assert "/secret/path" in caplog.text


def test_another_model_is_loaded_when_it_is_chosen() -> None:
    loaded: list[str] = []

    def other() -> Pipeline:
        loaded.append("other")
        return fake_pipeline(lambda source: "The other model.")

    service = Service(fake_pipeline(), others={"other": other})
    *_, own = service.pages("خبر.", 0, True, "en")
    assert loaded == []
    *_, page = service.pages("خبر.", 0, True, "en", model="other")
    assert loaded == ["other"]
    assert own.result is not None and page.result is not None
    assert (own.result.text, page.result.text) == ("Xbr.", "The other model.")


def test_the_summary_follows_the_form() -> None:
    text = "وصل الوفد إلى عمان.\nغادر الوفد عمان."
    for headline, language in ((True, "en"), (False, "ar")):
        *_, last = Service(fake_pipeline()).pages(text, 1, headline, language)
        assert last.result is not None
        assert last.result.summary is not None
        assert last.result.summary.language == language
        assert len(last.result.summary.sentences) == 1
        assert headline or not last.result.summary.headline


@pytest.mark.parametrize(
    ("data", "text", "said"),
    [
        ("وصل الوفد إلى عمان في المساء".encode(), "وصل الوفد إلى عمان في المساء", "28 characters"),
        ("وصل الوفد إلى عمان في المساء".encode("cp1256"), "وصل الوفد إلى عمان في المساء", "windows-1256"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", None, "picture"),
        (bytes(range(256)), None, "binary"),
    ],
)
def test_an_uploaded_file_is_read_or_refused_and_deleted(data: bytes, text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "news.txt"
    file.write_bytes(data)
    read, shown = opened(str(file))
    assert read == text
    assert said in shown
    assert str(tmp_path) not in shown
    assert not file.exists()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The page on a fake engine that breaks at one word."""

    def write(source: str) -> str:
        if "انفجار" in source:
            raise RuntimeError("/secret/path")
        return plain_english(source)

    with serving(fake_pipeline(write), max_characters=1000) as url:
        yield url


def test_the_api_gives_what_the_command_line_writes_as_json(address: str) -> None:
    from gradio_client import Client

    client = Client(address, verbose=False, analytics_enabled=False)
    text = "عنوان الخبر\n\nوصل 12 وفدا إلى عمان (NATO). غادر الوفد."
    answer = client.predict(text, sentences=1, api_name="/translate")
    assert answer == json.loads(WRITERS["json"].write(fake_pipeline().translate(text, summary=1)))
    assert set(client.view_api(return_format="dict", print_info=False)["named_endpoints"]) == {"/translate"}
    client.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("English", "no Arabic"), ("خبر " * 300, "1,200 characters"), ("انفجار", "Something went wrong")],
)
def test_the_api_says_what_is_wrong_and_no_more(address: str, text: str, said: str) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(address, verbose=False, analytics_enabled=False)
    with pytest.raises(AppError, match=said) as caught:
        client.predict(text, api_name="/translate")
    assert "secret" not in str(caught.value)
    client.close()


def test_a_taken_port_is_said_in_one_line(address: str) -> None:
    taken = int(address.rstrip("/").rsplit(":", 1)[1])
    with pytest.raises(ConfigError, match=rf"cannot serve at 127\.0\.0\.1, port {taken}: .* in use; choose another"):
        launch(fake_pipeline(), port=taken, block=False)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 7860)])
def test_an_impossible_address_is_said_in_one_line(host: str, port: int) -> None:
    with pytest.raises(ConfigError, match=f"cannot serve at {host}, port {port}: "):
        launch(fake_pipeline(), host=host, port=port, block=False)
