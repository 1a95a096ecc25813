"""How fast a pipeline is: beside the bare library, beside what people write first, from cold, and in memory.

All contestants translate the same segments in the same process, taking turns, so that whatever else the
machine does meets all alike. What is compared are medians.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from mt import arabic, segmentation, translation
from mt.config import Config, ModelOptions, Override, revise, seeds_folder
from mt.engines.parts import LIMIT_EXTRA, LIMIT_PER_TOKEN
from mt.engines.tokens import quiet
from mt.errors import MTError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

SEGMENTS = 40
REPEATS = 3
BATCH_TOKENS = (128, 512, 1024, 2048, 4096, 8192)
ARTICLE = "nato-hague-summit.txt"


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of each run of one contestant over the same segments."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The run in the middle: one that something else disturbed does not count."""
        return median(self.seconds)


@dataclass(frozen=True, slots=True)
class Start:
    """One process from nothing to the seed article in English, twice. Seconds, and megabytes at the peak."""

    load: float
    first: float
    second: float
    peak_mb: float
    total: float


@dataclass(frozen=True, slots=True)
class Report:
    """What `mt bench` measured. The first timing is what the others are compared with."""

    machine: str
    signature: str
    segments: int
    words: int
    timings: tuple[Timing, ...]
    sweep: tuple[tuple[int, Timing], ...]
    start: Start


