"""Options, in one place with their defaults, limits and meanings; and the YAML files that change them.

A YAML file states only differences. They are laid over one another in this order, the later wins:
defaults below, the file of the named model, the file itself, overrides given in code or on the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from mt.errors import ConfigError

QUALITIES: dict[str, dict[str, int]] = {
    "fast": {"beam_size": 1, "candidates": 1},
    "usual": {},
    "best": {"beam_size": 8, "candidates": 8},
}
"""What `quality="fast"` and the like stand for among the decoding options; "usual" is what the configuration says."""

Override: TypeAlias = str | int | float | bool | list[str] | tuple[str, ...] | None
Tree: TypeAlias = dict[str, Any]


class Options(BaseModel):
    """Frozen, strict about names; the base of every section."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


SomeOptions = TypeVar("SomeOptions", bound=Options)


class ModelOptions(Options):
    """Which weights, and how this family of models wants to be addressed."""

    name: str = Field("", description="short name, shown in signatures; unset: the last part of the path")
    path: str = Field("builtin", description="'builtin', a local folder, or a Hugging Face hub id")
    revision: str | None = Field(None, description="commit of the hub repository; pinned when the model is installed")
    family: Literal["seq2seq", "causal"] = Field("causal", description="encoder-decoder or decoder-only")
    prompt: str | None = Field(None, description="causal: template with {source}; the translation follows it")
    chat: bool = Field(False, description="causal: put the prompt into the tokenizer's chat template as one user message")
    source_code: str | None = Field(None, description="source language as the tokenizer names it, e.g. arb_Arab")
    forced_bos: str | None = Field(None, description="token that the target must start with, e.g. eng_Latn")
    source_prefix: str = Field("", description="text put before every source, e.g. '<2en> '")
    summary_prompt: str | None = Field(None, description="causal: template with {source} for English summaries")
    terms_prompt: str | None = Field(None, description="causal: template with {terms} and {source} for sources with wanted terms")
    digest_prompt: str | None = Field(None, description="causal: template with {source} for headline, lead and summary in one pass")
    max_source_tokens: int = Field(512, ge=16, le=32768, description="longest segment sent to the model, in its own tokens")
    max_article_tokens: int | None = Field(
        None, ge=64, le=32768, description="longest text summarised in one piece, in its own tokens; unset: max_source_tokens"
    )
    task: Literal["translate", "summarize"] = Field("translate", description="what the model is for")
    licence: str = Field("unknown", description="licence of the weights")
    size_mb: int | None = Field(None, ge=0, description="megabytes to download or on disk")
    quality: str = Field("", description="a measured or published score, with its test set")
    note: str = Field("", description="what a user should know before choosing it")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("name"):
            return {**given, "name": str(given.get("path", "builtin")).rstrip("/").rpartition("/")[2]}
        return given


class DecodingOptions(Options):
    """How a hypothesis is searched for. The one vocabulary of all engines."""

    beam_size: int = Field(1, ge=1, le=32, description="hypotheses kept in the search; 1 is greedy")
    length_penalty: float = Field(1.0, ge=0.0, le=5.0, description="exponent on the length when beams are compared")
    max_new_tokens: int | None = Field(None, ge=1, le=8192, description="longest output in tokens; unset: scaled with the source")
    no_repeat_ngram_size: int = Field(0, ge=0, le=20, description="forbid repeating n-grams of this many tokens; 0 is off")
    repetition_penalty: float = Field(1.0, ge=1.0, le=5.0, description="divide scores of tokens already written by this; 1 is off")
    candidates: int = Field(1, ge=1, le=32, description="hypotheses of one search to choose among by their likeness and quality; 1 is off")


class EngineOptions(Options):
    """Where and how the model runs."""

    backend: Literal["auto", "transformers", "ctranslate2"] = Field("auto", description="auto: the fastest on this machine, measured once")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: a GPU if there is one")
    compute_type: Literal["auto", "float32", "bfloat16", "float16", "int8"] = Field("auto", description="auto: the fastest the backend has")
    threads: int = Field(0, ge=0, le=1024, description="processor threads; 0: all cores")


class BatchingOptions(Options):
    """How segments are grouped."""

    batch_tokens: int = Field(512, ge=16, le=1_000_000, description="padded source tokens in one batch")
    window: int = Field(2048, ge=1, le=1_000_000, description="segments in flight across documents")


