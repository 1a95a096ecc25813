"""Trained weights as folders that `mt translate --model DIR` opens, each with a config.yaml that says how to address it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import yaml

from mt.config import Config, ModelOptions, revise
from mt.errors import ConfigError
from mt.models import converted, save_packed, write_model
from mt.train.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CARD = "README.md"


def check_exports(recipe: Recipe, base: ModelOptions) -> None:
    """Raise ConfigError for a form that the base cannot be written in, before hours of training."""
    if "packed" in recipe.export and base.family != "causal":
        raise ConfigError(f"export: packed is for causal models; '{base.name}' is {base.family}: choose plain or ctranslate2")
    if "ctranslate2" in recipe.export and not {"plain", "packed"} & set(recipe.export):
        raise ConfigError("export: ctranslate2 is made of a plain or packed folder; name one of them too")


def export_all(model: PreTrainedModel, base: Config, folder: Path, output: Path, recipe: Recipe) -> dict[str, Path]:
    """Write the forms that the recipe asks for into folders of these names, replacing older ones.

    folder: of the base model, whose tokenizer and notices are copied. Raises ModelError where the disk is full.
    """
    made: dict[str, Path] = {form: _export(SAVERS[form], model, base, folder, output / form) for form in recipe.export if form in SAVERS}
    if "ctranslate2" in recipe.export:
        named = base.model.model_copy(update={"path": str(next(iter(made.values()))), "revision": None})
        made["ctranslate2"] = output / "ctranslate2"
        shutil.rmtree(made["ctranslate2"], ignore_errors=True)
        shutil.copytree(converted(named, "int8"), made["ctranslate2"])
    return made


def open_config(base: Config, folder: Path) -> Config:
    """The configuration of an exported folder, as `mt` reads it: the base's, with other weights."""
    name = folder.resolve().parent.name
    changed = revise(base.model, path=str(folder), name=name, revision=None, quality="", note=f"fine-tuned from {base.model.name}")
    return base.model_copy(update={"model": changed.model_copy(update={"size_mb": _megabytes(folder)})})


def write_config(config: Config, folder: Path, quality: str) -> None:
    """Write config.yaml into an exported folder. quality: the measured scores."""
    model = config.model.model_copy(update={"path": ".", "quality": quality})
    tree = {"model": _told(model), "decoding": config.decoding.model_dump(exclude_defaults=True)}
    text = yaml.safe_dump({key: value for key, value in tree.items() if value}, allow_unicode=True, sort_keys=False, width=1000)
    (folder / "config.yaml").write_text("# Opened by `mt translate --model` and the name of this folder.\n" + text, encoding="utf-8")


def _told(model: ModelOptions) -> dict[str, object]:
    return {"name": model.name, "path": model.path, "family": model.family, **model.model_dump(exclude_defaults=True)}


def _export(save: Callable[[PreTrainedModel, Path], None], model: PreTrainedModel, base: Config, folder: Path, target: Path) -> Path:
    beside = target.with_name(f".{target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    write_model(folder, beside, lambda made: save(model, made))
    for name in (CARD, "config.yaml"):  # those of the base say what is no longer true
        (beside / name).unlink(missing_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    beside.rename(target)
    write_config(open_config(base, target), target, "")
    return target


def _save_plain(model: PreTrainedModel, made: Path) -> None:
    import torch

    from mt.engines.tokens import quiet

    kind = model.dtype
    with quiet():
        model.to(torch.bfloat16).save_pretrained(made, max_shard_size="40GB")
    model.to(kind)


def _save_packed(model: PreTrainedModel, made: Path) -> None:
    tied = set(getattr(model, "all_tied_weights_keys", ()))
    save_packed({name: value for name, value in model.state_dict().items() if name not in tied}, made)


SAVERS: Mapping[str, Callable[[PreTrainedModel, Path], None]] = MappingProxyType({"packed": _save_packed, "plain": _save_plain})
"""Form -> what writes its weights."""


def _megabytes(folder: Path) -> int:
    return round(sum(path.stat().st_size for path in folder.iterdir() if path.is_file()) / 1e6)
