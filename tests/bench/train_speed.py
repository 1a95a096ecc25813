"""How much faster `compile: true` makes a training step of the built-in weights.

    python -m tests.bench.train_speed --shared DIR [--steps 6] [--threads 2]

Both networks take the same batches in turn; the first two steps of each, in which layers are compiled, do not count.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import torch

from mt.models import locate
from mt.train.mixture import mix
from mt.train.network import has_compiler, load_network
from mt.train.packing import coder_for, pack
from mt.train.recipe import make_recipe
from mt.train.running import base_config
from mt.train.training import BATCH_TOKENS, BETAS, one_step

WARM = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=0)
    args = parser.parse_args()
    assert has_compiler(), "needs g++ and the headers of Python"

    plain = make_recipe(data=[{"files": str(args.shared / "corpora/written/world.tsv.gz")}], threads=args.threads, device="cpu")
    recipes = {"plain": plain, "compiled": plain.model_copy(update={"compile": True})}
    model = base_config("builtin").model
    folder = locate(model)
    data = pack(mix(plain, model, tell=lambda message: None).examples, coder_for(model, folder), max_tokens=plain.max_tokens)
    networks = {name: load_network(model, folder, recipe) for name, recipe in recipes.items()}
    optimizers = {
        name: torch.optim.AdamW(network.masters.values(), lr=0.0, betas=BETAS, weight_decay=0.0, fused=True)
        for name, network in networks.items()
    }
    seconds = dict.fromkeys(recipes, 0.0)
    tokens = 0
    for step, batch in enumerate(data.batches(BATCH_TOKENS["cpu"], seed=1, epoch=0)[: WARM + args.steps]):
        rows = data.rows(batch)
        tokens += len(rows) * max(len(source) + len(target) for source, target in rows) if step >= WARM else 0
        for name, recipe in recipes.items():
            start = perf_counter()
            one_step(networks[name], optimizers[name], rows, recipe, step=step + 1, rate=1e-9)
            seconds[name] += perf_counter() - start if step >= WARM else 0.0
    for name, spent in seconds.items():
        print(f"{name}: {tokens / spent:.0f} padded tokens a second, {spent / args.steps:.2f} s a step")
    print(f"compiled is {seconds['plain'] / seconds['compiled']:.2f} times as fast, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