class TextOptions(Options):
    """What is done to the text before the model sees it; what the user typed is kept."""

    normalise: tuple[str, ...] | None = Field(None, description="names of the rules in mt.arabic.RULES, in order; unset: the default rules")
    segment: Literal["sentence", "block"] = Field("sentence", description="the unit sent to the model")


class CheckOptions(Options):
    """What happens to doubtful translations."""

    retry: bool = Field(True, description="decode flagged segments again with other settings and keep the better attempt")


class TermsOptions(Options):
    """What a person knows better than the model."""

    glossary: tuple[str, ...] = Field((), description="glossary files, an earlier one winning; 'starter' is the one that ships")
    memory: str | None = Field(None, description="file of the translation memory; made where there is none")
    memory_threshold: float = Field(0.9, ge=0.5, le=1.0, description="least similarity of a sentence that is adapted or suggested")

    @field_validator("glossary", mode="before")
    @classmethod
    def _several(cls, given: object) -> object:
        return (given,) if isinstance(given, str) and given else () if given is None or given == "" else given


class SummaryOptions(Options):
    """What a summary looks like."""

    method: str = Field("auto", description="auto, extractive, or the name of a model that can summarise")
    sentences: int = Field(3, ge=1, le=50, description="sentences wanted")
    words: int | None = Field(None, ge=5, le=5000, description="most words; unset: no limit beyond the number of sentences")
    language: Literal["en", "ar"] = Field("en", description="language of the summary; Arabic summaries are extractive")
    headline: bool = Field(True, description="write a headline too")


class Config(Options):
    """Everything a pipeline needs to know."""

    model: ModelOptions = ModelOptions()
    decoding: DecodingOptions = DecodingOptions()
    engine: EngineOptions = EngineOptions()
    batching: BatchingOptions = BatchingOptions()
    text: TextOptions = TextOptions()
    check: CheckOptions = CheckOptions()
    terms: TermsOptions = TermsOptions()
    summary: SummaryOptions = SummaryOptions()


def load_config(
    source: str | Path | Config = "default", *, model: str | ModelOptions | None = None, auto: str = "builtin", **overrides: Override
) -> Config:
    """Read a configuration by name or path and lay the overrides over it.

    source: a name in `configs/` ("default", "opus-big"), a path that ends in .yaml or .yml, or a Config.
    model: another model, by name, path or options; its own file is laid under the source, that of the source's model is not.
    auto: the name that `model: auto` stands for; see `mt.models.best_installed`.
    overrides: options by their plain name, e.g. `beam_size=4`, `backend="ctranslate2"`; or `quality`, one of QUALITIES, which
    stands for several of them and gives way to those that are named.

    Raises ConfigError for an unknown name, a file that cannot be read, an unknown key, a bad value.

    >>> load_config("default", beam_size=4).decoding.beam_size
    4
    """
    tree = source.model_dump(exclude_unset=True) if isinstance(source, Config) else _read(_find(source))
    where = "options" if isinstance(source, Config) else str(source)
    if model is not None:
        tree = {**tree, "model": model.model_dump(exclude_unset=True) if isinstance(model, ModelOptions) else model}
    tree = _with_named_model(tree, auto)
    config = _validate(tree, where)  # the file is blamed for its own faults, before the overrides are
    changed = _nested(overrides)
    return _validate(_merge(tree, changed), "options") if changed else config


def revise(options: SomeOptions, **changes: Override) -> SomeOptions:
    """A copy of one section with some values changed, checked like everything else.

    Raises ConfigError for an unknown name or a bad value.

    >>> revise(SummaryOptions(), words=60).words
    60
    """
    try:
        return type(options).model_validate({**options.model_dump(), **changes})
    except ValidationError as error:
        raise ConfigError("; ".join(_say(dict(e), "options", type(options)) for e in error.errors())) from error


def load_options(path: Path, options: type[SomeOptions], **overrides: object) -> SomeOptions:
    """Read a YAML file that holds the options of one model, such as a training recipe, and lay overrides over it.

    Raises ConfigError for a file that cannot be read, an unknown key, a bad value.
    """
    return validated(_merge(_read(_find(path)), overrides), str(path), options)


def validated(tree: Mapping[str, object], where: str, options: type[SomeOptions]) -> SomeOptions:
    """Options from a tree of names and values. where: what is named in the ConfigError for a bad one."""
    try:
        return options.model_validate(tree)
    except ValidationError as error:
        raise ConfigError("; ".join(_say(dict(e), where, options) for e in error.errors())) from error


