"""`mt config show` and `mt demo`."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Annotated

import typer

from mt.cli import console, options

if TYPE_CHECKING:
    from mt.config import Config
    from mt.pipeline import Pipeline

app = typer.Typer(no_args_is_help=True, help="What the options are, and what they mean.")


@app.callback()
def _config() -> None:
    """What the options are, and what they mean."""  # a group with one command needs a callback to stay a group


@app.command("show")
def show(
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    quality: options.Quality = None,
) -> int:
    """Print the whole configuration as YAML that `--config` accepts, with a comment on each option."""
    console.emit(as_yaml(options.configuration(model, config, settings, quality=quality)))
    return 0


def demo(
    port: Annotated[int | None, typer.Option("--port", "-p", metavar="N", help="Port; unset: the first free one from 7860 on.")] = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
    quality: options.Quality = None,
    glossary: options.Glossary = None,
    memory: options.Memory = None,
    allow_urls: Annotated[
        bool, typer.Option("--allow-urls", help="Let readers name web pages, which this machine fetches from the public internet.")
    ] = False,
) -> int:
    """Start the web demo on this machine. Readers may choose among the models that are installed."""
    from mt.models import catalogue, installed
    from mt.pipeline import load

    def other(name: str) -> Pipeline:
        return load(options.configuration(name, config, settings, quality=quality, glossary=glossary or None, memory=memory))

    pipeline = load(options.configuration(model, config, settings, quality=quality, glossary=glossary or None, memory=memory))
    names = [m.name for m in catalogue() if m.task == "translate" and m.name != pipeline.config.model.name and installed(m)]

    from mt.web.demo import launch

    others = {name: cache(partial(other, name)) for name in names}
    launch(pipeline, host=host, port=port, allow_urls=allow_urls, others=others, open_browser=browser)
    return 0


def as_yaml(config: Config) -> str:
    """All sections and options with their values, each under a comment that explains it."""
    import yaml

    lines: list[str] = []
    for section in type(config).model_fields:
        options = getattr(config, section)
        lines.append(f"{section}:")
        for name, field in type(options).model_fields.items():
            lines.append(f"  # {field.description}")
            written = yaml.safe_dump({name: _plain(getattr(options, name))}, allow_unicode=True, width=10_000)
            lines += [f"  {line}" for line in written.splitlines()]
    return "\n".join(lines) + "\n"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
