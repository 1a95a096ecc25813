"""The service itself: who asks, how much, in what line, for how long; the doors are in other modules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import Request

from mt.config import Config
from mt.data import Document, Result
from mt.engines import Engine
from mt.errors import InputError
from mt.formats import FORMATS, FileOptions
from mt.formats.fetching import checked
from mt.formats.records import write_json
from mt.formats.text import write_text
from mt.formats.webpage import read_url
from mt.pipeline import Pipeline
from mt.service.errors import DroppedError, RefusedError
from mt.service.files import check_unpacked
from mt.service.jobs import WEIGHT, Job, Jobs, Made, Runner, State
from mt.service.keys import Key, Keys
from mt.service.limits import Buckets, Room, seconds_to_say
from mt.service.metrics import Metrics
from mt.service.options import ServiceOptions
from mt.service.scheduling import Lane, Worker
from mt.service.work import Progress, Wanted, made

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
ASK = "ask whoever runs this service for one"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. id: of the key, else the address: whose turn it is, whose limits are used, whose jobs they are."""

    id: str
    key: Key | None
    limited: bool

    @property
    def owner(self) -> str:
        """Whose jobs may be seen. Without a key the secret in a job's id is what opens it."""
        return self.id if self.key else "anonymous"


class Service:
    """One model and all who use it. Close it at the end."""

    def __init__(self, config: Config, load: Callable[[], Engine], options: ServiceOptions) -> None:
        """load: gives the engine of the configuration; called when it is first needed, and again after an idle time."""
        self.config = config
        self.options = options
        self.metrics = Metrics()
        self.keys = Keys(options.data)
        self.buckets = Buckets()
        self.room = Room(options.max_waiting, options.max_waiting_characters)
        self.jobs = Jobs(options.data, keep_seconds=options.keep_hours * 3600, most=options.max_jobs, most_together=options.max_all_jobs)
        self.worker = Worker(
            load, batch_tokens=config.batching.batch_tokens, idle_seconds=options.idle_minutes * 60, observe=self.metrics.batch
        )
        self._threads = ThreadPoolExecutor(options.max_waiting, thread_name_prefix="mt-request")
        self.runner = Runner(
            self.jobs, self._job, self._job_lane, at_once=options.jobs_at_once, seconds=options.job_seconds, ended=self._job_ended
        )
        self.stopping = False
        self.metrics.watch("mt_waiting_requests", "Requests in work or waiting.", lambda: self.room.requests)
        self.metrics.watch("mt_waiting_characters", "Characters in work or waiting.", lambda: self.room.characters)
        self.metrics.watch("mt_model_loaded", "1 where the model is in memory.", lambda: self.worker.loaded)
        self.metrics.watch("mt_jobs_queued", "Jobs that wait.", lambda: self.jobs.counts()["queued"])
        self.metrics.watch("mt_jobs_running", "Jobs in work.", lambda: self.jobs.counts()["running"])

    def client(self, address: str, token: str | None, *, forwarded: bool, status: int = 401) -> Client:
        """Who asks, by key or address. forwarded: a proxy passed the request on.

        Raises RefusedError: of this status where a key is missing or wrong, 429 after many wrong ones from an address. A right key
        is always taken, so that nobody can lock out the others behind an address.
        """
        needed = self.needs_key(forwarded=forwarded)
        key = self.keys.find(token) if token else None
        if needed and key is None:
            self.wrong_key(address, given=bool(token), status=status)
        limited = needed or forwarded or not self.options.loopback
        return Client(f"key:{key.id}" if key else f"address:{address}", key, limited)

    def needs_key(self, *, forwarded: bool) -> bool:
        """Whether a request needs a key."""
        auth = self.options.auth
        return auth == "always" or (auth == "auto" and (forwarded or not self.options.loopback))

    def wrong_key(self, address: str, *, given: bool, status: int) -> None:
        """Refuse a missing or wrong key; wrong ones count."""
        if not given:
            raise RefusedError(status, f"an API key is needed: {ASK}")
        wait = self.buckets.take(f"wrong:{address}", 1, self.options.wrong_keys_per_minute)
        if wait:
            seconds = seconds_to_say(wait)
            raise RefusedError(429, f"Slowdown: too many wrong keys; try again in {seconds} seconds", retry_after=seconds)
        raise RefusedError(status, f"Invalid API key: {ASK}")

    def charge(self, client: Client, characters: int) -> None:
        """Count a request and its characters. Raises RefusedError (429) where the client has none left for now."""
        self.metrics.characters.inc(characters)
        if not client.limited:
            return
        requests = characters_ = None
        if client.key is not None:
            requests, characters_ = client.key.requests_per_minute, client.key.characters_per_minute
        limits = {
            "requests": (1, self.options.requests_per_minute if requests is None else requests),
            "characters": (characters, self.options.characters_per_minute if characters_ is None else characters_),
        }
        for what, (amount, limit) in limits.items():
            if wait := self.buckets.take(f"{what}:{client.id}", amount, limit):
                seconds = seconds_to_say(wait)
                raise RefusedError(429, f"Slowdown: {limit:,} {what} a minute; try again in {seconds} seconds", retry_after=seconds)

    async def run(self, request: Request | None, client: Client, characters: int, work: Callable[[Pipeline], Answer]) -> Answer:
        """Do a piece of work for a client in a thread, and give what it gives.

        request: watched for a client that leaves; None where whoever calls watches and cancels.

        Raises RefusedError where there are too many characters (413), no room (429), no time (503); DroppedError where the client left.
        """
        most = self.options.max_characters
        if characters > most:
            raise RefusedError(
                413, f"the text has {characters:,} characters; at most {most:,} are answered at once: make a job of it (/v1/jobs)"
            )
        self.charge(client, characters)
        self.check_running()
        with self.room.taken(characters):
            lane = Lane(self.worker, client.id)
            running = asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(self.pipeline(lane)))
            return await self._attended(request, lane, running)

    def check_running(self) -> None:
        """Raise RefusedError (503) where the service stops."""
        if self.stopping:
            raise RefusedError(503, "the service stops; try again in a moment", retry_after=10)

    def pipeline(self, lane: Lane) -> Pipeline:
        """The one path, with a lane in place of the engine."""
        return Pipeline(self.config, lane)

    async def _attended(self, request: Request | None, lane: Lane, running: asyncio.Future[Answer]) -> Answer:
        """Wait for work, but not when the client has left, nor longer than allowed."""
        leaving = asyncio.ensure_future(_left(request))
        both: set[asyncio.Future[Any]] = {running, leaving}
        try:
            await asyncio.wait(both, timeout=self.options.answer_seconds, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            lane.drop()
            running.add_done_callback(_forget)
            if leaving.done():
                self.metrics.dropped.inc()
                raise DroppedError("the client left")
            limit = self.options.answer_seconds
            raise RefusedError(503, f"no answer within {limit:.0f} seconds; send less, or make a job of it (/v1/jobs)", retry_after=60)
        except asyncio.CancelledError:
            lane.drop()
            raise
        finally:
            leaving.cancel()

    def _job_lane(self, job: Job) -> Lane:
        return Lane(self.worker, f"job:{job.owner}", weight=WEIGHT)

    def _job_ended(self, state: State) -> None:
        self.metrics.jobs.labels(state).inc()

    def _job(self, job: Job, source: Path, lane: Lane, progress: Progress) -> Made:
        """Read the file of a job, translate it, and write it again."""
        files = FORMATS[job.suffix]
        options = FileOptions(fields=job.options.fields, bilingual=job.options.bilingual)
        check_unpacked(source, self.options.max_unpacked)
        document, notes = page_at(job.options.url) if job.options.url else files.read(source, options)
        if len(document.text) > self.options.max_job_characters:
            raise InputError(f"{job.name}: has {len(document.text):,} characters; at most {self.options.max_job_characters:,} are taken")
        wanted = Wanted(job.options.summary, max_segments=self.options.max_job_segments)
        result = replace(made(self.pipeline(lane), document, wanted, progress), notes=notes)
        self.seen(result)
        shown = replace(result, document=replace(document, id=job.name))
        plain = job.suffix == ".txt" and not job.options.bilingual
        file = write_text(result).encode() if plain else files.write(result, source, options)
        return Made(write_json(shown), file, files.suffix, len(result.translations))

    def seen(self, result: Result) -> None:
        """Count what came of a text, and log it where the operator asked for that."""
        self.metrics.result(result)
        if self.options.log_texts:
            log.info("%s -> %s", result.document.text, result.text)

    def stop(self) -> None:
        """Take nothing new; what waits for events ends."""
        self.stopping = True

    def close(self) -> None:
        """Finish or put back what is in work, and let everything go. Takes up to `stop_seconds`."""
        self.stop()
        self.runner.stop(self.options.stop_seconds)
        self.worker.stop()
        self._threads.shutdown()
        self.jobs.close()


def page_at(url: str) -> tuple[Document, tuple[str, ...]]:
    """The article at an address. Raises InputError, which says nothing of the network around the service."""
    try:
        checked(url)
    except InputError as error:
        log.info("refused to fetch a page that is not on the public internet")
        raise InputError("the address is not that of a page on the public internet") from error
    return read_url(url)


async def _left(request: Request | None) -> None:
    """Wait until the client is gone. The body has been read by now."""
    if request is None:
        await asyncio.Event().wait()
        return
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _forget(running: asyncio.Future[Answer]) -> None:
    """Look at how dropped work ended, so that nobody complains that nobody did."""
    if not running.cancelled():
        running.exception()
