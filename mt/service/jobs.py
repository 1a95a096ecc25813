"""Long texts and files: a queue in SQLite and files beside it, which outlive the process.

A job is `queued`, `running`, then `done`, `failed` or `cancelled`. A process that dies leaves its jobs `running`; the next one
queues them again. The result is on disk before a job is `done`, and only a `running` job becomes `done`: it is finished once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock, Timeout

from mt.config import SummaryOptions
from mt.errors import ConfigError, MTError
from mt.service.errors import DroppedError, RefusedError
from mt.service.files import private_folder
from mt.service.scheduling import Lane

log = logging.getLogger(__name__)

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
UNFINISHED = "state IN ('queued', 'running')"
SCHEMA = """CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, suffix TEXT NOT NULL, options TEXT NOT NULL, state TEXT NOT NULL,
    created REAL NOT NULL, started REAL, finished REAL, attempts INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    output TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, created)"""
COLUMNS = "id, owner, name, suffix, options, state, created, started, finished, attempts, total, output, error"
# The next job: of an owner with few running, then of the one that waited longest for a turn, then the oldest.
NEXT = """SELECT id FROM jobs AS job WHERE state = 'queued' ORDER BY
    (SELECT COUNT(*) FROM jobs WHERE owner = job.owner AND state = 'running'),
    (SELECT COALESCE(MAX(started), 0) FROM jobs WHERE owner = job.owner), created, id LIMIT 1"""
ATTEMPTS = 3  # a job that was running when the process died so often is what killed it
WEIGHT = 4.0  # a job gets a quarter of the turns of a request that somebody waits for
SWEEP_SECONDS = 60.0
RETRY_SECONDS = 1.0
RESERVE = 2_000_000_000  # bytes that stay free on the disk: jobs in work write their results, and others use it too
UNEXPECTED = "something went wrong in this program, not in your text; the log of the server says more"


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What is to be made of a source. summary: None for none. url: where the source is to be fetched from, if it is not here yet."""

    summary: SummaryOptions | None = None
    fields: tuple[str, ...] = ()
    bilingual: bool = False
    url: str = ""

    def to_json(self) -> str:
        """For the database."""
        summary = None if self.summary is None else self.summary.model_dump()
        return json.dumps({"summary": summary, "fields": list(self.fields), "bilingual": self.bilingual, "url": self.url})

    @classmethod
    def from_json(cls, text: str) -> JobOptions:
        """From the database."""
        kept = json.loads(text)
        summary = None if kept["summary"] is None else SummaryOptions.model_validate(kept["summary"])
        return cls(summary, tuple(kept["fields"]), kept["bilingual"], kept["url"])


@dataclass(frozen=True, slots=True)
class Job:
    """One job. Times are seconds since 1970; done and total are segments; output is the suffix of the file that was made."""

    id: str
    owner: str
    name: str
    suffix: str
    options: JobOptions
    state: State
    created: float
    started: float | None
    finished: float | None
    attempts: int
    total: int
    output: str
    error: str
    done: int = 0

    @property
    def ended(self) -> bool:
        """Nothing will change any more."""
        return self.state not in {"queued", "running"}


@dataclass(frozen=True, slots=True)
class Made:
    """What a job makes: the record as JSON, the file and its suffix, and the number of segments."""

    record: str
    file: bytes
    suffix: str
    segments: int


Work = Callable[[Job, Path, Lane, Callable[[int, int], None]], Made]
"""What makes something of a job: the job, its source, the lane to use, and where to tell progress."""


