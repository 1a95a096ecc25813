"""A result as one HTML page that needs nothing else: no network, no server, no other file.

Source and English side by side, the flags with their reasons, the summary with its sources, the words that
belong together lit up under the pointer, and how it all came about. It prints well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

from mt.alignment import align, words
from mt.data import Result, Translation
from mt.web import view

WEB = Path(view.__file__).parent
HERE = Path(__file__).parent
DARK = re.compile(r"^\.dark \{(.*?)\}", re.DOTALL | re.MULTILINE)
"""The colours of the dark theme, which the web page has a switch for and a report takes where the system asks for them."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The page may load nothing, whatever the article says."""
TERM_FORM = """<form id="mt-term"><label>Arabic term <input name="source" lang="ar" dir="rtl" required></label>
<label>English <input name="target" lang="en" required></label> <button>Add to the glossary</button></form>"""


def write_page(results: Sequence[Result], *, token: str = "") -> str:
    """One page for all results, in the order given, each under its own heading.

    token: for the server of `mt.review` only: segments can be corrected, and what is sent back carries it.

    >>> from mt.data import Document
    >>> "<!doctype html>" in write_page([Result(Document(()), (), "model:x")])
    True
    """
    title = _title(results[0], 0) if len(results) == 1 else f"{len(results)} translations"
    articles = "\n".join(_article(i, result, editable=bool(token)) for i, result in enumerate(results))
    return f"""<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}{"; connect-src 'self'" if token else ""}">
{f'<meta name="mt-token" content="{escape(token)}">' if token else ""}
<title>{escape(title)}</title>
<style>
{styles()}
</style>
</head>
<body>
<header class="mt-report-head">{_head(results, title)}{TERM_FORM if token else ""}</header>
<main>
{articles}
</main>
<script>
({(WEB / "demo.js").read_text(encoding="utf-8").strip().removesuffix(";")})();
{(HERE / "report.js").read_text(encoding="utf-8")}
{(HERE / "review.js").read_text(encoding="utf-8") if token else ""}
</script>
</body>
</html>
"""


def styles() -> str:
    """The styles of a page, as one text."""
    shared, own = (WEB / "result.css").read_text(encoding="utf-8"), (HERE / "report.css").read_text(encoding="utf-8")
    dark = DARK.search(shared)
    assert dark is not None
    return f"{shared}{own}\n@media screen and (prefers-color-scheme: dark) {{\n:root {{\n  color-scheme: dark;{dark[1]}}}\n}}\n"


def _title(result: Result, number: int) -> str:
    """The English headline, else the English of the title, else the name of the source."""
    if result.summary is not None and result.summary.headline and result.summary.language == "en":
        return result.summary.headline
    blocks = result.document.blocks
    title = " ".join(t.text for t in result.translations if blocks[t.segment.block].kind == "title")
    return title or result.document.title or result.document.id or f"Translation {number + 1}"


def _head(results: Sequence[Result], title: str) -> str:
    """Title and contents; of a single result the name of its source alone, where the title stands over the summary already."""
    if len(results) > 1:
        return f"<h1>{escape(title)}</h1>{_contents(results)}"
    name = results[0].document.id
    shown = results[0].summary is not None and results[0].summary.headline
    return f"<p>{escape(name)}</p>" if shown and name else f"<h1>{escape(title)}</h1><p>{escape(name)}</p>"


def _contents(results: Sequence[Result]) -> str:
    items = "".join(
        f'<li><a href="#mt-article-{i + 1}">{escape(_title(result, i))}</a> <span>{_doubts(result)}</span></li>'
        for i, result in enumerate(results)
    )
    return f'<nav aria-label="Contents"><ol>{items}</ol></nav>'


def _doubts(result: Result) -> str:
    flagged = len(result.flagged)
    return f"{flagged} doubtful" if flagged else ""


def _article(index: int, result: Result, *, editable: bool) -> str:
    """The result as the web page shows it. Ids carry the number of the article, since a page may hold several."""
    page = view.Page(
        result.document,
        tuple(t.segment for t in result.translations),
        result.translations,
        "done",
        result.signature,
        result,
    )
    shown = view.html(page).replace(view.CORRECT, view.CORRECT if editable else "")
    for name in ("mt-seg-", "mt-sum-"):
        shown = shown.replace(f'id="{name}', f'id="{name}{index + 1}-').replace(f'href="#{name}', f'href="#{name}{index + 1}-')
    links = {f"mt-seg-{index + 1}-{i + 1}": found for i, t in enumerate(result.translations) if (found := _links(t))}
    data = json.dumps(links, separators=(",", ":")).replace("<", "\\u003c")
    return f'<section id="mt-article-{index + 1}">{shown}<script type="application/json" class="mt-links">{data}</script></section>'


def _links(translation: Translation) -> list[list[int]]:
    """Start and end of aligned words: [source start, source end, English start, English end], in UTF-16 units as browsers count."""
    source, english = translation.segment.text, translation.text
    if translation.obtained == "copied" or not source.strip() or not english.strip():
        return []
    there, here = words(source), words(english)
    spans = [(there[link.source], here[link.target]) for link in align(source, english)]
    return [[_units(source, a.start), _units(source, a.end), _units(english, b.start), _units(english, b.end)] for a, b in spans]


def _units(text: str, index: int) -> int:
    """An index in UTF-16 code units, for an index in characters.

    >>> _units("\\N{GRINNING FACE}a", 1)
    2
    """
    return len(text[:index].encode("utf-16-le")) // 2
