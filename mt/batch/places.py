"""Where sources lie and outputs go: folders of this machine, or URLs by fsspec."""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from mt.batch.job import Found, Job, Root, known
from mt.errors import ConfigError, ExtraError, InputError, JobError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

HIDDEN = ".mt-batch"
"""The folder in the output that holds the ledger, the lock, the manifest and what is being written."""

UNLISTED = "unlisted"
"""The stamp of a folder that cannot be listed: it stands in the ledger as a file that fails."""


class Place(Protocol):
    """A tree of files. Paths are relative, with slashes."""

    def walk(self) -> Iterator[Found]:
        """All files but hidden ones, folder by folder; links to folders are not followed."""

    def fetch(self, path: str) -> Path:
        """The file on this machine, to read. Raises OSError."""

    def release(self, file: Path) -> None:
        """The fetched file is no longer needed."""

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole or not at all. Raises OSError."""

    def settle(self) -> None:
        """What was put is safe from a loss of power."""


class Folder:
    """A folder of this machine. scratch: where files are written before they are renamed; on the same file system."""

    def __init__(self, base: Path, scratch: Path | None = None) -> None:
        self.base = base
        self.scratch = scratch
        self.touched: set[Path] = set()

    def walk(self) -> Iterator[Found]:
        """In the order of names, so that a job runs the same way twice."""
        yield from _walk(os.fspath(self.base), "")

    def fetch(self, path: str) -> Path:
        """The file itself."""
        return self.base / path

    def release(self, file: Path) -> None:
        """Nothing to do: the file is not ours."""

    def put(self, path: str, data: bytes) -> None:
        """Write to the scratch folder, sync, rename."""
        assert self.scratch is not None
        target = self.base / path
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = self.scratch / uuid.uuid4().hex
        try:
            with beside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        self.touched.add(target.parent)

    def settle(self) -> None:
        """Sync the folders that files were renamed into: only then are their names safe."""
        for folder in self.touched:
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        self.touched.clear()


class Remote:
    """A tree behind a URL of fsspec: s3://, gs://, hdfs://, memory://, file:// and what else has a package."""

    def __init__(self, url: str) -> None:
        self.files, self.base = _connect(url)

    def walk(self, on_error: Literal["omit", "raise"] = "omit") -> Iterator[Found]:
        """Folder by folder; a missing base is empty, for object stores know no folders, or with `raise` an OSError."""
        for folder, _, files in self.files.walk(self.base, detail=True, on_error=on_error):
            for name, about in sorted(files.items()):
                path = f"{folder.rstrip('/')}/{name}".removeprefix(self.base).lstrip("/")
                if not _hidden(path):
                    yield Found(path, int(about.get("size") or 0), _stamp(about))

    def fetch(self, path: str) -> Path:
        """A copy in a temporary file with the same suffix."""
        handle, copy = tempfile.mkstemp(suffix=Path(path).suffix)
        os.close(handle)
        try:
            self.files.get_file(self._at(path), copy)
        except BaseException:
            Path(copy).unlink(missing_ok=True)
            raise
        return Path(copy)

    def release(self, file: Path) -> None:
        """Delete the copy."""
        file.unlink(missing_ok=True)

    def put(self, path: str, data: bytes) -> None:
        """Object stores show an object when it is complete; elsewhere it is written beside and moved."""
        target = self._at(path)
        if self.files.protocol in {"s3", "gs", "gcs", "memory"} or {"s3", "gs", "memory"} & set(self.files.protocol):
            self.files.pipe_file(target, data)
            return
        self.files.makedirs(target.rpartition("/")[0], exist_ok=True)
        beside = f"{target.rpartition('/')[0]}/{HIDDEN}-{os.getpid()}-{target.rpartition('/')[2]}"
        self.files.pipe_file(beside, data)
        self.files.mv(beside, target)

    def settle(self) -> None:
        """A store has what it has acknowledged."""

    def _at(self, path: str) -> str:
        return f"{self.base.rstrip('/')}/{path}"


def is_url(place: str) -> bool:
    """Whether a place is behind fsspec."""
    return "://" in place


def bare(place: str) -> str:
    """A place without `file://`, so that the two spellings of a folder are one; fsspec counts relative ones from here, too.

    >>> bare("file:///news"), bare("/news"), bare("s3://news")
    ('/news', '/news', 's3://news')
    """
    return os.path.abspath(place.removeprefix("file://")) if place.startswith("file://") else place


def reading(base: str) -> Place:
    """The place of a root."""
    return Remote(base) if is_url(base) else Folder(Path(base))


