"""Options that several commands share, and the configuration that they make up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from mt.errors import ConfigError

if TYPE_CHECKING:
    from mt.config import Config, ModelOptions, Override

# Headings in the help.
OUTPUT, SUMMARY, MODEL, TERMS = "Output", "Summary", "Model", "Terms and memory"

Model: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", metavar="NAME|FOLDER|YAML", help="A name of `mt models`, a model folder, or a YAML file.", rich_help_panel=MODEL
    ),
]
ConfigFile: TypeAlias = Annotated[
    str | None, typer.Option("--config", "-c", metavar="NAME|YAML", help="Configuration to start from.", rich_help_panel=MODEL)
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.OPTION=VALUE", help="Any option of `mt config show`; may be repeated.", rich_help_panel=MODEL),
]
Quality: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--quality", metavar="fast|usual|best", help="How long to search; best takes about twice the time.", rich_help_panel=MODEL
    ),
]
BeamSize: TypeAlias = Annotated[
    int | None, typer.Option("--beam-size", metavar="N", help="Hypotheses kept in the search; 1 is greedy.", rich_help_panel=MODEL)
]
Backend: TypeAlias = Annotated[
    str | None, typer.Option("--backend", metavar="NAME", help="auto, transformers or ctranslate2.", rich_help_panel=MODEL)
]
Files: TypeAlias = Annotated[list[str] | None, typer.Argument(metavar="FILES", help="Texts and documents; - is standard input.")]
Urls: TypeAlias = Annotated[
    list[str] | None, typer.Option("--url", metavar="URL", help="A page on the web instead of files; may be repeated.")
]
Text: TypeAlias = Annotated[str | None, typer.Option("--text", "-t", metavar="TEXT", help="A text instead of files.")]
Output: TypeAlias = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE|DIR", help="Where to write; a folder for several files.", rich_help_panel=OUTPUT),
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress, notes or counts on stderr; errors stay.", rich_help_panel=OUTPUT)
]
Strict: TypeAlias = Annotated[bool, typer.Option("--strict", help="Exit with 3 where something is doubtful.", rich_help_panel=OUTPUT)]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="JSON with everything: segments, flags, scores, sources.", rich_help_panel=OUTPUT)
]
Jsonl: TypeAlias = Annotated[bool, typer.Option("--jsonl", help="The same, one document a line.", rich_help_panel=OUTPUT)]
Words: TypeAlias = Annotated[int | None, typer.Option("--words", metavar="N", help="Most words of the summary.", rich_help_panel=SUMMARY)]
Language: TypeAlias = Annotated[
    str | None, typer.Option("--language", metavar="en|ar", help="Language of the summary.", rich_help_panel=SUMMARY)
]
Headline: TypeAlias = Annotated[
    bool | None, typer.Option("--headline/--no-headline", help="A headline above the summary.", rich_help_panel=SUMMARY)
]


Glossary: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--glossary",
        "-g",
        metavar="FILE",
        help="Terms that must come out as given: CSV, TSV, TBX or YAML, or 'starter'; may be repeated.",
        rich_help_panel=TERMS,
    ),
]
Memory: TypeAlias = Annotated[
    str | None,
    typer.Option("--memory", metavar="FILE", help="Translation memory: corrections of people, used at once.", rich_help_panel=TERMS),
]


def configuration(model: str | None, config: str | None, settings: list[str] | None, **options: Override) -> Config:
    """The configuration that the options of a command name; those that are None were not given.

    Raises ConfigError for whatever is wrong with them.
    """
    from mt.config import load_config, revise
    from mt.models import best_installed, described

    chosen: str | ModelOptions | None = model
    if model is not None and (folder := Path(model)).is_dir():
        own = folder / "config.yaml"
        chosen = str(own) if own.is_file() else described(folder)
    given = {name: value for name, value in options.items() if value is not None}
    made = load_config(config or "default", model=chosen, auto=best_installed(), **given)
    for section, changes in _sections(settings or []).items():
        made = made.model_copy(update={section: revise(getattr(made, section), **changes)})
    return made


def _sections(settings: list[str]) -> dict[str, dict[str, Override]]:
    """["decoding.beam_size=4"] -> {"decoding": {"beam_size": 4}}; values are read as YAML."""
    import yaml

    from mt.config import Config

    sections: dict[str, dict[str, Override]] = {}
    for setting in settings:
        path, equals, value = setting.partition("=")
        section, dot, option = path.partition(".")
        if not (equals and dot and option):
            raise ConfigError(f"--set {setting}: expected SECTION.OPTION=VALUE, e.g. decoding.beam_size=4")
        if section not in Config.model_fields:
            raise ConfigError(f"--set {setting}: unknown section '{section}'; expected one of {', '.join(Config.model_fields)}")
        try:
            sections.setdefault(section, {})[option] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigError(f"--set {setting}: the value is not valid YAML") from error
    return sections
