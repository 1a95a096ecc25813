"""The tab Files: documents in, the same documents in English out, one or many, each with its progress."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, TypeAlias

from mt import formats
from mt.data import Result
from mt.errors import MTError
from mt.formats import FORMATS, FileOptions
from mt.pipeline import Pipeline
from mt.web import session as sessions
from mt.web.article import AT_ONCE, UNEXPECTED
from mt.web.session import Session
from mt.web.view import message

if TYPE_CHECKING:
    import gradio as gr

log = logging.getLogger(__name__)

MAX_FILES = 50
MAX_CHARACTERS = 500_000
"""Of all files together, about 80,000 words."""
HINT = """<div class="mt-welcome"><p class="mt-welcome-head">The documents appear here</p><ul>
<li>Word, PowerPoint, Excel, OpenDocument, web pages, Markdown, EPUB, subtitles, tables, PDF and more</li>
<li>Layout, pictures and links stay; the direction of the page turns to left-to-right</li>
<li>Each doubtful segment is counted; the bilingual document shows it beside its source</li></ul></div>"""
Update: TypeAlias = "dict[str, Any]"
Parts: TypeAlias = "tuple[str, Update, Update, Update, Session | Update]"
"""What is shown, the documents, the buttons Translate and Stop, the session."""


@dataclass(frozen=True, slots=True)
class Work:
    """One file on its way. state: what to say of it. written: the English document, and the bilingual one where there is one."""

    name: str
    state: str = "waiting"
    done: int = 0
    total: int = 0
    flagged: int = 0
    failed: bool = False
    written: tuple[Path, ...] = ()


def translated(pipeline: Pipeline, paths: Sequence[Path], options: FileOptions, folder: Path) -> Iterator[tuple[Work, ...]]:
    """Translate files one after the other into a folder; how far all are, after every batch. A bad file does not stop the others."""
    works = [Work(path.name) for path in paths]
    yield tuple(works)
    left = MAX_CHARACTERS
    for i, path in enumerate(paths):
        try:
            document, _ = formats.read(path, options)
            if len(document.text) > left:
                raise MTError(f"{path.name}: this page takes {MAX_CHARACTERS:,} characters at a time; more go through mt batch FOLDER OUT")
            left -= len(document.text)
            for step in pipeline.watch(document):
                works[i] = replace(works[i], state="translating", done=step.done, total=step.total)
                if step.result is not None:
                    written = tuple(_write(step.result, path, options, folder))
                    works[i] = replace(works[i], state="done", flagged=len(step.result.flagged), written=written)
                yield tuple(works)
        except MTError as error:
            works[i] = replace(works[i], state=str(error).replace(str(path), path.name), failed=True)
            yield tuple(works)
        except Exception:
            log.exception("a file for the page failed")
            works[i] = replace(works[i], state=UNEXPECTED, failed=True)
            yield tuple(works)


def _write(result: Result, path: Path, options: FileOptions, folder: Path) -> Iterator[Path]:
    """The English document, and the bilingual one where it is wanted and the format has one."""
    form = formats.format_of(path)
    suffix = options.to if options.to in form.others else form.suffix
    kinds = [("", replace(options, bilingual=False))] + ([(".bilingual", replace(options, bilingual=True))] if options.bilingual else [])
    for kind, chosen in kinds:
        if kind and not form.bilingual:
            data = formats.WRITERS["bilingual"].write(result).encode("utf-8")
            target = _free(folder / f"{path.stem}{kind}.txt")
        else:
            data = form.write(result, path, chosen)
            target = _free(folder / f"{path.stem}{kind}{suffix}")
        target.write_bytes(data)
        yield target


def _free(path: Path) -> Path:
    """The path, or one with a number where two files of one name came from different folders."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return candidate


