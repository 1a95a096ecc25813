"""What looks wrong with one translation: a closed set of flags, each found by one function.

A finder looks at the source as it was typed and at one hypothesis, and gives a sentence that says what it
found, or None. Fluent English proves nothing, so everything here compares with the source or with what
people write; `tests/bench/flag_quality.py` measures how often each flag is right.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Literal

from mt import alignment, arabic, names, negation, numbers
from mt.alignment.coverage import coverage, longest
from mt.alignment.named import invented, lost
from mt.data import Flag, Hypothesis, UsedTerm

EXPLANATIONS: Mapping[Flag, str] = MappingProxyType(
    {
        "empty": "There is no translation.",
        "truncated": "The English stops before its end.",
        "repetition": "The English repeats itself where the source does not.",
        "too_short": "The English is much shorter than translations of such a source are; something may be missing.",
        "too_long": "The English is much longer than translations of such a source are; something may be invented.",
        "untranslated": "Text that is not English was left in the translation.",
        "echo": "The model repeats its prompt or the source, or talks about the translation.",
        "numbers": "A number, date or percentage differs between source and English.",
        "acronyms": "A Latin-letter name, acronym, address or hashtag of the source is missing in the English.",
        "names": "A name of the source is missing in the English or spelt in another way, or the English has one that the source lacks.",
        "negation": "The source denies something; the English does not seem to.",
        "omission": "Nothing in the English seems to stand for some words of the source.",
        "addition": "Nothing in the source seems to stand for some words of the English.",
        "glossary": "A term of the glossary is not as it is to be.",
        "term": "A term of the glossary was put in where the model wrote something else; the words around it may not fit.",
        "memory": "Adapted from the translation of a similar sentence in the memory; compare it.",
        "source_language": "The source does not look like Arabic.",
    }
)
"""Each flag in a sentence for readers."""

# How much worse a translation is for a flag. Nothing readable < garbage < wrong in part; the language of the source is
# not the model's fault. A judgement, not a measurement.
BADNESS: Mapping[Flag, float] = MappingProxyType(
    {
        "empty": 100,
        "echo": 30,
        "repetition": 30,
        "untranslated": 20,
        "truncated": 20,
        "too_short": 10,
        "too_long": 10,
        "numbers": 8,
        "acronyms": 6,
        "names": 6,
        "negation": 8,
        "omission": 7,
        "addition": 5,
        "glossary": 6,
        "term": 1,
        "memory": 1,
        "source_language": 0,
    }
)


def check(source: str, hypothesis: Hypothesis) -> frozenset[Flag]:
    """Give the flags of one translation; none when nothing looks wrong.

    source: the text as it was typed, not as the model saw it.
    Takes time linear in the length of both; some thousand segments a second.

    >>> check("وصل 40 جنديا من قوة KFOR.", Hypothesis("Forty KFOR soldiers arrived.", score=-0.2, tokens=8))
    frozenset()
    >>> sorted(check("وصل 40 جنديا من قوة KFOR.", Hypothesis("Fourteen soldiers arrived.", score=-0.2, tokens=6)))
    ['acronyms', 'numbers']
    """
    wanted: Iterable[Flag] = ("empty", "source_language") if _is_empty(source, hypothesis) else FINDERS
    return frozenset(flag for flag in wanted if FINDERS[flag](source, hypothesis))


def badness(flags: Iterable[Flag]) -> float:
    """Weigh flags to compare attempts at the same source: 0 without flags, more is worse.

    >>> badness({"numbers"}) < badness({"numbers", "acronyms"}) < badness({"repetition"}) < badness({"empty"})
    True
    """
    return sum(BADNESS[flag] for flag in flags)


def explain(source: str, text: str, flags: Iterable[Flag], terms: Sequence[UsedTerm] = ()) -> list[str]:
    """Say in one sentence a flag what is wrong, naming the thing where it is known, the worst first.

    terms: what became of the glossary's terms (`Translation.terms`).

    >>> explain("وصل 40 جنديا", "Fourteen soldiers arrived", {"numbers"})
    ['The source has 40, the English does not; the English has Fourteen, the source does not.']
    """
    hypothesis = Hypothesis(text, score=0.0, tokens=0)
    ordered = sorted(flags, key=lambda flag: (-BADNESS[flag], flag))
    return [_said_of(flag, source, hypothesis, terms) or EXPLANATIONS[flag] for flag in ordered]


def _said_of(flag: Flag, source: str, hypothesis: Hypothesis, terms: Sequence[UsedTerm]) -> str | None:
    if flag in FINDERS:
        return FINDERS[flag](source, hypothesis)
    named = [f"“{term.target}” for {term.source}" for term in terms if term.how in TERM_STATES.get(flag, ())]
    return f"{'The glossary wants' if flag == 'glossary' else 'Put in by word alignment:'} {_named(named)}." if named else None


TERM_STATES: Mapping[Flag, tuple[str, ...]] = MappingProxyType({"glossary": ("missing", "forbidden"), "term": ("repaired",)})


# Things named in one explanation, and characters of each.
MAX_NAMED = 5
MAX_SHOWN = 60


def _named(things: Iterable[str]) -> str:
    shown = [_clipped(thing) for thing in islice(things, MAX_NAMED + 1)]
    return ", ".join(shown[:MAX_NAMED]) + (", ..." if len(shown) > MAX_NAMED else "")


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


# ---------------------------------------------------------------------------------------------------
# Length

# Natural logarithm of the ratio of letters and digits, English to Arabic, beyond which a translation is flagged, as
# limit + slope / sqrt(letters and digits of the source). Fitted so that 1% of 91,602 pairs of good translations lie beyond
# each; on FLORES dev and PUD, which nothing was fitted to, 0.65% and 0.45% do. From tests/bench/length_limits.py.
SHORTEST, SHORTEST_SLOPE = -0.20, -1.1
LONGEST, LONGEST_SLOPE = 0.38, 1.7
# Letters of a source that may be a name only, for which English has an acronym: منظمة الصحة العالمية, "WHO".
MAX_NAME = 40
LETTER_OR_DIGIT = re.compile(rf"[^\W_{numbers.TATWEEL}]+")


def size(text: str) -> int:
    """Letters and digits, without vowel signs and tatweel.

    >>> size("3.5٪ من الـمُدُن")
    9
    """
    return sum(map(len, LETTER_OR_DIGIT.findall(text)))


def _is_empty(source: str, hypothesis: Hypothesis) -> str | None:
    is_empty = LETTER_OR_DIGIT.search(source) and not LETTER_OR_DIGIT.search(hypothesis.text)
    return EXPLANATIONS["empty"] if is_empty else None


def _length_ratio(source: str, hypothesis: Hypothesis) -> tuple[float, int]:
    letters = size(source)
    return math.log(max(size(hypothesis.text), 1) / max(letters, 1)), letters


def _too_short(source: str, hypothesis: Hypothesis) -> str | None:
    ratio, letters = _length_ratio(source, hypothesis)
    short = letters > 0 and ratio < SHORTEST + SHORTEST_SLOPE / math.sqrt(letters)
    short = short and not (letters < MAX_NAME and hypothesis.text.isupper())
    return EXPLANATIONS["too_short"] if short else None


def _too_long(source: str, hypothesis: Hypothesis) -> str | None:
    ratio, letters = _length_ratio(source, hypothesis)
    return EXPLANATIONS["too_long"] if ratio > LONGEST + LONGEST_SLOPE / math.sqrt(max(letters, 1)) else None


# A source that ends with a full stop and English that does not is cut off if it is short as well, or ends with such a word.
# People leave the stop out in 0.4% of FLORES and PUD, seven translation systems in 0.1% of FLORES.
SOURCE_END = re.compile(r"[.!?؟…][\s\"'»”’)\]]*\Z")
ENGLISH_END = re.compile(r"[.!?…:;][\s\"'»”’)\]]*\Z")
# As SHORTEST, for a text that is suspect already: 1 in 4 references of FLORES is shorter.
USUAL_LENGTH = 0.05
OPEN_WORDS = frozenset(
    "a an the of to in on at by for from with and or but that which who as than into its his her their this "
    "is was are were be been has have had will would can could may not before after while when if because".split()
)


def _truncated(source: str, hypothesis: Hypothesis) -> str | None:
    if hypothesis.truncated:
        return EXPLANATIONS["truncated"]
    text = hypothesis.text
    if ENGLISH_END.search(text) or not SOURCE_END.search(source):
        return None
    last = text.split()[-1] if text.split() else ""
    is_open = last.lower() in OPEN_WORDS or last.endswith((",", "-"))
    is_cut = is_open or _length_ratio(source, hypothesis)[0] < USUAL_LENGTH
    return f"The English stops in the middle, at “{_clipped(last)}”." if is_cut else None


# ---------------------------------------------------------------------------------------------------
# Repetition

WORD = re.compile(r"[^\W_]+")
# Marks count as words: "the edge server, the edge server" is good English, "the edge server the edge server" a loop.
WORD_OR_MARK = re.compile(r"[^\W_]+|[^\w\s]")
# Longest repeated phrase looked for, in words and marks.
MAX_PERIOD = 40
# Copies in a row that people do not write, by words of the phrase, 2 for longer ones.
MIN_COPIES = {1: 3, 2: 3, 3: 2}
# "hahahahahahahaha", "!!!!!!!!!!!!": a short piece ten times or more.
STUTTER = re.compile(r"(\S{1,6}?)\1{9}")


def _repetition(source: str, hypothesis: Hypothesis) -> str | None:
    text = hypothesis.text
    words = WORD_OR_MARK.findall(text.lower())
    phrase, copies = _longest_loop(words)
    if phrase and copies > _longest_loop(WORD_OR_MARK.findall(source.replace(numbers.TATWEEL, "")))[1]:
        return f"The English repeats “{_clipped(phrase)}”."
    stutter = STUTTER.search(text)
    return f"The English repeats “{stutter[1]}”." if stutter and not STUTTER.search(source) else None


def _longest_loop(words: Sequence[str]) -> tuple[str, float]:
    """The phrase that comes most often in a row beyond what people write, and its number of copies.

    >>> _longest_loop("he said that he said that he said that it rains".split())
    ('he said that', 3.0)
    >>> _longest_loop("more and more people".split())
    ('', 0.0)
    """
    best = ("", 0.0)
    pairs = list(pairwise(words))
    if len(set(pairs)) == len(pairs):  # a loop says some two words twice
        return best
    for period in sorted(_periods(words)):
        run = 0
        for i in range(period, len(words)):
            run = run + 1 if words[i] == words[i - period] else 0
            copies = run / period + 1
            if copies > best[1] and copies >= MIN_COPIES.get(period, 2):
                best = (" ".join(words[i - period + 1 : i + 1]), copies)
    return best


def _periods(words: Sequence[str]) -> set[int]:
    """Distances at which a word comes back, up to MAX_PERIOD."""
    last: dict[str, int] = {}
    periods = set()
    for i, word in enumerate(words):
        periods.add(i - last.get(word, -MAX_PERIOD))
        last[word] = i
    return {period for period in periods if period <= MAX_PERIOD}


# ---------------------------------------------------------------------------------------------------
# Not a translation


def _untranslated(source: str, hypothesis: Hypothesis) -> str | None:
    text = hypothesis.text
    if text.isascii():
        return None
    foreign = {letter for letter in set(text) if letter > "\N{LATIN SMALL LETTER TURNED A}" and _is_foreign(letter)}
    # A Chinese or Russian word that the source quotes may stay; Arabic may not.
    foreign -= {letter for letter in source if "ARABIC" not in unicodedata.name(letter, "")}
    if not foreign:
        return None
    words = [word for word in text.split() if not foreign.isdisjoint(word)]
    return f"Not English: {_named(words)}."


def _is_foreign(character: str) -> bool:
    """A letter of a script that is neither Latin nor Greek (α and µ are science), or a digit that is not 0 to 9."""
    kind = unicodedata.category(character)
    script = unicodedata.name(character, "").partition(" ")[0]
    return kind in {"Lo", "Lu", "Ll", "Lt", "Nd"} and script not in LATIN_AND_SCIENCE


LATIN_AND_SCIENCE = frozenset("LATIN GREEK MATHEMATICAL DOUBLE-STRUCK SCRIPT BLACK-LETTER FULLWIDTH KELVIN ANGSTROM OHM ALEF".split())

# "Arabic:" or "English translation:" at the start of a line, and what a source says that is rightly translated so.
PROMPT = re.compile(r"^[ \t]{0,8}(?:Arabic|English|Translation)(?: text| translation)? ?:", re.MULTILINE | re.IGNORECASE)
PROMPT_SOURCE = re.compile(r"(?:عربي|ن[جكغ]ليزي|ترجم)\S{0,9} ?:")
# "</s>", "<eos>", "<|im_end|>", "<start_of_turn>".
CONTROL = re.compile(
    r"</?s>|<\|?/?(?:bos|eos|pad|unk|think|start_of_turn|end_of_turn|im_start|im_end|assistant|user|system)\|?>", re.IGNORECASE
)
# "Here is the translation", "Sure, here's the English translation", "The English translation is:", "This translates to".
PREFACE = re.compile(
    r"^\W{0,8}(?:(?:sure|certainly|of course|okay|ok)\b.{0,3})?"
    r"(?:here(?: is|['\N{RIGHT SINGLE QUOTATION MARK}]s) (?:the|your|an?|my)\b.{0,30}\btranslation"
    r"|(?:the |this )?(?:english )?translation (?:of|into|is|reads|would be)\b.{0,60}:"
    r"|(?:this|it) translates (?:to|as)\b|as an ai\b|i (?:cannot|can't|am unable to) (?:translate|assist))",
    re.IGNORECASE,
)
PREFACE_SOURCE = re.compile("ترجم|ترجِم|الذكاء|مساعد")
# Words of the source in a row, in the English, that are no coincidence.
MIN_ECHO = 3


def _echo(source: str, hypothesis: Hypothesis) -> str | None:
    text = hypothesis.text
    control = CONTROL.search(text)
    if control and control[0] not in source:
        return f"The English contains “{control[0]}”, which is meant for the model."
    for pattern, rightly in ((PROMPT, PROMPT_SOURCE), (PREFACE, PREFACE_SOURCE)):
        if (said := pattern.search(text)) and not rightly.search(source):
            return f"The model says “{said[0].strip()}” instead of translating only."
    return "The English repeats the source." if arabic.has_arabic(text) and _shares_words(source, text) else None


def _shares_words(source: str, text: str) -> bool:
    """MIN_ECHO words of the Arabic source, or all of them, stand in the text in a row."""
    words = WORD.findall(arabic.vowels(source))
    length = min(MIN_ECHO, len(words))
    runs = {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
    written = WORD.findall(arabic.vowels(text))
    common = (run for i in range(len(written) - length + 1) if (run := tuple(written[i : i + length])) in runs)
    return any(arabic.has_arabic(" ".join(run)) for run in common)


def _source_language(source: str, hypothesis: Hypothesis) -> str | None:
    language = arabic.language(source)
    if language in NAMES:
        return f"The source looks like {NAMES[language]}, not Arabic."
    if language != "other" or 0 < arabic.arabic_share(source) < MIXED:
        return None
    return EXPLANATIONS["source_language"] if arabic.has_arabic(source) or _is_prose(source) else None


NAMES: Mapping[str, str] = MappingProxyType({"fa": "Persian", "ur": "Urdu"})
# Arabic with many Latin names in it is still Arabic; all in Arabic script and not Arabic is Kurdish, Pashto, ...
MIXED = 0.5


def _is_prose(text: str) -> bool:
    """Words of a language, not just acronyms, a name of one word and addresses."""
    words = [word for word in WORD.findall(numbers.without_addresses(text)) if not word.isdigit()]
    return len(words) > 1 and not all(word.isupper() for word in words)


# ---------------------------------------------------------------------------------------------------
# Numbers and names


def _numbers(source: str, hypothesis: Hypothesis) -> str | None:
    ours, theirs = numbers.read(source), numbers.read(hypothesis.text)
    if not ours and not theirs:
        return None
    missing = numbers.unmatched(ours, theirs)
    added = [number for number in numbers.unmatched(theirs, ours) if not _may_be_added(number)]
    parts = []
    if missing:
        parts.append(f"the source has {_named(n.text for n in missing)}, the English does not")
    if added:
        parts.append(f"the English has {_named(n.text for n in added)}, the source does not")
    return _sentence(parts)


def _sentence(parts: Sequence[str]) -> str | None:
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if parts else None


def _may_be_added(number: numbers.Number) -> bool:
    """One and two: Arabic hides them in the singular and the dual of the noun."""
    return number.kind == "digits" and max(number.values, default=3) <= 2


LATIN = (
    "A-Za-z\N{LATIN CAPITAL LETTER A WITH GRAVE}-\N{LATIN CAPITAL LETTER O WITH DIAERESIS}"
    "\N{LATIN CAPITAL LETTER O WITH STROKE}-\N{LATIN SMALL LETTER O WITH DIAERESIS}"
    "\N{LATIN SMALL LETTER O WITH STROKE}-\N{LATIN SMALL LETTER TURNED A}"
)
# "KFOR", "AT&T", "Wi-Fi", "F-16", "1MDB", "S/2024/5", "@NATO", "#Gaza"; no single small letter.
TOKEN = re.compile(
    rf"[@#]\w+|(?![a-z](?![{LATIN}0-9]))[0-9]{{0,4}}[{LATIN}][{LATIN}0-9]*"
    rf"(?:[-&.'\N{{RIGHT SINGLE QUOTATION MARK}}/][{LATIN}0-9]+)*"
)
HASHTAG = re.compile(r"#\w")


def latin_tokens(source: str) -> list[str]:
    """Addresses, names and acronyms in Latin letters, and hashtags, each once: what an English text has to show too.

    >>> latin_tokens("قالت NATO إن F-16 وصلت، راجع www.un.org")
    ['www.un.org', 'NATO', 'F-16']
    """
    return list(dict.fromkeys([*_addresses(source), *TOKEN.findall(numbers.without_addresses(source))]))


def missing_tokens(source: str, text: str) -> list[str]:
    """Those of `latin_tokens` that the English lacks; one with other capitals, or written together or apart, is there."""
    addresses = _addresses(source)
    squeezed = _squeezed(text)
    there = {_squeezed(word) for word in (*text.split(), *WORD.findall(text))}
    return [
        token
        for token in latin_tokens(source)
        if (token.lower() not in text.lower() if token in addresses else not _is_there(token, there, squeezed))
    ]


def _addresses(source: str) -> list[str]:
    return [address.rstrip(".,:;!?)؟") for address in numbers.addresses(source)]


def _acronyms(source: str, hypothesis: Hypothesis) -> str | None:
    text = hypothesis.text
    missing = missing_tokens(source, text) if latin_tokens(source) else []
    if HASHTAG.search(source) and not HASHTAG.search(text):
        missing = missing or ["#"]
    return f"Missing in the English: {_named(missing)}." if missing else None


def _squeezed(text: str) -> str:
    """Lower-case letters and digits alone, without accents."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
    return "".join(filter(str.isalnum, text.lower()))


