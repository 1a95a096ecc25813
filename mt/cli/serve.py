"""`mt serve`, `mt serve keys`, `mt serve limits` and `mt mcp`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mt.cli import console, options
from mt.errors import ConfigError

if TYPE_CHECKING:
    from mt.config import Config
    from mt.service.keys import Keys
    from mt.service.options import ServiceOptions

ACCESS, DOORS = "Access", "Doors"
Data: TypeAlias = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of keys, jobs and their files; unset: in the user's data folder.")
]
Name: TypeAlias = Annotated[str, typer.Argument(help="Name of the key, such as the desk that uses it.")]

app = typer.Typer(help="Serve page, HTTP and MCP on one port.", invoke_without_command=True)
keys = typer.Typer(no_args_is_help=True, help="Keys: who may use the service.")
app.add_typer(keys, name="keys")


@app.callback()
def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option("--port", "-p", metavar="N", help="Port; unset: 5000; 0: any free one.")] = None,
    host: Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on; unset: 127.0.0.1.")] = None,
    auth: Annotated[
        bool | None,
        typer.Option(
            "--auth/--no-auth",
            help="Ask for a key: always, or never. Unset: of all who do not come from this machine.",
            rich_help_panel=ACCESS,
        ),
    ] = None,
    cors: Annotated[
        list[str] | None, typer.Option("--cors", metavar="ORIGIN", help="A site whose pages may call the service.", rich_help_panel=ACCESS)
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Public address, where a proxy is in front.", rich_help_panel=ACCESS)
    ] = None,
    proxies: Annotated[
        str,
        typer.Option("--proxies", metavar="ADDRESSES", help="Proxies whose word on the client's address counts.", rich_help_panel=ACCESS),
    ] = "127.0.0.1,::1",
    limits: Annotated[
        list[str] | None,
        typer.Option("--limit", metavar="NAME=VALUE", help="Any limit of `mt serve limits`; may be repeated.", rich_help_panel=ACCESS),
    ] = None,
    page: Annotated[bool, typer.Option("--page/--no-page", help="The web page.", rich_help_panel=DOORS)] = True,
    mcp: Annotated[bool, typer.Option("--mcp/--no-mcp", help="MCP at /mcp.", rich_help_panel=DOORS)] = True,
    suggestions: Annotated[bool, typer.Option("--suggestions", help="Keep what clients suggest.", rich_help_panel=DOORS)] = False,
    allow_urls: Annotated[bool, typer.Option("--allow-urls", help="Fetch web pages that clients name.", rich_help_panel=DOORS)] = False,
    log_texts: Annotated[bool, typer.Option("--log-texts", help="Write the texts into the log.")] = False,
    data: Data = None,
    model: options.Model = None,
    config: options.ConfigFile = None,
    settings: options.Settings = None,
) -> int:
    """Serve page, HTTP and MCP on one port, until Ctrl+C.

    Without a key only this machine may use it: `mt serve keys add NAME` makes one. LibreTranslate clients, `gradio_client` and
    MCP clients work with it as they are.
    """
    if context.invoked_subcommand is not None:
        return 0
    given = {
        "port": port,
        "host": host,
        "auth": None if auth is None else "always" if auth else "never",
        "cors": tuple(cors) if cors else None,
        "url": url,
        "data": data,
        **_limits(limits or []),
    }
    switches = {"page": page, "mcp": mcp, "suggestions": suggestions, "allow_urls": allow_urls, "log_texts": log_texts}
    wanted = _options({**{name: value for name, value in given.items() if value is not None}, **switches})
    return _serve(wanted, proxies, model, config, settings)


@app.command("limits")
def show_limits() -> int:
    """Show every limit with its default, for --limit."""
    _check_installed()
    from mt.service.options import ServiceOptions

    shown = ServiceOptions()
    for name, field in ServiceOptions.model_fields.items():
        if isinstance(value := getattr(shown, name), int | float) and not isinstance(value, bool) and name != "port":
            limit = f"{name}={value}"
            console.emit(f"{limit:<32} {field.description}\n")
    return 0


@keys.command("add")
def add_key(
    name: Name,
    data: Data = None,
    requests: Annotated[int | None, typer.Option("--requests", metavar="N", min=0, help="Requests a minute; 0: no limit.")] = None,
    characters: Annotated[int | None, typer.Option("--characters", metavar="N", min=0, help="Characters a minute; 0: no limit.")] = None,
) -> int:
    """Make a key and show it, for the only time."""
    token = _keys(data).add(name, requests_per_minute=requests, characters_per_minute=characters)
    console.emit(f"{token}\n")
    console.say("keep it: it cannot be shown again")
    return 0


@keys.command("list")
def list_keys(data: Data = None) -> int:
    """Show all keys: their names, not the keys."""
    from datetime import datetime

    from rich.table import Table

    def day(time: float | None) -> str:
        return "" if time is None else datetime.fromtimestamp(time).strftime("%Y-%m-%d %H:%M")

    table = Table("name", "id", "made", "revoked", "requests/min", "characters/min")
    for key in _keys(data).all():
        limits = ("" if limit is None else f"{limit:,}" for limit in (key.requests_per_minute, key.characters_per_minute))
        table.add_row(key.name, key.id, day(key.created), day(key.revoked), *limits)
    console.show(table)
    return 0


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="Name or id of the key.")], data: Data = None) -> int:
    """Make a key worthless, at once: also for a service that runs."""
    _keys(data).revoke(name)
    return 0


def mcp(model: options.Model = None, config: options.ConfigFile = None, settings: options.Settings = None) -> int:
    """Give the tools translate, summarize and check to a language model, by MCP over standard input and output."""
    _check_installed()
    chosen = options.configuration(model, config, settings)

    from functools import cache

    from mt.pipeline import load
    from mt.service.mcp import alone, build

    build(alone(cache(lambda: load(chosen))), chosen.summary).run("stdio")
    return 0


def _serve(service_options: ServiceOptions, proxies: str, model: str | None, config: str | None, settings: list[str] | None) -> int:
    import logging

    from mt.engines import load_engine
    from mt.service.server import serve
    from mt.service.service import Service

    chosen = options.configuration(model, config, settings)
    _check_summaries(chosen)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("httpx", "mcp", "gradio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    engine = load_engine(chosen)  # now, so that what is wrong with it is said before anybody connects
    first = [engine]
    del engine
    service = Service(chosen, lambda: first.pop() if first else load_engine(chosen), service_options)
    service.worker.engine  # noqa: B018 (takes the one that is loaded)
    serve(service, proxies=proxies, started=lambda address: console.say(f"serving at {address}; Ctrl+C stops it"))
    return 0


def _check_summaries(config: Config) -> None:
    """Summaries by another model would have it loaded beside the line, once for each request."""
    from mt.config import load_config

    method = config.summary.method
    if method not in {"auto", "extractive"} and load_config(method).model != config.model:
        raise ConfigError(f"summary: method: {method}: the service summarises by 'extractive' or by the model that translates")


def _options(given: dict[str, object]) -> ServiceOptions:
    _check_installed()
    from mt.config import validated
    from mt.service.options import ServiceOptions

    return validated(given, "mt serve", ServiceOptions)


def _keys(data: Path | None) -> Keys:
    from mt.service.keys import Keys

    return Keys(_options({} if data is None else {"data": data}).data)


def _limits(given: list[str]) -> dict[str, str]:
    """["max_jobs=5"] -> {"max_jobs": "5"}; the options check the values."""
    limits = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise ConfigError(f"--limit {one}: expected NAME=VALUE, e.g. max_characters=50000; mt serve limits shows all")
        limits[name.strip()] = value.strip()
    return limits


def _check_installed() -> None:
    from mt.service import check_installed

    check_installed()
