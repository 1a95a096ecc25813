"""The speed of a batch beside that of the raw engine on the same segments in one stream.

    python -m tests.bench.batch_speed --shared DIR --in-flight 64 512 --workers 1 2

raw: the segments that the model sees, each once, in the batches of `mt.translation.batches`; nothing is
checked. batch: reading, segmenting, translating, checking, writing, the ledger. Decoding again is off in
both. --share: instead of racing, which needs a machine to itself, tell what part of one batch's seconds
pass in the engine, and what its smaller windows cost in padded tokens; the product is the speed.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mt import arabic
from mt.batch import Job, Root, Watch, inline, processes, run
from mt.batch.places import HIDDEN
from mt.config import Config, DecodingOptions, load_config
from mt.data import Hypothesis
from mt.engines import Engine
from mt.pipeline import Pipeline, load
from mt.translation import batches, model_source

SILENT = Watch(lambda plan: None, lambda segments: None, lambda outcomes: None, lambda message: None)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock and of processors, those of other processes included."""

    clock: float
    processor: float


def cost(work: Callable[[], object]) -> Cost:
    """What some work costs."""
    clock, processor = time.monotonic(), _processor()
    work()
    return Cost(time.monotonic() - clock, _processor() - processor)


def write_articles(shared: Path, folder: Path, most: int) -> None:
    """The articles of the evaluation set as text files, the shortest first."""
    texts = []
    for file in (shared / "eval" / "articles").glob("*.json"):
        article = json.loads(file.read_text("utf-8"))
        texts.append("\n\n".join([article["title_ar"], article["byline_ar"], *article["paragraphs_ar"]]) + "\n")
    for number, text in enumerate(sorted(texts, key=len)[:most]):
        (folder / f"{number:03}.txt").write_text(text, encoding="utf-8")


def sources_of(pipeline: Pipeline, folder: Path) -> list[str]:
    """What the model sees of the articles, each segment once."""
    segments = [s for file in sorted(folder.iterdir()) for s in pipeline.prepare(file.read_text("utf-8")).segments]
    return list(dict.fromkeys(model_source(s.text, pipeline.config.text) for s in segments if arabic.has_arabic(s.text)))


def generate(pipeline: Pipeline, sources: list[str]) -> None:
    """The raw engine on all of them."""
    lengths = [pipeline.engine.count(source) for source in sources]
    for batch in batches(lengths, pipeline.config.batching.batch_tokens):
        pipeline.engine.generate([sources[i] for i in batch], pipeline.config.decoding)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--articles", type=int, default=100)
    parser.add_argument("--in-flight", type=int, nargs="+", default=[512])
    parser.add_argument("--workers", type=int, nargs="+", default=[1])
    parser.add_argument("--share", action="store_true")
    given = parser.parse_args()
    config = load_config(retry=False, threads=1) if given.share else load_config(retry=False)
    pipeline = load(config)
    with tempfile.TemporaryDirectory() as place:
        articles = Path(place) / "in"
        articles.mkdir()
        write_articles(given.shared, articles, given.articles)
        sources = sources_of(pipeline, articles)
        if given.share:
            for in_flight in given.in_flight:
                _tell_share(config, pipeline, articles, Path(place) / f"out-{in_flight}", in_flight, sources)
            return
        generate(pipeline, sources[:4])  # what is done once is done
        raw = cost(lambda: generate(pipeline, sources))
        print(f"raw: {len(sources)} segments, {raw.clock:.1f} s on the clock, {raw.processor:.1f} s of processors", flush=True)
        for workers in given.workers:
            for in_flight in given.in_flight:
                out = Path(place) / f"out-{workers}-{in_flight}"
                spent = cost(lambda out=out, n=in_flight, w=workers: _batch(config, pipeline, articles, out, n, w))  # type: ignore[misc]
                print(
                    f"{workers} workers, {in_flight} in flight: {spent.clock:.1f} s, {spent.processor:.1f} s of processors; "
                    f"speed {raw.clock / spent.clock:.2f}, by processors {raw.processor / spent.processor:.2f} of raw",
                    flush=True,
                )


class Timed:
    """An engine that adds up the processor seconds spent in it and the padded tokens given to it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name, self.max_source_tokens = engine.name, engine.max_source_tokens
        self.seconds = 0.0
        self.padded = 0

    def count(self, source: str, /) -> int:
        return self.engine.count(source)

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        self.padded += len(sources) * max(self.count(source) for source in sources)
        start = time.process_time()
        made = self.engine.generate(sources, options, prompt=prompt, terms=terms)
        self.seconds += time.process_time() - start
        return made


def _tell_share(config: Config, pipeline: Pipeline, articles: Path, out: Path, in_flight: int, sources: list[str]) -> None:
    timed = Timed(pipeline.engine)
    start = time.process_time()
    _batch(config, Pipeline(config, timed), articles, out, in_flight, 1)
    share = timed.seconds / (time.process_time() - start)
    lengths = [pipeline.engine.count(source) for source in sources]
    raw = sum(len(batch) * lengths[batch[0]] for batch in batches(lengths, config.batching.batch_tokens))
    print(f"{in_flight} in flight: {share:.3f} of the seconds in the engine, {timed.padded / raw:.3f} of the padded tokens", flush=True)


def _batch(config: Config, pipeline: Pipeline, articles: Path, out: Path, in_flight: int, workers: int) -> None:
    """One worker has the model already; several load theirs, which counts."""
    job = Job(str(out), str(out / HIDDEN), (Root(str(articles)),), config, in_flight=in_flight)
    job = replace(job, load=lambda _: pipeline) if workers == 1 else job
    run(job, SILENT, crew=processes(workers) if workers > 1 else inline)


def _processor() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
