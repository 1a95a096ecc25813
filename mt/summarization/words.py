"""Words as the summarisers compare them: without endings, prefixes and spelling variants. Never shown to anybody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

# Matches "26.4", "1,140", "10" as one word each, and "G20", "KFOR", "Egypt's", "الناتو".
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_](?:[^\W_]|['\N{RIGHT SINGLE QUOTATION MARK}](?=[^\W_]))*")
LETTER_OR_DIGIT = re.compile(r"[^\W_]")  # matches in "- a", not in "***"
ARABIC_LETTER = re.compile("[\N{ARABIC LETTER HAMZA}-\N{ARABIC LETTER YEH}]")

_SPELLING = str.maketrans(
    "أإآٱىةؤئ\N{ARABIC LETTER FARSI YEH}\N{ARABIC LETTER KEHEH}٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "اااايهوييك01234567890123456789.,"
)
_VOWEL_MARKS = range(ord("\N{ARABIC FATHATAN}"), ord("\N{ARABIC SUKUN}") + 1)
_DROPPED = dict.fromkeys([*_VOWEL_MARKS, ord("\N{ARABIC TATWEEL}"), ord("\N{ARABIC LETTER SUPERSCRIPT ALEF}")])
SPELLING: dict[int, int | None] = {**_SPELLING, **_DROPPED}
"""For `str.translate`: Arabic letters that writers and keyboards mix up become one; marks go; digits become ASCII."""

ENGLISH_STOP_WORDS = frozenset(
    """a about above after again against all also although am among an and any are as at be because been before being below
    between both but by can cannot could did do does doing don down during each either few for from further had has have having
    he her here hers herself him himself his how however i if in into is it its itself just like made make many may me might
    more most much must my myself neither no nor not now of off on once one only onto or other our ours ourselves out over own
    per said same say says she should since so some still such than that the their theirs them themselves then there these they
    this those though through thus to too under until up upon us very was we were what when where whether which while who whom
    whose why will with within without would yet you your yours yourself""".split()
)
# As `SPELLING` leaves them; looked up both whole and stemmed.
ARABIC_STOP_WORDS = frozenset(
    """في من على علي الى الي عن مع هذا هذه ذلك تلك هذان هؤلاء اولئك التي الذي الذين اللذان اللتان اللواتي ما ماذا متي اين كيف لماذا هل
    هو هي هم هن هما انا نحن انت انتم ان انه انها انهم اذا اذ لو لولا لم لن لا ليس ليست كان كانت كانوا يكون تكون كما لكن بل او ام ثم
    حتي منذ خلال بعد قبل بين عند عندما حين حيث لدي نحو حول دون غير سوي كل بعض اي ايضا قد لقد سوف بما مما فيما عما كذلك هنا هناك الان
    عدم به بها بهم له لها لهم فيه فيها فيهم منه منها منهم عليه عليها عليهم اليه اليها عنه عنها معه معها قال قالت يقول تقول اضاف
    اضافت اكد اكدت ذكر ذكرت اوضح اوضحت اشار اشارت وفق وفقا بحسب تم يتم يا كي لكي مثل عبر ضد ذات احد احدي كلا ولكن واضاف وقال وهو
    وهي وكان وقد وفي ومن وعلي وما ولا والتي والذي""".split()
)
ARABIC_PREFIXES = ("ال", "و", "ف", "ب", "ك", "ل")
ARABIC_SUFFIXES = ("هما", "ها", "ان", "ات", "ون", "ين", "يه", "هم", "ه", "ي", "ا")
ENGLISH_ENDINGS = ("ing", "ed", "s", "e")
SHORTEST_STEM = 3
LONGEST_WORD = 40  # letters; what is longer is no word, and cutting it letter by letter would take long


def words(text: str) -> list[str]:
    """All words in order, spelled alike but neither stemmed nor sifted.

    >>> words("ارتفع التضخّم إلى ٢٦٫٤٪")
    ['ارتفع', 'التضخم', 'الي', '26.4']
    """
    return WORD.findall(text.translate(SPELLING))


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repetitions included.

    >>> content_words("The ministers are meeting in The Hague.")
    ['minister', 'meet', 'hagu']
    >>> content_words("وللمدينة") == content_words("المدينة") == content_words("مدينه")
    True
    """
    return [stem(word) for word in words(text) if not is_stop_word(word)]


def is_stop_word(word: str) -> bool:
    """Whether a word of `words` carries no meaning of its own; WHO and US do.

    >>> [is_stop_word(word) for word in ["who", "The", "WHO", "I"]]
    [True, True, False, True]
    """
    acronym = len(word) > 1 and word.isupper()
    return word in ARABIC_STOP_WORDS or (not acronym and word.casefold() in ENGLISH_STOP_WORDS)


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return LETTER_OR_DIGIT.search(text) is not None


def count_words(text: str) -> int:
    """Words as a person counts them: parts between white space that hold a letter or a digit."""
    return sum(has_words(part) for part in text.split())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What forms of one word have in common, roughly: for comparing only.

    >>> stem("soldiers"), stem("agreed"), stem("وبالمدارس")
    ('soldier', 'agr', 'مدارس')
    """
    if word[0].isdigit() or len(word) > LONGEST_WORD:
        return word.casefold()
    return _arabic(word) if ARABIC_LETTER.match(word) else _english(word)


def _english(word: str) -> str:
    word = word.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").removesuffix("'s")
    if word.endswith("ies"):
        return word[:-3] + "y"
    return _cut(word, (), ENGLISH_ENDINGS)


def _arabic(word: str) -> str:
    """Cut until nothing is left to cut: a root that begins with و loses it too, but in all of its forms."""
    return _cut(word, ARABIC_PREFIXES, ARABIC_SUFFIXES)


def _cut(word: str, prefixes: Sequence[str], suffixes: Sequence[str]) -> str:
    """Cut prefixes, then suffixes, as long as enough is left."""
    while prefix := next((p for p in prefixes if word.startswith(p) and len(word) - len(p) >= SHORTEST_STEM), ""):
        word = word.removeprefix(prefix)
    while suffix := next((s for s in suffixes if word.endswith(s) and len(word) - len(s) >= SHORTEST_STEM), ""):
        word = word.removesuffix(suffix)
    return word
