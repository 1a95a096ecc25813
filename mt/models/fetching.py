"""Installing a model from the Hugging Face hub: the only part of the package that uses the network, and only when asked to."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.config import Config, DecodingOptions, ModelOptions, load_config
from mt.errors import FetchError, ModelError
from mt.models.folders import (
    OFFLINE_CHOICE,
    hub_cache,
    is_from_hub,
    locate,
    record,
    record_file,
    snapshot,
    snapshot_folder,
    unpickled,
    write_atomically,
)
from mt.models.weights import format_of, is_pickled, pickled_files, unpickle

if TYPE_CHECKING:
    from huggingface_hub.utils.tqdm import tqdm
    from rich.progress import Progress, TaskID

WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?")
"""Matches `model.safetensors`, `model-00001-of-00002.safetensors` and `model.safetensors.index.json`."""
BESIDE_WEIGHTS = re.compile(r"(?!.*\.index\.json$).*\.(json|model|spm|txt|jinja)|(LICEN[CS]E|NOTICE|README|USE_POLICY).*")
"""Matches `config.json`, `source.spm`, `chat_template.jinja`, `LICENSE.md`; not `pytorch_model.bin` or `tf_model.h5`."""
CONNECT_SECONDS = 10.0
"""How long to wait for the hub's first answer, as huggingface_hub waits by default."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A source that every sound model handles, and words of which at least one must come out, in lower case."""

    source: str
    words: tuple[str, ...]


GOLDEN: Mapping[str, tuple[Golden, ...]] = {
    "translate": (
        Golden("القاهرة عاصمة مصر.", ("cairo", "egypt", "capital")),
        Golden("ذهب الولد إلى المدرسة.", ("school", "boy")),
    ),
    "summarize": (
        Golden(
            "The government of Egypt said on Monday that it would build forty schools in Cairo next year. "
            "The schools will take in thirty thousand children. Work begins in March and is paid for by the state.",
            ("egypt", "cairo", "school", "government"),
        ),
    ),
}
"""By task. A model that was stored or converted wrongly prints garbage on the easiest text."""


def get(name: str | Path, *, timeout: float | None = None, golden: Sequence[Golden] | None = None) -> Path:
    """Install a model and return its folder; at once, without the network, where it is installed already.

    name: as for `mt.config.load_config`. It is fetched at its pinned revision; where none is pinned, at the commit that
    `main` is today, which is noted and used from then on. What was fetched in part is resumed. Weights that exist as
    pickles only are rewritten as safetensors, without running code. Then the golden sources are put through it.
    timeout: seconds for the whole transfer; unset: no limit. golden: unset: `GOLDEN` of its task.

    Raises FetchError where it cannot be fetched, ModelError where it is damaged or fails the golden sources.
    """
    config = load_config(name)
    model = config.model
    if not is_from_hub(model):
        return locate(model)
    with suppress(ModelError):
        folder = locate(model)
        if record(model).get("golden") == "passed" and golden is None:
            return folder
    commit = _fetch_or_find(model, timeout)
    installed = model.model_copy(update={"revision": commit})
    _convert_pickles(installed)
    folder = locate(installed)
    _note(model, commit, "unknown")
    try:
        _try(config.model_copy(update={"model": installed}), GOLDEN[model.task] if golden is None else golden)
    except ModelError:
        _note(model, commit, "failed")
        raise
    _note(model, commit, "passed")
    return folder


def _fetch_or_find(model: ModelOptions, timeout: float | None) -> str:
    """The commit whose files are in the hub's cache after this call."""
    known = snapshot(model)
    if known is not None and _is_whole(model, known):
        return known.name
    if any(os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"} for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")):
        raise FetchError(f"model '{model.name}': not installed, and HF_HUB_OFFLINE forbids fetching it; unset that, {OFFLINE_CHOICE}")
    deadline = time.monotonic() + timeout if timeout is not None else float("inf")
    try:
        remote = _ask(model, deadline)
        _check_space(model, remote)
        _download(model, remote, deadline)
    except FetchError:
        raise
    except Exception as error:  # huggingface_hub lets through what its HTTP and storage libraries raise, which change with versions
        if time.monotonic() > deadline:
            raise _too_late(model) from error
        what = f"model '{model.name}' ({model.path}) cannot be fetched from {_endpoint()}"
        raise FetchError(f"{what}: {_reason(error, model)}; {OFFLINE_CHOICE}") from error
    return remote.commit


def _is_whole(model: ModelOptions, folder: Path) -> bool:
    """Whether a folder in the hub's cache has all that we need; weights come last, so the rest is there where they are."""
    with suppress(ModelError):
        return bool(pickled_files(folder) if format_of(folder) == "pickled" else locate(model))
    return False


@dataclass(frozen=True, slots=True)
class _Remote:
    """A commit of a hub repository and what we want of it: file name -> bytes."""

    commit: str
    files: Mapping[str, int]


