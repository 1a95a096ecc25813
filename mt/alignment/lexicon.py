"""The lexicon that ships with the package: which English a piece of an Arabic word becomes, and how often.

Counted in aligned text by `tests/bench/fit_alignment.py`; `lexicon.npz` holds probabilities as bytes on a logarithmic scale.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mt.alignment.units import variants

FILE = Path(__file__).with_name("lexicon.npz")
NOTHING = ""
"""Stands for "no word": what a unit becomes when nothing translates it."""
NAME = 0.9  # share of its uses in which a name has a capital at least
NOUN = 0.1  # share of its uses in which a noun or adjective has the article at least
STEP = 0.03  # of a byte, in nats: 255 of them reach from 1 to 0.0005


class Frequency(NamedTuple):
    """How often a stem was seen in the training text, and how often of these after the article, as nouns and adjectives are."""

    all: float
    articled: float


class Entry(NamedTuple):
    """How probable an English key is for an Arabic unit, and the other way round."""

    forward: float
    backward: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Translations of Arabic units. A row is made when it is first asked for."""

    arabic: Mapping[str, int]
    english: Mapping[str, int]
    starts: Sequence[int]
    targets: npt.NDArray[np.uint32]
    forward: npt.NDArray[np.uint8]
    backward: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.uint8]
    articled: npt.NDArray[np.uint8]
    capitals: npt.NDArray[np.uint8]
    backed: npt.NDArray[np.float64]
    """For each English key, how probable it is that one of the units here stands for it."""
    keys: Sequence[str]
    """All English keys, by number."""
    rows: dict[str, Mapping[int, Entry]]

    def frequency(self, unit: str) -> float:
        """How often a stem was seen, within a step of the scale; 0 for one that is not known."""
        i = self.arabic.get(unit)
        return 0.0 if i is None else math.exp(int(self.counts[i]) / 16) - 1

    def is_noun(self, unit: str) -> bool:
        """Whether a stem stands after the article often enough to be a noun or an adjective; so is one that is not known."""
        i = self.arabic.get(unit)
        return i is None or _value(self.articled[i]) > NOUN

    def row(self, unit: str) -> Mapping[int, Entry]:
        """Translations of a unit by the numbers that `english` gives them; of its nearest variant where it is not known."""
        if unit not in self.rows:
            self.rows[unit] = self._row(unit)
        return self.rows[unit]

    def untranslated(self, unit: str) -> float:
        """How probable it is that no English of the unit's row stands for it; 1 for one that is not known."""
        return 1 - sum(entry.forward for key, entry in self.row(unit).items() if key)

    def unbacked(self, english: int) -> float:
        """How probable it is that none of the units of the lexicon stands for an English key."""
        return 1 - float(self.backed[english])

    def meaning(self, unit: str) -> str:
        """The English key that a unit becomes more often than not; empty where there is none."""
        row = self.row(unit)
        best = max(row, key=lambda key: row[key].forward, default=0)
        return self.keys[best] if best and row[best].forward >= 0.5 else ""

    def is_name(self, english: str) -> bool:
        """Whether an English key nearly always has a capital; so has one that is not known."""
        i = self.english.get(english)
        return i is None or _value(self.capitals[i]) >= NAME

    def _row(self, unit: str) -> Mapping[int, Entry]:
        known = unit if unit in self.arabic or "+" in unit else next((v for v in variants(unit) if v in self.arabic), unit)
        i = self.arabic.get(known)
        if i is None:
            return {}
        span = slice(self.starts[i], self.starts[i + 1])
        return {
            int(e): Entry(_value(f), _value(b)) for e, f, b in zip(self.targets[span], self.forward[span], self.backward[span], strict=True)
        }


def _backed(targets: npt.NDArray[np.uint32], backward: npt.NDArray[np.uint8], count: int) -> npt.NDArray[np.float64]:
    """For each English key the sum of its probabilities."""
    found = np.zeros(count)
    np.add.at(found, targets, np.where(backward < 255, np.exp(-STEP * backward.astype(np.float64)), 0.0))
    return found


def _value(byte: np.uint8) -> float:
    return 0.0 if byte == 255 else math.exp(-STEP * int(byte))


def _byte(probability: float) -> int:
    return min(255, round(-math.log(probability) / STEP)) if probability > 0 else 255


@cache
def lexicon() -> Lexicon:
    """The lexicon of the package, read once."""
    return read(FILE)


def read(path: Path) -> Lexicon:
    """Read what `pack` wrote."""
    with np.load(path) as held:
        arabic = bytes(held["arabic"]).decode().split("\n")
        english = bytes(held["english"]).decode().split("\n")
        return Lexicon(
            arabic={unit: i for i, unit in enumerate(arabic)},
            english={unit: i for i, unit in enumerate(english)},
            starts=[0, *np.cumsum(held["lengths"], dtype=np.int64).tolist()],
            targets=held["targets"],
            forward=held["forward"],
            backward=held["backward"],
            counts=held["counts"],
            articled=held["articled"],
            capitals=held["capitals"],
            backed=_backed(held["targets"], held["backward"], len(english)),
            keys=english,
            rows={},
        )


def pack(
    path: Path,
    rows: Mapping[str, Sequence[tuple[str, float, float]]],
    frequency: Mapping[str, Frequency],
    capitals: Mapping[str, float],
) -> None:
    """Write a lexicon: for each Arabic unit its translations with both probabilities, and its frequency.

    capitals: for each English key how often it has a capital inside a sentence; names are taken for those not seen there.
    """
    arabic = sorted(rows)
    english = sorted({key for row in rows.values() for key, _, _ in row})
    number = {key: i for i, key in enumerate(english)}
    flat = [(number[key], _byte(forward), _byte(backward)) for unit in arabic for key, forward, backward in sorted(rows[unit])]
    targets, forward, backward = zip(*flat, strict=True)
    np.savez_compressed(
        path,
        arabic=np.frombuffer("\n".join(arabic).encode(), np.uint8),
        english=np.frombuffer("\n".join(english).encode(), np.uint8),
        lengths=np.array([len(rows[unit]) for unit in arabic], np.uint8),
        targets=np.array(targets, np.uint32),
        forward=np.array(forward, np.uint8),
        backward=np.array(backward, np.uint8),
        counts=np.array([min(255, round(16 * math.log(frequency[unit].all + 1))) for unit in arabic], np.uint8),
        capitals=np.array([_byte(capitals.get(key, 1.0)) for key in english], np.uint8),
        articled=np.array([_byte(frequency[unit].articled / max(frequency[unit].all, 1)) for unit in arabic], np.uint8),
    )
