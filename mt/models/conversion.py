"""CTranslate2 copies of models, made once and kept in the cache.

The converter of CTranslate2 4.8 was written for transformers 4. What version 5 changed under its feet is put right in
`_mend`; what it cannot do faithfully is refused, so that nobody gets a slightly different model without knowing.
"""

from __future__ import annotations

import gc
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.config import ModelOptions
from mt.errors import ExtraError, ModelError
from mt.models.folders import cache_folder, is_from_hub, locate, revision_of
from mt.models.weights import load_state, packed

if TYPE_CHECKING:
    from ctranslate2.converters import TransformersConverter
    from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Norms:
    """Where the layers of an architecture are normalised: before each part, and after the embedding."""

    before: bool
    embedding: bool


NORMS = {"bart": Norms(False, True), "mbart": Norms(True, True), "pegasus": Norms(True, False)}
"""As transformers computes them, whatever config.json says or leaves out; the converter reads these from the configuration."""
COMPUTE_TYPES = ("float32", "bfloat16", "float16", "int8")
MENDING = 1
"""Raise it when `_mend` changes: copies made before are then made anew."""


def converted(model: ModelOptions, compute_type: str) -> Path:
    """The CTranslate2 folder of an installed model, made now if there is none yet.

    compute_type: "float32", "bfloat16", "float16" or "int8", as stored in the copy.
    The tokenizer stays where `locate` finds it. Models that differ in options only share a copy, and processes that
    want the same one wait for the first to make it.

    Raises ModelError where the model is not installed or has no faithful copy, ExtraError without ctranslate2.
    """
    source = locate(model)
    target = _target(model, compute_type)
    if (target / "model.bin").is_file():
        return target
    with _lock(target, model):
        if not (target / "model.bin").is_file():
            made = target.with_name(f".{target.name}")  # nobody else writes here while we hold the lock; a killed run may have
            shutil.rmtree(made, ignore_errors=True)
            _convert(model, source, compute_type, made)
            origin = {"source": str(source), "revision": revision_of(model), "ctranslate2": _version()}
            (made / "origin.json").write_text(json.dumps(origin), encoding="utf-8")
            _drop_outdated(target.parent, origin)
            made.replace(target)
    return target


def copies(model: ModelOptions) -> list[str]:
    """The compute types of which there is a copy of an installed model already."""
    return [compute_type for compute_type in COMPUTE_TYPES if (_target(model, compute_type) / "model.bin").is_file()]


def _target(model: ModelOptions, compute_type: str) -> Path:
    """Where a copy belongs: its name changes with the weights and with what makes it."""
    key = hashlib.sha256(f"{revision_of(model)} {_version()} {MENDING}".encode()).hexdigest()[:16]
    origin = model.path if is_from_hub(model) else Path(model.path).resolve().name
    return cache_folder() / "ctranslate2" / f"{origin.replace('/', '--')}-{compute_type}-{key}"


@contextmanager
def _lock(target: Path, model: ModelOptions) -> Iterator[None]:
    from filelock import FileLock

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f"{target.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise ModelError(
            f"model '{model.name}': cannot write to {target.parent}; set MT_CACHE to a folder that can be written to"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _drop_outdated(shelf: Path, origin: dict[str, str]) -> None:
    """Remove the copies that the same version made of the same folder when it held other weights."""
    for noted in shelf.glob("*/origin.json"):
        with suppress(OSError, ValueError):  # being removed by another process: as good as removed
            other = json.loads(noted.read_text(encoding="utf-8"))
            if other != origin and other | {"revision": origin["revision"]} == origin:
                shutil.rmtree(noted.parent, ignore_errors=True)


def _convert(model: ModelOptions, source: Path, compute_type: str, target: Path) -> None:
    from mt.engines.tokens import quiet

    try:
        with quiet(), _one_thread():
            converter = _converter(source)
            gc.freeze()  # the converter collects garbage after every layer; going through all of torch each time took half of the time
            converter.convert(str(target), quantization=compute_type)
    except ModelError as error:
        raise ModelError(f"model '{model.name}': {error}; use backend: transformers") from error
    except Exception as error:  # the converter raises ValueError, KeyError, NotImplementedError and others for what it does not know
        shutil.rmtree(target, ignore_errors=True)
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise ModelError(f"model '{model.name}': CTranslate2 cannot convert it ({reason}); use backend: transformers") from error
    finally:
        gc.unfreeze()