def _ask(model: ModelOptions, deadline: float) -> _Remote:
    from huggingface_hub import HfApi

    wait = max(0.1, min(CONNECT_SECONDS, deadline - time.monotonic()))
    found = HfApi(endpoint=_endpoint()).model_info(model.path, revision=model.revision, files_metadata=True, timeout=wait)
    sizes = {file.rfilename: file.size or 0 for file in found.siblings or []}
    weights = [name for name in sizes if WEIGHTS.fullmatch(name)] or [name for name in sizes if is_pickled(name)]
    if not weights or found.sha is None:
        raise FetchError(f"model '{model.name}': {model.path} holds neither safetensors nor PyTorch weights; {OFFLINE_CHOICE}")
    return _Remote(found.sha, {name: size for name, size in sizes.items() if name in weights or BESIDE_WEIGHTS.fullmatch(name)})


def _check_space(model: ModelOptions, remote: _Remote) -> None:
    """Pickled weights need their room twice: as fetched, and as safetensors."""
    needed = sum(remote.files.values()) * (2 if any(map(is_pickled, remote.files)) else 1)
    there = next(folder for folder in [hub_cache(), *hub_cache().absolute().parents] if folder.exists())
    if (free := shutil.disk_usage(there).free) < needed:
        megabytes = f"needs {needed // 1_000_000} MB, {free // 1_000_000} MB are free in {there}"
        raise FetchError(f"model '{model.name}' {megabytes}; make room or set HF_HUB_CACHE, {OFFLINE_CHOICE}")


def _download(model: ModelOptions, remote: _Remote, deadline: float) -> None:
    from huggingface_hub import hf_hub_download

    with _progress(f"{model.name} {remote.commit[:7]}", sum(remote.files.values())) as (bar, task):
        done = 0
        there = snapshot_folder(model, remote.commit)
        for name, size in sorted(remote.files.items(), key=lambda file: file[1]):
            hf_hub_download(
                model.path,
                name,
                revision=remote.commit,
                cache_dir=hub_cache(),
                endpoint=_endpoint(),
                etag_timeout=max(0.1, min(CONNECT_SECONDS, deadline - time.monotonic())),
                force_download=(there / name).is_file() and (there / name).stat().st_size != size,  # cut short by a full disk
                tqdm_class=_reporter(model, bar, task, deadline),
            )
            done += size
            bar.update(task, completed=done)


@contextmanager
def _progress(title: str, total: int) -> Iterator[tuple[Progress, TaskID]]:
    """A progress bar on stderr where that is a terminal, silence elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        yield bar, bar.add_task(title, total=total)


def _reporter(model: ModelOptions, bar: Progress, task: TaskID, deadline: float) -> type[tqdm]:
    """What huggingface_hub is to call as bytes come in, in the shape of tqdm that it asks for."""
    from huggingface_hub.utils.tqdm import tqdm

    class Reporter(tqdm):
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            super().__init__(disable=True)  # type: ignore[no-untyped-call]
            bar.advance(task, initial)

        def update(self, n: float | None = 1) -> bool | None:
            if time.monotonic() > deadline:
                raise _too_late(model)
            bar.advance(task, n or 0)
            return None

    return Reporter


def _too_late(model: ModelOptions) -> FetchError:
    return FetchError(f"model '{model.name}': the time set for fetching it is over; run it again to go on, {OFFLINE_CHOICE}")


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def _reason(error: Exception, model: ModelOptions) -> str:
    """A hub error in one short clause."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError) or getattr(getattr(error, "response", None), "status_code", None) in {401, 403}:
        return f"accept its terms at https://huggingface.co/{model.path} and run `hf auth login`, or check the name"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "the hub has no such repository"
    if isinstance(error, errors.RevisionNotFoundError):
        return f"the hub has no revision {model.revision}"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:120]}" if text else type(error).__name__


def _convert_pickles(model: ModelOptions) -> None:
    """Make the safetensors copy of pickled weights, once, in our cache; the other files are copied beside it."""
    fetched = snapshot(model)
    assert fetched is not None and model.revision is not None, "called after fetching"
    target = unpickled(model, model.revision)
    if format_of(fetched) != "pickled" or target.is_dir():
        return
    made = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        for path in fetched.iterdir():
            if path.is_file() and BESIDE_WEIGHTS.fullmatch(path.name):
                shutil.copyfile(path, made / path.name)
        unpickle(fetched, made)
        with suppress(FileExistsError):  # another process was faster; its copy is as good
            made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _try(config: Config, golden: Sequence[Golden]) -> None:
    """Raise ModelError where a golden source comes out as something else."""
    from mt.engines import load_engine

    engine = load_engine(config.model_copy(update={"engine": config.engine.model_copy(update={"backend": "transformers"})}))
    for one in golden:
        written = engine.generate([one.source], DecodingOptions(max_new_tokens=64))[0].text
        if not any(word in written.lower() for word in one.words):
            raise ModelError(f"model '{config.model.name}' is installed but writes {written[:60]!r} for {one.source[:30]!r}; do not use it")


def _note(model: ModelOptions, commit: str, golden: str) -> None:
    noted = {"asked": model.revision or "main", "revision": commit, "golden": golden}
    write_atomically(record_file(model), json.dumps(noted))
