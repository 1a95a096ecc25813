"""Terms in English text: inflected, at the start of a sentence, with other apostrophes and hyphens."""

from __future__ import annotations

import re
from functools import lru_cache

from mt.glossary.entries import Term

ARTICLE = re.compile(r"(?:the|an?) ", re.IGNORECASE)
BETWEEN = r"[\s\-]+"
_WORD = re.compile(r"[^\s\-]+")
_DOTTED = re.compile(r"(?:[A-Z]\.){2,}|[A-Z]{2,}")
"""`U.N.`, `UN`"""
_APOSTROPHE = re.compile(r"['’]")
_PLURALS = (
    (re.compile(r"(?<=[^aeiou])y$"), "(?:y|ies)"),
    (re.compile(r"(?<=[a-z])man$"), "(?:man|men)"),
    (re.compile(r"(?<=[a-z]{2})fe?$"), "(?:fe?s?|ves)"),
    (re.compile(r"(?:s|x|z|ch|sh)$"), r"\g<0>(?:es)?"),
    (re.compile(r"(?<=[A-Za-z])$"), "s?"),
)
NATIONALITY = "(?:(?<!Niger)(?:n|an|ian|i|ese)s?)?"
"""`Australian`, `Sudanese`: the government of Australia is the Australian government; but `Nigerian` is of Nigeria, not of Niger."""
MIN_INFLECTED = 3
"""Letters of a word that may be inflected: `of`, `to` may not."""


def bare(target: str) -> str:
    """The English without an article in front: "the Security Council" is right wherever "Security Council" is.

    >>> bare("the Security Council")
    'Security Council'
    """
    return ARTICLE.sub("", target, count=1) if ARTICLE.match(target) else target


def pattern(term: Term) -> re.Pattern[str]:
    """What counts as the term's English.

    >>> found = pattern(Term("محكمة", "court of appeal"))
    >>> [bool(found.search(text)) for text in ("Courts of appeal met", "court of appeals", "the courtroom of appeal")]
    [True, True, False]
    """
    return _any_of(bare(term.target), term.accepted, term.case, term.part_of_speech)


def forbidden_pattern(text: str) -> re.Pattern[str]:
    """What counts as a forbidden word: whatever its capitals, inflected."""
    return _pattern(bare(text), "any", "")


@lru_cache(maxsize=20_000)
def _any_of(target: str, accepted: tuple[str, ...], case: str, part_of_speech: str) -> re.Pattern[str]:
    wanted = _pattern(target, case, part_of_speech)
    others = [rf"(?<!\w){re.escape(word[:-1])}" if word.endswith("*") else _pattern(bare(word), "exact", "").pattern for word in accepted]
    return re.compile("|".join([wanted.pattern, *others]), wanted.flags & re.IGNORECASE) if others else wanted


def _pattern(target: str, case: str, part_of_speech: str) -> re.Pattern[str]:
    is_verb = part_of_speech.lower().startswith("verb")
    words = [_word(word, is_verb=is_verb and i == 0, case=case) for i, word in enumerate(_WORD.findall(target))]
    any_case = case == "any" or (case == "auto" and target.islower())
    is_name = len(words) == 1 and case != "exact" and target.istitle()
    phrase = BETWEEN.join(words) + (NATIONALITY if is_name else "")
    return re.compile(rf"(?<!\w){phrase}(?!\w)", re.IGNORECASE if any_case else 0)


def _word(word: str, *, is_verb: bool, case: str) -> str:
    if _DOTTED.fullmatch(word):
        return "".join(rf"{letter}\.?" for letter in word if letter != ".") + "s?"
    escaped = _APOSTROPHE.sub("['’]", re.escape(word))
    if len(word) >= MIN_INFLECTED and word.isalpha():
        escaped = _verb(word) if is_verb else _noun(escaped)
    if case == "auto" and escaped[:1].islower():  # at the start of a sentence, or in a heading
        return f"[{escaped[0]}{escaped[0].upper()}]{escaped[1:]}"
    return escaped


def _noun(word: str) -> str:
    for ending, forms in _PLURALS:
        if ending.search(word):
            return ending.sub(forms, word)
    return word


def _verb(word: str) -> str:
    if word.endswith("e"):
        return f"{word[:-1]}(?:e[sd]?|ing)"
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}(?:y|ies|ied|ying)"
    return f"{word}(?:e?s|{word[-1]}?ed|{word[-1]}?ing)?"
