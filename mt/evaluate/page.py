"""The measurements of a folder as Markdown: tables for a model card, and a page of the worst segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mt.evaluate.faithful import Carried, Faithfulness
from mt.evaluate.folder import FolderReport, Group, SetReport
from mt.evaluate.scores import Score
from mt.evaluate.summaries import SummaryReport
from mt.evaluate.worst import Bad

FAITHFUL = ("system", "numbers carried", "Latin tokens carried", "repetition", "Arabic left in", "far too short", "any of the three")
"""Columns of the table of what must come over; the faults are those of `faithful.SPOILT`."""


def as_markdown(report: FolderReport) -> str:
    """All tables, and how the figures came about."""
    parts = [part for one in report.sets for part in _set(one)]
    first = report.sets[0].scores
    notes = f"± is half of the 95% bootstrap interval, p that of the difference from the first system.\n{report.signature}\n"
    return "\n\n".join([*parts, f"{notes}BLEU {first.bleu_signature}\nchrF {first.chrf_signature}"]) + "\n"


def worst_page(report: FolderReport) -> str:
    """The worst segments of all sets, each with source, English, the person's English, and what went wrong."""
    parts = [f"# The {len(report.worst)} worst segments", f"By chrF against the person's translation. {report.signature}"]
    return "\n\n".join([*parts, *(_bad(number, bad) for number, bad in enumerate(report.worst, 1))]) + "\n"


def _set(one: SetReport) -> Iterator[str]:
    yield f"## {one.name}, {one.scores.lines} segments"
    yield _table(
        ["system", "BLEU", "p", "chrF", "p"],
        [[row.system, _cell(row.bleu), _p(row.bleu), _cell(row.chrf), _p(row.chrf)] for row in one.scores.rows],
    )
    yield _table(FAITHFUL, [[name, *_faithful(found)] for name, found in one.faithful.items()])
    yield f"{one.flagged} of {one.scores.lines} segments flagged, {one.seconds:.0f} s"
    for title, groups in (("length", one.by_length), ("subject", one.by_subject)):
        if groups:
            yield _groups(title, groups)
    if one.summaries:
        yield from _summaries(one.summaries)


def _faithful(found: Faithfulness) -> list[str]:
    spoilt = [f"{100 * count / found.lines:.1f}%" for count in (*found.spoilt, found.any_spoilt)]
    return [_carried(found.numbers), _carried(found.tokens), *spoilt]


def _groups(title: str, groups: Iterable[Group]) -> str:
    rows = [[group.name, str(group.lines), f"{group.scores.bleu:.1f}", f"{group.scores.chrf:.1f}"] for group in groups]
    return _table([title, "segments", "BLEU", "chrF"], rows)


def _summaries(found: SummaryReport) -> Iterator[str]:
    rows = [[row.method, f"{row.words:.0f}", *(f"{x:.1f}" for x in (row.rouge1, row.rouge2, row.rouge_l))] for row in found.rows]
    yield _table([f"summary of {found.documents} articles", "words", "ROUGE-1", "ROUGE-2", "ROUGE-L"], rows)
    yield (
        f"{found.supported:.1f}% of {found.sentences} summary sentences fully supported; "
        f"{found.numbers:.1f}% of their numbers and {found.names:.1f}% of their names stand in the person's translation of the article"
    )


def _bad(number: int, bad: Bad) -> str:
    faults = "\n".join(f"- {fault}" for fault in bad.faults) or "- Nothing that a rule could find."
    lines = [("Arabic", bad.source), ("English", bad.text or "(nothing)"), ("Person", bad.reference)]
    quoted = "\n>\n".join(f"> **{name}** {' '.join(text.split())}" for name, text in lines)
    return f"## {number}. {bad.set_name}, line {bad.line}, chrF {bad.chrf:.0f}\n\n{quoted}\n\n{faults}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _cell(score: Score) -> str:
    return f"{score.value:.1f} ± {score.interval:.1f}"


def _p(score: Score) -> str:
    return "" if score.p is None else f"{score.p:.3f}"


def _carried(carried: Carried) -> str:
    return f"{carried.share:.1f}% of {carried.total}"
