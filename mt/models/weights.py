"""The weight files of a model folder: are they whole, and what do they hold.

Two formats, both safetensors. Plain: what transformers writes. Packed: matrices as int8 rows, each with one
float16 scale in `NAME.scale`, vectors in bfloat16; a quarter of float32, and what ships with the package.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mt.errors import ModelError

if TYPE_CHECKING:
    import torch

SHARD = re.compile(r"-(?P<number>\d{5})-of-(?P<count>\d{5})\.")
"""Matches `-00001-of-00003.` in `model-00001-of-00003.safetensors`."""
LFS_POINTER = b"version https://git-lfs"
"""How a Git LFS pointer starts: what a clone without Git LFS holds in place of the file."""
SCALE = ".scale"
SMALLEST_SCALE = 6e-8
"""The smallest float16 above zero: a row of zeros is divided by it."""
SHARD_BYTES = 45_000_000
"""Below the 50 MB from which GitHub warns."""
BLOCK = 1 << 15
"""Values unpacked at a time: the most that torch does in one thread. On a busy machine its threads wait for one another
far longer than the work takes: 12 s with two threads in place of 0.4 s with one (2 cores, load 10)."""
Format = Literal["plain", "packed", "pickled", "none"]


def format_of(folder: Path) -> Format:
    """What kind of weights a folder holds. `pickled`: `pytorch_model*.bin` only, which `mt models get` converts."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if any(name.endswith(".int8.safetensors") for name in names):
        return "packed"
    if "model.safetensors" in names or "model.safetensors.index.json" in names or any(_is_plain_shard(name) for name in names):
        return "plain"
    return "pickled" if any(is_pickled(name) for name in names) else "none"


def packed(folder: Path) -> bool:
    """Whether the weights are int8 rows: only `load_state` reads these, transformers does not."""
    return format_of(folder) == "packed"


def is_pickled(name: str) -> bool:
    """Whether a file name is that of pickled PyTorch weights or their index.

    >>> is_pickled("pytorch_model-00001-of-00002.bin"), is_pickled("training_args.bin")
    (True, False)
    """
    return name.startswith("pytorch_model") and name.endswith((".bin", ".bin.index.json"))


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a folder, in the order of their names, each one known to be whole.

    Raises ModelError that names the file where one is missing, cut short, or no safetensors file at all.
    """
    rows = packed(folder)
    index = folder / "model.safetensors.index.json"
    if not rows and index.is_file():
        names = set(_read_json(index).get("weight_map", {}).values())
    elif not rows and (folder / "model.safetensors").is_file():
        names = {"model.safetensors"}
    else:
        names = {p.name for p in folder.iterdir() if (p.name.endswith(".int8.safetensors") if rows else _is_plain_shard(p.name))}
    if not names:
        raise ModelError(f"{folder}: no weights: expected model.safetensors")
    files = [folder / name for name in sorted(names | _siblings(names))]
    if missing := [path.name for path in files if not path.is_file()]:
        raise ModelError(f"{folder}: missing file {', '.join(missing)}")
    for path in files:
        _check(path)
    return files


def load_state(folder: Path, dtype: torch.dtype | None = None) -> dict[str, torch.Tensor]:
    """Name -> tensor on the CPU, of all weights of a folder.

    dtype: type of the floating-point tensors; unset: as stored, and bfloat16 for packed weights.
    Names are those of the stored model, so tied weights such as `lm_head.weight` may be absent.

    Raises ModelError where a file is missing or damaged.
    """
    import torch
    from safetensors.torch import load_file

    raw: dict[str, torch.Tensor] = {}
    for path in weight_files(folder):
        raw |= load_file(path)
    state = {}
    for name, tensor in raw.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in raw:
            continue
        if name + SCALE in raw:
            state[name] = _unpack(tensor, raw[name + SCALE], dtype or torch.bfloat16)
        else:
            state[name] = tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor
    return state


def save_packed(state: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Write weights as int8 rows, each with one float16 scale, and vectors as bfloat16, in shards below SHARD_BYTES.

    Raises OSError or SafetensorError where a file cannot be written.
    """
    from safetensors.torch import save_file

    shards: list[dict[str, torch.Tensor]] = [{}]
    size = 0
    for name, tensor in sorted(state.items()):
        pieces = _pack(name, tensor)
        more = sum(piece.numel() * piece.element_size() for piece in pieces.values())
        if shards[-1] and size + more > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1] |= pieces
        size += more
    for i, shard in enumerate(shards, 1):
        save_file(shard, folder / f"model-{i:05d}-of-{len(shards):05d}.int8.safetensors", metadata={"format": "int8-rows"})


