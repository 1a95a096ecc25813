"""Words as the lexicon knows them: Arabic ones cut into clitics and stem, English ones without their endings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_MARKS = "\N{ARABIC FATHATAN}-\N{ARABIC HAMZA BELOW}\N{ARABIC LETTER SUPERSCRIPT ALEF}\N{ARABIC TATWEEL}"
WORD = re.compile(
    r"(?:[A-Z]\.){2,}"  # U.S.
    rf"|\d+(?:[.,:/٫٬]\d+)*"  # 4,500 and 3.5
    rf"|[^\W\d_](?:[\w{_MARKS}](?<!_)|['\N{{RIGHT SINGLE QUOTATION MARK}}](?=[^\W\d_]))*"  # Egypt's, مُدَرِّسٌ, G20
)
"""What counts as a word: letters with their marks, numbers with their points, and no punctuation."""
_DROPPED = re.compile(f"[{_MARKS}]")
_SAME_LETTER = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "گ": "ك", "پ": "ب", "چ": "ج", "ڤ": "ف"})
ARABIC_LETTER = re.compile("[ء-ي]")

WHOLE = frozenset(
    "كان كانت كانوا كانا كما كذلك كيف كيلومتر لكن لكنه لكنها لان لانه لانها لان لذلك لذا لقد لدي ليس ليست لم لن لو لولا لما فقط فور فقد"
    " بعد بعض بين بل بلا بدون بيد سوف سوي وفق وسط وراء وقت وزير وزارة وجود وصل وصول وضع فوق فهم فاز"
    " الله الذي التي الذين اللذين اللذان اللتين الا الي الان الف الاف التقي القي الغي اليوم".split()
)
"""Frequent words that only look as if something were joined to them."""
LONGEST_WORD = 30  # letters; what is longer is no word
PRONOUNS = ("هما", "ها", "هم", "هن", "نا", "كم", "ني", "ه")
BARE = {
    **{prefix + pronoun: (prefix + "+", "+" + pronoun) for prefix in "لب" for pronoun in (*PRONOUNS, "ي", "ك")},
    "كلا": ("كلا",),
    "بنا": ("بنا",),
    "بني": ("بني",),
    "بك": ("بك",),
    "لك": ("ل+", "+ك"),
    "بان": ("ب+", "ان"),
    "بانه": ("ب+", "ان", "+ه"),
    "بانها": ("ب+", "ان", "+ها"),
    "فان": ("ف+", "ان"),
    "بما": ("ب+", "ما"),
    "لهذا": ("ل+", "هذا"),
    "لهذه": ("ل+", "هذه"),
}
"""Words that are clitics and little else: لها, به."""
WITH_ARTICLE = ("ال", "وال", "بال", "لل", "كال", "فال")
"""How a word with the article begins."""
ARTICLES = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a text that can have a translation of its own: `ب+`, `حكوم`, `+ها`, `govern`; `word` is the index of its word."""

    key: str
    word: int


def folded(word: str) -> str:
    """An Arabic word without marks, with one letter for the forms of alef and of yeh.

    >>> folded("إلى")
    'الي'
    """
    return _DROPPED.sub("", word).translate(_SAME_LETTER)


Known = Callable[[str], float]
"""How frequent a stem is; 0 for one that is not known."""


def pieces(word: str, frequency: Known) -> tuple[str, ...]:
    """The keys of a folded word of an Arabic text; a word in other letters is one, in lower case."""
    return split(word, frequency) if ARABIC_LETTER.match(word) and len(word) <= LONGEST_WORD else (word.lower(),)


def split(word: str, frequency: Known) -> tuple[str, ...]:
    """Cut a folded Arabic word into clitics and stem; the article is dropped. What frequency does not back stays whole.

    >>> known = {"حكومة": 9.0, "وزير": 9.0, "زير": 0.1}
    >>> split("وبحكومتها", lambda stem: known.get(stem, 0)), split("الوزير", lambda stem: known.get(stem, 0))
    (('و+', 'ب+', 'حكومة', '+ها'), ('وزير',))
    """
    if word in WHOLE:
        return (word,)
    if word in BARE:
        return BARE[word]
    own = frequency(word)
    if word[0] in "وف" and len(word) > 2:
        rest = word[1:]
        needed = own * (0.4 if word[0] == "و" else 2.0)
        parts = split(rest, frequency)
        if rest in BARE or rest in WHOLE or _weight(parts, frequency) > needed:
            return (word[0] + "+", *parts)
    return _without_preposition(word, own, frequency)


def _weight(parts: tuple[str, ...], frequency: Known) -> float:
    return max(frequency(part) for part in parts)


