"""Both families on CTranslate2, without importing torch or transformers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mt.config import DecodingOptions, EngineOptions, ModelOptions
from mt.engines.decoding import for_ctranslate2, has_penalties
from mt.engines.parts import Batch, Output, Runner
from mt.engines.tokens import Tokens
from mt.errors import ConfigError, ExtraError, ModelError

if TYPE_CHECKING:
    import ctranslate2

PREFERRED = {"cpu": ("int8", "float32"), "cuda": ("bfloat16", "float16", "float32")}
"""What auto takes: the first that the device has. T5 overflows in float16, so bfloat16 comes before it."""
WORKERS = 2
"""Calls that run side by side on a CPU, each with its share of the threads and of the batch. Faster than all threads at
one call, where they wait for one another at every product: with 40 sentences on 2 cores, 84 tokens a second against 73
to 83; while other programs were running, 83 against 62 to 68."""
FEWEST = 8
"""Smaller batches stay whole: their halves would waste what batching saves."""


class Ct2Seq2Seq:
    """Runs an encoder-decoder model in a CTranslate2 `Translator`."""

    def __init__(self, translator: ctranslate2.Translator, tokens: Tokens, *, prefix: Sequence[int], ends: frozenset[int]) -> None:
        self._translator = translator
        self._tokens = tokens
        self._prefix = tokens.pieces(prefix)
        self._ends = ends

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        """As in `Runner`."""
        return [found[0] for found in self.several(batch, options, 1)]

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        """As in `Runner`."""
        return _within_limits(self._run(batch, options, count), batch, options, count, self)

    def _run(self, batch: Batch, options: DecodingOptions, count: int) -> list[list[Output]]:
        """For each input its `count` best outputs."""
        sources = [self._tokens.pieces(ids) for ids in batch.inputs]
        found = self._translator.translate_batch(
            sources,
            [self._prefix] * len(sources) if self._prefix else None,
            max_batch_size=_share(len(sources), self._translator.num_translators),
            max_input_length=0,  # no cutting: too long a source was refused before
            max_decoding_length=max(batch.limits) + len(self._prefix),  # the prefix counts, in the score's length too
            end_token=sorted(self._ends),
            num_hypotheses=count,
            **for_ctranslate2(options),
        )
        outputs = []
        for source, result in zip(sources, found, strict=True):
            rows = [tuple(self._tokens.ids(pieces[len(self._prefix) :])) for pieces in result.hypotheses]
            sums = [_sum(score, len(pieces), options) for score, pieces in zip(result.scores, result.hypotheses, strict=True)]
            if has_penalties(options):
                sums = self._score([source] * len(rows), rows)
            outputs.append([Output(row, total) for row, total in zip(rows, sums, strict=True)])
        return outputs

    def _score(self, sources: Sequence[list[str]], rows: Sequence[tuple[int, ...]]) -> list[float]:
        """Sums of log-probabilities of given outputs. The library adds an end to each target, so ours goes first."""
        targets = [[*self._prefix, *self._tokens.pieces([i for i in row if i not in self._ends])] for row in rows]
        scored = self._translator.score_batch(list(sources), targets, max_input_length=0)
        start = len(self._prefix)
        return [sum(result.log_probs[start : start + len(row)]) for result, row in zip(scored, rows, strict=True)]


class Ct2Causal:
    """Runs a decoder-only model in a CTranslate2 `Generator`."""

    def __init__(self, generator: ctranslate2.Generator, tokens: Tokens, *, ends: frozenset[int], window: int | None) -> None:
        """window: tokens that the sliding attention of the model sees; None: it sees all."""
        self._generator = generator
        self._tokens = tokens
        self._ends = ends
        self._window = window or 1 << 30

    def run(self, batch: Batch, options: DecodingOptions, /) -> list[Output]:
        """As in `Runner`."""
        return [found[0] for found in self.several(batch, options, 1)]

    def several(self, batch: Batch, options: DecodingOptions, count: int, /) -> list[list[Output]]:
        """As in `Runner`."""
        outputs: list[list[Output]] = [[] for _ in batch.inputs]
        for group in _groups(batch.inputs, options, self._window):
            part = Batch(tuple(batch.inputs[i] for i in group), tuple(batch.limits[i] for i in group))
            found = _within_limits(self._run(part, options, count), part, options, count, self)
            for i, several in zip(group, found, strict=True):
                outputs[i] = several
        return outputs

    def _run(self, batch: Batch, options: DecodingOptions, count: int) -> list[list[Output]]:
        """For each input its `count` best outputs."""
        prompts = [self._tokens.pieces(ids) for ids in batch.inputs]
        found = self._generator.generate_batch(
            prompts,
            max_batch_size=_share(len(prompts), self._generator.num_generators),
            include_prompt_in_result=False,
            max_length=max(batch.limits),
            end_token=sorted(self._ends),
            num_hypotheses=count,
            **for_ctranslate2(options),
        )
        return [
            [
                Output(tuple(row), self._score(prompt, row) if self._is_scored(prompt, row, options) else _sum(score, len(row), options))
                for row, score in zip(result.sequences_ids, result.scores, strict=True)
            ]
            for prompt, result in zip(prompts, found, strict=True)
        ]

    def _is_scored(self, prompt: Sequence[str], row: Sequence[int], options: DecodingOptions) -> bool:
        """Penalties make the search's own sum no score of the model; beyond the window `score_batch` fails, and it must do."""
        return has_penalties(options) and len(prompt) + len(row) <= self._window

    def _score(self, prompt: list[str], row: Sequence[int]) -> float:
        """The sum of log-probabilities of a given output."""
        [scored] = self._generator.score_batch([prompt + self._tokens.pieces(row)], max_input_length=0)
        return float(sum(scored.log_probs[-len(row) :]))


