"""The tab Article: a text in, source and English beside one another out, sentence by sentence as they come.

>>> [name for name in samples() if "NATO" in name]
['NATO ministers before the summit in The Hague']
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from mt import formats, segmentation
from mt.config import Config, SummaryOptions, revise, seeds_folder
from mt.data import Result
from mt.errors import InputError, MTError
from mt.formats import FORMATS, WRITERS
from mt.formats.records import JSON, record
from mt.formats.webpage import read_url
from mt.pipeline import Pipeline
from mt.web import session as sessions
from mt.web.session import Session
from mt.web.view import WELCOME, Download, Page, html, message, status

if TYPE_CHECKING:
    import gradio as gr

log = logging.getLogger(__name__)

# About 16,000 words, a long magazine; a processor needs several minutes for it, and others wait.
MAX_CHARACTERS = 100_000
# Two people see their texts move at once; more would only slow each other down on one processor.
AT_ONCE = 2
# What a reader has on the page is forgotten after an hour.
CACHE_SECONDS = 3600
MAX_SENTENCES = 10
# Padded source tokens, about 4 sentences: a batch is over in seconds, so that the page moves and Stop stops;
# with the batches of the command line an article is a single one.
BATCH_TOKENS = 256
# The line of progress moves in this many steps; the text, which a browser lays out as a whole, is drawn again
# as often as this many segments in all allow: every segment of an article, eight times for a book chapter of 2,000.
MOVES = 100
DRAWN_SEGMENTS = 16_000

TITLES = {
    "nato-hague-summit": "NATO ministers before the summit in The Hague",
    "brief-kfor-patrol": "Brief: KFOR patrol accident",
    "economy-egypt-inflation": "Economy: inflation in Egypt",
    "interview-mosul-minaret-engineer": "Interview: the engineer of the Mosul minaret",
    "politics-yemen-prisoner-swap": "Politics: prisoner swap in Yemen",
    "science-red-sea-coral": "Science: corals of the Red Sea",
    "sport-esperance-wydad": "Sport: Espérance against Wydad",
}
PASTE_HERE = "ألصق المقال هنا"  # paste the article here
WAIT = """<div class="mt-status"><p role="status">Waiting for a free place; this page goes on by itself</p>
<progress aria-label="Waiting"></progress></div>"""
UNEXPECTED = "Something went wrong in this program, not in your text. The log of the server says more."

Others: TypeAlias = "Mapping[str, Callable[[], Pipeline]]"
"""Further models by name, loaded when they are first chosen."""
Update: TypeAlias = "dict[str, Any]"
"""What Gradio makes of `gr.update`: changed properties of one component."""
Parts: TypeAlias = "tuple[str, str | Update, Page | None, Update, Update]"
"""Status, text, the page kept for Stop, and the buttons Translate and Stop."""


def samples() -> dict[str, Path]:
    """Sample articles by a readable name."""
    order = list(TITLES)
    paths = sorted(seeds_folder().glob("*.txt"), key=lambda path: order.index(path.stem) if path.stem in TITLES else len(order))
    return {TITLES.get(path.stem, path.stem.replace("-", " ").capitalize()): path for path in paths}


def pages(pipeline: Pipeline, text: str, *, summary: int | SummaryOptions = 0, max_characters: int = MAX_CHARACTERS) -> Iterator[Page]:
    """What to show of a text while it is translated, at most about `MOVES` times; the last page has the result.

    summary: sentences wanted, 0 for none; or all options of the summary.
    Raises InputError for a text that is empty, too long or not Arabic.
    """
    if len(text) > max_characters:
        raise InputError(
            f"This text has {len(text):,} characters; this page takes at most {max_characters:,}. "
            "Longer texts go through the command line: mt translate FILE"
        )
    began = perf_counter()
    document = segmentation.document(text)
    segments = tuple(pipeline.segment(document))
    shown = 0
    for step in pipeline.watch(document, summary=summary):
        if step.stage != "translating" or step.done == 0 or step.done - shown >= step.total / MOVES:
            shown = step.done
            yield Page(document, segments, step.translations, step.stage, pipeline.signature, step.result, perf_counter() - began)


def downloads(result: Result) -> list[Download]:
    """The result as files, by the writers that the command line uses."""
    kinds = [
        ("text", "translation", "Text", "text/plain"),
        ("bilingual", "bilingual", "Bilingual", "text/plain"),
        ("json", "translation", "JSON", "application/json"),
    ]
    return [Download(name + WRITERS[kind].suffix, label, mime, WRITERS[kind].write(result)) for kind, name, label, mime in kinds]


def _brisk(pipeline: Pipeline) -> Pipeline:
    """The pipeline with batches that are over in seconds, on the same engine."""
    batching = pipeline.config.batching
    if batching.batch_tokens <= BATCH_TOKENS:
        return pipeline
    return Pipeline(pipeline.config.model_copy(update={"batching": revise(batching, batch_tokens=BATCH_TOKENS)}), pipeline.engine)


@dataclass(frozen=True, slots=True)
class Shown:
    """HTML of the line of progress and of the text below it (None: as it was), and what Stop would show."""

    status: str
    text: str | None
    page: Page | None = None
    running: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """What the page and the API call; knows nothing of the layout."""

    pipeline: Pipeline
    max_characters: int = MAX_CHARACTERS
    others: Others = field(default_factory=dict)

    def pages(
        self, text: str, sentences: int, headline: bool, language: str, session: Session | None = None, model: str = ""
    ) -> Iterator[Page]:
        """As the function `pages`, with the terms and corrections of a session; options out of range raise ConfigError first.

        model: a name in `others`; any other is the pipeline's own.

        A fault of the program is logged, and raised as an MTError without details: they may hold a path
        of the server or another reader's text.
        """
        try:
            summary = revise(self.pipeline.config.summary, sentences=sentences or 1, headline=headline, language=language)
            base = _brisk(self.others[model]()) if model in self.others else self.pipeline
            pipeline = sessions.pipeline_of(session, base)
            yield from pages(pipeline, text, summary=summary if sentences else 0, max_characters=self.max_characters)
        except MTError:
            raise
        except Exception as error:
            log.exception("a translation for the page failed")
            raise MTError(UNEXPECTED) from error

    def show(
        self, text: str, sentences: int, headline: bool, language: str, session: Session | None = None, model: str = ""
    ) -> Iterator[Shown]:
        """What to show while a text is translated; an error is shown too."""
        drawn = 0
        try:
            for page in self.pages(text, sentences, headline, language, session, model):
                files = downloads(page.result) if page.result else []
                due = page.stage != "translating" or page.done == 0 or (page.done - drawn) * DRAWN_SEGMENTS >= len(page.segments) ** 2
                drawn = page.done if due else drawn
                yield Shown(status(page), html(page, files) if due else None, page, running=page.result is None)
        except MTError as error:
            yield Shown(message(str(error)), WELCOME)

    def translate(self, text: str, sentences: int = 0, headline: bool = True, language: str = "en") -> dict[str, JSON]:
        """Translate an Arabic text; the answer is what `mt translate --json` writes.

        sentences: of the summary, 0 for none. headline: written with the summary. language: of the summary, "en" or "ar".
        """
        import gradio as gr

        try:
            *_, last = self.pages(text, sentences, headline, language)
        except MTError as error:
            raise gr.Error(str(error), print_exception=False) from error
        assert last.result is not None
        return record(last.result)


def stopped(page: Page | None) -> Shown:
    """What there was when the reader pressed Stop."""
    if page is None:
        return Shown(message("Stopped before the first sentence.", "info"), WELCOME)
    page = replace(page, stage="stopped")
    return Shown(status(page), html(page), page)


def opened(path: str) -> tuple[str | None, str]:
    """Text of an uploaded file of any format, None if it has none, and HTML to say about it. The file is deleted."""
    file = Path(path)
    try:
        document, notes = formats.read(file)
    except MTError as error:
        return None, message(str(error).replace(str(file), file.name))
    finally:
        file.unlink(missing_ok=True)
    return document.text, message("; ".join([f"{file.name}: {len(document.text):,} characters", *notes]), "info")


def fetched(address: str) -> tuple[str | None, str]:
    """The article at an address, None if there is none, and HTML to say about it."""
    try:
        document, notes = read_url(address.strip())
    except MTError as error:
        return None, message(str(error))
    return document.text, message("; ".join([f"{document.title or address}: {len(document.text):,} characters", *notes]), "info")


def kept(correction: str, session: Session | None, base: Pipeline) -> tuple[Session | None, str]:
    """The session with a correction from the page, `{"source": ..., "english": ...}`, and HTML to say about it."""
    try:
        fields = json.loads(correction)
        session = sessions.correct(session or sessions.start(), base, str(fields["source"]), str(fields["english"]))
    except (ValueError, KeyError, TypeError):
        return session, message("That correction did not arrive whole; try again.")
    except MTError as error:
        return session, message(str(error))
    return session, message("Kept: the next translation of this sentence uses it.", "info")


def earlier(session: Session | None) -> list[tuple[str, int]]:
    """Earlier results of a session by a readable name, the newest first."""
    results = session.results if session else ()
    return [(f"{n}. {_name(page)}", n - 1) for n, page in enumerate(results, 1)]


def _name(page: Page) -> str:
    summary = page.result.summary if page.result else None
    name = (summary.headline if summary else "") or next((t.text for t in page.translations if t is not None and t.text), "")
    return name if len(name) <= 70 else name[:69] + "…"


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of the page that take part in events."""

    source: gr.Textbox
    notice: gr.HTML
    sample: gr.Dropdown
    upload: gr.UploadButton
    address: gr.Textbox
    fetch: gr.Button
    start: gr.Button
    stop: gr.Button
    sentences: gr.Slider
    language: gr.Radio
    headline: gr.Checkbox
    model: gr.Dropdown
    history: gr.Dropdown
    status: gr.HTML
    said: gr.HTML
    text: gr.HTML
    correction: gr.Textbox
    keep: gr.Button


