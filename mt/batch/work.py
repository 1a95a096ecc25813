"""One worker: files in, outcomes out. It reads, translates many files together, and writes each whole."""

from __future__ import annotations

import errno
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mt import check, formats
from mt.batch.job import Control, Doubt, Job, Outcome, Task
from mt.batch.ledger import NAME
from mt.batch.places import Place, reading, writing
from mt.batch.remember import RememberingEngine, Stopped
from mt.data import Result
from mt.errors import JobError, ModelError, MTError
from mt.pipeline import Pipeline, Prepared

# What is wrong with the name of one output; all other errors are those of the disk, and stop the job.
FAULTS_OF_NAMES = {errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EINVAL, errno.EILSEQ}


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that was read. file: on this machine; as_it_was: tells whether it changed since."""

    task: Task
    file: Path
    as_it_was: tuple[int, ...]
    hash: str
    prepared: Prepared
    notes: tuple[str, ...]


class Worker:
    """A model and what it needs to do files. memory: see `RememberingEngine`."""

    def __init__(self, job: Job, control: Control, *, memory: str) -> None:
        self.job = job
        self.control = control
        self.memory = memory
        self.output = writing(job)
        self.places: dict[str, Place] = {}
        self.ending = ExitStack()

    @cached_property
    def pipeline(self) -> Pipeline:
        """Loaded when it is first needed: a job that is done already needs none."""
        pipeline = self._loaded()
        return Pipeline(
            pipeline.config, self.ending.enter_context(closing(RememberingEngine(pipeline.engine, self.memory, self.control.stop)))
        )

    def _loaded(self) -> Pipeline:
        """What is wrong with a model is wrong for all files, of whatever kind the error of its library is."""
        try:
            return self.job.load(self.job.config)
        except MTError:
            raise
        except Exception as error:
            raise ModelError(f"model '{self.job.config.model.name}': cannot be loaded: {error}") from error

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.ending.close()

    def work(self, tasks: Iterable[Task]) -> Iterator[list[Outcome]]:
        """What becomes of the tasks, in groups that were translated together; when stopped, only of those that were finished.

        Raises JobError where nothing can be written, ModelError where the model does not work at all.
        """
        outcomes: list[Outcome] = []
        window: list[Ready] = []
        size = 0
        for task in tasks:
            if self.control.stop():
                break
            read = self._read(task)
            if isinstance(read, Outcome):
                outcomes.append(read)
                continue
            if window and size + len(read.prepared.segments) > self.job.in_flight:
                yield outcomes + self._finish(window)
                outcomes, window, size = [], [], 0
            window.append(read)
            size += len(read.prepared.segments)
        yield outcomes + self._finish(window)

    def _read(self, task: Task) -> Ready | Outcome:
        """The file, ready to translate; or what became of it, if it is as it was or no good."""
        place = self.places.setdefault(task.base, reading(task.base))
        try:
            file = place.fetch(task.below)
        except Exception as error:
            return _failed(task, error)
        try:
            as_it_was, digest = _look(file), _hash(file)
            if digest == task.hash:
                place.release(file)
                return Outcome(task.path, "done", bytes=task.bytes, unchanged=True)
            document, notes = formats.read(file, self.job.options)
        except Exception as error:
            place.release(file)
            return _failed(task, error, file)
        pipeline = self.pipeline  # its errors are not those of the file
        try:
            return Ready(task, file, as_it_was, digest, pipeline.prepare(replace(document, id=task.path)), notes)
        except Exception as error:
            place.release(file)
            return _failed(task, error, file)

    def _finish(self, window: Sequence[Ready]) -> list[Outcome]:
        """Translate and write; what was stopped before it was complete is left out."""
        if not window:
            return []
        start = time.monotonic()
        results = self._results(window)
        segments = sum(len(ready.prepared.segments) for ready in window)
        pace = (time.monotonic() - start) / max(segments, 1)
        outcomes = [
            self._written(ready, result, pace * len(ready.prepared.segments))
            for ready, result in zip(window, results, strict=True)
            if not isinstance(result, Stopped)
        ]
        for ready in window:
            self.places[ready.task.base].release(ready.file)
        with _saying(self.job.output):
            self.output.settle()
        return outcomes

    def _results(self, window: Sequence[Ready]) -> list[Result | Exception]:
        """All together; or, where that fails, each alone, so that one bad file does not take others with it."""
        done = 0

        def beat(now: int, _: int) -> None:
            nonlocal done
            self.control.beat(now - done)
            done = now

        try:
            return (
                list(self.pipeline.finish([ready.prepared for ready in window], summary=self.job.summary, progress=beat)) if window else []
            )
        except JobError:
            raise
        except Exception as error:
            if len(window) == 1:
                return [error]
        alone = [self._alone(ready) for ready in window]
        faults = [result for result in alone if isinstance(result, ModelError)]
        if len(faults) == len(alone):
            raise faults[0]  # what fails for every file is not the fault of the files
        return alone

    def _alone(self, ready: Ready) -> Result | Exception:
        try:
            [result] = self.pipeline.finish([ready.prepared], summary=self.job.summary)
        except JobError:
            raise
        except Exception as error:
            return error
        return result

    def _written(self, ready: Ready, result: Result | Exception, seconds: float) -> Outcome:
        """Write one output, if the source is still what was translated."""
        task = ready.task
        if isinstance(result, Exception):
            return _failed(task, result, ready.file)
        result = replace(result, notes=ready.notes + result.notes)
        try:
            data = self._laid_out(result, ready)
            changed = _look(ready.file) != ready.as_it_was
        except Exception as error:
            return _failed(task, error, ready.file)
        if changed:
            return Outcome(
                task.path, "failed", bytes=task.bytes, error=f"{task.path}: changed while it was translated; run again to take it up"
            )
        try:
            with _saying(self.job.output):
                self.output.put(task.output, data)
        except JobError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno in FAULTS_OF_NAMES:
                return Outcome(
                    task.path,
                    "failed",
                    bytes=task.bytes,
                    error=f"{task.path}: cannot be written as {task.output}: {error.__cause__.strerror}",
                )
            raise
        return _done(task, result, ready.hash, data, seconds)

    def _laid_out(self, result: Result, ready: Ready) -> bytes:
        form = self.job.form_of(ready.task.path)
        if form == "same":
            return formats.write(result, ready.file, self.job.options)
        return formats.WRITERS[form].write(result).encode("utf-8", "replace")


def local_memory(job: Job) -> str:
    """Where workers of this machine remember segments: in the ledger."""
    return str(Path(job.ledger) / NAME)


def _done(task: Task, result: Result, digest: str, data: bytes, seconds: float) -> Outcome:
    flags = Counter(flag for translation in result.translations for flag in translation.flags)
    doubts = [
        Doubt(i + 1, check.badness(t.flags), tuple(sorted(t.flags)), t.segment.text.strip(), t.text)
        for i, t in enumerate(result.translations)
        if t.flags
    ]
    return Outcome(
        task.path,
        "done",
        hash=digest,
        written=hashlib.sha256(data).hexdigest(),
        bytes=task.bytes,
        size=len(data),
        segments=len(result.translations),
        words=sum(len(t.segment.text.split()) for t in result.translations),
        flagged=len(result.flagged),
        flags=tuple(sorted(flags.items())),
        doubts=tuple(sorted(doubts, key=lambda doubt: (-doubt.badness, doubt.number))),
        notes=result.notes,
        signature=result.signature,
        seconds=seconds,
    )


def _failed(task: Task, error: Exception, file: Path | None = None) -> Outcome:
    """One line on what is wrong, with the name that the user knows the file by."""
    if isinstance(error, FileNotFoundError):
        message = f"{task.path}: no such file; it was deleted since the job found it, or the list has a wrong name"
    elif isinstance(error, IsADirectoryError):
        message = f"{task.path}: is a folder that cannot be listed; give the rights to read it, or --exclude it"
    elif isinstance(error, OSError):
        message = f"{task.path}: cannot be read: {error.strerror or error}"
    elif isinstance(error, MTError):
        message = str(error) if file is None else str(error).replace(str(file), task.path)
    else:
        message = f"{task.path}: unexpected {type(error).__name__}: {error}"
    return _failure(task, message)


def _failure(task: Task, message: str) -> Outcome:
    return Outcome(task.path, "failed", bytes=task.bytes, error=" ".join(message.split()))


def _look(file: Path) -> tuple[int, ...]:
    about = file.stat()
    return about.st_ino, about.st_size, about.st_mtime_ns


def _hash(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _saying(output: str) -> Iterator[None]:
    """Turn an error of the output, of whatever kind its store raises, into a JobError: the output is at fault, not the file."""
    try:
        yield
    except Exception as error:
        what = f"{getattr(error, 'filename', None) or output}: {getattr(error, 'strerror', None) or error}"
        raise JobError(f"{what}; nothing is lost: make room, or give the rights to write, and run again") from error
