"""`mt report` and `mt review`: results as a page or a Word document, and corrected in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mt.cli import console, files, options
from mt.errors import ConfigError


def report(
    results: Annotated[list[str], typer.Argument(metavar="RESULT.json...", help="What `mt translate --json` or --jsonl wrote.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="A .html page or a .docx document.", rich_help_panel=options.OUTPUT)
    ],
    quiet: options.Quiet = False,
) -> int:
    """Make one self-contained page: source beside English, doubts, summary with sources, aligned words. Or a Word file.

    `mt translate article.txt --summary 3 --json -o result.json && mt report result.json -o page.html`
    """
    suffix = output.suffix.lower()
    if suffix not in {".html", ".htm", ".docx"}:
        raise ConfigError(f"{output}: a report is a page or a Word document: name it .html or .docx")
    if any(output.resolve() == Path(name).resolve() for name in results):
        raise ConfigError(f"{output}: would overwrite the result; choose another -o")

    from mt import report as reports
    from mt.formats.reading import read_results

    read = [result for name in results for result in read_results(Path(name))]
    files.write_bytes(output, reports.write_docx(read) if suffix == ".docx" else reports.write_page(read).encode("utf-8", "replace"))
    if not quiet:
        flagged = sum(len(result.flagged) for result in read)
        console.say(f"{output}: {len(read)} result{'s' * (len(read) != 1)}, {flagged} doubtful segment{'s' * (flagged != 1)}")
    return 0


def review(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="With results of mt translate --json or mt batch --to json.")],
    memory: Annotated[
        Path | None, typer.Option("--memory", metavar="FILE", help="Where corrections go; unset: memory.sqlite in FOLDER.")
    ] = None,
    glossary: Annotated[
        Path | None, typer.Option("--glossary", metavar="FILE", help="Where terms go, a .csv; unset: glossary.csv in FOLDER.")
    ] = None,
    port: Annotated[int, typer.Option("--port", "-p", metavar="N", help="Port on this machine.")] = 7850,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
) -> int:
    """Correct translations in the browser, on this machine only.

    Corrections are used from then on by `mt translate --memory FILE`, terms by `--glossary FILE`. A model learns from them by
    `mt memory export` and `mt train --base builtin --data FILE`.
    """
    from mt.review import Desk, serve

    if glossary is not None and glossary.suffix.lower() != ".csv":
        raise ConfigError(f"{glossary}: terms are added to a .csv file; other glossaries can be used beside it")
    desk = Desk(folder, memory or folder / "memory.sqlite", glossary or folder / "glossary.csv")
    serve(desk, port=port, open_browser=browser)
    return 0
