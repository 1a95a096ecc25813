"""Which outputs keep the format of their source: a .docx stays one, unless text or JSON was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mt.cli.files import Source
from mt.errors import ConfigError

if TYPE_CHECKING:
    from mt.data import Result
    from mt.formats import FileOptions, Format

TEXT_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class Layout:
    """The format that an output keeps."""

    format: Format
    options: FileOptions

    @property
    def suffix(self) -> str:
        """Of the output, with the dot."""
        return self.options.to or self.format.suffix

    def write(self, source: Source, result: Result) -> bytes:
        """The English, laid out as the source. Raises InputError."""
        return self.format.write(result, Path(source.given), self.options)


def layouts(read: Sequence[Source], form: str, output: str | None, options: FileOptions, *, summary: bool) -> dict[Source, Layout]:
    """The layout of each source that has one; the others become text in the form that was asked for.

    Raises ConfigError where a layout cannot hold what was asked for, or cannot go where it should.
    """
    from mt.formats import TEXT, format_of

    place = Path(output) if output is not None and len(read) == 1 and not output.endswith("/") and not Path(output).is_dir() else None
    if place is not None and place.suffix.lower() == TEXT_SUFFIX:
        return {}
    found = {}
    for source in read:
        format = format_of(Path(source.given)) if source.kind == "file" else TEXT
        if format is TEXT or not (form == "text" or (form == "bilingual" and format.bilingual)):
            continue
        found[source] = Layout(format, _chosen(source, format, options, place))
        if summary:
            raise ConfigError(f"--summary has no place in {source.name}; use -o NAME.txt, --json, or `mt summarize`")
    binary = [source for source, layout in found.items() if layout.format.binary]
    if output is None and binary and (len(read) > 1 or sys.stdout.isatty()):
        raise ConfigError(f"{binary[0].name}: what comes out is no text to show; name a file or a folder with -o, or use --json")
    if options.to and not found:
        raise ConfigError("--to is about files that keep their layout; name one, such as a PDF")
    return found


def _chosen(source: Source, format: Format, options: FileOptions, place: Path | None) -> FileOptions:
    """The options for one source; its suffix may be given by --to or by the name of the output."""
    possible = (format.suffix, *format.others)
    if options.to:
        if options.to not in possible:
            allowed = ", ".join(suffix.removeprefix(".") for suffix in possible)
            raise ConfigError(f"--to {options.to.removeprefix('.')}: {source.name} can become {allowed}")
        return options
    named = place.suffix.lower() if place is not None else ""
    if named in format.others:
        return replace(options, to=named)
    if _another_format(named, format):
        raise ConfigError(f"{place}: {source.name} becomes {' or '.join(possible)}; name it so, or {TEXT_SUFFIX} for its text")
    return options


def _another_format(suffix: str, format: Format) -> bool:
    from mt.formats import FORMATS

    return suffix in FORMATS and FORMATS[suffix] != format and suffix != format.suffix