def writing(job: Job) -> Place:
    """The place of the output."""
    return Remote(job.output) if is_url(job.output) else Folder(Path(job.output), Path(job.ledger) / "writing")


def sources(root: Root) -> Iterator[Found]:
    """All that a root has; `wanted` says what of it is to be done. Raises JobError where it cannot be listed."""
    if root.listed:
        return _listed(root)
    if root.pattern:
        return (found for found in _all(root.base) if matches(found.path, root.pattern))
    return _all(root.base)


def wanted(job: Job, root: Root, found: Found) -> bool:
    """Whether a file is to be done: of a known format or asked for by name, and not filtered out."""
    by_name = bool(root.listed or root.pattern) or found.stamp == UNLISTED
    included = not job.include or any(matches(found.path, pattern) for pattern in job.include)
    return (by_name or known(found.path)) and included and not any(matches(found.path, pattern) for pattern in job.exclude)


def matches(path: str, pattern: str) -> bool:
    """A glob against a path, or against its name alone if the glob has no slash; `**/` may be nothing.

    >>> matches("news/2024/a.txt", "news/**/*.txt"), matches("news/a.txt", "news/**/*.txt"), matches("news/a.txt", "*.txt")
    (True, True, True)
    """
    if "/" not in pattern:
        return fnmatch(path.rpartition("/")[2], pattern)
    return _parts_match(path.split("/"), pattern.removeprefix("./").split("/"))


def _parts_match(parts: list[str], patterns: list[str]) -> bool:
    if not patterns:
        return not parts
    if patterns[0] == "**":
        return any(_parts_match(parts[i:], patterns[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatch(parts[0], patterns[0]) and _parts_match(parts[1:], patterns[1:])


def _all(base: str) -> Iterator[Found]:
    """All files of a root. A URL that cannot be listed is no empty one: its files would count as gone."""
    if not is_url(base):
        yield from Folder(Path(base)).walk()
        return
    try:
        yield from Remote(base).walk(on_error="raise")
    except FileNotFoundError as error:
        raise JobError(f"{base}: no such folder, or nothing in it; see whether the URL is right") from error
    except OSError as error:
        raise JobError(f"{base}: cannot be listed: {error.strerror or error}; see whether it may be read") from error


def _hidden(path: str) -> bool:
    """Whether a file or a folder above it is hidden."""
    return path != "." and any(part.startswith(".") for part in path.split("/"))


def _walk(folder: str, below: str) -> Iterator[Found]:
    try:
        with os.scandir(folder) as entries:
            listing = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: os.fsencode(entry.name))
    except OSError as error:
        if not below:
            raise JobError(f"{folder}: cannot be listed: {error.strerror}") from error
        yield Found(below.rstrip("/"), 0, UNLISTED)
        return
    for entry in listing:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{below}{entry.name}/")
            continue
        try:
            about = entry.stat() if entry.is_file() else None
        except OSError:  # a link in a ring, or a file that was deleted meanwhile
            continue
        if about:
            yield Found(below + entry.name, about.st_size, str(about.st_mtime_ns))


def _listed(root: Root) -> Iterator[Found]:
    """The files that a list names; one that is missing is found with size 0, and fails in its turn."""
    base = Path(root.base)
    for line in _lines(root.listed):
        if b"\0" in line:
            raise InputError(f"{root.listed}: holds NUL characters; give one path a line")
        name = os.fsdecode(line.rstrip(b"\r\n"))
        if not name.strip():
            continue
        path = os.path.relpath(base / name, base)
        if path.split("/")[0] == "..":
            raise InputError(f"{root.listed}: {name} is not below {base}; name the folder that has all of them as IN")
        if _hidden(path):
            raise ConfigError(f"{name}: hidden files are left out; rename it")
        try:
            about = (base / path).stat()
            yield Found(path, about.st_size, str(about.st_mtime_ns))
        except OSError:
            yield Found(path, 0, "missing")


def _lines(file: str) -> Iterator[bytes]:
    if file == "-":
        yield from sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as lines:
            yield from lines
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error


def _connect(url: str) -> tuple[AbstractFileSystem, str]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ExtraError(f'{url}: URLs need fsspec: pip install "mt[cluster]"') from error
    try:
        files, base = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ExtraError(f"{url}: {error}") from error
    return files, str(base)


def _stamp(about: dict[str, object]) -> str:
    """The entity tag or the time of change, by whatever name the store gives it."""
    keys = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "created")
    return next((str(about[key]) for key in keys if about.get(key)), "")