class Jobs:
    """The jobs in `jobs.db` of a folder, which one process at a time may use."""

    def __init__(self, folder: Path, *, keep_seconds: float, most: int, most_together: int, reserve: int = RESERVE) -> None:
        """most: unfinished jobs of one owner. most_together: of all. reserve: bytes of the disk that no new job may use."""
        self._folder = private_folder(folder)
        self._path = folder / "jobs.db"
        self._keep = keep_seconds
        self._most = most
        self._most_together = most_together
        self._reserve = reserve
        self._progress: dict[str, tuple[int, int]] = {}
        self.changed = threading.Condition()
        self._lock = FileLock(folder / "lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise ConfigError(f"{folder}: another service uses this folder; stop it, or choose another with --data") from error
        with closing(self._open()) as database, database:
            database.executescript(SCHEMA)
        self._path.chmod(0o600)
        self._recover()

    def add(self, owner: str, name: str, suffix: str, options: JobOptions, write: Callable[[Path], None]) -> Job:
        """Queue a job. write: puts its source into the file given.

        Raises RefusedError: 429 where the owner or all have too many, 503 where the disk is nearly full.
        """
        self._check_room(owner)
        id = secrets.token_hex(16)
        folder = self.folder(id)
        folder.mkdir(parents=True, mode=0o700)
        try:
            write(folder / f"source{suffix}")
            with closing(self._open()) as database, database:
                sql = "INSERT INTO jobs (id, owner, name, suffix, options, state, created) VALUES (?, ?, ?, ?, ?, 'queued', ?)"
                database.execute(sql, (id, owner, name, suffix, options.to_json(), time.time()))
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._tell()
        return self.get(id, owner)

    def get(self, id: str, owner: str) -> Job:
        """A job of an owner. Raises RefusedError (404) where the owner has none of this id."""
        found = self._select("id = ? AND owner = ?", id, owner)
        if not found:
            raise RefusedError(404, "there is no such job; it may have expired")
        return found[0]

    def of(self, owner: str) -> list[Job]:
        """The jobs of an owner, the newest first."""
        return self._select("owner = ? ORDER BY created DESC, id", owner)

    def counts(self) -> dict[State, int]:
        """How many jobs there are in each state."""
        with closing(self._open()) as database:
            found = dict(database.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in STATES}

    def cancel(self, id: str, owner: str) -> Job:
        """End a job that has not ended; one that has stays as it is."""
        self.get(id, owner)
        self._end(id, "state = 'cancelled', finished = ?", f"id = ? AND {UNFINISHED}", time.time())
        return self.get(id, owner)

    def remove(self, id: str, owner: str) -> None:
        """Cancel a job and forget it with its files."""
        self.cancel(id, owner)
        self._forget(id)

    def take(self) -> Job | None:
        """The next job, now running; None where nothing is queued."""
        with closing(self._open()) as database, database:
            sql = f"UPDATE jobs SET state = 'running', started = ?, attempts = attempts + 1 WHERE id = ({NEXT}) RETURNING {COLUMNS}"
            row = database.execute(sql, (time.time(),)).fetchone()
        return self._job(row) if row else None

    def progress(self, id: str, done: int, total: int) -> None:
        """Tell how far a running job is, in segments."""
        self._progress[id] = done, total

    def finish(self, id: str, made: Made) -> bool:
        """Keep what was made and end a running job; False where it is not running any more, and nothing is kept."""
        folder = self.folder(id)
        try:
            _write(folder / "record.json", made.record.encode())
            _write(folder / f"output{made.suffix}", made.file)
        except FileNotFoundError:  # it was removed meanwhile
            return False
        set_ = "state = 'done', finished = ?, total = ?, output = ?"
        return self._change(id, set_, "id = ? AND state = 'running'", time.time(), made.segments, made.suffix)

    def fail(self, id: str, error: str) -> bool:
        """End a running job with a reason."""
        return self._end(id, "state = 'failed', finished = ?, error = ?", "id = ? AND state = 'running'", time.time(), error)

    def requeue(self, id: str) -> bool:
        """Put a running job back, as if it had not been begun: the service stops."""
        return self._change(id, "state = 'queued', attempts = attempts - 1", "id = ? AND state = 'running'")

    def is_running(self, id: str) -> bool:
        """Nobody has cancelled it."""
        return bool(self._select("id = ? AND state = 'running'", id))

    def sweep(self) -> None:
        """Forget what has ended long ago, and folders that no job knows."""
        for job in self._select("finished < ?", time.time() - self._keep):
            self._forget(job.id)
        known = {job.id for job in self._select("1")}
        for folder in (self._folder / "jobs").glob("*"):
            with contextlib.suppress(FileNotFoundError):  # another thread sweeps too
                if folder.name not in known and time.time() - folder.stat().st_mtime > SWEEP_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def expires(self, job: Job) -> float | None:
        """When a job and its files go; None while it has not ended."""
        return None if job.finished is None else job.finished + self._keep

    def folder(self, id: str) -> Path:
        """Where the files of a job are."""
        return self._folder / "jobs" / id

    def source(self, job: Job) -> Path:
        """The file that a job reads."""
        return self.folder(job.id) / f"source{job.suffix}"

    def close(self) -> None:
        """Let the folder go."""
        self._lock.release()

    def _check_room(self, owner: str) -> None:
        if shutil.disk_usage(self._folder).free < self._reserve:
            raise RefusedError(503, "the disk of the service is nearly full", retry_after=600)
        with closing(self._open()) as database:
            [own] = database.execute(f"SELECT COUNT(*) FROM jobs WHERE owner = ? AND {UNFINISHED}", (owner,)).fetchone()
            [all_] = database.execute(f"SELECT COUNT(*) FROM jobs WHERE {UNFINISHED}").fetchone()
        if own >= self._most or all_ >= self._most_together:
            whose = f"you have {own:,} unfinished jobs" if own >= self._most else f"there are {all_:,} unfinished jobs"
            raise RefusedError(429, f"Slowdown: {whose}; try again when some are done", retry_after=60)

    def _recover(self) -> None:
        """Queue again what a process that died was at; what died with it too often is what killed it."""
        said = f"the service died {ATTEMPTS} times while it worked on this"
        for job in self._select(f"state = 'running' AND attempts >= {ATTEMPTS}"):
            self.fail(job.id, said)
        self._change_all("state = 'queued'", "state = 'running'")

    def _end(self, id: str, set_: str, where: str, *values: object) -> bool:
        """End a job that has no result; nobody needs its files."""
        changed = self._change(id, set_, where, *values)
        if changed:
            shutil.rmtree(self.folder(id), ignore_errors=True)
        return changed

    def _change(self, id: str, set_: str, where: str, *values: object) -> bool:
        changed = self._change_all(set_, where, *values, id)
        if changed:
            self._progress.pop(id, None)
        self._tell()
        return changed

    def _change_all(self, set_: str, where: str, *values: object) -> bool:
        with closing(self._open()) as database, database:
            return database.execute(f"UPDATE jobs SET {set_} WHERE {where}", values).rowcount > 0

    def _forget(self, id: str) -> None:
        with closing(self._open()) as database, database:
            database.execute("DELETE FROM jobs WHERE id = ?", (id,))
        shutil.rmtree(self.folder(id), ignore_errors=True)
        self._progress.pop(id, None)

    def _select(self, where: str, *values: object) -> list[Job]:
        with closing(self._open()) as database:
            return [self._job(row) for row in database.execute(f"SELECT {COLUMNS} FROM jobs WHERE {where}", values)]

    def _job(self, row: tuple[object, ...]) -> Job:
        job = Job(*row)  # type: ignore[arg-type]
        done, total = self._progress.get(job.id, (job.total if job.state == "done" else 0, job.total))
        return replace(job, options=JobOptions.from_json(str(row[4])), done=done, total=total)

    def _tell(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=30)
        database.execute("PRAGMA journal_mode=WAL")
        return database


class Runner:
    """The threads that work on jobs."""

    def __init__(
        self, jobs: Jobs, work: Work, lane: Callable[[Job], Lane], *, at_once: int, seconds: float, ended: Callable[[State], None]
    ) -> None:
        """lane: makes the lane of a job. seconds: most for one job. ended: told the state of each job that ends."""
        self._jobs = jobs
        self._work = work
        self._lane = lane
        self._seconds = seconds
        self._ended = ended
        self._lanes: dict[str, Lane] = {}
        self._stopping = False
        self._threads = [threading.Thread(target=self._run, name=f"mt-job-{i}", daemon=True) for i in range(at_once)]
        for thread in self._threads:
            thread.start()

    def cancelled(self, id: str) -> None:
        """Stop the work on a job that was cancelled."""
        if (lane := self._lanes.get(id)) is not None:
            lane.drop()

    def stop(self, grace: float) -> None:
        """Take no more jobs; those in work get some seconds, then they are queued again for the next process."""
        self._stopping = True
        with self._jobs.changed:
            self._jobs.changed.notify_all()
        deadline = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for lane in list(self._lanes.values()):
            lane.drop()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        swept = -SWEEP_SECONDS  # the clock may have started with the machine
        while not self._stopping:
            try:
                swept = self._turn(swept)
            except Exception:
                log.exception("the jobs could not go on; trying again")
                time.sleep(RETRY_SECONDS)

    def _turn(self, swept: float) -> float:
        """Sweep if it is time, then do a job or wait for one. Gives when was swept last."""
        if time.monotonic() - swept > SWEEP_SECONDS:
            swept = time.monotonic()
            self._jobs.sweep()
        job = self._jobs.take()
        if job is not None:
            self._do(job)
            return swept
        with self._jobs.changed:
            if not self._stopping:
                self._jobs.changed.wait(1.0)
        return swept

    def _do(self, job: Job) -> None:
        lane = self._lanes[job.id] = self._lane(job)
        clock = threading.Timer(self._seconds, lane.drop)
        clock.daemon = True
        clock.start()
        began = time.monotonic()
        try:
            source = self._jobs.source(job)
            made = self._work(job, source, lane, lambda done, total: self._jobs.progress(job.id, done, total))
            if self._jobs.finish(job.id, made):
                self._ended("done")
        except DroppedError:
            self._interrupted(job, time.monotonic() - began)
        except MTError as error:
            self._failed(job, str(error).replace(str(self._jobs.source(job)), job.name))
        except Exception:
            log.exception("job %s failed", job.id)
            self._failed(job, UNEXPECTED)
        finally:
            clock.cancel()
            self._lanes.pop(job.id, None)

    def _interrupted(self, job: Job, seconds: float) -> None:
        """Cancelled, out of time, or the service stops."""
        if not self._jobs.is_running(job.id):
            self._ended("cancelled")
        elif self._stopping:
            self._jobs.requeue(job.id)
        else:
            self._failed(job, f"took more than {seconds / 60:,.0f} minutes, which is the limit; split it")

    def _failed(self, job: Job, error: str) -> None:
        """Say that a job failed. While a full disk does not let that be written, try again: else it would be running for ever."""
        while True:
            try:
                if self._jobs.fail(job.id, error):
                    self._ended("failed")
                return
            except sqlite3.Error:
                log.exception("job %s failed, which cannot be written; trying again", job.id)
                if self._stopping:
                    return
                time.sleep(RETRY_SECONDS)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and on the disk."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
