"""OpenDocument styles: what they say about how text looks, and turned left to right, their language to English.

LibreOffice takes `start` for left and `end` for right whatever the direction, other programs follow the standard, where they depend on
it; so an Arabic text at the right is `end` in the one and `start` in the other, and `start` is what English wants in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from mt import arabic

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
LIBREOFFICE = "{http://openoffice.org/2009/office}"
RIGHT_TO_LEFT = {"rl-tb": "lr-tb", "rl": "lr", "tb-rl": "tb-lr"}
COMPLEX = {
    STYLE + "font-weight-complex": FO + "font-weight",
    STYLE + "font-style-complex": FO + "font-style",
    STYLE + "font-size-complex": FO + "font-size",
}
"""What Arabic text shows, and where English text looks for it."""
UNSEEN = ("rsid", "paragraph-rsid", "language", "country", "rfc-language-tag", "script", "script-type")
ARABIC_NUMBERS = {"\N{ARABIC LETTER ALEF}": "a", "\N{ARABIC LETTER ALEF WITH HAMZA ABOVE}": "a", "\N{ARABIC-INDIC DIGIT ONE}": "1"}


class Styles:
    """The styles of a document, for what a text in one of them looks like."""

    def __init__(self, roots: Sequence[Element]) -> None:
        self._styles = {
            (style.get(STYLE + "family", ""), style.get(STYLE + "name", "")): style
            for root in roots
            for style in root.iter(STYLE + "style")
        }
        self._first: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    def seen(self, name: str) -> str:
        """The first style that looks the same as this text style in English; empty where it changes nothing."""
        if name not in self._seen:
            self._seen[name] = self._first_like(name)
        return self._seen[name]

    def _first_like(self, name: str) -> str:
        style = self._styles.get(("text", name))
        if style is None or style.getparent() is None or style.getparent().tag != OFFICE + "automatic-styles":
            return name
        look = _look(style)
        return self._first.setdefault(look, name) if look else ""

    def based_on(self, name: str, ancestor: str) -> bool:
        """A paragraph style is another one, or made from it."""
        for _ in range(20):
            if name == ancestor:
                return True
            style = self._styles.get(("paragraph", name))
            if style is None:
                return False
            name = style.get(STYLE + "parent-style-name", "")
        return False


def _look(style: Element) -> str:
    from lxml import etree

    parts = [style.get(STYLE + "parent-style-name", "")]
    for properties in style:
        seen = deepcopy(properties)
        _turn_text(seen)
        for name in list(seen.attrib):
            local = str(name).rpartition("}")[2]
            if local in UNSEEN or local.endswith(("-complex", "-asian")):
                seen.attrib.pop(name)
        if len(seen.attrib) or len(seen):
            parts.append(etree.tostring(seen, with_tail=False).decode())
    return "".join(parts)


def turn(roots: Sequence[Element]) -> None:
    """Turn every style left to right, and bring Arabic paragraphs from the right to the left."""
    arabic_styles = {
        paragraph.get(TEXT + "style-name", "")
        for root in roots
        for paragraph in root.iter(TEXT + "p", TEXT + "h")
        if arabic.has_arabic("".join(paragraph.itertext()))
    }
    for root in roots:
        for style in root.iter(STYLE + "style", STYLE + "default-style"):
            pushed = style.get(STYLE + "family") == "paragraph" and style.get(STYLE + "name") in arabic_styles
            for properties in style.iter(STYLE + "paragraph-properties"):
                pushed = pushed or properties.get(STYLE + "writing-mode") in RIGHT_TO_LEFT
                if pushed and properties.get(FO + "text-align") in {"end", "right"}:
                    properties.set(FO + "text-align", "start")
        for element in root.iter():
            if not isinstance(element.tag, str):
                continue
            mode = element.get(STYLE + "writing-mode")
            if mode in RIGHT_TO_LEFT:
                element.set(STYLE + "writing-mode", RIGHT_TO_LEFT[mode])
            if element.tag == STYLE + "text-properties":
                _turn_text(element)
            numbers = element.get(STYLE + "num-format")
            if numbers and numbers[0] in ARABIC_NUMBERS:
                element.set(STYLE + "num-format", ARABIC_NUMBERS[numbers[0]])


def _turn_text(properties: Element) -> None:
    for complex_name, name in COMPLEX.items():
        if complex_name in properties.attrib and name not in properties.attrib:
            properties.set(name, properties.attrib[complex_name])
    if properties.get(FO + "language", "").lower() == "ar":
        properties.set(FO + "language", "en")
        properties.set(FO + "country", "US")
