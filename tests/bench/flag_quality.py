"""Plant errors in people's translations and count which flags of `mt.check` find them.

    python tests/bench/flag_quality.py --shared ../shared

DIR holds eval/{flores-dev,pud-news}.{ar,en} and eval/articles/*.json. Prints two Markdown tables: for each kind of
planted error how often the flag meant for it is raised (recall), how often any flag is, and how often that flag is
right when it is raised on a half-and-half mixture of clean and damaged text (precision); then the share of untouched
references that each flag is raised on (false alarms). `--show FLAG` prints the references that FLAG is raised on.
"""

import argparse
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mt.check import check, explain
from mt.data import Flag, Hypothesis

Pair = tuple[str, str]
MONTHS = "January February March April May June July August September October November December".split()
STATES = (
    "Argentina Australia Brazil Egypt France Germany India Iraq Japan Kenya Kuwait Libya Morocco Poland Qatar Sudan Turkey Yemen".split()
)
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w.,]*\d)")
SHARED_LATIN = re.compile(r"[A-Z][A-Za-z]*[A-Z][A-Za-z]*")
SEED = 3


class Planted(NamedTuple):
    """A way to damage a translation, and the flag that should be raised. `damage` gives None where it cannot be done."""

    name: str
    flag: Flag
    damage: Callable[[str, str, random.Random], str | None]


def drop_third(source: str, english: str, chance: random.Random) -> str | None:
    """Drop a third of the words, in one stretch, as a model that skips a clause does."""
    words = english.split()
    if len(words) < 6:
        return None
    length = len(words) // 3
    start = chance.randrange(1, len(words) - length)
    return " ".join(words[:start] + words[start + length :])


