"""A batch on many machines, by Ray.

Actors hold the model, one a GPU or one a core; files go to them in portions, and what became of the
files comes back. The ledger stays with the one process that runs the job, so the rules of
`mt.batch` hold: an output is whole or absent, and a run does what is missing. Sources and outputs lie in
a folder that all machines share, or behind URLs.

An actor that is lost, with its machine or alone, is replaced, and the files that it had are given out
again. The memory of segments is that of an actor, since SQLite is not safe on network file systems.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mt.batch.crew import fatal, halves
from mt.batch.job import Control, Crew, Job, Outcome, Tasks
from mt.batch.work import Worker
from mt.errors import ConfigError, ExtraError, MTError

LOCAL = "local"
"""The address that stands for a cluster of this machine alone, started for the job."""
TRIES = 3
"""Losses of a worker before files are suspected of killing it, and tried in halves: machines come and go."""
WAIT_SECONDS = 1.0
KNOCK_SECONDS = 10.0


def crew(address: str, workers: int | None = None) -> Crew:
    """The actors of a cluster.

    address: "local", "auto", HOST:PORT or ray://HOST:PORT. workers: actors; unset: one a GPU, or one a core where there is none.
    Raises ExtraError without Ray; ConfigError, when the crew sets to work, for a cluster that cannot be reached.
    """

    def work(job: Job, chunks: Iterator[Tasks], control: Control) -> Iterator[Sequence[Outcome]]:
        ray = _ray()
        ours = not ray.is_initialized()
        if ours:
            _connect(ray, address)
        try:
            yield from _Actors(ray, job, chunks, control, workers).outcomes()
        finally:
            if ours:
                ray.shutdown()

    return work


class Actor:
    """What runs on the cluster: a worker, and a switch that stops it after the batch in hand."""

    def __init__(self, job: Job) -> None:
        self.stopped = threading.Event()
        self.worker = Worker(job, Control(self.stopped.is_set, lambda segments: None), memory="")

    def work(self, tasks: Tasks) -> list[Outcome] | MTError:
        """What became of the files; or what is wrong with the whole job."""
        try:
            return [outcome for outcomes in self.worker.work(tasks) for outcome in outcomes]
        except MTError as error:
            return error

    def stop(self) -> None:
        """End after the batch in hand."""
        self.stopped.set()


@dataclass(frozen=True, slots=True)
class _Given:
    """Files that an actor has. tries: how often they were given to one that was lost."""

    actor: Any
    tasks: Tasks
    tries: int


@dataclass(frozen=True, slots=True)
class _Again:
    """Files whose actor was lost."""

    tasks: Tasks
    tries: int


class _Actors:
    """The actors, and the files before them."""

    def __init__(self, ray: Any, job: Job, chunks: Iterator[Tasks], control: Control, workers: int | None) -> None:
        self.ray = ray
        self.chunks = chunks
        self.control = control
        self.again: deque[_Again] = deque()
        self.given: dict[Any, _Given] = {}
        resources = ray.cluster_resources()
        gpus, cpus = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        self.count = workers or gpus or cpus
        # max_concurrency: `stop` must be heard while `work` runs.
        needs: dict[str, Any] = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        self.kind = ray.remote(Actor).options(max_concurrency=2, scheduling_strategy="SPREAD", **needs)
        self.job = ray.put(_with_one_core(job) if not gpus else job)

    def outcomes(self) -> Iterator[Sequence[Outcome]]:
        """What becomes of all files. Raises what an actor says is wrong with the whole job."""
        for _ in range(self.count):
            self._give(None)
        stopping = False
        while self.given:
            if self.control.stop() and not stopping:
                stopping = True
                for given in self.given.values():
                    given.actor.stop.remote()
            ready, _ = self.ray.wait(list(self.given), timeout=WAIT_SECONDS)
            for reference in ready:
                yield from self._hear(reference)

    def _hear(self, reference: Any) -> Iterator[Sequence[Outcome]]:
        given = self.given.pop(reference)
        try:
            outcomes = self.ray.get(reference)
        except self.ray.exceptions.RayError:
            yield from self._lost(given)
            self._give(None)
            return
        if isinstance(outcomes, MTError):
            raise outcomes
        self.control.beat(sum(outcome.segments for outcome in outcomes))
        yield outcomes
        self._give(given.actor)

    def _lost(self, given: _Given) -> Iterator[Sequence[Outcome]]:
        if given.tries + 1 < TRIES:
            self.again.append(_Again(given.tasks, given.tries + 1))
            return
        self.again.extend(_Again(half, TRIES - 1) for half in halves(given.tasks))
        if len(given.tasks) == 1:
            yield [fatal(given.tasks[0])]

    def _give(self, actor: Any) -> None:
        """The next files to an actor, or to a new one; nothing where there are none left."""
        if self.control.stop():
            return
        again = self.again.popleft() if self.again else _Again(next(self.chunks, ()), 0)
        if again.tasks:
            actor = actor or self.kind.remote(self.job)
            self.given[actor.work.remote(again.tasks)] = _Given(actor, again.tasks, again.tries)


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine unasked
    try:
        import ray
    except ImportError as error:
        raise ExtraError('--cluster needs Ray: pip install "mt[cluster]"') from error
    return ray


def _connect(ray: Any, address: str) -> None:
    import logging

    if address == LOCAL:
        ray.init(include_dashboard=False, logging_level=logging.ERROR)
        return
    try:
        _knock(address)
        ray.init(address=address, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(f"--cluster {address}: {error}; see that it runs and can be reached, or give 'local'") from error


def _knock(address: str) -> None:
    """Raise OSError where nobody listens: Ray itself tries for more than five minutes."""
    import socket

    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()


def _with_one_core(job: Job) -> Job:
    if job.config.engine.threads:
        return job
    engine = job.config.engine.model_copy(update={"threads": 1})
    return replace(job, config=job.config.model_copy(update={"engine": engine}))