def build(pipeline: Pipeline, session: gr.State, *, max_characters: int, allow_urls: bool, others: Others) -> None:
    """Lay out the tab and wire it. Readers share the pipeline, not their texts."""
    import gradio as gr

    with gr.Row(elem_classes="mt-columns", equal_height=False):
        form = _form(pipeline.config, allow_urls=allow_urls, others=list(others))
    service = Service(_brisk(pipeline), max_characters, others)
    _wire(form, service, session, allow_urls=allow_urls)
    gr.api(service.translate, api_name="translate", concurrency_limit=AT_ONCE, concurrency_id="model")


def _form(config: Config, *, allow_urls: bool, others: Sequence[str]) -> Form:
    import gradio as gr

    defaults = config.summary

    languages = [("English", "en"), ("Arabic", "ar")]
    with gr.Column(elem_classes="mt-compose", scale=2, min_width=320):
        plain = gr.InputHTMLAttributes(spellcheck=False, autocorrect="off")
        source = gr.Textbox(
            label="Arabic text",
            placeholder=PASTE_HERE,
            lines=9,
            max_lines=9,
            rtl=True,
            elem_id="mt-source",
            autoscroll=False,
            html_attributes=plain,
        )
        notice = gr.HTML("", elem_id="mt-notice")
        with gr.Row():
            choices = [("Choose …", ""), *((name, name) for name in samples())]
            sample = gr.Dropdown(choices, label="Or a sample article", filterable=False, elem_id="mt-sample", scale=3, min_width=200)
            upload = gr.UploadButton("Open a file", file_types=sorted(FORMATS), size="md", elem_id="mt-upload", scale=1, min_width=130)
        with gr.Row(visible=allow_urls):
            address = gr.Textbox(
                label="Or a link", placeholder="https://", max_lines=1, type="text", elem_id="mt-url", scale=3, min_width=200
            )
            fetch = gr.Button("Fetch", elem_id="mt-fetch", scale=1, min_width=130)
        with gr.Row(elem_classes="mt-go"):
            start = gr.Button("Translate", variant="primary", elem_id="mt-translate", scale=3, min_width=160)
            stop = gr.Button("Stop", interactive=False, elem_id="mt-stop", scale=1, min_width=80)
        number = min(defaults.sentences, MAX_SENTENCES)
        sentences = gr.Slider(0, MAX_SENTENCES, number, step=1, label="Summary sentences (0: none)", buttons=[], elem_id="mt-sentences")
        with gr.Row():
            language = gr.Radio(languages, value=defaults.language, label="Summary in", elem_id="mt-language", scale=2)
            headline = gr.Checkbox(defaults.headline, label="Headline", elem_id="mt-headline", scale=1, min_width=100)
        own = config.model.name
        model = gr.Dropdown([own, *others], value=own, label="Model", filterable=False, visible=bool(others), elem_id="mt-model")
        history = gr.Dropdown([], label="Earlier results", filterable=False, visible=False, elem_id="mt-history")
    with gr.Column(elem_id="mt-answer", scale=5, min_width=320):
        status = gr.HTML("", elem_id="mt-status")
        said = gr.HTML("", elem_id="mt-said")
        text = gr.HTML(WELCOME)
        correction = gr.Textbox(elem_id="mt-correction", elem_classes="mt-unseen", container=False, show_label=False)
        keep = gr.Button("Keep", elem_id="mt-keep", elem_classes="mt-unseen")
    return Form(
        source,
        notice,
        sample,
        upload,
        address,
        fetch,
        start,
        stop,
        sentences,
        language,
        headline,
        model,
        history,
        status,
        said,
        text,
        correction,
        keep,
    )


