"""BLEU and chrF with signatures, intervals, and tests against other systems.

All scores are sacreBLEU's (Post 2018, https://aclanthology.org/W18-6319); intervals and p-values come
from its paired bootstrap (Koehn 2004, https://aclanthology.org/W04-3250) with a fixed seed.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from mt import arabic
from mt.data import Document, Flag, Result
from mt.errors import ConfigError, ExtraError, InputError
from mt.formats import read_text_file
from mt.segmentation import document

if TYPE_CHECKING:
    from mt.pipeline import Pipeline

RESAMPLES = 1000
"""Bootstrap resamples, sacreBLEU's default."""


@dataclass(frozen=True, slots=True)
class Score:
    """A corpus score, 0 to 100.

    interval: half the width of the 95 % interval. p: probability of a difference this large from the
    first system if there were none; None for the first system itself.
    """

    value: float
    interval: float
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The scores of one system."""

    system: str
    bleu: Score
    chrf: Score


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of several systems on the same lines; the first system is what the others are tested against."""

    rows: tuple[Row, ...]
    lines: int
    bleu_signature: str
    chrf_signature: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines translated by a pipeline: one output and the flags of its segments a line, wall-clock time in seconds."""

    texts: tuple[str, ...]
    flags: tuple[frozenset[Flag], ...]
    seconds: float
    signature: str

    @property
    def flagged(self) -> int:
        """Lines with a flag."""
        return sum(map(bool, self.flags))


def score(systems: Mapping[str, Sequence[str]], reference: Sequence[str], *, resamples: int = RESAMPLES) -> Scores:
    """Score systems on the same reference, line by line.

    Raises InputError where a system has another number of lines than the reference, or there are none;
    ExtraError where sacreBLEU is missing.

    >>> report = score({"ours": ["The cat sat on the mat today ."]}, ["The cat sat on the mat today ."], resamples=10)
    >>> report.rows[0].bleu.value > 99.9, report.rows[0].chrf.value
    (True, 100.0)
    """
    if not reference:
        raise InputError("the reference is empty: nothing to score")
    for name, lines in systems.items():
        if len(lines) != len(reference):
            raise InputError(f"{name} has {len(lines)} lines, the reference {len(reference)}: they must match line by line")
    _need_sacrebleu()
    from sacrebleu.metrics import BLEU, CHRF
    from sacrebleu.significance import PairedTest
    from sacrebleu.significance import Result as Tested

    test = PairedTest(list(systems.items()), {"BLEU": BLEU(), "chrF": CHRF()}, [reference], test_type="bs", n_samples=resamples)
    signatures, columns = test()
    bleu, chrf = next(name for name in columns if name.startswith("BLEU")), next(name for name in columns if name.startswith("chrF"))

    first = next(iter(systems.values()))

    def cell(name: str, tested: Tested) -> Score:
        assert tested.ci is not None
        p = None if tested.p_value is None else float(tested.p_value)
        if p is not None and list(systems[name]) == list(first):
            p = 1.0  # sacreBLEU calls a system significantly different from itself
        return Score(tested.score, float(tested.ci), p)

    rows = tuple(Row(name, cell(name, columns[bleu][i]), cell(name, columns[chrf][i])) for i, name in enumerate(systems))
    return Scores(rows, len(reference), signatures[bleu].format(), signatures[chrf].format())


@dataclass(frozen=True, slots=True)
class Plain:
    """Corpus scores without intervals, 0 to 100."""

    bleu: float
    chrf: float


def plain_score(texts: Sequence[str], reference: Sequence[str]) -> Plain:
    """Scores of a part of a set, too small for intervals to say much. Raises ExtraError where sacreBLEU is missing."""
    _need_sacrebleu()
    from sacrebleu.metrics import BLEU, CHRF

    return Plain(BLEU().corpus_score(list(texts), [list(reference)]).score, CHRF().corpus_score(list(texts), [list(reference)]).score)


def line_scores(texts: Sequence[str], reference: Sequence[str]) -> list[float]:
    """chrF of each line. Raises ExtraError where sacreBLEU is missing."""
    _need_sacrebleu()
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    return [metric.sentence_score(text, [wanted]).score for text, wanted in zip(texts, reference, strict=True)]


def _need_sacrebleu() -> None:
    if find_spec("sacrebleu") is None:
        raise ExtraError('scoring needs sacreBLEU: pip install "mt[eval]"')


def translate_lines(pipeline: Pipeline, lines: Sequence[str], *, progress: Callable[[int, int], None] | None = None) -> Lines:
    """Translate each line as a document of its own. A line without Arabic stands as it is.

    progress: called with segments done and segments known so far.
    """
    start = perf_counter()
    texts = list(lines)
    arabic_lines = [i for i, line in enumerate(lines) if arabic.has_arabic(line)]
    documents: list[str | Document] = [document(lines[i], f"line {i + 1}") for i in arabic_lines]
    flags: list[frozenset[Flag]] = [frozenset()] * len(lines)
    results: list[Result] = list(pipeline.run(documents, progress=progress))
    for i, result in zip(arabic_lines, results, strict=True):
        texts[i] = " ".join(result.text.split())
        flags[i] = frozenset(flag for translation in result.translations for flag in translation.flags)
    return Lines(tuple(texts), tuple(flags), perf_counter() - start, pipeline.signature)


def read_lines(path: Path, count: int | None = None, *, unescape: bool = False) -> list[str]:
    """The lines of a file, or its first `count` lines.

    Only line feeds (and a carriage return before one) end a line, so that files stay parallel whatever
    else is in them. unescape: `&quot;` becomes `"`. Some publish their output with entities in it; resolving
    them is worth 2 BLEU to Google on FLORES dev (46.0 and 47.9), which is what it would really have scored.

    Raises InputError where the file cannot be read.
    """
    text, _ = read_text_file(path)
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
    return [html.unescape(line) if unescape else line for line in lines[:count]]


def peers_in(folder: Path, reference: Path) -> dict[str, Path]:
    """Outputs of other systems in a folder, by name: NAME -> `STEM.NAME.SUFFIX` for a reference `STEM.SUFFIX`.

    Raises ConfigError where there is none.
    """
    found = {
        path.name.removeprefix(f"{reference.stem}.").removesuffix(reference.suffix): path
        for path in sorted(folder.glob(f"{reference.stem}.*{reference.suffix}"))
        if path.name != reference.name
    }
    if not found:
        raise ConfigError(f"{folder}: no peer output; expected files named {reference.stem}.NAME{reference.suffix}")
    return found