def _without_preposition(word: str, own: float, frequency: Known) -> tuple[str, ...]:
    for prefix, clitic in (("بال", "ب+"), ("كال", "ك+"), ("لل", "ل+")):
        rest = word[len(prefix) :]
        if word.startswith(prefix) and len(rest) >= 3 and frequency(rest) > 0.3 * own:
            return (clitic, rest)
    if word.startswith("لل") and frequency("ل" + word[2:]) > own:  # للجنة: the article before a lam
        return ("ل+", "ل" + word[2:])
    if word.startswith("ال") and len(word) >= 5 and (frequency(word[2:]) > 0.05 * own or not own):
        return (word[2:],)
    parts = _without_pronoun(word, own, frequency)
    if len(parts) > 1 or len(word) < 4:
        return parts
    if word[0] in "بلك":
        parts = _without_pronoun(word[1:], frequency(word[1:]), frequency)
        if max(map(frequency, parts)) > own * (3.0 if word[0] == "ك" else 1.0):
            return (word[0] + "+", *parts)
    if word[0] == "س" and word[1] in "يتنا":
        parts = _without_pronoun(word[1:], frequency(word[1:]), frequency)
        if max(map(frequency, parts)) > 0.5 * own:
            return ("س+", *parts)
    return (word,)


def _without_pronoun(word: str, own: float, frequency: Known) -> tuple[str, ...]:
    for pronoun in PRONOUNS:
        stem = word.removesuffix(pronoun)
        if stem == word or len(stem) < 2:
            continue
        best = max(_before_pronoun(stem), key=frequency)
        if frequency(best) > 0.5 * own:
            return (best, "+" + pronoun)
    return (word,)


def _before_pronoun(stem: str) -> Iterator[str]:
    """What a stem may be without a pronoun after it: حكومة for حكومت, وزراء for وزراؤ."""
    yield stem
    if stem[-1] == "ت":
        yield stem[:-1] + "ة"
    if stem[-1] in "ئؤ":
        yield stem[:-1] + "ء"
    if stem[-1] == "ا":
        yield stem[:-1] + "ي"


def variants(stem: str) -> Iterator[str]:
    """Other forms of an Arabic stem, the nearest first, for one that is not known itself."""
    if stem.startswith("ال") and len(stem) > 4:
        yield stem[2:]
    if stem.endswith("ه"):
        yield stem[:-1] + "ة"
    for ending, others in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= 3:
            yield from (stem[: -len(ending)] + other for other in others)
    if len(stem) >= 4:
        yield from (stem + other for other in ("ة", "ي", "ا", "ية"))
        if stem[0] in "يتنا":
            yield from (first + stem[1:] for first in "يتنا" if first != stem[0])
            yield stem[1:]
        else:
            yield from (first + stem for first in "يت")


_ENDINGS = (
    ("تين", ("ة",)),
    ("تان", ("ة",)),
    ("يين", ("ي",)),
    ("يون", ("ي",)),
    ("ية", ("ي", "")),
    ("ات", ("ة", "")),
    ("ين", ("",)),
    ("ون", ("",)),
    ("ان", ("",)),
    ("وا", ("",)),
    ("ت", ("",)),
    ("ا", ("",)),
    ("ة", ("",)),
    ("ي", ("",)),
)


def english_key(word: str) -> str:
    """An English word in lower case without inflection, one spelling for British and American; no word of a dictionary.

    >>> [english_key(word) for word in ("Ministers", "Egypt's", "signed", "signing", "organisation", "Organization", "countries")]
    ['minister', 'egypt', 'sign', 'sign', 'organization', 'organization', 'country']
    """
    if word.isupper() and 2 <= len(word.replace(".", "")) <= 3:  # US is not us
        return word.replace(".", "")
    key = word.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").removesuffix("'s").replace(".", "")
    if not key.isascii():
        key = "".join(c for c in unicodedata.normalize("NFKD", key) if not unicodedata.combining(c))
    if len(key) <= 3:
        return key
    key = _PLURAL.sub("", _IES.sub("y", key))
    key = _BRITISH.sub("iz", key).replace("our", "or") if len(key) > 5 else key
    key = _UNDOUBLED.sub(r"\1", _VERB.sub("", key)) if len(key) > 4 else key
    return key.removesuffix("e") if len(key) > 3 else key


_IES = re.compile("(?<=[a-z]{2})(?:ies|ied)$")
_PLURAL = re.compile("(?:(?<=ss|sh|ch)es|(?<=x)es|(?<![suia])s)$")
_BRITISH = re.compile("(?<=[a-z]{3})is(?=(?:e|ed|ing|ation)$)")
_VERB = re.compile("(?<=[aeiouy][a-z])(?:ed|ing)$|(?<=[aeiouy][a-z][a-z])(?:ed|ing)$")
_UNDOUBLED = re.compile("([bdgmnprt])\\1$")
