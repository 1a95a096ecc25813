"""The starter glossary from the corpora: institutions, acronyms, titles, names, states, months and currencies, checked against them.

    python -m tests.bench.starter_terms --shared DIR > mt/glossary/starter.tsv

An entry comes in by what its English is about, and goes out where people translate it otherwise: of the sentences of
DIR/corpora that have its Arabic, a share of `AGREED` must have its English. What was found wrong on reading the list through
stands in `UNWANTED`.
"""

from __future__ import annotations

import argparse
import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from mt import arabic
from mt.glossary import Glossary, Term, problems
from mt.glossary.arabic_side import folded_words
from mt.glossary.english_side import bare, pattern

BODIES = re.compile(
    r"\b(?:ministry|council|organi[sz]ation|union|committee|court|tribunal|bank|party|movement|front|forces?|army|agency|authority|"
    r"commission|fund|league|association|federation|university|office|programme|parliament|assembly|conference|summit|treaty|"
    r"agreement|convention|pact|initiative|strait|sea|gulf|canal|airport|corps|guards?|brigades?|institute|cent(?:re|er)|foundation|"
    r"society|crescent|cross|congress|senate|house|service|department|mission|alliance|cup|olympics|championship|exchange|"
    r"company|corporation|palace|mosque|crossing|accords?|charter|community|quartet|peninsula|ocean|heights|bureau|forum|index|"
    r"police|navy|air force|republic|kingdom|emirates|states|protocol|statute|declaration|dialogue|syndicate|syndrome|virus|"
    r"chamber|academy|observatory|coalition|group|network|platform|museum|library|hospital|borders|press|command|gas|crude)\b",
    re.IGNORECASE,
)
TITLES = re.compile(
    r"\b(?:minister|president|spokes(?:man|woman|person)|envoy|ambassador|secretary|commander|chief|governor|king|prince|"
    r"director|head of|speaker|chairman|commissioner|rapporteur|coordinator|judge|prosecutor|mufti|patriarch|pope|chancellor|"
    r"adviser|representative|consul|field marshal|lieutenant|brigadier|colonel|rabbi)\b",
    re.IGNORECASE,
)
NAME = re.compile(r"(?:(?:al|el|Al|El)-)?[A-Z][\w'’-]+(?: (?:(?:al|el|Al|El|bin|bint|von|van|de|da)[ -])?[A-Z][\w'’-]+){1,2}")
"""`Antonio Guterres`, `Kassem al-Basri`"""
UNFIT = re.compile(
    r"\b(?:an?|and|his|her|its|their|that|according|announced|said|quoted|reported|called|chaired|criticizing|citing|demanding|upheld|"
    r"acquitted|decided|ruled|signed|took|taking|threatening|under|unless|shortly|such|toppled|became|become|accused|welcomed|"
    r"passed|dispersed|arrested|overturned|appeared|appealed|returned|resorted|accepted|summoned|stormed|claimed|told|six|two|three|"
    r"election of|conviction of|complaint|anticipation|belonging|on the|in the|in order|in implementation|as|at|to|with|had|calling|"
    r"(?:Minister|President|Secretary|-General|King|Marshal|Crown Prince) [A-Z][\w-]+|late|like|loan|fire|defendants|capital|"
    r"dissolving|declared|outcomes|test for|first|lines?|semi-official|agency SANA|chairman of the|state-run|rights group|soccer|"
    r"paramilitary)\b"
)
"""English of clauses and of what changes with an election."""
CLINGS = re.compile(r"(?:و(?!زا?ر|كال|كيل|لي|عد|ثيق|قف|ادي|اغادوغو)|ف(?:ال|ا?لل)|ك(?:ال|وزير)|بال|لل)")
"""Arabic that starts with a conjunction or preposition."""
BRACKET = re.compile(r"\s*\(([^)]*)\)")
OTHER = re.compile(r"[\d,;:!?\"“”/]|'s\b")
ACRONYM = re.compile(r"[A-Z]{2,}\w*")
SPELLINGS = (
    ("U.N. ", "United Nations "),
    ("United Nations ", "U.N. "),
    ("U.S. ", "American "),
    ("U.S. ", "US "),
    ("Organisation", "Organization"),
    ("Organization", "Organisation"),
    ("Programme", "Program"),
    ("Defence", "Defense"),
    ("Labour", "Labor"),
    ("Centre", "Center"),
)
MONTHS = "January February March April May June July August September October November December".split()
LEVANTINE = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول".split("|")
MAGHREBI = "جانفي|فيفري||أفريل||جوان|جويلية|أوت||||".split("|")
ACRONYMS = {
    "الناتو": "NATO", "اليونسكو": "UNESCO", "اليونيسف": "UNICEF", "الأونروا": "UNRWA", "أوبك": "OPEC", "أوبك بلس": "OPEC+",
    "الإنتربول": "Interpol", "اليوروبول": "Europol", "الفيفا": "FIFA", "اليويفا": "UEFA", "ناسا": "NASA", "اليونيفيل": "UNIFIL",
    "المينورسو": "MINURSO", "الإيسيسكو": "ICESCO", "الألكسو": "ALECSO", "بريكس": "BRICS", "أنسا": "ANSA", "نافتا": "NAFTA",
    "السي آي إيه": "CIA", "الموساد": "Mossad", "الشاباك": "Shin Bet", "الكرملين": "Kremlin", "البنتاغون": "Pentagon",
    "الكنيست": "Knesset", "البوندستاغ": "Bundestag", "الدوما": "Duma", "الكونغرس": "Congress", "الاتحاد الأوروبي": "European Union",
    "الأمم المتحدة": "United Nations", "مجلس الأمن": "Security Council", "جامعة الدول العربية": "Arab League",
    "الاتحاد الأفريقي": "African Union", "حلف شمال الأطلسي": "NATO", "الإسكوا": "ESCWA", "أرامكو": "Aramco", "أدنوك": "ADNOC",
    "مجموعة السبع": "G7", "مجموعة العشرين": "G20", "بي بي سي": "BBC", "سي إن إن": "CNN", "رويترز": "Reuters", "فرانس برس": "AFP",
    "بلومبرغ": "Bloomberg", "الجزيرة نت": "Al Jazeera", "الحشد الشعبي": "Popular Mobilisation Forces", "البيشمركة": "peshmerga",
    "جبهة النصرة": "Nusra Front", "بوكو حرام": "Boko Haram", "جبهة البوليساريو": "Polisario Front", "حزب العمال الكردستاني": "PKK",
}  # fmt: skip
"""The first letters or the usual short name, which the corpora often write in full."""
ACCEPTED = {
    "NATO": ("North Atlantic*",), "G7": ("Group of Seven",), "G20": ("Group of 20",), "Arab League": ("League of Arab States",),
    "United Nations": ("U.N.",), "European Union": ("EU",), "African Union": ("AU",), "PKK": ("Kurdistan Workers*",),
    "Popular Mobilisation Forces": ("Popular Mobili*", "PMF", "Hashd*"), "Nusra Front": ("al-Nusra*",),
    "AFP": ("Agence France*",),
    "Polisario Front": ("Polisario*",), "United Kingdom": ("Brit*", "UK", "U.K."), "Ivory Coast": ("Ivor*", "Côte*", "Cote*"),
    "Burkina Faso": ("Burkin*",), "Sanaa": ("Sana*",), "Congress": ("congress*",),
}  # fmt: skip
STATES, CURRENCIES = (26, 300), (1020, 1260)
"""Lines of lexical/cldr that hold them."""
OLD_MONEY = re.compile(
    r"convertible|financial|gold|test|unknown|day\)|offshore|hard|\bXBC|unit|guinea-|soviet|rhodes|german|french|belgian|italian|dutch|"
    r"spanish|greek|portug|finn|irish|slov|luxem|maltese|malian|cypriot|esto|latvian|lithu|croat|surinamese guild|timor|swazi|"
    r"são|mvdol|bolivian peso|syli|talon|burmese|moroccan franc|malagasy franc|israeli pound|tajikistani ruble|yemeni dinar|cuban conv",
    re.IGNORECASE,
)
AMBIGUOUS = frozenset(
    "بنين بيرو نيوي بالاو توغو تونغا مالي تشاد غانا جيرسي غوام كوبا عمان السلفادور دومينيكا أوروبا المغرب تونس الأردن".split()
) - frozenset("تشاد غانا كوبا الأردن".split())
"""States whose Arabic is another word too: sons, well, sunset, a writing of Amman."""
UNWANTED = frozenset(
    (
        "الجزيرة نت|سونا|المدعي العام|رئيس جهاز الأمن العام|بنك أهداف|إعلان المجاعة|احتيال مصرفي|حكم قضائي|قلب الدفاع|"
        "ضم الضفة الغربية|المرجعية الدينية|الهلال النفطي|زورق مسير|شبكة أنفاق|فحص الكشف عن الفيروس|اتفاق إطاري|محكمة خاصة|حقل غاز|"
        "قمة ثلاثية|قمة افتراضية|دور المجموعات|مستشفى ميداني|ارتفاع مستوى سطح البحر|قوات الاحتلال|الفيروس|محكمة ابتدائية|"
        "حركة الشباب المجاهدين|تبادل وجهات النظر|الأمير وليام|شيكل إسرائيلي جديد|حقوق السحب الخاصة|اكويل جونينا غينيا الاستوائيّة|"
        "رييال كمبودي|فرنك سي إف بي|سوم قيرغستاني|كيب لاوسي|دينار مقدوني|دونغ جون|قانون قيصر|الخط الأزرق|الإطار التنسيقي|"
        "محمد مصطفى|محمد البشير|محمد صلاح|فؤاد حسين|إبراهيم تراوري|كريم خان|جورجيا|خوسيه|صوفيا|بيرو|عمان|المغرب|حلب|مالطا|قطر|"
        "حماس|هنية|تموز|أوت|مارس|الحديدة|الموصل|سيناء"
    ).split("|")
)
"""Found wrong on reading: words of other meanings (قطر is a diameter, حماس zeal), names of several people, loose English."""
AGREED, AGREED_NAMES = 0.6, 0.8
SEEN = 3
"""Sentences from which agreement counts; a name must be seen once at least."""
MOST_WORDS = 6


