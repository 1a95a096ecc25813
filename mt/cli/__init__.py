"""The command line, thin: arguments in, one of the four exit codes out.

0 all done; 1 something failed; 2 wrong use; 3 done, but something is doubtful and --strict was given.
Results go to stdout; all else goes to stderr, one line a message, and progress only where it is a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from mt.cli import batch, console, measure, models, report, serve, settings, terms, texts, train
from mt.errors import ConfigError, MTError

INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""

app = typer.Typer(name="mt", no_args_is_help=True, add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})
app.command("translate")(texts.translate)
app.command("summarize")(texts.summarize)
app.command("segment")(texts.segment)
app.add_typer(batch.app, name="batch")
app.add_typer(terms.glossary_app, name="glossary")
app.add_typer(terms.memory_app, name="memory")
app.add_typer(models.app, name="models")
app.command("report")(report.report)
app.command("review")(report.review)
app.command("eval")(measure.evaluate)
app.command("bench")(measure.bench)
app.command("train")(train.train)
app.command("demo")(settings.demo)
app.add_typer(serve.app, name="serve")
app.command("mcp")(serve.mcp)
app.add_typer(settings.app, name="config")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. `arguments` are those after the program's name."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in given
    console.use_utf8()
    try:
        code = app([argument for argument in given if argument != "--debug"], prog_name="mt", standalone_mode=False)
    except typer.TyperException as error:
        console.say(f"{error.format_message().rstrip('.')}; see mt --help")
        return 2
    except typer.Abort:
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        console.say(_message(error))
        return 2 if isinstance(error, ConfigError) else 1
    if code == INTERRUPTED:
        console.say("stopped")
    return int(code or 0)


def _message(error: Exception) -> str:
    """One line for people."""
    if isinstance(error, MTError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return "out of memory: try a smaller model, or --set batching.batch_tokens=512"
    return f"unexpected {type(error).__name__}: {error}; --debug shows where"


def _show_version(wanted: bool) -> None:
    if wanted:
        from mt._version import __version__

        print(f"mt {__version__}")
        raise typer.Exit


@app.callback()
def _mt(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error. May stand anywhere.")] = False,
) -> None:
    """Read Arabic news in English: translation and summaries, offline, with every doubt marked."""
