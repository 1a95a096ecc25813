"""What a run would do, and how long it would take, without writing anything."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mt import formats
from mt.batch import ledger as ledgers
from mt.batch.job import Job, Task
from mt.batch.places import reading
from mt.batch.progress import duration
from mt.batch.run import Plan, plan
from mt.data import Document

SAMPLE_FILES = 200
"""Files that are read to count words; where there are more, words are reckoned from their bytes."""
SAMPLE_SEGMENTS = 24
"""Segments that are translated to measure the speed, where no earlier run tells it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is to be done. words: Arabic words; exact: all files were counted. seconds: at the speed measured."""

    plan: Plan
    words: int
    exact: bool
    unreadable: int
    seconds: float

    def __str__(self) -> str:
        lines = [f"{'' if self.exact else 'about '}{self.words:,} words"] if self.words else []
        lines += [f"{self.unreadable:,} cannot be read"] if self.unreadable else []
        lines += [f"about {duration(self.seconds)}"] if self.words else []
        return "".join(f"{line}\n" for line in lines)


def rehearse(job: Job, *, force: bool, retry_failed: bool) -> Estimate:
    """Find what a run would do; count its words, and reckon the time by earlier runs into this folder or by a short trial."""
    ledger = ledgers.rehearsal(Path(job.ledger))
    planned = plan(job, ledger, force=force, retry_failed=retry_failed)
    step = max(1, planned.totals.waiting // SAMPLE_FILES)
    sample = [task for i, task in enumerate(ledger.waiting(job)) if i % step == 0]
    documents = [document for task in sample if (document := _document(job, task))]
    counted = sum(len(document.text.split()) for document in documents)
    size = sum(task.bytes for task in sample)
    words = counted if step == 1 else round(counted * planned.totals.left / max(size, 1))
    unreadable = round((len(sample) - len(documents)) * planned.totals.waiting / max(len(sample), 1))
    pace = _pace_before(ledger) or (_pace_now(job, documents) if documents else 0.0)
    return Estimate(planned, words, step == 1, unreadable, words / pace if pace else 0.0)


def _document(job: Job, task: Task) -> Document | None:
    """None for a file that a run would find no good too."""
    place = reading(task.base)
    try:
        file = place.fetch(task.below)
        try:
            return formats.read(file, job.options)[0]
        finally:
            place.release(file)
    except Exception:  # of any kind: a run isolates them too
        return None


def _pace_before(ledger: ledgers.Ledger) -> float:
    """Words a second of earlier runs; 0 where there were none."""
    seconds, words = float(ledger.about("seconds", "0")), ledger.totals().words
    return words / seconds if seconds > 1 else 0.0


def _pace_now(job: Job, documents: list[Document]) -> float:
    """Words a second of the model on a few segments; 0 where there is nothing to try it on."""
    from mt.translation import translate

    pipeline = job.load(job.config)
    segments = [segment for document in documents[:SAMPLE_SEGMENTS] for segment in pipeline.segment(document)][:SAMPLE_SEGMENTS]
    start = time.monotonic()
    translated = list(translate(segments, pipeline.engine, pipeline.config))
    words = sum(len(translation.segment.text.split()) for _, translation in translated)
    return words / max(time.monotonic() - start, 1e-9)
