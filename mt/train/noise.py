"""Slips of the pen on the Arabic side, as newspapers and keyboards make them, so that the model reads past them.

What `mt.arabic` folds anyway before the model sees a text (presentation forms, tatweel, vowel signs) needs no noise,
except that lines which are normalised by another program may keep their vowel signs: they are taken out here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

MOST_SLIPS = 3
"""Kinds of slips in one text."""
COMMA = "\N{ARABIC COMMA}"
VOWELS = re.compile("[\N{ARABIC FATHATAN}-\N{ARABIC SUKUN}]")
ARABIC_DIGITS, ASCII_DIGITS = "٠١٢٣٤٥٦٧٨٩", "0123456789"


def noisy(text: str, rng: Random) -> str:
    """The text with one to three kinds of slips; a kind that finds nothing to do changes nothing.

    >>> noisy("أعلنت الحكومة، أمس، خطة جديدة", Random(5)) == noisy("أعلنت الحكومة، أمس، خطة جديدة", Random(5))
    True
    """
    for _ in range(rng.randint(1, MOST_SLIPS)):
        text = SLIPS[rng.choice(sorted(SLIPS))](text, rng)
    return text


def _hamza(text: str, _: Random) -> str:
    return re.sub("[أإآ]", "ا", text)


def _taa(text: str, _: Random) -> str:
    return re.sub(r"ة\b", "ه", text)


def _alef_maqsura(text: str, _: Random) -> str:
    return re.sub(r"ى\b", "ي", text)


def _yaa(text: str, _: Random) -> str:
    return re.sub(r"ي\b", "ى", text)


def _commas(text: str, rng: Random) -> str:
    return text.replace(COMMA, rng.choice(["", ","]))


def _spaces(text: str, rng: Random) -> str:
    """Two words written as one, or two spaces between them."""
    found = text.split(" ")
    if len(found) < 5:
        return text
    i = rng.randrange(len(found) - 1)
    return " ".join([*found[:i], found[i] + rng.choice(["", "  "]) + found[i + 1], *found[i + 2 :]])


def _letter(text: str, rng: Random) -> str:
    """A letter lost inside a word."""
    found = text.split(" ")
    i = rng.randrange(len(found))
    if len(found[i]) > 4 and found[i].isalpha():
        j = rng.randrange(1, len(found[i]) - 1)
        found[i] = found[i][:j] + found[i][j + 1 :]
    return " ".join(found)


def _digits(text: str, rng: Random) -> str:
    old, new = rng.choice([(ASCII_DIGITS, ARABIC_DIGITS), (ARABIC_DIGITS, ASCII_DIGITS)])
    return text.translate(str.maketrans(old, new))


def _vowels(text: str, _: Random) -> str:
    return VOWELS.sub("", text)


SLIPS: Mapping[str, Callable[[str, Random], str]] = MappingProxyType(
    {
        "hamza": _hamza,
        "taa marbuta": _taa,
        "alef maqsura": _alef_maqsura,
        "yaa": _yaa,
        "commas": _commas,
        "spaces": _spaces,
        "letter": _letter,
        "digits": _digits,
        "vowels": _vowels,
    }
)
"""Name -> what makes the slip."""
