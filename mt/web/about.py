"""The tab About: which model this is, which others there are, what the marks mean, what becomes of a text."""

from __future__ import annotations

from html import escape

from mt._version import __version__
from mt.check import EXPLANATIONS
from mt.models import catalogue, info
from mt.pipeline import Pipeline
from mt.web.view import LABELS


def html(pipeline: Pipeline) -> str:
    """All of it as HTML. Licences and scores are those of the model files."""
    model = pipeline.config.model
    facts = [
        ("Model", model.name),
        ("Licence", model.licence),
        ("Quality", model.quality or "not measured"),
        ("Version of this program", __version__),
        ("Signature", pipeline.signature),
    ]
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    return f"""<section class="mt-about">
<h2>This translation</h2><dl>{listed}</dl>
<p>It is made by a machine, sentence by sentence. It can be fluent and wrong: compare with the Arabic before you quote.</p>
<h2>What the marks mean</h2><dl>{_marks()}</dl>
<p>A sentence without a mark can still be wrong in its meaning; the marks find what can be counted.</p>
<h2>Other models</h2>{_models()}
<h2>What becomes of your text</h2>
<p>It is worked on by this machine alone, is shown to nobody else, is not logged, and is forgotten with your session, an hour after
your last translation at the latest. Corrections that you keep are stored where this program was started with a translation memory.</p>
</section>"""


def _marks() -> str:
    return "".join(f"<dt>{escape(LABELS[flag])}</dt><dd>{escape(said)}</dd>" for flag, said in EXPLANATIONS.items())


def _models() -> str:
    """Translation models by name; the command line installs them."""
    rows = []
    for model in catalogue():
        if model.task != "translate":
            continue
        state = "installed" if info(model.name).folder else f"mt models get {model.name}"
        size = f"{model.size_mb:,} MB" if model.size_mb else ""
        cells = (model.name, size, model.licence, model.quality, state)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in ("Name", "Size", "Licence", "Quality", "State"))
    return f'<div class="mt-scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
