"""One thread owns the engine; requests that come together share its batches, and nobody waits behind a book.

Every request walks the one path of `mt.pipeline` in a thread of its own, with a `Lane` in place of the engine. What the path
asks of its lane waits here until its turn comes. Turns go by tokens: the key that was served least is next (start-time fair
queueing: a key that comes back takes no credit from its absence). A request has one call waiting at a time and gets in line
again after it, so that the requests of one key take turns too.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from mt.config import DecodingOptions
from mt.data import Hypothesis
from mt.engines import Engine, NBest
from mt.service.errors import DroppedError

log = logging.getLogger(__name__)

# Seconds to wait for company after the first call of a quiet time; nothing beside a batch, enough for what was sent together.
GATHER = 0.005
LIKE = 1.5  # times the length of the first source of a batch, either way, that another may have
FORGET = 10_000  # keys whose turn is remembered before the long idle ones are forgotten


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call of the engine did. tokens: of the sources; written: of the hypotheses; requests: that shared it."""

    sources: int
    requests: int
    tokens: int
    written: int
    seconds: float


@dataclass(slots=True, eq=False)
class Call:
    """What a pipeline asked of its lane.

    several: hypotheses wanted for its one source; 0: one for each source. left: indices of the sources that no batch has taken yet.
    """

    lane: Lane
    sources: Sequence[str]
    lengths: Sequence[int]
    options: DecodingOptions
    prompt: str | None
    terms: Sequence[str] | None = None
    several: int = 0
    future: Future[list[Hypothesis]] = field(default_factory=Future)
    left: list[int] = field(init=False)
    written: dict[int, Hypothesis] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.left = list(range(len(self.sources)))

    def goes_with(self, other: Call) -> bool:
        """Both may stand in one batch."""
        return self.options == other.options and self.prompt == other.prompt and not self.several and not other.several


@dataclass(frozen=True, slots=True)
class Share:
    """The sources that one call has in a batch, by their indices."""

    call: Call
    indices: list[int]


