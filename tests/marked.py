"""Hand-made cases of marks in sentences, for tests and for `tests.bench.inline_marks`.

A case is a source with tags, its plain English, and the ways to put the tags there that are right.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt import formats
from mt.alignment import Link, words
from mt.config import Config
from mt.data import Block, Document, Mark, Result, Segment, Translation
from mt.formats import NO_OPTIONS, FileOptions
from mt.formats.inline import english
from mt.formats.projection import Align
from mt.formats.protection import protect, restored
from mt.pipeline import Pipeline
from mt.segmentation import segments
from tests.fakes import FakeEngine

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence or two."""

    source: str
    english: str
    right: tuple[str, ...]


def cases(name: str = "inline") -> list[Case]:
    """Those that the rules were written with, or those that were held out (`inline_held_out`)."""
    held = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [Case(source, plain, tuple(right)) for source, plain, right in held]


def result(text: str, marks: Sequence[Mark], plain: str) -> Result:
    """A result of one block whose sentences have this English."""
    document = Document((Block(text, marks=tuple(marks)),))
    ours = segments(document)
    theirs = [segment.text for segment in segments(Document((Block(plain),))) if segment.text]
    visible = [segment for segment in ours if segment.text]
    if len(visible) != len(theirs):
        return Result(document, (Translation(Segment(text), plain),), "")
    written = iter(theirs)
    return Result(document, tuple(Translation(segment, next(written) if segment.text else "") for segment in ours), "")


def projected(case: Case, align: Align) -> str:
    """The English of a case with its tags where `align` says."""
    made = protect(case.source)
    return restored(english(result(made.text, made.marks, case.english), align)[0], made.taken)


def positional(source: str, target: str) -> list[Link]:
    """Words linked by their place in the sentence: what alignment is measured against."""
    ours, theirs = words(source), words(target)
    return [Link(i, i * len(theirs) // len(ours), 0.5) for i in range(len(ours))] if theirs else []


def echoed(path: Path, options: FileOptions = NO_OPTIONS) -> bytes:
    """What is written where the engine returns its input."""
    return through(path, lambda source: source, options)


def through(path: Path, write: Callable[[str], str], options: FileOptions = NO_OPTIONS) -> bytes:
    """A file read, translated by a fake engine that writes what `write` says, and written."""
    config = Config.model_validate({"text": {"normalise": []}, "check": {"retry": False}})
    document, _ = formats.read(path, options)
    return formats.write(Pipeline(config, FakeEngine(write)).translate(document), path, options)
