"""Read Arabic news in English: translation and summaries, offline, with every doubt marked.

>>> import mt
>>> [segment.text for segment in mt.segment("وصل الوفد. متى يغادر؟")]
['وصل الوفد.', 'متى يغادر؟']

`mt.translate(text)` and `mt.summarize(text)` are the one-liners; `mt.load(...)` gives a `Pipeline` to keep.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from mt._version import __version__
from mt.data import Block, Document, Hypothesis, Result, Segment, Summary, SummarySentence, Translation
from mt.errors import ConfigError, ExtraError, FetchError, InputError, JobError, ModelError, MTError

if TYPE_CHECKING:
    from pathlib import Path

    from mt.config import Config, Override
    from mt.pipeline import Pipeline

__all__ = [
    "Block",
    "ConfigError",
    "Document",
    "ExtraError",
    "FetchError",
    "Hypothesis",
    "InputError",
    "JobError",
    "MTError",
    "ModelError",
    "Result",
    "Segment",
    "Summary",
    "SummarySentence",
    "Translation",
    "__version__",
    "load",
    "segment",
    "summarize",
    "translate",
]


def translate(text: str | Document, model: str = "auto", *, summary: int = 0, **options: Override) -> Result:
    """Translate an Arabic text into English.

    The model is loaded on the first call and kept for the next (the last two settings are). `result.text`
    is the English; `result.translations[i]` has the source, the English and the flags of each segment.

    model: "auto" (the best that is installed), a name from `mt models`, or the path of a YAML file.
    summary: sentences of an English summary in `result.summary`; 0 for none.
    options: of `mt.config`, by their plain names, e.g. beam_size=4; or quality="best", which searches wider and chooses,
    in about twice the time.

    Raises InputError for a text without Arabic, ConfigError for a wrong option, ModelError for a model
    that is not there.
    """
    return _kept(model, _settings(options)).translate(text, summary=summary)


def summarize(
    text: str | Document,
    model: str = "auto",
    *,
    sentences: int = 3,
    words: int | None = None,
    language: str = "en",
    **options: Override,
) -> Summary:
    """Summarise an Arabic text in English or, with language="ar", in its own words.

    Each sentence of the summary has `.sources`, the indices of the segments that support it.
    Raises as `translate` does.
    """
    return _kept(model, _settings(options)).summarize(text, sentences=sentences, words=words, language=language)


def segment(text: str) -> list[Segment]:
    """Split a text into sentences; joining `text + tail` gives it back exactly. Needs no model."""
    from mt.segmentation import split

    return split(text)


def load(source: str | Path | Config = "default", *, model: str | None = None, **overrides: Override) -> Pipeline:
    """Load a pipeline by the name or path of a configuration, and keep it as long as you like.

    model: another model for this configuration, by name or path.
    overrides: options of `mt.config` by their plain names, e.g. beam_size=4, backend="ctranslate2",
    glossary=["terms.csv", "starter"], memory="corrections.db" (then `Pipeline.correct` remembers what a person writes).
    """
    from mt.pipeline import load

    return load(source, model=model, **overrides)


def _settings(options: dict[str, Override]) -> tuple[tuple[str, Override], ...]:
    """Options as a key; a list of glossaries is as good as a tuple."""
    return tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in sorted(options.items()))


@lru_cache(maxsize=2)
def _kept(model: str, options: tuple[tuple[str, Override], ...]) -> Pipeline:
    return load("default", model=model, **dict(options))
