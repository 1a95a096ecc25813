"""Text that nobody would send to a translator, until somebody does: nothing crashes, nothing is lost, doubt is said."""

from collections.abc import Callable
from functools import cache

import pytest

from mt.data import Hypothesis, Result
from mt.formats import SUMMARY_WRITERS, WRITERS
from tests.fakes import fake_pipeline, plain_english

SENTENCE = "وصل الوفد إلى عمان في المساء."
LRE, RLO, PDF, RLM, BOM = (
    "\N{LEFT-TO-RIGHT EMBEDDING}",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{POP DIRECTIONAL FORMATTING}",
    "\N{RIGHT-TO-LEFT MARK}",
    "\N{ZERO WIDTH NO-BREAK SPACE}",
)
TEXTS: dict[str, str] = {
    "mixed languages": "قال Angela Merkel إن الـ EU ستدعم Украина و中国 و Ελλάδα هذا العام.",
    "code in the text": "شغّل `pip install mt` ثم <b>افتح</b> https://example.org/a?b=1&c=%20 و{0} و%s.",
    "emoji": "فاز الفريق 🎉🎉 وفرح الجميع 👩\N{ZERO WIDTH JOINER}🚀👍🏽 🇯🇴!",
    "only emoji": "🎉🎉🎉",
    "control characters": "وصل\x00 الوفد\x07 إلى\x1b[31m عمان\x7f.",
    "direction characters": f"{RLM}وصل{LRE}NATO{PDF} {RLO}الوفد{PDF}{RLM}.",
    "byte order marks inside": f"{BOM}وصل الوفد.{BOM}\n{BOM}غادر.",
    "one line of 100,000 characters": (SENTENCE + " ") * (100_000 // (len(SENTENCE) + 1)),
    "one sentence of 100,000 characters": "وصل الوفد إلى عمان " * (100_000 // 19),
    "one word of 100,000 characters": "م" * 100_000,
    "one word 10,000 times": "لا " * 10_000,
    "only numbers": "١٢٣ 456 ٧٫٥٪\n2024",
    "only punctuation": "؟! ،؛ ... «»\n---",
    "full vowelling": "وَصَلَ الْوَفْدُ إِلَى عَمَّانَ فِي الْمَسَاءِ، وَقَالَ الوَزِيرُ إِنَّ الْمُحَادَثَاتِ بَدَأَتْ.",
    "only vowel signs": "\N{ARABIC FATHA}\N{ARABIC SHADDA}\N{ARABIC KASRA}",
    "tatweel": "وصـــــــل الوفــــــــد.",
    "presentation forms": "ﻭﺻﻞ ﺍﻟﻮﻓﺪ ﷺ.",
    "Egyptian": "إزيك يا عم، عامل إيه؟ مش عايز حاجة دلوقتي.",
    "Moroccan": "واش كاين شي حاجة؟ بزاف ديال الناس جاو اليوم.",
    "Persian": "رئیس جمهور گفت که کشور برای مذاکرات آماده است و گفتگوها آغاز شده است.",
    "Urdu": "وزیر اعظم نے کہا کہ ملک مذاکرات کے لیے تیار ہے اور بات چیت شروع ہو گئی ہے۔",
    "line ends of every kind": "وصل الوفد.\r\nغادر الوفد.\rعاد الوفد.\n\n\n\N{LINE SEPARATOR}بقي الوفد.\x85\x0b\x0c",
    "white space around": f" \n\t\N{NO-BREAK SPACE}{SENTENCE}\N{IDEOGRAPHIC SPACE}\n ",
    "combining marks": "و" + "\N{COMBINING ACUTE ACCENT}" * 500 + "صل الوفد.",
    "beyond the basic plane": "وصل 𞸀𞸁 الوفد 𝐍𝐀𝐓𝐎 .",
    "unpaired surrogate": "وصل \ud83d الوفد.",
    "one letter": "و",
    "brackets without end": "(((((«««[[[ وصل الوفد",
    "thousand short lines": "نعم\n" * 1000,
}


def kept(result: Result) -> str:
    """The source, put together from the segments and the white space after blocks."""
    blocks = ["" for _ in result.document.blocks]
    for translation in result.translations:
        blocks[translation.segment.block] += translation.segment.text + translation.segment.tail
    return "".join(text + block.tail for text, block in zip(blocks, result.document.blocks, strict=True))


@cache
def translated(name: str) -> Result:
    """By an engine that refuses whatever is longer than it takes."""
    return fake_pipeline().translate(TEXTS[name], summary=2)


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_is_lost(name: str) -> None:
    result = translated(name)
    assert kept(result) == TEXTS[name]
    for translation in result.translations:
        assert translation.text or not translation.segment.text or translation.flags


@pytest.mark.parametrize("name", TEXTS)
def test_every_writer_can_write_it(name: str) -> None:
    for writer in [*WRITERS.values(), *SUMMARY_WRITERS.values()]:
        assert writer.write(translated(name)).endswith("\n")


@pytest.mark.parametrize("name", ["one sentence of 100,000 characters", "one word 10,000 times"])
def test_what_is_too_long_for_the_model_goes_in_pieces(name: str) -> None:
    assert len(translated(name).translations) > 100


@pytest.mark.parametrize("name", ["Persian", "Urdu"])
def test_other_languages_in_arabic_script_are_doubted(name: str) -> None:
    assert all("source_language" in translation.flags for translation in translated(name).translations)


@pytest.mark.parametrize("name", ["only numbers", "only punctuation", "only emoji"])
def test_what_has_no_words_is_copied(name: str) -> None:
    translations = translated(name).translations
    assert {translation.obtained for translation in translations} == {"copied"}
    assert all(translation.text for translation in translations if translation.segment.text)


@pytest.mark.parametrize(
    ("what", "write", "flag"),
    [
        ("says nothing", lambda source: "", "empty"),
        ("loops", lambda source: "He said that " * 30, "repetition"),
        ("answers in Arabic", lambda source: source, "untranslated"),
        ("stops early", lambda source: Hypothesis("The delegation arrived in Amman in the", -0.5, 8, truncated=True), "truncated"),
        ("says one word", lambda source: "Yes.", "too_short"),
        ("never ends", lambda source: plain_english(source) + " And then he went on to talk of many other things" * 3 + ".", "too_long"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_model_that_fails_is_doubted(what: str, write: Callable[[str], str | Hypothesis], flag: str) -> None:
    source = "وصل الوفد إلى عمان في المساء وقال الوزير إن المحادثات بدأت في قاعة كبيرة قرب النهر بحضور السفراء جميعا."
    (translation,) = fake_pipeline(write).translate(source).translations
    assert flag in translation.flags
