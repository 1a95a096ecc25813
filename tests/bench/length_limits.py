"""Derive the length limits of `mt.check` from pairs of people's translations, and say how often they err.

    python tests/bench/length_limits.py --shared ../shared

DIR holds corpora/{human,written}/*.tsv.gz (arabic<TAB>english) and, for a test on text that nothing was fitted to,
eval/{flores-dev,pud-news}.{ar,en}. Interface strings, place names and term lists are left out: they are no sentences.
"""

import argparse
import gzip
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mt.check import LONGEST, LONGEST_SLOPE, SHORTEST, SHORTEST_SLOPE, size

Floats = NDArray[np.float64]
NO_SENTENCES = {"syria_places", "tico19_terms", "smartelect_po", "react_docs", "opensource_guide"}
BANDS = (1, 8, 16, 32, 64, 128, 256, 512, 100_000)


def corpus_pairs(shared: Path) -> Iterator[tuple[str, str]]:
    """Arabic and English of every pair that is a sentence or paragraph."""
    for folder in ("human", "written"):
        for path in sorted((shared / "corpora" / folder).glob("*.tsv.gz")):
            if path.name.split(".")[0] not in NO_SENTENCES:
                with gzip.open(path, "rt", encoding="utf-8") as lines:
                    for line in lines:
                        arabic, english = line.rstrip("\n").split("\t")[:2]
                        yield arabic, english


def eval_pairs(shared: Path) -> Iterator[tuple[str, str]]:
    """Arabic and English of the development sets."""
    for name in ("flores-dev", "pud-news"):
        sides = [(shared / "eval" / f"{name}.{side}").read_text(encoding="utf-8").splitlines() for side in ("ar", "en")]
        yield from zip(*sides, strict=True)


def measure(pairs: Iterator[tuple[str, str]]) -> tuple[Floats, Floats]:
    """Letters and digits of each source, and the natural log of the ratio English to Arabic."""
    sizes = np.array([(size(arabic), size(english)) for arabic, english in pairs], dtype=np.float64)
    sizes = sizes[(sizes > 0).all(axis=1)]
    return sizes[:, 0], np.log(sizes[:, 1] / sizes[:, 0])


def fit(letters: Floats, ratios: Floats, share: float) -> tuple[float, float]:
    """Limit and slope of limit + slope / sqrt(letters) with this share of the ratios below: quantile regression on a grid."""

    def loss(limit: float, slope: float) -> float:
        over = ratios - (limit + slope / np.sqrt(letters))
        return float(np.where(over > 0, share * over, (share - 1) * over).mean())

    sign = 1 if share > 0.5 else -1
    grid = [(limit, sign * slope) for limit in np.arange(-0.6, 0.8, 0.02) for slope in np.arange(0, 4, 0.1)]
    return min(grid, key=lambda point: loss(*point))


def alarms(letters: Floats, ratios: Floats) -> None:
    """Print how many pairs lie beyond the limits that `mt.check` has now, by length of the source."""
    below = ratios < SHORTEST + SHORTEST_SLOPE / np.sqrt(letters)
    above = ratios > LONGEST + LONGEST_SLOPE / np.sqrt(letters)
    for low, high in [*pairwise(BANDS), (BANDS[0], BANDS[-1])]:
        here = (letters >= low) & (letters < high)
        if here.any():
            print(f"| {low}-{high - 1} | {here.sum():,} | {below[here].mean():.2%} | {above[here].mean():.2%} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rate", type=float, default=0.01, help="share of good pairs beyond each limit")
    options = parser.parse_args()

    letters, ratios = measure(corpus_pairs(options.shared))
    for name, share in (("SHORTEST", options.rate), ("LONGEST", 1 - options.rate)):
        limit, slope = fit(letters, ratios, share)
        print(f"{name}, {name}_SLOPE = {limit:.2f}, {slope:.1f}   # at 100 letters: ratio {math.exp(limit + slope / 10):.2f}")
    for title, (sizes, logs) in (("corpora", (letters, ratios)), ("eval", measure(eval_pairs(options.shared)))):
        print(f"\nFalse alarms of the limits in mt/check.py, {title}:\n")
        print("| letters | pairs | too_short | too_long |\n| --- | ---: | ---: | ---: |")
        alarms(sizes, logs)


if __name__ == "__main__":
    main()
