"""How alike an Arabic and an English name sound, by their consonants: طشقند and Tashkent, غوتيريش and Guterres."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

ALIKE = 0.6
"""Similarity from which one may be a transliteration of the other."""
LONGEST_NAME = 30  # letters

_ARABIC = str.maketrans(
    {
        **dict.fromkeys("اعأإآءئؤىة", "A"),
        **dict.fromkeys("تط", "t"),
        **dict.fromkeys("دض", "d"),
        **dict.fromkeys("ذظز", "z"),
        **dict.fromkeys("سصث", "s"),
        **dict.fromkeys("حهخ", "h"),
        **dict.fromkeys("كق", "k"),
        "ب": "b",
        "ج": "j",
        "ر": "r",
        "ش": "S",
        "غ": "g",
        "ف": "f",
        "ل": "l",
        "م": "m",
        "ن": "n",
        "و": "w",
        "ي": "y",
    }
)
_DIGRAPHS = (
    ("tsch", "S"),
    ("sch", "S"),
    ("sh", "S"),
    ("ch", "S"),
    ("th", "s"),
    ("dh", "z"),
    ("kh", "h"),
    ("gh", "g"),
    ("ph", "f"),
    ("ck", "k"),
    ("x", "ks"),
    ("qu", "kw"),
)
_SOFT_C = re.compile("c(?=[eiy])")
_LATIN = str.maketrans({"p": "b", "v": "f", "q": "k", "c": "k", "a": "A", "e": "A", "i": "A", "o": "A", "u": "A"})
_DOUBLE = re.compile(r"(.)\1+")
_INNER_VOWEL = re.compile("(?<=.)A+")
_NEAR = {
    frozenset(pair): cost
    for pair, cost in {
        "jg": 0.1, "gk": 0.3, "jk": 0.6, "jS": 0.4, "jz": 0.4, "sz": 0.2, "sS": 0.4, "st": 0.4, "tS": 0.5, "zd": 0.4, "td": 0.3, "bf": 0.4,
        "hk": 0.5, "hS": 0.5, "hg": 0.5, "hj": 0.6, "fw": 0.2, "yj": 0.3, "Aw": 0.3, "Ay": 0.3, "Ah": 0.5, "wy": 0.5,
    }.items()
}  # fmt: skip
"""What it costs to take one sound for another; not listed: 1."""
_WEAK = {"A": 0.3, "w": 0.25, "y": 0.25, "h": 0.5}
"""What it costs to leave a sound out; not listed: 1."""


@lru_cache(maxsize=20_000)
def similarity(arabic: str, english: str) -> float:
    """From 0 (nothing in common) to 1 (the same consonants). Names with fewer than two sounds tell nothing and give 0.

    >>> round(similarity("غوتيريش", "Guterres"), 2), round(similarity("باريس", "London"), 2)
    (0.76, 0.0)
    """
    if max(len(arabic), len(english)) > LONGEST_NAME:
        return 0.0
    ours, theirs = sounds_of_arabic(arabic), sounds_of_latin(english)
    if len(ours) < 2 or len(theirs) < 2:
        return 0.0
    size = max(_size(ours), _size(theirs))
    return max(0.0, 1 - _distance(ours, theirs) / size)


def sounds_of_arabic(word: str) -> str:
    """Consonants of a folded Arabic word; vowel letters inside it are left out."""
    return _INNER_VOWEL.sub("", _DOUBLE.sub(r"\1", word.translate(_ARABIC)))


@lru_cache(maxsize=20_000)
def sounds_of_latin(word: str) -> str:
    """Consonants of a word in Latin letters, in the same alphabet."""
    word = word.lower()
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    for written, sound in _DIGRAPHS:
        word = word.replace(written, sound)
    word = _SOFT_C.sub("s", word).translate(_LATIN)
    return _INNER_VOWEL.sub("", _DOUBLE.sub(r"\1", "".join(filter(str.isalpha, word))))


def _size(sounds: str) -> float:
    return sum(_WEAK.get(sound, 1.0) for sound in sounds)


def _distance(ours: str, theirs: str) -> float:
    """Edit distance with the costs above."""
    row = [0.0]
    for sound in theirs:
        row.append(row[-1] + _WEAK.get(sound, 1.0))
    for own in ours:
        dropped = _WEAK.get(own, 1.0)
        before, row = row, [row[0] + dropped]
        for j, sound in enumerate(theirs):
            changed = 0.0 if own == sound else _NEAR.get(frozenset((own, sound)), 1.0)
            row.append(min(before[j] + changed, before[j + 1] + dropped, row[j] + _WEAK.get(sound, 1.0)))
    return row[-1]