def candidates(shared: Path) -> Iterator[Term]:
    """What may become an entry; `note` says what it is."""
    yield from _written()
    yield from _known_names()
    for source, english in _pairs(shared / "corpora/written/phrases.tsv.gz"):
        yield from _of_phrase(source, bare(english))
    for number, (source, english) in enumerate(_pairs(shared / "corpora/lexical/cldr.tsv.gz"), 1):
        yield from _of_cldr(number, source, english.replace(" & ", " and ").replace("St. ", "Saint "))


def _written() -> Iterator[Term]:
    for source, target in ACRONYMS.items():
        yield Term(source, target, "acronym", accepted=ACCEPTED.get(target, ()))
    for names in (LEVANTINE, MAGHREBI):
        for source, target in zip(names, MONTHS, strict=True):
            if len(source) > 3:
                yield Term(source, target, "month")


def _known_names() -> Iterator[Term]:
    """The table of well-known names: states, towns, regions, bodies; not its people, who are known by one name there."""
    for line in files("mt").joinpath("names.tsv").read_text(encoding="utf-8").partition("# People")[0].splitlines():
        if not line.startswith("#"):
            english, spellings = line.split("\t")
            target, *others = english.split("|")
            accepted = dict.fromkeys(f"{word}*" for word in (bare(target), *others) if len(word) > 2)
            for source in spellings.split("|"):
                yield Term(source, bare(target), "name", accepted=(*accepted, *(word for word in others if len(word) <= 2)))


