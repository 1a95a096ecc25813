"""Negations of a source that its English lacks: "did not agree" must not become "agreed".

Arabic says "still", "only", "especially" and "must" with a negation too; those ask for none in English.
"""

import re
from collections.abc import Mapping, Sequence

from mt.alignment import Link, words

_START = r"(?<!\w)[وف]?"
STRONG = re.compile("[وف]?(?:لا|لم|لن|ليس|ليست|ليسوا|لست|لسنا|ألا|عدم|بعدم|لعدم|دون|بدون)")
"""What says no. Not `ما`, which mostly means what, nor `غير`, which English joins to its word."""
HARMLESS = re.compile(
    rf"{_START}(?:"
    r"ل[اام] (?:تزال|يزال|يزالون|زال|زالت|يزل|تزل|سيما|بد|شك|محالة|غنى|غرو|سيّما)(?!\w)"  # still, especially, must, no doubt
    r"|(?:لا|لم|لن|ليس|ليست) (?:[\w]+ ){1,12}?(?:إلا|الا|سوى|فقط|فحسب|وحده|وحدها|غير|بعد)(?!\w)"  # only, but
    r"|(?:لا|لم|لن) (?:\w+ )?(?:يقل|تقل|تخل|يخل|يخلو|تخلو|يتوان|يتردد|تتردد)(?!\w)"  # no less than
    r"|ألا وه[وي](?!\w)"  # namely
    r"|دون (?:سن|سنّ|ال\d+|الـ|مستوى|شك|\d)"  # under the age of
    r"|(?:دون|بدون|عدم) (?:طيار|طيارين|انحياز|الانحياز)(?!\w)"  # drones, the Non-Aligned
    r"|[اأ]ق?ل أو )"
)
_SAID = (
    r".*n['\N{RIGHT SINGLE QUOTATION MARK}]t|not?|non|none|never|neither|nor|nothing|nobody|nowhere|cannot|without|hardly|barely|scarcely"
    r"|rarely|seldom|nary"
    r"|yet|until|unless|longer|only|just|except\w*|little|few\w*|less|zero|nil|void|vain|free|away|beyond|under|below|short\w*|against|instead|rather"
    r"|despite|regardless|unlikely|wrong|bad|terrible|difficult\w*|hard|offline|equal\w*"
)
"""Negations, and words that bound or deny."""
_DONE = (
    r"(?:lack|fail|refus|declin|reject|prevent|avoid|stop|ceas|absen|miss|prohibit|forb|exempt|stay|boycott|withh|abst|ignor|neglect)\w*"
    r"|den(?:y|ies|ied|ying|ial)|rul(?:e|es|ed|ing)|ban(?:s|ned|ning)?"
)
"""What people do who do not do something."""
_BUILT = (
    r"un(?!i|der)[a-z]{3,}|non\w{4,}|\w{3,}less(?:ly|ness)?|i(?:r(?:resp|reg|rel|rev)|l(?:leg|lit|log))\w*"
    r"|in(?:suffic|adequa|cap|compl|corr|effect|secur|stab|accur|abil|visib|explic|differ|direct|evit|defin|access|accept|finite|domit)\w*"
    r"|in(?:disting|conclus|consist|decis|toler|just|noc)\w*|im(?:poss|mun|balanc|punit|matur|mob|prop|part|penetr)\w*"
    r"|dis(?:ag|app|reg|mis|sat|con|ob|res|hon|ord|qual|arm)\w*"
)
"""Words with a negation built in."""
ENGLISH = re.compile(f"(?i:{_SAID}|{_DONE}|{_BUILT})")
"""An English word that may stand for a negation, generously: a doubt has to be worth a look."""
NEAR = 4  # words between the English of what is denied and its negation


def missing(source: str, english: str, links: Sequence[Link]) -> list[str]:
    """The negation words of an Arabic text where its English says no such thing near the words that they deny.

    links: those of `mt.alignment.align`.

    >>> from mt.alignment import align
    >>> text = "The minister signed the agreement"
    >>> missing("لم يوقع الوزير الاتفاق", text, align("لم يوقع الوزير الاتفاق", text))
    ['لم']
    """
    found = _negations(source)
    if not found:
        return []
    spoken = [j for j, span in enumerate(words(english)) if ENGLISH.fullmatch(english[span.start : span.end])]
    targets: dict[int, list[int]] = {}
    for link in links:
        targets.setdefault(link.source, []).append(link.target)
    return [word for i, word in found if not _spoken_near(i, targets, spoken)]


def has_negation(source: str) -> bool:
    """Whether English has to show a negation; quicker than `missing`."""
    return bool(_negations(source))


def _negations(source: str) -> list[tuple[int, str]]:
    """Negations that English has to show, with the index of each among the words."""
    places = words(source)
    harmless = [match.span() for match in HARMLESS.finditer(source)]
    return [
        (i, source[span.start : span.end])
        for i, span in enumerate(places)
        if STRONG.fullmatch(source[span.start : span.end]) and not any(start <= span.start < end for start, end in harmless)
    ]


def _spoken_near(negation: int, targets: Mapping[int, Sequence[int]], spoken: Sequence[int]) -> bool:
    """Whether an English negation stands near the English of what follows the Arabic one; anywhere, where that is not known."""
    places = [j for i in range(negation, negation + 3) for j in targets.get(i, ())]
    if not places:
        return bool(spoken)
    return any(min(places) - NEAR <= j <= max(places) + NEAR for j in spoken)