def _wire(form: Form, service: Service, session: gr.State, *, allow_urls: bool) -> None:
    """What happens at which event. The page of each reader is kept for Stop, which shows what there is of it."""
    import gradio as gr

    page = gr.State(None, time_to_live=CACHE_SECONDS)
    articles = samples()

    def parts(shown: Shown) -> Parts:
        text = gr.skip() if shown.text is None else shown.text
        return shown.status, text, shown.page, gr.update(interactive=not shown.running), gr.update(interactive=shown.running)

    def wait() -> Parts:
        return parts(Shown(WAIT, "", running=True))

    def show(text: str, sentences: int, headline: bool, language: str, now: Session | None, model: str) -> Iterator[Parts]:
        yield from map(parts, service.show(text, sentences, headline, language, now, model))  # Gradio streams generator functions only

    def remember(page: Page | None, now: Session | None) -> tuple[Session | Update, Update]:
        """After the run, since the reader may have corrected something meanwhile."""
        if page is None or page.result is None:
            return gr.skip(), gr.skip()
        now = (now or sessions.start()).remember(page)
        return now, gr.update(choices=earlier(now), value=None, visible=True)

    def halt(page: Page | None) -> Parts:
        return parts(stopped(page))

    def reopen(number: int | None, now: Session | None) -> Parts:
        if now is None or number is None:
            return parts(Shown("", None))
        chosen = now.results[number]
        return parts(Shown(status(chosen), html(chosen, downloads(chosen.result) if chosen.result else ()), chosen))

    def open_sample(name: str) -> tuple[str | Update, str]:
        return articles[name].read_text(encoding="utf-8") if name else gr.skip(), ""

    def open_file(path: str) -> tuple[str | Update, str]:
        text, said = opened(path)
        return gr.skip() if text is None else text, said

    def open_url(address: str) -> tuple[str | Update, str]:
        text, said = fetched(address)
        return gr.skip() if text is None else text, said

    def keep(correction: str, now: Session | None) -> tuple[Session | None, str]:
        return kept(correction, now, service.pipeline)

    quick: Update = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    text_and_notice = [form.source, form.notice]
    form.sample.input(open_sample, inputs=form.sample, outputs=text_and_notice, **quick)
    form.upload.upload(open_file, inputs=form.upload, outputs=text_and_notice, **quick)
    for event in (form.fetch.click, form.address.submit) if allow_urls else ():
        event(open_url, inputs=form.address, outputs=text_and_notice, show_progress="hidden", api_visibility="private")
    shown = [form.status, form.text, page, form.start, form.stop]
    running = form.start.click(wait, outputs=shown, **quick).then(
        show,
        inputs=[form.source, form.sentences, form.headline, form.language, session, form.model],
        outputs=shown,
        concurrency_limit=AT_ONCE,
        concurrency_id="model",
        show_progress="hidden",
        api_visibility="private",
    )
    running.then(remember, inputs=[page, session], outputs=[session, form.history], **quick)
    form.stop.click(halt, inputs=page, outputs=shown, cancels=[running], **quick)
    form.history.input(reopen, inputs=[form.history, session], outputs=shown, **quick)
    form.keep.click(keep, inputs=[form.correction, session], outputs=[session, form.said], **quick)
