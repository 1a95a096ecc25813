"""The one path from a document to its English and its summary, for one document or a stream of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from mt import arabic, glossary, segmentation, translation
from mt._version import __version__
from mt.alternatives import alternatives
from mt.config import Config, ModelOptions, Override, SummaryOptions, load_config, revise
from mt.data import Document, Flag, Result, Segment, Summary, SummarySentence, Translation
from mt.engines import Engine, load_engine
from mt.errors import ConfigError, InputError
from mt.memory import Recall, open_memory
from mt.models import best_installed
from mt.summarization import Summarizer, load_summarizer

# English with one of these faults must not enter a summary while there is other text to choose from.
UNFIT_FOR_SUMMARY: frozenset[Flag] = frozenset({"empty", "truncated", "repetition", "untranslated", "echo", "source_language"})


@dataclass(frozen=True, slots=True)
class Step:
    """How far a document has come.

    done, total: segments. translations: one a segment, None while unknown. result: set in the last step.
    """

    done: int
    total: int
    stage: Literal["translating", "summarising", "done"]
    translations: tuple[Translation | None, ...]
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that can be translated, cut into segments that fit the model."""

    document: Document
    segments: tuple[Segment, ...]


class Pipeline:
    """A loaded model and everything around it. Threads may share one."""

    def __init__(self, config: Config, engine: Engine) -> None:
        self.config = config
        self.engine = engine
        self._glossary = glossary.load(config.terms.glossary)
        self._memory = open_memory(config.terms.memory) if config.terms.memory else None

    @property
    def signature(self) -> str:
        """How results come about: `model:builtin|rev:...|engine:...|beam:1|lp:1.0|norm:default|terms:...|memory:...|mt:0.1.0`.

        What stands for the memory changes with every correction, since results may.
        """
        head, version = self._own_signature.rsplit("|", 1)
        return f"{head}|memory:{self._memory.signature}|{version}" if self._memory else self._own_signature

    @cached_property
    def _own_signature(self) -> str:
        """Without the memory: what the model makes of a text depends on nothing else."""
        decoding, text = self.config.decoding, self.config.text
        parts = [
            self.engine.name,
            f"beam:{decoding.beam_size}",
            f"lp:{decoding.length_penalty}",
            *([f"ngram:{decoding.no_repeat_ngram_size}"] if decoding.no_repeat_ngram_size else []),
            *([f"rp:{decoding.repetition_penalty}"] if decoding.repetition_penalty != 1 else []),
            *([f"best:{decoding.candidates}"] if decoding.candidates > 1 else []),
            *([f"max:{decoding.max_new_tokens}"] if decoding.max_new_tokens else []),
            f"norm:{'default' if text.normalise is None else '+'.join(text.normalise) or 'none'}",
            *([f"seg:{text.segment}"] if text.segment != "sentence" else []),
            *([] if self.config.check.retry else ["retry:off"]),
            *([f"terms:{self._glossary.signature}"] if self._glossary else []),
            f"mt:{__version__}",
        ]
        return "|".join(parts)

    def translate(self, document: str | Document, *, summary: int | SummaryOptions = 0) -> Result:
        """Translate one document, and summarise it if asked.

        summary: sentences wanted, 0 for no summary; or all options of the summary.

        Raises InputError where there is nothing to translate: no text, or text without Arabic letters.
        """
        [result] = self.run([document], summary=summary)
        return result

    def run(
        self,
        documents: Iterable[str | Document],
        *,
        summary: int | SummaryOptions = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[Result]:
        """Translate a stream of documents, in order, with batches that cross document borders.

        At most `batching.window` segments are in flight (a longer document is a window of its own).
        progress: called with segments done and segments known so far.
        Raises InputError at a document with nothing to translate, after the results before it.
        """
        before = 0

        def tell(done: int, known: int) -> None:
            if progress is not None:
                progress(before + done, before + known)

        for window in self._windows(documents):
            yield from self.finish(window, summary=summary, progress=tell)
            before += sum(len(prepared.segments) for prepared in window)

    def prepare(self, document: str | Document) -> Prepared:
        """Cut a document into segments. Raises InputError as `translate` does."""
        checked = _checked(document)
        return Prepared(checked, tuple(self.segment(checked)))

    def finish(
        self, window: Sequence[Prepared], *, summary: int | SummaryOptions = 0, progress: Callable[[int, int], None] | None = None
    ) -> Iterator[Result]:
        """Translate prepared documents together, all of them in flight at once, and give their results in order.

        progress: called with segments done and segments in all.
        """
        segments = [segment for prepared in window for segment in prepared.segments]
        slots: list[Translation | None] = [None] * len(segments)
        for done, (i, translated) in enumerate(translation.translate(segments, self.engine, self.config, self._aids), 1):
            slots[i] = translated
            if progress is not None:
                progress(done, len(segments))
        translations = [t for t in slots if t is not None]
        assert len(translations) == len(segments)
        for prepared in window:
            own = len(prepared.segments)
            yield self._result(prepared.document, tuple(translations[:own]), summary)
            del translations[:own]

    def watch(self, document: str | Document, *, summary: int | SummaryOptions = 0) -> Iterator[Step]:
        """Translate one document and tell how far it is after every batch; the last step has the result.

        A consumer that stops iterating stops the work. Raises InputError as `translate` does.
        """
        document = _checked(document)
        segments = self.segment(document)
        slots: list[Translation | None] = [None] * len(segments)
        yield Step(0, len(segments), "translating", tuple(slots))
        done = 0
        for i, translated in translation.translate(segments, self.engine, self.config, self._aids):
            slots[i] = translated
            done += 1
            yield Step(done, len(segments), "translating", tuple(slots))
        translations = tuple(t for t in slots if t is not None)
        if summary:
            yield Step(done, len(segments), "summarising", translations)
        yield Step(done, len(segments), "done", translations, self._result(document, translations, summary))

    def alternatives(self, text: str, count: int = 5) -> tuple[Translation, ...]:
        """Other readings of one segment: at most `count` different translations, each checked, the best first.

        text: one segment, as in `Translation.segment`; or a text that makes one. The memory is not asked.

        Raises InputError as `translate` does, and for a text of several segments.
        """
        segments = [s for s in self.segment(_checked(text)) if s.text.strip()]
        if len(segments) > 1:
            raise InputError(f"alternatives are of one segment, and this text makes {len(segments)}; ask for each by itself")
        return alternatives(segments[0], count, self.engine, self.config, self._aids)

    def correct(self, source: str, english: str, note: str = "") -> None:
        """Remember what a person makes of a source: from now on it is translated so, here and wherever the memory is used.

        source: one segment, as in `Translation.segment`; or a text that makes one.

        Raises ConfigError where the pipeline has no memory, InputError for an empty side or several segments.
        """
        if self._memory is None:
            raise ConfigError("no translation memory to remember it: load the pipeline with memory=FILE")
        segments = [s.text for s in self.segment(segmentation.document(source)) if s.text.strip()]
        if len(segments) > 1:
            raise InputError(f"a correction is of one segment, and this text makes {len(segments)}; correct each by itself")
        self._memory.add(segments[0] if segments else source, english, note)

    @cached_property
    def _address(self) -> str:
        """Changes with how the model is spoken to, on which its outputs depend besides the signature."""
        model = self.config.model
        said = (model.prompt, model.terms_prompt, model.chat, model.source_code, model.source_prefix, model.forced_bos)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:8]

    @cached_property
    def _aids(self) -> translation.Aids:
        options = self.config.terms
        recall = Recall(self._memory, f"{self._own_signature}|ask:{self._address}", options.memory_threshold) if self._memory else None
        return translation.Aids(self._glossary, recall)

    def segment(self, document: Document) -> list[Segment]:
        """Segments that fit the model; joining them gives the blocks back."""
        options = self.config.text

        def count(text: str) -> int:
            return self.engine.count(translation.model_source(text, options))

        return segmentation.fit(segmentation.segments(document, options.segment), count, self.engine.max_source_tokens)

    def summarize(self, document: str | Document, **options: Override) -> Summary:
        """Summarise an Arabic document in English (it is translated first) or in Arabic; or an English one in English.

        options: of `mt.config.SummaryOptions`, e.g. sentences=3, words=60, language="ar".
        """
        wanted = revise(self.config.summary, **options)
        document = segmentation.document(document) if isinstance(document, str) else document
        english = not arabic.has_arabic(document.text) and arabic.language(document.text) == "other"
        if english and wanted.language == "ar":
            raise InputError(f"{document.id or 'the text'} has no Arabic in it: an Arabic summary needs an Arabic text")
        if english or wanted.language == "ar":
            return self._summary(document, tuple(Translation(s, s.text) for s in self.segment(_not_empty(document))), wanted)
        return self._summary(document, self.translate(document).translations, wanted)

    def _result(self, document: Document, translations: tuple[Translation, ...], summary: int | SummaryOptions) -> Result:
        if not summary:
            return Result(document, translations, self.signature)
        options = revise(self.config.summary, sentences=summary) if isinstance(summary, int) else summary
        return Result(document, translations, self.signature, self._summary(document, translations, options))

    def _summary(self, document: Document, translations: Sequence[Translation], options: SummaryOptions) -> Summary:
        """Summarise what is body text and least doubtful; sources index into `translations`."""
        arabic_wanted = options.language == "ar"
        texts = [t.segment.text if arabic_wanted else t.text for t in translations]
        body = [
            i for i, t in enumerate(translations) if texts[i].strip() and document.blocks[t.segment.block].kind not in {"title", "byline"}
        ]
        readable = [i for i in body if arabic_wanted or not translations[i].flags & UNFIT_FOR_SUMMARY]
        clean = [i for i in readable if not translations[i].flags]
        enough = clean if len(clean) >= options.sentences else readable
        chosen = enough or body or [i for i, text in enumerate(texts) if text.strip()]
        title = " ".join(texts[i] for i, t in enumerate(translations) if document.blocks[t.segment.block].kind == "title")
        made = self._summarizer.summarize(_with_paragraphs(chosen, texts, translations), options, title=title)
        sentences = tuple(SummarySentence(s.text, tuple(chosen[j] for j in s.sources), s.flags) for s in made.sentences)
        return Summary(sentences, made.method, made.headline, made.language)

    @cached_property
    def _summarizer(self) -> Summarizer:
        return load_summarizer(self.config, self.engine)

    def _windows(self, documents: Iterable[str | Document]) -> Iterator[list[Prepared]]:
        window: list[Prepared] = []
        size = 0
        for document in documents:
            try:
                prepared = self.prepare(document)
            except InputError:
                if window:
                    yield window
                raise
            if window and size + len(prepared.segments) > self.config.batching.window:
                yield window
                window, size = [], 0
            window.append(prepared)
            size += len(prepared.segments)
        if window:
            yield window


