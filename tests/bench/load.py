"""Many clients at once on a service of this machine: errors, mixed-up answers, waiting times, throughput, memory.

`python -m tests.bench.load --seconds 300` starts `mt serve` with the built-in weights on a free port; `--fake` takes a fake engine,
which shows what the service itself costs. First one client, then all of them. A request is a line with a mark of its own, which
has no letters and so must come back as it is (else it was mixed up), and one to six sentences of the sample articles; what the same
sentence became before and is now put otherwise is counted, too: the batch that it is in should not matter.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psutil

from mt.config import seeds_folder
from mt.segmentation import split

SIZES = (1, 1, 1, 1, 2, 3, 6)  # sentences in a request: most are short
SERVING = re.compile(r"http://[\w.:]+")
MEGABYTE = 1_000_000


@dataclass(slots=True)
class Seen:
    """What came of a phase. seconds: of each answered request; memory: bytes of the server at each second."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    characters: int = 0
    mixed_up: int = 0
    segments: int = 0
    changed: int = 0
    memory: list[int] = field(default_factory=list)
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        """Characters a second."""
        return self.characters / self.elapsed


def sentences() -> list[str]:
    """The sentences of the sample articles, of ordinary length."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(seeds_folder().glob("*.txt"))]
    found = [segment.text for text in texts for segment in split(text)]
    return sorted({text for text in found if 30 <= len(text) <= 200 and "\n" not in text})


@contextmanager
def server(*, fake: bool) -> Iterator[tuple[str, psutil.Process]]:
    """A service in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        real = ["-m", "mt.cli", "serve", "--no-page", "--port", "0", "--data", folder]
        arguments = [sys.executable, *(["-m", "tests.service", folder, "page=false"] if fake else real)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if found := SERVING.search(line):
                    break
            else:
                raise SystemExit("the service did not start")
            try:
                # Its log has to be read, or it would wait for a reader.
                with subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL):
                    yield found[0], psutil.Process(process.pid)
                    process.terminate()
            finally:
                process.kill()


async def client(address: str, number: int, until: float, seen: Seen, known: dict[str, str], pool: list[str]) -> None:
    """One client that asks again as soon as it has an answer, and waits when it is told to."""
    chance = random.Random(number)
    async with httpx.AsyncClient(base_url=address, timeout=600) as http:
        turn = 0
        while time.monotonic() < until:
            turn += 1
            mark = f"{number:03d}-{turn:06d}"
            chosen = chance.sample(pool, chance.choice(SIZES))
            began = time.monotonic()
            answer = await http.post("/v1/translate", json={"text": "\n\n".join([mark, *chosen])})
            seen.statuses[answer.status_code] += 1
            if answer.status_code == 429:
                await asyncio.sleep(float(answer.headers["Retry-After"]))
                continue
            if answer.status_code != 200:
                continue
            seen.seconds.append(time.monotonic() - began)
            seen.characters += sum(map(len, chosen))
            record = answer.json()
            seen.mixed_up += not record["text"].startswith(mark) or record["segments"][0]["source"] != mark
            seen.segments += len(record["segments"]) - 1
            for segment in record["segments"][1:]:
                seen.changed += known.setdefault(segment["source"], segment["text"]) != segment["text"]


async def phase(address: str, process: psutil.Process, clients: int, seconds: float, known: dict[str, str]) -> Seen:
    """So many clients for so long."""
    seen = Seen()
    began = time.monotonic()
    pool = sentences()

    async def watch() -> None:
        while True:
            seen.memory.append(process.memory_info().rss)
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(client(address, number, began + seconds, seen, known, pool) for number in range(clients)))
    watching.cancel()
    seen.elapsed = time.monotonic() - began
    return seen


def at(seconds: list[float], share: float) -> float:
    """The time within which this share of the requests was answered."""
    return sorted(seconds)[min(int(share * len(seconds)), len(seconds) - 1)] if seconds else float("nan")


def row(name: str, seen: Seen, one: Seen) -> str:
    """A row of the table."""
    minute = max(1, min(60, len(seen.memory) // 3))
    first, last = (sum(part) / len(part) / MEGABYTE for part in (seen.memory[:minute], seen.memory[-minute:]))
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(seen.statuses.items()))
    times = " / ".join(f"{at(seen.seconds, share):.2f}" for share in (0.5, 0.95, 0.99))
    grown = f"{first:,.0f} -> {last:,.0f} ({last / first - 1:+.1%})"
    rate, changed = f"{seen.rate:,.0f} ({seen.rate / one.rate:.1f})", f"{seen.changed} of {seen.segments:,}"
    return f"| {name} | {statuses} | {times} | {rate} | {seen.mixed_up} | {changed} | {grown} |"


def main() -> None:
    """Print a table; exit with 1 for an error other than 429, or an answer that was another's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--alone", type=float, default=30.0, help="seconds of the single client")
    parser.add_argument("--fake", action="store_true", help="a fake engine in place of the built-in weights")
    options = parser.parse_args()
    known: dict[str, str] = {}
    with server(fake=options.fake) as (address, process):
        asyncio.run(phase(address, process, 1, 2.0, {}))  # warm
        one = asyncio.run(phase(address, process, 1, options.alone, known))
        many = asyncio.run(phase(address, process, options.clients, options.seconds, known))
    print("| clients | statuses | p50 / p95 / p99, s | characters a second (times one client) | mixed up | put otherwise | memory, MB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    print(row("1", one, one))
    print(row(str(options.clients), many, one))
    sys.exit(bool(many.mixed_up or set(many.statuses) - {200, 429}))


if __name__ == "__main__":
    main()
