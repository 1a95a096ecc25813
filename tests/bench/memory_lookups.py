"""How many look-ups a second a translation memory answers, and how often it finds the similar sentence that it has.

    python -m tests.bench.memory_lookups --shared DIR --entries 200000

Entries are pairs of DIR/corpora, then the same with other numbers in them until there are enough. Looked up are sentences
that are there, sentences with one change (a typing slip, a word dropped, a number changed), and sentences that are not there.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from mt import arabic
from mt.memory import Entry, Memory, Recall

NUMBER = re.compile(r"\d+")
LEAST_WORDS = 5
HELD_OUT = 20
"""One sentence in so many is not put into the memory but looked up as unknown."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """known: in the memory; unknown: not in it."""

    known: list[str]
    unknown: list[str]


def corpus(shared: Path) -> Iterator[tuple[str, str]]:
    """Pairs of the corpora that hold sentences, in a fixed order."""
    for path in sorted([*(shared / "corpora").glob("written/*.gz"), *(shared / "corpora").glob("human/*.gz")]) + sorted(
        (shared / "corpora").glob("translated/*.gz")
    ):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                source, _, english = line.rstrip("\n").partition("\t")
                if len(source.split()) >= LEAST_WORDS and english.strip() and arabic.has_arabic(source):
                    yield source.strip(), english.strip()


def entries(shared: Path, wanted: int, sentences: Sentences, chance: random.Random) -> Iterator[Entry]:
    """As many entries as wanted; what is kept out and a sample of what goes in are noted."""
    pairs: list[tuple[str, str]] = []
    for number, (source, english) in enumerate(corpus(shared)):
        if number % HELD_OUT == 0:
            sentences.unknown.append(source)
            continue
        if wanted == 0:
            return
        pairs.append((source, english))
        if number % 7 == 0:
            sentences.known.append(source)
        wanted -= 1
        yield Entry(source, english)
    serial = 0
    while wanted:
        source, english = chance.choice(pairs)
        serial += 1
        wanted -= 1
        words = source.split()
        words.insert(chance.randrange(1, len(words)), str(10_000 + serial))
        chance.shuffle(words)
        yield Entry(" ".join(words), f"{english} {serial}")


def changed(source: str, chance: random.Random) -> str:
    """One slip: a letter exchanged, a word dropped, a number changed."""
    words = source.split()
    if (number := NUMBER.search(source)) and chance.random() < 0.5:
        return source[: number.start()] + str(int(number[0]) + 1) + source[number.end() :]
    i = chance.randrange(len(words))
    if len(words) > 12 and chance.random() < 0.5:
        del words[i]
    else:
        k = chance.randrange(len(words[i]))
        words[i] = words[i][:k] + chance.choice("ابتسمن") + words[i][k + 1 :]
    return " ".join(words)


def main() -> None:
    """Fill a memory, look up, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--entries", type=int, default=200_000, metavar="N")
    parser.add_argument("--lookups", type=int, default=3000, metavar="N")
    given = parser.parse_args()
    chance = random.Random(1)
    sentences = Sentences([], [])
    with tempfile.TemporaryDirectory() as folder:
        memory = Memory(Path(folder) / "memory.sqlite")
        started = time.process_time()
        memory.add_all(entries(given.shared, given.entries, sentences, chance))
        filled = time.process_time() - started
        held = memory.stats()
        print(f"{held.entries:,} entries, {held.size / 1e6:,.0f} MB, {held.entries / filled:,.0f} entries a second")
        recall = Recall(memory, "", 0.9)
        known = chance.sample(sentences.known, given.lookups)
        slips = [(source, changed(source, chance)) for source in known]
        slips = [(s, c) for s, c in slips if Levenshtein.normalized_similarity(s, c) >= recall.threshold]
        kinds = {
            "there": known,
            "one change": [c for _, c in slips],
            "not there": chance.sample(sentences.unknown, min(given.lookups, len(sentences.unknown))),
        }
        recall.person("كلمة للتسخين قبل القياس")
        for kind, queries in kinds.items():
            started = time.process_time()
            answers = [recall.person(query) for query in queries]
            seconds = time.process_time() - started
            found = sum(answer is not None for answer in answers)
            print(f"{kind}: {len(queries):,} look-ups, {len(queries) / seconds:,.0f} a second, {found / len(queries):.1%} found")
        memory.close()


if __name__ == "__main__":
    main()
