"""The model while it is trained: what is trained in it, and the loss of a batch.

What is trained is kept in float32 ("masters") and copied into the model, which computes in bfloat16, after each step
(Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740). Embeddings of causal models stay frozen: with a softmax of
52,000 pieces Adam moves the rows of rare pieces by its own noise, and the held-out loss of the built-in model rises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.config import EngineOptions, ModelOptions
from mt.errors import ExtraError, ModelError
from mt.train.recipe import Recipe

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

    from mt.train.packing import Ints

IGNORED = -100
"""Label of a position whose prediction does not count."""
PLAIN_HEADS = frozenset({"gemma", "gemma3", "gemma3_text", "llama", "mistral", "qwen2", "qwen3"})
"""Architectures whose logits are the last hidden states times the output embedding, and nothing more."""
CHUNK = {"cpu": 128, "cuda": 4096}
"""Rows of logits in memory at a time. 128 rows of 52,000 float32 stay near the cache of a processor: a fifth faster than 4,096."""


VARIANTS = 64
"""Forms of a layer that may be compiled: training or not, one row or many, longer than the sliding window or not, of each kind."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Mean negative log-likelihood of the target tokens, in nats, and how many there were."""

    mean: torch.Tensor
    tokens: int


class Network:
    """A loaded model with its masters. `model` has the weights that were last copied into it."""

    def __init__(self, model: PreTrainedModel, recipe: Recipe, family: str) -> None:
        self.model = _with_adapters(model, recipe) if recipe.lora else model
        self._core = model  # what adapters were put into computes with them
        self._smoothing = recipe.label_smoothing
        self._causal = family == "causal"
        self._start = model.config.get_text_config().decoder_start_token_id if not self._causal else None
        self._pad = int(model.config.get_text_config().pad_token_id or 0)
        self._zeroed = _zeroed_embeddings(model)
        if self._causal and not recipe.lora:
            model.get_input_embeddings().weight.requires_grad_(False)
            if model.get_output_embeddings() is not None:
                model.get_output_embeddings().weight.requires_grad_(False)
        self._live = {name: value for name, value in self.model.named_parameters() if value.requires_grad}
        self.masters = {name: value.detach().float().clone().requires_grad_(True) for name, value in self._live.items()}

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        device: torch.device = self._core.device
        return device

    def loss(self, rows: Sequence[tuple[Ints, Ints]], *, training: bool) -> Loss:
        """The loss of some examples as one padded batch. training: with dropout and label smoothing."""
        self.model.train(training)
        smoothing = self._smoothing if training else 0.0
        return self._causal_loss(rows, smoothing) if self._causal else self._seq2seq_loss(rows, smoothing)

    def take_gradients(self) -> None:
        """Move the gradients of the last loss to the masters."""
        for name, live in self._live.items():
            self.masters[name].grad = None if live.grad is None else live.grad.float()
            live.grad = None

    def copy_masters(self) -> None:
        """Put the masters into the model."""
        import torch

        with torch.no_grad():
            for name in self._zeroed & self.masters.keys():  # before the copy, so that both have the zeros
                self.masters[name][self._pad] = 0
            for name, live in self._live.items():
                live.copy_(self.masters[name])

    def load(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Take masters from a checkpoint. Raises ModelError where they are those of another model."""
        import torch

        shapes = {name: tuple(value.shape) for name, value in self.masters.items()}
        if {name: tuple(value.shape) for name, value in weights.items()} != shapes:
            raise ModelError("the checkpoint is of another model; name another folder for the output")
        with torch.no_grad():
            for name, master in self.masters.items():
                master.copy_(weights[name])
        self.copy_masters()

    def merged(self) -> PreTrainedModel:
        """The plain model, adapters merged into its weights; the network cannot be trained after this."""
        from mt.engines.tokens import quiet

        with quiet():
            return self.model.merge_and_unload() if self.model is not self._core else self._core

    def _causal_loss(self, rows: Sequence[tuple[Ints, Ints]], smoothing: float) -> Loss:
        """Padded on the right, so that no mask is needed; a label stands where it is predicted, one place before its token."""
        import numpy as np
        import torch.nn.functional as F  # noqa: N812

        inputs = self._padded([np.concatenate(row) for row in rows], self._pad)
        labels = self._padded([np.concatenate([np.full(len(s) - 1, IGNORED), t]) for s, t in rows], IGNORED, width=inputs.shape[1])
        chosen = labels != IGNORED
        if self._core.config.model_type not in PLAIN_HEADS:
            logits = self._core(input_ids=inputs, use_cache=False).logits[chosen]
            return Loss(F.cross_entropy(logits.float(), labels[chosen], label_smoothing=smoothing), len(logits))
        hidden = self._core.get_decoder()(input_ids=inputs, use_cache=False).last_hidden_state[chosen]
        mean: torch.Tensor = _fused()(hidden, self._core.get_output_embeddings().weight, labels[chosen], smoothing)
        return Loss(mean, len(hidden))

    def _seq2seq_loss(self, rows: Sequence[tuple[Ints, Ints]], smoothing: float) -> Loss:
        import numpy as np
        import torch
        import torch.nn.functional as F  # noqa: N812

        sources = self._padded([source for source, _ in rows], self._pad)
        mask = self._padded([np.ones_like(source) for source, _ in rows], 0)
        labels = self._padded([target for _, target in rows], IGNORED)
        started = labels.new_full((len(rows), 1), int(self._start or 0))
        before = torch.cat([started, labels[:, :-1].masked_fill(labels[:, :-1] == IGNORED, self._pad)], dim=1)
        logits = self._core(input_ids=sources, attention_mask=mask, decoder_input_ids=before, use_cache=False).logits
        mean = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, label_smoothing=smoothing)
        return Loss(mean, sum(len(target) for _, target in rows))

    def _padded(self, rows: Sequence[Ints], value: int, *, width: int = 0) -> torch.Tensor:
        """Ids [n, longest] with `value` after the end of each."""
        import numpy as np
        import torch

        padded = np.full((len(rows), max(width, *map(len, rows))), value, dtype=np.int64)
        for i, row in enumerate(rows):
            padded[i, : len(row)] = row
        return torch.from_numpy(padded).to(self.device, non_blocking=True)


def load_network(model: ModelOptions, folder: Path, recipe: Recipe) -> Network:
    """The network of a model folder.

    Raises ModelError where its weights are damaged or do not fit, ConfigError where a GPU was asked for and there is none.
    """
    from mt.engines.torch_model import load

    loaded = load(model, folder, EngineOptions(device=recipe.device, compute_type=_compute_type(recipe), threads=recipe.threads))
    if recipe.compile and has_compiler():
        _compile_layers(loaded.model)
    network = Network(loaded.model, recipe, model.family)
    if model.family == "seq2seq" and loaded.start is None:
        raise ModelError(f"model '{model.name}': its config.json has no decoder_start_token_id, so it cannot be trained")
    if not network.masters:
        raise ModelError(f"model '{model.name}': nothing in it can be trained")
    return network


def has_compiler() -> bool:
    """Whether layers can be compiled on this machine: torch needs a C++ compiler and the headers of Python."""
    from sysconfig import get_path

    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        return bool(get_cpp_compiler()) and Path(get_path("include"), "Python.h").is_file()
    except InvalidCxxCompiler:
        return False


def _compile_layers(model: PreTrainedModel) -> None:
    """Fuse the many small operations of each layer. On a processor the written-out attention fuses too, and the ready-made one,
    whose backward pass is slow for short rows, does not.
    """
    import torch

    if model.device.type == "cpu":
        model.set_attn_implementation("eager")
    torch._dynamo.config.recompile_limit = VARIANTS
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.ModuleList) and name.endswith("layers"):
            for layer in module:
                layer.compile(dynamic=True)


def _compute_type(recipe: Recipe) -> Any:
    """float16, which older GPUs would have, needs scaled losses: these train in float32."""
    from mt.engines.torch_model import compute_type_for, device_for

    chosen = EngineOptions(device=recipe.device, compute_type=recipe.compute_type)
    kind = compute_type_for(chosen, device_for(chosen))
    return "float32" if kind == "float16" else kind


def _with_adapters(model: PreTrainedModel, recipe: Recipe) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise ExtraError('adapters need peft: pip install "mt[train]"') from error
    from mt.engines.tokens import quiet

    assert recipe.lora is not None
    with quiet():
        return get_peft_model(model, LoraConfig(r=recipe.lora.rank, lora_alpha=recipe.lora.alpha, target_modules="all-linear"))


def _zeroed_embeddings(model: PreTrainedModel) -> frozenset[str]:
    """Names of the embeddings whose padding row is zero and must stay so: CTranslate2 starts Marian's decoder from it."""
    if model.config.model_type != "marian":
        return frozenset()
    pad, shape = model.config.pad_token_id, model.get_input_embeddings().weight.shape
    return frozenset(name for name, value in model.named_parameters() if value.shape == shape and not value[pad].any())


def _fused() -> Any:
    """Cross-entropy over a frozen output embedding, which makes its gradient on the way: the logits are computed once, in chunks,
    and never kept. Arguments: hidden states [n, d], embedding [v, d], labels [n], label smoothing.
    """
    import torch

    class Fused(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
            gradient = torch.empty_like(hidden)
            total = torch.zeros((), dtype=torch.float64, device=hidden.device)
            step = CHUNK.get(hidden.device.type, 128)
            for i in range(0, len(labels), step):
                logits = (hidden[i : i + step] @ weight.t()).float()
                wanted = labels[i : i + step, None]
                most = logits.amax(1, keepdim=True)
                aimed = (1 - smoothing) * logits.gather(1, wanted)
                if smoothing:
                    aimed += smoothing * logits.mean(1, keepdim=True)
                total_exp = logits.sub_(most).exp_().sum(1, keepdim=True)
                total += (most + total_exp.log() - aimed).double().sum()
                logits.div_(total_exp).sub_(smoothing / weight.shape[0])
                logits.scatter_add_(1, wanted, logits.new_full(wanted.shape, smoothing - 1))
                gradient[i : i + step] = (logits.to(weight.dtype) @ weight) / len(labels)
            ctx.save_for_backward(gradient)
            return (total / len(labels)).float()

        @staticmethod
        def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            (gradient,) = ctx.saved_tensors
            return gradient * upstream.to(gradient.dtype), None, None, None

    return Fused.apply
