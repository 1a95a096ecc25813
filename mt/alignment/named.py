"""Names that one side has and the other lacks, by the lexicon and by their sound: Guterres must come from غوتيريش.

`mt.names` knows only the names of its table; this finds invented ones too.
"""

from __future__ import annotations

import re
from itertools import pairwise

from mt.alignment.aligner import POSSESSIVE, Evidence, evidence
from mt.alignment.lexicon import lexicon
from mt.alignment.transliteration import similarity
from mt.alignment.units import ARABIC_LETTER

BACKED = 0.01  # probability of a counterpart from which a name is there
MEANT = 0.1  # probability of a counterpart from which the sound of a word says nothing
ALIKE = 0.45  # similarity from which a name may be there: spellings vary, and a false doubt costs more than a missed one
ITSELF = 0.8  # similarity of a word and its usual translation from which it is a name
ADJECTIVE = ("ي", "ية", "يون", "يين")
"""How adjectives of states end, which English often puts in another way: بريطاني."""
NO_NAME = ("able", "ible", "ial", "ical", "ous", "ing", "hood", "ery", "tion", "ian", "ians", "ean", "eans", "ic", "man")
"""How words of titles and adjectives of states end, which translators put in many ways."""
SHORTEST = 4  # letters of a name; shorter ones sound like anything
NAME = re.compile(r"[A-Z][^\W\d_]*[a-z][^\W_]*")
"""`Guterres`, `McDonald`; not `UN`."""
OPENS = re.compile(r"(?:^|[.!?:;\"«“‘(\[*•…–—-]|^\s*-)\s*$")
"""What stands before a word that any word would begin with a capital after."""


def invented(source: str, english: str) -> list[str]:
    """Names in English that nothing in the Arabic means or sounds like.

    >>> invented("التقى الرئيس وزير خارجية فرنسا", "The president met Guterres, the French foreign minister")
    ['Guterres']
    """
    found = evidence(source, english)
    if not found.forward.size:
        return []
    best = found.backward.max(0)
    heard = _heard(found)
    return [
        word
        for unit, backing in zip(found.target.units, best.tolist(), strict=True)
        if backing <= BACKED
        and NAME.fullmatch(word := _bare(found.target.words[unit.word]))
        and len(word) >= SHORTEST
        and not word.endswith(NO_NAME)
        and not OPENS.search(english[: found.target.spans[unit.word].start])
        and lexicon().is_name(unit.key)
        and all(similarity(ours, word) < ALIKE for ours in heard)
    ]


def lost(source: str, english: str) -> list[str]:
    """Words of Arabic that are names by the lexicon, and that nothing in the English means or sounds like.

    >>> lost("عاد الوفد إلى سراييفو", "The delegation returned home")
    ['سراييفو']
    """
    found = evidence(source, english)
    if not found.forward.size:
        return []
    best = found.forward.max(1)
    plain = [_bare(word) for word in found.target.words if len(word) > 2]
    return [
        found.source.words[unit.word]
        for unit, backing in zip(found.source.units, best.tolist(), strict=True)
        if backing <= BACKED
        and len(unit.key) >= SHORTEST
        and ARABIC_LETTER.match(unit.key)
        and "+" not in unit.key
        and not unit.key.endswith(ADJECTIVE)
        and unit.key in lexicon().arabic
        and (meaning := lexicon().meaning(unit.key))
        and lexicon().is_name(meaning)
        and similarity(unit.key, meaning) >= ITSELF
        and all(similarity(unit.key, word) < ALIKE for word in plain)
    ]


def _heard(found: Evidence) -> list[str]:
    """Words of the source that no English word means, in all forms that a name may have: whole, without clitics, two together."""
    words = [word.removeprefix("ال") for word in found.source.words]
    best = found.forward.max(1).tolist()
    meant = {unit.word for unit, value in zip(found.source.units, best, strict=True) if value >= MEANT and "+" not in unit.key}
    stems = [unit.key for unit in found.source.units if "+" not in unit.key and unit.word not in meant]
    alone = [word for i, word in enumerate(words) if i not in meant]
    joined = [one + other for i, (one, other) in enumerate(pairwise(words)) if not {i, i + 1} <= meant]
    return [*dict.fromkeys([*alone, *stems, *joined])]


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(POSSESSIVE) else word
