"""How small can the built-in weights be stored, and what does it cost?

    python -m tests.bench.storage --shared DIR [--model FOLDER] [--lines 100]

Each scheme is applied to the weights and undone again; the loss is the mean over target tokens of the first lines of
FLORES-200 dev, in nats. The base that the others are compared with is int8 rows, the form in which the weights ship.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM

from mt.models.weights import load_state

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROMPT = "Arabic: {}\nEnglish:"
BATCH = 10
EMBEDDING = "model.embed_tokens.weight"
LAYER = re.compile(r"layers\.(\d+)\.")
"""Matches `layers.17.` in the name of a weight."""


def grouped(weight: torch.Tensor, bits: int, group: int) -> torch.Tensor:
    """A matrix after rounding to `bits` with one float16 scale for every `group` values of a row (0: the whole row).

    The scale is the best of nine shrunken ones by squared error, as clipping a rare large value is cheaper than coarse steps.
    """
    rows, width = weight.shape
    values = weight.reshape(rows, 1, width) if not group else weight.reshape(rows, width // group, group)
    top = 2 ** (bits - 1) - 1
    best, error = torch.zeros_like(values), torch.full(values.shape[:2], torch.inf)
    for shrink in (1.0,) if bits == 8 else torch.linspace(0.6, 1.0, 9).tolist():
        scale = (values.abs().amax(2, keepdim=True) * shrink / top).clamp(min=1e-8).half().float()
        rounded = (values / scale).round().clamp(-top, top) * scale
        wrong = (rounded - values).square().sum(2)
        better = wrong < error
        best, error = torch.where(better[..., None], rounded, best), torch.where(better, wrong, error)
    return best.reshape(rows, width)


def size(weight: torch.Tensor, bits: int, group: int) -> float:
    """Megabytes of a matrix so stored."""
    scales = weight.shape[0] * (weight.shape[1] / group if group else 1)
    return (weight.numel() * bits / 8 + scales * 2) / 1e6


Scheme = Callable[[str, torch.Tensor], tuple[int, int]]
"""From the name and the matrix to bits and group."""


def outer_layers(name: str) -> bool:
    """The embedding, the first two and the last two layers of eighteen: where coarse steps are said to hurt most."""
    found = LAYER.search(name)
    return found is None or int(found[1]) in {0, 1, 16, 17}


SCHEMES: Mapping[str, Scheme] = {
    "int8 rows (shipped)": lambda name, w: (8, 0),
    "int8, groups of 64": lambda name, w: (8, 64),
    "int6, groups of 64": lambda name, w: (6, 64),
    "embedding int8, layers int6 groups of 64": lambda name, w: (8, 0) if name == EMBEDDING else (6, 64),
    "embedding int8, layers int5 groups of 64": lambda name, w: (8, 0) if name == EMBEDDING else (5, 64),
    "embedding int8, layers int4 groups of 64": lambda name, w: (8, 0) if name == EMBEDDING else (4, 64),
    "embedding int8, layers int4 groups of 32": lambda name, w: (8, 0) if name == EMBEDDING else (4, 32),
    "outer layers int8, inner int4 groups of 32": lambda name, w: (8, 0) if outer_layers(name) else (4, 32),
    "all int4, groups of 32": lambda name, w: (4, 32),
}


def stored(state: Mapping[str, torch.Tensor], scheme: Scheme) -> tuple[dict[str, torch.Tensor], float]:
    """The weights after a round trip through a scheme, and their megabytes."""
    made, total = {}, 0.0
    for name, weight in state.items():
        if weight.dim() == 2:
            bits, group = scheme(name, weight)
            made[name] = grouped(weight, bits, group)
            total += size(weight, bits, group)
        else:
            made[name] = weight
            total += weight.numel() * 2 / 1e6
    return made, total


def loss(model: PreTrainedModel, examples: list[tuple[list[int], list[int]]]) -> float:
    """Nats a target token."""
    total, count = 0.0, 0
    for i in range(0, len(examples), BATCH):
        part = examples[i : i + BATCH]
        width = max(len(prompt) + len(target) for prompt, target in part)
        ids = torch.zeros(len(part), width, dtype=torch.long)
        labels = torch.full((len(part), width), -100)
        for row, (prompt, target) in enumerate(part):
            ids[row, : len(prompt) + len(target)] = torch.tensor(prompt + target)
            labels[row, len(prompt) - 1 : len(prompt) + len(target) - 1] = torch.tensor(target)
        with torch.no_grad():
            hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[labels != -100]
            logits = (hidden @ model.get_input_embeddings().weight.t()).float()
        total += float(torch.nn.functional.cross_entropy(logits, labels[labels != -100], reduction="sum"))
        count += len(logits)
    return total / count


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="folder with eval/flores-dev.ar and .en")
    parser.add_argument("--model", type=Path, default=Path("mt/builtin"))
    parser.add_argument("--lines", type=int, default=100)
    arguments = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(arguments.model / "tokenizer.json"))
    end = tokenizer.token_to_id("<eos>")
    assert end is not None
    sides = [(arguments.shared / "eval" / f"flores-dev.{code}").read_text(encoding="utf-8").split("\n") for code in ("ar", "en")]
    pairs = list(zip(*sides, strict=True))[: arguments.lines]
    examples = [
        (tokenizer.encode(PROMPT.format(source)).ids, [*tokenizer.encode(" " + target, add_special_tokens=False).ids, end])
        for source, target in pairs
    ]
    examples.sort(key=lambda example: len(example[0]) + len(example[1]))
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(arguments.model), dtype=torch.bfloat16).eval()
    state = load_state(arguments.model, torch.float32)
    print(f"| stored as | MB | loss on {len(examples)} lines | more than shipped |\n| --- | ---: | ---: | ---: |")
    base = 0.0
    for name, scheme in SCHEMES.items():
        made, megabytes = stored(state, scheme)
        model.load_state_dict({key: value.bfloat16() for key, value in made.items()}, strict=False)
        model.tie_weights()
        found = loss(model, examples)
        base = base or found
        print(f"| {name} | {megabytes:.0f} | {found:.4f} | {found - base:+.4f} |", flush=True)


if __name__ == "__main__":
    main()
