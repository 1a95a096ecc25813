"""What a request or a job asks of the pipeline. Plain functions: they run in a thread, on a pipeline whose engine is a lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mt import arabic, segmentation
from mt.config import Override, SummaryOptions
from mt.data import Document, Result, Translation
from mt.pipeline import Pipeline
from mt.service.errors import RefusedError

Progress = Callable[[int, int], None]

# Other searches that give other wordings, in the order in which they are tried; each is a whole translation.
VARIANTS: tuple[dict[str, Override], ...] = (
    {"beam_size": 1},
    {"beam_size": 2},
    {"beam_size": 6},
    {"beam_size": 4, "repetition_penalty": 1.2},
    {"beam_size": 2, "repetition_penalty": 1.3},
    {"beam_size": 8},
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be made of a document. summary: None for none. translation: False where only the summary is wanted."""

    summary: SummaryOptions | None = None
    translation: bool = True
    max_segments: int = 1_000_000


def unwatched(done: int, total: int) -> None:
    """Progress that nobody looks at."""


def made(pipeline: Pipeline, document: Document, wanted: Wanted, progress: Progress = unwatched) -> Result:
    """Translate, summarise, or both. Raises InputError where there is nothing to do, RefusedError (413) for too many segments."""
    if not wanted.translation and wanted.summary is not None and _needs_no_translation(document, wanted.summary):
        return _summarised(pipeline, document, wanted.summary)
    prepared = pipeline.prepare(document)
    if len(prepared.segments) > wanted.max_segments:
        raise RefusedError(
            413, f"the text has {len(prepared.segments):,} segments; at most {wanted.max_segments:,} are taken at once: make a job"
        )
    progress(0, len(prepared.segments))
    [result] = pipeline.finish([prepared], summary=wanted.summary or 0, progress=progress)
    return result


def _needs_no_translation(document: Document, summary: SummaryOptions) -> bool:
    """The summary is in the language of the text."""
    return summary.language == "ar" or not arabic.has_arabic(document.text)


def _summarised(pipeline: Pipeline, document: Document, summary: SummaryOptions) -> Result:
    about = pipeline.summarize(document, **summary.model_dump())
    as_it_is = tuple(Translation(segment, segment.text, obtained="copied") for segment in pipeline.segment(document))
    return Result(document, as_it_is, pipeline.signature, about)


def english(pipeline: Pipeline, texts: Sequence[str], *, max_segments: int, seen: Callable[[Result], None]) -> list[str]:
    """The English of each text; one without Arabic letters stands as it is."""
    answers = list(texts)
    wanted = [i for i, text in enumerate(texts) if arabic.has_arabic(text)]
    prepared = [pipeline.prepare(segmentation.document(texts[i])) for i in wanted]
    if (count := sum(len(one.segments) for one in prepared)) > max_segments:
        raise RefusedError(413, f"the texts have {count:,} segments; at most {max_segments:,} are taken at once")
    for i, result in zip(wanted, pipeline.finish(prepared), strict=True):
        seen(result)
        answers[i] = result.text
    return answers


def alternatives(pipeline: Pipeline, text: str, first: str, count: int) -> list[str]:
    """Up to so many other translations of a text, by other searches, each different from all before it."""
    found = [first]
    for variant in VARIANTS:
        if len(found) > count or not arabic.has_arabic(text):
            break
        decoding = pipeline.config.decoding.model_copy(update=variant)
        if decoding == pipeline.config.decoding:
            continue
        config = pipeline.config.model_copy(update={"decoding": decoding})
        other = Pipeline(config, pipeline.engine).translate(segmentation.document(text)).text
        if other not in found:
            found.append(other)
    return found[1 : count + 1]
