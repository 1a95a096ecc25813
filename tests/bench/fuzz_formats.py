"""Does any damaged file crash a reader or a writer, hang it, or fill the memory?

    python -m tests.bench.fuzz_formats [--count 20000] [--format srt ...] [--start 0] [--keep DIR]

Each format runs in a process of its own with 1 GB of memory beyond what it has when loaded. A file is mutated by a
generator seeded with its number, read, translated by a fake engine and written; 10 seconds are a hang. What is found is
printed with its number, so that `--start NUMBER --count 1` does it again, and with --keep the file is kept.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType

from mt.formats import FORMATS
from tests.fuzzing import attempt, mutated, seeds

MEMORY = 1_000_000_000
SECONDS = 10
# A process that says nothing for so long hangs where no signal reaches it.
SILENCE = 60


class Hang(BaseException):
    """Raised by the alarm; no handler of errors in a library catches it."""


def _stop(signal: int, frame: FrameType | None) -> None:
    raise Hang


def limited() -> None:
    """Allow this process so much more memory than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def once(suffix: str, number: int, folder: Path) -> str:
    """What becomes of mutation `number`: "written", "refused", or what went wrong and where."""
    chance = random.Random(f"{suffix} {number}")
    path = folder / f"case{suffix}"
    path.write_bytes(mutated(chance.choice(seeds()[suffix]), chance))
    signal.alarm(SECONDS)
    try:
        return attempt(path)
    except Hang:
        return "hang"
    except MemoryError:
        return "memory"
    except Exception as error:
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__) if "/mt/" in f.filename]
        return f"crash: {type(error).__name__} at {places[-1] if places else '?'}: {' '.join(str(error).split())[:80]}"
    finally:
        signal.alarm(0)


def work(suffix: str, start: int, end: int, keep: Path | None) -> None:
    """The process of one format: a line of number, seconds and outcome for each mutation."""
    signal.signal(signal.SIGALRM, _stop)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        once(suffix, -1, folder)  # what is loaded late is loaded now
        limited()
        for number in range(start, end):
            began = time.perf_counter()
            outcome = once(suffix, number, folder)
            print(f"{number}\t{time.perf_counter() - began:.3f}\t{outcome}", flush=True)
            if keep is not None and outcome not in ("written", "refused"):
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{number}{suffix}").write_bytes((folder / f"case{suffix}").read_bytes())


def run(suffix: str, start: int, count: int, keep: Path | None) -> tuple[Counter[str], float, dict[str, int]]:
    """Outcomes of one format, the slowest in seconds, and the first mutation of each fault."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    faults: dict[str, int] = {}
    number, end = start, start + count
    while number < end:
        worker = [sys.executable, "-m", "tests.bench.fuzz_formats", "--worker", suffix, "--start", str(number)]
        worker += ["--count", str(end - number), *(["--keep", str(keep)] if keep else [])]
        process = subprocess.Popen(worker, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        watch = _Watch(process)
        for line in process.stdout:
            watch.alive()
            said, seconds, outcome = line.rstrip("\n").split("\t", 2)
            number = int(said) + 1
            slowest = max(slowest, float(seconds))
            if outcome not in ("written", "refused"):
                faults.setdefault(outcome, int(said))
            outcomes[outcome.partition(":")[0]] += 1
        watch.end()
        if process.wait() != 0 and number < end:
            outcomes["died"] += 1
            faults.setdefault(f"died with status {process.returncode}", number)
            number += 1
    return outcomes, slowest, faults


class _Watch:
    """Kills a process that has been silent for too long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        signal.signal(signal.SIGALRM, self._kill)
        self.alive()

    def alive(self) -> None:
        signal.alarm(SILENCE)

    def end(self) -> None:
        signal.alarm(0)

    def _kill(self, number: int, frame: FrameType | None) -> None:
        self.process.kill()


def main() -> None:
    """Run all formats and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="mutations a format")
    parser.add_argument("--start", type=int, default=0, help="number of the first")
    parser.add_argument("--format", nargs="*", default=None, help="suffixes without the dot; all if not given")
    parser.add_argument("--keep", type=Path, default=None, help="folder for files that do harm")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given.worker, given.start, given.start + given.count, given.keep)
        return
    first = {id(form): suffix for suffix, form in reversed(FORMATS.items())}
    chosen = [f".{name}" for name in given.format] if given.format else list(reversed(first.values()))
    print("| format | written | refused | crashes | hangs | memory | died | slowest, s |")
    print("| --- |" + " ---: |" * 7, flush=True)
    for suffix in chosen:
        outcomes, slowest, faults = run(suffix, given.start, given.count, given.keep)
        numbers = " | ".join(str(outcomes[name]) for name in ("written", "refused", "crash", "hang", "memory", "died"))
        print(f"| {suffix} | {numbers} | {slowest:.1f} |", flush=True)
        for fault, number in faults.items():
            print(f"  {suffix} {number}: {fault}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
