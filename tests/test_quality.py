"""The score without a reference: worse translations score lower, whatever is known of them."""

import pytest

from mt.check import check
from mt.config import Config
from mt.data import Flag, Hypothesis
from mt.pipeline import Pipeline
from mt.quality import score
from mt.reranking import best
from tests.fakes import fake_pipeline
from tests.test_alternatives import ListEngine

SOURCE = "أعلنت وزارة الصحة وفاة عشرة مرضى في المستشفى بسبب انقطاع الكهرباء."
GOOD = "The health ministry announced the death of ten patients in the hospital because of a power cut."
NONE: frozenset[Flag] = frozenset()


def scored(english: str) -> float:
    return score(SOURCE, english, check(SOURCE, Hypothesis(english, score=0.0, tokens=0)))


@pytest.mark.parametrize("worse", [
    "The health ministry announced the death of ten patients.",
    "The ministry of trade welcomed a new agreement on fishing in the northern lakes.",
    GOOD + " " + "The prime minister will visit the town next week with his wife and children.",
    "وفاة عشرة مرضى",
    "",
])  # fmt: skip
def test_a_worse_translation_scores_lower(worse: str) -> None:
    assert scored(worse) < scored(GOOD)


def test_a_surer_model_scores_higher() -> None:
    unsure, usual, sure = (score(SOURCE, GOOD, NONE, certainty) for certainty in (-1.2, None, -0.1))
    assert unsure < usual < sure


@pytest.mark.parametrize(("source", "english"), [("", ""), ("كلمة", ""), ("...", "x"), (SOURCE * 500, GOOD * 500)])
def test_the_score_stays_between_0_and_1(source: str, english: str) -> None:
    assert 0 <= score(source, english, NONE, -9.0) <= score(source, english, NONE, 0.0) <= 1


def test_translations_of_a_model_are_scored_and_copies_are_not() -> None:
    made, copied = fake_pipeline(lambda _: GOOD).translate(f"{SOURCE}\n\n2024").translations
    assert made.quality == pytest.approx(score(SOURCE, GOOD, made.flags, -0.5))
    assert copied.quality is None


def test_the_best_is_like_the_others_and_covers_the_source() -> None:
    near = GOOD.replace("power cut", "power outage")
    texts = ["The ministry announced ten patients.", near, GOOD]
    assert best(SOURCE, [Hypothesis(text, score=-0.4, tokens=20) for text in texts]).text in {near, GOOD}


def test_candidates_are_chosen_among() -> None:
    engine = ListEngine("The ministry announced ten patients.", GOOD, GOOD.replace("power cut", "power outage"))
    config = Config.model_validate({"decoding": {"candidates": 3}, "check": {"retry": False}})
    result = Pipeline(config, engine).translate(SOURCE)
    assert result.text in engine.texts[1:]
    assert engine.asked == [3]
    assert "|best:3|" in result.signature


def test_candidates_of_many_segments_share_batches() -> None:
    engine = ListEngine(GOOD, GOOD.replace("power cut", "power outage"))
    config = Config.model_validate({"decoding": {"candidates": 2}, "check": {"retry": False}})
    result = Pipeline(config, engine).translate("\n\n".join(f"{SOURCE} {n}" for n in "أبت"))
    assert len(result.translations) >= 3
    assert {translation.text for translation in result.translations} <= set(engine.texts)
    assert engine.asked == [2]
