"""A translated document as HTML: pure functions, every text escaped.

The styles are in `result.css`, what moves (jumping, lighting up, copying) in `demo.js`; without either the
page still reads well, because links are links and explanations are `<details>`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Literal

from mt import check
from mt.data import Document, Flag, Result, Segment, Summary, SummaryFlag, SummarySentence, Translation
from mt.summarization import EXPLANATIONS as SUMMARY_EXPLANATIONS

Stage = Literal["translating", "summarising", "done", "stopped"]

LABELS: Mapping[Flag, str] = {
    "empty": "nothing came out",
    "truncated": "cut off",
    "repetition": "repeats itself",
    "too_short": "too short",
    "too_long": "too long",
    "untranslated": "Arabic left",
    "echo": "repeats the request",
    "numbers": "numbers or dates differ",
    "acronyms": "Latin word missing",
    "names": "name missing, misspelt or added",
    "negation": "not missing?",
    "omission": "something left out?",
    "addition": "something added?",
    "glossary": "glossary term missing",
    "term": "glossary term put in",
    "memory": "adapted from the memory",
    "source_language": "not Arabic?",
}
SUMMARY_LABELS: Mapping[SummaryFlag, str] = {
    "unsupported": "no support found",
    "numbers": "number not in the article",
    "names": "name not in the article",
    "misplaced": "name from elsewhere in the article?",
}
# Above this many segments the browser lays out only what is on the screen.
LONG = 300
# "model:builtin|rev:1a2b3c4|engine:..." -> "builtin"
SIGNATURE_MODEL = re.compile(r"(?:^|\|)model:([^|]*)")
CORRECT = '<button type="button" class="mt-correct" aria-label="Correct this sentence, or keep the correction (Ctrl+Enter)"></button>'
"""The styles write on it, so that it does not get into text that is copied."""
WELCOME = """<div class="mt-welcome">
<p class="mt-welcome-head">The English appears here</p>
<ul>
<li>Source and English side by side, sentence by sentence</li>
<li>A summary whose sentences link to what supports them</li>
<li>Doubtful sentences marked, with the reason</li>
</ul>
</div>"""


@dataclass(frozen=True, slots=True)
class Page:
    """What the result pane shows of one document, finished or not.

    translations: one a segment, None while unknown. result: set when all is done. seconds: time taken.
    """

    document: Document
    segments: tuple[Segment, ...]
    translations: tuple[Translation | None, ...]
    stage: Stage
    signature: str
    result: Result | None = None
    seconds: float = 0.0

    @property
    def shown(self) -> tuple[int, ...]:
        """Indices of the segments that have text; a reader counts segments from 1, as the text format does."""
        return tuple(i for i, segment in enumerate(self.segments) if segment.text.strip())

    @property
    def done(self) -> int:
        """Segments with text that are translated."""
        return sum(self.translations[i] is not None for i in self.shown)


@dataclass(frozen=True, slots=True)
class Download:
    """A file that a reader can save: a link holds its whole content, so nothing stays on the server."""

    name: str
    label: str
    mime: str
    content: str


def html(page: Page, downloads: Sequence[Download] = ()) -> str:
    """The text: summary, segments side by side, and how it came about."""
    summary = page.result.summary if page.result else None
    notes = page.result.notes if page.result else ()
    parts = [
        _summary(summary) if summary else "",
        _toolbar(page, downloads),
        f'<div class="mt-sheet">{"".join(_blocks(page, summary))}</div>',
        _footer(page.signature, notes),
    ]
    long = " mt-long" if len(page.segments) > LONG else ""
    return f'<article class="mt-result{long}" data-stage="{page.stage}">{"".join(parts)}</article>'


def status(page: Page) -> str:
    """One line on how far the work is, with a bar while it runs.

    >>> print(status(Page(Document(()), (), (), "stopped", "")))
    <div class="mt-status mt-stopped"><p role="status">Stopped: 0 of 0 segments are translated.</p></div>
    """
    total = len(page.shown)
    says = {
        "translating": f"Translating: {page.done} of {_count(total, 'segment')}",
        "summarising": f"{_count(total, 'segment')} translated; writing the summary",
        "done": f"{_count(total, 'segment')} translated in {_duration(page.seconds)}",
        "stopped": f"Stopped: {page.done} of {_count(total, 'segment')} are translated.",
    }[page.stage]
    running = page.stage in {"translating", "summarising"}
    bar = f'<progress max="{max(total, 1)}" value="{page.done}" aria-label="Segments translated"></progress>' if running else ""
    return f'<div class="mt-status mt-{page.stage}"><p role="status">{says}</p>{bar}</div>'


def message(text: str, kind: Literal["error", "info"] = "error") -> str:
    """A plain message in place of a result.

    >>> message("a < b", "info")
    '<p class="mt-message mt-info" role="status">a &lt; b</p>'
    """
    return f'<p class="mt-message mt-{kind}" role="{"alert" if kind == "error" else "status"}">{escape(text)}</p>'


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 1:
        return "under a second"
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _summary(summary: Summary) -> str:
    direction = 'lang="ar" dir="rtl"' if summary.language == "ar" else 'lang="en" dir="ltr"'
    headline = f"<h2 {direction}>{escape(summary.headline)}</h2>" if summary.headline else ""
    sentences = "".join(_summary_sentence(n, sentence) for n, sentence in enumerate(summary.sentences, 1))
    return (
        f'<section class="mt-summary" aria-label="Summary">{headline}'
        f"<ol {direction}>{sentences}</ol>"
        f'<p class="mt-method">Summary: {escape(summary.method)}. The numbers lead to the sentences that support it.</p></section>'
    )


def _summary_sentence(number: int, sentence: SummarySentence) -> str:
    chips = "".join(_chip(i) for i in sentence.sources)
    reasons = [SUMMARY_EXPLANATIONS[flag] for flag in sorted(sentence.flags)]
    labels = [SUMMARY_LABELS[flag] for flag in sorted(sentence.flags)]
    flagged = ' class="mt-doubt"' if sentence.flags else ""
    support = f' <span class="mt-chips">{chips}</span>' if chips else ""
    return f'<li id="mt-sum-{number}"{flagged}><span>{escape(sentence.text)}</span>{support}{_doubt(labels, reasons)}</li>'


def _chip(index: int) -> str:
    return f'<a class="mt-chip" href="#mt-seg-{index + 1}" aria-label="Segment {index + 1}">{index + 1}</a>'


def _toolbar(page: Page, downloads: Sequence[Download]) -> str:
    """How many segments are doubtful, and what can be done with the text once it stands still."""
    actions = '<label class="mt-toggle"><input type="checkbox" class="mt-english-only"> English only</label>'
    actions += '<button type="button" class="mt-copy">Copy English</button>' + "".join(_link(download) for download in downloads)
    shown = f'<div class="mt-actions">{actions}</div>' if page.stage in {"done", "stopped"} else ""
    return f'<div class="mt-toolbar">{_doubtful(page)}{shown}</div>'


def _link(download: Download) -> str:
    data = b64encode(download.content.encode("utf-8")).decode("ascii")
    return (
        f'<a class="mt-download" download="{escape(download.name)}" href="data:{download.mime};charset=utf-8;base64,{data}">'
        f"{escape(download.label)}</a>"
    )


def _doubtful(page: Page) -> str:
    total = _count(len(page.shown), "segment")
    flagged = [i for i, translation in enumerate(page.translations) if translation is not None and translation.flags]
    if flagged:
        verb = "is" if len(flagged) == 1 else "are"
        chips = "".join(_chip(i) for i in flagged)
        return f'<p class="mt-doubtful mt-some">{len(flagged):,} of {total} {verb} doubtful <span class="mt-chips">{chips}</span></p>'
    return f'<p class="mt-doubtful">{f"No doubt found in {total}" if page.stage == "done" else ""}</p>'


def _blocks(page: Page, summary: Summary | None) -> Iterator[str]:
    backs: dict[int, list[int]] = {}
    for n, sentence in enumerate(summary.sentences if summary else (), 1):
        for i in sentence.sources:
            backs.setdefault(i, []).append(n)
    for block, indices in groupby(page.shown, lambda i: page.segments[i].block):
        rows = "".join(_row(i, page, backs.get(i, [])) for i in indices)
        yield f'<section class="mt-block mt-{page.document.blocks[block].kind}">{rows}</section>'


def _row(index: int, page: Page, backs: Sequence[int]) -> str:
    number, segment, translation = index + 1, page.segments[index], page.translations[index]
    links = "".join(f'<a class="mt-back" href="#mt-sum-{n}" title="Supports sentence {n} of the summary">S{n}</a>' for n in backs)
    if translation is not None:
        english = f"<span>{escape(translation.text)}</span>{_translation_doubt(translation)}{_suggestion(translation)}"
        english += CORRECT if page.stage in {"done", "stopped"} else ""
    elif page.stage == "stopped":
        english = '<span class="mt-missing">not translated</span>'
    else:
        english = '<span class="mt-pending" aria-hidden="true"></span>'
    flagged = " mt-doubt" if translation is not None and translation.flags else ""
    return (
        f'<div class="mt-row{flagged}" id="mt-seg-{number}" tabindex="-1">'
        f'<div class="mt-en" lang="en" dir="ltr">{english}</div>'
        f'<div class="mt-number"><span>{number}</span>{links}</div>'
        f'<div class="mt-ar" lang="ar" dir="rtl">{escape(segment.text)}</div></div>'
    )


def _translation_doubt(translation: Translation) -> str:
    flags = sorted(translation.flags)
    reasons = check.explain(translation.segment.text, translation.text, translation.flags, translation.terms)
    again = ["It was translated again by other settings; this is the better attempt."] if translation.obtained == "decoded_again" else []
    return _doubt([LABELS[flag] for flag in flags], [*reasons, *again] if flags else [])


def _suggestion(translation: Translation) -> str:
    near = translation.suggestion
    if near is None:
        return ""
    return (
        f'<details class="mt-near"><summary>{near.similarity:.0%} like a remembered sentence</summary>'
        f'<p>{escape(near.english)}</p><p lang="ar" dir="rtl">{escape(near.source)}</p></details>'
    )


def _doubt(labels: Sequence[str], reasons: Sequence[str]) -> str:
    """The mark of a doubtful sentence: shows its reasons on hover, and opens by click, tap or keyboard."""
    if not labels:
        return ""
    listed = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return (
        f'<details class="mt-why" lang="en" dir="ltr" data-why="{escape(chr(10).join(reasons))}">'
        f"<summary>{escape(', '.join(labels))}</summary><ul>{listed}</ul></details>"
    )


def _footer(signature: str, notes: Sequence[str]) -> str:
    found = SIGNATURE_MODEL.search(signature)
    model = f"Model: <b>{escape(found[1])}</b>. " if found else ""
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f"<footer>{f'<ul>{listed}</ul>' if listed else ''}<p>{model}Translated by a machine: compare with the Arabic before you quote.</p>"
        f'<p><code title="How this result came about">{escape(signature)}</code></p></footer>'
    )
