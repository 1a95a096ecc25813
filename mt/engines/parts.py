"""The parts that engines are made of: a `Text` that knows the family's way with words, a `Runner` that knows a library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from mt.config import DecodingOptions
from mt.data import Hypothesis
from mt.errors import ModelError

LIMIT_PER_TOKEN = 3
LIMIT_EXTRA = 24
"""Longest output where `max_new_tokens` is unset: 3 tokens a source token and 24 more."""
OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|bad_alloc|not enough memory", re.IGNORECASE)
"""Matches `CUDA out of memory. Tried to allocate...`, `DefaultCPUAllocator: can't allocate memory`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Sources as token ids, special tokens and prompt included; and for each the most tokens that may follow."""

    inputs: tuple[tuple[int, ...], ...]
    limits: tuple[int, ...]

    @property
    def reach(self) -> int:
        """Positions that a padded batch may come to: rows that are done go on, unseen, beside those that are not."""
        return max(map(len, self.inputs)) + max(self.limits)

    def singles(self) -> list[Batch]:
        """Each source as a batch of its own."""
        return [Batch((ids,), (limit,)) for ids, limit in zip(self.inputs, self.limits, strict=True)]


@dataclass(frozen=True, slots=True)
class Output:
    """What a runner found for one source: ids, the end token included if it was reached; the sum of log-probabilities."""

    ids: tuple[int, ...]
    log_prob: float


class Text(Protocol):
    """How one family of models turns sources into ids and ids into text."""

    @property
    def max_source_tokens(self) -> int:
        """As in `Engine`."""

    @property
    def ends(self) -> frozenset[int]:
        """Ids that end an output."""

    def count(self, source: str, /) -> int:
        """As in `Engine`."""

    def batch(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None, terms: Sequence[str] | None = None
    ) -> Batch:
        """The ids of the sources. Raises ModelError for one that is too long."""

    def read(self, ids: Sequence[int], source: str, /) -> str:
        """The text of an output."""


class Runner(Protocol):
    """How one library generates. `log_prob` is what the model says, before penalties of the search."""

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        """One output an input, in the same order, none longer than its limit."""

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        """For each input as many outputs as beams at most, the likeliest first, none longer than its limit."""


class ModelEngine:
    """An `Engine` of a text and a runner. Threads may share it."""

    def __init__(self, name: str, text: Text, runner: Runner) -> None:
        self.name = name
        self._text = text
        self._runner = runner

    @property
    def max_source_tokens(self) -> int:
        """As in `Engine`."""
        return self._text.max_source_tokens

    def count(self, source: str, /) -> int:
        """As in `Engine`."""
        return self._text.count(source)

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        """As in `Engine`."""
        if not sources:
            return []
        batch = self._text.batch(sources, options, prompt=prompt, terms=terms)
        with memory_named(batch, options):
            outputs = self._runner.run(batch, options)
        return [self._hypothesis(output, source) for output, source in zip(outputs, sources, strict=True)]

    def several(
        self, sources: Sequence[str], count: int, options: DecodingOptions, /, *, terms: Sequence[str] | None = None
    ) -> list[list[Hypothesis]]:
        """As in `NBest`."""
        if not sources:
            return []
        wide = options.model_copy(update={"beam_size": max(options.beam_size, count)})
        batch = self._text.batch(sources, wide, prompt=None, terms=terms)
        with memory_named(batch, wide):
            outputs = self._runner.several(batch, wide, count)
        return [[self._hypothesis(output, source) for output in found] for found, source in zip(outputs, sources, strict=True)]

    def _hypothesis(self, output: Output, source: str) -> Hypothesis:
        ended = not output.ids or output.ids[-1] in self._text.ends  # CTranslate2 writes nothing at all for an empty source
        length = max(1, len(output.ids))
        return Hypothesis(self._text.read(output.ids, source), output.log_prob / length, len(output.ids), truncated=not ended)


@contextmanager
def memory_named(batch: Batch, options: DecodingOptions) -> Iterator[None]:
    """Turn "out of memory", which each library says in its own way, into a ModelError with the remedy."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not OUT_OF_MEMORY.search(str(error)):
            raise
        size = f"{len(batch.inputs)} sources of up to {max(map(len, batch.inputs))} tokens with beam_size {options.beam_size}"
        raise ModelError(f"out of memory on a batch of {size}; lower batch_tokens or beam_size, or choose a smaller model") from error


def check_length(counts: Sequence[int], limit: int) -> None:
    """Raise ModelError for the first source longer than the limit, in tokens."""
    for i, count in enumerate(counts):
        if count > limit:
            raise ModelError(f"source {i + 1} of {len(counts)} has {count} tokens, and the model takes {limit}; split it first")


def limit_for(count: int, options: DecodingOptions, room: int | None) -> int:
    """Most tokens that may be written for a source of `count` tokens. room: what the architecture has left; None: no bound.

    >>> limit_for(10, DecodingOptions(), None), limit_for(10, DecodingOptions(max_new_tokens=7), None)
    (54, 7)
    """
    wanted = options.max_new_tokens or LIMIT_PER_TOKEN * count + LIMIT_EXTRA
    return wanted if room is None else max(1, min(wanted, room))


def cut(ids: Sequence[int], limit: int, ends: frozenset[int]) -> tuple[int, ...]:
    """The ids up to the first end token, that included, and never more than the limit.

    >>> cut([5, 6, 1, 0, 0], limit=4, ends=frozenset({1}))
    (5, 6, 1)
    """
    for i, token in enumerate(ids[:limit]):
        if token in ends:
            return tuple(ids[: i + 1])
    return tuple(ids[:limit])
