"""`mt eval` and `mt bench`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mt.cli import console, files, options
from mt.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from mt import bench as race
    from mt.evaluate import FolderReport, Lines, Score, Scores

Rows = Annotated[int | None, typer.Option("--lines", metavar="N", min=1, help="Only the first N lines.")]


def evaluate(
    source: Annotated[Path, typer.Argument(help="Arabic, one segment a line; or a folder of such files and articles.")],
    reference: Annotated[Path | None, typer.Argument(help="The English of people, line by line; not with a folder.")] = None,
    hypothesis: Annotated[
        Path | None, typer.Option("--hypothesis", metavar="FILE", help="Score this English instead of translating.")
    ] = None,
    peer: Annotated[
        list[str] | None, typer.Option("--peer", metavar="NAME=FILE", help="English of another system; may be repeated.")
    ] = None,
    peers: Annotated[
        Path | None, typer.Option("--peers", metavar="DIR", help="A folder of them, named REFERENCE.NAME.en for REFERENCE.en.")
    ] = None,
    lines: Rows = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep our English.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False,
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME|FOLDER|YAML", help="With a folder: another model to test against ours.")
    ] = None,
    summaries: Annotated[bool, typer.Option("--summaries/--no-summaries", help="With a folder: summarise its articles too.")] = True,
    worst: Annotated[
        Path | None, typer.Option("--worst", metavar="FILE", help="With a folder: write the worst segments as Markdown.")
    ] = None,
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    quality: options.Quality = None,
    beam_size: options.BeamSize = None,
    backend: options.Backend = None,
    quiet: options.Quiet = False,
) -> int:
    """Score translations: BLEU and chrF, with intervals, beside other systems.

    Peers are tested against ours by paired bootstrap. HTML entities in their output are resolved first.
    With a folder, all that it holds is measured: lines, articles, summaries, numbers and names; as Markdown.
    """
    from mt import evaluate as judge

    if source.is_dir():
        if reference or hypothesis or peer or peers or save:
            raise ConfigError(f"{source} is a folder: give no reference, hypothesis, peer or --save; peers lie in {source}/peers")
        from mt.pipeline import load

        chosen = options.configuration(model, config, settings, quality=quality, beam_size=beam_size, backend=backend)
        other = (
            load(options.configuration(against, config, settings, quality=quality, beam_size=beam_size, backend=backend))
            if against
            else None
        )
        tell = (lambda message: None) if quiet else console.say
        report = judge.evaluate_folder(load(chosen), source, against=other, lines=lines, summaries=summaries, tell=tell)
        if worst:
            files.write(worst, judge.worst_page(report))
        console.emit(_report_json(report) if json else judge.as_markdown(report))
        return 0
    if reference is None:
        raise ConfigError(f"{source}: expected a folder, or a file with the reference after it")
    if against or worst:
        raise ConfigError("--against and --worst are for a folder of evaluation files")
    sources, references = judge.read_lines(source, lines), judge.read_lines(reference, lines)
    if len(sources) != len(references):
        raise ConfigError(f"{source} has {len(sources)} lines, {reference} {len(references)}: they must match line by line")
    found = judge.peers_in(peers, reference) if peers else {}
    found |= dict(_named(given) for given in peer or [])
    others = {name: judge.read_lines(path, lines, unescape=True) for name, path in found.items()}
    ours: Lines | None = None
    if hypothesis is not None:
        name, english = hypothesis.name, judge.read_lines(hypothesis, lines)
    else:
        from mt.pipeline import load

        pipeline = load(options.configuration(model, config, settings, quality=quality, beam_size=beam_size, backend=backend))
        with console.progress("Translating", quiet=quiet) as progress:
            ours = judge.translate_lines(pipeline, sources, progress=progress)
        name, english = pipeline.config.model.name, list(ours.texts)
    if save:
        files.write(save, "".join(f"{line}\n" for line in english))
    scores = judge.score(
        {name: english} | {f"{other} (file)" if other == name else other: text for other, text in others.items()}, references
    )
    if json:
        console.emit(_as_json(scores, ours))
    else:
        console.emit(f"{scores.lines} lines; ± is half of the 95 % interval, p is that of the difference from the first system\n")
        console.show(_score_table(scores))
        console.emit(f"BLEU {scores.bleu_signature}\nchrF {scores.chrf_signature}\n")
        if ours:
            console.emit(f"{ours.signature}\n{ours.flagged} of {len(ours.texts)} lines flagged, {ours.seconds:.0f} s\n")
    return 0


def _report_json(report: FolderReport) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n"


def _named(given: str) -> tuple[str, Path]:
    name, equals, path = given.partition("=")
    if not (name and equals and path):
        raise ConfigError(f"--peer {given}: expected NAME=FILE")
    return name, Path(path)


def _score_table(scores: Scores) -> Table:
    from rich.table import Table

    table = Table()
    for column in ("system", "BLEU", "±", "p", "chrF", "±", "p"):
        table.add_column(column, justify="left" if column == "system" else "right")
    for row in scores.rows:
        table.add_row(row.system, *_cells(row.bleu), *_cells(row.chrf))
    return table


def _cells(score: Score) -> tuple[str, str, str]:
    return f"{score.value:.1f}", f"{score.interval:.1f}", "" if score.p is None else f"{score.p:.3f}"


def _as_json(scores: Scores, ours: Lines | None) -> str:
    import json
    from dataclasses import asdict

    record = asdict(scores)
    if ours:
        record |= {"signature": ours.signature, "flagged": ours.flagged, "seconds": round(ours.seconds, 1)}
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def bench(
    repeats: Annotated[int, typer.Option("--repeats", metavar="N", min=1, help="Rounds; the medians are compared.")] = 3,
    segments: Annotated[int, typer.Option("--segments", metavar="N", min=1, help="Sentences of the sample articles.")] = 40,
    plain: Annotated[bool, typer.Option("--plain/--no-plain", help="Race one sentence at a time in float32 too; slow.")] = True,
    markdown: Annotated[bool, typer.Option("--markdown", help="Tables to paste into a document.")] = False,
    json: Annotated[bool, typer.Option("--json", help="All times as JSON.")] = False,
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    beam_size: options.BeamSize = None,
    backend: options.Backend = None,
    quiet: options.Quiet = False,
) -> int:
    """Measure speed, start and memory, beside the bare library and beside plain transformers."""
    from mt import bench as race

    chosen = options.configuration(model, config, settings, beam_size=beam_size, backend=backend)
    tell = (lambda message: None) if quiet else console.say
    report = race.measure(chosen, segments=segments, repeats=repeats, plain=plain, tell=tell)
    if json:
        console.emit(race.as_json(report))
    elif markdown:
        console.emit(race.as_markdown(report))
    else:
        for table in race.tables(report):
            console.show(_bench_table(table))
        console.emit(f"{report.signature}\n{report.machine}\n")
    return 0


def _bench_table(table: race.Table) -> Table:
    from rich.table import Table

    rich = Table(title=table.title)
    for i, column in enumerate(table.columns):
        rich.add_column(column, justify="right" if i else "left")
    for row in table.rows:
        rich.add_row(*row)
    return rich
