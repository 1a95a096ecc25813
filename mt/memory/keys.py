"""Numbers by which a source is found again: one of its folded words, and a few of its word trigrams."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence

from mt.glossary.arabic_side import folded_words

SKETCH = 8
"""Trigrams kept of a source: those with the smallest hashes. Two sources that share half of their trigrams, as two with
9 letters in 10 in common do at worst, have none of 8 in common once in 250 times (0.5 ** 8)."""
_EDGE = "\N{NULL}"


def words_of(source: str) -> tuple[str, ...]:
    """The folded words of a source: sources that differ in marks, vowel signs, hamza, ه/ة or ى/ي have the same."""
    return folded_words(source)


def key(words: Sequence[str]) -> int:
    """One number for the words of a source.

    >>> key(words_of("وصل الوفد.")) == key(words_of("وصل  الوفد"))
    True
    """
    return hashed(" ".join(words))


def sketch(words: Sequence[str]) -> list[int]:
    """At most `SKETCH` numbers of a source; similar sources share some (bottom-k sketch: Cohen and Kaplan, 2007)."""
    padded = [_EDGE, *words, _EDGE]
    grams = {" ".join(padded[i : i + 3]) for i in range(len(padded) - 2)}
    return heapq.nsmallest(SKETCH, map(hashed, grams))


def hashed(text: str) -> int:
    """A signed 64-bit number, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)