def _is_there(word: str, there: set[str], squeezed: str) -> bool:
    """A short one has to be a word of the English, a longer one may be written together or apart there."""
    if not word.isascii() and word.startswith("#"):  # an Arabic hashtag is translated
        return True
    if there.issuperset(map(_squeezed, WORD.findall(word))):
        return True
    key = _squeezed(word)
    return key in there or key + "s" in there or (len(key) >= MIN_INSIDE and key in squeezed)


# Letters from which a name found inside the squeezed English is no coincidence.
MIN_INSIDE = 5


def _missing_names(source: str, hypothesis: Hypothesis) -> str | None:
    found = names.missing(source, hypothesis.text)
    if found:
        return f"The source names {_named(f'{arabic} ({english})' for arabic, english in found)}; the English does not."
    pair = source, hypothesis.text
    if not alignment.is_judged(*pair):
        return None
    parts = []
    if gone := [word for word in lost(*pair) if not names.is_known(word)]:
        parts.append(f"the source names {_named(gone)}, the English does not")
    if new := [word for word in invented(*pair) if not names.stands_for(word, source)]:
        parts.append(f"the English names {_named(new)}, the source does not")
    return _sentence(parts)


# ---------------------------------------------------------------------------------------------------
# What word alignment shows

# Nats that must speak for a stretch of words having no counterpart. Of people's translations of FLORES dev, PUD and the
# articles about 2% exceed each (tests/bench/planted_errors.py says what that finds).
OMISSION, ADDITION = 9.3, 7.8


