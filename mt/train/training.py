"""The training loop: steps, held-out loss, checkpoints, and when to stop.

AdamW with betas 0.9 and 0.99 and no decay; the rate rises over `warm_up` steps and falls in a straight line. Every step has
a random seed of its own and every epoch an order of its own, so a run that goes on from a checkpoint sees what the killed
one would have seen. With `minutes` the rate follows the clock, and runs differ as far as machines do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

from mt.errors import ModelError
from mt.train.checkpoints import Checkpoints, Measured, Progress

if TYPE_CHECKING:
    import torch

    from mt.train.network import Network
    from mt.train.packing import Ints, Pack
    from mt.train.recipe import Recipe

BATCH_TOKENS = {"cpu": 3072, "cuda": 32_768}
"""Padded tokens a step where the recipe does not say."""
BETAS = (0.9, 0.99)
"""As in the run of the built-in weights."""
NOISY = 0.5
"""The part of a run in which patience does not count: the rate is high, and its noise hides what was learnt until it falls."""
TELL_EVERY = 20
"""Steps between lines about the loss."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished run. chosen: whose weights the network has now. stopped: why it ended."""

    progress: Progress
    before: float
    after: float
    chosen: str
    stopped: str


def train(
    network: Network, data: Pack, held_out: Pack, recipe: Recipe, checkpoints: Checkpoints, *, tell: Callable[[str], None]
) -> Outcome:
    """Train until the epochs or the minutes are over or the held-out loss rises; then take the best of what was seen.

    Goes on from the newest checkpoint where there is one.
    Raises ModelError where the loss is no number, memory runs out, or a checkpoint cannot be written; the checkpoints
    before that are whole.
    """
    run = _Run(network, data, held_out, recipe, checkpoints, tell)
    stopped = run.until_done()
    chosen, after = _best(network, run.progress, checkpoints, lambda: held_out_loss(network, held_out, recipe), recipe.average)
    tell(f"held-out loss {run.progress.measured[0].held_out:.4f} before, {after:.4f} after ({chosen}); {stopped}")
    return Outcome(run.progress, run.progress.measured[0].held_out, after, chosen, stopped)


class _Run:
    """One run and how far it is."""

    def __init__(
        self, network: Network, data: Pack, held_out: Pack, recipe: Recipe, checkpoints: Checkpoints, tell: Callable[[str], None]
    ) -> None:
        import torch

        self._network, self._data, self._held_out, self._recipe = network, data, held_out, recipe
        self._checkpoints, self._tell = checkpoints, tell
        self._optimizer = torch.optim.AdamW(network.masters.values(), lr=0.0, betas=BETAS, weight_decay=0.0, fused=True)
        self._losses: list[float] = []
        self.progress = Progress()
        if checkpoints.steps():
            self.progress = checkpoints.restore(network, self._optimizer)
            tell(f"going on from {checkpoints.latest()}")
        else:
            self._measure(None, 0.0)
        self._clock = perf_counter() - self.progress.seconds

    def until_done(self) -> str:
        """Take steps until there is a reason to stop, and give it."""
        while not (reason := self._reason_to_stop(0.0)):
            batches = self._data.batches(batch_tokens(self._recipe, self._network), seed=self._recipe.seed, epoch=self.progress.epoch)
            for i in range(self.progress.batch, len(batches)):
                if reason := self._reason_to_stop(i / len(batches)):
                    return self._finish(reason)
                self._step(batches[i], self._done(i / len(batches)), i + 1)
            self.progress = replace(self.progress, epoch=self.progress.epoch + 1, batch=0)
        return self._finish(reason)

    def _step(self, batch: Sequence[int], done: float, following: int) -> None:
        rows = self._data.rows(batch)
        rate = rate_at(self._recipe, self.progress.step + 1, done)
        loss = one_step(self._network, self._optimizer, rows, self._recipe, step=self.progress.step + 1, rate=rate)
        self._losses.append(loss)
        padded = len(rows) * max(len(source) + len(target) for source, target in rows)
        self.progress = replace(
            self.progress,
            step=self.progress.step + 1,
            batch=following,
            seconds=perf_counter() - self._clock,
            tokens=self.progress.tokens + padded,
        )
        now = self.progress
        if not math.isfinite(loss):
            kept = self._checkpoints.latest() if self._checkpoints.steps() else "none yet"
            raise ModelError(f"the loss is {loss} at step {now.step}, rate {rate:.1e}; lower rate; the last good checkpoint is {kept}")
        if now.step % TELL_EVERY == 0:
            recent = self._losses[-TELL_EVERY:]
            speed = now.tokens / now.seconds
            mean = sum(recent) / len(recent)
            self._tell(f"step {now.step}, epoch {now.epoch + 1}, {done:.0%}, rate {rate:.1e}, loss {mean:.3f}, {speed:.0f} tokens/s")
        if now.step % self._recipe.evaluate_steps == 0:
            self._measure(sum(self._losses) / len(self._losses), done)

    def _measure(self, training: float | None, done: float) -> None:
        """Note the held-out loss and save a checkpoint; a model whose loss is no number is not saved."""
        loss = held_out_loss(self._network, self._held_out, self._recipe)
        if not math.isfinite(loss):
            kept = self._checkpoints.latest() if self._checkpoints.steps() else "none"
            raise ModelError(f"the held-out loss is {loss} at step {self.progress.step}; lower rate; the last good checkpoint is {kept}")
        measured = Measured(self.progress.step, training, loss, done)
        self.progress = replace(self.progress, measured=(*self.progress.measured, measured))
        self._tell(f"step {self.progress.step}: held-out loss {loss:.4f}")
        self._checkpoints.save(self._network, self._optimizer, self.progress)
        self._losses = []

    def _reason_to_stop(self, part: float) -> str:
        quiet = [measured for measured in self.progress.measured if measured.done > NOISY]
        best = min(quiet, key=lambda measured: measured.held_out, default=self.progress.best)
        if len([measured for measured in quiet if measured.step > best.step]) >= self._recipe.patience:
            return f"no better held-out loss since step {best.step}"
        if self._done(part) < 1:
            return ""
        return f"{self.progress.epoch + part:.2g} epochs, {self.progress.seconds / 60:.1f} minutes"

    def _done(self, part: float) -> float:
        """The part of the run that is over, by epochs or by the clock, whichever is further. part: of this epoch."""
        by_epochs = (self.progress.epoch + part) / self._recipe.epochs
        by_clock = self.progress.seconds / (60 * self._recipe.minutes) if self._recipe.minutes else 0.0
        return max(by_epochs, by_clock)

    def _finish(self, reason: str) -> str:
        if self.progress.measured[-1].step != self.progress.step:
            self._measure(sum(self._losses) / len(self._losses), 1.0)
        return reason