def _share(count: int, workers: int) -> int:
    """Most sources that a worker takes at once; 0: all."""
    return -(-count // workers) if workers > 1 and count >= FEWEST else 0


def _within_limits(outputs: list[list[Output]], batch: Batch, options: DecodingOptions, count: int, runner: Runner) -> list[list[Output]]:
    """The library has one limit a call. Outputs beyond their own are made again alone, as they would be in any other batch."""
    for i, limit in enumerate(batch.limits):
        if any(len(output.ids) > limit for output in outputs[i]):
            [outputs[i]] = runner.several(Batch((batch.inputs[i],), (limit,)), options, count)
    return outputs


def _groups(inputs: Sequence[Sequence[int]], options: DecodingOptions, window: int) -> list[list[int]]:
    """Indices of the prompts that may share a call without changing each other's output.

    The library reads only as much of the prompts at once as the shortest has. The rest counts as output to it, and comes
    under the penalties: with them only prompts of equal length go together. And where attention slides, more than the
    window read at once is misread (CTranslate2 4.8; piecemeal it is not): longer prompts go alone, so that all are read
    alike. Better they do not come: `max_source_tokens` and `max_article_tokens` are to stay below the window.
    """
    order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
    long = [[i] for i in order if len(inputs[i]) > window]
    short = [i for i in order if len(inputs[i]) <= window]
    if not has_penalties(options):
        return [short] * bool(short) + long
    return [list(group) for _, group in groupby(short, key=lambda i: len(inputs[i]))] + long


def _sum(score: float, length: int, options: DecodingOptions) -> float:
    """The library divides the sum of log-probabilities by length ** length_penalty; the end token counts."""
    return score * float(length ** for_ctranslate2(options)["length_penalty"])


def device_for(engine: EngineOptions) -> str:
    """ "cpu" or "cuda". Raises ConfigError where a GPU was asked for and there is none, ExtraError without the package."""
    library = _library()
    there = library.get_cuda_device_count() > 0
    if engine.device == "cuda" and not there:
        raise ConfigError("device: cuda: ctranslate2 finds no GPU; use device: cpu or auto")
    return "cuda" if engine.device != "cpu" and there else "cpu"


def compute_type_for(engine: EngineOptions, device: str) -> str:
    """The type to compute in. Raises ConfigError for one that the device does not have."""
    has = _library().get_supported_compute_types(device)
    if engine.compute_type == "auto":
        return next(kind for kind in PREFERRED[device] if kind in has)
    if engine.compute_type not in has:
        allowed = ", ".join(kind for kind in ("int8", "float32", "bfloat16", "float16") if kind in has)
        raise ConfigError(f"compute_type: {engine.compute_type}: backend ctranslate2 has {allowed} on this {device}")
    return engine.compute_type


def load(model: ModelOptions, folder: Path, engine: EngineOptions) -> ctranslate2.Translator | ctranslate2.Generator:
    """Open a converted model. Raises ModelError where it cannot be read."""
    library = _library()
    device = device_for(engine)
    architecture = library.Translator if model.family == "seq2seq" else library.Generator
    threads = engine.threads or _cores()
    workers = min(WORKERS, threads) if device == "cpu" else 1
    kind = compute_type_for(engine, device)
    try:
        return architecture(str(folder), device=device, compute_type=kind, inter_threads=workers, intra_threads=threads // workers)
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"model '{model.name}': {folder} cannot be loaded: {error}; delete that folder and it is made again") from error


def _cores() -> int:
    """Processors that this process may use; the library itself would take four at most."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _library() -> ModuleType:
    try:
        return import_module("ctranslate2")
    except ImportError as error:
        raise ExtraError("backend: ctranslate2 needs the package ctranslate2; run `pip install ctranslate2`") from error
