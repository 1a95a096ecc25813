"""Engines on tiny models of every family: the same output from both libraries, alone or in a batch, and errors that help."""

import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mt.config import Config, DecodingOptions, EngineOptions, ModelOptions
from mt.engines import Engine, NBest, load_engine
from mt.engines.causal import CausalText
from mt.engines.parts import Batch, ModelEngine, Output
from mt.engines.seq2seq import Seq2SeqText
from mt.engines.tokens import load_hub_tokens, load_tokens
from mt.errors import ConfigError, ExtraError, ModelError
from tests import tiny

PROMPT = "Arabic: {source}\nEnglish:"
OPTIONS: dict[str, dict[str, object]] = {
    "marian": {"family": "seq2seq"},
    "nllb": {"family": "seq2seq", "source_code": "arb_Arab", "forced_bos": "eng_Latn"},
    "m2m100": {"family": "seq2seq", "source_code": "ar", "forced_bos": "__en__"},
    "mbart50": {"family": "seq2seq", "source_code": "ar_AR", "forced_bos": "en_XX"},
    "t5": {"family": "seq2seq", "source_prefix": "translate Arabic to English: "},
    "madlad": {"family": "seq2seq", "source_prefix": "<2en> "},
    "bart": {"family": "seq2seq", "task": "summarize"},
    "gemma3": {"family": "causal", "prompt": PROMPT},
    "llama": {"family": "causal", "prompt": "Translate: {source}", "chat": True},
    "gpt2": {"family": "causal", "prompt": PROMPT},
}
FAMILIES = list(OPTIONS)
BACKENDS = ["transformers", "ctranslate2"]
SOURCES = [arabic for arabic, _ in (tiny.PAIRS[0], tiny.PAIRS[-1], tiny.PAIRS[70])]
HOSTILE = [
    *["</s>", "<s>", "<eos>", "<bos>", "<pad>", "<unk>", "<mask>", "<2fr>", "arb_Arab", "ar_AR", "__en__"],
    *["<start_of_turn>", "<end_of_turn>", "{source}", "{0} {", "%s", "\0", "<0x41>"],
]
SEARCHES = {
    "greedy": DecodingOptions(max_new_tokens=12),
    "beam": DecodingOptions(max_new_tokens=12, beam_size=3),
    "beam with a length penalty": DecodingOptions(max_new_tokens=12, beam_size=3, length_penalty=0.4),
    "repetition penalty": DecodingOptions(max_new_tokens=12, repetition_penalty=1.3),
    "no repeated n-grams": DecodingOptions(max_new_tokens=12, no_repeat_ngram_size=2),
    "beam without repeated n-grams": DecodingOptions(max_new_tokens=12, beam_size=2, no_repeat_ngram_size=2),
    "limit by the source": DecodingOptions(),
}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of our own, and one thread: tiny models only wait for more."""
    folder = tmp_path_factory.mktemp("cache")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MT_CACHE", str(folder))
        yield folder
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folders(marian: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {
        "marian": marian,
        "nllb": tiny.nllb(root / "nllb"),
        "m2m100": tiny.m2m100(root / "m2m100"),
        "mbart50": tiny.mbart50(root / "mbart50"),
        "t5": tiny.t5(root / "t5"),
        "madlad": tiny.t5(root / "madlad", language_tokens=True),
        "bart": tiny.bart(root / "bart"),
        "gemma3": tiny.gemma3(root / "gemma3"),
        "llama": tiny.llama(root / "llama"),
        "gpt2": tiny.gpt2(root / "gpt2"),
    }


@pytest.fixture(scope="module")
def engines(folders: dict[str, Path]) -> dict[tuple[str, str], Engine]:
    return {(name, backend): load_engine(_config(folders, name, backend)) for name in FAMILIES for backend in BACKENDS}


def _model(folders: dict[str, Path], name: str, **changes: object) -> ModelOptions:
    return ModelOptions.model_validate({"name": name, "path": str(folders[name]), **OPTIONS[name], **changes})


def _config(folders: dict[str, Path], name: str, backend: str, **changes: object) -> Config:
    engine = EngineOptions.model_validate({"backend": backend, "compute_type": "float32", "threads": 1})
    return Config(model=_model(folders, name, **changes), engine=engine)


# What comes out


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("family", FAMILIES)
def test_backends_agree(engines: dict[tuple[str, str], Engine], family: str, search: str) -> None:
    ours, theirs = (engines[family, backend].generate(SOURCES, SEARCHES[search]) for backend in BACKENDS)
    assert [(h.text, h.tokens, h.truncated) for h in ours] == [(h.text, h.tokens, h.truncated) for h in theirs]
    assert [h.score for h in ours] == pytest.approx([h.score for h in theirs], abs=1e-3)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_output_does_not_depend_on_the_batch(engines: dict[tuple[str, str], Engine], family: str, backend: str, search: str) -> None:
    engine, options = engines[family, backend], SEARCHES[search]
    together = engine.generate(SOURCES[::-1], options)[::-1]
    alone = [engine.generate([source], options)[0] for source in SOURCES]
    assert [(h.text, h.tokens) for h in together] == [(h.text, h.tokens) for h in alone]
    assert [h.score for h in together] == pytest.approx([h.score for h in alone], abs=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", ["marian", "gemma3"])
def test_several_hypotheses_of_one_search(engines: dict[tuple[str, str], Engine], family: str, backend: str) -> None:
    engine, options = engines[family, backend], DecodingOptions(beam_size=4, max_new_tokens=12)
    assert isinstance(engine, NBest)
    for found, best in zip(engine.several(SOURCES, 4, options), engine.generate(SOURCES, options), strict=True):
        assert found[0].text == best.text
        assert found[0].score == pytest.approx(best.score, abs=1e-3)
        assert len(found) == 4
        assert len({(h.text, h.tokens) for h in found}) > 1
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


@pytest.mark.parametrize("beam_size", [1, 4])
@pytest.mark.parametrize("backend", BACKENDS)
def test_trained_model_translates(engines: dict[tuple[str, str], Engine], backend: str, beam_size: int) -> None:
    pairs = tiny.PAIRS[::12]
    hypotheses = engines["marian", backend].generate([arabic for arabic, _ in pairs], DecodingOptions(beam_size=beam_size))
    assert [h.text for h in hypotheses] == [english for _, english in pairs]
    assert not any(h.truncated for h in hypotheses)


@pytest.mark.parametrize("search", ["greedy", "beam", "repetition penalty"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_score_is_the_mean_log_probability_with_the_end(
    engines: dict[tuple[str, str], Engine], folders: dict[str, Path], backend: str, search: str
) -> None:
    from transformers import MarianMTModel

    source, english = tiny.PAIRS[5]
    options = SEARCHES[search].model_copy(update={"max_new_tokens": 60})
    [hypothesis] = engines["marian", backend].generate([source], options)
    assert hypothesis.text == english
    tokenizer = load_hub_tokens(folders["marian"]).tokenizer
    labels = tokenizer(text_target=[english], return_tensors="pt")["input_ids"]
    model = MarianMTModel.from_pretrained(folders["marian"])
    with torch.no_grad():
        loss = float(model(**tokenizer([source], return_tensors="pt"), labels=labels).loss)  # mean over the labels, </s> included
    assert hypothesis.tokens == labels.shape[1]
    assert hypothesis.score == pytest.approx(-loss, abs=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
def test_truncated_where_the_limit_comes_first(engines: dict[tuple[str, str], Engine], backend: str) -> None:
    source = tiny.PAIRS[0][0]
    whole, cut = (engines["marian", backend].generate([source], DecodingOptions(max_new_tokens=n))[0] for n in (60, 5))
    assert (whole.truncated, cut.truncated, cut.tokens) == (False, True, 5)
    assert whole.text.startswith(cut.text)


def test_large_batch_is_shared_by_workers_and_comes_back_in_order(folders: dict[str, Path]) -> None:
    engine = load_engine(
        Config(model=_model(folders, "marian"), engine=EngineOptions(backend="ctranslate2", compute_type="float32", threads=2))
    )
    pairs = tiny.PAIRS[::9]
    assert [h.text for h in engine.generate([arabic for arabic, _ in pairs], DecodingOptions())] == [english for _, english in pairs]


def test_no_repeated_ngrams_breaks_a_loop(engines: dict[tuple[str, str], Engine]) -> None:
    free, blocked = (
        engines["gemma3", "ctranslate2"].generate(SOURCES[:1], SEARCHES[name])[0].text for name in ("greedy", "no repeated n-grams")
    )
    assert len(set(free)) < len(set(blocked))


@pytest.mark.parametrize("family", ["bart", "mbart50"])
def test_generation_config_of_the_model_stays_out(engines: dict[tuple[str, str], Engine], folders: dict[str, Path], family: str) -> None:
    stored = json.loads((folders[family] / "generation_config.json").read_text(encoding="utf-8"))
    assert {"forced_eos_token_id", "num_beams", "min_length"} <= stored.keys()
    [hypothesis] = engines[family, "transformers"].generate(SOURCES[:1], DecodingOptions(max_new_tokens=4))
    assert hypothesis.truncated, "a forced end would hide that the limit was hit"


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_in_and_nothing_out(engines: dict[tuple[str, str], Engine], family: str) -> None:
    assert engines[family, "transformers"].generate([], DecodingOptions()) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", ["marian", "nllb", "gemma3"])
def test_threads_share_an_engine(engines: dict[tuple[str, str], Engine], family: str, backend: str) -> None:
    engine, options = engines[family, backend], SEARCHES["greedy"]
    expected = engine.generate(SOURCES, options)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda i: (engine.count(SOURCES[0]), engine.generate(SOURCES[i % 3 :], options)), range(24)))
    assert [[h.text for h in hypotheses] for _, hypotheses in found] == [[h.text for h in expected[i % 3 :]] for i in range(24)]


# What goes in


def _text(folders: dict[str, Path], name: str, **changes: object) -> Seq2SeqText | CausalText:
    model = _model(folders, name, **changes)
    if model.family == "seq2seq":
        return Seq2SeqText(model, folders[name], load_hub_tokens(folders[name]))
    return CausalText(model, folders[name], load_tokens(folders[name]))


@pytest.mark.parametrize("family", FAMILIES)
def test_special_tokens_in_a_source_are_text(folders: dict[str, Path], family: str) -> None:
    tokens, text = load_hub_tokens(folders[family]), _text(folders, family)
    commands = {tokens.id(token) for token in tokens.special | {"<2fr>"}} - {None, tokens.tokenizer.unk_token_id}
    frame = [i for i in text.batch([""], DecodingOptions(), prompt=None).inputs[0] if i in commands]
    for literal in [*HOSTILE, ">>eng<<", ">>fra<<"]:
        for source in (literal, f"زار {literal}"):
            ids = text.batch([source], DecodingOptions(), prompt=None).inputs[0]
            assert [i for i in ids if i in commands] == frame, source


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_hostile_sources_do_not_raise(engines: dict[tuple[str, str], Engine], family: str, backend: str) -> None:
    hypotheses = engines[family, backend].generate(["", " ", "\n", *HOSTILE], DecodingOptions(max_new_tokens=2))
    assert [h.tokens > 0 for h in hypotheses[3:]] == [True] * len(HOSTILE)


@pytest.mark.parametrize(
    ("family", "first", "last"),
    [
        ("marian", None, "</s>"),
        ("nllb", "arb_Arab", "</s>"),
        ("m2m100", "__ar__", "</s>"),
        ("mbart50", "ar_AR", "</s>"),
        ("t5", None, "</s>"),
        ("bart", "<s>", "</s>"),
        ("gemma3", "<bos>", None),
        ("llama", "<bos>", None),
    ],
)
def test_language_and_ends_stand_around_a_source(folders: dict[str, Path], family: str, first: str | None, last: str | None) -> None:
    tokens = load_hub_tokens(folders[family])
    ids = _text(folders, family).batch([SOURCES[0]], DecodingOptions(), prompt=None).inputs[0]
    pieces = tokens.pieces(ids)
    assert [piece for piece in (pieces[0], pieces[-1]) if piece in tokens.special] == [mark for mark in (first, last) if mark]


def test_madlad_names_the_language_before_the_source(folders: dict[str, Path]) -> None:
    ids = _text(folders, "madlad").batch([SOURCES[0]], DecodingOptions(), prompt=None).inputs[0]
    assert "<2en>" in load_hub_tokens(folders["madlad"]).pieces(ids)[:2]


def test_chat_template_is_applied_once(folders: dict[str, Path]) -> None:
    ids = _text(folders, "llama").batch(["مرحبا"], DecodingOptions(), prompt=None).inputs[0]
    assert load_hub_tokens(folders["llama"]).tokenizer.decode(ids) == (
        "<bos><start_of_turn>user\nTranslate: مرحبا<end_of_turn>\n<start_of_turn>model\n"
    )


TERMS_PROMPT = "Terms: {terms}\nArabic: {source}\nEnglish:"


def test_each_source_has_its_own_terms_in_its_prompt(folders: dict[str, Path]) -> None:
    text = _text(folders, "gemma3", terms_prompt=TERMS_PROMPT)
    inputs = text.batch(["مرحبا", "وداعا"], DecodingOptions(), prompt=None, terms=["ا = a; ب = b", ""]).inputs
    expected = ["Terms: ا = a; ب = b\nArabic: مرحبا\nEnglish:", "Arabic: وداعا\nEnglish:"]
    assert list(inputs) == [tuple(ids) for ids in load_tokens(folders["gemma3"]).encode(expected, around=True)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_terms_and_sources_command_nothing(folders: dict[str, Path], engines: dict[tuple[str, str], Engine], backend: str) -> None:
    text = _text(folders, "gemma3", terms_prompt=TERMS_PROMPT)
    tokens = load_hub_tokens(folders["gemma3"])
    commands = {tokens.id(token) for token in tokens.special} - {None, tokens.tokenizer.unk_token_id}
    frame = [i for i in text.batch([""], DecodingOptions(), prompt=None).inputs[0] if i in commands]
    for literal in [*HOSTILE, "{source}", "{terms}"]:
        ids = text.batch(["زار " + literal], DecodingOptions(), prompt=None, terms=[f"{literal} = {literal}"]).inputs[0]
        assert [i for i in ids if i in commands] == frame, literal
    assert engines["gemma3", backend].generate(["زار"], DecodingOptions(max_new_tokens=2), terms=[""])


@pytest.mark.parametrize("family", ["marian", "gemma3"])
def test_terms_need_a_prompt_with_a_place_for_them(folders: dict[str, Path], family: str) -> None:
    with pytest.raises(ModelError, match=r"terms|causal"):
        _text(folders, family).batch(["زار"], DecodingOptions(), prompt=None, terms=["ا = a"])


def test_prompt_with_its_own_marks_is_taken_as_it_stands(folders: dict[str, Path]) -> None:
    prompt = "<bos><start_of_turn>user\n{source}<end_of_turn>\n<start_of_turn>model\n"
    ids = _text(folders, "gemma3", prompt=prompt).batch(["مرحبا"], DecodingOptions(), prompt=None).inputs[0]
    tokens = load_hub_tokens(folders["gemma3"])
    assert tokens.tokenizer.decode(ids) == prompt.replace("{source}", "مرحبا")
    assert tokens.pieces(ids).count("<bos>") == 1


def test_prompt_of_a_call_replaces_that_of_the_model(folders: dict[str, Path], engines: dict[tuple[str, str], Engine]) -> None:
    ids = _text(folders, "gemma3").batch(["خبر {x}"], DecodingOptions(), prompt='{"article": {source}}\nSummary:').inputs[0]
    assert load_hub_tokens(folders["gemma3"]).tokenizer.decode(ids) == '<bos>{"article": خبر {x}}\nSummary:'
    texts = [
        engines["gemma3", backend].generate(SOURCES, SEARCHES["greedy"], prompt="Article: {source}\nHeadline:")[0].text
        for backend in BACKENDS
    ]
    assert texts[0] == texts[1]


def test_plain_and_hub_tokenizers_agree(folders: dict[str, Path]) -> None:
    plain, hub = load_tokens(folders["gemma3"]), load_hub_tokens(folders["gemma3"])
    texts = [PROMPT.replace("{source}", source) for source in SOURCES]
    for around in (True, False):
        assert plain.encode(texts, around=around) == hub.encode(texts, around=around)
    ids = plain.encode(texts, around=True)[0]
    assert (plain.decode(ids), plain.pieces(ids), plain.special) == (hub.decode(ids), hub.pieces(ids), hub.special)


@pytest.mark.parametrize("family", ["marian", "gemma3", "gpt2"])
def test_source_is_refused_beyond_the_limit_and_only_there(engines: dict[tuple[str, str], Engine], family: str) -> None:
    engine = engines[family, "ctranslate2"]
    words = "زار أحمد بيروت " * 200
    longest = max(n for n in range(400) if engine.count(words[:n]) <= engine.max_source_tokens)
    assert engine.generate([words[:longest]], DecodingOptions(max_new_tokens=2))[0].tokens == 2
    with pytest.raises(ModelError, match=rf"source 2 of 2 has \d+ tokens, and the model takes {engine.max_source_tokens}; split it"):
        engine.generate(["زار", words], DecodingOptions())


def test_limit_is_the_smaller_of_configuration_and_architecture(folders: dict[str, Path]) -> None:
    assert _text(folders, "marian", max_source_tokens=512).max_source_tokens == 127  # 128 positions, one for </s>
    assert _text(folders, "nllb", max_source_tokens=512).max_source_tokens == 126  # arb_Arab and </s>
    assert _text(folders, "t5", max_source_tokens=512).max_source_tokens == 512  # relative positions
    assert _text(folders, "marian", max_source_tokens=20).max_source_tokens == 20


@pytest.mark.parametrize("search", ["greedy", "beam", "limit by the source"])
def test_prompts_longer_than_the_sliding_window_do_not_depend_on_the_batch(tmp_path: Path, search: str) -> None:
    """CTranslate2 reads such prompts only roughly, but for each prompt always the same."""
    model = ModelOptions(name="gemma3", path=str(tiny.gemma3(tmp_path, window=12)), family="causal", prompt=PROMPT)
    engine = load_engine(Config(model=model, engine=EngineOptions(backend="ctranslate2", compute_type="float32", threads=1)))
    sources = [*SOURCES, " ".join(SOURCES), "زار"]
    together = engine.generate(sources, SEARCHES[search])
    alone = [engine.generate([source], SEARCHES[search])[0] for source in sources]
    assert [h.text for h in together] == [h.text for h in alone]
    assert [h.score for h in together] == pytest.approx([h.score for h in alone], abs=1e-3)


# What goes wrong


@pytest.mark.parametrize(
    ("family", "changes", "message"),
    [
        ("nllb", {"source_code": "ar"}, r"source_code: unknown language 'ar'; near: .*arb_Arab"),
        ("nllb", {"source_code": None}, r"must be told the source language; set model.source_code, e.g. .*_Arab"),
        ("nllb", {"forced_bos": "english"}, r"forced_bos: unknown token 'english'; near: .*eng_Latn"),
        ("m2m100", {"source_code": "arb_Arab"}, r"unknown language 'arb_Arab'"),
        ("m2m100", {"forced_bos": "en"}, r"unknown token 'en'; near: .*__en__"),
        ("mbart50", {"forced_bos": "en_EN"}, r"unknown token 'en_EN'; near: .*en_XX"),
        ("madlad", {"source_prefix": "<2english> "}, r"source_prefix: unknown language token '<2english>'; near: .*<2en>"),
        ("marian", {"source_prefix": ">>fra<< "}, r"unknown language token '>>fra<<'; near: >>eng<<"),
        ("t5", {"source_code": "ar"}, r"takes no source_code"),
        ("gemma3", {"prompt": None}, r"needs model.prompt, a template with \{source\}"),
        ("gemma3", {"prompt": "Translate:"}, r"must hold \{source\} once, found 0"),
        ("gemma3", {"chat": True}, r"has no chat template; set model.chat to false"),
        ("llama", {"prompt": "<start_of_turn>user\n{source}"}, r"holds <start_of_turn> already"),
        ("gemma3", {"family": "seq2seq"}, r"family: causal"),
        ("marian", {"family": "causal", "prompt": PROMPT}, r"family: seq2seq"),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_wrong_option_is_named_with_the_remedy(
    folders: dict[str, Path], family: str, changes: dict[str, object], message: str, backend: str
) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load_engine(_config(folders, family, backend, **changes))
    assert family in str(caught.value)


def test_prompt_for_an_encoder_decoder_is_refused(engines: dict[tuple[str, str], Engine]) -> None:
    with pytest.raises(ModelError, match="a prompt is for models of family: causal"):
        engines["marian", "transformers"].generate(["زار"], DecodingOptions(), prompt="{source}")


@pytest.mark.parametrize(
    ("backend", "kind", "message"),
    [
        ("transformers", "int8", "int8 needs backend: ctranslate2"),
        ("ctranslate2", "float16", r"backend ctranslate2 has int8, float32\b.* on this cpu"),
    ],
)
def test_type_that_a_backend_lacks(folders: dict[str, Path], backend: str, kind: str, message: str) -> None:
    options = EngineOptions.model_validate({"backend": backend, "compute_type": kind, "device": "cpu"})
    with pytest.raises(ConfigError, match=message):
        load_engine(Config(model=_model(folders, "marian"), engine=options))


def test_missing_weights_are_never_made_up(folders: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(folders["gemma3"], tmp_path / "gemma3")
    weights = tmp_path / "gemma3" / "model.safetensors"
    state = load_file(weights)
    del state["model.norm.weight"]
    save_file(state, weights, metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"model\.norm\.weight; copy the folder again"):
        load_engine(_config({"gemma3": tmp_path / "gemma3"}, "gemma3", "transformers"))


@pytest.mark.parametrize(("name", "content"), [("tokenizer.json", "{"), ("config.json", '{"model_type": "nonesuch"}')])
def test_damaged_file_is_a_model_error(folders: dict[str, Path], tmp_path: Path, name: str, content: str) -> None:
    folder = tmp_path / "gemma3"
    shutil.copytree(folders["gemma3"], folder)
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match="gemma3"):
        load_engine(_config({"gemma3": folder}, "gemma3", "transformers"))


class Broken:
    """A library that always raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        raise self.error

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        raise self.error


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), RuntimeError("CUDA out of memory.")]
)
def test_out_of_memory_names_the_remedy(folders: dict[str, Path], error: Exception) -> None:
    with pytest.raises(ModelError, match=r"out of memory on a batch of 3 sources .*; lower batch_tokens or beam_size"):
        ModelEngine("fake", _text(folders, "gemma3"), Broken(error)).generate(SOURCES, DecodingOptions())