def _of_phrase(source: str, english: str) -> Iterator[Term]:
    short = BRACKET.search(source)
    acronyms = tuple(found for found in BRACKET.findall(english) if ACRONYM.fullmatch(found))
    plain, target = BRACKET.sub("", source).strip(), BRACKET.sub("", english).strip()
    if UNFIT.search(target) or CLINGS.match(plain) or not _is_term(plain, target):
        return
    kind = "title" if TITLES.search(target) else "body" if acronyms or BODIES.search(target) else "person" if NAME.fullmatch(target) else ""
    if kind:
        spelt = tuple(target.replace(one, other) for one, other in SPELLINGS if one in target)
        yield Term(plain, target, kind, accepted=(*acronyms, *spelt))
    if short and acronyms and len(short[1]) > 3:
        yield Term(short[1], acronyms[0], "acronym", accepted=(target,))


def _of_cldr(number: int, source: str, english: str) -> Iterator[Term]:
    if not _is_term(source, english) or BRACKET.search(source + english):
        return
    if english in MONTHS:
        yield Term(source, english, "month")
    elif STATES[0] <= number <= STATES[1] and source not in AMBIGUOUS:
        yield Term(
            source, english, "state", accepted=(f"{english[:-1] if english[-1] in 'aeoy' else english}*",) if " " not in english else ()
        )
    elif CURRENCIES[0] <= number <= CURRENCIES[1] and " " in english and not OLD_MONEY.search(english):
        *nation, unit = english.split()
        yield Term(source, " ".join([*nation, unit.lower()]), "currency", accepted=(f"{unit.lower()}*",))


