"""Well-known names: found through what clings to them, and missed only where the English lacks them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.names import _folded, _table, missing


@pytest.mark.parametrize(
    ("source", "english", "lacks"),
    [
        # there, in one of the ways in which English has it
        ("وصل الوفد إلى الكويت", "The delegation arrived in Kuwait.", []),
        ("أعلنت حكومة الكويت", "The Kuwaiti government announced", []),
        ("القاهرة - من مراسلنا", "CAIRO - from our correspondent", []),
        ("قال مسؤول في واشنطن", "A US official said", []),
        ("مكتب في عمّان بالأردن", "an office in Amman, Jordan", []),
        ("سلطنة عُمان", "the Sultanate of Oman", []),
        ("زيارة سراييفو وكوسوفو", "a visit to Sarajevo and Kosovo", []),
        ("منطقة المحيطين الهندي والهادئ", "the Indo-Pacific region", []),
        ("بعثة الأمم المتحدة في العراق", "the UN mission in Iraq", []),
        ("الرئيس زيلينسكي", "President Volodymyr Zelenskyy", []),
        # no names of the table
        ("القطر الكبير والقوة قاهرة", "the large diameter", []),
        ("ناقش المجلس الأمر", "The council discussed the matter.", []),
        ("", "", []),
        ("NATO", "", []),
        # missing, replaced, misspelt
        ("وصل الوفد إلى الكويت", "The delegation arrived.", [("الكويت", "Kuwait")]),
        ("وعاد للكويت", "and returned to Qatar", [("الكويت", "Kuwait")]),
        ("شمال العراق وبسوريا", "northern Iraq and in Poland", [("سوريا", "Syria")]),
        ("كايا كالاس", "Kaja Kalas", [("كالاس", "Kallas")]),
        ("وزير الخارجية أندري سيبيا", "Foreign Minister Andrii Sypia", [("سيبيا", "Sybiha")]),
        ("بالولايات المتحدة", "Under the rules", [("الولايات المتحدة", "the United States")]),
        ("لليابان وكوريا الجنوبية", "for South Korea", [("اليابان", "Japan")]),
        ("الكويت والكويت", "nothing", [("الكويت", "Kuwait")]),
    ],
)
def test_missing_names(source: str, english: str, lacks: list[tuple[str, str]]) -> None:
    assert missing(source, english) == lacks


def test_every_spelling_is_found_and_satisfied_by_its_own_english() -> None:
    table, _ = _table()
    for spelling, name in table.items():
        assert missing(f"قال و{spelling} أمس", "nothing") != [], spelling
        assert missing(spelling, name.english) == [], spelling


def test_no_spelling_stands_for_two_names() -> None:
    from importlib.resources import files

    lines = [line for line in files("mt").joinpath("names.tsv").read_text("utf8").splitlines() if not line.startswith("#")]
    spellings = [_folded(spelling) for line in lines for spelling in line.split("\t")[1].split("|")]
    assert len(spellings) == len(set(spellings))


@given(st.text() | st.text("الكويتعرقوبسدن مصر"), st.text())
def test_what_is_missing_is_in_the_table(source: str, english: str) -> None:
    table, _ = _table()
    assert all(table[_folded(arabic)].english == name for arabic, name in missing(source, english))
