"""`mt models`: which there are, which are here, and how to get one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mt.cli import console

if TYPE_CHECKING:
    from mt.config import ModelOptions

app = typer.Typer(help="Which models there are, which are installed, and how to get one.", invoke_without_command=True)
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="The list as JSON.")]
Name: TypeAlias = Annotated[str, typer.Argument(help="A name of `mt models`.")]


@app.callback()
def _models(context: typer.Context) -> None:
    """Which models there are, which are installed, and how to get one."""
    if context.invoked_subcommand is None:
        show_list()


@app.command("list")
def show_list(json: Json = False) -> int:
    """List all models: size, licence, quality, and whether they are installed."""
    from mt import models

    catalogue = models.catalogue()
    if json:
        console.emit(_as_json(catalogue))
        return 0

    from rich.table import Table

    table = Table("name", "task", "size", "licence", "quality", "installed")
    for model in catalogue:
        size = "" if model.size_mb is None else f"{model.size_mb:,} MB"
        table.add_row(model.name, model.task, size, model.licence, model.quality, "yes" if models.installed(model) else "")
    console.show(table)
    return 0


@app.command("info")
def show_info(name: Name) -> int:
    """Say what is known of one model, and where it is."""
    from mt import models

    found = models.info(name)
    lines = {field: getattr(found.options, field) for field in type(found.options).model_fields}
    lines |= {
        "revision": found.revision,
        "folder": found.folder or f"not installed; mt models get {name}",
        "on disk": None if found.disk_mb is None else f"{found.disk_mb:,} MB",
        "copies": ", ".join(found.copies),
        "problem": found.problem,
    }
    console.emit("".join(f"{key}: {value!s}".replace("\n", "\\n") + "\n" for key, value in lines.items() if value not in (None, "", False)))
    return 0


@app.command("get")
def get(
    name: Annotated[str, typer.Argument(help="A name of `mt models`, or `recommended`: the best that needs no large machine.")],
    timeout: Annotated[float | None, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up after so long.")] = None,
    or_offline: Annotated[bool, typer.Option("--or-offline", help="Where it cannot be fetched, say so and go on: no failure.")] = False,
) -> int:
    """Fetch a model once, at its pinned revision."""
    from mt import models
    from mt.errors import FetchError

    try:
        folder = models.get(models.PREFERENCE[0] if name == "recommended" else name, timeout=timeout)
    except FetchError as error:
        if not or_offline:
            raise
        console.say(f"{error}; going on with '{models.best_installed()}'")
        return 0
    console.emit(f"{folder}\n")
    return 0


@app.command("export")
def export(name: Name, folder: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> int:
    """Write a model as a plain Hugging Face folder that transformers opens."""
    from mt import models

    console.emit(f"{models.export(name, folder)}\n")
    return 0


def _as_json(catalogue: list[ModelOptions]) -> str:
    import json

    from mt import models

    rows = [{**model.model_dump(exclude_none=True), "installed": models.installed(model)} for model in catalogue]
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"
