"""The models that have a file in `configs/`, and which of them to take when nobody says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from mt.config import ModelOptions, config_names, configs_folder, load_config
from mt.errors import ModelError
from mt.models.conversion import copies
from mt.models.folders import installed, is_from_hub, locate, record, revision_of

PREFERENCE = ("opus-big", "opus", "builtin")
"""What `model: auto` takes: the first that is installed. In the order of published FLORES-200 BLEU (42.8, 34.0; the
built-in one below). Left out on purpose, to be chosen by name: NLLB, whose licence forbids commercial use; MADLAD and
TranslateGemma, which need a large machine; M2M-100 and mBART-50, for want of a published score of just these weights."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model and its state on this machine.

    folder: None: not installed. revision: of the weights that are or would be used, "" while nobody knows.
    problem: why it cannot be used, "" if it can. disk_mb: megabytes of its folder. copies: compute types of its CTranslate2 copies.
    """

    options: ModelOptions
    folder: Path | None
    revision: str
    problem: str
    disk_mb: int | None
    copies: tuple[str, ...]


def catalogue() -> list[ModelOptions]:
    """All models with a file in `configs/`, by name; pipelines that only name a model are left out.

    >>> [model.name for model in catalogue() if model.task == "summarize"]
    ['bart', 'distilbart', 'mt5-xlsum', 'pegasus']
    """
    return [load_config(name).model for name in config_names() if _describes_a_model(configs_folder() / f"{name}.yaml")]


def best_installed() -> str:
    """The name that stands for `model: auto`: the first of `PREFERENCE` that is installed and known to work."""
    for name in PREFERENCE[:-1]:
        model = load_config(name).model
        if installed(model) and record(model).get("golden") != "failed":
            return name
    return PREFERENCE[-1]


def info(name: str | Path) -> ModelInfo:
    """What `mt models info` shows. Raises ConfigError for an unknown name.

    >>> info("builtin").options.size_mb
    135
    """
    model = load_config(name).model
    try:
        folder = locate(model)
    except ModelError as error:
        pinned = model.revision or record(model).get("revision", "")
        return ModelInfo(model, None, pinned, str(error), None, ())
    problem = "failed its golden sentences" if is_from_hub(model) and record(model).get("golden") == "failed" else ""
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return ModelInfo(model, folder, revision_of(model), problem, round(size / 1e6), tuple(copies(model)))


def _describes_a_model(path: Path) -> bool:
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return isinstance(tree, dict) and isinstance(tree.get("model"), dict)
