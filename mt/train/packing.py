"""Examples as token ids, side by side in flat arrays, and the batches that are made of them.

A pack is what training needs besides the model: it is written once, and read again when a run goes on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mt.config import ModelOptions
from mt.errors import InputError, ModelError
from mt.train.mixture import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

ENCODED = 10_000
"""Examples turned into ids at a time: as Python lists, ids take ten times the space that they take in arrays."""
IDS = ("tokens", "sources", "targets")
"""The fields of a pack that hold whole numbers."""
BLOCK = 20_000
"""Examples shuffled together; within a block batches are of like length, so that little is padding."""


class Coder(Protocol):
    """How one family turns examples into ids."""

    @property
    def positions(self) -> int | None:
        """Most tokens that the model takes; None: no bound."""

    @property
    def joined(self) -> bool:
        """Whether source and target share the positions, as they do in decoder-only models."""

    def sources(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        """Ids before the target: the prompt, or what the encoder reads."""

    def targets(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        """Ids that the model is to write, the end token included."""


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """n examples: sources and targets one after another [tokens], their lengths [n], times an epoch [n]."""

    tokens: Ints
    sources: Ints
    targets: Ints
    weights: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def starts(self) -> Ints:
        """Where each example begins in `tokens`."""
        lengths = self.sources + self.targets
        starts: Ints = lengths.cumsum() - lengths
        return starts

    def rows(self, batch: Sequence[int]) -> list[tuple[Ints, Ints]]:
        """The source and target ids of some examples."""
        starts = self.starts[list(batch)]
        ends = [(start, start + self.sources[i], start + self.sources[i] + self.targets[i]) for start, i in zip(starts, batch, strict=True)]
        return [(self.tokens[start:middle], self.tokens[middle:end]) for start, middle, end in ends]

    def batches(self, batch_tokens: int, *, seed: int, epoch: int) -> list[list[int]]:
        """The batches of one epoch, the same for the same seed: none costs more padded tokens than `batch_tokens`, unless one
        example does. An example of weight 2.5 comes two or three times, one of weight 0.25 in one epoch of four.
        """
        import numpy as np

        rng = np.random.default_rng([seed, epoch])
        times = np.floor(self.weights + rng.random(len(self))).astype(int)
        order = rng.permutation(np.repeat(np.arange(len(self)), times))
        lengths = self.sources + self.targets
        found: list[list[int]] = []
        for block in np.array_split(order, max(1, len(order) // BLOCK)):
            by_length = block[np.argsort(lengths[block], kind="stable")]
            made = list(_filled(by_length.tolist(), lengths, batch_tokens))
            found += [made[i] for i in rng.permutation(len(made))]
        return found


def pack(examples: Sequence[Example], coder: Coder, *, max_tokens: int) -> Pack:
    """Turn examples into ids; those longer than `max_tokens`, or than the model takes, are left out.

    Raises InputError where none is left.
    """
    import numpy as np

    parts = [_packed(examples[i : i + ENCODED], coder, max_tokens) for i in range(0, len(examples), ENCODED)]
    tokens, sources, targets = (np.concatenate([getattr(part, name) for part in parts]) for name in IDS)
    if not len(sources):
        raise InputError(f"nothing to train on: every example is longer than max_tokens: {max_tokens}")
    return Pack(tokens, sources, targets, np.concatenate([part.weights for part in parts]))


def _packed(examples: Sequence[Example], coder: Coder, max_tokens: int) -> Pack:
    import numpy as np

    sources, targets = coder.sources(examples), coder.targets(examples)
    kept = [i for i in range(len(examples)) if _fits(len(sources[i]), len(targets[i]), coder, max_tokens)]
    return Pack(
        np.array([token for i in kept for token in (*sources[i], *targets[i])], dtype=np.int64),
        np.array([len(sources[i]) for i in kept], dtype=np.int64),
        np.array([len(targets[i]) for i in kept], dtype=np.int64),
        np.array([examples[i].weight for i in kept], dtype=np.float64),
    )


def save(packs: Sequence[Pack], path: Path) -> None:
    """Write packs into one file, all or nothing. Raises ModelError where it cannot be written."""
    import numpy as np

    arrays: dict[str, Any] = {f"{name}{i}": getattr(each, name) for i, each in enumerate(packs) for name in Pack.__slots__}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **{name: _narrow(array) for name, array in arrays.items()})
        beside.replace(path)
    except OSError as error:
        raise ModelError(f"{path}: cannot be written: {error.strerror or error}; make room and run the same command again") from error
    finally:
        beside.unlink(missing_ok=True)


def load(path: Path) -> list[Pack]:
    """The packs of a file that `save` wrote."""
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        count = len(file.files) // len(Pack.__slots__)
        fields = [{name: file[f"{name}{i}"] for name in Pack.__slots__} for i in range(count)]
    return [Pack(**{name: each[name].astype(np.int64) for name in IDS}, weights=each["weights"]) for each in fields]


def coder_for(model: ModelOptions, folder: Path) -> Coder:
    """The coder of a model. Raises ModelError where its tokenizer cannot be read or its options do not fit it."""
    from mt.engines.tokens import load_hub_tokens, load_tokens

    if model.family == "seq2seq":
        return _Seq2SeqCoder(model, folder, load_hub_tokens(folder))
    return _CausalCoder(model, folder, load_tokens(folder))


class _CausalCoder:
    joined = True

    def __init__(self, model: ModelOptions, folder: Path, tokens: Any) -> None:
        from mt.engines.causal import CausalText

        self._text = CausalText(model, folder, tokens)
        self.positions = self._text.positions

    def sources(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        return self._text.prompts([e.source for e in examples], [e.prompt for e in examples])

    def targets(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        return self._text.answers([e.target for e in examples])


class _Seq2SeqCoder:
    joined = False

    def __init__(self, model: ModelOptions, folder: Path, tokens: Any) -> None:
        from mt.engines.seq2seq import Seq2SeqText

        self._text = Seq2SeqText(model, folder, tokens)
        self.positions = self._text.positions

    def sources(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        return self._text.sources([e.source for e in examples])

    def targets(self, examples: Sequence[Example], /) -> list[tuple[int, ...]]:
        return self._text.answers([e.target for e in examples])


def _fits(source: int, target: int, coder: Coder, max_tokens: int) -> bool:
    longest = source + target if coder.joined else max(source, target)
    return source + target <= max_tokens and (coder.positions is None or longest <= coder.positions)


def _filled(block: Sequence[int], lengths: Ints, batch_tokens: int) -> Iterator[list[int]]:
    """Batches of a block that is sorted by length."""
    current: list[int] = []
    for i in block:
        if current and int(lengths[i]) * (len(current) + 1) > batch_tokens:
            yield current
            current = []
        current.append(i)
    if current:
        yield current


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """Ids and lengths in half the space."""
    return array.astype("uint32") if array.dtype.kind == "i" else array
