"""A remembered translation made to fit a source that differs in numbers or well-known names, and in nothing else."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from mt import arabic, names
from mt.data import Suggestion
from mt.glossary.arabic_side import WORD, fold

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
"""`12`, `3.5`, `2,000`"""


MARKS = re.compile(r"[?؟%٪$€£]|(?<![\w\d])-(?=\d)")
"""`?`, `%`, `€`, the sign of `-5`: what changes the meaning of words and numbers beside it"""


def adapted(source: str, remembered: Suggestion) -> str | None:
    """The English for a source, or None where it differs in more than numbers and well-known names, or they cannot be exchanged.

    >>> adapted("قتل 12 شخصا في ليبيا", Suggestion("قتل 15 شخصا في سوريا", "15 people were killed in Syria", 0.9))
    '12 people were killed in Libya'
    """
    if MARKS.findall(arabic.normalise(source)) != MARKS.findall(arabic.normalise(remembered.source)):
        return None
    english: str | None = remembered.english
    theirs, ours = _pieces(remembered.source), _pieces(source)
    for kind, i, j, k, m in SequenceMatcher(None, [fold(p) for p in theirs], [fold(p) for p in ours], autojunk=False).get_opcodes():
        if kind == "equal" or english is None:
            continue
        if kind != "replace" or j - i != m - k:
            return None
        for old, new in zip(theirs[i:j], ours[k:m], strict=True):
            english = None if english is None else _exchanged(english, old, new)
    return english


def _pieces(source: str) -> list[str]:
    """Numbers and words; marks between them are not compared."""
    plain = arabic.normalise(source)
    pieces: list[str] = []
    last = 0
    for number in NUMBER.finditer(plain):
        pieces += [*WORD.findall(plain[last : number.start()]), number[0]]
        last = number.end()
    return pieces + WORD.findall(plain[last:])


def _exchanged(english: str, old: str, new: str) -> str | None:
    """The English with what stands for one piece of the source in place of what stands for another; both must be sure."""
    if NUMBER.fullmatch(old) and NUMBER.fullmatch(new):
        return _once(english, re.escape(old), new)
    one, other = names.missing(old, ""), names.missing(new, "")
    if len(one) != 1 or len(other) != 1:
        return None
    (old_name, old_english), (new_name, new_english) = one[0], other[0]
    if old.removesuffix(old_name) != new.removesuffix(new_name):  # other clitics
        return None
    return _once(english, re.escape(old_english), new_english)


def _once(english: str, pattern: str, new: str) -> str | None:
    """Replaced where it occurs exactly once, as a whole."""
    changed, count = re.subn(rf"(?<![\w.,]){pattern}(?![\w]|[.,]\d)", lambda _: new, english)
    return changed if count == 1 else None
