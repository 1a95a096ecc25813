"""The report of a job: one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from mt.batch.ledger import Ledger, Marked, Row
from mt.batch.progress import duration
from mt.check import EXPLANATIONS

MOST_DOUBTS = 200
MOST_FAILURES = 1000

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Batch report</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }}
th, td {{ text-align: start; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }}
th {{ font-weight: 600; }}
td.number, th.number {{ text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }}
[lang=ar] {{ font-size: 1.1em; }}
.quiet {{ opacity: .75; font-size: .9em; }}
</style>
<h1>Batch report</h1>
<p class="quiet">{signature}</p>
{parts}
</html>
"""


def report(ledger: Ledger) -> Iterator[str]:
    """The page in pieces: totals, what was flagged and why, the worst segments, the failures."""
    head, foot = PAGE.format(signature=escape(ledger.about("signature")), parts="\0").split("\0")
    yield head
    yield from _totals(ledger)
    yield from _flags(ledger)
    yield from _worst(ledger.worst(MOST_DOUBTS))
    yield from _failures(ledger)
    yield foot


def _totals(ledger: Ledger) -> Iterator[str]:
    t = ledger.totals()
    seconds = float(ledger.about("seconds", "0"))
    rows = [
        ("Files done", f"{t.done:,}"),
        ("waiting", f"{t.waiting:,}"),
        ("failed", f"{t.failed:,}"),
        ("no longer there", f"{t.gone:,}"),
        ("Words", f"{t.words:,}"),
        ("Segments", f"{t.segments:,}"),
        ("flagged", f"{t.flagged:,} ({t.flagged / max(t.segments, 1):.1%}), in {t.doubtful:,} files"),
        ("Time", duration(seconds)),
    ]
    yield "<h2>Totals</h2>"
    yield from _table((), ([_cell(name), _cell(value, "number")] for name, value in rows))


def _flags(ledger: Ledger) -> Iterator[str]:
    counts = ledger.flags()
    if not counts:
        return
    yield "<h2>What was flagged</h2>"
    explanations: dict[str, str] = {str(flag): text for flag, text in EXPLANATIONS.items()}
    rows = ([_cell(flag), _cell(explanations.get(flag, "")), _cell(f"{count:,}", "number")] for flag, count in counts)
    yield from _table(("Flag", "Meaning", "Segments"), rows)


def _worst(marked: list[Marked]) -> Iterator[str]:
    if not marked:
        return
    yield f"<h2>The {len(marked)} most doubtful segments</h2>"
    yield from _table(("File", "Arabic", "English", "Why"), (_marked(m) for m in marked))


def _marked(marked: Marked) -> list[str]:
    doubt = marked.doubt
    place = f'{_cell(marked.path)[:-5]}<br><span class="quiet">segment {doubt.number}</span></td>'
    return [place, f'<td lang="ar" dir="rtl">{_text(doubt.source)}</td>', _cell(doubt.english), _cell(", ".join(doubt.flags))]


def _failures(ledger: Ledger) -> Iterator[str]:
    failed = ledger.totals().failed
    if not failed:
        return
    rows: Iterable[Row] = islice(ledger.rows("failed"), MOST_FAILURES)
    yield f"<h2>Failures{f', the first {MOST_FAILURES:,} of {failed:,}' if failed > MOST_FAILURES else ''}</h2>"
    yield from _table(("File", "Why"), ([_cell(row.path), _cell(row.error)] for row in rows))


def _table(heads: tuple[str, ...], rows: Iterable[list[str]]) -> Iterator[str]:
    yield "<table>" + (f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>" if heads else "") + "\n"
    for row in rows:
        yield f"<tr>{''.join(row)}</tr>\n"
    yield "</table>\n"


def _cell(text: str, kind: str = "") -> str:
    return f'<td class="{kind}">{_text(text)}</td>' if kind else f"<td>{_text(text)}</td>"


def _text(text: str) -> str:
    return escape(text).encode("utf-8", "backslashreplace").decode()