def test_other_errors_of_a_library_are_not_called_memory(folders: dict[str, Path]) -> None:
    with pytest.raises(RuntimeError, match="shape mismatch"):
        ModelEngine("fake", _text(folders, "gemma3"), Broken(RuntimeError("shape mismatch"))).generate(SOURCES, DecodingOptions())


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_said_on_stderr(folders: dict[str, Path], capfd: pytest.CaptureFixture[str], family: str) -> None:
    engine = load_engine(_config(folders, family, "transformers"))
    for search in SEARCHES.values():
        engine.generate(SOURCES[:1], search)
    assert capfd.readouterr() == ("", "")


# Which backend


def _auto(folders: dict[str, Path], name: str = "marian") -> Config:
    return Config(model=_model(folders, name), engine=EngineOptions(compute_type="float32", threads=1))


def test_backend_is_measured_once_and_remembered(folders: dict[str, Path], cache: Path) -> None:
    notes = cache / "backends.json"
    notes.unlink(missing_ok=True)
    first = load_engine(_auto(folders)).name
    [(key, note)] = json.loads(notes.read_text(encoding="utf-8")).items()
    assert note["backend"] in first and note["agreement"] > 0.5 and set(note["seconds"]) == set(BACKENDS)
    for backend in BACKENDS:  # whatever is written there is believed
        notes.write_text(json.dumps({key: {**note, "backend": backend}}), encoding="utf-8")
        assert f"engine:{backend}-float32" in load_engine(_auto(folders)).name
        assert json.loads(notes.read_text(encoding="utf-8"))[key]["backend"] == backend


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"x": 1}', "\0\0"])
def test_damaged_memory_is_measured_again(folders: dict[str, Path], cache: Path, damage: str) -> None:
    (cache / "backends.json").write_text(damage, encoding="utf-8")
    load_engine(_auto(folders))
    [note] = json.loads((cache / "backends.json").read_text(encoding="utf-8")).values()
    assert note["model"] == "marian"


def test_without_ctranslate2(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ExtraError, match="pip install ctranslate2"):
        load_engine(_config(folders, "nllb", "ctranslate2"))
    assert "engine:transformers-float32" in load_engine(_auto(folders, "nllb")).name


def test_model_from_a_hub_cache(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "models--someone--tiny-marian"
    shutil.copytree(folders["marian"], repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model = ModelOptions(name="hub", path="someone/tiny-marian", family="seq2seq")
    engine = load_engine(Config(model=model, engine=EngineOptions(backend="transformers", threads=1)))
    assert engine.name.startswith("model:hub|rev:0123456|engine:transformers-")
    assert engine.generate([tiny.PAIRS[0][0]], DecodingOptions())[0].text == tiny.PAIRS[0][1]
