"""Where the weights of a model lie on this machine. Nothing here touches the network.

A model comes from the package ("builtin"), from a folder, or from the Hugging Face hub. What the hub sends lies in its
own cache, which other programs share; what we derive (safetensors made of pickled weights, CTranslate2 copies) in ours.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path

from mt.config import ModelOptions, config_names, load_config
from mt.errors import ConfigError, ModelError
from mt.models.weights import format_of, weight_files

BUILTIN = Path(__file__).parent.parent / "builtin"
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
"""Matches `facebook/nllb-200-distilled-600M` and `gpt2`; not `./model`, `/models/x` or `a/b/c`."""
COMMIT = re.compile(r"[0-9a-f]{40}")
"""Matches a full Git commit hash such as `f8d333a098d19b4fd9a8b18f94170487ad3f821d`."""
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "source.spm", "vocab.json", "vocab.txt")
"""One of these must be there; which one depends on the family."""
MARIAN_FILES = ("source.spm", "target.spm", "vocab.json")
"""Marian has no single tokenizer file: all three are needed."""
OFFLINE_CHOICE = "or take what ships with the package: --model builtin"


def cache_folder() -> Path:
    """Where we keep what we make of models: `$MT_CACHE`, else the cache folder of the platform, such as `~/.cache/mt`."""
    import platformdirs

    return Path(os.environ.get("MT_CACHE") or platformdirs.user_cache_dir("mt", appauthor=False)).expanduser()


def hub_cache() -> Path:
    """The cache that `huggingface_hub` uses, by the same variables; read at every call, it reads them once."""
    if chosen := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(os.path.expandvars(chosen)).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
    return Path(os.path.expandvars(home)).expanduser() / "hub"


def locate(model: ModelOptions) -> Path:
    """The folder of a model: config, tokenizer and safetensors weights in Hugging Face layout, known to be whole.

    Raises ModelError that names the model, what is wrong, and the remedy.

    >>> locate(ModelOptions()).name
    'builtin'
    """
    folder = _folder(model)
    try:
        _check(folder, model)
    except ModelError as error:
        raise ModelError(f"model '{model.name}': {error}; {_remedy(model)}") from error
    return folder


def described(folder: Path) -> ModelOptions:
    """What the config.json of a model folder says of it. A causal model needs its prompt by --set model.prompt=...

    Raises ConfigError where it is no model folder.
    """
    try:
        description = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: not a model folder: expected a config.json, or a config.yaml of ours") from error
    family = "seq2seq" if description.get("is_encoder_decoder") else "causal"
    return ModelOptions.model_validate({"name": folder.resolve().name, "path": str(folder), "family": family})


def installed(model: ModelOptions) -> bool:
    """Whether `locate` finds the model."""
    try:
        locate(model)
    except ModelError:
        return False
    return True


def revision_of(model: ModelOptions) -> str:
    """What pins the weights of an installed model, 40 hexadecimal digits, for signatures and cache keys.

    The commit of a hub model; the hash of the content of any other. Raises ModelError as `locate` does.
    """
    folder = locate(model)
    if is_from_hub(model):
        return _commit(model) or ""
    return _content_hash(folder)


def is_from_hub(model: ModelOptions) -> bool:
    """Whether `path` is a hub id; a folder of that name is preferred."""
    return model.path != "builtin" and HUB_ID.fullmatch(model.path) is not None and not Path(model.path).is_dir()


def snapshot(model: ModelOptions) -> Path | None:
    """The folder of a hub model in the hub's cache at its revision, whole or not; None: there is none."""
    commit = _commit(model)
    folder = snapshot_folder(model, commit) if commit else None
    return folder if folder is not None and folder.is_dir() else None


def snapshot_folder(model: ModelOptions, commit: str) -> Path:
    """Where the hub's cache has, or is to have, the files of a commit."""
    return _repository(model) / "snapshots" / commit


def unpickled(model: ModelOptions, commit: str) -> Path:
    """Where the safetensors copy of a hub model with pickled weights lies, or is to lie."""
    return cache_folder() / "safetensors" / _flat(model.path) / commit