def table(works: Sequence[Work]) -> str:
    """How far the files are, as HTML.

    >>> "3 of 7" in table([Work("a.docx", "translating", 3, 7)])
    True
    """
    rows = "".join(_row(work) for work in works)
    return (
        '<div class="mt-scroll"><table class="mt-works"><thead><tr><th>File</th><th>State</th><th>Doubtful</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(work: Work) -> str:
    if work.state == "translating":
        bar = f'<progress max="{max(work.total, 1)}" value="{work.done}" aria-label="Segments translated"></progress>'
        state = f"{work.done:,} of {work.total:,} segments {bar}"
    else:
        state = escape(work.state)
    kind = "mt-failed" if work.failed else "mt-doubtful" if work.flagged else ""
    doubtful = f"{work.flagged} of {work.total}" if work.state == "done" else ""
    return f'<tr class="{kind}"><td>{escape(work.name)}</td><td>{state}</td><td>{doubtful}</td></tr>'


def packed(works: Sequence[Work], folder: Path) -> list[str]:
    """The finished documents, and above them, where there are several, one zip file with all of them."""
    files = [path for work in works for path in work.written]
    if len(files) < 2:
        return [str(path) for path in files]
    target = folder / "english.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)
    return [str(target), *map(str, files)]


def build(pipeline: Pipeline, session: gr.State) -> None:
    """Lay out the tab and wire it."""
    import gradio as gr

    with gr.Row(elem_classes="mt-columns", equal_height=False):
        with gr.Column(elem_classes="mt-compose", scale=2, min_width=320):
            files = gr.File(label="Documents", file_count="multiple", file_types=sorted(FORMATS), elem_id="mt-files", height=190)
            bilingual = gr.Checkbox(False, label="Also a bilingual document", elem_id="mt-bilingual")
            fields = gr.Textbox(label="Columns or fields (tables and JSON; empty: all Arabic ones)", placeholder="title, body", max_lines=1)
            with gr.Row(elem_classes="mt-go"):
                start = gr.Button("Translate", variant="primary", elem_id="mt-files-start", scale=3, min_width=160)
                stop = gr.Button("Stop", interactive=False, elem_id="mt-files-stop", scale=1, min_width=80)
        with gr.Column(elem_id="mt-files-answer", scale=5, min_width=320):
            shown = gr.HTML(HINT)
            ready = gr.File(label="English documents", file_count="multiple", interactive=False, visible=False, elem_id="mt-ready")

    def run(paths: list[str] | None, both: bool, names: str, now: Session | None) -> Iterator[Parts]:
        idle, busy = gr.update(interactive=True), gr.update(interactive=False)
        if not paths or len(paths) > MAX_FILES:
            said = (
                f"{len(paths):,} files; this page takes {MAX_FILES}. A folder goes through mt batch"
                if paths
                else "Choose a document first."
            )
            yield message(said), gr.skip(), idle, busy, gr.skip()
            return
        started = gr.skip() if now is not None else sessions.start()  # only a new one: the reader may change it meanwhile
        folder = Path(mkdtemp(dir=(now or started).folder))  # goes with the session; Gradio serves copies of its own
        options = FileOptions(tuple(name.strip() for name in names.split(",") if name.strip()), both)
        works: tuple[Work, ...] = ()
        for works in translated(sessions.pipeline_of(now, pipeline), [Path(path) for path in paths], options, folder):
            yield table(works), gr.skip(), busy, idle, started
        found = packed(works, folder)
        yield table(works), gr.update(value=found, visible=bool(found)), idle, busy, started

    def halt() -> Parts:
        return message("Stopped.", "info"), gr.skip(), gr.update(interactive=True), gr.update(interactive=False), gr.skip()

    outputs = [shown, ready, start, stop, session]
    running = start.click(
        run,
        inputs=[files, bilingual, fields, session],
        outputs=outputs,
        concurrency_limit=AT_ONCE,
        concurrency_id="model",
        show_progress="hidden",
        api_visibility="private",
    )
    stop.click(halt, outputs=outputs, cancels=[running], queue=False, show_progress="hidden", api_visibility="private")
