"""What goes to the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.table import Table

BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports of a program whose reader went away."""


def use_utf8() -> None:
    """Write UTF-8 whatever the locale says, and leave line ends as they are."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")


def say(message: str) -> None:
    """One line on stderr."""
    print(f"mt: {' '.join(message.split())}", file=sys.stderr)


def emit(text: str | bytes) -> None:
    """Text, or a file that is none, on stdout, at once. Where nobody reads it any more, the program ends quietly."""
    try:
        if isinstance(text, bytes):
            sys.stdout.buffer.write(text)
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at the end
        raise typer.Exit(BROKEN_PIPE) from error


def show(table: Table) -> None:
    """A table on stdout: as wide as the terminal, or as it needs in a pipe."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    console = Console(file=io.StringIO(), width=width, force_terminal=sys.stdout.isatty(), highlight=False)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    emit("".join(line.rstrip() + "\n" for line in console.file.getvalue().splitlines()))


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, fed with (done, total); nothing at all where stderr is no terminal.

    The bar is gone whenever all that is known is done, so that results may be printed then.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Redirecting would send what is meant for a pipe on stdout to the terminal on stderr.
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False)
    task = bar.add_task(what, total=None)

    def update(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if done < total:
            bar.start()
        else:
            bar.stop()

    try:
        yield update
    finally:
        bar.stop()
