"""Arabic text as a model should see it, and which language a text is in.

Each rule is a pure function from text to text, in `RULES` by name. What the user typed is kept elsewhere: a
normalised text is only ever shown to a model, to bring it near to what the model was trained on.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal

from mt.errors import ConfigError

_LETTERS = "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f\u08a0-\u08c7"
"""Arabic letters, those of Persian, Urdu and other languages included."""
_SHAPED = "\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfb\ufe80-\ufefc"
"""Letters as glyphs of one position, from PDF files."""
_VOWELS = "\N{ARABIC FATHATAN}-\N{ARABIC SUKUN}\N{ARABIC LETTER SUPERSCRIPT ALEF}"
"""Tanwin, short vowels, shadda, sukun and the dagger alef."""
_KORANIC = (
    "\N{ARABIC SMALL HIGH LIGATURE SAD WITH LAM WITH ALEF MAKSURA}-\N{ARABIC SMALL HIGH MEEM ISOLATED FORM}"
    "\N{ARABIC SMALL HIGH ROUNDED ZERO}-\N{ARABIC SMALL HIGH MADDA}"
)
_TATWEEL = "\N{ARABIC TATWEEL}"

_ARABIC_LETTER = re.compile(f"[{_LETTERS}{_SHAPED}]")
_LETTER = re.compile(rf"[^\W\d_{_TATWEEL}]")
_WORD = re.compile(f"[{_LETTERS}{_VOWELS}{_KORANIC}{_TATWEEL}]+")

_INVISIBLE = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f"
    "\N{SOFT HYPHEN}\N{COMBINING GRAPHEME JOINER}\N{ARABIC LETTER MARK}\N{OBJECT REPLACEMENT CHARACTER}\N{ZERO WIDTH NO-BREAK SPACE}"
    "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}"
    "\N{LEFT-TO-RIGHT EMBEDDING}-\N{RIGHT-TO-LEFT OVERRIDE}\N{WORD JOINER}-\N{NOMINAL DIGIT SHAPES}]"
    "|\N{ZERO WIDTH JOINER}(?![\u2190-\u2bff\U0001f000-\U0001faff])"  # emoji are made of parts with joiners
)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_PRESENTATION = re.compile("[\ufb00-\ufb06\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfc\ufe70-\ufefc\uff01-\uff5e]")
"""Shaped Arabic (`ﺍﻟﻨﺎﺗﻮ`), Latin ligatures (`ﬁ`) and wide Latin, as PDF files give them; not the ornate brackets `﴿﴾`."""
_LOOSE_HAMZA = re.compile("[اوي][\N{ARABIC MADDAH ABOVE}-\N{ARABIC HAMZA BELOW}]")
"""A letter and its hamza typed as two characters."""
_DASH_TATWEEL = re.compile(rf"(?<!\S){_TATWEEL}+(?!\S)")
"""`جدة ـ رويترز`"""
_INNER_TATWEEL = re.compile(rf"{_TATWEEL}(?<=[{_LETTERS}{_VOWELS}]{_TATWEEL}){_TATWEEL}*(?=[{_VOWELS}]*[{_LETTERS}])")
"""`العـــربية`; not `الـ15` nor `1445هـ`."""
_OUTER_TATWEEL = re.compile(f"{_TATWEEL}{{2,}}")
_MARKS = re.compile(f"[{_VOWELS}{_KORANIC}]")
_MARKED_WORD = re.compile(f"(?<![{_LETTERS}{_SHAPED}])[{_LETTERS}{_SHAPED}]*[{_VOWELS}{_KORANIC}][{_LETTERS}{_SHAPED}{_VOWELS}{_KORANIC}]*")
_LONE_DAMMA = re.compile(f"[{_LETTERS}{_SHAPED}]+\N{ARABIC DAMMA}[{_LETTERS}{_SHAPED}]+$")
_DIGIT = re.compile("[٠-٩۰-۹]")
_DECIMAL = re.compile(r"(?<=\d)\N{ARABIC DECIMAL SEPARATOR}(?=\d)")
_THOUSANDS = re.compile(r"(?<=\d)\N{ARABIC THOUSANDS SEPARATOR}(?=\d)")
_DOUBLE_QUOTE = re.compile("[\N{LEFT DOUBLE QUOTATION MARK}-\N{DOUBLE HIGH-REVERSED-9 QUOTATION MARK}❝❞]")
_SINGLE_QUOTE = re.compile("[\N{LEFT SINGLE QUOTATION MARK}-\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}❛❜]")
_DASH = re.compile("[\N{HYPHEN}-\N{HORIZONTAL BAR}\N{MINUS SIGN}]")
_STRAY_COMMA = re.compile(r"[،؛,]\s*(?=\.(?!\.)|[؟!])")
"""`الماضي،. حيث`"""
_REPEATED_MARK = re.compile(r"([!?؟،؛])(?:\s*\1)+")
"""`عاجل!!!`, `قال،، ثم`"""
_REPEATED_PAIR = re.compile(r"(؟!|!؟)[؟!]+")
_REPEATED_SIGN = re.compile(r"([.\-_=*~#•─…])\1{3,}")
"""`.......`, `-----`: three say as much."""
_BEFORE_MARK = re.compile(
    rf"(?<=[\w{_VOWELS}»\")\]%٪]) +(?=(?:[،؛؟!]|\.{{1,3}})(?:[\s»\")\]]|$))|(?<=[{_LETTERS}{_VOWELS}»\")\]]) +(?=:\s)"
)
"""`قال ، ثم`, `كتب : محمد`"""
_AFTER_MARK = re.compile(rf"(?<=[{_LETTERS}{_VOWELS}»\")\]][،؛])(?=[{_LETTERS}«(])")
"""`قال،ثم`"""
_INNER_SPACE = re.compile(r"(?<=[(\[«]) +| +(?=[)\]»])")
"""`( الناتو )`"""
_LOOSE_WAW = re.compile(rf"(?<!\S)و (?=[{_LETTERS}][{_LETTERS}{_VOWELS}])")
"""`محمد و أحمد`; not `س و ص`."""
_LONG_VOWEL = re.compile("([اوىيه])\\1{2,}")
_CONSONANT = re.compile(f"([{_LETTERS}])\\1{{2,}}")

_LOOK_ALIKES = {
    "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
    "\N{ARABIC LETTER SWASH KAF}": "\N{ARABIC LETTER KAF}",
    "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
    "\N{ARABIC LETTER E}": "\N{ARABIC LETTER YEH}",
    "\N{ARABIC LETTER HEH GOAL}": "\N{ARABIC LETTER HEH}",
    "\N{ARABIC LETTER HEH DOACHASHMEE}": "\N{ARABIC LETTER HEH}",
    "\N{ARABIC LETTER AE}": "\N{ARABIC LETTER HEH}",
    "\N{ARABIC LETTER HEH WITH YEH ABOVE}": "\N{ARABIC LETTER HEH}",
    "\N{ARABIC LETTER TEH MARBUTA GOAL}": "\N{ARABIC LETTER TEH MARBUTA}",
    "\N{ARABIC LETTER ALEF WASLA}": "\N{ARABIC LETTER ALEF}",
}
_LOOK_ALIKE = re.compile(f"[{''.join(_LOOK_ALIKES)}]")
_FINAL_YEH = re.compile(rf"(?<![{_LETTERS}])([وف]?(?:عل|إل|ال|حت|لد|مت|سو|مد))\N{{ARABIC LETTER FARSI YEH}}(?![{_LETTERS}{_VOWELS}])")
"""Words whose last letter is `ى` when typed on an Arabic keyboard: `علی`, `إلی`."""


def invisible(text: str) -> str:
    """Drop control, direction and zero-width characters; half of a surrogate pair becomes U+FFFD.

    >>> invisible("قال\N{RIGHT-TO-LEFT MARK} الناتو")
    'قال الناتو'
    """
    return _HALF_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", _INVISIBLE.sub("", text))


def presentation_forms(text: str) -> str:
    """Fold shaped letters, as PDF files give them, and letters with a loose hamza into the plain ones.

    >>> presentation_forms("ﻗﺎﻝ ﺍﻟﻨﺎﺗﻮ إنه ﻻ يعلم")
    'قال الناتو إنه لا يعلم'
    """
    shaped = _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]).strip(), text)
    return _LOOSE_HAMZA.sub(lambda match: unicodedata.normalize("NFC", match[0]), shaped)


def tatweel(text: str) -> str:
    """Drop the stretching of words; a stretch that stands for a dash becomes one, `الـ15` and `1445هـ` stay.

    >>> tatweel("جدة ـ العـــربية: الـ15 من شهر 1445هـ")
    'جدة - العربية: الـ15 من شهر 1445هـ'
    """
    return _OUTER_TATWEEL.sub(_TATWEEL, _INNER_TATWEEL.sub("", _DASH_TATWEEL.sub("-", text)))


def vowels(text: str) -> str:
    """Drop vowel marks, shadda and Koranic signs, but not a damma that is the only vowel of its word.

    Press text marks little but the passive: without its damma, `قُتل` (was killed) reads `قتل` (killed).

    >>> vowels("قُتل مُدَرِّسٌ جدًّا")
    'قُتل مدرس جدا'
    """
    return _MARKED_WORD.sub(lambda match: match[0] if _LONE_DAMMA.match(match[0]) else _MARKS.sub("", match[0]), text)


def look_alikes(text: str) -> str:
    """In Arabic text, replace letters of Persian and Urdu keyboards; Persian and Urdu texts stay as they are.

    >>> look_alikes("وصل الوزير إلی القاهرة فی یونیو")
    'وصل الوزير إلى القاهرة في يونيو'
    """
    if not _LOOK_ALIKE.search(text) or language(text) != "ar":
        return text
    return _LOOK_ALIKE.sub(lambda match: _LOOK_ALIKES[match[0]], _FINAL_YEH.sub(r"\1ى", text))


def spaces(text: str) -> str:
    """Every run of white space, line breaks too, becomes one space; none at the ends.

    >>> spaces(" خبر\N{NO-BREAK SPACE}\\n عاجل ")
    'خبر عاجل'
    """
    return " ".join(text.split())


def digits(text: str) -> str:
    """Arabic-Indic and Persian digits and their signs become ASCII.

    >>> digits("٣٫٥٪ من ٢٬٠٠٠")
    '3.5% من 2,000'
    """
    plain = _DIGIT.sub(lambda match: str(int(match[0])), text)
    return _THOUSANDS.sub(",", _DECIMAL.sub(".", plain)).replace("٪", "%")


def quotes(text: str) -> str:
    """Curly quotation marks become straight; `«»` stays.

    >>> quotes("بيان “الناتو”")
    'بيان "الناتو"'
    """
    return _SINGLE_QUOTE.sub("'", _DOUBLE_QUOTE.sub('"', text))


def dashes(text: str) -> str:
    """All dashes become `-`, the ellipsis character three full stops.

    >>> dashes("الحرب — كما قال — انتهت…")
    'الحرب - كما قال - انتهت...'
    """
    return _DASH.sub("-", text).replace("…", "...")


def stray_marks(text: str) -> str:
    """A comma before a full stop goes.

    >>> stray_marks("في مارس الماضي،. حيث زار")
    'في مارس الماضي. حيث زار'
    """
    return _STRAY_COMMA.sub("", text)


def repeated_marks(text: str) -> str:
    """Marks repeated for emphasis stand once; long rows of dots and dashes are cut to three.

    >>> repeated_marks("عاجل!!! متى؟؟ لا أعرف........ ثم.. ؟!؟!")
    'عاجل! متى؟ لا أعرف... ثم.. ؟!'
    """
    return _REPEATED_SIGN.sub(r"\1\1\1", _REPEATED_MARK.sub(r"\1", _REPEATED_PAIR.sub(r"\1", text)))


def spacing(text: str) -> str:
    """Spaces around marks as in print, and `و` joined to its word.

    >>> spacing("كتب : قال ، ثم ( الناتو ) و أوكرانيا،وروسيا .")
    'كتب: قال، ثم (الناتو) وأوكرانيا، وروسيا.'
    """
    text = _INNER_SPACE.sub("", _BEFORE_MARK.sub("", text))
    return _LOOSE_WAW.sub("و", _AFTER_MARK.sub(" ", text))


def elongation(text: str) -> str:
    """A letter written three times or more for emphasis: long vowels and `ه` stand once, others twice.

    >>> elongation("رااااائع جداااا ههههه")
    'رائع جدا ه'
    """
    return _CONSONANT.sub(r"\1\1", _LONG_VOWEL.sub(r"\1", text))


RULES: dict[str, Callable[[str], str]] = {
    "invisible": invisible,
    "presentation_forms": presentation_forms,
    "tatweel": tatweel,
    "vowels": vowels,
    "look_alikes": look_alikes,
    "spaces": spaces,
    "digits": digits,
    "quotes": quotes,
    "dashes": dashes,
    "stray_marks": stray_marks,
    "repeated_marks": repeated_marks,
    "spacing": spacing,
    "elongation": elongation,
}
"""Name -> rule, in the order in which they are applied."""

DEFAULT_RULES: tuple[str, ...] = tuple(RULES)
"""All of them.

