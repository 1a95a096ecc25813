"""Segments of XLIFF and TMX: text with inline elements, which become marks and come back around the right words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from mt.data import Result
from mt.formats.inline import Translated, checked
from mt.formats.tagged import Tagged, Token, blocks_of, tagged
from mt.formats.xmlplaces import escaped, unescaped


class HasText(Protocol):
    """A unit of a file."""

    @property
    def text(self) -> Tagged:
        """What is translated of it."""


AnyUnit = TypeVar("AnyUnit", bound=HasText)

_NAME = r"(?:[\w.-]+:)?"
_ATTRIBUTES = r"(?:\s(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)?"
CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
MARKUP = re.compile(
    rf"<!--.*?-->|<\?.*?\?>|<(?P<code>{_NAME}(?:ph|it|ut|bpt|ept))\b{_ATTRIBUTES}(?<!/)>.*?</(?P=code)\s*>"
    rf"|<(?P<open>{_NAME}[\w.-]+){_ATTRIBUTES}/?>|</(?P<close>{_NAME}[\w.-]+)\s*>",
    re.DOTALL,
)
"""A tag, or an element whose content is code and not for a reader: `<g id="1">`, `<ph id="2">%s</ph>`."""
PAIRED: dict[str, Literal["open", "close"]] = {
    "bpt": "open",
    "ept": "close",
    "bx": "open",
    "ex": "close",
    "sc": "open",
    "ec": "close",
    "sm": "open",
    "em": "close",
}
"""Elements that open or close something by their number."""
NUMBER = re.compile(r"\s(rid|startRef|i|id)\s*=\s*[\"']([^\"']*)[\"']")


def segment_text(raw: str) -> Tagged:
    """The text inside a `<source>` or `<seg>` with its inline elements as marks; `escaped` makes XML of it again."""
    plain = CDATA.sub(lambda match: escaped(match[1]), raw)
    return tagged(plain, _inline, escape=escaped, unescape=unescaped, paragraphs=False)


def visible(raw: str) -> str:
    """What a reader sees of a segment."""
    return unescaped(MARKUP.sub("", CDATA.sub(lambda match: escaped(match[1]), raw)))


def _inline(raw: str) -> list[Token]:
    return [_token(match) for match in MARKUP.finditer(raw)]


def _token(match: re.Match[str]) -> Token:
    kind: Literal["open", "close", "point"] = "point"
    name = match["code"] or match["open"] or match["close"] or ""
    local = name.rpartition(":")[2]
    if local in PAIRED:
        numbers: dict[str, str] = dict(NUMBER.findall(match.group()))
        kind = PAIRED[local]
        name = "#" + next((numbers[key] for key in ("rid", "startRef", "i", "id") if key in numbers), "")
    elif match["close"]:
        kind = "close"
    elif match["open"] and not match.group().endswith("/>"):
        kind = "open"
    return Token(match.start(), match.end(), kind, name)


def translated(units: Sequence[AnyUnit], result: Result, path: Path) -> Iterator[tuple[AnyUnit, list[Translated]]]:
    """The units whose English is not their source, each with the English of its blocks. Raises InputError for a file that changed."""
    english = iter(checked(result, blocks_of(unit.text for unit in units), path))
    for unit in units:
        own = [next(english) for _ in unit.text.blocks]
        if any(made.text != block.text for made, block in zip(own, unit.text.blocks, strict=True)):
            yield unit, own
