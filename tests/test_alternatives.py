"""Other readings of a segment: distinct, checked, the best first, from every kind of engine."""

from collections.abc import Sequence

import pytest

from mt.alternatives import alternatives, common, distinct
from mt.config import Config, DecodingOptions
from mt.data import Hypothesis, Segment, Translation
from mt.errors import InputError
from tests.fakes import FakeEngine, fake_pipeline

CONFIG = Config()
SOURCE = Segment("قتل 40 جنديا في هجوم على القاعدة.")


class ListEngine(FakeEngine):
    """Gives the texts it was made with, each a little less likely than the one before."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = texts
        self.asked: list[int] = []

    def several(self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: object = None) -> list[list[Hypothesis]]:
        self.asked.append(count)
        return [[Hypothesis(text, score=-0.1 * i, tokens=8) for i, text in enumerate(self.texts, 1)] for _ in sources]


def texts(found: tuple[Translation, ...]) -> list[str]:
    return [translation.text for translation in found]


def test_the_best_comes_first_and_what_has_faults_last() -> None:
    engine = ListEngine(
        "The base was attacked, killing 14 soldiers.",
        "Forty soldiers were killed in an attack on the base.",
        "An attack on the base killed 40 soldiers.",
    )
    found = alternatives(SOURCE, 3, engine, CONFIG)
    assert texts(found) == [engine.texts[1], engine.texts[2], engine.texts[0]]
    assert found[0].flags == frozenset()
    assert "numbers" in found[2].flags


def test_texts_that_differ_in_a_word_make_room_for_others() -> None:
    near = "Forty soldiers were killed in an attack on the"
    engine = ListEngine(f"{near} base.", f"{near} camp.", f"{near} bases.", "An attack on the base killed 40 soldiers.")
    assert texts(alternatives(SOURCE, 2, engine, CONFIG)) == [engine.texts[0], engine.texts[3]]


def test_the_same_text_comes_once_however_many_are_wanted() -> None:
    engine = ListEngine("Forty were killed.", "Forty were killed.", "forty were  killed.")
    assert texts(alternatives(SOURCE, 5, engine, CONFIG)) == ["Forty were killed."]


def test_an_engine_that_gives_one_hypothesis_is_asked_in_several_ways() -> None:
    engine = FakeEngine()
    assert len(alternatives(SOURCE, 3, engine, CONFIG)) == 1
    assert len({options.beam_size for _, options in engine.generated}) == 3


def test_pipeline_refuses_several_segments() -> None:
    with pytest.raises(InputError, match="alternatives are of one segment, and this text makes 2"):
        fake_pipeline().alternatives("وصل الوفد. ثم غادر الوفد.")


def test_distinct_takes_what_there_is() -> None:
    ranked = [Translation(SOURCE, text) for text in ("a b c d e f", "a b c d e g", "x y z")]
    assert [one.text for one in distinct(ranked, 2)] == ["a b c d e f", "x y z"]
    assert len(distinct(ranked, 9)) == 3


def test_common_of_nothing_is_all() -> None:
    assert common("", "") == 1
