"""The one path: nothing lost, nothing reordered, batches across documents, summaries that point home."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mt
from mt.config import Config
from mt.data import Block, Document
from mt.errors import ConfigError, InputError
from tests.fakes import FakeEngine, fake_pipeline, plain_english

SEED = (Path(__file__).parent.parent / "seeds" / "nato-hague-summit.txt").read_text(encoding="utf-8")
TWO = "عنوان الخبر\n\nوصل الوفد إلى العاصمة. وغادر بعد ساعتين.\n\nانتهى الاجتماع.\n"


def test_blocks_keep_their_white_space_and_sentences_get_one_space() -> None:
    result = fake_pipeline().translate(TWO)
    lines = result.text.split("\n")
    assert [bool(line) for line in lines] == [True, False, True, False, True, False]
    assert "  " not in result.text


def test_every_line_of_the_seed_article_comes_out() -> None:
    result = fake_pipeline().translate(SEED)
    assert len(result.text.splitlines()) == len(SEED.splitlines())
    assert [bool(line) for line in result.text.splitlines()] == [bool(line.strip()) for line in SEED.splitlines()]
    for block, kind in zip(result.document.blocks[:3], ["title", "byline", "paragraph"], strict=True):
        assert block.kind == kind


@given(st.text(alphabet="ابتثجحد ء٠٣.،؟!\n\r\t \"'()-«»aZ9\N{ARABIC TATWEEL}\N{RIGHT-TO-LEFT MARK}\N{GRINNING FACE}", max_size=200))
@settings(deadline=None, max_examples=200)
def test_no_text_is_lost_between_source_and_segments(text: str) -> None:
    pipe = fake_pipeline()
    try:
        result = pipe.translate(text)
    except InputError:
        assert not set(text) & set("ابتثجحدء")
        return
    by_block: dict[int, str] = {}
    for t in result.translations:
        by_block[t.segment.block] = by_block.get(t.segment.block, "") + t.segment.text + t.segment.tail
    rebuilt = "".join(by_block.get(i, "") + block.tail for i, block in enumerate(result.document.blocks))
    assert rebuilt == text


def test_over_long_sentences_are_split_to_fit_the_model() -> None:
    engine_limit = 50
    text = "كلمة " * 400 + "."
    pipe = fake_pipeline()
    result = pipe.translate(text)
    assert len(result.translations) >= 400 / engine_limit
    assert result.text.lower().replace(".", "").split() == ["klma"] * 400


def test_run_gives_results_in_order_with_batches_across_documents() -> None:
    pipe = fake_pipeline()
    texts = [f"خبر قصير رقم {n}." for n in range(30)]
    results = list(pipe.run(texts))
    assert [r.text for r in results] == [plain_english(text) for text in texts]
    assert isinstance(pipe.engine, FakeEngine)
    assert len(pipe.engine.generated) == 1


def test_run_holds_a_window_not_the_stream() -> None:
    pipe = fake_pipeline(config=Config.model_validate({"batching": {"window": 4}}))
    taken = 0

    def stream() -> Iterator[str]:
        nonlocal taken
        for n in range(1000):
            taken += 1
            yield f"خبر رقم {n}."

    results = pipe.run(stream())
    next(results)
    assert taken <= 5


def test_run_gives_what_came_before_a_bad_document() -> None:
    results = fake_pipeline().run(["خبر أول.", "only English", "خبر ثالث."])
    assert next(results).text == plain_english("خبر أول.")
    with pytest.raises(InputError):
        next(results)


def test_progress_counts_every_segment_once() -> None:
    calls: list[tuple[int, int]] = []
    list(fake_pipeline().run([TWO, TWO], progress=lambda done, known: calls.append((done, known))))
    assert [done for done, _ in calls] == list(range(1, len(calls) + 1))
    assert calls[-1][0] == calls[-1][1]


def test_watch_ends_with_what_translate_gives() -> None:
    steps = list(fake_pipeline().watch(TWO, summary=1))
    assert [s.stage for s in steps[-2:]] == ["summarising", "done"]
    assert all(s.result is None for s in steps[:-1])
    assert steps[-1].result == fake_pipeline().translate(TWO, summary=1)
    assert [s.done for s in steps[:-2]] == list(range(len(steps) - 2))


def test_a_consumer_that_stops_watching_stops_the_work() -> None:
    pipe = fake_pipeline(config=Config.model_validate({"batching": {"batch_tokens": 16}}))
    watch = pipe.watch("\n".join(f"خبر طويل بعض الشيء عن موضوع رقم {n}." for n in range(50)))
    next(watch)
    next(watch)
    watch.close()  # type: ignore[attr-defined]
    assert isinstance(pipe.engine, FakeEngine)
    assert len(pipe.engine.generated) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), (" \n\t ", "is empty"), ("No Arabic here.", "has no Arabic"), ("Привет, мир", "has no Arabic")],
)
def test_nothing_to_translate_is_said(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        fake_pipeline().translate(text)


def test_the_document_is_named_when_it_is_bad() -> None:
    with pytest.raises(InputError, match="news/7.txt"):
        fake_pipeline().translate(Document((Block("English"),), id="news/7.txt"))


def test_summary_sentences_point_to_segments_of_the_body() -> None:
    result = fake_pipeline().translate(SEED, summary=3)
    assert result.summary is not None
    assert 1 <= len(result.summary.sentences) <= 3
    for sentence in result.summary.sentences:
        assert sentence.sources
        for i in sentence.sources:
            assert result.document.blocks[result.translations[i].segment.block].kind not in {"title", "byline"}
        assert sentence.text == result.translations[sentence.sources[0]].text
    assert result.summary.headline


def test_arabic_summaries_are_sentences_of_the_source() -> None:
    summary = fake_pipeline().summarize(SEED, sentences=2, language="ar")
    assert summary.language == "ar"
    assert all(sentence.text in SEED for sentence in summary.sentences)


def test_a_wrong_summary_option_is_named() -> None:
    with pytest.raises(ConfigError, match="sentences: .*got 0"):
        fake_pipeline().summarize(SEED, sentences=0)


def test_signature_says_what_changed() -> None:
    plain = fake_pipeline().signature
    assert plain == f"model:fake|engine:none|beam:1|lp:1.0|norm:default|mt:{mt.__version__}"
    config = Config.model_validate(
        {
            "decoding": {"beam_size": 4, "no_repeat_ngram_size": 3, "repetition_penalty": 1.2, "max_new_tokens": 9},
            "text": {"normalise": ["digits"], "segment": "block"},
            "check": {"retry": False},
        }
    )
    assert fake_pipeline(config=config).signature == (
        f"model:fake|engine:none|beam:4|lp:1.0|ngram:3|rp:1.2|max:9|norm:digits|seg:block|retry:off|mt:{mt.__version__}"
    )


def test_the_same_input_gives_the_same_result() -> None:
    pipe = fake_pipeline()
    assert pipe.translate(SEED, summary=3) == pipe.translate(SEED, summary=3)
