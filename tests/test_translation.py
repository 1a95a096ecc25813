"""Batches, order, decoding again, and which attempt is kept."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt import segmentation
from mt.config import Config
from mt.data import Hypothesis, Segment, Translation
from mt.translation import batches, translate
from tests.fakes import FakeEngine, fake_pipeline, plain_english

SOURCE = "وصل وزير الخارجية إلى العاصمة صباح اليوم لإجراء محادثات مع نظيره حول الأزمة."
GOOD = "The foreign minister arrived in the capital this morning for talks with his counterpart on the crisis."
LOOP = "The minister " + "of the minister " * 30


def run(texts: list[str], engine: FakeEngine, config: Config | None = None) -> list[Translation]:
    pairs = list(translate([Segment(text) for text in texts], engine, config or Config()))
    assert sorted(i for i, _ in pairs) == list(range(len(texts)))
    return [translation for _, translation in sorted(pairs, key=lambda pair: pair[0])]


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(1, 120))
def test_batches_hold_every_index_once_within_the_budget(lengths: list[int], budget: int) -> None:
    groups = list(batches(lengths, budget))
    assert sorted(i for group in groups for i in group) == list(range(len(lengths)))
    for group in groups:
        assert len(group) == 1 or max(lengths[i] for i in group) * len(group) <= budget
    longest = [max(lengths[i] for i in group) for group in groups]
    assert longest == sorted(longest, reverse=True)


def test_order_number_and_text_do_not_depend_on_the_batch_size() -> None:
    texts = [f"خبر رقم {n} " + "كلمة " * (n % 7) for n in range(40)]
    expected = [plain_english(text) for text in texts]
    for batch_tokens in (16, 100, 10_000):
        config = Config.model_validate({"batching": {"batch_tokens": batch_tokens}, "text": {"normalise": []}})
        assert [t.text for t in run(texts, FakeEngine(), config)] == expected


def test_the_same_source_is_generated_once() -> None:
    engine = FakeEngine()
    translations = run([SOURCE, "نعم", SOURCE, SOURCE], engine, Config.model_validate({"check": {"retry": False}}))
    assert sum(len(sources) for sources, _ in engine.generated) == 2
    assert len({t.text for t in translations}) == 2


@pytest.mark.parametrize(
    ("text", "english"),
    [("١٩٩٥", "1995"), ("؟!", "?!"), ("***", "***"), ("", ""), ("NATO (KFOR)", "NATO (KFOR)"), ("٣٫٥٪", "3.5%"), ("🙂", "🙂")],
)
def test_text_without_arabic_letters_is_copied_without_the_model(text: str, english: str) -> None:
    engine = FakeEngine()
    [translation] = run([text], engine)
    assert (translation.text, translation.obtained, translation.flags) == (english, "copied", frozenset())
    assert not engine.generated


def second_try(better: str) -> Callable[[str], str]:
    """A loop at first, something else from then on."""
    seen: set[str] = set()

    def write(source: str) -> str:
        if source in seen:
            return better
        seen.add(source)
        return LOOP

    return write


def test_a_doubtful_segment_is_decoded_again_and_the_better_attempt_kept() -> None:
    engine = FakeEngine(second_try(GOOD))
    [translation] = run([SOURCE], engine)
    assert (translation.text, translation.obtained, translation.flags) == (GOOD, "decoded_again", frozenset())
    assert len(engine.generated) == 2
    assert engine.generated[1][1].beam_size == 4


def test_what_remains_doubtful_is_flagged_not_hidden() -> None:
    [translation] = run([SOURCE], FakeEngine(lambda _: LOOP))
    assert "repetition" in translation.flags
    assert translation.text


def test_the_first_attempt_is_kept_when_no_other_is_better() -> None:
    engine = FakeEngine(second_try(""))
    [translation] = run([SOURCE], engine)
    assert (translation.text, translation.obtained) == (LOOP, "model")


def test_a_clean_segment_is_not_decoded_again() -> None:
    engine = FakeEngine(lambda _: GOOD)
    run([SOURCE], engine)
    assert len(engine.generated) == 1


def test_retry_can_be_switched_off() -> None:
    engine = FakeEngine(lambda _: LOOP)
    [translation] = run([SOURCE], engine, Config.model_validate({"check": {"retry": False}}))
    assert len(engine.generated) == 1
    assert "repetition" in translation.flags


def test_the_last_resort_is_clause_by_clause() -> None:
    def write(source: str) -> Hypothesis:
        long = len(source.split()) > 8
        return Hypothesis(LOOP if long else plain_english(source), -0.5, 10)

    engine = FakeEngine(write)
    text = "قال الوزير إن المحادثات تسير بشكل جيد، مضيفا أن الاتفاق سيوقع قريبا في العاصمة."
    [translation] = run([text], engine)
    assert translation.obtained == "decoded_again"
    assert "repetition" not in translation.flags
    pieces = engine.generated[-1][0]
    assert len(pieces) > 1
    assert " ".join(pieces).split() == segmentation_words(text, engine)


def segmentation_words(text: str, engine: FakeEngine) -> list[str]:
    """The words that the model saw of the whole text."""
    assert segmentation.split(text)[0].text == text
    return engine.generated[0][0][0].split()


def test_lines_that_a_model_adds_to_one_line_are_cut_off() -> None:
    [translation] = fake_pipeline(lambda source: "Population\nSummary").translate("السكان").translations
    assert translation.text == "Population"


def test_lines_of_a_source_of_several_stay() -> None:
    config = Config.model_validate({"text": {"normalise": []}, "check": {"retry": False}})
    engine = FakeEngine(lambda source: "First.\nSecond." if "\n" in source else "One.")
    [(_, translated)] = translate([Segment("أولا.\nثانيا.")], engine, config)
    assert translated.text == "First.\nSecond."
