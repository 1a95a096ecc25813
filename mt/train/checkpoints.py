"""Checkpoints: all that a run needs to go on, written beside and renamed, so that a kill or a full disk costs none.

checkpoints/step-000200/weights.safetensors    the masters, float32
                        optimizer.pt           Adam's moments; of the newest checkpoint only
                        progress.json          how far the run was
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.errors import ModelError

if TYPE_CHECKING:
    import torch

    from mt.train.network import Network

WEIGHTS, OPTIMIZER, PROGRESS = "weights.safetensors", "optimizer.pt", "progress.json"
WHOLE = 2
"""Newest checkpoints that a run can go on from: the last, and the one before it should that be damaged."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Losses at one checkpoint, in nats a target token.

    training: mean since the checkpoint before; None at the start. done: the part of the run that was over.
    """

    step: int
    training: float | None
    held_out: float
    done: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. batch: the next one of the epoch. seconds: of training so far. tokens: padded, seen so far."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    tokens: int = 0
    measured: tuple[Measured, ...] = ()

    @property
    def best(self) -> Measured:
        """The checkpoint with the least held-out loss, the earliest of equals."""
        return min(self.measured, key=lambda measured: measured.held_out)


class Checkpoints:
    """The checkpoints in one folder."""

    def __init__(self, folder: Path, *, keep: int) -> None:
        """keep: of how many of the newest the weights are kept, besides the best."""
        self._folder = folder
        self._keep = keep

    def save(self, network: Network, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
        """Write a checkpoint, then remove what is no longer needed of older ones.

        Raises ModelError where it cannot be written; the checkpoints before it are untouched then.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import save_file

        target = self._place(progress.step)
        made = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            made.mkdir(parents=True, exist_ok=True)
            save_file({name: master.detach().cpu() for name, master in network.masters.items()}, made / WEIGHTS)
            torch.save(optimizer.state_dict(), made / OPTIMIZER)
            (made / PROGRESS).write_text(json.dumps(asdict(progress), indent=1), encoding="utf-8")
            _sync(made)
            if target.exists():  # a run that went on from here and was killed before it got further
                shutil.rmtree(target)
            made.rename(target)
        except (OSError, RuntimeError, SafetensorError) as error:  # each library says in its own way that a disk is full
            shutil.rmtree(made, ignore_errors=True)
            last = f"the last good one is {self.latest()}" if self.steps() else "there is none before it"
            raise ModelError(
                f"{target}: checkpoint cannot be written: {_reason(error)}; {last}; make room and run the same command again to go on"
            ) from error
        self._prune(progress)

    def steps(self) -> list[int]:
        """The steps of which there is a checkpoint, ascending; what a killed run left half written does not count."""
        return sorted(int(path.name.removeprefix("step-")) for path in self._folder.glob("step-*") if (path / PROGRESS).is_file())

    def latest(self) -> Path:
        """The newest checkpoint; there must be one."""
        return self._place(self.steps()[-1])

    def restore(self, network: Network, optimizer: torch.optim.Optimizer) -> Progress:
        """Put the newest checkpoint into a network and its optimizer. Raises ModelError where it is damaged."""
        import torch

        folder = self.latest()
        network.load(self.weights(self.steps()[-1]))
        try:
            optimizer.load_state_dict(torch.load(folder / OPTIMIZER, map_location=network.device, weights_only=True))
            return _progress(json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
        except Exception as error:  # torch raises pickle, zip, runtime and key errors for damaged files
            raise ModelError(f"{folder}: damaged ({_reason(error)}); remove this folder to go on from the checkpoint before it") from error

    def weights(self, step: int) -> dict[str, torch.Tensor]:
        """The masters of a checkpoint. Raises ModelError where the file is damaged."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self._place(step) / WEIGHTS
        try:
            weights: dict[str, torch.Tensor] = load_file(path)
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path}: damaged ({_reason(error)}); remove its folder to go on from the checkpoint before it") from error
        return weights

    def average(self, steps: Sequence[int]) -> dict[str, torch.Tensor]:
        """The mean of the masters of some checkpoints."""
        total = self.weights(steps[0])
        for step in steps[1:]:
            for name, value in self.weights(step).items():
                total[name] += value
        return {name: value / len(steps) for name, value in total.items()}

    def _place(self, step: int) -> Path:
        return self._folder / f"step-{step:06d}"

    def _prune(self, progress: Progress) -> None:
        steps = self.steps()
        for step in steps[:-1]:
            if step != progress.best.step and step not in steps[-max(self._keep, WHOLE) :]:
                shutil.rmtree(self._place(step), ignore_errors=True)
            elif step not in steps[-WHOLE:]:
                (self._place(step) / OPTIMIZER).unlink(missing_ok=True)
        for left in self._folder.glob(".step-*"):  # of runs that were killed while they wrote
            shutil.rmtree(left, ignore_errors=True)


def _progress(tree: Mapping[str, Any]) -> Progress:
    return Progress(**{**tree, "measured": tuple(Measured(**measured) for measured in tree["measured"])})


def _sync(folder: Path) -> None:
    """On the disk, not only on its way there: after a power cut a renamed folder must not hold empty files."""
    for path in folder.iterdir():
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or " ".join(str(error).split())[:160]) or type(error).__name__
