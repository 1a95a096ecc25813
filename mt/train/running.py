"""The one path of training: from a recipe to folders with weights, going on where a killed run stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.config import Config, load_config, revise
from mt.errors import ConfigError, ModelError
from mt.models import described, locate, revision_of
from mt.models.folders import write_atomically
from mt.train import packing
from mt.train.card import Scored, quality, write_card
from mt.train.checkpoints import Checkpoints
from mt.train.exporting import CARD, check_exports, export_all, open_config, write_config
from mt.train.mixture import mix
from mt.train.packing import Pack
from mt.train.recipe import Recipe, matching
from mt.train.training import train

if TYPE_CHECKING:
    from mt.train.training import Outcome

FREE = {"minutes", "epochs", "patience", "average", "export", "threads"}
"""What may differ when a run goes on: how long it lasts and what becomes of it."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished run. folders: by form, as `Recipe.export` names them. card: the model card, which lies in each of them too."""

    outcome: Outcome
    folders: dict[str, Path]
    scored: tuple[Scored, ...]
    card: str


def run(recipe: Recipe, output: Path, *, tell: Callable[[str], None]) -> Trained:
    """Clean, train, export, score and describe. `output` gets checkpoints, a report of the cleaning, and a folder a form.

    A folder that holds a run of the same recipe is gone on with; one that holds another is refused.
    Raises ConfigError, InputError and ModelError, each before or without loss of what was trained.
    """
    base = _with_terms_prompt(base_config(recipe.base), recipe)
    check_exports(recipe, base.model)
    folder = locate(base.model)
    data, held_out = _packs(recipe, base, folder, output, tell)
    from mt.train.network import has_compiler, load_network

    if recipe.compile and not has_compiler():
        tell("compile does nothing here: it needs g++ and the headers of Python (python3-dev); with them a step takes a third less time")
    network = load_network(base.model, folder, recipe)
    tell(f"{len(data)} examples, {len(held_out)} held out; {sum(m.numel() for m in network.masters.values()) / 1e6:.1f}M weights to train")
    outcome = train(network, data, held_out, recipe, Checkpoints(output / "checkpoints", keep=recipe.average), tell=tell)
    folders = export_all(network.merged(), base, folder, output, recipe)
    scored = tuple(_scored(recipe, base, open_config(base, _opened(folders)), tell)) if recipe.evaluation.score else ()
    card = write_card(base, recipe, outcome, scored, (output / "cleaning.md").read_text(encoding="utf-8"), len(data))
    for form, made in folders.items():
        (made / CARD).write_text(card, encoding="utf-8")
        if form != "ctranslate2":
            write_config(open_config(base, made), made, quality(scored))
    return Trained(outcome, folders, scored, card)


def base_config(base: str) -> Config:
    """The configuration of a base: a name, a YAML file, or a model folder. Raises ConfigError for one that does not translate."""
    place = Path(base).expanduser()
    own = place / "config.yaml"
    config = load_config("default", model=str(own)) if own.is_file() else None
    if config is None:
        config = load_config("default", model=described(place) if place.is_dir() else base)
    if config.model.task != "translate":
        raise ConfigError(f"base: '{config.model.name}' is for summaries; choose a model that translates")
    return config


def _with_terms_prompt(base: Config, recipe: Recipe) -> Config:
    """The recipe may teach a prompt that the base does not know yet."""
    return base.model_copy(update={"model": revise(base.model, terms_prompt=recipe.terms.prompt)}) if recipe.terms.prompt else base


def _packs(recipe: Recipe, base: Config, folder: Path, output: Path, tell: Callable[[str], None]) -> tuple[Pack, Pack]:
    """What is trained on and what is held out, made now or read from the run that is gone on with."""
    mark, made = output / "run.json", output / "pack.npz"
    fingerprint = _fingerprint(recipe, base)
    if mark.is_file():
        if _marked(mark) != fingerprint:
            raise ConfigError(f"{output}: holds a run of another recipe, base or data; name another --output, or remove this folder")
        if made.is_file():
            data, held_out = packing.load(made)
            return data, held_out
    elif output.exists() and any(output.iterdir()):
        raise ConfigError(f"{output}: not empty, and no training run; name a folder that does not exist yet")
    coder = packing.coder_for(base.model, folder)
    mixture = mix(recipe, base.model, tell=tell)
    data = packing.pack(mixture.examples, coder, max_tokens=recipe.max_tokens)
    held_out = packing.pack(mixture.held_out, coder, max_tokens=recipe.max_tokens)
    try:
        output.mkdir(parents=True, exist_ok=True)
        write_atomically(mark, json.dumps({"fingerprint": fingerprint}))  # first: a kill after it leaves a run to go on with
        write_atomically(output / "cleaning.md", mixture.report)
        packing.save([data, held_out], made)
    except OSError as error:
        raise ModelError(f"{output}: cannot be written: {error.strerror or error}") from error
    return data, held_out


def _fingerprint(recipe: Recipe, base: Config) -> str:
    """Changes with all that a run depends on: recipe, base weights, and sizes and times of the data."""
    patterns = [*(part.files for part in recipe.data), *(each.files for each in recipe.terms.lexicons), *recipe.evaluation.files]
    patterns += [recipe.held_out.files] if recipe.held_out.files else []
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for pattern in patterns for path in matching(pattern)]
    told = recipe.model_copy(update={"evaluation": recipe.evaluation.model_copy(update={"score": (), "lines": 1})}).model_dump(exclude=FREE)
    return hashlib.sha256(repr((told, files, revision_of(base.model))).encode()).hexdigest()


def _marked(mark: Path) -> object:
    try:
        return json.loads(mark.read_text(encoding="utf-8"))["fingerprint"]
    except (ValueError, KeyError, TypeError):
        return None


def _opened(folders: dict[str, Path]) -> Path:
    """The form that is scored: what is shipped, if it was made."""
    return folders.get("packed") or folders["plain"]


def _scored(recipe: Recipe, base: Config, made: Config, tell: Callable[[str], None]) -> Sequence[Scored]:
    """Old and new on the first lines of every file that the recipe names."""
    from mt.evaluate import read_lines, score, translate_lines
    from mt.pipeline import load

    found = []
    new, old = load(made), load(base)
    for pattern in recipe.evaluation.score:
        for path in matching(pattern):
            sources = read_lines(path, recipe.evaluation.lines)
            references = read_lines(path.with_suffix(".en"), recipe.evaluation.lines)
            tell(f"scoring {len(sources)} lines of {path.name} with old and new weights")
            ours, theirs = (list(translate_lines(pipeline, sources).texts) for pipeline in (new, old))
            found.append(Scored(path.stem, score({"these weights": ours, base.model.name: theirs}, references)))
    return found