Measured on the built-in model, as the loss of the English reference in nats a token on 20 to 48 sentences of
FLORES dev (standard error in brackets): stretched words cost 1.08 (0.11), the long dash 0.08 (0.02), spaces inside
brackets 0.02 (0.01), the marks of press text 0.02 (0.01). Arabic-Indic digits, curly quotation marks and spaces
before commas cost nothing, nor do Latin commas, `الى` for `إلى` or a wrong hamza (`الإجتماع`), which have no rule.
"""


def normalise(text: str, rules: Sequence[str] | None = None) -> str:
    """The text as the model should see it: one line, plain letters, plain marks.

    rules: names in `RULES`, applied in this order; None: `DEFAULT_RULES`. As one rule may make work for
    another, they are applied until nothing changes, so that normalising twice is the same as once.

    Raises ConfigError for an unknown name.

    >>> normalise("الاستعدادات  المستمرّة ،\\nبنسبة ٣٫٥٪!!!")
    'الاستعدادات المستمرة، بنسبة 3.5%!'
    """
    chosen = [_rule(name) for name in (DEFAULT_RULES if rules is None else rules)]
    while True:
        before = text
        for rule in chosen:
            text = rule(text)
        if text == before:
            return text


def _rule(name: str) -> Callable[[str], str]:
    if name not in RULES:
        raise ConfigError(f"unknown text rule {name!r}; expected one of {', '.join(RULES)}")
    return RULES[name]


# Which language


_ARABIC_SHARE = 0.3
"""Below this share of letters a text is not of the Arabic script: a Latin text that quotes an Arabic name."""
_ARABIC_WORDS = frozenset("في من على إلى الى عن مع أن ان إن كان قال هذا هذه التي الذي ما لا لم قد كل بين بعد ثم هو هي أو او".split())
_PERSIAN_WORDS = frozenset("از که را این است برای می های شد شده در با یک کرد کند بود اند آن خود تا نیز خواهد دارد باید".split())
_ARTICLE = re.compile(f"(?:[وف]?[بك]?ال|[وف]?لل)[{_LETTERS}]{{3,}}")
_PERSIAN_LETTER = re.compile("[پچژگ]")
_URDU_LETTER = re.compile("[ٹڈڑںےہھ]")
_OTHER_LETTER = re.compile("[ێۆڕڵەښړټډځڅېڭۋۇۈ]")
"""Letters of Kurdish, Pashto and Uighur that Arabic, Persian and Urdu lack."""


def has_arabic(text: str) -> bool:
    """Whether any letter is of the Arabic script.

    >>> has_arabic("NATO في"), has_arabic("NATO ٥،")
    (True, False)
    """
    return bool(_ARABIC_LETTER.search(text))


def arabic_share(text: str) -> float:
    """The share of letters that are of the Arabic script, from 0.0 to 1.0; 0.0 for a text without letters.

    >>> arabic_share("قوة KFOR"), arabic_share("2024")
    (0.42857142857142855, 0.0)
    """
    letters = len(_LETTER.findall(text))
    return len(_ARABIC_LETTER.findall(text)) / letters if letters else 0.0


def language(text: str) -> Literal["ar", "fa", "ur", "other", "none"]:
    """The language of a text, by its letters and function words; "none" for a text without letters.

    Meant for "is this Arabic?": a short text of the Arabic script with no sign of another language is
    "ar", whatever the keyboard it was typed on; a text mostly of other letters is "other".

    >>> [language(text) for text in ("قال الوزير", "این کتاب است", "یہ کتاب ہے", "NATO in عمّان today", "2024")]
    ['ar', 'fa', 'ur', 'other', 'none']
    """
    if not _LETTER.search(text):
        return "none"
    if arabic_share(text) < _ARABIC_SHARE:
        return "other"
    words = _WORD.findall(text)
    votes: dict[Literal["ar", "fa", "ur", "other"], int] = {
        "ar": sum(word in _ARABIC_WORDS or "ة" in word or bool(_ARTICLE.match(word)) for word in words),
        "fa": sum(word in _PERSIAN_WORDS or bool(_PERSIAN_LETTER.search(word)) for word in words),
        "ur": sum(bool(_URDU_LETTER.search(word)) for word in words),
        "other": sum(bool(_OTHER_LETTER.search(word)) for word in words),
    }
    return max(votes, key=lambda name: votes[name])