def _with_paragraphs(chosen: Sequence[int], texts: Sequence[str], translations: Sequence[Translation]) -> list[str]:
    """The chosen texts, with a line feed after the last of each block."""
    blocks = [translations[i].segment.block for i in chosen]
    last = [here != following for here, following in zip(blocks, [*blocks[1:], -1], strict=True)]
    return [texts[i] + "\n" * ends for i, ends in zip(chosen, last, strict=True)]


def load(source: str | Path | Config = "default", *, model: str | ModelOptions | None = None, **overrides: Override) -> Pipeline:
    """Load a pipeline by the name or path of a configuration; see `mt.config.load_config`.

    Raises ConfigError for a wrong option, ModelError for a model that is not installed or damaged.
    """
    config = load_config(source, model=model, auto=best_installed(), **overrides)
    glossary.load(config.terms.glossary)  # a file that cannot be read is said before a model is loaded
    return Pipeline(config, load_engine(config))


def _checked(document: str | Document) -> Document:
    """The document, if there is something to translate in it."""
    document = _not_empty(segmentation.document(document) if isinstance(document, str) else document)
    if arabic.language(document.text) == "other" and not arabic.has_arabic(document.text):
        raise InputError(f"{document.id or 'the text'} has no Arabic in it: only Arabic text can be translated")
    return document


def _not_empty(document: Document) -> Document:
    if not document.text.strip():
        raise InputError(f"{document.id or 'the text'} is empty: give it some Arabic text")
    return document
