"""Writing an installed model as a plain Hugging Face folder that any program can open."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from mt.config import load_config
from mt.errors import ConfigError, ModelError
from mt.models.folders import locate
from mt.models.weights import load_state

LEFT_OUT = (".safetensors", ".index.json", ".bin", ".h5", ".msgpack", ".ot", ".gguf", ".onnx", ".py")
"""Endings of the weights that are replaced, of other forms of them, and of code, which nobody should run."""


def export(name: str | Path, folder: str | Path) -> Path:
    """Write a model as bfloat16 safetensors with its config, tokenizer, licence and notices, all or nothing.

    `AutoModelForCausalLM.from_pretrained(folder)` (or `...Seq2SeqLM`) and `AutoTokenizer` open the result.

    Raises ConfigError where the folder holds something already, ModelError where the model is not installed or the
    folder cannot be written.
    """
    source = locate(load_config(name).model)

    import torch
    from safetensors.torch import save_file

    def save(made: Path) -> None:
        save_file(load_state(source, torch.bfloat16), made / "model.safetensors", metadata={"format": "pt"})

    return write_model(source, Path(folder).expanduser(), save)


def write_model(source: Path, target: Path, save: Callable[[Path], None]) -> Path:
    """Write a model like another, all or nothing: its tokenizer, configuration and notices, and what `save` writes into the folder.

    Raises ConfigError where the folder holds something already, ModelError where it cannot be written.
    """
    from safetensors import SafetensorError

    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target}: not empty; name a folder that does not exist yet")
    made = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        made.mkdir(parents=True)
        save(made)
        for path in source.iterdir():
            if path.is_file() and not path.name.endswith(LEFT_OUT):
                shutil.copyfile(path, made / path.name)
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        config.pop("torch_dtype", None)  # what "dtype" was called before transformers 5
        config |= {"dtype": "bfloat16", "use_cache": True}  # training switches the cache off; decoding without it is slow
        (made / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        if target.is_dir():
            target.rmdir()
        made.rename(target)
    except (OSError, SafetensorError) as error:  # safetensors says in its own way that a disk is full
        raise ModelError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return target
