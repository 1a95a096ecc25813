"""The loop of a job: lock, find, review, hand out, record, and say at the end what there is."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mt.batch import ledger as ledgers
from mt.batch.crew import inline
from mt.batch.job import Control, Crew, Found, Job, Outcome, Task, Tasks
from mt.batch.ledger import Ledger, Totals
from mt.batch.manifest import write_manifest
from mt.batch.places import bare, is_url, sources, wanted, writing
from mt.errors import ConfigError, JobError

if TYPE_CHECKING:
    from collections.abc import Sequence

BYTES_A_SEGMENT = 200
"""A sentence of Arabic news: 23 words of 4.5 letters, two bytes each. Files are handed out by this guess."""
FILES_AT_ONCE = 200


@dataclass(slots=True)
class Plan:
    """What there is to do, before it is done. left_out: files of no known format, by suffix."""

    totals: Totals
    renamed: list[tuple[str, str]] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom the loop tells what it does. message: one line for people."""

    planned: Callable[[Plan], None]
    beat: Callable[[int], None]
    recorded: Callable[[Sequence[Outcome]], None]
    message: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended. manifest: the file that lists everything."""

    totals: Totals
    stopped: bool
    manifest: Path


def run(job: Job, watch: Watch, *, crew: Crew = inline, force: bool = False, retry_failed: bool = False) -> Ran:
    """Do what is missing or changed.

    The first Ctrl-C (or SIGTERM) ends the run after the batch in hand, the second at once.
    Raises JobError where the job cannot go on (full, read-only, in use by another run) and ConfigError where it must not
    begin; whatever was done before is kept.
    """
    folder = Path(job.ledger)
    with ExitStack() as stack:
        stack.enter_context(_alone(job, force))
        ledger = ledgers.create(folder)
        stack.callback(ledger.close)
        watch.planned(plan(job, ledger, force=force, retry_failed=retry_failed))
        stop = stack.enter_context(_interrupts(watch.message))
        began, settings = time.monotonic(), job.settings
        for outcomes in crew(job, _chunks(ledger, job), Control(stop.is_set, watch.beat)):
            ledger.record(outcomes, settings)
            watch.recorded(outcomes)
        totals = ledger.totals()
        ledger.note("seconds", str(float(ledger.about("seconds", "0")) + time.monotonic() - began))
        return Ran(totals, stop.is_set(), write_manifest(job, ledger, folder / "manifest.json"))


def plan(job: Job, ledger: Ledger, *, force: bool = False, retry_failed: bool = False) -> Plan:
    """Bring the ledger up to what lies there now, and say what is to be done."""
    left_out: dict[str, int] = {}
    owners: dict[str, str] = {}

    def found() -> Iterator[tuple[int, Found]]:
        for place, root in enumerate(job.roots):
            for file in sources(root):
                if _inside(file, root.base, job.output):
                    continue
                if wanted(job, root, file):
                    path = root.prefix + file.path
                    if len(job.roots) > 1 and owners.setdefault(path, root.base) != root.base:
                        raise ConfigError(f"{path}: is in {owners[path]} and in {root.base}; give the folders, or run them apart")
                    yield place, Found(path, file.bytes, file.stamp)
                else:
                    suffix = Path(file.path).suffix.lower() or "no suffix"
                    left_out[suffix] = left_out.get(suffix, 0) + 1

    this = int(ledger.about("runs", "0")) + 1
    ledger.find(found(), job.output_of, this)
    ledger.note("runs", str(this))
    present = writing(job).walk() if is_url(job.output) or Path(job.output).is_dir() else iter(())
    ledger.review(present, job.settings, force=force, retry_failed=retry_failed)
    return Plan(ledger.totals(), ledger.renamed(this), left_out)


def _chunks(ledger: Ledger, job: Job) -> Iterator[Tasks]:
    """Files in portions of about as many segments as may be in flight."""
    chunk: list[Task] = []
    size = 0
    for task in ledger.waiting(job):
        chunk.append(task)
        size += task.bytes
        if size >= job.in_flight * BYTES_A_SEGMENT or len(chunk) == FILES_AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


@contextmanager
def _alone(job: Job, force: bool) -> Iterator[None]:
    """The folders are there, empty of what a killed run left, and nobody else is at work in them."""
    from filelock import FileLock, Timeout

    folder = Path(job.ledger)
    fresh = not (folder / ledgers.NAME).exists()
    if fresh and not force and not is_url(job.output) and _others_own(Path(job.output)):
        raise ConfigError(f"{job.output}: has files in it that no batch wrote; name a new folder, or --force to write among them")
    lock = FileLock(folder / "lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        _empty(folder / "writing")
    except Timeout as error:
        raise JobError(f"{job.output}: another batch is at work there; wait for it, or stop it") from error
    except OSError as error:
        raise JobError(f"{error.filename or folder}: cannot be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        shutil.rmtree(folder / "writing", ignore_errors=True)
        lock.release()


def _empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()


def _others_own(output: Path) -> bool:
    return output.is_dir() and any(not entry.name.startswith(".") for entry in output.iterdir())


def _inside(file: Found, base: str, output: str) -> bool:
    """Whether a source lies in the output folder."""
    return Path(bare(base), file.path).is_relative_to(bare(output))


@contextmanager
def _interrupts(say: Callable[[str], None]) -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second is a KeyboardInterrupt."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        say("stopping after the batch in hand; once more to stop now")

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
