"""The demo as a reader meets it: in a real headless Chromium, on a fake engine that the tests hold in hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from mt.config import Config, SummaryOptions
from mt.data import Document
from mt.pipeline import Pipeline, Step
from mt.web.article import MAX_CHARACTERS, TITLES
from tests.browser import PATIENCE, Reader, chromium, serving
from tests.fakes import FakeEngine, plain_english

# Gradio sums up its queue with an option of pandas that pandas no longer wants.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated:DeprecationWarning")

SEED = (Path(__file__).parent.parent / "seeds" / "nato-hague-summit.txt").read_text(encoding="utf-8")
HOSTILE = (
    "قال <script>document.title='broken'</script> <img src=x onerror=\"document.title='broken'\"> ${document.title='broken'} {{7*7}} خبر."
)
BATCH = 16  # padded tokens; FakeEngine counts a word as one
WAITS, MEETS, LOSES = "تمهل", "معا", "ضاع"  # words at which the engine waits for the test, for another reader, loses what is Latin


class Held:
    """What the engine and the tests share."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.meeting = threading.Barrier(2, timeout=PATIENCE)
        self.closed = threading.Event()

    def write(self, source: str) -> str:
        if WAITS in source:
            assert self.gate.wait(PATIENCE)
        if MEETS in source:
            self.meeting.wait()
        english = plain_english(source)
        return english.replace("40", "") if LOSES in source else english


class Watched(Pipeline):
    """Tells when a watch has ended, by itself or because its reader left."""

    def __init__(self, held: Held) -> None:
        config = {"summary": {"method": "extractive", "sentences": 2}, "batching": {"batch_tokens": BATCH}, "check": {"retry": False}}
        super().__init__(Config.model_validate(config), FakeEngine(held.write))
        self.held = held

    def watch(self, document: str | Document, *, summary: int | SummaryOptions = 0) -> Iterator[Step]:
        try:
            yield from super().watch(document, summary=summary)
        finally:
            self.held.closed.set()


@pytest.fixture(scope="module")
def held() -> Held:
    return Held()


@pytest.fixture(scope="module")
def pipeline(held: Held) -> Watched:
    return Watched(held)


@pytest.fixture(scope="module")
def address(pipeline: Watched) -> Iterator[str]:
    with serving(pipeline) as url:
        yield url


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def window(browser: Chrome, address: str) -> Reader:
    return Reader(browser, address)


@pytest.fixture
def reader(window: Reader, address: str) -> Reader:
    """A reader who has just opened the page, on a desktop screen, in light colours."""
    window.open(address)
    return window


@pytest.fixture(scope="module")
def article(browser: Chrome, address: str) -> Reader:
    """A reader with the translated sample article on the screen."""
    one = Reader(browser, address)
    one.translate(SEED)
    one.wait_for(".mt-result[data-stage=done]")
    return one


def test_a_pasted_article_comes_out_in_english_with_its_summary(article: Reader) -> None:
    lines = [line for line in SEED.splitlines() if line.strip()]
    assert " ".join(article.texts(".mt-ar")).split() == " ".join(lines).split()
    assert len(article.texts(".mt-en > span")) == len(article.texts(".mt-ar"))
    assert "NATO" not in SEED or "NATO" in " ".join(article.texts(".mt-en"))
    assert len(article.texts(".mt-summary li")) == 2
    assert article.texts(".mt-block.mt-title .mt-ar") == lines[:1]
    assert "model:fake" in article.wait_for(".mt-result footer").text


def test_markup_in_the_source_stays_text(reader: Reader) -> None:
    reader.translate(HOSTILE)
    reader.wait_for(".mt-result[data-stage=done]")
    assert " ".join(reader.texts(".mt-ar")) == HOSTILE
    assert reader.texts(".mt-result script, .mt-result img") == []
    assert reader.driver.title != "broken"


def test_a_summary_number_leads_to_the_segment_and_back(article: Reader) -> None:
    chip = article.wait_for(".mt-summary .mt-chip").text
    article.click(".mt-summary .mt-chip")
    assert article.wait_for(".mt-row.mt-here .mt-number span").text == chip
    assert article.focused() == f"mt-seg-{chip}"
    article.click(f"#mt-seg-{chip} .mt-back")
    article.wait_for(".mt-summary li.mt-here")


def test_a_summary_sentence_lights_up_what_supports_it(article: Reader) -> None:
    article.hover(".mt-summary li")
    article.wait_for(".mt-row.mt-lit")
    chips = article.texts(".mt-summary li:first-child .mt-chip")
    assert article.texts(".mt-row.mt-lit .mt-number > span") == sorted(chips, key=int)


def test_a_doubtful_segment_says_why_on_hover_and_by_keyboard(reader: Reader) -> None:
    reader.translate(f"وصل الوفد.\nقتل 40 رجلا {LOSES} في المدينة.")
    reader.wait_for(".mt-result[data-stage=done] .mt-doubtful", "1 of 2 segments is doubtful")
    reader.hover(".mt-row.mt-doubt .mt-why summary")
    assert "40" in reader.style(".mt-why", "content", "::after")
    reader.press_enter(".mt-why summary")
    assert "40" in reader.wait_for(".mt-why[open] li").text


def test_english_only_hides_the_arabic(article: Reader) -> None:
    article.click(".mt-english-only")
    assert article.style(".mt-ar", "display") == "none"
    article.click(".mt-english-only")


def test_an_empty_box_is_asked_to_be_filled(reader: Reader) -> None:
    reader.click("#mt-translate")
    assert "is empty" in reader.wait_for(".mt-error").text
    reader.wait_for("#mt-translate:not([disabled])")


