"""Numbers in Arabic and English text, by value, so that ٤٠, 40, أربعون and forty are the same.

`read` finds the numbers of a text, `unmatched` those that another text lacks. Both languages are read
by the same function: their words cannot be confused, and news mixes them.

A number is `firm` where a translation has to show it in some form. What people freely write otherwise
is read as well, since it may answer a firm number of the other side, but nothing is asked of it: one
and two (the dual hides them), halves and thirds, a lone hundred or thousand, "both", "trilateral". What
is firm was decided by measuring on 50,000 of people's translations: of the firm ones about 1 in 100 goes
unanswered there, of most others 10 or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from itertools import pairwise, product
from typing import Literal, NamedTuple

Kind = Literal["digits", "word", "ordinal", "fraction", "date", "month", "hijri", "percent", "hint"]
"""How a number is written. The value of a month is its place in the year; it is compared with months and dates only.
A percent sign or word has the value 1 and is compared with its like: 5% must not become 5."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a text.

    text: as written.
    values: what it may mean; more than one where writing is ambiguous, as 4.500 is.
    parts: what together stands for it too: 14, 5 and 2024 for 14/5/2024. Empty if nothing does.
    firm: a translation must have it.
    """

    text: str
    kind: Kind
    values: frozenset[Decimal]
    parts: frozenset[Decimal] = frozenset()
    firm: bool = True


def read(text: str) -> tuple[Number, ...]:
    """Find the numbers of an Arabic or English text, in order. Linear in the length of the text.

    >>> [(n.text, *map(int, n.values)) for n in read("خمسة وعشرون من أصل 1.200.000 في حزيران")]
    [('خمسة وعشرون', 25), ('1.200.000', 1200000), ('حزيران', 6)]
    >>> [(n.text, *map(float, n.values)) for n in read("two and a half million in the 19th century")]
    [('two and a half million', 2500000.0), ('19', 19.0), ('century', 100.0)]
    """
    runs = _runs(_Scanner(text).tokens())
    for run, following in pairwise(runs):
        if following.scale > 1 and run.scale == 1 and text[run.end : following.start].strip() in RANGE:
            run.also |= {value * following.scale for value in run.group}
    return tuple(run.number(text) for run in runs)


def unmatched(numbers: Sequence[Number], others: Sequence[Number]) -> list[Number]:
    """Give the firm numbers that have no counterpart among the others, each value once.

    >>> [n.text for n in unmatched(read("قتل 40 شخصا في 3 أيام"), read("Forty people were killed"))]
    ['3']
    """
    apart = {kind: _pool(n for n in others if n.kind in {kind, "date"}) for kind in ("month", "hijri")}
    apart["percent"] = _pool(n for n in others if n.kind == "percent")
    plain = _pool(n for n in others if n.kind not in apart)
    missing: dict[frozenset[Decimal], Number] = {}
    for number in numbers:
        pool = plain | apart["month"] if number.kind == "date" else apart.get(number.kind, plain)
        if number.firm and not (number.values & pool or (number.parts and number.parts <= pool)):
            missing.setdefault(number.values or number.parts, number)
    return list(missing.values())


def addresses(text: str) -> list[str]:
    """Web and e-mail addresses of a text.

    >>> addresses("راسلونا على press@un.org أو www.un.org/ar")
    ['press@un.org', 'www.un.org/ar']
    """
    return ADDRESS.findall(text) if _may_have_address(text) else []


def without_addresses(text: str) -> str:
    """Blank out web and e-mail addresses, keeping places."""
    return ADDRESS.sub(lambda match: " " * len(match[0]), text) if _may_have_address(text) else text


def _may_have_address(text: str) -> bool:
    return "@" in text or "://" in text or "www." in text


def _pool(numbers: Iterable[Number]) -> frozenset[Decimal]:
    return frozenset().union(*(number.values | number.parts for number in numbers))


# ---------------------------------------------------------------------------------------------------
# Words

Role = Literal[
    "digits", "unit", "ordinal", "ten", "teen", "tens", "hundreds", "hundred", "scale", "scales", "dual",
    "fraction", "fractions", "decade", "multiple", "span", "date", "month", "hijri", "percent", "hint",
]  # fmt: skip


class _Word(NamedTuple):
    """A word of the lexicon. everyday: it has a common meaning that is no month. joined: it carries "and"."""

    role: Role
    value: Decimal
    everyday: bool = False
    joined: bool = False


TATWEEL = "\N{ARABIC TATWEEL}"
HALF = Decimal("0.5")
THIRD = Decimal(1) / 3  # rounded alike on both sides

# Arabic, as `_fold` leaves it: no vowel signs, ا for أ إ آ, ه for ة, ي for ى. Several spellings a value.
AR_UNITS = {
    1: "واحد واحده واحدا احد احدي", 2: "اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي", 3: "ثلاث ثلاثه ثلاثا", 4: "اربع اربعه اربعا",
    5: "خمس خمسه خمسا", 6: "ست سته ستا", 7: "سبع سبعه سبعا", 8: "ثمان ثماني ثمانيه ثمانيا", 9: "تسع تسعه تسعا",
}  # fmt: skip
AR_TENS = {
    20: "عشرون عشرين", 30: "ثلاثون ثلاثين", 40: "اربعون اربعين", 50: "خمسون خمسين", 60: "ستون ستين", 70: "سبعون سبعين",
    80: "ثمانون ثمانين", 90: "تسعون تسعين",
}  # fmt: skip
AR_HUNDREDS = {300: "ثلاث ثلاثه", 400: "اربع اربعه", 500: "خمس خمسه", 600: "ست سته", 700: "سبع سبعه", 800: "ثمان ثماني", 900: "تسع تسعه"}
AR_HUNDRED = "مئه مائه مايه"
AR_TWO_HUNDRED = "مئتان مئتين مائتان مائتين مئتا مئتي مائتا مائتي"
AR_SCALES = {10**3: "الف الفا", 10**6: "مليون مليونا", 10**9: "مليار مليارا بليون بليونا", 10**12: "تريليون تريليونا ترليون ترليونا"}
AR_PLURAL_SCALES = {10**3: "الاف الوف", 10**6: "ملايين", 10**9: "مليارات بلايين بليونات", 10**12: "تريليونات ترليونات"}
AR_DUAL_SCALES = {
    2 * 10**3: "الفان الفين الفي", 2 * 10**6: "مليونان مليونين مليوني", 2 * 10**9: "ملياران مليارين ملياري بليونان بليونين بليوني",
    2 * 10**12: "تريليونان تريليونين تريليوني",
}  # fmt: skip
AR_ORDINALS = {
    1: "اول اولي اولا حادي حاديه", 2: "ثاني ثانيه ثان ثانيا", 3: "ثالث ثالثه ثالثا", 4: "رابع رابعه رابعا", 5: "خامس خامسه خامسا",
    6: "سادس سادسه سادسا", 7: "سابع سابعه سابعا", 8: "ثامن ثامنه ثامنا", 9: "تاسع تاسعه تاسعا", 10: "عاشر عاشره عاشرا",
}  # fmt: skip
AR_FRACTIONS = {HALF: "نصف نصفا", THIRD: "ثلث ثلثا", 2 * THIRD: "ثلثين ثلثان ثلثي", Decimal("0.25"): "ربع ربعا"}
AR_PLURAL_FRACTIONS = {THIRD: "اثلاث", Decimal("0.25"): "ارباع ارباعها ارباعهم ارباعه", Decimal("0.2"): "اخماس"}
AR_DECADES = {20: "عشرين", 30: "ثلاثين", 40: "اربعين", 50: "خمسين", 60: "ستين", 70: "سبعين", 80: "ثمانين", 90: "تسعين"}
AR_HINTS = {
    2: "مرتين مرتان ثنائي ثنائيه كلا كلتا كلاهما مزدوج مزدوجه ضعف ضعفي توام", 3: "ثلاثي ثلاثيه", 4: "رباعي رباعيه", 5: "خماسي خماسيه خمسيه",
    6: "سداسي سداسيه", 7: "سباعي سباعيه", 10: "عشريه", 20: "عقدين عقدان", 100: "مئويه", 200: "قرنين قرنان",
    1000: "الفيه", 0: "صفر صفرا",
}  # fmt: skip
AR_MONTHS = (
    "يناير جانفي", "فبراير فيفري شباط", "مارس اذار", "ابريل افريل نيسان", "مايو ماي ايار", "يونيو يونيه جوان حزيران",
    "يوليو يوليه جويليه يوليوز تموز", "اغسطس اوت غشت اب", "سبتمبر شتنبر ايلول", "اكتوبر", "نوفمبر نونبر", "ديسمبر دجنبر",
)  # fmt: skip
AR_HIJRI = {1: "محرم", 2: "صفر", 7: "رجب", 8: "شعبان", 9: "رمضان", 10: "شوال"}
# Months of two words; their second word is no ordinal.
AR_TWO_WORD_MONTHS: dict[str, dict[str, tuple[Role, int]]] = {
    "كانون": {"الثاني": ("month", 1), "الاول": ("month", 12)},
    "تشرين": {"الاول": ("month", 10), "الثاني": ("month", 11)},
    "ربيع": {"الاول": ("hijri", 3), "الثاني": ("hijri", 4), "الاخر": ("hijri", 4)},
    "جمادي": {"الاولي": ("hijri", 5), "الثانيه": ("hijri", 6), "الاخره": ("hijri", 6)},
    "ذو": {"القعده": ("hijri", 11), "الحجه": ("hijri", 12)},
    "ذي": {"القعده": ("hijri", 11), "الحجه": ("hijri", 12)},
}
AR_PREFIXES = ["".join(letters) for letters in product(("", "و", "ف"), ("", "ب", "ل", "ك"), ("", "ال"))]
# Everyday words that only look like a prefix and a number word: "I am not", "the door", "for a contract", ...
AR_NO_NUMBER = "لست ولست فلست وست لسبع كتسع والف لاول بالف باب كاب لاب فباب وباب لعقد وعقد بعقد"

EN_UNITS = "zero one two three four five six seven eight nine ten"
EN_TEENS = "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
EN_SCALES = {10**3: "thousand", 10**6: "million", 10**9: "billion", 10**12: "trillion"}
EN_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth"
EN_TEEN_ORDINALS = "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
EN_TENS_ORDINALS = "twentieth thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth"
EN_FRACTIONS = {HALF: "half", Decimal("0.25"): "quarter"}
EN_PLURAL_FRACTIONS = {THIRD: "thirds", Decimal("0.25"): "quarters fourths", Decimal("0.2"): "fifths"}
EN_DECADES = "twenties thirties forties fifties sixties seventies eighties nineties"
EN_HINTS = {
    1: "once single", 2: "twice both couple pair double twin twins dual bilateral",
    3: "thrice triple tripled triples tripling trio triad trilateral tripartite threefold",
    4: "quadruple quadrupled quadruples quartet quadrilateral fourfold", 5: "quintet fivefold", 6: "sextet", 10: "tenfold",
    12: "noon midday midnight", 100: "centenary centennial hundredfold", 1000: "millennium",
}  # fmt: skip
EN_MONTHS = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul", "august aug", "september sept sep",
    "october oct", "november nov", "december dec",
)  # fmt: skip
EN_HIJRI = {1: "muharram", 2: "safar", 7: "rajab", 8: "shaban shaaban", 9: "ramadan ramadhan", 10: "shawwal"}

# Firm signs of a percentage, and words that answer one; the Arabic "in the hundred" is known by its preposition.
PERCENT = frozenset(["%", "percent", "pct", *(f"بال{hundred}" for hundred in "مئه مائه مايه ميه".split())])
PERCENT_HINTS = {1: "percentage percentages cent point points نسبه النسبه بنسبه ونسبه نسبته نسب مئويه"}
# Months that are everyday words too: firm only beside a digit or after a word of EVIDENCE.
EVERYDAY_MONTHS = frozenset("مارس اغسطس نيسان ماي جوان اوت اب may jun march mar august jan sep".split())
EVIDENCE = frozenset(
    "في شهر من منذ حتي خلال الي اوائل اواخر مطلع منتصف نهايه بدايه in of since until by late early mid last next this".split()
)
# Hijri months that English spells in one or two ways only; it has many for Sha'ban, Rabi al-Awwal, Dhu al-Hijjah.
SPELT_ALIKE = frozenset({1, 7, 9, 10})
CONJUNCTIONS = frozenset(["and", "و"])
ARTICLES = frozenset(["a", "an"])
CENTURY = frozenset("القرن قرن للقرن بالقرن".split())
# What multiplies a number before it, where the other side may write the product: 3 عقود, "30 years".
MULTIPLES = {10: "عقد عقدا عقود decade decades", 12: "دزينه dozen", 100: "قرن قرنا قرون century centuries"}
# The same for fractions of it: نصف ساعة, "30 minutes".
SPANS = {12: "عام سنه year", 60: "ساعه hour"}
# Between the ends of a range; the scale of the second counts for both: 5 to 7 million.
RANGE = frozenset("- – — to or and و أو او إلى الى".split())
# Written at the end of digits: "$5bn" may be 5 and must be able to be 5,000,000,000.
SUFFIXES = {"k": 10**3, "m": 10**6, "mn": 10**6, "mln": 10**6, "b": 10**9, "bn": 10**9, "tn": 10**12, "trn": 10**12}


@cache
def _lexicon() -> dict[str, _Word]:
    """Every word with a value, Arabic ones with every prefix. About 6,000 entries, made on first use."""
    lexicon: dict[str, _Word] = {}
    for word, entry in _arabic_words():
        for prefix in AR_PREFIXES:
            if entry.role in {"month", "dual"} and prefix.endswith("ال"):
                continue  # they have no article: الأب is the father, not August
            lexicon.setdefault(prefix + word, entry._replace(joined=prefix.startswith("و")))
            if prefix.endswith("لال") and entry.role != "month":  # li + al is written لل
                lexicon.setdefault(prefix.removesuffix("لال") + "لل" + word, entry._replace(joined=prefix.startswith("و")))
    lexicon.update(_arabic_words())  # a bare word wins over a prefixed one: واحد is one, not و + احد
    for word in AR_NO_NUMBER.split():
        lexicon.pop(word, None)
    for clash in ("الاثنين", "والاثنين"):  # Monday
        lexicon.pop(clash, None)
    lexicon.update(_english_words())
    lexicon.update(_words("percent", PERCENT_HINTS))
    lexicon.update((word, _Word("percent", Decimal(1))) for word in PERCENT)
    return lexicon


@cache
def _noticed() -> frozenset[str]:
    """Words, in lower case, that may have to do with a number; all others are passed over fast."""
    months = {prefix + first for first in AR_TWO_WORD_MONTHS for prefix in ("", *"وبلكف")}
    return frozenset(_lexicon()) | months | CONJUNCTIONS | ARTICLES | {"of"} | {numeral.lower() for numeral in _roman()}


def _arabic_words() -> Iterator[tuple[str, _Word]]:
    yield from _words("unit", AR_UNITS)
    yield from _words("ten", {10: "عشر عشره عشرا"})
    yield from _words("tens", AR_TENS)
    yield from _words("hundreds", {100: AR_HUNDRED, 200: AR_TWO_HUNDRED})
    joined = {value: [unit + hundred for unit in units.split() for hundred in AR_HUNDRED.split()] for value, units in AR_HUNDREDS.items()}
    yield from _words("hundreds", {value: " ".join(words) for value, words in joined.items()})
    yield from _words("scale", AR_SCALES)
    yield from _words("scales", AR_PLURAL_SCALES)
    yield from _words("dual", AR_DUAL_SCALES)
    yield from _words("ordinal", AR_ORDINALS)
    yield from _words("fraction", AR_FRACTIONS)
    yield from _words("fractions", AR_PLURAL_FRACTIONS)
    yield from _words("decade", {value: f"{stem}يات {stem}ات {stem}ي {stem}يه" for value, stem in AR_DECADES.items()})
    yield from _words("hint", AR_HINTS)
    yield from _words("month", dict(enumerate(AR_MONTHS, 1)))
    yield from _words("hijri", AR_HIJRI)


def _english_words() -> Iterator[tuple[str, _Word]]:
    yield from _words("unit", dict(enumerate(EN_UNITS.split())))
    yield from _words("teen", dict(enumerate(EN_TEENS.split(), 11)))
    yield from _words("tens", {10 * i: word for i, word in enumerate(EN_TENS.split(), 2)})
    yield from _words("hundred", {100: "hundred"})
    yield from _words("scale", EN_SCALES)
    yield from _words("ordinal", dict(enumerate(f"{EN_ORDINALS} {EN_TEEN_ORDINALS}".split(), 1)))
    yield from _words("ordinal", {10 * i: word for i, word in enumerate(EN_TENS_ORDINALS.split(), 2)})
    yield from _words("fraction", EN_FRACTIONS)
    yield from _words("fractions", EN_PLURAL_FRACTIONS)
    yield from _words("decade", {10 * i: word for i, word in enumerate(EN_DECADES.split(), 2)})
    yield from _words("hint", EN_HINTS)
    yield from _words("multiple", MULTIPLES)
    yield from _words("span", SPANS)
    yield from _words("month", dict(enumerate(EN_MONTHS, 1)))
    yield from _words("hijri", EN_HIJRI)


@cache
def _roman() -> dict[str, Decimal]:
    """II to XXXIX and the single V and X, as in "Benedict XVI"."""
    ones = ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
    return {"X" * (n // 10) + ones[n % 10]: Decimal(n) for n in range(2, 40)}


def _words(role: Role, spellings: Mapping[int, str] | Mapping[Decimal, str]) -> Iterator[tuple[str, _Word]]:
    for value, words in spellings.items():
        for word in words.split():
            yield word, _Word(role, Decimal(value), word in EVERYDAY_MONTHS)


# ---------------------------------------------------------------------------------------------------
# Tokens

# Marks inside of digits, by which pieces are told apart.
SPACES = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
MARK = re.compile(rf"[.,:\N{{ARABIC COMMA}}{SPACES}]")
# "1 234 567" and "12 000,5", or digits with marks inside ("1,234.5", "9:30", "3.2.1"), or a word, or %.
TOKEN = re.compile(
    rf"(?<![\d.,:])\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?:[.,]\d{{1,2}})?(?![\d:]|[.,]\d)"
    rf"|\d+(?:[.,:\N{{ARABIC COMMA}}]\d+)*|[^\W\d_]+|%"
)
# "14/5/2024", "2024-05-14"
DATE = re.compile(r"(?<![\d/-])\d{1,4}([/-])\d{1,2}\1\d{1,4}(?![\d/-])")
# "https://un.org/2024/05", "a.b@un.org": numbers inside are no statement.
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"»”،]+|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}")
# After the number of a list item.
LIST_MARK = re.compile(r"\s?[-\N{EN DASH}).](?!\S)")
RANGE_MARKS = frozenset("- / \N{EN DASH}".split())
# Letters of an Arabic prefix before digits, as in وال20.
MAX_PREFIX = 4
# Longer digits are compared by their beginning: exact arithmetic on 100,000 digits would take minutes.
MAX_DIGITS = 40


@cache
def _fold() -> dict[int, str]:
    """Character to character, so that places in the text stay: vowel signs become tatweel, invisible marks a space."""
    table = {0x064B + i: TATWEEL for i in range(8)} | {0x0670: TATWEEL}
    table |= {0x0660 + i: str(i) for i in range(10)} | {0x06F0 + i: str(i) for i in range(10)}
    table |= {0x200B + i: " " for i in range(5)} | {0x202A + i: " " for i in range(5)} | {0x2066 + i: " " for i in range(4)} | {0xFEFF: " "}
    table |= dict.fromkeys(map(ord, "أإآٱ"), "ا") | {ord("ة"): "ه", ord("ى"): "ي", ord("ی"): "ي", ord("ک"): "ك"}
    return table | {0x066A: "%", 0x066B: ".", 0x066C: ",", 0x2011: "-", 0x2010: "-"}


@dataclass(frozen=True, slots=True)
class _Token:
    """A word or digits with a value.

    also: values beyond the first, which nothing is built upon.
    close: nothing stands between it and the number token before but spaces, hyphens, "and", "a".
    joined: "and" stands before it or is part of it.
    """

    start: int
    end: int
    role: Role
    values: tuple[Decimal, ...]
    parts: frozenset[Decimal] = frozenset()
    also: frozenset[Decimal] = frozenset()
    close: bool = False
    joined: bool = False
    firm: bool = True
    english: bool = False


class _Scanner:
    """Finds the words and digits with a value in one text."""

    def __init__(self, text: str) -> None:
        folded = without_addresses(text.translate(_fold()))
        matches = list(TOKEN.finditer(folded))
        self.text = folded
        self.spans = [match.span() for match in matches]
        self.words = [match[0].replace(TATWEEL, "") for match in matches]
        self.digits = [folded[start].isdecimal() for start, _ in self.spans]
        self.dates = {match.start(): match.end() for match in DATE.finditer(folded)}

    def tokens(self) -> Iterator[_Token]:
        """In order."""
        noticed = _noticed()
        place, following, close, joined, role = 0, 0, False, False, ""
        for i, written in enumerate(self.words):
            word = written.lower()
            start, end = self.spans[i]
            if start < place or not (self.digits[i] or word in noticed):
                continue
            if i != following:
                close = joined = False
            close = close and self._is_close(place, i)
            place, following = end, i + 1
            if word in CONJUNCTIONS:
                joined = True
                continue
            if word in ARTICLES or (word == "of" and role == "fraction"):
                continue
            token = self._token(i, close=close, joined=joined)
            if token:
                yield token
                place = token.end
                while following < len(self.spans) and self.spans[following][0] < place:
                    following += 1
            close, joined, role = token is not None, False, token.role if token else ""

    def _is_close(self, place: int, i: int) -> bool:
        """Only space, or a hyphen before a word, parts raw token i from the one that ended at `place`."""
        gap = self.text[place : self.spans[i][0]]
        return not gap.strip() or (gap == "-" and not self.digits[i])

    def _token(self, i: int, *, close: bool, joined: bool) -> _Token | None:
        if self.digits[i]:
            return self._date(i) or self._from_digits(i, close=close, joined=joined)
        return self._two_word_month(i) or self._from_word(i, close=close, joined=joined)

    def _date(self, i: int) -> _Token | None:
        start = self.spans[i][0]
        if start not in self.dates:
            return None
        end = self.dates[start]
        return _Token(start, end, "date", (), frozenset(map(Decimal, re.split("[/-]", self.text[start:end]))))

    def _two_word_month(self, i: int) -> _Token | None:
        """كانون الثاني, with or without a prefix on the first word."""
        months = AR_TWO_WORD_MONTHS.get(self.words[i]) or AR_TWO_WORD_MONTHS.get(self.words[i][1:])
        if not months or i + 1 == len(self.words) or self.words[i + 1] not in months:
            return None
        role, value = months[self.words[i + 1]]
        return _Token(self.spans[i][0], self.spans[i + 1][1], role, (Decimal(value),), firm=role == "month")

    def _from_digits(self, i: int, *, close: bool, joined: bool) -> _Token:
        start, end = self.spans[i]
        values, parts = _digit_values(self.words[i])
        also = {value * scale for scale in self._suffix(i) for value in values}
        before = self.words[i - 1] if i else ""
        gap = self.text[self.spans[i - 1][1] : start] if i else ""
        if gap in RANGE_MARKS and len(before) == 4 and end - start == 2 and self.digits[i - 1]:  # 2010-11
            also |= {value + Decimal(before) // 100 * 100 for value in values}
        if self._follows(i + 1, end) and self.words[i + 1] == "s":  # the 1990s, the 90s
            also = {value % 100 if value > 100 else value + 1900 for value in values if value < 10_000}
        glued = before and not gap and (before.isascii() or len(before) > MAX_PREFIX)  # G20, H1N1; a footnote mark
        firm = not glued and not (i == 0 and LIST_MARK.match(self.text, end))
        return _Token(start, end, "digits", values, parts, frozenset(also), close=close, joined=joined, firm=firm)

    def _follows(self, i: int, end: int) -> bool:
        """Raw token i exists and starts at `end`, with no space between."""
        return i < len(self.spans) and self.spans[i][0] == end

    def _suffix(self, i: int) -> list[int]:
        """The scale that "bn" or "m" after digits stands for, if any; with a space between only where nothing else is meant."""
        end = self.spans[i][1]
        suffix = self.words[i + 1].lower() if i + 1 < len(self.words) else ""
        near = self._follows(i + 1, end) or (len(suffix) > 1 and self._follows(i + 1, end + 1))
        return [SUFFIXES[suffix]] if near and suffix in SUFFIXES else []

    def _from_word(self, i: int, *, close: bool, joined: bool) -> _Token | None:
        start, end = self.spans[i]
        written = self.words[i]
        word = _lexicon().get(written.lower())
        if word is None:
            return _Token(start, end, "hint", (_roman()[written],)) if written in _roman() else None
        before = self.words[i - 1].lower() if i else ""
        english = written.isascii()
        if english and word.role == "month" and (written.islower() or (written.isupper() and len(written) < 5)):
            return None  # modal may; DEC, MAR
        if word.role == "percent" or (word.role == "hundreds" and before == "في" and written.startswith("الم")):
            certain = word.role != "percent" or written.lower() in PERCENT or (before == "per" and written == "cent")
            return _Token(start, end, "percent", (Decimal(1),), firm=certain)
        also: frozenset[Decimal] = frozenset()
        if english and word.role == "ordinal":
            also = frozenset({1 / word.value})  # a third of them
        elif word.role in {"scale", "fraction"} and written.endswith("ا"):
            also = frozenset({2 * word.value})  # ألفا شخص, ثلثا السكان: a dual written like the accusative of one
        is_name = english and i > 0 and written[0].isupper() and word.role != "month"  # Six Flags
        firm = not self._is_century_of_decade(i) and not is_name and not (also and before in {"a", "one"})
        if word.role == "hijri":
            firm = word.value in SPELT_ALIKE and self._beside_digits(i)
        elif word.everyday:
            firm = self._beside_digits(i) or before in EVIDENCE
        joined = joined or word.joined
        return _Token(start, end, word.role, (word.value,), also=also, close=close, joined=joined, firm=firm, english=english)

    def _is_century_of_decade(self, i: int) -> bool:
        """سبعينيات القرن العشرين, which is "the 1970s": the century need not be said."""
        if i < 2 or self.words[i - 1] not in CENTURY:
            return False
        lexicon = _lexicon()
        before = range(max(0, i - 3), i - 1)
        return any(self.digits[k] or (self.words[k] in lexicon and lexicon[self.words[k]].role == "decade") for k in before)

    def _beside_digits(self, i: int) -> bool:
        return any(self.digits[max(0, i - 1) : i + 2])


def _digit_values(written: str) -> tuple[tuple[Decimal, ...], frozenset[Decimal]]:
    """What digits with marks inside may mean, and the numbers that together stand for them.

    >>> _digit_values("4.500")[0], _digit_values("1.234,5")[0], _digit_values("12 000")[0]
    ((Decimal('4.500'), Decimal('4500')), (Decimal('1234.5'),), (Decimal('12000'),))
    >>> [float(value) for value in _digit_values("9:30")[0]]
    [9.5, 21.5, 9.3, 930.0]
    """
    pieces = [piece[:MAX_DIGITS] for piece in MARK.split(written)]
    numbers = [Decimal(piece) for piece in pieces]
    if len(pieces) == 1:
        return (numbers[0],), frozenset()
    parts = frozenset(numbers) - {Decimal(0)} or frozenset(numbers)
    marks = MARK.findall(written)
    if ":" in marks:
        is_clock = len(pieces) == 2 and len(pieces[1]) == 2 and numbers[0] <= 24 and numbers[1] < 60
        return (_clock(*numbers) if is_clock else ()), parts
    values = []
    if marks[-1] not in SPACES and marks[-1] not in marks[:-1] and len(set(marks[:-1])) <= 1 and _is_grouped(pieces[:-1]):
        values.append(Decimal("".join(pieces[:-1]) + "." + pieces[-1]))
    if len(set(marks)) == 1 and _is_grouped(pieces):
        values.append(Decimal("".join(pieces)))
    return tuple(values), (frozenset() if values and (marks == ["."] or len(marks) > 1) else parts)


def _is_grouped(pieces: Sequence[str]) -> bool:
    """Thousands may be parted here: 1 to 3 digits, then 3 each. One piece alone always fits."""
    first, *rest = pieces
    return not rest or (len(first) <= 3 and first[0] != "0" and all(len(piece) == 3 for piece in rest))


def _clock(hour: Decimal, minute: Decimal) -> tuple[Decimal, ...]:
    """A time as hours, by the clock of 24 and of 12, and as it reads when written 9.30 or 0930."""
    time = hour + minute / 60
    return time, time - 12 if hour > 12 else time + 12, hour + minute / 100, hour * 100 + minute


# ---------------------------------------------------------------------------------------------------
# From tokens to numbers


@dataclass(slots=True)
class _Run:
    """A number while it is read: the finished scales (`total`) and what stands below the next one (`group`)."""

    start: int
    end: int
    kind: Kind
    last: Role
    total: tuple[Decimal, ...] = ()
    group: tuple[Decimal, ...] = ()
    scale: Decimal = Decimal(1)
    parts: frozenset[Decimal] = frozenset()
    also: set[Decimal] = field(default_factory=set)
    firm: bool = True
    total_end: int = 0
    group_start: int = 0

    def values(self) -> tuple[Decimal, ...]:
        """What the words so far come to."""
        if self.total and self.group:
            return tuple(t + g for t in self.total for g in self.group)
        return self.total or self.group

    def number(self, text: str) -> Number:
        """The finished number."""
        values = frozenset(self.values()) | self.also
        return Number(text[self.start : self.end], self.kind, values, self.parts, self.firm and _is_firm(self.kind, self.values()))

    def take(self, token: _Token) -> bool:
        """Add the next token; False if it starts another number."""
        before = self.group
        if not token.close or self.kind in {"date", "month", "hijri", "percent", "hint"} or not self._added(token):
            return False
        if self.group and not before:
            self.group_start = token.start
        if not self.group:
            self.total_end = token.end
        self.end, self.last = token.end, token.role
        if token.role == "ordinal":
            self.kind = "ordinal"
        return True

    def split(self) -> _Run:
        """Give up the group, as a number of its own: 340 مليون و500 [مليون] are two."""
        group = _Run(self.group_start, self.end, self.kind, self.last, group=self.group)
        self.group, self.end, self.parts = (), self.total_end, frozenset()
        return group

    def _added(self, token: _Token) -> bool:
        value = token.values[0] if token.values else Decimal(0)
        match token.role:
            case "digits":  # 3 ملايين و500
                if not self.total or self.group or not token.joined or not all(v < self.scale for v in token.values):
                    return False
                self.parts = frozenset(self.total + token.values)
                self.group = token.values
                return True
            case "unit" | "ordinal" | "teen" | "tens" | "ten" | "hundreds" | "hundred":
                return self._added_below_thousand(token, int(value))
            case "scale" | "scales" | "dual":
                return self._added_scale(token, value)
            case "fraction" if token.joined:
                if self.group:
                    self.group = tuple(g + value for g in self.group)
                else:
                    self.total = tuple(t + value * self.scale for t in self.total)
                return True
            case "fractions" if self.group and self.last == "unit":
                self.group = tuple(g * value for g in self.group)
                self.kind = "fraction"
                return True
            case "multiple" | "span":
                self.also |= {v * value for v in self.values()}
                return True
        return False

    def _added_below_thousand(self, token: _Token, value: int) -> bool:
        if not self.group:
            if not (token.joined or token.english) or value >= self.scale:
                return False
            self.group = (Decimal(value),)
            return True
        so_far = int(self.group[0])
        if token.role == "hundred":
            fits, factor = so_far < 100 and self.last != "hundred", 100
        elif token.role == "hundreds":  # ثلاث مئة
            fits, factor = value == 100 and 3 <= so_far <= 9 and self.last == "unit" and not token.joined, 100
        elif self.last == "digits":
            return False
        else:
            fits, factor = _may_follow(so_far, token, value), 1
        if fits:
            self.group = tuple(g * factor for g in self.group) if factor > 1 else (Decimal(so_far + value),)
        return fits

    def _added_scale(self, token: _Token, value: Decimal) -> bool:
        if token.role == "dual":  # مليار ومليونان
            if self.group or not token.joined or value >= self.scale:
                return False
            self.total = tuple(t + value for t in self.total)
            self.scale = value / 2
        elif self.group:
            if self.total and value >= self.scale:
                return False
            scaled = tuple(g * value for g in self.group)
            if self.parts and self.total:
                self.parts = frozenset(self.total + scaled)
            self.total = tuple(t + s for t in self.total for s in scaled) if self.total else scaled
            self.group, self.scale, self.kind = (), value, "word" if self.kind == "fraction" else self.kind
        elif self.last == "fraction":  # مليونان ونصف المليون
            return value == self.scale
        elif token.joined and value < self.scale:
            self.total = tuple(t + value for t in self.total)
            self.scale = value
        elif not token.joined and value > self.scale:  # ألف مليار
            self.total = tuple(t * value for t in self.total)
            self.scale = value
        else:
            return False
        return True


def _may_follow(so_far: int, token: _Token, value: int) -> bool:
    """A word below a hundred goes on with a group: "two hundred (and) five", "twenty-five", خمسة عشر, خمسة وعشرون."""
    if so_far >= 100 and so_far % 100 == 0:
        return token.joined or token.english
    tens, ones = so_far % 100 // 10, so_far % 10
    if token.english:
        return value < 10 and tens >= 2 and ones == 0 and not token.joined
    if token.role == "ten":
        return tens == 0 and ones > 0 and not token.joined
    return token.role == "tens" and tens == 0 and ones > 0 and token.joined


def _runs(tokens: Iterable[_Token]) -> list[_Run]:
    runs: list[_Run] = []
    open_run = False
    for token in tokens:
        if open_run and runs[-1].take(token):
            continue
        if open_run and token.close and token.role in {"scale", "scales"} and runs[-1].total and runs[-1].group:
            runs.append(runs[-1].split())
            if runs[-1].take(token):
                continue
        if runs and token.role == "fraction" and token.joined:  # أربعة أيام ونصف
            last = runs[-1]
            last.also |= {value + token.values[0] * scale for value in last.values() for scale in {Decimal(1), last.scale}}
        started = _start(token)
        open_run = started is not None
        if started:
            runs.append(started)
    return runs


def _start(token: _Token) -> _Run | None:
    """A number that begins with this token; None where the word means nothing alone ("thousands", "thirds")."""
    kind: Kind = "word"
    match token.role:
        case "digits" | "ordinal" | "fraction" | "date" | "month" | "hijri" | "percent" | "hint" as same:
            kind = same
        case "multiple":
            kind = "hint"
        case "scales" | "fractions" | "span":
            return None
    run = _Run(token.start, token.end, kind, token.role, group=token.values, parts=token.parts, also=set(token.also), firm=token.firm)
    value = token.values[0] if token.values else Decimal(0)
    run.total_end, run.group_start = token.end, token.start
    if token.role in {"scale", "dual"}:
        run.total, run.group, run.scale = token.values, (), value / 2 if token.role == "dual" else value
    if token.role == "decade":
        run.also = {value + 1900}
    if token.role == "fraction" and token.joined:  # عام ونصف is 1.5
        run.also = {1 + value, 2 + value}
    return run


def _is_firm(kind: Kind, values: Sequence[Decimal]) -> bool:
    least = min(values, default=Decimal(3))
    if kind == "fraction":
        return least > HALF
    if kind == "digits":
        return least > 0
    return kind in {"date", "month", "hijri", "percent"} or (kind in {"word", "ordinal"} and least > 2 and least not in {100, 1000})