def sample(count: int = SEGMENTS) -> list[str]:
    """Sentences of the sample articles, evenly spread over all of them, at most `count`.

    >>> len(sample(5))
    5
    """
    articles = sorted(seeds_folder().glob("*.txt"))
    found = [
        segment.text
        for path in articles
        for segment in segmentation.split(path.read_text(encoding="utf-8"))
        if arabic.has_arabic(segment.text)
    ]
    return [found[i * len(found) // count] for i in range(min(count, len(found)))]


def race(
    contestants: Mapping[str, Callable[[], object]], repeats: int, *, warm: bool = True, clock: Callable[[], float] = perf_counter
) -> list[Timing]:
    """Time callables in turns: with `warm` each once unseen, then `repeats` rounds of all.

    >>> [timing.name for timing in race({"a": list, "b": dict}, repeats=2)]
    ['a', 'b']
    """
    for run in contestants.values():
        if warm:
            run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            begin = clock()
            run()
            seconds[name].append(clock() - begin)
    return [Timing(name, tuple(times)) for name, times in seconds.items()]


def start(config: Config) -> Start:
    """Load and translate in a process of its own. Raises MTError where that process fails."""
    begin = perf_counter()
    command = [sys.executable, "-c", "from mt import bench; bench.probe()"]
    done = subprocess.run(command, input=config.model_dump_json(), capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise MTError(f"the process that measures the start failed: {done.stderr.strip().splitlines()[-1]}")
    return Start(total=perf_counter() - begin, **json.loads(done.stdout.splitlines()[-1]))


def probe() -> None:
    """What the process of `start` does: configuration on stdin, times and memory on stdout."""
    config = Config.model_validate_json(sys.stdin.read())
    article = (seeds_folder() / ARTICLE).read_text(encoding="utf-8")
    begin = perf_counter()
    from mt.pipeline import load

    pipeline = load(config)
    loaded = perf_counter()
    pipeline.translate(article)
    first = perf_counter()
    pipeline.translate(article)
    second = perf_counter()
    print(json.dumps({"load": loaded - begin, "first": first - loaded, "second": second - first, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """The most memory that this process has held."""
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    unit = 1 if sys.platform == "darwin" else 2**10  # kilobytes, but bytes on macOS
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def measure(
    config: Config,
    *,
    segments: int = SEGMENTS,
    repeats: int = REPEATS,
    plain: bool = True,
    tell: Callable[[str], None] = lambda message: None,
) -> Report:
    """Measure everything; takes some minutes. `tell` is given a line before each part.

    plain: also race the way people write it first, which takes most of the time.
    """
    from mt.pipeline import Pipeline, load

    tell("start, in a process of its own")
    started = start(config)
    pipeline = load(config)
    texts = sample(segments)
    document = segmentation.document("\n\n".join(texts))
    once = Pipeline(_with(config, "check", retry=False), pipeline.engine)
    sources = [translation.model_source(text, config.text) for text in texts]
    with TemporaryDirectory() as scratch:
        folder = _plain_folder(config.model, Path(scratch))
        contestants: dict[str, Callable[[], object]] = {
            "mt, each segment decoded once": partial(once.translate, document),
            "the bare library": bare(config, pipeline.engine.name, folder, sources),
            "mt, doubtful segments decoded again": partial(pipeline.translate, document),
        }
        if plain:
            contestants["transformers, float32, one by one"] = one_by_one(config.model, folder, sources)
        tell(f"{len(texts)} segments, {len(contestants)} contestants, rounds after one to warm up: {repeats}")
        timings = race(contestants, repeats)
    tell("batch sizes")
    sized = {size: Pipeline(_with(once.config, "batching", batch_tokens=size), pipeline.engine) for size in BATCH_TOKENS}
    sweep = race({str(size): partial(each.translate, document) for size, each in sized.items()}, 1, warm=False)
    words = sum(len(text.split()) for text in texts)
    return Report(machine(), pipeline.signature, len(texts), words, tuple(timings), tuple(zip(sized, sweep, strict=True)), started)


def _with(config: Config, section: str, **changes: Override) -> Config:
    return config.model_copy(update={section: revise(getattr(config, section), **changes)})


def bare(config: Config, engine: str, folder: Path, sources: Sequence[str]) -> Callable[[], list[str]]:
    """The library under an engine, called on all sources at once: tokenised before, same search, same batch budget.

    engine: `Engine.name`. folder: the model in the layout of transformers.
    """
    library, _, kind = engine.rpartition("|engine:")[2].partition("-")
    call = _bare_ctranslate2 if library == "ctranslate2" else _bare_transformers
    return call(config, folder, kind, sources)


def _bare_ctranslate2(config: Config, folder: Path, kind: str, sources: Sequence[str]) -> Callable[[], list[str]]:
    import ctranslate2

    from mt.models import converted

    words = _Words(config.model, folder)
    ids = [words.tokenizer(text)["input_ids"] for text in words.prompts(sources)]
    pieces = [words.tokenizer.convert_ids_to_tokens(row) for row in ids]
    network = (ctranslate2.Translator if config.model.family == "seq2seq" else ctranslate2.Generator)(
        str(converted(config.model, kind)), compute_type=kind, intra_threads=config.engine.threads or os.cpu_count() or 1
    )
    search = {
        "beam_size": config.decoding.beam_size,
        "length_penalty": config.decoding.length_penalty,
        "max_batch_size": config.batching.batch_tokens,
        "batch_type": "tokens",
    }
    most = _most_tokens(config, ids)

    def generate() -> list[str]:
        found = network.generate_batch(pieces, max_length=most, include_prompt_in_result=False, **search)
        return [words.tokenizer.decode(result.sequences_ids[0], skip_special_tokens=True) for result in found]

    def translate() -> list[str]:
        prefix = [[config.model.forced_bos]] * len(pieces) if config.model.forced_bos else None
        found = network.translate_batch(pieces, prefix, max_decoding_length=most, max_input_length=0, **search)
        rows = [words.tokenizer.convert_tokens_to_ids(result.hypotheses[0]) for result in found]
        return [words.tokenizer.decode(row, skip_special_tokens=True) for row in rows]

    return translate if config.model.family == "seq2seq" else generate


def _bare_transformers(config: Config, folder: Path, kind: str, sources: Sequence[str]) -> Callable[[], list[str]]:
    import torch

    words = _Words(config.model, folder)
    network = words.network(folder, kind)
    ids = [words.tokenizer(text)["input_ids"] for text in words.prompts(sources)]
    order = list(translation.batches([len(row) for row in ids], config.batching.batch_tokens))
    batches = [
        words.tokenizer.pad({"input_ids": [ids[i] for i in batch]}, padding_side=words.padding_side, return_tensors="pt").to(network.device)
        for batch in order
    ]
    search = {"num_beams": config.decoding.beam_size, "length_penalty": config.decoding.length_penalty, "do_sample": False}

    def generate() -> list[str]:
        texts: list[str] = []
        with torch.inference_mode():
            for batch in batches:
                most = _most_tokens(config, batch["input_ids"])
                output = network.generate(**batch, **search, **words.forced, max_new_tokens=most)
                texts += words.tokenizer.batch_decode(words.written(output, batch["input_ids"]), skip_special_tokens=True)
        return [text for _, text in sorted(zip(chain.from_iterable(order), texts, strict=True))]

    return generate


def one_by_one(model: ModelOptions, folder: Path, sources: Sequence[str]) -> Callable[[], list[str]]:
    """What a first script does: transformers as it comes, float32, a sentence at a time."""
    words = _Words(model, folder)
    network = words.network(folder, "float32")

    def generate() -> list[str]:
        texts = []
        for text in words.prompts(sources):
            inputs = words.tokenizer(text, return_tensors="pt").to(network.device)
            output = network.generate(**inputs, **words.forced, max_new_tokens=256)
            texts.append(words.tokenizer.decode(words.written(output, inputs["input_ids"])[0], skip_special_tokens=True))
        return texts

    return generate


class _Words:
    """A model in the layout of transformers, addressed without any code of ours."""

    def __init__(self, model: ModelOptions, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.model = model
        with quiet():
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.causal = model.family == "causal"
        self.padding_side = "left" if self.causal else "right"
        if model.source_code:
            self.tokenizer.src_lang = model.source_code
        self.forced = {"forced_bos_token_id": self.tokenizer.convert_tokens_to_ids(model.forced_bos)} if model.forced_bos else {}

    def network(self, folder: Path, kind: str) -> PreTrainedModel:
        import torch
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

        auto = AutoModelForCausalLM if self.causal else AutoModelForSeq2SeqLM
        device = "cuda" if torch.cuda.is_available() else "cpu"
        with quiet():
            return auto.from_pretrained(folder, dtype=getattr(torch, kind), local_files_only=True).eval().to(device)

    def prompts(self, sources: Sequence[str]) -> list[str]:
        if not self.causal:
            return [self.model.source_prefix + source for source in sources]
        prompts = [(self.model.prompt or "{source}").replace("{source}", source) for source in sources]
        if not self.model.chat:
            return prompts
        talks = [[{"role": "user", "content": prompt}] for prompt in prompts]
        return [self.tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True) for talk in talks]

    def written(self, output: torch.Tensor, prompt: torch.Tensor) -> torch.Tensor:
        """What came after the prompt, ids [n, length]."""
        return output[:, prompt.shape[1] :] if self.causal else output


def _most_tokens(config: Config, ids: Sequence[Sequence[int]]) -> int:
    return config.decoding.max_new_tokens or LIMIT_PER_TOKEN * max(map(len, ids)) + LIMIT_EXTRA


def _plain_folder(model: ModelOptions, scratch: Path) -> Path:
    from mt.models import export, locate, packed

    folder = locate(model)
    return export(model.name, scratch / model.name) if packed(folder) else folder


def machine() -> str:
    """Processor, cores and system, for a report."""
    processor = platform.processor()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        models = [line for line in described.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        processor = models[0].partition(":")[2].strip() if models else processor
    return f"{processor or platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


@dataclass(frozen=True, slots=True)
class Table:
    """Text in rows, to be printed."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(report: Report) -> list[Table]:
    """The report as three tables."""
    first = report.timings[0].median
    return [
        Table(
            f"{report.segments} segments, {report.words} Arabic words",
            ("contestant", "median s", "fastest s", "words/s", "the first is so many times as fast"),
            tuple(
                (t.name, f"{t.median:.2f}", f"{min(t.seconds):.2f}", f"{report.words / t.median:.0f}", f"{t.median / first:.2f}")
                for t in report.timings
            ),
        ),
        Table(
            "The same segments by batch size",
            ("padded source tokens", "s", "words/s"),
            tuple((str(size), f"{t.median:.2f}", f"{report.words / t.median:.0f}") for size, t in report.sweep),
        ),
        Table(
            f"One process, {ARTICLE}",
            ("load s", "first translation s", "second s", "whole process s", "peak MB"),
            (
                (
                    f"{report.start.load:.2f}",
                    f"{report.start.first:.2f}",
                    f"{report.start.second:.2f}",
                    f"{report.start.total:.2f}",
                    f"{report.start.peak_mb:.0f}",
                ),
            ),
        ),
    ]


def as_markdown(report: Report) -> str:
    """The tables as Markdown."""
    parts = []
    for table in tables(report):
        lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
        parts.append(f"**{table.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join([*parts, f"{report.signature}; {report.machine}\n"])


def as_json(report: Report) -> str:
    """Every time that was taken."""
    return json.dumps(asdict(report), indent=2) + "\n"
