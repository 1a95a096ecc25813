"""Which library runs a model: the one asked for, or the one that is faster on this machine, measured once."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Literal

from mt.config import Config, DecodingOptions, EngineOptions, ModelOptions
from mt.engines.causal import CausalText, TorchCausal
from mt.engines.parts import ModelEngine, Runner
from mt.engines.seq2seq import Seq2SeqText, TorchSeq2Seq
from mt.engines.tokens import load_hub_tokens, load_tokens
from mt.errors import ConfigError, ExtraError, ModelError
from mt.models import cache_folder, converted, locate, revision_of
from mt.models.folders import write_atomically

LOG = logging.getLogger(__name__)
Backend = Literal["transformers", "ctranslate2"]
SAMPLE = (
    "وصل الوفد إلى العاصمة مساء أمس.",
    "قال الوزير إن المحادثات ستستأنف الأسبوع المقبل.",
    "ارتفعت أسعار القمح بنسبة ثلاثة في المئة منذ بداية العام.",
    "أعلنت الشركة أنها ستبني مصنعا جديدا قرب الميناء وتوظف مئتي عامل.",
    "فاز الفريق الضيف بهدفين مقابل هدف واحد في مباراة شهدت حضورا كبيرا.",
    "دعا الأمين العام جميع الأطراف إلى وقف القتال والسماح بوصول المساعدات إلى السكان.",
    "يقول الباحثون إن الشعاب المرجانية في البحر الأحمر تتحمل الحرارة أكثر من غيرها.",
    "افتتحت المدينة متحفا صغيرا يعرض رسائل وصورا من القرن الماضي.",
)
"""What is measured with: eight sentences, written for this, of the lengths that news has."""
SAMPLE_TOKENS = 32
"""Longest output while measuring, in tokens: a model that loops does not decide for long."""
ROUNDS = 2
"""Each backend is timed as often; the better time counts, since a busy machine only makes it worse."""
DECISIVE = 3.0
"""A backend that is slower by this factor is not timed again."""
LEAST_AGREEMENT = 0.5
"""Share of words that a sound copy of a model has in common with the original on `SAMPLE`. int8 keeps 0.94 of them
with the built-in model; a conversion that went wrong (CTranslate2 issue 1694: garbage from some OPUS models) keeps next to none."""


def load_engine(config: Config) -> ModelEngine:
    """As `mt.engines.load_engine`."""
    locate(config.model)
    if config.engine.backend == "transformers":
        return on_transformers(config)
    if config.engine.backend == "ctranslate2" or config.engine.compute_type == "int8":  # transformers has no int8
        return on_ctranslate2(config)
    key = _key(config.model, config.engine)
    chosen = _notes().get(key, {}).get("backend")
    if chosen == "transformers":
        return on_transformers(config)
    try:
        on_ct2 = on_ctranslate2(config)
    except (ExtraError, ModelError, ConfigError) as error:  # not installed, no such model there, no such type there
        LOG.info("without CTranslate2: %s", error)
        return on_transformers(config)
    return on_ct2 if chosen == "ctranslate2" else _measured(config, on_ct2, key)


def on_transformers(config: Config) -> ModelEngine:
    """The engine on transformers."""
    from mt.engines import torch_model

    model, folder = config.model, locate(config.model)
    runner: Runner
    text: Seq2SeqText | CausalText
    if model.family == "seq2seq":
        text = Seq2SeqText(model, folder, load_hub_tokens(folder))
        search = torch_model.Search(torch_model.load(model, folder, config.engine), text.ends)
        runner = TorchSeq2Seq(search, text.prefix, model.name)
    else:
        text = CausalText(model, folder, load_tokens(folder))
        search = torch_model.Search(torch_model.load(model, folder, config.engine), text.ends)
        runner = TorchCausal(search, text.positions)
    kind = torch_model.compute_type_for(config.engine, torch_model.device_for(config.engine))
    return ModelEngine(_name(model, f"transformers-{kind}"), text, runner)


def on_ctranslate2(config: Config) -> ModelEngine:
    """The engine on CTranslate2; the model is converted first if it was not yet."""
    from mt.engines import ct2

    model, folder = config.model, locate(config.model)
    kind = ct2.compute_type_for(config.engine, ct2.device_for(config.engine))
    runner: Runner
    text: Seq2SeqText | CausalText
    if model.family == "seq2seq":  # the text first: a wrong option is found before a model is converted in vain
        tokens = load_hub_tokens(folder)
        text = Seq2SeqText(model, folder, tokens)
        network = ct2.load(model, converted(model, kind), config.engine)
        runner = ct2.Ct2Seq2Seq(network, tokens, prefix=text.prefix, ends=text.ends)
    else:
        plain = load_tokens(folder)
        text = CausalText(model, folder, plain)
        network = ct2.load(model, converted(model, kind), config.engine)
        runner = ct2.Ct2Causal(network, plain, ends=text.ends, window=text.window)
    return ModelEngine(_name(model, f"ctranslate2-{kind}"), text, runner)


def _name(model: ModelOptions, library: str) -> str:
    return f"model:{model.name}|rev:{revision_of(model)[:7]}|engine:{library}"


def _measured(config: Config, on_ct2: ModelEngine, key: str) -> ModelEngine:
    """The better of both engines, by a short run of each; the choice is written down."""
    engines: dict[Backend, ModelEngine] = {"ctranslate2": on_ct2, "transformers": on_transformers(config)}
    texts: dict[Backend, list[str]] = {}
    seconds: dict[Backend, float] = {}
    for _ in range(ROUNDS):
        for name, engine in engines.items():
            sample = [sentence for sentence in SAMPLE if engine.count(sentence) <= engine.max_source_tokens] or ["."]
            started = time.perf_counter()
            texts[name] = [hypothesis.text for hypothesis in engine.generate(sample, DecodingOptions(max_new_tokens=SAMPLE_TOKENS))]
            seconds[name] = min(seconds.get(name, float("inf")), time.perf_counter() - started)
        if max(seconds.values()) > DECISIVE * min(seconds.values()):
            break
    agreed = agreement(texts["ctranslate2"], texts["transformers"])
    chosen = choice(seconds, agreed)
    note = {"model": config.model.name, "backend": chosen, "seconds": seconds, "agreement": round(agreed, 3)}
    with suppress(OSError):  # a cache that cannot be written costs a measurement at each start, nothing more
        write_atomically(_file(), json.dumps({**_notes(), key: note}, indent=1))
    return engines[chosen]


def choice(seconds: Mapping[Backend, float], agreed: float) -> Backend:
    """The faster backend; but never a CTranslate2 copy that does not say what the original says.

    >>> choice({"ctranslate2": 1.0, "transformers": 1.7}, agreed=0.9), choice({"ctranslate2": 1.0, "transformers": 1.7}, agreed=0.1)
    ('ctranslate2', 'transformers')
    """
    return "ctranslate2" if agreed >= LEAST_AGREEMENT and seconds["ctranslate2"] <= seconds["transformers"] else "transformers"


def agreement(texts: Sequence[str], others: Sequence[str]) -> float:
    """Share of the words of `texts` and `others`, pairwise, that they have in common (F1); 1 where there are no words.

    >>> agreement(["the old man"], ["the old woman"])
    0.6666666666666666
    """
    common = total = 0
    for text, other in zip(texts, others, strict=True):
        words, more = Counter(text.split()), Counter(other.split())
        common += 2 * (words & more).total()
        total += words.total() + more.total()
    return common / total if total else 1.0


def _key(model: ModelOptions, engine: EngineOptions) -> str:
    """Changes with all that the choice depends on."""
    versions = [_version(package) for package in ("torch", "transformers", "ctranslate2")]
    parts = [revision_of(model), model.family, engine.device, engine.compute_type, engine.threads, os.cpu_count(), _processor(), versions]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _processor() -> str:
    """The processor's name, as Linux or else Python tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line
    return f"{platform.machine()} {platform.processor()}"


def _file() -> Path:
    return cache_folder() / "backends.json"


def _notes() -> dict[str, dict[str, object]]:
    """What was measured before; nothing where the file is missing or damaged, so that it is measured again."""
    try:
        notes = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: note for key, note in notes.items() if isinstance(note, dict)} if isinstance(notes, dict) else {}
