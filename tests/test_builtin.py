"""The weights that ship, for real: English comes out, from both libraries nearly the same."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mt.config import Config, DecodingOptions, load_config
from mt.data import Hypothesis
from mt.engines import Engine, load_engine
from mt.engines.tokens import load_hub_tokens, load_tokens
from mt.errors import ModelError
from mt.models import locate

BACKENDS = {"transformers": "float32", "ctranslate2": "int8"}
SOURCES = {
    "وصل الرئيس الفرنسي إلى القاهرة يوم الاثنين.": {"French", "Cairo", "Monday"},
    "قالت الشركة إن أرباحها ارتفعت بنسبة 12 في المئة.": {"company", "profits", "12"},
    "أعلنت وزارة الصحة عن افتتاح مستشفى جديد في بغداد.": {"Health", "hospital", "Baghdad"},
}
"""A sentence, and words that a good translation of it can hardly do without."""


def _config(backend: str) -> Config:
    return load_config("builtin", backend=backend, compute_type=BACKENDS[backend])


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    torch.set_num_threads(1)  # on a busy machine threads wait for one another far longer than the work takes
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MT_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="module")
def engines() -> dict[str, Engine]:
    return {backend: load_engine(_config(backend)) for backend in BACKENDS}


@pytest.fixture(scope="module")
def hypotheses(engines: dict[str, Engine]) -> dict[str, list[Hypothesis]]:
    return {backend: engine.generate(list(SOURCES), DecodingOptions()) for backend, engine in engines.items()}


@pytest.mark.parametrize("backend", BACKENDS)
def test_translates_into_english(hypotheses: dict[str, list[Hypothesis]], backend: str) -> None:
    for hypothesis, words in zip(hypotheses[backend], SOURCES.values(), strict=True):
        assert len(words & set(hypothesis.text.replace(".", " ").replace("%", " ").split())) >= 2, hypothesis.text
        assert not hypothesis.truncated
        assert -1.5 < hypothesis.score < 0


def test_int8_scores_are_those_of_float32(hypotheses: dict[str, list[Hypothesis]]) -> None:
    """Rounding weights and activations to 8 bits moves the mean by a few hundredths."""
    ours, theirs = ([h.score for h in hypotheses[backend]] for backend in BACKENDS)
    assert ours == pytest.approx(theirs, abs=0.1)


def test_prompt_for_a_summary(engines: dict[str, Engine]) -> None:
    article = "Officials opened a new bridge over the river on Tuesday. It cost 40 million dollars and took three years to build."
    for engine in engines.values():
        [hypothesis] = engine.generate([article], DecodingOptions(max_new_tokens=40), prompt=_config("ctranslate2").model.summary_prompt)
        assert "bridge" in hypothesis.text


def test_tokenizer_needs_no_transformers() -> None:
    folder = locate(load_config("builtin").model)
    plain, hub = load_tokens(folder), load_hub_tokens(folder)
    texts = [*SOURCES, "Arabic: قال </s> <eos> كـــتاب\nEnglish:", "😀 3.5٪ \N{ZERO WIDTH JOINER} É"]
    assert type(plain) is not type(hub)
    assert plain.encode(texts, around=True) == hub.encode(texts, around=True)
    assert plain.special == hub.special


def test_ctranslate2_runs_without_importing_torch(engines: dict[str, Engine]) -> None:
    code = (
        "import sys; from mt.config import DecodingOptions, load_config; from mt.engines import load_engine;"
        "engine = load_engine(load_config('builtin', backend='ctranslate2', compute_type='int8'));"
        "assert engine.generate(['مرحبا'], DecodingOptions(max_new_tokens=3))[0].text;"
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_source_beyond_the_limit_is_refused(engines: dict[str, Engine]) -> None:
    with pytest.raises(ModelError, match="the model takes"):
        engines["ctranslate2"].generate(["كلمة " * 2000], DecodingOptions())
