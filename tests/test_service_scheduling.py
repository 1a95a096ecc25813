"""The line before the engine: who shares a batch, whose turn it is, what is dropped, what a fault touches."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from mt.config import DecodingOptions
from mt.data import Hypothesis
from mt.engines import Engine
from mt.errors import ModelError
from mt.pipeline import Pipeline
from mt.service.errors import DroppedError, RefusedError
from mt.service.limits import Buckets, Room
from mt.service.scheduling import Batch, Lane, Worker
from tests.fakes import FakeEngine, plain_english
from tests.service import CONFIG

GREEDY, BEAMS = DecodingOptions(), DecodingOptions(beam_size=4)


class Gated:
    """An engine that waits at its first call until it is let go, so that a test can fill the line; it keeps what it was given."""

    name = "model:gated"
    max_source_tokens = 50

    def __init__(self, write: Callable[[str], str] = plain_english) -> None:
        self.write = write
        self.go = threading.Event()
        self.begun = threading.Event()
        self.batches: list[list[str]] = []

    def count(self, source: str, /) -> int:
        return len(source.split())

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        self.batches.append(list(sources))
        self.begun.set()
        assert self.go.wait(20)
        return [Hypothesis(self.write(source), -0.5, self.count(source) + 1) for source in sources]


@contextmanager
def working(engine: Engine, batch_tokens: int = 100, **options: object) -> Iterator[Worker]:
    worker = Worker(lambda: engine, batch_tokens=batch_tokens, **options)  # type: ignore[arg-type]
    try:
        yield worker
    finally:
        if isinstance(engine, Gated):
            engine.go.set()
        worker.stop()


@contextmanager
def line(engine: Gated, worker: Worker) -> Iterator[ThreadPoolExecutor]:
    """Threads to wait in the line; its head is held by a call of the key `first`."""
    with ThreadPoolExecutor(32) as threads:
        first = threads.submit(Lane(worker, "first").generate, ["بداية"], GREEDY)
        assert engine.begun.wait(20)
        yield threads
        engine.go.set()
        first.result()


def in_line(worker: Worker, calls: int) -> None:
    """Wait until so many calls are in the line."""
    deadline = time.monotonic() + 20
    while sum(len(waiting) for waiting in worker._waiting.values()) < calls:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_everybody_gets_what_is_theirs() -> None:
    with working(FakeEngine()) as worker, ThreadPoolExecutor(16) as threads:
        texts = [[f"خبر {n} رقم {i}" for i in range(n % 5 + 1)] for n in range(40)]
        asked = [threads.submit(Lane(worker, f"key {n % 7}").generate, sources, GREEDY) for n, sources in enumerate(texts)]
        for sources, answer in zip(texts, asked, strict=True):
            assert [hypothesis.text for hypothesis in answer.result()] == [plain_english(source) for source in sources]


def test_requests_that_wait_together_share_a_batch() -> None:
    engine, seen = Gated(), list[Batch]()
    with working(engine, observe=seen.append) as worker, line(engine, worker) as threads:
        for n in range(10):
            threads.submit(Lane(worker, f"key {n}").generate, [f"خبر {n}"], GREEDY)
        in_line(worker, 10)
        engine.go.set()
    assert [(batch.sources, batch.requests) for batch in seen] == [(1, 1), (10, 10)]


def test_a_batch_holds_no_more_padded_tokens_than_it_may() -> None:
    engine = Gated()
    with working(engine, batch_tokens=12) as worker, line(engine, worker) as threads:
        threads.submit(Lane(worker, "a").generate, ["ا ب ج د"] * 7, GREEDY)
        in_line(worker, 1)
        engine.go.set()
    assert [len(batch) for batch in engine.batches] == [1, 3, 3, 1]


def test_other_options_make_another_batch() -> None:
    engine = Gated()
    with working(engine) as worker, line(engine, worker) as threads:
        threads.submit(Lane(worker, "a").generate, ["ا"], GREEDY)
        threads.submit(Lane(worker, "b").generate, ["ب"], BEAMS)
        threads.submit(lambda: Lane(worker, "c").generate(["ج"], GREEDY, prompt="{source}"))
        in_line(worker, 3)
        engine.go.set()
    assert sorted(len(batch) for batch in engine.batches) == [1, 1, 1, 1]


def test_a_short_text_is_not_stuck_behind_a_book() -> None:
    engine = Gated()
    with working(engine, batch_tokens=20) as worker, line(engine, worker) as threads:
        book = threads.submit(Lane(worker, "book").generate, [f"ا ب ج د ه و ز ح {i} ." for i in range(40)], GREEDY)
        in_line(worker, 1)
        short = threads.submit(Lane(worker, "short").generate, ["خبر قصير"], GREEDY)
        in_line(worker, 2)
        engine.go.set()
        short.result()
        book.result()
    [turn] = [i for i, batch in enumerate(engine.batches) if "خبر قصير" in batch]
    assert turn <= 2
    assert len(engine.batches) > 15


def test_keys_get_equal_tokens_and_a_heavier_lane_fewer() -> None:
    engine = Gated()
    with working(engine, batch_tokens=4) as worker, line(engine, worker) as threads:
        for key, weight in (("a", 1.0), ("b", 1.0), ("job", 4.0)):
            threads.submit(Lane(worker, key, weight=weight).generate, [f"{key} {i}" for i in range(40)], GREEDY)
        in_line(worker, 3)
        engine.go.set()
    served = [source.split()[0] for batch in engine.batches for source in batch]
    early = served[1:46]  # while all three have something in the line
    assert abs(early.count("a") - early.count("b")) <= 1
    assert early.count("job") == pytest.approx(early.count("a") / 4, abs=1)


def test_a_key_that_comes_back_takes_no_credit_from_its_absence() -> None:
    engine = Gated()
    with working(engine, batch_tokens=2) as worker, line(engine, worker) as threads:
        engine.go.set()
        Lane(worker, "busy").generate([f"busy {i}" for i in range(20)], GREEDY)
        engine.begun.clear()
        engine.go.clear()
        threads.submit(Lane(worker, "busy").generate, [f"busy {i}" for i in range(20, 31)], GREEDY)
        assert engine.begun.wait(20)
        threads.submit(Lane(worker, "late").generate, [f"late {i}" for i in range(10)], GREEDY)
        in_line(worker, 2)
        engine.go.set()
    served = [source.split()[0] for batch in engine.batches[21:] for source in batch]
    assert served[1:11].count("late") in {4, 5, 6}


def test_what_is_dropped_leaves_the_line_and_the_others_stay() -> None:
    engine = Gated()
    with working(engine) as worker, line(engine, worker) as threads:
        gone, stays = Lane(worker, "a"), Lane(worker, "a")
        dropped = threads.submit(gone.generate, ["يذهب"], GREEDY)
        kept = threads.submit(stays.generate, ["يبقى"], GREEDY)
        in_line(worker, 2)
        gone.drop()
        with pytest.raises(DroppedError):
            dropped.result(20)
        with pytest.raises(DroppedError):
            gone.count("ا")
        engine.go.set()
        assert kept.result(20)
    assert all("يذهب" not in batch for batch in engine.batches)


def test_the_fault_of_one_request_is_not_that_of_another() -> None:
    def write(source: str) -> str:
        if source == "سيئ":
            raise ModelError("too long for this model")
        return plain_english(source)

    engine = Gated(write)
    with working(engine) as worker, line(engine, worker) as threads:
        bad = threads.submit(Lane(worker, "bad").generate, ["سيئ"], GREEDY)
        good = [threads.submit(Lane(worker, f"good {n}").generate, [f"خبر {n}"], GREEDY) for n in range(3)]
        in_line(worker, 4)
        engine.go.set()
        with pytest.raises(ModelError):
            bad.result(20)
        assert [answer.result(20)[0].text for answer in good] == [plain_english(f"خبر {n}") for n in range(3)]


def test_a_pipeline_on_a_lane_gives_what_it_gives_on_the_engine() -> None:
    text = "عنوان\n\nوصل 12 وفدا إلى عمان. غادر الوفد.\nعاد الوفد إلى عمان."
    with working(FakeEngine()) as worker:
        assert Pipeline(CONFIG, Lane(worker, "a")).translate(text, summary=1) == Pipeline(CONFIG, FakeEngine()).translate(text, summary=1)


def test_an_idle_engine_is_let_go_and_loaded_again() -> None:
    loads: list[FakeEngine] = []

    def load() -> FakeEngine:
        loads.append(FakeEngine())
        return loads[-1]

    worker = Worker(load, batch_tokens=100, idle_seconds=0.05)
    assert Lane(worker, "a").generate(["خبر"], GREEDY)
    deadline = time.monotonic() + 20
    while worker.loaded:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert Lane(worker, "a").generate(["خبر"], GREEDY)
    assert len(loads) == 2
    worker.stop()


def test_buckets_fill_steadily_and_keep_keys_apart() -> None:
    now = 0.0
    buckets = Buckets(lambda: now)
    assert [buckets.take("a", 30, 60) for _ in range(3)] == [0.0, 0.0, 30.0]
    assert buckets.take("b", 60, 60) == 0.0
    now = 30.0
    assert buckets.take("a", 30, 60) == 0.0
    assert buckets.take("a", 1, 60) > 0
    assert buckets.take("a", 1_000_000, 0) == 0.0  # no limit


def test_more_than_a_minute_holds_is_taken_from_a_full_bucket_and_paid_for_later() -> None:
    now = 0.0
    buckets = Buckets(lambda: now)
    assert buckets.take("a", 150, 60) == 0.0
    now = 60.0
    assert buckets.take("a", 1, 60) == pytest.approx(31.0)


def test_room_is_refused_with_a_time_and_one_request_alone_is_never_too_large() -> None:
    room = Room(2, 100)
    with room.taken(500), pytest.raises(RefusedError) as refused, room.taken(10):
        pass
    assert refused.value.status == 429
    assert refused.value.retry_after is not None and refused.value.retry_after >= 1
    assert (room.requests, room.characters) == (0, 0)
    with room.taken(10), room.taken(10), pytest.raises(RefusedError), room.taken(10):
        pass


def test_a_batch_holds_sources_of_like_length() -> None:
    engine = Gated()
    with working(engine, batch_tokens=200) as worker, line(engine, worker) as threads:
        for n in range(4):
            threads.submit(Lane(worker, f"short {n}").generate, ["ا ب"], GREEDY)
            threads.submit(Lane(worker, f"long {n}").generate, ["ا ب ج د ه و ز ح ط ي"], GREEDY)
        in_line(worker, 8)
        engine.go.set()
    assert sorted(len({len(source) for source in batch}) for batch in engine.batches) == [1, 1, 1]


class Searching(FakeEngine):
    """A fake that gives several hypotheses."""

    def several(
        self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: Sequence[str] | None = None
    ) -> list[list[Hypothesis]]:
        return [[Hypothesis(f"{plain_english(source)} {n}", -0.5 - n, 3) for n in range(count)] for source in sources]


@pytest.mark.parametrize(("engine", "found"), [(Searching(), 3), (FakeEngine(), 1)])
def test_several_hypotheses_come_as_the_engine_has_them(engine: Engine, found: int) -> None:
    with working(engine) as worker:
        assert [len(each) for each in Lane(worker, "a").several(["خبر", "خبر آخر"], 3, BEAMS)] == [found, found]
