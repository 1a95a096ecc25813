"""`mt glossary` and `mt memory`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mt.cli import console
from mt.errors import InputError

if TYPE_CHECKING:
    from mt.memory import Memory, Recall

glossary_app = typer.Typer(no_args_is_help=True, help="Terms that must come out as given.")
memory_app = typer.Typer(no_args_is_help=True, help="What people translated before, remembered and used at once.")

Glossary: TypeAlias = Annotated[str, typer.Argument(metavar="FILE", help="CSV, TSV, TBX or YAML; or 'starter', the one that ships.")]
MemoryFile: TypeAlias = Annotated[Path, typer.Argument(metavar="MEMORY", help="File of the memory; made where there is none.")]
Threshold: TypeAlias = Annotated[float, typer.Option("--threshold", metavar="X", min=0.5, max=1.0, help="Least similarity.")]


@glossary_app.command("check")
def check(files: Annotated[list[str], typer.Argument(metavar="FILES", help="Glossaries, checked as if they were one.")]) -> int:
    """Find empty sides, duplicates, conflicts and terms that cannot work. Exits with 1 where something is wrong."""
    from mt.glossary import problems, read

    terms = [term for file in files for term in read(file)]
    found = problems(terms)
    for problem in found:
        console.emit(f"{problem.place}: {problem.kind}: {problem.message}\n")
    errors = sum(problem.kind == "error" for problem in found)
    console.say(f"{len(terms)} terms, {errors} errors, {len(found) - errors} warnings")
    return int(errors > 0)


@glossary_app.command("list")
def show_list(file: Glossary) -> int:
    """Print the terms as TSV that every command accepts."""
    from mt.glossary import read

    console.emit("source\ttarget\tnote\tcase\tpos\taccepted\tforbidden\n")
    for term in read(file):
        cells = (term.source, term.target, term.note, term.case, term.part_of_speech, "|".join(term.accepted), "|".join(term.forbidden))
        console.emit("\t".join(cells) + "\n")
    return 0


@glossary_app.command("find")
def find(file: Glossary, text: Annotated[str, typer.Argument(help="Arabic text.")]) -> int:
    """Show the terms in a text: as it stands there, the Arabic and the English of the glossary."""
    from mt.glossary import load

    for found in load([file]).find(text):
        console.emit(f"{text[found.start : found.end]}\t{found.term.source}\t{found.term.target}\n")
    return 0


@memory_app.command("add")
def add(
    memory: MemoryFile,
    source: Annotated[str, typer.Argument(help="Arabic, one segment.")],
    english: Annotated[str, typer.Argument(help="What it must become.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Kept with it.")] = "",
) -> int:
    """Remember a translation. It is used from now on wherever the memory is; an earlier one of the same source goes."""
    _open(memory).add(source, english, note)
    return 0


@memory_app.command("remove")
def remove(memory: MemoryFile, source: Annotated[str, typer.Argument(help="Arabic.")]) -> int:
    """Forget the translation of a source."""
    if not _open(memory).forget(source):
        raise InputError(f"{memory}: nothing is remembered of: {source[:60]}")
    return 0


@memory_app.command("import")
def import_(memory: MemoryFile, files: Annotated[list[Path], typer.Argument(metavar="FILES", help="TMX, CSV or TSV.")]) -> int:
    """Add all pairs of files, as translations of people."""
    from mt.memory import import_file

    opened = _open(memory)
    for file in files:
        console.say(f"{file}: {import_file(opened, file):,} pairs")
    return 0


@memory_app.command("export")
def export(memory: MemoryFile, file: Annotated[Path, typer.Argument(metavar="FILE", help="TMX, CSV or TSV.")]) -> int:
    """Write people's translations to a file. What models made is not among them."""
    from mt.memory import export_file

    console.say(f"{file}: {export_file(_there(memory), file):,} pairs")
    return 0


@memory_app.command("stats")
def stats(memory: MemoryFile) -> int:
    """Say what a memory holds."""
    found = _there(memory).stats()
    console.emit(f"{found.entries:,} translations of people\n")
    for signature, count in found.outputs:
        console.emit(f"{count:,} outputs of {signature}\n")
    console.emit(f"{found.size / 1e6:,.1f} MB\n")
    return 0


@memory_app.command("clear-outputs")
def clear_outputs(memory: MemoryFile) -> int:
    """Drop what models made; people's translations stay."""
    _there(memory).clear_outputs()
    return 0


@memory_app.command("find")
def look_up(memory: MemoryFile, text: Annotated[str, typer.Argument(help="Arabic, one segment.")], threshold: Threshold = 0.9) -> int:
    """Show what a memory says to a text: same, adapted or similar; the similarity, the English, the remembered source."""
    found = _recall(_there(memory), threshold).person(text)
    if found is None:
        console.say("nothing similar is remembered")
        return 0
    said = found.suggestion
    console.emit(f"{found.kind}\t{said.similarity:.3f}\t{found.english}\t{said.source}\n")
    return 0


def _recall(memory: Memory, threshold: float) -> Recall:
    from mt.memory import Recall

    return Recall(memory, "", threshold)


def _open(path: Path) -> Memory:
    from mt.memory import open_memory

    return open_memory(str(path))


def _there(path: Path) -> Memory:
    """A memory that exists already. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: no such memory; mt memory add or import makes one")
    return _open(path)
