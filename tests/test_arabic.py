"""Rules one by one, all of them together, and which language a text is in."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.arabic import DEFAULT_RULES, RULES, arabic_share, has_arabic, language, normalise
from mt.errors import ConfigError

CASES = Path(__file__).parent / "cases"
RULE_CASES = json.loads((CASES / "arabic_rules.json").read_text("utf8"))
NORMALISE_CASES = json.loads((CASES / "arabic_normalise.json").read_text("utf8"))
LANGUAGE_CASES = json.loads((CASES / "arabic_languages.json").read_text("utf8"))

TEXTS = (
    st.text(
        "ابتكيهوىةأإ"
        "\N{ARABIC LETTER KEHEH}\N{ARABIC LETTER FARSI YEH}\N{ARABIC LETTER HEH GOAL}گ"
        "aB1٣٫٬٪%،.؛:!?؟…-–\"'«»“”() \n\N{NO-BREAK SPACE}"
        "\N{ARABIC FATHA}\N{ARABIC SHADDA}\N{ARABIC HAMZA ABOVE}\N{ARABIC TATWEEL}\N{RIGHT-TO-LEFT MARK}\N{ZERO WIDTH JOINER}"
        "ﻻﺍﷺ😀\ud800\x00"
    )
    | st.text()
)


@pytest.mark.parametrize("case", RULE_CASES, ids=[f"{case['rule']}: {case['why']}" for case in RULE_CASES])
def test_rule_changes_what_it_should(case: dict[str, Any]) -> None:
    assert RULES[case["rule"]](case["before"]) == case["after"]


def test_every_rule_has_a_text_that_it_must_not_change() -> None:
    kept = {case["rule"] for case in RULE_CASES if case["before"] == case["after"]}
    assert kept >= set(RULES) - {"spaces"}


@pytest.mark.parametrize("case", NORMALISE_CASES, ids=[case["name"] for case in NORMALISE_CASES])
def test_normalise_gives(case: dict[str, Any]) -> None:
    assert normalise(case["before"]) == case["after"]


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_normalise_twice_is_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_normalised_text_is_one_encodable_line(text: str) -> None:
    once = normalise(text)
    assert once == " ".join(once.split())
    assert once.encode("utf8").decode("utf8") == once


@given(TEXTS, st.lists(st.sampled_from(sorted(RULES)), max_size=4))
@settings(deadline=None, max_examples=100)
def test_normalise_ends_with_any_rules(text: str, rules: list[str]) -> None:
    once = normalise(text, rules)
    assert normalise(once, rules) == once


@pytest.mark.parametrize(
    "unit",
    [
        "اب",
        "ابُ",
        "\N{ARABIC DAMMA}",
        "\N{ARABIC TATWEEL}",
        "ا",
        "، ",
        " ",
        ".",
        "( ",
        "و ",
        "؟!",
        "\N{ARABIC LETTER KEHEH}",
        "\ufefb",
        "الكتاب ",
    ],
)
def test_normalise_stays_linear_on_repeated(unit: str) -> None:
    """A quadratic rule would need minutes for these."""
    once = normalise(unit * (100_000 // len(unit)))
    assert normalise(once) == once


def test_normalise_without_rules_changes_nothing() -> None:
    assert normalise("قال  ، ثمّ\n", []) == "قال  ، ثمّ\n"


def test_normalise_keeps_to_the_chosen_rules() -> None:
    assert normalise("قال  ٣ ثمّ", ["vowels", "spaces"]) == "قال ٣ ثم"


def test_normalise_names_an_unknown_rule() -> None:
    with pytest.raises(ConfigError, match="unknown text rule 'hamzas'; expected one of invisible, "):
        normalise("قال", ["hamzas"])


def test_default_rules_exist() -> None:
    assert set(DEFAULT_RULES) <= set(RULES)


@pytest.mark.parametrize("case", LANGUAGE_CASES, ids=[f"{case['language']}: {case['text']}" for case in LANGUAGE_CASES])
def test_language_of(case: dict[str, Any]) -> None:
    assert language(case["text"]) == case["language"]


@given(TEXTS)
@settings(deadline=None, max_examples=100)
def test_language_is_none_only_without_letters(text: str) -> None:
    assert 0.0 <= arabic_share(text) <= 1.0
    assert has_arabic(text) == (arabic_share(text) > 0)
    if language(text) == "none":
        assert not has_arabic(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("", 0.0), ("12 !", 0.0), ("abc", 0.0), ("ابج", 1.0), ("اب ab", 0.5), ("اَبٌ ab", 0.5), ("اـــب ab", 0.5), ("ﻻ a", 0.5)],
)
def test_arabic_share_counts_letters(text: str, share: float) -> None:
    assert arabic_share(text) == share
    assert has_arabic(text) == (share > 0)
