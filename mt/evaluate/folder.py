"""Everything that can be measured on a folder of evaluation files, for one model or for two side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mt.evaluate.faithful import Faithfulness, faithfulness
from mt.evaluate.scores import RESAMPLES, Plain, Scores, plain_score, score, translate_lines
from mt.evaluate.sets import TestSet, read_sets
from mt.evaluate.summaries import SummaryReport, summarise_and_score
from mt.evaluate.worst import Bad, worst

if TYPE_CHECKING:
    from mt.pipeline import Pipeline

LENGTHS = (10, 20, 30, 50)
"""Words of the source at which a group of lengths ends; the last group is open."""
WORST = 20
"""Segments on the page of the worst."""


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a set: lines of like length, or of one subject."""

    name: str
    lines: int
    scores: Plain


@dataclass(frozen=True, slots=True)
class SetReport:
    """What was measured on one set; the first system is ours. faithful: by system, ours and those compared with it."""

    name: str
    scores: Scores
    faithful: Mapping[str, Faithfulness]
    by_length: tuple[Group, ...]
    by_subject: tuple[Group, ...]
    worst: tuple[Bad, ...]
    summaries: SummaryReport | None
    flagged: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FolderReport:
    """The sets of a folder in the order of their names; the signature says how our English came about."""

    sets: tuple[SetReport, ...]
    signature: str

    @property
    def worst(self) -> list[Bad]:
        """The worst segments of all sets together."""
        return sorted((bad for one in self.sets for bad in one.worst), key=lambda bad: bad.chrf)[:WORST]


def evaluate_folder(
    pipeline: Pipeline,
    folder: Path,
    *,
    against: Pipeline | None = None,
    lines: int | None = None,
    summaries: bool = True,
    resamples: int = RESAMPLES,
    tell: Callable[[str], None] = lambda message: None,
) -> FolderReport:
    """Translate every set and measure the result beside the peers in the folder.

    against: another model that is measured in the same way and tested against ours. lines: of each set, from its start.
    Raises InputError where the folder holds no set, ExtraError where a scorer is missing.
    """
    reports = []
    for found in read_sets(folder, lines):
        tell(f"{found.name}: {len(found.sources)} segments, {len(found.peers)} peers")
        reports.append(_measured(found, pipeline, against, summaries=summaries, resamples=resamples))
    return FolderReport(tuple(reports), pipeline.signature)


def _measured(found: TestSet, pipeline: Pipeline, against: Pipeline | None, *, summaries: bool, resamples: int) -> SetReport:
    ours = translate_lines(pipeline, found.sources)
    systems: dict[str, Sequence[str]] = {pipeline.config.model.name: ours.texts}
    if against is not None:
        systems[_other_name(against, systems)] = translate_lines(against, found.sources).texts
    everyone = {**systems, **{f"{name} (file)" if name in systems else name: texts for name, texts in found.peers.items()}}
    measured = {name: faithfulness(found.sources, texts) for name, texts in everyone.items()}
    return SetReport(
        found.name,
        score(everyone, found.references, resamples=resamples),
        measured,
        _groups([_length(source) for source in found.sources], ours.texts, found, _length_names()),
        _groups(found.subjects, ours.texts, found, sorted(set(found.subjects) - {""})),
        tuple(worst(found, ours.texts, WORST)),
        summarise_and_score(pipeline, found.articles) if summaries else None,
        ours.flagged,
        ours.seconds,
    )


def _other_name(against: Pipeline, taken: Mapping[str, object]) -> str:
    name = against.config.model.name
    return f"{name} (other)" if name in taken else name


def _groups(labels: Sequence[str], texts: Sequence[str], found: TestSet, names: Sequence[str]) -> tuple[Group, ...]:
    """Scores of the lines with each label, in the order of the names; labels that no line has are left out."""
    members = {name: [i for i, label in enumerate(labels) if label == name] for name in names}
    return tuple(
        Group(name, len(lines), plain_score([texts[i] for i in lines], [found.references[i] for i in lines]))
        for name, lines in members.items()
        if lines
    )


def _length(source: str) -> str:
    count = len(source.split())
    return next((name for most, name in zip(LENGTHS, _length_names(), strict=False) if count <= most), _length_names()[-1])


def _length_names() -> list[str]:
    starts = [1, *(most + 1 for most in LENGTHS)]
    return [f"{start} to {most} words" for start, most in zip(starts, LENGTHS, strict=False)] + [f"over {LENGTHS[-1]} words"]
