"""Whether an English text has the terms of its source; and the mending of those that it lacks.

Mending is by word alignment: the words that stand for the term, and no others, give way to it. Nothing is searched
and replaced, so a word that the glossary does not mean here stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mt.alignment import Span
from mt.data import Flag, TermState, UsedTerm
from mt.glossary.english_side import ARTICLE, bare, forbidden_pattern, pattern
from mt.glossary.entries import Found, Term
from mt.glossary.standing import overlap, standing_for

SENTENCE_END = re.compile(r"(?:\A|[!?]|(?<!\b[A-Z])\.|\n)[\s\"'“‘(]*\Z")
"""What stands before the first word of a sentence."""
ARTICLE_BEFORE = re.compile(r"\b(?:the|an?)\s+\Z", re.IGNORECASE)
INDEFINITE = re.compile(r"\b([Aa])n?(\s+)\Z")
POSSESSIVE = re.compile(r"['’]s?\Z")
VOWEL_SOUND = re.compile(r"[aeioAEIO](?!U\b|uro|ne\b|nce\b)|[uU](?=[a-z])(?!ni[a-z]|kr|s[aeu]|t[io])|[FHLMNRSX](?=[B-DF-HJ-NP-TV-Z]|\b)")
"""`assembly`, `IMF`, `FBI`; not `university`, `European`, `UN`, `NATO`."""


@dataclass(frozen=True, slots=True)
class Applied:
    """English with terms seen to, and what became of each."""

    text: str
    terms: tuple[UsedTerm, ...] = ()

    @property
    def flags(self) -> frozenset[Flag]:
        """`term` where one was put in, `glossary` where one could not be had or a forbidden word stands."""
        hows = {term.how for term in self.terms}
        flags: set[Flag] = set()
        if "repaired" in hows:
            flags.add("term")
        if hows & {"missing", "forbidden"}:
            flags.add("glossary")
        return frozenset(flags)


def apply(found: Sequence[Found], source: str, english: str) -> Applied:
    """Look for each term in the English, mend what is missing, and say what became of it, in the order of the source."""
    wanted = sorted({match.term: match for match in reversed(found)}.values(), key=lambda match: -len(match.term.target))
    text = english
    hows: dict[Term, TermState] = {match.term: "decoded" for match in wanted}
    for match in wanted:
        if len(_spans(wanted, text)) == len(wanted):
            break
        if match.term in _spans(wanted, text):
            continue
        mended = _mended(match, source, text, list(_spans(wanted, text).values()))
        hows[match.term] = "missing" if mended is None else "repaired"
        text = text if mended is None else mended
    taken = _spans(wanted, text)
    for term in hows:
        if term not in taken:
            hows[term] = "missing"
        elif _forbidden(term, text, taken.values()):
            hows[term] = "forbidden"
    order = dict.fromkeys(match.term for match in found)
    return Applied(text, tuple(UsedTerm(term.source, term.target, hows[term]) for term in order))


def _spans(wanted: Sequence[Found], text: str) -> dict[Term, Span]:
    """Where each term stands, the longer ones first, so that "court" is not found in "Supreme Court"."""
    taken: dict[Term, Span] = {}
    for match in wanted:
        for place in pattern(match.term).finditer(text):
            span = Span(*place.span())
            if not any(overlap(span, other) for other in taken.values()):
                taken[match.term] = span
                break
    return taken


def _forbidden(term: Term, text: str, taken: Iterable[Span]) -> Span | None:
    """The first forbidden word of a term outside of what other terms rightly say."""
    spans = list(taken)
    for word in term.forbidden:
        for place in forbidden_pattern(word).finditer(text):
            span = Span(*place.span())
            if not any(overlap(span, other) for other in spans):
                return span
    return None


def _mended(match: Found, source: str, text: str, taken: Sequence[Span]) -> str | None:
    """The English with the term in place of the words that stand for it; None where none do."""
    span = standing_for(match, source, text, taken)
    wrong = _forbidden(match.term, text, taken)
    if wrong and (span is None or overlap(wrong, span)):
        span = Span(min(wrong.start, span.start), max(wrong.end, span.end)) if span else wrong
    if span is None or any(overlap(span, other) for other in taken):
        return None
    mended = _put(match.term, text, span)
    return mended if pattern(match.term).search(mended) else None


def _put(term: Term, text: str, span: Span) -> str:
    """The text with the term at a span: article, capital, possessive and repeated neighbours seen to."""
    before, old, after = text[: span.start], text[span.start : span.end], text[span.end :]
    target = bare(term.target) if ARTICLE_BEFORE.search(before) or not ARTICLE.match(term.target) else term.target
    before, after = _without_repeats(target, before, after)
    possessive = POSSESSIVE.search(old)
    if possessive and not POSSESSIVE.search(target):
        target += possessive[0]
    before = INDEFINITE.sub(lambda article: f"{article[1]}{'n' if VOWEL_SOUND.match(target) else ''}{article[2]}", before)
    if term.case != "exact" and SENTENCE_END.search(before):
        target = target[0].upper() + target[1:]
    return before + target + after


def _without_repeats(target: str, before: str, after: str) -> tuple[str, str]:
    """What stands around a term, less words that the term itself starts or ends with."""
    words = target.split()
    for count in range(len(words) - 1, 0, -1):
        head, tail = " ".join(words[:count]), " ".join(words[-count:])
        if re.search(rf"(?<!\w){re.escape(head)}\s+\Z", before, re.IGNORECASE):
            before = re.sub(rf"{re.escape(head)}\s+\Z", "", before, flags=re.IGNORECASE)
            break
        if re.match(rf"\s+{re.escape(tail)}(?!\w)", after, re.IGNORECASE):
            after = re.sub(rf"\A\s+{re.escape(tail)}", "", after, flags=re.IGNORECASE)
            break
    return before, after
