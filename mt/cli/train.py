"""`mt train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mt.cli import console, options
from mt.errors import ConfigError

Data = Annotated[
    list[str] | None, typer.Option("--data", "-d", metavar="FILE", help="Pairs to train on: .tsv, .jsonl, .tmx, NAME.ar; may be repeated.")
]


def train(
    recipe: Annotated[Path | None, typer.Option("--recipe", "-r", metavar="YAML", help="What to train on, and how.")] = None,
    base: Annotated[str | None, typer.Option("--base", metavar="NAME|FOLDER|YAML", help="The model to start from.")] = None,
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where checkpoints and weights go; default: trained/NAME.")
    ] = None,
    minutes: Annotated[float | None, typer.Option("--minutes", metavar="N", help="Train no longer than this.")] = None,
    epochs: Annotated[float | None, typer.Option("--epochs", metavar="N", help="Times through the data.")] = None,
    held_out: Annotated[
        str | None, typer.Option("--held-out", metavar="FILE", help="Pairs whose loss says when to stop; default: a part of the data.")
    ] = None,
    lora: Annotated[bool, typer.Option("--lora", help="Train adapters instead of all weights.")] = False,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="OPTION=VALUE", help="Any option of a recipe, e.g. rate=5e-5; may be repeated.")
    ] = None,
    quiet: options.Quiet = False,
) -> int:
    """Fine-tune a model on pairs of texts, and write weights that `mt translate --model DIR` opens.

    Run the same command again to go on after an interruption. Either a recipe or data must be given.
    """
    from mt.train import run
    from mt.train.recipe import load_recipe, make_recipe

    given = {
        **{key: value for key, value in {"minutes": minutes, "epochs": epochs}.items() if value is not None},
        **({"base": _absolute(base) if Path(base).exists() else base} if base else {}),
        **({"data": [{"files": _absolute(name)} for name in data]} if data else {}),
        **({"held_out": {"files": _absolute(held_out)}} if held_out else {}),
        **({"lora": {}} if lora else {}),
        **_settings(settings or []),
    }
    if recipe is None and not data:
        raise ConfigError("nothing to train on: give --recipe YAML or --data FILE")
    chosen = load_recipe(recipe, **given) if recipe else make_recipe(**given)
    name = recipe.stem if recipe else f"{Path(chosen.base).stem}-{Path(chosen.data[0].files).name.partition('.')[0]}"
    place = output or Path("trained") / name
    done = run(chosen, place, tell=(lambda message: None) if quiet else console.say)
    for form, folder in done.folders.items():
        console.emit(f"{form}\t{folder}\n")
    return 0


def _absolute(name: str) -> str:
    """A path given on the command line is meant from here; those in a recipe, from where the recipe is."""
    return str(Path(name).expanduser().absolute())


def _settings(settings: list[str]) -> dict[str, object]:
    """["rate=5e-5", "clean.numbers=false"] as a tree; values are read as YAML."""
    import yaml

    tree: dict[str, object] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        if not (equals and path):
            raise ConfigError(f"--set {setting}: expected OPTION=VALUE, e.g. rate=5e-5")
        *sections, option = path.split(".")
        place = tree
        for section in sections:
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"--set {setting}: '{section}' was set to a value before")
            place = inner
        try:
            place[option] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {setting}: the value is not valid YAML") from error
    return tree
