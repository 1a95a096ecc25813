"""Plant omissions, additions, wrong numbers, wrong names and dropped negations in people's translations; count what is found.

    python -m tests.bench.planted_errors --shared DIR

DIR holds eval/{flores-dev,pud-news}.{ar,en} and eval/articles/*.json. At most 500 texts of each kind, drawn with a fixed seed.
The first table says for each kind how often its flag is raised (recall), how often any flag is, and how often the flag is right
on a half-and-half mixture of clean and damaged texts (precision); the second how often each flag is raised on the
untouched references. `--show FLAG` prints the references that FLAG is raised on, `--missed FLAG` what it overlooks.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from mt.check import explain
from mt.data import Flag
from mt.summarization.words import is_stop_word
from tests.bench.flag_quality import Pair, change_digit, flags, print_false_alarms, read_pairs

MOST = 500
SEED = 11
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")
"""A capitalised word inside a sentence."""
NEGATION = re.compile(
    r"\b(?:(?P<verb>do|does|did|is|are|was|were|has|have|had|can|could|would|should|must|may|might|will) ?(?:not|n't|n’t)\b|(?:never|no) )"
)
"""`did not`, `isn't`, `no longer`"""
CLAUSE = re.compile(r", [^,.;]{15,70}(?=[,.;])")
"""`, which opened in 1998,`"""
Damage = Callable[[str, random.Random, Sequence[str]], str | None]


class Planted(NamedTuple):
    """A kind of error, and the flag that it should raise. `damage` is given the English and all English texts."""

    name: str
    flag: Flag
    damage: Damage


def dropped(size: range) -> Damage:
    """Leave out as many words in a row, of which at least half carry meaning; the first and last word stay."""

    def damage(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
        words = english.split()
        length = chance.choice(size)
        starts = [i for i in range(1, len(words) - length) if 2 * _meaningful(words[i : i + length]) >= length]
        if not starts:
            return None
        start = chance.choice(starts)
        return " ".join(words[:start] + words[start + length :])

    return damage


def _meaningful(words: Sequence[str]) -> int:
    return sum(not is_stop_word(word.strip(".,;:()\"'")) for word in words)


def clause_dropped(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
    """Leave out what stands between two marks."""
    found = list(CLAUSE.finditer(english))
    if not found:
        return None
    match = chance.choice(found)
    return english[: match.start()] + english[match.end() :]


def added(size: range) -> Damage:
    """Put as many words in a row from another text somewhere."""

    def damage(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
        words, other = english.split(), chance.choice(others).split()
        length = chance.choice(size)
        starts = [i for i in range(1, len(other) - length) if 2 * _meaningful(other[i : i + length]) >= length]
        if other == words or len(words) < 3 or not starts:
            return None
        start, place = chance.choice(starts), chance.randrange(1, len(words))
        return " ".join([*words[:place], *other[start : start + length], *words[place:]])

    return damage


def number_changed(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
    """Change one digit."""
    return change_digit("", english, chance)


def name_changed(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
    """Put a capitalised word from another text in the place of one."""
    own, other = list(NAME.finditer(english)), NAME.findall(chance.choice(others))
    if not own or not other:
        return None
    match, name = chance.choice(own), chance.choice(other)
    return None if name in english else english[: match.start()] + name + english[match.end() :]


def negation_dropped(english: str, chance: random.Random, others: Sequence[str]) -> str | None:
    """Leave out one `not`, `n't`, `no` or `never`."""
    found = list(NEGATION.finditer(english))
    if not found:
        return None
    match = chance.choice(found)
    return english[: match.start()] + (match["verb"] or "") + english[match.end() :]


PLANTED = (
    Planted("one word dropped", "omission", dropped(range(1, 2))),
    Planted("3 to 5 words dropped", "omission", dropped(range(3, 6))),
    Planted("6 to 9 words dropped", "omission", dropped(range(6, 10))),
    Planted("a clause dropped", "omission", clause_dropped),
    Planted("3 to 5 words added", "addition", added(range(3, 6))),
    Planted("6 to 9 words added", "addition", added(range(6, 10))),
    Planted("a digit changed", "numbers", number_changed),
    Planted("a name exchanged", "names", name_changed),
    Planted("a negation dropped", "negation", negation_dropped),
)


def damaged(planted: Planted, pairs: Sequence[Pair]) -> list[tuple[str, str, str]]:
    """Source, reference and damaged reference, at most `MOST`."""
    chance = random.Random(SEED)
    others = [english for _, english in pairs]
    found = []
    for source, english in chance.sample(pairs, len(pairs)):
        text = planted.damage(english, chance, others)
        if text is not None and text != english:
            found.append((source, english, text))
            if len(found) == MOST:
                break
    return found


def print_recall(pairs: Sequence[Pair]) -> None:
    print("| planted | flag | texts | recall | any flag | precision |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for planted in PLANTED:
        texts = damaged(planted, pairs)
        raised = [flags(source, text) for source, _, text in texts]
        right = sum(planted.flag in each for each in raised)
        wrong = sum(planted.flag in flags(source, english) for source, english, _ in texts)
        either = sum(bool(each) for each in raised) / len(texts)
        precision = f"{right / (right + wrong):.1%}" if right + wrong else "-"
        print(f"| {planted.name} | {planted.flag} | {len(texts)} | {right / len(texts):.1%} | {either:.1%} | {precision} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--show", default="", metavar="FLAG")
    parser.add_argument("--missed", default="", metavar="FLAG")
    options = parser.parse_args()

    sets = read_pairs(options.shared)
    pairs = [pair for each in sets.values() for pair in each]
    if options.show:
        for source, english in pairs:
            if options.show in (found := flags(source, english)):
                print(source, english, *explain(source, english, found), "", sep="\n")
    elif options.missed:
        for planted in PLANTED:
            if planted.flag == options.missed:
                for source, english, text in damaged(planted, pairs):
                    if planted.flag not in flags(source, text):
                        print(source, english, text, "", sep="\n")
    else:
        print_recall(pairs)
        print_false_alarms(sets)


if __name__ == "__main__":
    main()
