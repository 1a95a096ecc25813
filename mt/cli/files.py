"""What a command reads and where it writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mt.errors import ConfigError, InputError
from mt.writing import whole

if TYPE_CHECKING:
    from mt.data import Document
    from mt.formats import FileOptions


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read. `given` is a path, an address, or the text itself."""

    kind: Literal["file", "stdin", "text", "url"]
    given: str = ""

    @property
    def name(self) -> str:
        """For messages and for the id of the document."""
        return self.given if self.kind in {"file", "url"} else self.kind

    def read(self, options: FileOptions | None = None) -> tuple[Document, tuple[str, ...]]:
        """The document and notes on how it was read. Raises InputError."""
        from mt import formats
        from mt.segmentation import document

        if self.kind == "file":
            return formats.read(Path(self.given), options or formats.NO_OPTIONS)
        if self.kind == "url":
            from mt.formats.webpage import read_url

            return read_url(self.given)
        text, notes = self.text()
        return document(text, self.name), notes

    def text(self) -> tuple[str, tuple[str, ...]]:
        """The text as it is, or that of a document, and notes on how it was read. Raises InputError."""
        from mt import formats

        if self.kind == "file" and formats.format_of(Path(self.given)) is not formats.TEXT:
            document, notes = self.read()
            return document.text, notes
        if self.kind == "file":
            return formats.read_text_file(self.given)
        data = sys.stdin.buffer.read() if self.kind == "stdin" else os.fsencode(self.given)
        return formats.decode(data, self.name)


def sources(files: list[str] | None, text: str | None, urls: list[str] | None = None) -> list[Source]:
    """What to read: files, `-` among them for standard input, or pages by their address, or a text, or else a pipe.

    Raises ConfigError where nothing is given, or too much.
    """
    if files and text is not None:
        raise ConfigError("--text and files exclude each other: give one or the other")
    if urls and (files or text is not None):
        raise ConfigError("--url excludes files and --text: give one or the other")
    if text is not None:
        return [Source("text", text)]
    if urls:
        return [Source("url", url) for url in urls]
    if files:
        if files.count("-") > 1:
            raise ConfigError("- stands for standard input and can be read once only")
        return [Source("stdin") if file == "-" else Source("file", file) for file in files]
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError("nothing to read: name files, use --text, or pipe a text in")
    return [Source("stdin")]


NO_SUFFIXES: Mapping[Source, str] = {}


def destinations(
    read: Sequence[Source], given: str | None, suffix: str, *, own: Mapping[Source, str] = NO_SUFFIXES, one_file: bool = False
) -> list[Path | None]:
    """Where each source goes; None is stdout.

    A folder (one that is there, or a name with a slash at its end) gets a file for each source, named
    after it. own: suffixes of sources that have another. one_file: several sources may go into one file.
    Raises ConfigError where two would go to the same file, or one over what is read.
    """
    if given is None:
        return [None for _ in read]
    output = Path(given)
    into_folder = output.is_dir() or given.endswith(("/", os.sep)) or (len(read) > 1 and not one_file)
    if into_folder and output.exists() and not output.is_dir():
        raise ConfigError(f"{output}: is a file; several inputs need a folder")
    paths = [output / (_stem(source) + own.get(source, suffix)) if into_folder else output for source in read]
    inputs = [Path(source.given).resolve() for source in read if source.kind == "file"]
    for i, path in enumerate(paths):
        if path.resolve() in inputs:
            raise ConfigError(f"{path}: would overwrite the source; choose another -o")
        if into_folder and path in paths[:i]:
            raise ConfigError(f"{path}: {read[paths.index(path)].name} and {read[i].name} would both be written there")
    return list(paths)


def _stem(source: Source) -> str:
    return Path(source.name).stem if source.kind != "url" else Path(source.given.rstrip("/").split("?")[0]).stem or "page"


def write(path: Path, text: str) -> None:
    """Write a text as `write_bytes` does; half a character, as JSON can hold it, becomes `?`."""
    write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then renamed.

    Raises InputError, naming the file.
    """
    target = path.resolve()  # a link stays a link
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():  # /dev/null, a pipe: a rename would replace it
            path.write_bytes(data)
            return
        with whole(target) as file:
            file.write(data)
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{path}: cannot be written: {path.parent} is not a folder") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
