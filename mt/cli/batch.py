"""`mt batch`: any number of files, resumed where it was left."""

from __future__ import annotations

import json as library
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from mt.cli import console, options
from mt.errors import ConfigError

if TYPE_CHECKING:
    from mt.batch import Crew, Job, Outcome, Plan, Ran, Root, Watch
    from mt.batch.progress import Pace, Progress

INTERRUPTED = 130
MANY = 5
"""Names that are said one by one; more are counted."""
LINE_SECONDS = 60
"""Between lines of progress where there is no terminal."""


class _Group(TyperGroup):
    """`mt batch IN OUT` is `mt batch run IN OUT`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    help="Translate any number of files: `mt batch IN OUT`. Run again, it does what is missing or changed. A folder named status, "
    "report or run: `mt batch run status OUT`.",
)


@app.command("run")
def run(
    names: Annotated[
        list[str], typer.Argument(metavar="IN... OUT", help="Folders, files, 'quoted/**/globs.html' or URLs; last the folder to write to.")
    ],
    from_list: Annotated[
        str | None, typer.Option("--from-list", metavar="FILE", help="Paths below IN (or here), one a line; - is standard input.")
    ] = None,
    include: Annotated[list[str] | None, typer.Option("--include", metavar="GLOB", help="Only these; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", metavar="GLOB", help="Not these; may be repeated.")] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Also what failed before.")] = False,
    force: Annotated[bool, typer.Option("--force", help="All anew; also into a folder that has other files.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count files and words, reckon the time, write nothing.")] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="FORM", help="same (as the source), text, json, jsonl, tsv.", rich_help_panel=options.OUTPUT)
    ] = "same",
    bilingual: Annotated[bool, typer.Option("--bilingual", help="Source and English.", rich_help_panel=options.OUTPUT)] = False,
    fields: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="NAME", help="Column or JSON field to translate; may be repeated.", rich_help_panel=options.OUTPUT),
    ] = None,
    summary: Annotated[
        int, typer.Option("--summary", "-s", metavar="N", min=0, max=50, help="Sentences of summary.", rich_help_panel=options.SUMMARY)
    ] = 0,
    workers: Annotated[int, typer.Option("--workers", "-j", metavar="N", min=1, max=1024, help="Processes, each with a model.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="ADDRESS|local", help="Work on a Ray cluster; OUT must be shared, or a URL.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", metavar="DIR", help="Folder of the ledger, where OUT is a URL.")] = None,
    json_log: Annotated[bool, typer.Option("--json-log", help="Progress and failures as JSON, one a line, on stderr.")] = False,
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    quality: options.Quality = None,
    beam_size: options.BeamSize = None,
    backend: options.Backend = None,
    glossary: options.Glossary = None,
    memory: options.Memory = None,
    strict: options.Strict = False,
    quiet: options.Quiet = False,
) -> int:
    """Translate folders of files into OUT, in their formats and below their paths."""
    from mt import batch, formats

    chosen = options.configuration(
        model, config, settings, quality=quality, beam_size=beam_size, backend=backend, glossary=glossary or None, memory=memory
    )
    form = "bilingual" if bilingual and to == "text" else to
    _check_form(form, summary)
    roots, output = _places(names, from_list)
    job = batch.Job(
        output,
        _ledger(output, ledger),
        roots,
        chosen,
        tuple(include or ()),
        tuple(exclude or ()),
        form,
        summary,
        formats.FileOptions(tuple(fields or ()), bilingual),
    )
    if dry_run:
        return _rehearse(job, force=force, retry_failed=retry_failed)
    log = _Log(json=json_log, quiet=quiet)
    with log.shown():
        ran = batch.run(job, log.watch(), crew=_crew(workers, cluster), force=force, retry_failed=retry_failed)
    log.ended(ran)
    if ran.stopped:
        return INTERRUPTED
    return 1 if ran.totals.failed else 3 if strict and ran.totals.flagged else 0


@app.command("status")
def status(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of a batch.")],
    json: Annotated[bool, typer.Option("--json", help="The counts as JSON.")] = False,
) -> int:
    """Say how far a batch is; it may be running."""
    from mt.batch import ledger as ledgers
    from mt.batch.places import HIDDEN

    ledger = ledgers.opened(_folder_of(out, HIDDEN))
    totals = ledger.totals()
    if json:
        console.emit(library.dumps(asdict(totals), indent=2) + "\n")
        return 0
    counts = f"{totals.done:,} files done, {totals.waiting:,} waiting, {totals.failed:,} failed"
    gone = f", {totals.gone:,} no longer there" if totals.gone else ""
    console.emit(f"{counts}{gone}\n{totals.words:,} words in {totals.segments:,} segments, {totals.flagged:,} of them flagged\n")
    for row in ledger.rows("failed"):
        console.emit(f"failed: {row.error}\n")
    return 0


@app.command("report")
def report(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The output folder of a batch.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; unset: report.html beside the ledger.")
    ] = None,
) -> int:
    """Write an HTML page: totals, the most doubtful segments, failures."""
    from mt.batch import ledger as ledgers
    from mt.batch.places import HIDDEN
    from mt.batch.report import report as pieces
    from mt.cli import files

    folder = _folder_of(out, HIDDEN)
    page = output or folder / "report.html"
    files.write(page, "".join(pieces(ledgers.opened(folder))))
    console.emit(f"{page}\n")
    return 0


def _folder_of(out: Path, hidden: str) -> Path:
    """The folder of the ledger: in OUT, or OUT itself where a ledger was put elsewhere."""
    return out / hidden if (out / hidden).is_dir() else out


def _check_form(form: str, summary: int) -> None:
    from mt.formats import WRITERS

    forms = {"same", *WRITERS}
    if form not in forms:
        raise ConfigError(f"--to {form}: expected one of {', '.join(sorted(forms))}")
    if summary and (form == "same" or not WRITERS[form].summary):
        with_summary = ", ".join(name for name, writer in WRITERS.items() if writer.summary)
        raise ConfigError(f"--summary: --to {form} has no place for a summary; use --to with one of {with_summary}")


def _places(names: Sequence[str], from_list: str | None) -> tuple[tuple[Root, ...], str]:
    """What to read and where to write. Raises ConfigError where one would be written over the other."""
    from mt.batch import Root
    from mt.batch.places import is_url

    *given, out = names
    output = out.rstrip("/") if is_url(out) else str(Path(out).resolve())
    if from_list is not None:
        if len(given) > 1:
            raise ConfigError("--from-list: its paths are below one folder; give one IN, or none for the current folder")
        roots = [Root(str(Path(given[0] if given else ".").resolve()), listed=from_list)]
    elif not given:
        raise ConfigError("expected IN and OUT: what to translate and where to write, e.g. mt batch articles english")
    else:
        roots = [root for name in given for root in _roots(name, several=len(given) > 1)]
    for root in roots:
        _refuse_overlap(root.base, output)
    if len({(root.prefix, root.pattern) for root in roots}) < len(roots):
        raise ConfigError(f"{', '.join(given)}: two of these have the same name; give the folder above them, or name them apart")
    return tuple(roots), output


def _roots(name: str, *, several: bool) -> Iterator[Root]:
    """A folder, a file, a glob or a URL. Among several each gets a folder of its name, files excepted."""
    from mt.batch import Root
    from mt.batch.places import is_url

    if is_url(name):
        yield Root(name.rstrip("/"), f"{name.rstrip('/').rpartition('/')[2]}/" if several else "")
        return
    path = Path(name)
    if path.is_dir():
        base = path.resolve()
        yield Root(str(base), f"{base.name}/" if several else "")
    elif path.exists() and path.name.startswith("."):
        raise ConfigError(f"{name}: hidden files are left out; rename it")
    elif path.exists():
        yield Root(str(path.resolve().parent), pattern=_literal(path.name))
    elif any(mark in name for mark in "*?["):
        parts = path.parts
        fixed = next(i for i, part in enumerate(parts) if any(mark in part for mark in "*?["))
        pattern = "/".join(parts[fixed:])
        yield Root(str(Path(*parts[:fixed]).resolve()), pattern=pattern if "/" in pattern else f"./{pattern}")
    else:
        raise ConfigError(f"{name}: no such file or folder")


def _literal(name: str) -> str:
    """A pattern that matches this name in the folder itself."""
    return "./" + "".join(f"[{mark}]" if mark in "*?[" else mark for mark in name)


def _refuse_overlap(base: str, output: str) -> None:
    from mt.batch.places import bare

    read, written = Path(bare(base)).resolve(), Path(bare(output)).resolve()
    if read == written:
        raise ConfigError(f"{output}: is what is read too; write to another folder")
    if read.is_relative_to(written):
        raise ConfigError(f"{base}: lies in {output}, so sources could be written over; write to another folder")


def _ledger(output: str, given: Path | None) -> str:
    from mt.batch.places import HIDDEN, is_url

    if not is_url(output):
        if given:
            raise ConfigError(f"--ledger is for an OUT that is a URL; that of a folder is in {Path(output) / HIDDEN}")
        return str(Path(output) / HIDDEN)
    if given is None:
        raise ConfigError(f"{output}: a ledger cannot lie behind a URL; name a folder of this machine with --ledger DIR")
    return str(given.resolve())


def _crew(workers: int, cluster: str | None) -> Crew:
    from mt import batch

    if cluster:
        from mt.cluster import crew

        return crew(cluster, workers if workers > 1 else None)
    return batch.processes(workers) if workers > 1 else batch.inline


def _rehearse(job: Job, *, force: bool, retry_failed: bool) -> int:
    """Say what a run would do."""
    from mt.batch.rehearse import rehearse

    estimate = rehearse(job, force=force, retry_failed=retry_failed)
    _say_plan(estimate.plan, console.say)
    totals = estimate.plan.totals
    console.emit(f"{totals.waiting:,} files to do, {totals.done:,} done, {totals.failed:,} failed before\n{estimate}")
    return 0


def _say_plan(plan: Plan, say: Callable[[str], None]) -> None:
    if plan.left_out:
        kinds = sorted(plan.left_out.items(), key=lambda item: (-item[1], item[0]))
        said = ", ".join(f"{count:,} {suffix}" for suffix, count in kinds[:MANY])
        say(f"left out, for their format is not known: {said}{' and others' if len(kinds) > MANY else ''}")
    for path, output in plan.renamed[:MANY]:
        say(f"{path}: written as {output}, for another source has the shorter name")
    if len(plan.renamed) > MANY:
        say(f"and {len(plan.renamed) - MANY:,}{' or more' if len(plan.renamed) > 400 else ''} others likewise")


class _Log:
    """What people or programs are told of a run, on stderr."""

    def __init__(self, *, json: bool, quiet: bool) -> None:
        self.json = json
        self.quiet = quiet
        self.pace: Pace | None = None
        self.last = time.monotonic()
        self.draw: Callable[[Progress], None] = lambda progress: None

    def watch(self) -> Watch:
        """For the loop."""
        from mt.batch import Watch

        return Watch(self.planned, self.beat, self.recorded, self.message)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """A line that is redrawn, on a terminal; elsewhere a line a minute."""
        if self.quiet or self.json or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.status import Status

        with Status("Looking for files", console=Console(stderr=True)) as line:
            self.draw = lambda progress: line.update(str(progress))
            yield

    def message(self, text: str) -> None:
        """One line that matters."""
        self._event("message", message=text) if self.json else console.say(text)

    def planned(self, plan: Plan) -> None:
        """The loop knows what there is to do."""
        from mt.batch.progress import Pace

        self.pace = Pace(plan.totals)
        if self.json:
            self._event("planned", **asdict(plan))
        elif not self.quiet:
            _say_plan(plan, console.say)
            console.say(f"{plan.totals.waiting:,} files to do, {plan.totals.done:,} done already, {plan.totals.failed:,} failed before")

    def beat(self, segments: int) -> None:
        """Some segments are done."""
        assert self.pace is not None
        self.pace.beat(segments)
        self._now_and_then()

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """Some files are done."""
        assert self.pace is not None
        self.pace.recorded(outcomes)
        for outcome in outcomes:
            if self.json:
                self._event(outcome.state, path=outcome.path, error=outcome.error, segments=outcome.segments, flagged=outcome.flagged)
            elif outcome.state == "failed":
                console.say(outcome.error)
        self._now_and_then()

    def ended(self, ran: Ran) -> None:
        """The last word."""
        if self.pace is not None and self.json:
            self._event("ended", stopped=ran.stopped, manifest=str(ran.manifest), **asdict(self.pace.now()))
        elif self.pace is not None and not self.quiet:
            console.say(f"{'stopped: ' if ran.stopped else ''}{self.pace.now()}; see {ran.manifest}")

    def _now_and_then(self) -> None:
        assert self.pace is not None
        if self.quiet:
            return
        redrawn = sys.stderr.isatty() and not self.json
        if time.monotonic() - self.last < (0.2 if redrawn else LINE_SECONDS):
            return
        self.last = time.monotonic()
        progress = self.pace.now()
        if redrawn:
            self.draw(progress)
        elif self.json:
            self._event("progress", **asdict(progress))
        else:
            console.say(str(progress))

    @staticmethod
    def _event(event: str, **fields: object) -> None:
        print(library.dumps({"time": round(time.time(), 3), "event": event, **fields}), file=sys.stderr, flush=True)