def _is_term(source: str, target: str) -> bool:
    words = source.split()
    fits = 1 <= len(words) <= MOST_WORDS and 1 <= len(target.split()) <= MOST_WORDS + 1 and len(source) > 3
    return fits and not OTHER.search(source + " " + target) and arabic.has_arabic(source) and not target.endswith(".")


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            source, _, english = line.rstrip("\n").partition("\t")
            yield source.strip(), english.strip()


def agreement(terms: list[Term], shared: Path) -> dict[Term, tuple[int, int]]:
    """Sentences that have the Arabic, and those of them that have the English too."""
    glossary = Glossary(terms)
    seen: Counter[Term] = Counter()
    right: Counter[Term] = Counter()
    for path in [*sorted((shared / "corpora/written").glob("*.gz")), *(shared / "corpora/human").glob("*unpc*.gz")]:
        if path.name.startswith("phrases"):
            continue
        for source, english in _pairs(path):
            for term in {found.term for found in glossary.find(source)}:
                seen[term] += 1
                right[term] += bool(pattern(term).search(english))
    return {term: (seen[term], right[term]) for term in terms}


def unambiguous(terms: Iterator[Term]) -> list[Term]:
    """The first of those with the same Arabic; phrases that have two translations go, unless what comes first is ours."""
    by_source: dict[tuple[str, ...], list[Term]] = {}
    for term in terms:
        by_source.setdefault(folded_words(term.source), []).append(term)
    kept = []
    for first, *others in by_source.values():
        certain = first.note in {"acronym", "name", "month"}
        rivals = {other.target.lower() for other in others if other.note not in {"state"}} - {first.target.lower()}
        if (certain or not rivals) and first.source not in UNWANTED:
            fullest = max((first, *others), key=lambda term: sum(letter in "أإآؤئةى" for letter in term.source))
            kept.append(replace(first, source=fullest.source))
    bad = {problem.place for problem in problems([replace(term, place=str(i)) for i, term in enumerate(kept)])}
    return [term for i, term in enumerate(kept) if str(i) not in bad]


def main() -> None:
    """Print what is left, as TSV; what was dropped on stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    shared = parser.parse_args().shared
    terms = unambiguous(candidates(shared))
    counts = agreement(terms, shared)
    print("source\ttarget\tnote\taccepted")
    kinds: Counter[str] = Counter()
    for term in sorted(terms, key=lambda t: (t.note, t.target.lower(), t.source)):
        seen, right = counts[term]
        least = AGREED_NAMES if term.note == "person" else AGREED
        if (seen >= SEEN and right < least * seen) or (term.note == "person" and not right):
            kinds["dropped"] += 1
            print(f"dropped: {term.source} = {term.target}: {right} of {seen}", file=sys.stderr)
        else:
            kinds[term.note] += 1
            print("\t".join([term.source, term.target, term.note, "|".join(term.accepted)]))
    print(f"{sum(kinds.values()) - kinds['dropped']} terms: {dict(kinds)}", file=sys.stderr)


if __name__ == "__main__":
    main()
