"""Who does the work on one machine: this process, or several with their share of the cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.synchronize import Event
from typing import Literal

from mt.batch.job import Control, Crew, Job, Outcome, Task, Tasks
from mt.batch.work import Worker, local_memory
from mt.errors import MTError

BEAT_SECONDS = 0.5
"""How often a worker tells how far it is."""


def inline(job: Job, chunks: Iterator[Tasks], control: Control) -> Iterator[Sequence[Outcome]]:
    """This process does it."""
    with Worker(job, control, memory=local_memory(job)) as worker:
        yield from worker.work(task for chunk in chunks for task in chunk)


def processes(count: int) -> Crew:
    """Some processes, each with a model of its own and its share of the cores.

    The files of one that dies are tried again in halves, each with a process of its own, so that a
    file that kills whoever reads it is found and fails alone.
    """

    def crew(job: Job, chunks: Iterator[Tasks], control: Control) -> Iterator[Sequence[Outcome]]:
        yield from _Gang(_with_share(job, count), chunks, control, count).outcomes()

    return crew


def halves(tasks: Tasks) -> list[Tasks]:
    """What is to be tried again of files whose worker died; of one alone nothing, see `fatal`."""
    middle = len(tasks) // 2
    return [tasks[:middle], tasks[middle:]] if middle else []


def fatal(task: Task) -> Outcome:
    """The failure of a file that was alone with a worker that died."""
    return Outcome(
        task.path, "failed", bytes=task.bytes, error=f"{task.path}: whoever reads it dies; see whether it is damaged or far too large"
    )


@dataclass(frozen=True, slots=True)
class _Orders:
    """To a worker: files to do. last: nothing comes after them, so finish them and go."""

    tasks: Tasks
    last: bool


@dataclass(frozen=True, slots=True)
class _Message:
    """From a worker: so many segments done, outcomes, `ready` for more files, or why the whole job cannot go on."""

    kind: Literal["beat", "outcomes", "ready", "broken"]
    beat: int = 0
    outcomes: Sequence[Outcome] = ()
    error: MTError | None = None


@dataclass(slots=True)
class _Hand:
    """A worker process, and the files that it was given and has not told of yet."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    tasks: dict[str, Task] = field(default_factory=dict)


class _Gang:
    """Worker processes, and the files before them."""

    def __init__(self, job: Job, chunks: Iterator[Tasks], control: Control, count: int) -> None:
        self.job = job
        self.chunks = chunks
        self.control = control
        self.context = multiprocessing.get_context("spawn")
        self.stop = self.context.Event()
        self.again: list[Tasks] = []
        self.exhausted = False
        self.hands = [self._hire() for _ in range(count)]

    def outcomes(self) -> Iterator[Sequence[Outcome]]:
        """What becomes of all files. Raises what a worker says is wrong with the whole job."""
        try:
            while self.hands:
                if self.control.stop():
                    self.stop.set()
                pipes = {hand.pipe: hand for hand in self.hands}
                for pipe in wait(list(pipes), timeout=BEAT_SECONDS):
                    assert isinstance(pipe, Connection)
                    yield from self._hear(pipes[pipe])
        finally:
            for hand in self.hands:
                hand.process.terminate()
                hand.process.join()

    def _hear(self, hand: _Hand) -> Iterator[Sequence[Outcome]]:
        try:
            message = hand.pipe.recv()
        except (EOFError, OSError):
            yield from self._bury(hand)
            return
        assert isinstance(message, _Message)
        if message.kind == "beat":
            self.control.beat(message.beat)
        elif message.kind == "outcomes":
            for outcome in message.outcomes:
                del hand.tasks[outcome.path]
            yield message.outcomes
        elif message.kind == "broken":
            assert message.error is not None
            raise message.error
        else:
            self._give(hand, () if self.control.stop() else next(self.chunks, ()))

    def _give(self, hand: _Hand, tasks: Tasks, *, last: bool = False) -> None:
        """Files to do; where there are none left, that it may go."""
        self.exhausted |= not tasks
        hand.tasks |= {task.path: task for task in tasks}
        with suppress(OSError):  # it died: hearing from it will tell
            hand.pipe.send(_Orders(tasks, last or not tasks))

    def _bury(self, hand: _Hand) -> Iterator[Sequence[Outcome]]:
        """One is gone. If it left files behind, it died; another comes into its place while there is something to do."""
        hand.process.join()
        self.hands.remove(hand)
        if self.control.stop():
            return
        left = list(hand.tasks.values())
        self.again.extend(halves(left))
        if len(left) == 1:
            yield [fatal(left[0])]
        if self.again:
            self.hands.append(self._hire())
            self._give(self.hands[-1], self.again.pop(), last=True)
        elif not self.exhausted:
            self.hands.append(self._hire())

    def _hire(self) -> _Hand:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(self.job, theirs, self.stop), daemon=True)
        process.start()
        theirs.close()
        return _Hand(process, ours)


def _serve(job: Job, pipe: Connection, stop: Event) -> None:
    """What a worker process does: take files and tell outcomes, until it is told that it may go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; ours says when to stop
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        with Worker(job, Control(stop.is_set, _Beats(pipe)), memory=local_memory(job)) as worker:
            for outcomes in worker.work(_received(pipe)):
                pipe.send(_Message("outcomes", outcomes=outcomes))
    except MTError as error:
        pipe.send(_Message("broken", error=error))


def _received(pipe: Connection) -> Iterator[Task]:
    """Files as they come; more are asked for when they are needed."""
    last = False
    while not last:
        if not pipe.poll():
            pipe.send(_Message("ready"))
        orders = pipe.recv()
        assert isinstance(orders, _Orders)
        yield from orders.tasks
        last = orders.last


class _Beats:
    """Adds up what is done and tells it now and then."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.untold = 0
        self.last = 0.0

    def __call__(self, segments: int) -> None:
        self.untold += segments
        if time.monotonic() - self.last > BEAT_SECONDS:
            self.pipe.send(_Message("beat", beat=self.untold))
            self.untold, self.last = 0, time.monotonic()


def _die_with_parent() -> None:
    """Whoever kills the job kills its workers, or they would go on writing beside the next run."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _with_share(job: Job, count: int) -> Job:
    """Cores are shared out, unless somebody said how many threads there are to be."""
    if job.config.engine.threads:
        return job
    share = max(1, cores() // count)
    engine = job.config.engine.model_copy(update={"threads": share})
    return replace(job, config=job.config.model_copy(update={"engine": engine}))


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
