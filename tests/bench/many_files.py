"""Translate many small files with an engine that costs nothing: what the batch itself costs.

    python -m tests.bench.many_files --files 10000 100000

For each number: files a second, peak memory of the process that does it, size of the ledger, seconds to
find out that all is done.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from mt.batch import Job, Root, Watch, inline, processes, run
from mt.batch.places import HIDDEN
from mt.config import load_config
from tests.bench import fast
from tests.bench.kill9 import make_articles

SEGMENTS = 3


@dataclass(frozen=True, slots=True)
class Spent:
    """seconds: on the clock. processor: seconds of the processor. peak_mb: resident memory at most."""

    seconds: float
    processor: float
    peak_mb: float


def spent(articles: Path, out: Path, workers: int) -> Spent:
    """Run one job in a process of its own."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_do, args=(articles, out, workers, theirs))
    process.start()
    theirs.close()
    made = ours.recv()
    process.join()
    assert isinstance(made, Spent)
    return made


def _do(articles: Path, out: Path, workers: int, pipe: Connection) -> None:
    config = load_config(batch_tokens=4096, retry=False)
    job = Job(str(out), str(out / HIDDEN), (Root(str(articles)),), config, load=fast.load)
    silent = Watch(lambda plan: None, lambda segments: None, lambda outcomes: None, lambda message: None)
    start, before = time.monotonic(), time.process_time()
    run(job, silent, crew=processes(workers) if workers > 1 else inline)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    pipe.send(Spent(time.monotonic() - start, time.process_time() - before, peak))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    print("files | files/s | processor s | peak MB | ledger MB | source MB | resume s | resume processor s | resume peak MB")
    for files in given.files:
        with tempfile.TemporaryDirectory() as place:
            articles, out = Path(place) / "in", Path(place) / "out"
            make_articles(articles, files=files, segments=SEGMENTS)
            first, again = spent(articles, out, given.workers), spent(articles, out, given.workers)
            made = sum(1 for file in out.rglob("*.txt"))
            assert made == files, made
            ledger = (out / HIDDEN / "ledger.sqlite").stat().st_size / 1e6
            source = sum(file.stat().st_size for file in articles.rglob("*.txt")) / 1e6
            print(
                f"{files:,} | {files / first.seconds:.0f} | {first.processor:.1f} | {first.peak_mb:.0f} | {ledger:.0f} | {source:.0f} | "
                f"{again.seconds:.1f} | {again.processor:.1f} | {again.peak_mb:.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