class Worker:
    """The thread that owns the engine, and the line before it."""

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        batch_tokens: int,
        idle_seconds: float = 0,
        observe: Callable[[Batch], None] = lambda batch: None,
    ) -> None:
        """batch_tokens: padded source tokens in one batch. idle_seconds: until the engine is let go; 0: never."""
        self._load = load
        self._batch_tokens = batch_tokens
        self._idle = idle_seconds
        self._observe = observe
        self._engine: Engine | None = None
        self._loading = threading.Lock()
        self._used = time.monotonic()
        self._waiting: dict[str, deque[Call]] = {}
        self._served: dict[str, float] = {}
        self._turn = 0.0  # how far the key was served that was served last
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="mt-engine", daemon=True)
        self._thread.start()

    @property
    def engine(self) -> Engine:
        """The engine, loaded where it is not. Raises what loading raises."""
        with self._loading:
            self._used = time.monotonic()
            if self._engine is None:
                self._engine = self._load()
            return self._engine

    @property
    def loaded(self) -> bool:
        """The model is in memory."""
        return self._engine is not None

    @property
    def alive(self) -> bool:
        """The thread serves."""
        return self._thread.is_alive() and not self._stopping

    def put(self, call: Call) -> None:
        """Get in line. Raises DroppedError where the lane was dropped or the worker stopped."""
        with self._changed:
            if call.lane.dropped or self._stopping:
                raise DroppedError("nobody waits for this any more")
            key = call.lane.key
            if key not in self._waiting:
                self._served[key] = max(self._served.get(key, 0.0), self._turn)
            self._waiting.setdefault(key, deque()).append(call)
            self._changed.notify_all()

    def drop(self, lane: Lane) -> None:
        """Take the calls of a lane out of the line; whoever waits for them gets DroppedError."""
        with self._changed:
            lane.dropped = True
            calls = self._waiting.get(lane.key, deque())
            gone = [call for call in calls if call.lane is lane]
            self._keep(lane.key, deque(call for call in calls if call.lane is not lane))
            for call in gone:
                call.future.set_exception(DroppedError("nobody waits for this any more"))

    def stop(self) -> None:
        """Serve no more; whoever waits gets DroppedError. Waits for the batch in work."""
        with self._changed:
            self._stopping = True
            calls = [call for waiting in self._waiting.values() for call in waiting]
            self._waiting.clear()
            for call in calls:
                call.future.set_exception(DroppedError("the service stops"))
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            if batch:
                self._serve(batch)
            else:
                self._unload()

    def _next(self) -> list[Share] | None:
        """The next batch; an empty one after a long idle time, None at the end."""
        with self._changed:
            if not self._waiting and not self._stopping:
                self._changed.wait(self._idle or None)
                self._changed.wait_for(lambda: self._stopping, GATHER)
            return None if self._stopping else self._batch()

    def _batch(self) -> list[Share]:
        """As many sources as fit: that of the key whose turn it is, and those of about its length with the same options.

        A batch of unlike lengths costs as much as its sources one by one (measured: NOTES.md). Whoever is left out has been
        served less than those who were not, and so is soon the first of a batch.
        """
        shares: dict[Call, Share] = {}
        first: Call | None = None
        lengths = range(0, sys.maxsize)
        count = longest = 0
        while (found := self._next_source(first, lengths)) is not None:
            call, index = found
            length = call.lengths[index]
            if first is not None and max(longest, length) * (count + 1) > self._batch_tokens:
                break
            if first is None:
                first, lengths = call, range(int(length / LIKE), int(length * LIKE) + 1)
            count, longest = count + 1, max(longest, length)
            shares.setdefault(call, Share(call, [])).indices.append(index)
            self._take(call, index)
        return list(shares.values())

    def _next_source(self, first: Call | None, lengths: range) -> tuple[Call, int] | None:
        """The next source of these lengths that goes with the first: of the least served key, of the call that waits longest."""
        for key in sorted(self._waiting, key=lambda key: self._served[key]):
            for call in self._waiting[key]:
                if first is None or call.goes_with(first):
                    for index in call.left:
                        if call.lengths[index] in lengths:
                            return call, index
        return None

    def _take(self, call: Call, index: int) -> None:
        """Charge a key for one source; the call leaves the line with its last."""
        key = call.lane.key
        self._turn = max(self._turn, self._served[key])
        self._served[key] += max(call.lengths[index], 1) * call.lane.weight
        call.left.remove(index)
        if not call.left:
            self._waiting[key].remove(call)
            self._keep(key, self._waiting[key])
        if len(self._served) > FORGET:
            self._served = {key: at for key, at in self._served.items() if key in self._waiting or at > self._turn}

    def _keep(self, key: str, calls: deque[Call]) -> None:
        if calls:
            self._waiting[key] = calls
        else:
            self._waiting.pop(key, None)

    def _serve(self, shares: Sequence[Share]) -> None:
        """Generate, and give everybody what is theirs. What fails together is tried apart: one request's fault is not another's."""
        try:
            self._generate(shares)
        except Exception as error:
            if len(shares) == 1:
                self._fail(shares[0].call, error)
                return
            for share in shares:
                self._serve([share])

    def _generate(self, shares: Sequence[Share]) -> None:
        began = time.monotonic()
        places = [(share.call, index) for share in shares for index in share.indices]
        terms = ["" if call.terms is None else call.terms[index] for call, index in places]
        asked = shares[0].call
        if asked.several:
            self._search(asked)
            return
        sources = [call.sources[index] for call, index in places]
        written = self.engine.generate(sources, asked.options, prompt=asked.prompt, terms=terms if any(terms) else None)
        with self._changed:
            for (call, index), hypothesis in zip(places, written, strict=True):
                call.written[index] = hypothesis
                if len(call.written) == len(call.sources) and not call.future.done():
                    call.future.set_result([call.written[i] for i in range(len(call.sources))])
        tokens = sum(call.lengths[index] for call, index in places)
        self._observe(Batch(len(sources), len(shares), tokens, sum(h.tokens for h in written), time.monotonic() - began))

    def _search(self, call: Call) -> None:
        """Several hypotheses for one source; an engine that gives only one at a time gives that one."""
        began = time.monotonic()
        engine = self.engine
        if isinstance(engine, NBest):
            written = engine.several(call.sources, call.several, call.options, terms=call.terms)[0]
        else:
            written = engine.generate(call.sources, call.options, terms=call.terms)
        with self._changed:
            if not call.future.done():
                call.future.set_result(written)
        self._observe(Batch(1, 1, call.lengths[0], sum(h.tokens for h in written), time.monotonic() - began))

    def _fail(self, call: Call, error: Exception) -> None:
        with self._changed:
            waiting = self._waiting.get(call.lane.key, deque())
            if call in waiting:  # sources of it that no batch has taken yet
                waiting.remove(call)
                self._keep(call.lane.key, waiting)
            if not call.future.done():
                call.future.set_exception(error)

    def _unload(self) -> None:
        """Let the engine go after an idle time; the next request loads it again."""
        with self._loading:
            idle = time.monotonic() - self._used
            if not self._idle or idle < self._idle or self._engine is None:
                return
            self._engine = None
        gc.collect()
        log.info("the model was let go after %.0f idle seconds", idle)


class Lane:
    """An engine for one request (it fits `mt.engines.Engine`): what it is asked waits in line with all others.

    key: whose turn it is; weight: tokens charged for each, so that 4 gets a quarter of what 1 gets.
    """

    def __init__(self, worker: Worker, key: str, *, weight: float = 1.0) -> None:
        self.key = key
        self.weight = weight
        self.dropped = False
        self._worker = worker

    @property
    def name(self) -> str:
        """As the engine's."""
        return self._worker.engine.name

    @property
    def max_source_tokens(self) -> int:
        """As the engine's."""
        return self._worker.engine.max_source_tokens

    def count(self, source: str, /) -> int:
        """As the engine does, at once. Raises DroppedError where the lane was dropped."""
        if self.dropped:
            raise DroppedError("nobody waits for this any more")
        return self._worker.engine.count(source)

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        """As the engine does, when it is this lane's turn. Raises DroppedError where the lane was dropped."""
        if not sources:
            return []
        call = Call(self, list(sources), [self.count(source) for source in sources], options, prompt, terms)
        self._worker.put(call)
        return call.future.result()

    def several(
        self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: Sequence[str] | None = None
    ) -> list[list[Hypothesis]]:
        """As `mt.engines.NBest`, when it is this lane's turn; one where the engine gives no more. Raises as `generate`."""
        calls = [
            Call(self, [source], [self.count(source)], options, None, terms[i : i + 1] if terms else None, several=count)
            for i, source in enumerate(sources)
        ]
        for call in calls:
            self._worker.put(call)
        return [call.future.result() for call in calls]

    def drop(self) -> None:
        """Nobody waits for this lane any more: what it has in line goes, what it asks from now on is refused."""
        self._worker.drop(self)
