"""One entry of a glossary, and one place of a source where it applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Case = Literal["auto", "exact", "any"]
"""auto: capitals of the target are kept, small letters may be capitals; exact: as written, even at the start of a
sentence; any: capitals do not matter."""


@dataclass(frozen=True, slots=True)
class Term:
    """An Arabic term and the English that it must become.

    part_of_speech: "verb" lets the English be inflected as a verb; everything else as a noun.
    accepted: other English that is right too, and stays; one that ends in `*` with any ending (`Iraq*`: Iraqi, Iraqis).
    forbidden: English that must not be used for it.
    place: file and row, for messages.
    """

    source: str
    target: str
    note: str = ""
    case: Case = "auto"
    part_of_speech: str = ""
    accepted: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A term in a source, at characters `start` to `end`, with what clings to it.

    shown: as it stands there, without conjunctions, prepositions and pronouns.
    """

    term: Term
    start: int
    end: int
    shown: str
