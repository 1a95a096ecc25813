"""The tab Glossary & memory: terms that must come out as given, and what was corrected."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mt.errors import MTError
from mt.glossary import Problem, read
from mt.pipeline import Pipeline
from mt.web import session as sessions
from mt.web.session import Session
from mt.web.view import message

if TYPE_CHECKING:
    import gradio as gr

EMPTY_ROWS = 4
Rows: TypeAlias = "list[list[str]]"
Update: TypeAlias = "dict[str, Any]"
WHERE_SHARED = "Corrections are kept in the memory that this program was started with, and shared by all who use it."
WHERE_OWN = "Terms and corrections are yours alone and go with your session; save them to keep them."


def taken(rows: Sequence[Sequence[object]], starter: bool, session: Session | None) -> tuple[Session | None, str]:
    """The session with the terms of a table, and HTML to say about them."""
    texts = [[str(cell or "") for cell in row] for row in rows]
    try:
        session, wrong = sessions.use_terms(session or sessions.start(), texts, starter=starter)
    except MTError as error:
        return session, message(str(error))
    count = len(session.terms)
    said = f"{count:,} term{'s' * (count != 1)} in use{', and the starter glossary' if starter else ''}."
    return session, message(said, "info") + _problems(wrong)


def _problems(found: Sequence[Problem]) -> str:
    if not found:
        return ""
    items = "".join(f"<li>{escape(problem.place)}: {escape(problem.message)}</li>" for problem in found[:20])
    more = f"<li>and {len(found) - 20} more</li>" if len(found) > 20 else ""
    return f'<ul class="mt-problems">{items}{more}</ul>'


def opened(path: str) -> tuple[Rows | None, str]:
    """The rows of a glossary file, None where it has none, and HTML to say about it. The file is deleted."""
    file = Path(path)
    try:
        rows = [[term.source, term.target] for term in read(file)]
    except MTError as error:
        return None, message(str(error).replace(str(file), file.name))
    finally:
        file.unlink(missing_ok=True)
    return rows, message(f"{file.name}: {len(rows):,} terms; press “Use these terms” to work with them.", "info")


def corrected(session: Session | None, pipeline: Pipeline) -> Rows:
    """What was corrected, Arabic and English, the newest first."""
    return [[entry.source, entry.english] for entry in reversed(sessions.corrections(session, pipeline))]


def build(pipeline: Pipeline, session: gr.State) -> None:
    """Lay out the tab and wire it."""
    import gradio as gr

    with gr.Row(elem_classes="mt-columns mt-pair", equal_height=False):
        with gr.Column(elem_classes="mt-panel", min_width=320):
            gr.HTML("<h2>Glossary</h2><p>These terms come out as given, or the sentence is marked.</p>")
            blank = [["", ""] for _ in range(EMPTY_ROWS)]
            table = gr.Dataframe(
                blank,
                headers=["Arabic", "English"],
                type="array",
                datatype="str",
                column_count=2,
                interactive=True,
                elem_id="mt-terms",
                wrap=True,
            )
            starter = gr.Checkbox(False, label="Also the starter glossary: institutions, states, months, titles", elem_id="mt-starter")
            with gr.Row():
                use = gr.Button("Use these terms", variant="primary", elem_id="mt-use-terms", min_width=150)
                load = gr.UploadButton(
                    "Open a glossary", file_types=[".csv", ".tsv", ".tbx", ".yaml", ".yml"], elem_id="mt-load-terms", min_width=150
                )
            said = gr.HTML("", elem_id="mt-terms-said")
        with gr.Column(elem_classes="mt-panel", min_width=320):
            gr.HTML(f"<h2>Corrections</h2><p>{WHERE_SHARED if pipeline.config.terms.memory else WHERE_OWN}</p>")
            known = gr.Dataframe(
                [], headers=["Arabic", "English"], type="array", column_count=2, interactive=False, elem_id="mt-memory", wrap=True
            )
            with gr.Row():
                refresh = gr.Button("Show", elem_id="mt-show-memory", min_width=100)
                save = gr.DownloadButton("Save as TMX", elem_id="mt-save-memory", min_width=130)
                add = gr.UploadButton("Add from a file", file_types=[".tmx", ".csv", ".tsv"], elem_id="mt-load-memory", min_width=130)
            told = gr.HTML("", elem_id="mt-memory-said")

    def open_terms(path: str) -> tuple[Rows | Update, str]:
        rows, message_ = opened(path)
        return gr.skip() if rows is None else [*rows, *blank], message_

    def show(now: Session | None) -> Rows:
        return corrected(now, pipeline)

    def write(now: Session | None) -> str | None:
        folder = (now or sessions.start()).folder
        file = sessions.save_corrections(now, pipeline, folder)
        return str(file) if file else None

    def load_memory(path: str, now: Session | None) -> tuple[Session | None, Rows, str]:
        file = Path(path)
        try:
            now, count = sessions.load_corrections(now or sessions.start(), pipeline, file)
        except MTError as error:
            return now, corrected(now, pipeline), message(str(error).replace(str(file), file.name))
        finally:
            file.unlink(missing_ok=True)
        return now, corrected(now, pipeline), message(f"{file.name}: {count:,} corrections.", "info")

    quick: Update = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    use.click(taken, inputs=[table, starter, session], outputs=[session, said], **quick)
    load.upload(open_terms, inputs=load, outputs=[table, said], **quick)
    refresh.click(show, inputs=session, outputs=known, **quick)
    save.click(write, inputs=session, outputs=save, **quick)
    add.upload(load_memory, inputs=[add, session], outputs=[session, known, told], **quick)