def configs_folder() -> Path:
    """The folder of the YAML files."""
    return _shipped_folder("configs")


def seeds_folder() -> Path:
    """The folder of the sample articles."""
    return _shipped_folder("seeds")


@cache
def _shipped_folder(name: str) -> Path:
    """Inside an installed package, beside it in a checkout."""
    inside = Path(__file__).parent / name
    return inside if inside.is_dir() else Path(__file__).parent.parent / name


def config_names() -> list[str]:
    """Names that `load_config` accepts, sorted."""
    return sorted(path.stem for path in configs_folder().glob("*.yaml"))


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.suffix in {".yaml", ".yml"}:
        if not path.is_file():
            raise ConfigError(f"{path}: no such file")
        return path
    named = configs_folder() / f"{source}.yaml"
    if "/" in str(source) or not named.is_file():
        known = ", ".join(config_names())
        raise ConfigError(f"unknown model or configuration '{source}'; expected one of {known}, or a path ending in .yaml")
    return named


def _read(path: Path) -> Tree:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: expected sections such as 'model:' and 'decoding:', found {type(tree).__name__}")
    return _beside(tree, path)


def _beside(tree: Tree, path: Path) -> Tree:
    """With a model path that starts with a dot taken from where the file is, so that a folder with both can be moved."""
    model = tree.get("model")
    if not isinstance(model, dict) or not str(model.get("path", "")).startswith("."):
        return tree
    return {**tree, "model": {**model, "path": str((path.parent / model["path"]).resolve())}}


def _with_named_model(tree: Tree, auto: str, seen: tuple[str, ...] = ()) -> Tree:
    """Put what NAME.yaml says under a tree with `model: NAME`, and so on for the model that NAME.yaml names."""
    name = tree.get("model")
    if not isinstance(name, str):
        return tree
    if name in seen:
        raise ConfigError(f"model: {' -> '.join([*seen, name])}: these files name each other; one must say what the model is")
    below = _with_named_model(_read(_find(auto if name == "auto" else name)), auto, (*seen, name))
    return _merge(below, {key: value for key, value in tree.items() if key != "model"})


def _merge(below: Tree, above: Mapping[str, Any]) -> Tree:
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _nested(overrides: Mapping[str, Override]) -> Tree:
    """Plain names to sections: beam_size=4 -> {"decoding": {"beam_size": 4}}."""
    places = {field: section for section, field in _fields()}
    tree: Tree = {}
    given = dict(overrides)
    quality = str(given.pop("quality", "usual"))
    if quality not in QUALITIES:
        raise ConfigError(f"options: quality: expected one of {', '.join(QUALITIES)}, got {quality!r}")
    for name, value in {**QUALITIES[quality], **given}.items():
        if name not in places:
            raise ConfigError(f"options: unknown option '{name}'; expected one of {', '.join(sorted([*places, 'quality']))}")
        tree.setdefault(places[name], {})[name] = value
    return tree


def _fields() -> Iterator[tuple[str, str]]:
    """(section, field) for all options; a plain name belongs to one section only."""
    for section, info in Config.model_fields.items():
        options = info.annotation
        assert isinstance(options, type) and issubclass(options, Options)
        for field in options.model_fields:
            if section != "model" or field in {"source_code", "forced_bos", "source_prefix", "max_source_tokens", "revision"}:
                yield section, field


def _validate(tree: Tree, where: str) -> Config:
    try:
        return Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError("; ".join(_say(dict(e), where) for e in error.errors())) from error


def _say(error: dict[str, Any], where: str, model: type[BaseModel] = Config) -> str:
    """One pydantic error in our words: `opus.yaml: decoding: unknown key 'num_beams'; expected one of ...`."""
    *sections, key = [str(part) for part in error["loc"]]
    place = ": ".join([where, *sections])
    if error["type"] == "extra_forbidden":
        for section in sections:
            model = _inside(model, section)
        return f"{place}: unknown key '{key}'; expected one of {', '.join(model.model_fields)}"
    return f"{place}: {key}: {error['msg'][0].lower()}{error['msg'][1:]}, got {error['input']!r}"


def _inside(model: type[BaseModel], section: str) -> type[BaseModel]:
    """The options that a field holds, or those in its list: `data` holds a tuple of parts, `data: 0` is one of them."""
    info = model.model_fields.get(section)
    held = [] if info is None else [info.annotation, *get_args(info.annotation)]
    return next((kind for kind in held if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
