"""Files through the whole path with engines that need no model."""

from collections.abc import Callable
from pathlib import Path

from mt.config import Config
from mt.formats import FORMATS, NO_OPTIONS, FileOptions
from mt.pipeline import Pipeline
from tests.fakes import FakeEngine, plain_english

UNCHANGED = Config.model_validate({"text": {"normalise": []}, "check": {"retry": False}})


def through(path: Path, write: Callable[[str], str] = plain_english, options: FileOptions = NO_OPTIONS) -> bytes:
    """The file at `path` with what an engine writes in the place of its Arabic."""
    form = FORMATS[path.suffix.lower()]
    document, _ = form.read(path, options)
    return form.write(Pipeline(UNCHANGED, FakeEngine(write, 10_000)).translate(document), path, options)


def echoed(path: Path, options: FileOptions = NO_OPTIONS) -> bytes:
    """The same with an engine that returns its input."""
    return through(path, lambda source: source, options)


def saved(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content, to the byte."""
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path
