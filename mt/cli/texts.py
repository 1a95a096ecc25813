"""`mt translate`, `mt summarize`, `mt segment`."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mt.cli import console, files, options
from mt.cli.files import Source
from mt.cli.layouts import Layout, layouts
from mt.errors import ConfigError, InputError

if TYPE_CHECKING:
    from mt.config import Config
    from mt.data import Document, Result
    from mt.formats import FileOptions, Writer
    from mt.pipeline import Pipeline


NO_LAYOUTS: Mapping[Source, Layout] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """A source that could be read."""

    source: Source
    document: Document
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source."""

    source: Source
    result: Result | InputError


def translate(
    names: options.Files = None,
    text: options.Text = None,
    urls: options.Urls = None,
    output: options.Output = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field", metavar="NAME", help="Column or JSON field that holds text; may be repeated.", rich_help_panel=options.OUTPUT
        ),
    ] = None,
    to: Annotated[str, typer.Option("--to", metavar="docx|html|md", help="What a PDF becomes.", rich_help_panel=options.OUTPUT)] = "",
    summary: Annotated[
        int,
        typer.Option(
            "--summary", "-s", metavar="N", min=0, max=50, help="Sentences of summary above the text.", rich_help_panel=options.SUMMARY
        ),
    ] = 0,
    words: options.Words = None,
    language: options.Language = None,
    headline: options.Headline = None,
    json: options.Json = False,
    jsonl: options.Jsonl = False,
    bilingual: Annotated[
        bool,
        typer.Option(
            "--bilingual", help="Source and English: in the document itself, or segment by segment.", rich_help_panel=options.OUTPUT
        ),
    ] = False,
    tsv: Annotated[bool, typer.Option("--tsv", help="The same as a table.", rich_help_panel=options.OUTPUT)] = False,
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
    """Translate Arabic texts into English.

    Text in, text out: `mt translate article.txt`, `cat article.txt | mt translate`, `mt translate --text "..."`.
    Documents keep their layout: `mt translate report.docx page.html -o out/`.
    """
    form = _one_of(json=json, jsonl=jsonl, bilingual=bilingual, tsv=tsv)
    read = files.sources(names, text, urls)

    from mt.formats import WRITERS, FileOptions

    writer = WRITERS[form]
    file_options = FileOptions(tuple(fields or ()), bilingual, f".{to.lower().removeprefix('.')}" if to else "")
    if summary and not writer.summary:
        raise ConfigError(f"--{form} has no place for a summary; use --bilingual, --json or --jsonl")
    if not summary and (words, language, headline) != (None, None, None):
        raise ConfigError("--words, --language and --headline are about the summary; ask for one with --summary N")
    kept = layouts(read, form, output, file_options, summary=bool(summary))
    own = {source: layout.suffix for source, layout in kept.items()}
    places = files.destinations(read, output, writer.suffix, own=own, one_file=form == "jsonl")

    summarising = {"words": words, "language": language, "headline": headline}
    chosen = options.configuration(
        model,
        config,
        settings,
        quality=quality,
        beam_size=beam_size,
        backend=backend,
        glossary=glossary or None,
        memory=memory,
        **summarising,
    )
    with console.progress("Translating", quiet=quiet) as progress:
        outcomes = translated(lambda: _load(chosen), read, summary, progress, file_options)
        return deliver(outcomes, read, places, form, writer, kept, strict=strict, quiet=quiet)


