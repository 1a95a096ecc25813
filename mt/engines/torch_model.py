"""Models on transformers: loading one, searching with one, scoring with one. Both families share this."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.config import DecodingOptions, EngineOptions, ModelOptions
from mt.engines.decoding import for_transformers, has_penalties
from mt.engines.parts import Batch, cut
from mt.engines.tokens import quiet
from mt.errors import ConfigError, ModelError
from mt.models import load_state, packed

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, LogitsProcessor, PreTrainedConfig, PreTrainedModel

NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "avx10_2", "bf16", "sve_bf16")
"""Names in `torch.cpu.get_capabilities()` of instructions that multiply in bfloat16, on x86 and Arm."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in evaluation mode on its device, and what its generation config says of token ids."""

    model: PreTrainedModel
    pad: int | None
    start: int | None
    banned: tuple[tuple[int, ...], ...]


def load(model: ModelOptions, folder: Path, engine: EngineOptions) -> Loaded:
    """Load the weights of a folder in the type and on the device that the options name.

    Raises ModelError where a file is damaged or the weights do not fit the configuration, ConfigError for a type
    that this library cannot compute in.
    """
    import torch

    if engine.threads:
        torch.set_num_threads(engine.threads)
    device = device_for(engine)
    dtype = getattr(torch, compute_type_for(engine, device))
    with quiet():
        try:
            network = _read(model, folder, dtype)
            settings = _generation_config(folder, network.config)
        except ModelError:
            raise
        except Exception as error:  # transformers, safetensors and torch raise OSError, ValueError, KeyError, RuntimeError and their own
            reason = " ".join(str(error).split())[:240] or type(error).__name__
            raise ModelError(f"model '{model.name}': {folder} cannot be loaded: {reason}") from error
    network.generation_config = type(settings)()  # nothing of the model's own gets into our searches
    pad = settings.pad_token_id if settings.pad_token_id is not None else network.config.get_text_config().pad_token_id
    banned = tuple(tuple(ids) for ids in settings.bad_words_ids or ())
    return Loaded(network.eval().to(device), pad, settings.decoder_start_token_id, banned)


def device_for(engine: EngineOptions) -> str:
    """ "cpu" or "cuda". Raises ConfigError where a GPU was asked for and there is none."""
    import torch

    if engine.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device: cuda: torch finds no GPU; use device: cpu or auto")
    return "cuda" if engine.device != "cpu" and torch.cuda.is_available() else "cpu"


def compute_type_for(engine: EngineOptions, device: str) -> str:
    """The type to compute in. auto: bfloat16 where the hardware computes in it, else float32.

    Without such hardware torch emulates bfloat16, several times slower than float32.
    """
    import torch

    if engine.compute_type == "int8":
        raise ConfigError("compute_type: int8 needs backend: ctranslate2")
    if engine.compute_type != "auto":
        return engine.compute_type
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # older versions of torch lack it
    return "bfloat16" if any(capabilities.get(name) for name in NATIVE_BFLOAT16) else "float32"


