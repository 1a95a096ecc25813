"""Engines turn source strings into hypotheses. They know nothing of documents.

An engine is anything that fits `Engine`; `load_engine` picks one from the configuration.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from mt.config import Config, DecodingOptions
from mt.data import Hypothesis


class Engine(Protocol):
    """The plug point for models."""

    @property
    def name(self) -> str:
        """For signatures: model, revision and backend, as `model:opus-big|rev:1a2b3c4|engine:ctranslate2-int8`."""

    @property
    def max_source_tokens(self) -> int:
        """Longest source that `generate` accepts, as `count` counts it."""

    def count(self, source: str, /) -> int:
        """Tokens of a source, without the prompt and special tokens around it."""

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        """One hypothesis a source, in the order given, as one padded batch.

        Hostile or odd sources are text like any other; one that holds `</s>` or `{source}` commands nothing.

        prompt: causal models only: a template with {source} instead of the model's own (`ModelOptions.prompt`). With it
        a source may be as long as the architecture allows, whatever `max_source_tokens` says of translation.
        terms: causal models with a `ModelOptions.terms_prompt` only: for each source what stands for {terms} in that prompt
        (`mt.glossary.Glossary.prompt`); an empty text for a source without terms, which gets the usual prompt.
        Raises ModelError where a source is longer than it may be, where a prompt does not hold {source} once, and where
        memory runs out.
        """


@runtime_checkable
class NBest(Protocol):
    """An engine that can also give several hypotheses a source, as those that run a model here can."""

    def several(
        self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: Sequence[str] | None = None
    ) -> list[list[Hypothesis]]:
        """For each source at most `count` hypotheses that one beam search ends with, the likeliest first, as one padded batch.

        `beam_size` is raised to `count` if lower. terms: as in `Engine.generate`. Raises what `Engine.generate` raises.
        """


def load_engine(config: Config) -> Engine:
    """The engine that a configuration describes, ready to generate. Threads may share it.

    With `backend: auto` the faster of both libraries is found by running the model on each once; the choice is kept in
    `backends.json` in the cache folder, for this model, these versions and this processor.

    Raises ModelError where the model is missing, damaged or does not fit its options; ConfigError for a device or a
    compute type that there is not; ExtraError where `backend: ctranslate2` was asked for and its package is missing.
    """
    from mt.engines import backend

    return backend.load_engine(config)
