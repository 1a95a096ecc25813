"""The measuring itself; what comes out is for NOTES.md, not for tests."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mt import arabic, bench
from mt.bench import Report, Start, Timing
from mt.config import Config, ModelOptions, seeds_folder
from mt.engines import load_engine
from tests import tiny

REPORT = Report(
    machine="a machine",
    signature="model:fake",
    segments=2,
    words=100,
    timings=(Timing("mt", (2.0, 1.0, 9.0)), Timing("slow", (4.0,))),
    sweep=((128, Timing("128", (5.0,))),),
    start=Start(load=1.0, first=2.0, second=0.5, peak_mb=512.4, total=5.0),
)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def worker(self, name: str, seconds: list[float], runs: list[str]) -> Callable[[], None]:
        """Something to race: it notes its name and takes so long."""

        def work() -> None:
            runs.append(name)
            self.now += seconds.pop(0)

        return work


def test_contestants_take_turns_after_one_run_to_warm_up() -> None:
    clock = Clock()
    runs: list[str] = []
    contestants = {
        "first": clock.worker("first", [100.0, 1.0, 2.0, 9.0], runs),
        "second": clock.worker("second", [200.0, 5.0, 4.0, 6.0], runs),
    }
    timings = bench.race(contestants, 3, clock=clock)
    assert runs == ["first", "second"] * 4
    assert timings == [Timing("first", (1.0, 2.0, 9.0)), Timing("second", (5.0, 4.0, 6.0))]
    assert [timing.median for timing in timings] == [2.0, 5.0]


def test_sample_is_arabic_and_comes_from_all_articles() -> None:
    sample = bench.sample()
    assert len(sample) == bench.SEGMENTS == len(set(sample))
    assert all(arabic.has_arabic(text) for text in sample)
    articles = [path.read_text(encoding="utf-8") for path in seeds_folder().glob("*.txt")]
    assert all(any(text in article for text in sample) for article in articles)


def test_report_says_times_speed_and_ratio() -> None:
    timings, sweep, start = bench.tables(REPORT)
    assert timings.rows == (("mt", "2.00", "1.00", "50", "1.00"), ("slow", "4.00", "4.00", "25", "2.00"))
    assert sweep.rows == (("128", "5.00", "20"),)
    assert start.rows == (("1.00", "2.00", "0.50", "5.00", "512"),)


def test_report_as_markdown_and_json() -> None:
    markdown = bench.as_markdown(REPORT)
    assert "| slow | 4.00 | 4.00 | 25 | 2.00 |\n" in markdown
    assert markdown.endswith("model:fake; a machine\n")
    assert json.loads(bench.as_json(REPORT))["timings"][0]["seconds"] == [2.0, 1.0, 9.0]


SOURCES = [arabic_side for arabic_side, _ in tiny.PAIRS[:5]]
ENGLISH = [english for _, english in tiny.PAIRS[:5]]


def config(backend: str, folder: Path, most: int, **model: str) -> Config:
    options = {"backend": backend, "compute_type": "float32", "threads": 1}
    return Config.model_validate(
        {"model": {"name": "tiny", "path": str(folder), **model}, "decoding": {"max_new_tokens": most}, "engine": options}
    )


@pytest.mark.parametrize("backend", ["transformers", "ctranslate2"])
def test_the_bare_library_writes_what_the_engine_writes(
    backend: str, marian: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "cache"))
    chosen = config(backend, marian, 40, family="seq2seq")
    assert bench.bare(chosen, load_engine(chosen).name, marian, SOURCES)() == ENGLISH

    gemma = tiny.gemma3(tmp_path / "gemma")
    chosen = config(backend, gemma, 12, family="causal", prompt="Arabic: {source}\nEnglish:")
    engine = load_engine(chosen)
    written = [hypothesis.text for hypothesis in engine.generate(SOURCES, chosen.decoding)]
    assert [text.strip() for text in bench.bare(chosen, engine.name, gemma, SOURCES)()] == written
    assert any(written)


def test_one_by_one_writes_what_is_trained(marian: Path) -> None:
    assert bench.one_by_one(ModelOptions(name="marian", path=str(marian), family="seq2seq"), marian, SOURCES)() == ENGLISH