def summarize(
    names: options.Files = None,
    text: options.Text = None,
    urls: options.Urls = None,
    output: options.Output = None,
    sentences: Annotated[
        int | None, typer.Option("--sentences", "-n", metavar="N", help="Sentences wanted.", rich_help_panel=options.SUMMARY)
    ] = None,
    words: options.Words = None,
    language: options.Language = None,
    headline: options.Headline = None,
    json: options.Json = False,
    jsonl: options.Jsonl = False,
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
    """Summarise Arabic texts in English, or in Arabic with --language ar; English texts in English.

    The numbers after a sentence are the sentences of the article that support it; --json has their text.
    """
    form = _one_of(json=json, jsonl=jsonl)
    read = files.sources(names, text, urls)

    from mt.formats import SUMMARY_WRITERS

    writer = SUMMARY_WRITERS[form]
    places = files.destinations(read, output, writer.suffix, one_file=form == "jsonl")

    summary = {"sentences": sentences, "words": words, "language": language, "headline": headline}
    chosen = options.configuration(
        model, config, settings, quality=quality, beam_size=beam_size, backend=backend, glossary=glossary or None, memory=memory, **summary
    )
    with console.progress("Reading", quiet=quiet) as progress:
        outcomes = summarised(lambda: _load(chosen), read, progress)
        return deliver(outcomes, read, places, form, writer, strict=strict, quiet=quiet)


def segment(
    names: options.Files = None,
    text: options.Text = None,
    output: options.Output = None,
    json: Annotated[bool, typer.Option("--json", help="Segments with the white space after them; joined they give the text.")] = False,
    quiet: options.Quiet = False,
) -> int:
    """Split texts into sentences, one a line. Needs no model."""
    read = files.sources(names, text)
    places = files.destinations(read, output, ".json" if json else ".txt")
    failed = False
    for source, place in zip(read, places, strict=True):
        try:
            content, notes = source.text()
            _note(source, notes, quiet)
            _put(_segments(content, json=json), place)
        except InputError as error:
            console.say(str(error))
            failed = True
    return int(failed)


def _one_of(**forms: bool) -> str:
    """The form that was asked for; "text" where none was. Raises ConfigError where several were."""
    wanted = [name for name, given in forms.items() if given]
    if len(wanted) > 1:
        raise ConfigError(f"--{' and --'.join(wanted)} exclude each other")
    return wanted[0] if wanted else "text"


def translated(
    load: Callable[[], Pipeline],
    read: Sequence[Source],
    summary: int,
    progress: Callable[[int, int], None],
    options: FileOptions | None = None,
) -> Iterator[Outcome]:
    """What becomes of each source: first what cannot be read, then the others in order, with batches across them.

    load: called only when there is something to translate, so that a missing file is said at once.
    """
    readings: deque[Reading] = deque()
    for source in read:
        try:
            readings.append(Reading(source, *source.read(options)))
        except InputError as error:
            yield Outcome(source, error)
    if not readings:
        return
    pipeline = load()
    while readings:
        left = [reading.document for reading in readings]  # anew, since a run that fails may have taken documents ahead
        try:
            for result in pipeline.run(left, summary=summary, progress=progress):
                reading = readings.popleft()
                yield Outcome(reading.source, replace(result, notes=reading.notes + result.notes))
        except InputError as error:  # of one document; the results before it have come, those after it are still to be had
            yield Outcome(readings.popleft().source, error)


def summarised(load: Callable[[], Pipeline], read: Sequence[Source], progress: Callable[[int, int], None]) -> Iterator[Outcome]:
    """What becomes of each source, in order. load: called only when there is something to summarise."""
    load = cache(load)
    for source in read:
        try:
            document, notes = source.read()
            result = _summary(load(), document, progress)
            yield Outcome(source, replace(result, notes=notes + result.notes))
        except InputError as error:
            yield Outcome(source, error)


def _summary(pipeline: Pipeline, document: Document, progress: Callable[[int, int], None]) -> Result:
    """A result with a summary; where the summary is in the language of the text, nothing is translated."""
    from mt.arabic import has_arabic
    from mt.data import Result, Translation

    wanted = pipeline.config.summary
    if wanted.language == "ar" or not has_arabic(document.text):
        made = pipeline.summarize(document)
        as_it_is = tuple(Translation(segment, segment.text, obtained="copied") for segment in pipeline.segment(document))
        return Result(document, as_it_is, pipeline.signature, made)
    for step in pipeline.watch(document, summary=wanted.sentences):
        progress(step.done, step.total)
        if step.result is not None:
            return step.result
    raise AssertionError("watch ends with a result")


def deliver(
    outcomes: Iterator[Outcome],
    read: Sequence[Source],
    places: Sequence[Path | None],
    form: str,
    writer: Writer,
    kept: Mapping[Source, Layout] = NO_LAYOUTS,
    *,
    strict: bool,
    quiet: bool,
) -> int:
    """Write results as they come and give the exit code."""
    place_of = dict(zip(read, places, strict=True))
    together: list[str] = []  # what goes into one file, or one JSON array
    failed = doubtful = False
    several = len(read) > 1
    for outcome in outcomes:
        if isinstance(outcome.result, InputError):
            console.say(str(outcome.result))
            failed = True
            continue
        place = place_of[outcome.source]
        _note(outcome.source, outcome.result.notes, quiet)
        doubtful |= _doubts(outcome, form, quiet=quiet)
        if outcome.source in kept:
            failed |= not _keep(outcome.source, outcome.result, kept[outcome.source], place, headed=several)
            continue
        text = writer.write(outcome.result)
        shared = place is not None and places.count(place) > 1
        if shared or (several and place is None and form == "json"):
            together.append(text)
            continue
        heading = f"==> {outcome.source.name} <==\n" if several and place is None and form not in {"json", "jsonl"} else ""
        try:
            _put(heading + text + ("\n" if heading else ""), place)
        except InputError as error:
            console.say(str(error))
            failed = True
    if form == "json" and together:
        _put("[\n" + ",\n".join(text.rstrip("\n") for text in together) + "\n]\n", None)
    elif together:
        _put("".join(together), places[0])
    return 1 if failed else 3 if strict and doubtful else 0


def _keep(source: Source, result: Result, layout: Layout, place: Path | None, *, headed: bool) -> bool:
    """Write a result in the format of its source; False where that cannot be done."""
    try:
        data = layout.write(source, result)
        if place is not None:
            files.write_bytes(place, data)
        else:
            console.emit((f"==> {source.name} <==\n".encode() if headed else b"") + data)
    except InputError as error:
        console.say(str(error))
        return False
    return True


def _put(text: str, place: Path | None) -> None:
    if place is None:
        console.emit(text)
    else:
        files.write(place, text)


def _note(source: Source, notes: Sequence[str], quiet: bool) -> None:
    for note in notes:
        if not quiet:
            console.say(f"{source.name}: {note}")


def _doubts(outcome: Outcome, form: str, *, quiet: bool) -> bool:
    """Whether something is doubtful; in text, where flags cannot be seen, it is said."""
    result = outcome.result
    assert not isinstance(result, InputError)
    total = sum(bool(translation.segment.text.strip()) for translation in result.translations)
    flagged = len(result.flagged)
    if flagged and form == "text" and not quiet:
        are = "is" if flagged == 1 else "are"
        console.say(f"{outcome.source.name}: {flagged} of {total} segments {are} doubtful; see --bilingual or --json")
    return bool(flagged or (result.summary and any(sentence.flags for sentence in result.summary.sentences)))


def _load(config: Config) -> Pipeline:
    from mt.pipeline import load

    return load(config)


def _segments(text: str, *, json: bool) -> str:
    from mt.segmentation import split

    found = split(text)
    if json:
        import json as library

        return library.dumps([{"text": s.text, "tail": s.tail} for s in found], ensure_ascii=False, indent=2) + "\n"
    return "".join(" ".join(segment.text.split()) + "\n" for segment in found if segment.text.strip())