def _read(model: ModelOptions, folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    auto = transformers.AutoModelForSeq2SeqLM if model.family == "seq2seq" else transformers.AutoModelForCausalLM
    if packed(folder):
        network, info = _unpack(config, folder, dtype)
    else:
        network, info = auto.from_pretrained(
            folder, config=config, dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    absent = sorted(info["missing_keys"]) + sorted(str(key) for key in info["mismatched_keys"])
    if absent:  # transformers would go on with random numbers in their place
        raise ModelError(
            f"model '{model.name}': {folder}: no weights of the right shape for {', '.join(absent[:3])}; copy the folder again"
        )
    return network


def _unpack(config: PreTrainedConfig, folder: Path, dtype: torch.dtype) -> tuple[PreTrainedModel, dict[str, set[str]]]:
    """From int8 rows straight to the compute type; no weight is initialised only to be replaced."""
    import transformers

    architecture: type[PreTrainedModel] = getattr(transformers, (config.architectures or ["none"])[0])
    state = load_state(folder, dtype)
    network, info = architecture.from_pretrained(None, config=config, state_dict=state, dtype=dtype, output_loading_info=True)
    return network, info


def _generation_config(folder: Path, config: PreTrainedConfig) -> GenerationConfig:
    from transformers import GenerationConfig

    if (folder / "generation_config.json").is_file():
        settings = GenerationConfig.from_pretrained(folder, local_files_only=True)
    else:
        settings = GenerationConfig.from_model_config(config)
    if settings.decoder_start_token_id is None:
        settings.decoder_start_token_id = getattr(config, "decoder_start_token_id", None)
    return settings


class Search:
    """Generation and scoring with one loaded model, one batch at a time: two on the same cores only get in each other's way."""

    def __init__(self, loaded: Loaded, ends: frozenset[int]) -> None:
        self.model = loaded.model
        self.start = loaded.start
        self.pad = min(ends) if loaded.pad is None else loaded.pad  # what stands under the mask does not matter
        self._banned = [list(ids) for ids in loaded.banned] or None
        self._ends = ends
        self._lock = threading.Lock()

    def generate(
        self, inputs: dict[str, torch.Tensor], batch: Batch, options: DecodingOptions, *, start: int, hidden: int, count: int = 1
    ) -> tuple[list[tuple[int, ...]], list[float]]:
        """Ids of each output after the first `start` positions; sums of log-probabilities, or [] where the search does not know them.

        inputs: what `generate` of transformers takes: padded ids [n, length], attention mask and, for seq2seq, decoder ids [n, start].
        hidden: positions that penalties do not look at.
        count: outputs a source, side by side, at most `beam_size`.
        """
        import torch
        from transformers import GenerationConfig

        settings = GenerationConfig(
            **for_transformers(options),
            num_return_sequences=count,
            max_new_tokens=max(batch.limits),
            eos_token_id=sorted(self._ends),
            pad_token_id=self.pad,
            decoder_start_token_id=self.start,
            bad_words_ids=self._banned,
        )
        recorder = Recorder()
        greedy = options.beam_size == 1 and not has_penalties(options)
        with self._lock, torch.inference_mode():
            found = self.model.generate(
                **inputs,
                generation_config=settings,
                logits_processor=_penalties(options, hidden) + [recorder] * greedy,
                stopping_criteria=[Limits(batch.limits, start)],
            )
        limits = [limit for limit in batch.limits for _ in range(count)]
        rows = [cut(row, limit, self._ends) for row, limit in zip(found[:, start:].tolist(), limits, strict=True)]
        return rows, recorder.sums(found, rows) if greedy else []

    def score(self, inputs: Sequence[dict[str, torch.Tensor]], rows: Sequence[tuple[int, ...]]) -> list[float]:
        """Sums of log-probabilities of outputs, each read in one go after its own, unpadded, input.

        inputs: one a row, of n = 1; the last len(row) positions of the logits are those that predict the row.
        """
        import torch

        sums = []
        with self._lock, torch.inference_mode():
            for arguments, row in zip(inputs, rows, strict=True):
                logits = self.model(**arguments, use_cache=False).logits[0, -len(row) :].float()
                chosen = logits.gather(1, torch.tensor(row, device=logits.device)[:, None])[:, 0]
                sums.append(float((chosen - logits.logsumexp(-1)).sum()))
        return sums


class Recorder:
    """A logits processor that notes the log-probability of each chosen token and changes nothing.

    What was chosen is seen one step later, so the last scores are kept: one [n, vocabulary] tensor, where
    `output_scores` would keep as many as there are steps.
    """

    def __init__(self) -> None:
        self._steps: list[torch.Tensor] = []
        self._scores: torch.Tensor | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [n, vocabulary] as they are, before any choice is made by them."""
        self._note(input_ids)
        self._scores = scores
        return scores

    def sums(self, found: torch.Tensor, rows: Sequence[tuple[int, ...]]) -> list[float]:
        """Of each row, over its own length."""
        import torch

        self._note(found)
        table = torch.stack(self._steps, dim=1)  # [n, steps]
        return [float(table[i, : len(row)].sum()) for i, row in enumerate(rows)]

    def _note(self, ids: torch.Tensor) -> None:
        if self._scores is not None:
            self._steps.append(self._scores.gather(1, ids[:, -1:])[:, 0] - self._scores.logsumexp(-1))


class AfterPrompt:
    """A logits processor that hides the prompt from another: numbers and names of the source may be repeated."""

    def __init__(self, inner: LogitsProcessor, hidden: int) -> None:
        self._inner = inner
        self._hidden = hidden

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores as the other processor changes them."""
        changed: torch.Tensor = self._inner(input_ids[:, self._hidden :], scores)
        return changed


class Limits:
    """A stopping criterion with a limit for each source, so that its output does not depend on the batch it is in."""

    def __init__(self, limits: Sequence[int], start: int) -> None:
        self._ends = [start + limit for limit in limits]

    def __call__(self, input_ids: torch.Tensor, _scores: object, **_: object) -> torch.Tensor:
        """Whether each row is done; beam search comes with several candidates a source, side by side."""
        import torch

        done = torch.tensor([input_ids.shape[1] >= end for end in self._ends], device=input_ids.device)
        return done.repeat_interleave(input_ids.shape[0] // len(self._ends))


def _penalties(options: DecodingOptions, hidden: int) -> list[AfterPrompt]:
    from transformers import NoRepeatNGramLogitsProcessor, RepetitionPenaltyLogitsProcessor

    inner: list[LogitsProcessor] = []
    if options.repetition_penalty != 1.0:
        inner.append(RepetitionPenaltyLogitsProcessor(options.repetition_penalty))
    if options.no_repeat_ngram_size:
        inner.append(NoRepeatNGramLogitsProcessor(options.no_repeat_ngram_size))
    return [AfterPrompt(processor, hidden) for processor in inner]


def padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device, *, left: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids [n, length] and attention mask of the same shape, 0 over padding."""
    import torch

    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(rows):
        place = slice(width - len(row), None) if left else slice(len(row))
        ids[i, place] = torch.tensor(row, dtype=ids.dtype)
        mask[i, place] = 1
    return ids.to(device), mask.to(device)