def _pack(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """The stored form of one weight: what `_unpack` reads, up to half a step of 1/127 of the largest value of a row."""
    import torch

    values = tensor.detach().float().cpu()
    if values.dim() != 2:
        return {name: values.bfloat16()}
    scale = (values.abs().amax(1) / 127).clamp(min=SMALLEST_SCALE).half()
    return {name: (values / scale.float()[:, None]).round().clamp(-127, 127).to(torch.int8), name + SCALE: scale}


def _unpack(rows: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """int8 [n, d] times float16 [n]: each product is made in float32 and rounded once.

    Block by block through one small buffer that stays in the processor's cache, so only the result costs memory.
    """
    import torch

    unpacked = torch.empty(rows.shape, dtype=dtype)
    scale = scale.float().unsqueeze(1)
    step = max(1, BLOCK // rows.shape[1])
    buffer = torch.empty(min(step, rows.shape[0]), rows.shape[1])
    for i in range(0, rows.shape[0], step):
        block = buffer[: min(step, rows.shape[0] - i)]
        unpacked[i : i + step] = block.copy_(rows[i : i + step]).mul_(scale[i : i + step])
    return unpacked


def unpickle(folder: Path, target: Path) -> None:
    """Write the pickled weights of one folder as `model.safetensors` into another.

    Nothing but tensors is ever unpickled (`weights_only`). Tensors that share memory are stored once, under the
    name that comes first; transformers ties them again.

    Raises ModelError where a file is missing, cannot be read, or holds more than tensors.
    """
    import torch
    from safetensors.torch import save_file

    state: dict[str, torch.Tensor] = {}
    seen: set[tuple[int, torch.Size]] = set()
    for path in pickled_files(folder):
        try:
            part = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
        except Exception as error:  # torch raises pickle, zip, runtime and value errors alike
            raise ModelError(f"{path}: cannot be read as tensors: {' '.join(str(error).split())[:200]}") from error
        if not isinstance(part, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in part.values()):
            raise ModelError(f"{path}: holds something else than named tensors")
        for name, tensor in part.items():
            place = (tensor.data_ptr(), tensor.shape)
            if place not in seen:
                seen.add(place)
                state[name] = tensor.contiguous()
    save_file(state, target / "model.safetensors", metadata={"format": "pt"})


def pickled_files(folder: Path) -> list[Path]:
    """The pickled weights of a folder, in order. Raises ModelError where one is missing."""
    index = folder / "pytorch_model.bin.index.json"
    names = set(_read_json(index).get("weight_map", {}).values()) if index.is_file() else {"pytorch_model.bin"}
    if missing := sorted(name for name in names if not (folder / name).is_file()):
        raise ModelError(f"{folder}: missing file {', '.join(missing)}")
    return [folder / name for name in sorted(names)]


def _is_zip(path: Path) -> bool:
    """Whether torch wrote its format since 1.6, the one that can be mapped into memory."""
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"


def _is_plain_shard(name: str) -> bool:
    return name.startswith("model-") and name.endswith(".safetensors") and ".int8." not in name and SHARD.search(name) is not None


def _siblings(names: Iterable[str]) -> set[str]:
    """All shards that must be there, judging by the names of some: the count stands in each name."""
    found = [(match, name) for name in names if (match := SHARD.search(name))]
    return {name[: m.start()] + f"-{i:05d}-of-{m['count']}." + name[m.end() :] for m, name in found for i in range(1, int(m["count"]) + 1)}


def _check(path: Path) -> None:
    """A safetensors file is 8 bytes (length of the header), a JSON header, and the bytes that the header promises."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        start = stream.read(8)
        if len(start) == 8 and LFS_POINTER.startswith(start):
            raise ModelError(f"{path}: a Git LFS pointer, not the weights; run `git lfs pull` where the file comes from")
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > size - 8:
            raise ModelError(f"{path}: damaged: {size} bytes are too few for its header")
        try:
            header = json.loads(stream.read(length))
            promised = 8 + length + max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise ModelError(f"{path}: damaged: its header is not that of a safetensors file") from error
    if promised != size:
        raise ModelError(f"{path}: damaged: {size} bytes, its header promises {promised}")


def _read_json(path: Path) -> dict[str, dict[str, str]]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: damaged: not valid JSON") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path}: damaged: expected a JSON object")
    return tree
