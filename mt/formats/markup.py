"""HTML and XHTML as a row of tokens that cover the source, so that whatever is not edited stays byte for byte.

A tree would have to be written out again, and with it every quote, entity and closing tag. Each scan for an
end that is not there is made once only, so the time is linear in the length of whatever is thrown at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
RAW = frozenset("iframe noembed noframes script style textarea title xmp".split())
"""Elements whose content has no tags."""

_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=][^\s/>=]*)(\s*=\s*)?")
_UNQUOTED = re.compile(r"[^\s>]*")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute; start and end are those of its value in the source, without quotes; quote is "" where it has none."""

    name: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the source. `empty` is an element without content; `other` a comment, a declaration, an instruction."""

    kind: Literal["text", "raw", "open", "close", "empty", "other"]
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()

    def value(self, name: str, source: str) -> str:
        """Value of an attribute in lower case, "" without it."""
        return next((source[a.start : a.end].strip().lower() for a in self.attributes if a.name == name), "")


class _Scanner:
    """Finds strings in a source, and remembers those that do not come any more."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.gone: set[str] = set()
        self.endings = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}

    def end_of(self, wanted: str, at: int) -> int:
        """Offset after the next occurrence; -1 without one."""
        if wanted in self.gone:
            return -1
        found = self.source.find(wanted, at)
        if found < 0:
            self.gone.add(wanted)
            return -1
        return found + len(wanted)

    def content_end(self, name: str, at: int) -> int:
        """Where the content of a raw element ends: at its closing tag, or at the end of the source."""
        found = None if name in self.gone else self.endings[name].search(self.source, at)
        if found is None:
            self.gone.add(name)
            return len(self.source)
        return found.start()


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a page, in order; joined, their slices of the source are the source."""
    scan = _Scanner(source)
    at = text_from = 0
    while (opening := source.find("<", at)) >= 0:
        token = _token(source, opening, scan)
        if token is None:
            at = opening + 1
            continue
        if text_from < opening:
            yield Token("text", text_from, opening)
        yield token
        at = text_from = token.end
        if token.kind == "open" and token.name in RAW:
            at = text_from = scan.content_end(token.name, token.end)
            if token.end < at:
                yield Token("text" if token.name == "title" else "raw", token.end, at, token.name)
    if text_from < len(source):
        yield Token("text", text_from, len(source))


def _token(source: str, at: int, scan: _Scanner) -> Token | None:
    """The token that starts with the `<` at an offset; None where it is a plain character."""
    following = source[at + 1 : at + 2]
    if following == "!" or following == "?":
        return Token("other", at, _other_end(source, at, scan))
    name = _NAME.match(source, at + 2 if following == "/" else at + 1)
    if name is None:
        return None
    if following == "/":
        end = scan.end_of(">", name.end())
        return Token("close", at, end, name[0].lower()) if end > 0 else None
    return _opening(source, at, name, scan)


def _other_end(source: str, at: int, scan: _Scanner) -> int:
    for beginning, ending in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")):
        if source.startswith(beginning, at):
            end = scan.end_of(ending, at + len(beginning))
            return end if end > 0 else len(source)
    end = scan.end_of(">", at)
    if end > 0 and "[" in source[at:end]:  # a document type with declarations of its own
        end = max(end, scan.end_of("]>", at))
    return end if end > 0 else len(source)


def _opening(source: str, at: int, name: re.Match[str], scan: _Scanner) -> Token | None:
    if scan.end_of(">", at) < 0:
        return None
    found: list[Attribute] = []
    place = name.end()
    while (attribute := _ATTRIBUTE.match(source, place)) is not None:
        place = attribute.end()
        if attribute[2] is None:
            found.append(Attribute(attribute[1].lower(), place, place, ""))
            continue
        quote = source[place : place + 1]
        if quote in {'"', "'"}:
            end = scan.end_of(quote, place + 1)
            if end < 0:
                return None
            found.append(Attribute(attribute[1].lower(), place + 1, end - 1, quote))
        else:
            value = _UNQUOTED.match(source, place)
            assert value is not None
            end = value.end()
            found.append(Attribute(attribute[1].lower(), place, end, ""))
        place = end
    end = scan.end_of(">", place)
    if end < 0:
        return None
    lower = name[0].lower()
    empty = lower in VOID or source[end - 2] == "/"
    return Token("empty" if empty else "open", at, end, lower, tuple(found))


def partners(row: Sequence[Token]) -> dict[int, int]:
    """Index of an opening tag -> index of the tag that closes it, by names alone."""
    waiting: dict[str, list[int]] = {}
    found = {}
    for i, token in enumerate(row):
        if token.kind == "open":
            waiting.setdefault(token.name, []).append(i)
        elif token.kind == "close" and waiting.get(token.name):
            found[waiting[token.name].pop()] = i
    return found