def _negation(source: str, hypothesis: Hypothesis) -> str | None:
    if not negation.has_negation(source) or not alignment.is_judged(source, hypothesis.text):
        return None
    missing = negation.missing(source, hypothesis.text, coverage(source, hypothesis.text).links)
    return f"The source says {_named(missing)} (not); the English does not seem to." if missing else None


def _omission(source: str, hypothesis: Hypothesis) -> str | None:
    stretch = _without_counterpart(source, hypothesis.text, "source", OMISSION)
    return f"Not in the English, it seems: “{_clipped(stretch)}”." if stretch else None


def _addition(source: str, hypothesis: Hypothesis) -> str | None:
    stretch = _without_counterpart(source, hypothesis.text, "target", ADDITION)
    return f"Not in the source, it seems: “{_clipped(stretch)}”." if stretch else None


def _without_counterpart(source: str, english: str, side: Literal["source", "target"], limit: float) -> str:
    """The words of one side that most surely have no counterpart; an empty text where that is not sure enough."""
    if not alignment.is_judged(source, english):
        return ""
    judged = coverage(source, english)
    stretch = longest(judged.source if side == "source" else judged.target)
    if stretch is None or stretch.doubt < limit:
        return ""
    text = source if side == "source" else english
    spans = alignment.words(text)
    return text[spans[stretch.first].start : spans[stretch.last].end]


FINDERS: Mapping[Flag, Callable[[str, Hypothesis], str | None]] = MappingProxyType(
    {
        "empty": _is_empty,
        "truncated": _truncated,
        "repetition": _repetition,
        "too_short": _too_short,
        "too_long": _too_long,
        "untranslated": _untranslated,
        "echo": _echo,
        "numbers": _numbers,
        "acronyms": _acronyms,
        "names": _missing_names,
        "negation": _negation,
        "omission": _omission,
        "addition": _addition,
        "source_language": _source_language,
    }
)
"""Flag -> what finds it; those that concern glossary and memory are set by `mt.translation`."""
