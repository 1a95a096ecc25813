"""What a job is: its settings, and the values that go between the ledger, the workers and the loop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias

from mt import formats, glossary
from mt._version import __version__
from mt.config import Config
from mt.formats.format import NO_OPTIONS
from mt.memory import open_memory
from mt.pipeline import Pipeline, load

State: TypeAlias = Literal["waiting", "done", "failed", "gone"]
"""`gone`: it was there in an earlier run; its output stays."""

# Segments that are in flight at once in one worker: fewer make worse batches, more write files later. A judgement: 512 is 30 to 50
# batches of the default size; tests/bench/batch_speed.py takes other values.
IN_FLIGHT = 512


@dataclass(frozen=True, slots=True)
class Root:
    """One thing to read from: a folder or a URL, below which paths are counted.

    prefix: put before the paths in the output, with a slash at its end; empty where there is one root only.
    pattern: a glob below the base; listed: a file that names what is to be done below the base, one path a line, "-" for
    standard input. Without them: all files whose format is known.
    """

    base: str
    prefix: str = ""
    pattern: str = ""
    listed: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that decides how one file becomes another; it can be sent to another process.

    output: a folder or a URL. ledger: a folder on this machine.
    include, exclude: globs of names or paths; a file must match one of the first, if there are any, and none of the second.
    form: a key of `mt.formats.WRITERS`, or "same" for the format of the source.
    load: makes the pipeline of a worker; a function of a module, since it is sent by name.
    """

    output: str
    ledger: str
    roots: tuple[Root, ...]
    config: Config
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    form: str = "same"
    summary: int = 0
    options: formats.FileOptions = NO_OPTIONS
    in_flight: int = IN_FLIGHT
    load: Callable[[Config], Pipeline] = load

    @property
    def settings(self) -> str:
        """The signature of what decides the content of an output: of the glossary and the memory as they are now, too; not of batching.

        Raises ConfigError or InputError for terms that cannot be read.
        """
        config = self.config.model_dump(mode="json", exclude={"batching": True, "engine": {"threads"}})
        decisive = [__version__, config, self._terms(), self.form, self.summary, asdict(self.options)]
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]

    def _terms(self) -> list[str]:
        terms = glossary.load(self.config.terms.glossary)
        memory = self.config.terms.memory
        there = [open_memory(memory).signature] if memory and Path(memory).exists() else []
        return ([terms.signature] if terms else []) + there

    def output_of(self, path: str) -> str:
        """Where the output of a source goes, if no other source goes there too."""
        suffix = self.suffix_of(path)
        own = PurePosixPath(path).suffix
        return path if own.lower() == suffix else path.removesuffix(own) + suffix

    def suffix_of(self, path: str) -> str:
        """The suffix of the output of a source."""
        form = self.form_of(path)
        return formats.format_of(Path(path)).suffix if form == "same" else formats.WRITERS[form].suffix

    def form_of(self, path: str) -> str:
        """The form of the output of a source: bilingual text where its own format has no place for both languages."""
        alone = self.form == "same" and self.options.bilingual and not formats.format_of(Path(path)).bilingual
        return "bilingual" if alone else self.form


@dataclass(frozen=True, slots=True)
class Found:
    """A source as it lies there. stamp: changes whenever the content may have."""

    path: str
    bytes: int
    stamp: str


@dataclass(frozen=True, slots=True)
class Task:
    """One file to be done. hash: of the source whose output is there already, made with these settings; else empty."""

    path: str
    base: str
    below: str
    output: str
    hash: str = ""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """A flagged segment. number: its place in the file, from 1 on. badness: see `mt.check.badness`."""

    number: int
    badness: float
    flags: tuple[str, ...]
    source: str
    english: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. hash, written: SHA-256 of the source and of the output, in hex; bytes, size: theirs."""

    path: str
    state: State
    hash: str = ""
    written: str = ""
    bytes: int = 0
    size: int = 0
    segments: int = 0
    words: int = 0
    flagged: int = 0
    flags: tuple[tuple[str, int], ...] = ()
    doubts: tuple[Doubt, ...] = ()
    notes: tuple[str, ...] = ()
    signature: str = ""
    error: str = ""
    seconds: float = 0.0
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """What a crew asks and tells: whether to stop after the batch in hand, and how many segments are done since."""

    stop: Callable[[], bool]
    beat: Callable[[int], None]


Tasks: TypeAlias = Sequence[Task]
Crew: TypeAlias = Callable[[Job, Iterator[Tasks], Control], Iterable[Sequence[Outcome]]]
"""Those who do the work: they take tasks as they need them and give outcomes in any order."""


def known(path: str) -> bool:
    """Whether a file has a format of ours, by its suffix."""
    return PurePosixPath(path).suffix.lower() in formats.FORMATS
