"""From right-to-left Arabic to left-to-right English: languages, directions and alignments in attributes and style sheets."""

from __future__ import annotations

import re

_DECLARATIONS = re.compile(r"[^{}]*")
_DIRECTION = re.compile(r"(?<![\w-])(direction\s*:\s*)rtl(?![\w-])", re.IGNORECASE)
_LEFT_TO_RIGHT = re.compile(r"(?<![\w-])direction\s*:\s*ltr(?![\w-])", re.IGNORECASE)
_SIDE = re.compile(
    r"(?<![\w-])((?:text-align|text-align-last|float|clear)\s*:\s*)(left|right)(?![\w-])"  # text-align: right
    r"|(?<![\w-])((?:margin|padding|border)-)(left|right)(?=[\w-]*\s*:)",  # border-right-width: 4px
    re.IGNORECASE,
)
_ALIGNED_RIGHT = re.compile(r"(?<![\w-])(text-align(?:-last)?\s*:\s*)right(?![\w-])", re.IGNORECASE)
_RIGHT_TO_LEFT = re.compile(r"(?<![\w-])rtl(?![\w-])", re.IGNORECASE)
_OTHER_SIDE = {"left": "right", "right": "left"}
_ARABIC = re.compile(r"ar(?:[-_][A-Za-z0-9-]+)?$", re.IGNORECASE)
_ARABIC_LOCALE = re.compile(r"ar[-_][A-Z]{2}$")


def style(css: str, *, right_to_left: bool = False) -> str:
    """A style sheet or the value of a style attribute for English.

    One that speaks of right to left, or stands in a page that does, is mirrored: `direction`, `text-align`,
    `float`, margins and borders; of any other only `text-align: right` is turned. What a rule sets left to
    right itself, such as code, keeps its sides.

    >>> style("body { direction: rtl; margin-right: 1em } pre { direction: ltr; text-align: left }")
    'body { direction: ltr; margin-left: 1em } pre { direction: ltr; text-align: left }'
    >>> style("p { text-align: right; margin-left: 1em } td { text-align: left }")
    'p { text-align: left; margin-left: 1em } td { text-align: left }'
    """
    turned = _mirrored if right_to_left or speaks_of_right_to_left(css) else _aligned
    return _DECLARATIONS.sub(lambda match: turned(match[0]), css)


def _mirrored(declarations: str) -> str:
    if _LEFT_TO_RIGHT.search(declarations):
        return declarations
    mirrored = _SIDE.sub(lambda match: (match[1] or match[3]) + _OTHER_SIDE[(match[2] or match[4]).lower()], declarations)
    return _DIRECTION.sub(r"\g<1>ltr", mirrored)


def _aligned(declarations: str) -> str:
    return declarations if _LEFT_TO_RIGHT.search(declarations) else _ALIGNED_RIGHT.sub(r"\g<1>left", declarations)


def speaks_of_right_to_left(source: str) -> bool:
    """Whether a page or a style sheet sets anything from right to left."""
    return _RIGHT_TO_LEFT.search(source) is not None


def attribute(name: str, value: str, *, right_to_left: bool = False) -> str:
    """The value of an attribute as an English page has it; most stay as they are.

    >>> attribute("lang", "ar-EG"), attribute("dir", "rtl"), attribute("align", "right"), attribute("class", "right")
    ('en', 'ltr', 'left', 'right')
    """
    known = value.strip().lower()
    if name in {"lang", "xml:lang"} and _ARABIC.match(value.strip()):
        return "en"
    if name in {"dir", "page-progression-direction"} and known == "rtl":
        return "ltr"
    if name == "align" and (known == "right" or (known == "left" and right_to_left)):
        return _OTHER_SIDE[known]
    if name == "style":
        return style(value, right_to_left=right_to_left)
    return value


def locale(value: str) -> str:
    """What names a language in metadata: `ar` is now `en`, `ar_EG` is `en_US`.

    >>> locale("ar"), locale("ar_AR"), locale("fr")
    ('en', 'en_US', 'fr')
    """
    if _ARABIC_LOCALE.match(value.strip()):
        return "en_US" if "_" in value else "en"
    return "en" if _ARABIC.match(value.strip()) else value