def test_text_beyond_the_limit_is_refused_with_the_way_out(reader: Reader) -> None:
    reader.translate("كلمة " * 40_000)
    said = reader.wait_for(".mt-error").text
    assert "200,000" in said
    assert f"{MAX_CHARACTERS:,}" in said
    assert "mt translate FILE" in said
    reader.translate("وصل الوفد.")
    reader.wait_for(".mt-result[data-stage=done]")


def test_stop_keeps_what_is_there_and_ends_the_work(reader: Reader, held: Held, pipeline: Watched) -> None:
    held.gate.clear()
    held.closed.clear()
    assert isinstance(pipeline.engine, FakeEngine)
    before = len(pipeline.engine.generated)
    first = "وصل الوفد الكبير إلى العاصمة الأردنية عمان مساء أمس الأول."  # longer than the others, so a batch of its own
    reader.translate("\n".join([first, f"{WAITS} قليلا.", *(f"خبر {n}." for n in range(20))]))
    reader.wait_for(".mt-status", "1 of 22")
    reader.click("#mt-stop")
    reader.wait_for(".mt-status", "Stopped: 1 of 22")
    assert reader.texts(".mt-missing") == ["not translated"] * 21
    reader.wait_for("#mt-translate:not([disabled])")
    held.gate.set()
    assert held.closed.wait(PATIENCE)
    assert len(pipeline.engine.generated) - before <= 2


def test_two_readers_work_at_once_and_see_their_own_text(reader: Reader, browser: Chrome, address: str) -> None:
    readers = [reader, Reader(browser, address)]
    texts = [f"وصل {number} وفدا {MEETS}." for number in (11, 22)]  # the engine goes on when both are in it
    for one, text in zip(readers, texts, strict=True):
        one.translate(text)
    for one, text in zip(readers, texts, strict=True):
        one.wait_for(".mt-result[data-stage=done]")
        assert one.texts(".mt-en > span") == [plain_english(text)]


def test_a_sample_fills_the_box(reader: Reader) -> None:
    reader.click("#mt-sample input")
    reader.choose(TITLES["nato-hague-summit"])
    reader.wait_for_value("#mt-source textarea", SEED)


@pytest.mark.parametrize(
    ("data", "said", "text"),
    [
        (SEED.encode("cp1256", errors="ignore"), "windows-1256", SEED.encode("cp1256", errors="ignore").decode("cp1256")),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "picture", ""),
    ],
)
def test_a_file_fills_the_box_or_is_refused(reader: Reader, data: bytes, said: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "news.txt"
    file.write_bytes(data)
    reader.upload(file)
    assert said in reader.wait_for("#mt-notice .mt-message").text
    reader.wait_for_value("#mt-source textarea", text)


def test_on_a_phone_nothing_sticks_out_and_the_english_is_above_its_arabic(reader: Reader) -> None:
    reader.resize(390, 844)
    assert reader.overflow() <= 0
    reader.translate(SEED + "\n" + "www.example.org/" + "a" * 300 + " خبر.")
    reader.wait_for(".mt-result[data-stage=done]")
    assert reader.overflow() <= 0
    english, arabic = reader.wait_for(".mt-row .mt-en").rect, reader.wait_for(".mt-row .mt-ar").rect
    assert english["y"] + english["height"] <= arabic["y"]


def test_dark_mode_turns_paper_and_ink_round(reader: Reader, address: str) -> None:
    def lightness(colour: str) -> int:
        return sum(int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])

    for dark in (False, True):
        reader.open(address, dark=dark)
        reader.translate("وصل الوفد.")
        reader.wait_for(".mt-result[data-stage=done]")
        paper, ink = reader.style(".mt-sheet", "background-color"), reader.style(".mt-en", "color")
        assert (lightness(paper) < lightness(ink)) == dark


def test_a_correction_on_the_page_changes_the_next_translation(reader: Reader) -> None:
    reader.translate("غادر الوفد عمان.")
    reader.wait_for(".mt-result[data-stage=done]")
    reader.click(".mt-row .mt-correct")
    reader.driver.execute_script("document.querySelector('.mt-editing > span').textContent = 'The delegation left.'")
    reader.click(".mt-row .mt-correct")
    reader.wait_for("#mt-said .mt-message", "Kept")
    reader.translate("غادر الوفد عمان.")
    reader.wait_for(".mt-row .mt-en > span", "The delegation left.")


def test_a_correction_is_nobody_elses(reader: Reader, browser: Chrome, address: str) -> None:
    other = Reader(browser, address)
    other.translate("غادر الوفد عمان.")
    other.wait_for(".mt-result[data-stage=done]")
    assert "The delegation left." not in other.texts(".mt-row .mt-en > span")


def test_files_are_translated_and_offered_for_download(reader: Reader, address: str, tmp_path: Path) -> None:
    reader.open(address)
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("وصل الوفد.\n", encoding="utf-8")
    reader.open_tab("Files")
    reader.upload("\n".join(str(tmp_path / name) for name in ("a.md", "b.md")), "#mt-files input[type=file]")
    reader.wait_for("#mt-files tr:nth-child(2)")
    reader.click("#mt-files-start")
    reader.wait_for(".mt-works", "done")
    reader.wait_for("#mt-ready", "english")


def test_a_term_of_the_page_is_taken_and_about_says_what_there_is(reader: Reader, address: str) -> None:
    reader.open(address)
    reader.open_tab("Glossary")
    reader.click("#mt-use-terms")
    reader.wait_for("#mt-terms-said .mt-message", "0 terms in use")
    reader.open_tab("About")
    reader.wait_for(".mt-about", "What the marks mean")


def test_no_other_host_was_asked_anything(article: Reader) -> None:
    assert article.hosts() == {"127.0.0.1"}  # in all windows of the tests above
    assert article.complaints() == []