@contextmanager
def _one_thread() -> Iterator[None]:
    """The work is many small pieces: on a busy machine torch's threads wait for one another far longer than it takes."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _converter(source: Path) -> TransformersConverter:
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]  # untyped
        """Reads local safetensors only, packed ones too, and mends the configuration before the weights are laid out."""

        def load_model(self, model_class: type[PreTrainedModel], path: str, **options: Any) -> PreTrainedModel:
            if packed(source):
                model = _unpack(model_class, options["config"], source)
            else:
                model = model_class.from_pretrained(path, local_files_only=True, use_safetensors=True, **options)
            _mend(model)
            return model

        def load_tokenizer(self, tokenizer_class: type[AutoTokenizer], path: str, **options: Any) -> PreTrainedTokenizerBase:
            tokenizer = tokenizer_class.from_pretrained(path, local_files_only=True, **options)
            if tokenizer.bos_token is None and "<s>" in tokenizer.get_vocab():
                tokenizer.bos_token = "<s>"  # version 5 gives mBART-50 none, and CTranslate2 opens no copy without one
            return tokenizer

    return Converter(str(source), low_cpu_mem_usage=True)


def _unpack(model_class: type[PreTrainedModel], config: PreTrainedConfig, source: Path) -> PreTrainedModel:
    """A model in float32 from int8 rows: rounding them to bfloat16 first would not give the same rows again."""
    import torch

    with torch.device("meta"):
        model = model_class(config)
    missing, unexpected = model.load_state_dict(load_state(source, torch.float32), strict=False, assign=True)
    model.tie_weights()
    if unexpected or set(missing) - set(model.all_tied_weights_keys):
        raise ModelError(f"{source}: the weights do not fit config.json: {', '.join([*missing, *unexpected][:3])}")
    return model


def _mend(model: PreTrainedModel) -> None:
    """Put right in the configuration what the converter would read wrongly; raise ModelError where nothing helps."""
    config, kind = model.config, model.config.model_type
    if kind in {"t5", "umt5", "mt5"}:
        # Version 5 always says "tied" and keeps apart whether outputs are scaled; the converter takes the one for the other.
        config.tie_word_embeddings = getattr(config, "scale_decoder_outputs", False)
    if kind in NORMS:
        config.normalize_before, config.normalize_embedding = NORMS[kind].before, NORMS[kind].embedding
    if kind == "marian":
        _check_marian(model)
    text = config.get_text_config()
    rope = getattr(text, "rope_parameters", None) or {}
    if "full_attention" in rope:  # two kinds of layer, as in Gemma 3
        if scaled := [name for name, layer in rope.items() if layer.get("rope_type", "default") != "default"]:
            raise ModelError(f"CTranslate2 ignores the scaled positions of {', '.join(scaled)} layers")
        text.rope_theta = rope["full_attention"]["rope_theta"]
        text.rope_local_base_freq = rope["sliding_attention"]["rope_theta"]
    elif "rope_theta" in rope:
        text.rope_theta = rope["rope_theta"]


def _check_marian(model: PreTrainedModel) -> None:
    """CTranslate2 drops the last row, taking it for <pad>, and starts the decoder from zeros in its place."""
    config, rows = model.config, model.get_input_embeddings().weight
    if config.pad_token_id != rows.shape[0] - 1:
        raise ModelError("CTranslate2 wants <pad> as the last token of a Marian model")
    if not config.share_encoder_decoder_embeddings:
        raise ModelError("CTranslate2 wants one vocabulary for both sides of a Marian model")
    if rows[config.pad_token_id].any():
        raise ModelError("CTranslate2 wants zeros as the embedding of <pad> in a Marian model")


def _version() -> str:
    try:
        import ctranslate2
    except ImportError as error:
        raise ExtraError("backend: ctranslate2 needs the package ctranslate2; run `pip install ctranslate2`") from error
    version: str = ctranslate2.__version__
    return version