def one_step(
    network: Network, optimizer: torch.optim.Optimizer, rows: Sequence[tuple[Ints, Ints]], recipe: Recipe, *, step: int, rate: float
) -> float:
    """One step of the optimizer; gives the loss before it. A loss that is no number changes nothing."""
    import torch

    torch.manual_seed(recipe.seed * 1_000_003 + step)
    optimizer.param_groups[0]["lr"] = rate
    with _memory_named(rows):
        loss = network.loss(rows, training=True)
        value = float(loss.mean.detach())
        if not math.isfinite(value):
            return value
        loss.mean.backward()  # type: ignore[no-untyped-call]
        network.take_gradients()
    torch.nn.utils.clip_grad_norm_(network.masters.values(), recipe.clip)
    optimizer.step()
    network.copy_masters()
    return value


def rate_at(recipe: Recipe, step: int, done: float) -> float:
    """The learning rate of a step, counted from 1. done: the part of the run that is over.

    >>> from mt.train.recipe import make_recipe
    >>> recipe = make_recipe(data=[{"files": "x.tsv"}], rate=1.0, floor=0.1, warm_up=10)
    >>> rate_at(recipe, 5, 0.0), rate_at(recipe, 50, 0.5), round(rate_at(recipe, 99, 1.0), 3)
    (0.5, 0.55, 0.1)
    """
    return recipe.peak * min(1.0, step / recipe.warm_up) * (recipe.floor + (1 - recipe.floor) * (1 - min(1.0, done)))


def held_out_loss(network: Network, held_out: Pack, recipe: Recipe) -> float:
    """Mean loss over all target tokens that are held out, in nats."""
    import torch

    total = tokens = 0.0
    with torch.no_grad():
        for batch in held_out.batches(batch_tokens(recipe, network), seed=0, epoch=0):
            rows = held_out.rows(batch)
            with _memory_named(rows):
                loss = network.loss(rows, training=False)
            total += float(loss.mean) * loss.tokens
            tokens += loss.tokens
    return total / tokens


def batch_tokens(recipe: Recipe, network: Network) -> int:
    """Padded tokens a step on this device."""
    return recipe.batch_tokens or BATCH_TOKENS[network.device.type]


def _best(network: Network, progress: Progress, checkpoints: Checkpoints, measure: Callable[[], float], average: int) -> tuple[str, float]:
    """Put the better of the best checkpoint and the mean of the last ones into the network; its name and held-out loss."""
    best = progress.best
    steps = checkpoints.steps()[-average:]
    if len(steps) > 1:
        network.load(checkpoints.average(steps))
        loss = measure()
        if loss < best.held_out:
            return f"mean of the checkpoints of steps {', '.join(map(str, steps))}", loss
    network.load(checkpoints.weights(best.step))
    return f"step {best.step}", best.held_out


@contextmanager
def _memory_named(rows: Sequence[tuple[Ints, Ints]]) -> Iterator[None]:
    from mt.engines.parts import OUT_OF_MEMORY

    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and not OUT_OF_MEMORY.search(str(error)):
            raise
        raise ModelError(f"out of memory on a batch of {len(rows)} examples; lower batch_tokens, or train adapters with lora") from error