def record(model: ModelOptions) -> dict[str, str]:
    """What `mt models get` noted about a hub model: `asked` (revision or branch), `revision` (commit), `golden`.

    golden: "passed", "failed", or "unknown" where the trial was broken off. Empty: nothing noted.
    """
    try:
        noted = json.loads(record_file(model).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or cut short by a full disk: as good as none
        return {}
    return noted if isinstance(noted, dict) else {}


def record_file(model: ModelOptions) -> Path:
    """Where `record` reads from."""
    return cache_folder() / "installed" / f"{_flat(model.path)}.json"


def write_atomically(path: Path, text: str) -> None:
    """Write a small file of ours so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _folder(model: ModelOptions) -> Path:
    if model.path == "builtin":
        return BUILTIN
    if not is_from_hub(model):
        folder = Path(model.path).expanduser()
        if not folder.is_dir():
            raise ModelError(f"model '{model.name}': no such folder: {folder}; expected 'builtin', a folder or a hub id such as org/name")
        return folder
    commit = _commit(model)
    if commit and (ours := unpickled(model, commit)).is_dir():
        return ours
    fetched = snapshot(model)
    if fetched is None:
        raise ModelError(f"model '{model.name}' ({model.path}) is not installed; {_remedy(model)}")
    return fetched


def _commit(model: ModelOptions) -> str | None:
    """Commit of a hub model: the pinned one, else the one noted when it was installed, else what the branch was when cached."""
    wanted = model.revision or "main"
    if COMMIT.fullmatch(wanted):
        return wanted
    noted = record(model)
    if noted.get("asked") == wanted:
        return noted["revision"]
    with suppress(OSError):  # no such branch or tag in the cache: not installed
        return (_repository(model) / "refs" / wanted).read_text(encoding="utf-8").strip()
    return None


def _repository(model: ModelOptions) -> Path:
    return hub_cache() / f"models--{_flat(model.path)}"


def _flat(hub_id: str) -> str:
    """As the hub's cache names its folders: org/name -> org--name."""
    return hub_id.replace("/", "--")


def _remedy(model: ModelOptions) -> str:
    if model.path == "builtin":
        return "install the package again"
    if not is_from_hub(model):
        return "copy the folder again, " + OFFLINE_CHOICE
    ours = model.name in config_names() and load_config(model.name).model.path == model.path
    name = model.name if ours else "FILE.yaml"
    return f"run `mt models get {name}`, {OFFLINE_CHOICE}"


def _check(folder: Path, model: ModelOptions) -> None:
    """Raise ModelError for the first file that is missing, damaged or does not fit the family."""
    config = _config(folder)
    kind, weights = config["model_type"], format_of(folder)
    if not any((folder / name).is_file() for name in TOKENIZER_FILES):
        raise ModelError(f"{folder}: no tokenizer: expected one of {', '.join(TOKENIZER_FILES)}")
    missing = [name for name in MARIAN_FILES if not (folder / name).is_file()]
    if kind == "marian" and missing and not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder}: missing file {', '.join(missing)}")
    if weights == "pickled":
        raise ModelError(f"{folder}: its weights are pickled, and only safetensors are read")
    weight_files(folder)
    family = "seq2seq" if config.get("is_encoder_decoder") else "causal"
    if family != model.family:
        raise ModelError(f"{folder}: a {kind} model is of family: {family}, not {model.family}")
    if weights == "packed" and family != "causal":
        raise ModelError(f"{folder}: int8 rows are read for family: causal only")


def _config(folder: Path) -> dict[str, object]:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder}: missing file config.json")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path}: damaged: not valid JSON") from error
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise ModelError(f"{path}: names no model_type")
    return config


def _content_hash(folder: Path) -> str:
    """Hash of config, tokenizer and weights, whatever the folder is called; remembered while sizes and times stay the same."""
    beside = [path for pattern in ("*.json", "*.model", "*.spm", "*.txt") for path in folder.glob(pattern)]
    files = sorted({*weight_files(folder), *beside})
    state = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    memo = cache_folder() / "hashes" / hashlib.sha256(repr(state).encode()).hexdigest()[:40]
    with suppress(OSError):
        return memo.read_text(encoding="ascii")
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            digest.update(f"{path.name} {hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    with suppress(OSError):  # a cache that cannot be written costs time, not correctness
        write_atomically(memo, digest.hexdigest()[:40])
    return digest.hexdigest()[:40]
