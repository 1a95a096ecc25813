"""Engines turn source strings into hypotheses. They know nothing of documents.

An engine is anything that fits `Engine`; `load_engine` picks one from the configuration.
"""

from collections.abc import Sequence
from typing import Protocol

from mt.config import DecodingOptions
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

    def generate(self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None) -> list[Hypothesis]:
        """One hypothesis a source, in the order given, as one padded batch.

        prompt: causal models only: a template with {source} instead of the model's own (`ModelOptions.prompt`).
        Raises ModelError where a source is longer than `max_source_tokens`.
        """
