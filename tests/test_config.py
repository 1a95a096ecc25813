"""Options, YAML files, overrides, and what is said of wrong ones."""

from collections import Counter
from pathlib import Path

import pytest

from mt.config import Config, DecodingOptions, ModelOptions, _fields, config_names, load_config, revise
from mt.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_later_layers_win(tmp_path: Path) -> None:
    path = write(tmp_path, "model: builtin\ndecoding:\n  beam_size: 3\n  length_penalty: 0.8\n")
    config = load_config(path, beam_size=5)
    assert config.model.prompt == "Arabic: {source}\nEnglish:"  # from builtin.yaml
    assert config.decoding == DecodingOptions(beam_size=5, length_penalty=0.8)


def test_model_override_keeps_the_rest_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "model:\n  name: other\n  path: /nowhere\nbatching:\n  batch_tokens: 99\n")
    config = load_config(path, model="builtin")
    assert (config.model.name, config.batching.batch_tokens) == ("builtin", 99)


def test_default_needs_no_network_and_nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "mt"))
    assert load_config().model.name == "builtin"


@pytest.mark.parametrize("name", config_names())
def test_every_shipped_file_loads(name: str) -> None:
    assert load_config(name).model.path


def test_plain_names_belong_to_one_section() -> None:
    counts = Counter(field for _, field in _fields())
    assert not [field for field, times in counts.items() if times > 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("decoding:\n  num_beams: 3\n", "decoding: unknown key 'num_beams'; expected one of beam_size, "),
        ("decoder:\n  beam_size: 3\n", "unknown key 'decoder'; expected one of model, decoding, "),
        ("decoding:\n  beam_size: 0\n", "decoding: beam_size: input should be greater than or equal to 1, got 0"),
        ("decoding:\n  beam_size: many\n", "decoding: beam_size: input should be a valid integer"),
        ("engine:\n  backend: abacus\n", "engine: backend: input should be 'auto', 'transformers' or 'ctranslate2', got 'abacus'"),
        ("model: nobody\n", "unknown model or configuration 'nobody'; expected one of bart, builtin, "),
        ("just a sentence\n", "expected sections such as 'model:' and 'decoding:', found str"),
        ("model: [unclosed\n", "not valid YAML"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [("no-such", "unknown model or configuration 'no-such'"), ("no/such.yaml", "no/such.yaml: no such file"), ("../x", "unknown model")],
)
def test_an_unknown_source_is_named(source: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_config(source)


def test_wrong_overrides_are_named() -> None:
    with pytest.raises(ConfigError, match="unknown option 'num_beams'; expected one of .*beam_size"):
        load_config("builtin", num_beams=3)
    with pytest.raises(ConfigError, match="options: decoding: beam_size: .*got 99"):
        load_config("builtin", beam_size=99)
    with pytest.raises(ConfigError, match="options: sentences: .*got 0"):
        revise(Config().summary, sentences=0)


def test_quality_stands_for_options_and_gives_way_to_them() -> None:
    assert load_config("builtin", quality="usual") == load_config("builtin")
    best = load_config("builtin", quality="best").decoding
    assert best.candidates > 1 and best.beam_size > load_config("builtin").decoding.beam_size
    assert load_config("builtin", quality="fast").decoding.beam_size == 1
    assert load_config("builtin", quality="best", beam_size=3).decoding == best.model_copy(update={"beam_size": 3})
    with pytest.raises(ConfigError, match="quality: expected one of fast, usual, best, got 'bset'"):
        load_config("builtin", quality="bset")


def test_a_model_described_in_full_inherits_nothing_of_the_default_model() -> None:
    config = load_config(model=ModelOptions(path="/models/own", family="seq2seq"))
    assert (config.model.path, config.model.prompt, config.decoding) == ("/models/own", None, DecodingOptions())


def test_a_file_may_name_a_file_that_names_a_model(tmp_path: Path) -> None:
    path = write(tmp_path, "model: builtin\ndecoding:\n  beam_size: 3\n")
    assert load_config(model=str(path)).decoding.beam_size == 3
    assert load_config(model=str(path)).model.name == "builtin"


def test_files_that_name_each_other_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_text(f"model: {path}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="these files name each other"):
        load_config(path)


def test_a_model_without_a_name_has_the_last_part_of_its_path(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "model:\n  path: org/great-model\n")).model.name == "great-model"
    assert Config().model.name == "builtin"


def test_a_config_can_be_the_source() -> None:
    config = load_config("builtin", beam_size=2)
    assert load_config(config, length_penalty=0.5).decoding == DecodingOptions(beam_size=2, length_penalty=0.5)
