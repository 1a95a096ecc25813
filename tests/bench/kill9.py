"""Kill a batch job with SIGKILL at random moments, resume it until it is done, and compare.

    python -m tests.bench.kill9 --runs 200
    python -m tests.bench.kill9 --runs 20 --real --files 2

A run is one job that is killed until it gets through, at most MOST_KILLS times. Its outputs must equal those of an undisturbed
job byte for byte, no temporary file may be left, and a segment may be generated twice only if it was
in the batch in hand when the kill came.
"""

import argparse
import hashlib
import multiprocessing
import multiprocessing.process
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from mt.batch import Job, Root, Watch, inline, processes, run
from mt.batch.ledger import opened
from mt.batch.places import HIDDEN
from mt.config import load_config
from tests.bench import fast

WORDS = "وصل الوفد إلى عمان أمس وقال المتحدث إن الاجتماع انتهى بعد ساعات من المحادثات في القاهرة وبيروت ودمشق".split()
BATCH = 16
"""Segments of an artificial article that fit a batch of 64 tokens at most: the shortest have 4 tokens."""
MOST_KILLS = 100


@dataclass(frozen=True, slots=True)
class Settings:
    """How the job is done. delay: seconds a batch of the fast engine takes."""

    workers: int = 1
    real: bool = False
    delay: float = 0.004


@dataclass(slots=True)
class Trial:
    """What came of some runs. twice: the most segments generated more than once in a run."""

    runs: int = 0
    kills: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)


def make_articles(folder: Path, *, files: int, segments: int = 6, seed: int = 1) -> None:
    """Artificial articles, of which some segments recur."""
    chance = random.Random(seed)
    for i in range(files):
        sentences = [" ".join(chance.choice(WORDS) for _ in range(chance.randint(4, 16))) + "." for _ in range(segments - 1)]
        place = folder / f"{i % 7}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:06}.txt").write_text("\n".join([*sentences, "انتهى الاجتماع أمس."]) + "\n", encoding="utf-8")


def trial(place: Path, settings: Settings, *, runs: int, files: int, seed: int = 1, told: bool = False) -> Trial:
    """Kill and resume; `faults` says whatever is not as it must be."""
    chance = random.Random(seed)
    articles = place / "articles"
    make_articles(articles, files=files, segments=3 if settings.real else 6)
    started = time.monotonic()
    undisturbed = _start(articles, place / "undisturbed", place / "log", settings)
    undisturbed.join()
    whole = time.monotonic() - started
    wanted = _tree(place / "undisturbed")
    made = Trial()
    for number in range(runs):
        out, log = place / f"out{number}", place / f"log{number}"
        kills = 0
        while kills < MOST_KILLS and not _killed_or_done(_start(articles, out, log, settings), chance.uniform(0.0, whole / 2)):
            kills += 1
        if kills == MOST_KILLS:  # kills that come faster than a window is written let nothing through: the last attempt may end
            _start(articles, out, log, settings).join()
        made.runs, made.kills = made.runs + 1, made.kills + kills
        made.faults += [f"run {number}: {fault}" for fault in _faults(out, wanted)]
        if not settings.real:
            twice = sum(n - 1 for n in Counter(log.read_text("utf-8").splitlines()).values())
            made.twice = max(made.twice, twice)
            if settings.workers == 1 and twice > kills * BATCH:
                made.faults.append(f"run {number}: {twice} segments generated again after {kills} kills")
        shutil.rmtree(out)
        if told:
            print(f"\r{made.runs} runs, {made.kills} kills, {len(made.faults)} faults", end="", file=sys.stderr, flush=True)
    return made


def _faults(out: Path, wanted: dict[str, str]) -> list[str]:
    with closing(opened(out / HIDDEN)) as ledger:
        failed = [row.error for row in ledger.rows("failed")]
    made = _tree(out)
    faults = failed + [f"{path} differs" for path in wanted if made.get(path) != wanted[path]]
    faults += [f"{path} is left over" for path in made.keys() - wanted.keys()]
    beside = {file.name for file in (out / HIDDEN).iterdir()}
    return faults + [f"{name} is left over" for name in sorted(beside - {"ledger.sqlite", "lock", "manifest.json"})]


def _tree(folder: Path) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file() and HIDDEN not in file.parts]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _do(articles: Path, out: Path, log: Path, settings: Settings) -> None:
    """One job, in a process of its own."""
    os.environ |= {"FAST_LOG": str(log), "FAST_DELAY": str(settings.delay)}
    job = Job(str(out), str(out / HIDDEN), (Root(str(articles)),), load_config(batch_tokens=64), in_flight=40)
    job = job if settings.real else replace(job, load=fast.load)
    silent = Watch(lambda plan: None, lambda segments: None, lambda outcomes: None, lambda message: None)
    run(job, silent, crew=processes(settings.workers) if settings.workers > 1 else inline)


def _start(articles: Path, out: Path, log: Path, settings: Settings) -> multiprocessing.process.BaseProcess:
    """Forked, so that a kill falls into the work and not into the start of Python."""
    process = multiprocessing.get_context("fork").Process(target=_do, args=(articles, out, log, settings))
    process.start()
    return process


def _killed_or_done(process: multiprocessing.process.BaseProcess, seconds: float) -> bool:
    """Whether it got through before the kill came."""
    process.join(seconds)
    process.kill()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}, process.exitcode
    return process.exitcode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="the built-in model")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made = trial(Path(place), Settings(given.workers, given.real), runs=given.runs, files=given.files, seed=given.seed, told=True)
    print(f"{made.runs} runs, {made.kills} kills, at most {made.twice} segments generated twice in a run")
    print("\n".join(made.faults or ["no fault"]))
    sys.exit(bool(made.faults))


if __name__ == "__main__":
    main()
