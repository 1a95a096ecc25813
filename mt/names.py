"""Well-known names: which a source has, and whether the English has them too.

The table `names.tsv` holds states, towns, organisations and people that news is full of. It is short on purpose: a
name is in it only if its English is certain and its Arabic is no common word, so that a finding is worth a look.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mt import arabic

WORD = re.compile(r"[\w'’]+")
"""`والكويت`, `Kuwait's`"""
_SAME_LETTER = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي"})
_CLITICS = ("", "و", "ف", "ب", "ل", "ك", "وب", "ول", "فب", "فل")
"""What may stand before a name: and, so, in, to, as. Before the article `ل` swallows its alef: للكويت."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the table: its English as a reader would write it, and what English words may start with for it."""

    english: str
    accepted: re.Pattern[str]


def missing(source: str, english: str) -> list[tuple[str, str]]:
    """The names of an Arabic text that an English one lacks, as (Arabic, English), in order, each once.

    The nationality counts for the state ("Kuwaiti" for الكويت), the state for its capital.

    >>> missing("وصل الوفد إلى الكويت قادما من سراييفو", "The delegation came from Sarajevo.")
    [('الكويت', 'Kuwait')]
    """
    found = {shown: name for shown, name in _names(source) if not name.accepted.search(english)}
    return [(shown, name.english) for shown, name in found.items()]


def stands_for(word: str, source: str) -> bool:
    """Whether an English word is what a name of the table in an Arabic text may become, as "Iraqi" for بغداد.

    >>> stands_for("Iraqi", "سافر إلى بغداد")
    True
    """
    return any(name.accepted.match(word) for _, name in _names(source))


def is_known(word: str) -> bool:
    """Whether an Arabic word is a name of the table, or one with what clings to it.

    >>> is_known("وبغداد"), is_known("روبيرتو")
    (True, False)
    """
    return bool(_bare(word))


def _names(source: str) -> Iterator[tuple[str, Name]]:
    """Names of the table in reading order, the longest at each word, as they are written without what clings to them."""
    table, longest = _table()
    words = WORD.findall(arabic.normalise(source, ("tatweel", "vowels")).replace("ّ", ""))
    position = 0
    while position < len(words):
        for length in range(min(longest, len(words) - position), 0, -1):
            shown = _bare(" ".join(words[position : position + length]))
            if shown:
                yield shown, table[_folded(shown)]
                position += length
                break
        else:
            position += 1


def _bare(phrase: str) -> str:
    """The phrase without clitics if it is a name of the table, else an empty text."""
    table, _ = _table()
    for clitic in _CLITICS:
        if not phrase.startswith(clitic):
            continue
        rest = phrase[len(clitic) :]
        swallowed = clitic.endswith("ل") and rest.startswith("ل")  # للكويت is ل and الكويت
        for bare in (rest, *(["ا" + rest, "ال" + rest] if swallowed else [])):
            if _folded(bare) in table:
                return bare
    return ""


def _folded(phrase: str) -> str:
    return phrase.translate(_SAME_LETTER)


def _start(accepted: str) -> str:
    """`UN` is no start of `Under`, and `us` is not `US`; but `CAIRO` is Cairo."""
    return rf"{re.escape(accepted)}(?![a-z])" if accepted.isupper() else f"(?i:{re.escape(accepted)})"


@cache
def _table() -> tuple[dict[str, Name], int]:
    """Names by their folded Arabic spellings, and the number of words of the longest."""
    table: dict[str, Name] = {}
    for line in files("mt").joinpath("names.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        accepted, spellings = line.split("\t")
        starts = accepted.split("|")
        pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(_start, starts)) + ")")
        for spelling in spellings.split("|"):
            table[_folded(spelling)] = Name(starts[0], pattern)
    return table, max(len(spelling.split()) for spelling in table)