def drop_two_thirds(source: str, english: str, chance: random.Random) -> str | None:
    """Keep the first third, closed by a full stop."""
    words = english.split()
    return " ".join(words[: len(words) // 3]) + "." if len(words) >= 6 else None


def double(source: str, english: str, chance: random.Random) -> str | None:
    """Add another sentence of about the same length: the same words, shuffled."""
    words = english.split()
    return f"{english} {' '.join(chance.sample(words, len(words)))}" if len(words) >= 6 else None


def drop_number(source: str, english: str, chance: random.Random) -> str | None:
    """Drop digits that stand only once."""
    found = [match for match in NUMBER.finditer(english) if english.count(match[0]) == 1]
    if not found:
        return None
    match = chance.choice(found)
    return english[: match.start()] + english[match.end() :].lstrip("%")


def change_digit(source: str, english: str, chance: random.Random) -> str | None:
    """Change one digit of a number."""
    places = [i for match in NUMBER.finditer(english) for i in range(*match.span()) if english[i].isdigit()]
    if not places:
        return None
    i = chance.choice(places)
    return english[:i] + chance.choice([digit for digit in "123456789" if digit != english[i]]) + english[i + 1 :]


def change_month(source: str, english: str, chance: random.Random) -> str | None:
    """Put another month in the place of one."""
    found = [month for month in MONTHS if re.search(rf"\b{month}\b" if month != "May" else r"\d May\b|\bMay \d", english)]
    if not found:
        return None
    month = chance.choice(found)
    return re.sub(rf"\b{month}\b", chance.choice([other for other in MONTHS if other != month]), english)


def drop_latin(source: str, english: str, chance: random.Random) -> str | None:
    """Drop an acronym that stands in Latin letters in the source too."""
    found = [word for word in SHARED_LATIN.findall(source) if re.search(rf"\b{word}\b", english)]
    return re.sub(rf"\b{chance.choice(found)}\b", "", english) if found else None


def change_name(source: str, english: str, chance: random.Random) -> str | None:
    """Put another state in the place of one."""
    found = [state for state in STATES if re.search(rf"\b{state}\b", english)]
    if not found:
        return None
    state = chance.choice(found)
    return re.sub(rf"\b{state}\b", chance.choice([other for other in STATES if other != state]), english)


def loop(source: str, english: str, chance: random.Random) -> str | None:
    """Say one to five words three more times."""
    words = english.split()
    length = chance.randint(1, min(5, len(words)))
    start = chance.randrange(len(words) - length + 1)
    return " ".join(words[: start + length] + words[start : start + length] * 3 + words[start + length :])


def leave_arabic(source: str, english: str, chance: random.Random) -> str | None:
    """Put one word of the source in the place of one of the English."""
    words = english.split()
    words[chance.randrange(len(words))] = chance.choice([word for word in source.split() if re.search("[ء-ي]", word)])
    return " ".join(words)


def echo_prompt(source: str, english: str, chance: random.Random) -> str | None:
    """Put the prompt, a preface or the source before the translation."""
    prefaces = ["English: ", "Here is the translation:\n", "Sure, here's the English translation: "]
    return chance.choice([*prefaces, f"Arabic: {source}\nEnglish: ", f"{source} "]) + english


def cut_off(source: str, english: str, chance: random.Random) -> str | None:
    """Stop in the middle of the sentence, where the engine does not say so."""
    words = english.split()
    return " ".join(words[: chance.randrange(len(words) // 4, len(words) - 1)]) if len(words) >= 6 else None


PLANTED = (
    Planted("a third of the words dropped", "too_short", drop_third),
    Planted("two thirds dropped", "too_short", drop_two_thirds),
    Planted("as much text again invented", "too_long", double),
    Planted("a number dropped", "numbers", drop_number),
    Planted("a digit changed", "numbers", change_digit),
    Planted("a month changed", "numbers", change_month),
    Planted("an acronym dropped", "acronyms", drop_latin),
    Planted("a state changed", "names", change_name),
    Planted("one to five words looped", "repetition", loop),
    Planted("an Arabic word left in", "untranslated", leave_arabic),
    Planted("prompt, preface or source echoed", "echo", echo_prompt),
    Planted("cut off in the middle, unsaid by the engine", "truncated", cut_off),
    Planted("nothing", "empty", lambda source, english, chance: ""),
)


def read_pairs(shared: Path) -> dict[str, list[Pair]]:
    """Source and reference by set."""
    sets: dict[str, list[Pair]] = {}
    for name in ("flores-dev", "pud-news"):
        sides = [(shared / "eval" / f"{name}.{side}").read_text(encoding="utf-8").splitlines() for side in ("ar", "en")]
        sets[name] = list(zip(*sides, strict=True))
    articles = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((shared / "eval" / "articles").glob("*.json"))]
    sets["articles"] = [pair for article in articles for pair in zip(article["paragraphs_ar"], article["paragraphs_en"], strict=True)]
    return sets


def flags(source: str, english: str) -> frozenset[Flag]:
    """Flags of a text that no engine calls truncated."""
    return check(source, Hypothesis(english, score=0.0, tokens=0))


def print_recall(pairs: list[Pair]) -> None:
    """One row a kind of error."""
    print("| planted | flag | texts | recall | any flag | precision |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for planted in PLANTED:
        chance = random.Random(SEED)
        damaged = [(source, english, planted.damage(source, english, chance)) for source, english in pairs]
        texts = [(source, english, text) for source, english, text in damaged if text is not None and text != english]
        found = [flags(source, text) for source, _, text in texts]
        right = sum(planted.flag in raised for raised in found)
        wrong = sum(planted.flag in flags(source, english) for source, english, _ in texts)
        either = sum(bool(raised) for raised in found)
        precision = f"{right / (right + wrong):.1%}" if right + wrong else "-"
        print(f"| {planted.name} | {planted.flag} | {len(texts):,} | {right / len(texts):.1%} | {either / len(texts):.1%} | {precision} |")


def print_false_alarms(sets: dict[str, list[Pair]]) -> None:
    """One row a flag that is raised on any reference, one column a set."""
    raised = {name: [flags(source, english) for source, english in pairs] for name, pairs in sets.items()}
    names = sorted({flag for found in raised.values() for each in found for flag in each})
    print(f"\n| false alarms | {' | '.join(f'{name} ({len(found):,})' for name, found in raised.items())} |")
    print(f"| --- |{' ---: |' * len(raised)}")
    for flag in names:
        shares = [sum(flag in each for each in found) / len(found) for found in raised.values()]
        print(f"| {flag} | {' | '.join(f'{share:.2%}' for share in shares)} |")
    print(f"| any | {' | '.join(f'{sum(map(bool, found)) / len(found):.2%}' for found in raised.values())} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--show", default="", metavar="FLAG")
    options = parser.parse_args()

    sets = read_pairs(options.shared)
    pairs = [pair for each in sets.values() for pair in each]
    if options.show:
        for source, english in pairs:
            if options.show in (found := flags(source, english)):
                print(source, english, *explain(source, english, found), "", sep="\n")
        return
    print_recall(pairs)
    print_false_alarms(sets)


if __name__ == "__main__":
    main()
