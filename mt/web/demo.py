"""The web demo: one page on Gradio, for people who read Arabic news in English.

>>> [name for name in samples() if "NATO" in name]
['NATO ministers before the summit in The Hague']
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeAlias

from mt import segmentation
from mt.config import SummaryOptions, revise, seeds_folder
from mt.data import Result
from mt.errors import ConfigError, InputError, MTError
from mt.formats import WRITERS, decode
from mt.formats.records import JSON, record
from mt.pipeline import Pipeline
from mt.web.view import WELCOME, Download, Page, html, message, status

if TYPE_CHECKING:
    import gradio as gr

log = logging.getLogger(__name__)

# About 16,000 words, a long magazine; a processor needs several minutes for it, and others wait.
MAX_CHARACTERS = 100_000
MAX_FILE_SIZE = "2mb"
# Two people see their texts move at once; more would only slow each other down on one processor.
AT_ONCE = 2
WAITING = 20
# Uploaded files are deleted as they are read; what is left over goes after an hour.
CACHE_SECONDS = 3600
MAX_SENTENCES = 10
PORTS = range(7860, 7960)
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
TITLE = "Arabic news, in English"
PASTE_HERE = "ألصق المقال هنا"  # paste the article here
HEADER = f"""<header class="mt-masthead"><h1>{TITLE}</h1>
<p>Translation and summary, made on this machine. What you paste stays here.</p></header>"""
WAIT = """<div class="mt-status"><p role="status">Waiting for a free place; this page goes on by itself</p>
<progress aria-label="Waiting"></progress></div>"""
UNEXPECTED = "Something went wrong in this program, not in your text. The log of the server says more."

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

    def pages(self, text: str, sentences: int, headline: bool, language: str) -> Iterator[Page]:
        """As the function `pages`; options out of range raise ConfigError before any work.

        A fault of the program is logged, and raised as an MTError without details: they may hold a path
        of the server or another reader's text.
        """
        try:
            summary = revise(self.pipeline.config.summary, sentences=sentences or 1, headline=headline, language=language)
            yield from pages(self.pipeline, text, summary=summary if sentences else 0, max_characters=self.max_characters)
        except MTError:
            raise
        except Exception as error:
            log.exception("a translation for the page failed")
            raise MTError(UNEXPECTED) from error

    def show(self, text: str, sentences: int, headline: bool, language: str) -> Iterator[Shown]:
        """What to show while a text is translated; an error is shown too."""
        drawn = 0
        try:
            for page in self.pages(text, sentences, headline, language):
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
    """Text of an uploaded file, None if it has none, and HTML to say about it. The file is deleted."""
    file = Path(path)
    try:
        text, notes = decode(file.read_bytes(), file.name)
    except MTError as error:
        return None, message(str(error))
    finally:
        file.unlink(missing_ok=True)
    return text, message("; ".join([f"{file.name}: {len(text):,} characters", *notes]), "info")


@dataclass(frozen=True, slots=True)
class Form:
    """The parts of the page that take part in events."""

    source: gr.Textbox
    notice: gr.HTML
    sample: gr.Dropdown
    upload: gr.UploadButton
    start: gr.Button
    stop: gr.Button
    sentences: gr.Slider
    language: gr.Radio
    headline: gr.Checkbox
    status: gr.HTML
    text: gr.HTML


def build(pipeline: Pipeline, *, max_characters: int = MAX_CHARACTERS) -> gr.Blocks:
    """The page. Nothing runs until it is launched; readers share the pipeline, not their texts."""
    import gradio as gr

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(CACHE_SECONDS, CACHE_SECONDS)) as blocks:
        gr.HTML(HEADER)
        with gr.Row(elem_classes="mt-columns", equal_height=False):
            form = _form(pipeline.config.summary)
        service = Service(_brisk(pipeline), max_characters)
        _wire(form, service)
        gr.api(service.translate, api_name="translate", concurrency_limit=AT_ONCE, concurrency_id="model")
    return blocks


def _form(defaults: SummaryOptions) -> Form:
    import gradio as gr

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
            upload = gr.UploadButton("Open a .txt file", file_types=[".txt"], size="md", elem_id="mt-upload", scale=1, min_width=130)
        with gr.Row(elem_classes="mt-go"):
            start = gr.Button("Translate", variant="primary", elem_id="mt-translate", scale=3, min_width=160)
            stop = gr.Button("Stop", interactive=False, elem_id="mt-stop", scale=1, min_width=80)
        number = min(defaults.sentences, MAX_SENTENCES)
        sentences = gr.Slider(0, MAX_SENTENCES, number, step=1, label="Summary sentences (0: none)", buttons=[], elem_id="mt-sentences")
        with gr.Row():
            language = gr.Radio(languages, value=defaults.language, label="Summary in", elem_id="mt-language", scale=2)
            headline = gr.Checkbox(defaults.headline, label="Headline", elem_id="mt-headline", scale=1, min_width=100)
    with gr.Column(elem_id="mt-answer", scale=5, min_width=320):
        status = gr.HTML("", elem_id="mt-status")
        text = gr.HTML(WELCOME)
    return Form(source, notice, sample, upload, start, stop, sentences, language, headline, status, text)


def _wire(form: Form, service: Service) -> None:
    """What happens at which event. The page of each reader is kept for Stop, which shows what there is of it."""
    import gradio as gr

    kept = gr.State(None, time_to_live=CACHE_SECONDS)
    articles = samples()

    def parts(shown: Shown) -> Parts:
        text = gr.skip() if shown.text is None else shown.text
        return shown.status, text, shown.page, gr.update(interactive=not shown.running), gr.update(interactive=shown.running)

    def wait() -> Parts:
        return parts(Shown(WAIT, "", running=True))

    def show(text: str, sentences: int, headline: bool, language: str) -> Iterator[Parts]:
        yield from map(parts, service.show(text, sentences, headline, language))  # Gradio streams generator functions only

    def halt(page: Page | None) -> Parts:
        return parts(stopped(page))

    def open_sample(name: str) -> tuple[str | Update, str]:
        return articles[name].read_text(encoding="utf-8") if name else gr.skip(), ""

    def open_file(path: str) -> tuple[str | Update, str]:
        text, said = opened(path)
        return gr.skip() if text is None else text, said

    quick: Update = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    text_and_notice = [form.source, form.notice]
    form.sample.input(open_sample, inputs=form.sample, outputs=text_and_notice, **quick)
    form.upload.upload(open_file, inputs=form.upload, outputs=text_and_notice, **quick)
    shown = [form.status, form.text, kept, form.start, form.stop]
    running = form.start.click(wait, outputs=shown, **quick).then(
        show,
        inputs=[form.source, form.sentences, form.headline, form.language],
        outputs=shown,
        concurrency_limit=AT_ONCE,
        concurrency_id="model",
        show_progress="hidden",
        api_visibility="private",
    )
    form.stop.click(halt, inputs=kept, outputs=shown, cancels=[running], **quick)


def launch(
    pipeline: Pipeline,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    max_characters: int = MAX_CHARACTERS,
    open_browser: bool = False,
    block: bool = True,
) -> gr.Blocks:
    """Serve the page until Ctrl+C, or with block=False in the background until `.close()` of what is returned.

    port: None takes the first free one of `PORTS`. The address is printed, and is `.local_url` of the return.

    Raises ConfigError where the address cannot be served.
    """
    chosen = _free_port(host, PORTS if port is None else [port])
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while Gradio is imported; the page itself turns them off again
    import gradio as gr

    files = Path(__file__).parent
    blocks = build(pipeline, max_characters=max_characters)
    blocks.queue(default_concurrency_limit=None, max_size=WAITING)
    fonts = ["system-ui", "Segoe UI", "Noto Sans", "sans-serif"]
    theme = gr.themes.Base(primary_hue="teal", neutral_hue="stone", radius_size="sm", font=fonts, font_mono=["ui-monospace", "monospace"])
    blocks.launch(
        server_name=host,
        server_port=chosen,
        share=False,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        show_error=False,
        quiet=True,
        ssr_mode=False,
        run_history=False,
        enable_monitoring=False,
        footer_links=["api", "settings"],
        max_file_size=MAX_FILE_SIZE,
        theme=theme,
        css=(files / "demo.css").read_text(encoding="utf-8"),
        js=(files / "demo.js").read_text(encoding="utf-8"),
    )
    print(f"Open {blocks.local_url} in a browser. Ctrl+C stops it.")
    if block:
        blocks.block_thread()
    return blocks


def _free_port(host: str, ports: Sequence[int]) -> int:
    """The first port that can be served at; found here as Gradio says little where there is none."""
    for port in ports:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                reason = error
            else:
                return port
    tried = f"port {ports[0]}" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]}"
    raise ConfigError(f"cannot serve at {host}, {tried}: {reason}; choose another with --host or --port") from reason
