"""Summaries: `Extractive` without a model, `Abstractive` by one, and the grounding of what is written in its source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mt.config import Config, ModelOptions, SummaryOptions, load_config
from mt.data import Summary, SummaryFlag
from mt.engines import Engine, load_engine
from mt.errors import ConfigError
from mt.summarization.abstractive import Abstractive
from mt.summarization.extractive import Extractive
from mt.summarization.grounding import ground

__all__ = ["EXPLANATIONS", "Abstractive", "Extractive", "Summarizer", "ground", "load_summarizer"]

EXPLANATIONS: dict[SummaryFlag, str] = {
    "unsupported": "nothing in the article says this",
    "numbers": "a number in this sentence is not in the sentences that it rests on",
    "names": "a name in this sentence is not in the article",
    "misplaced": "a name in this sentence does not stand in the article where the rest of the sentence does",
}


class Summarizer(Protocol):
    """The plug point for summaries."""

    @property
    def name(self) -> str:
        """For signatures and `Summary.method`."""

    def summarize(self, sentences: Sequence[str], options: SummaryOptions, *, title: str = "") -> Summary:
        """Summarise the sentences of one document, which are in the language of the summary.

        A sentence that ends in a line feed ends its paragraph; a summariser may make use of that.
        `SummarySentence.sources` are indices into `sentences`. No words in them give an empty summary.
        """


def load_summarizer(config: Config, engine: Engine | None = None) -> Summarizer:
    """Pick the summariser that `config.summary.method` names.

    "auto": extractive, unless the model of the configuration is made for summaries; "extractive"; or the name or
    path of a configuration whose model can summarise, such as "builtin". The built-in model is no "auto" because it
    turns facts round in ways that no flag finds: it made "NATO forces injured three soldiers" of three injured NATO soldiers.
    engine: that of `config`, used again where the same model is to summarise.

    Raises ConfigError for a name that is unknown or whose model only translates, ModelError where it is not installed.

    >>> load_summarizer(Config()).name
    'extractive'
    """
    method = config.summary.method
    if method == "extractive" or (method == "auto" and config.model.task != "summarize"):
        return Extractive()
    chosen = config if method == "auto" else load_config(method)
    if not _can_summarize(chosen.model):
        raise ConfigError(f"summary: method: model '{chosen.model.name}' only translates; use extractive or a model that can summarise")
    if engine is None or chosen.model != config.model:
        engine = load_engine(chosen.model_copy(update={"engine": config.engine}))
    return Abstractive(engine, chosen.model, chosen.decoding)


def _can_summarize(model: ModelOptions) -> bool:
    return model.task == "summarize" or model.digest_prompt is not None or model.summary_prompt is not None
