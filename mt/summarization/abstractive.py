"""Summaries written by a model, and held to their source."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mt import segmentation
from mt.config import DecodingOptions, ModelOptions, SummaryOptions
from mt.data import Hypothesis, Segment, Summary, SummarySentence
from mt.engines import Engine
from mt.summarization.extractive import Extractive, ranked, tidy
from mt.summarization.grounding import ground
from mt.summarization.words import content_words, count_words, has_words

MOST_PARTS = 8
"""Parts of a long article that the model reads; what is over is thinned out by the extractive scorer first."""
OVERLAP = 1  # sentences that a part shares with the one before, so that "he" is somebody
DIGEST_TOKENS = 256
"""Longest output, unless `max_new_tokens` is set: headline, lead and summary of the training examples have 116 to 183."""
SAID_BEFORE = 0.7  # share of a sentence's content words in one earlier sentence, from which it adds nothing
LOOP = 4  # words; a run of so many that comes three times in one sentence is a loop

# Matches PEGASUS's line break, and markers of end or padding that a tokenizer left in.
MARKER = re.compile(r"<n>|</?s>|<pad>|<eos>|<unk>")
# Matches "Lead: ", "Summary: ", "Here is a summary: " at the start of a line.
LABEL = re.compile(
    r"^\s*(?:(?:here is|here's) (?:a|the) summary[^:\n]{0,40}:|(?:headline|title|lead|summary|article|tl;dr)\s*:)\s*", re.IGNORECASE
)
LEAD = re.compile(r"\s*lead\s*:", re.IGNORECASE)  # matches the start of "Lead: Aid arrived."
# Matches the space in "He left ." as some tokenizers leave it.
LOOSE = re.compile(r"\s+(?=[.,;:!?](?:\s|$))")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a model wrote, taken apart; each part is empty where it wrote none."""

    headline: str
    lead: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Abstractive:
    """The plug point `Summarizer`, by any engine: a causal model with its prompts, or a seq2seq summariser."""

    engine: Engine
    model: ModelOptions
    decoding: DecodingOptions

    @property
    def name(self) -> str:
        """For signatures and `Summary.method`."""
        return self.model.name

    def summarize(self, sentences: Sequence[str], options: SummaryOptions, *, title: str = "") -> Summary:
        """Write an English summary of English sentences, each sentence with its sources and flags.

        A sentence that ends in a line feed ends its paragraph: models were trained on text in paragraphs.
        A sentence of the model that the source does not support gives way to the source's own; so does a
        headline with any flag. If the model says less than `options.sentences`, sentences of the source
        follow. Never over `options.words`, never longer than the source, never cut inside a sentence.
        Arabic is left to `Extractive`, and so is a source on which the model writes nothing of use.
        """
        fallback = Extractive().summarize(sentences, options, title=title)
        if options.language == "ar" or not fallback.sentences:
            return fallback
        draft = self._draft(sentences)
        written = draft.lead if draft.lead and (options.sentences == 1 or not draft.body) else draft.body
        grounded = ground(written[: options.sentences], sentences)
        made = _within(_filled(grounded, fallback.sentences, options.sentences), sentences, options)
        if not made:
            return fallback
        headline = fallback.headline
        if options.headline and draft.headline and not ground([draft.headline], sentences, mend=False)[0].flags:
            headline = draft.headline
        return Summary(made, self.name, headline, options.language)

    def _draft(self, sentences: Sequence[str]) -> Draft:
        """What the model writes of the whole: part by part, and of what it wrote again, until it is one part."""
        pieces = self._pieces(sentences)
        while True:
            parts = self._parts(pieces)
            drafts = self._write(parts)
            if len(parts) == 1:
                return drafts[0]
            shorter = [sentence + "\n" for draft in drafts for sentence in draft.body or draft.lead]
            if not shorter or sum(map(count_words, shorter)) >= sum(map(count_words, pieces)):
                return drafts[0]
            pieces = self._pieces(shorter)

    @property
    def _limit(self) -> int:
        """Longest part, in tokens."""
        return self.model.max_article_tokens or self.engine.max_source_tokens

    @property
    def _prompt(self) -> str | None:
        return self.model.digest_prompt or self.model.summary_prompt

    def _pieces(self, sentences: Sequence[str]) -> list[str]:
        """The sentences with the space after them, the over-long ones cut, and no more than `MOST_PARTS` parts can hold."""
        segments = [Segment(tidy(text), "\n" if text.endswith("\n") else " ") for text in sentences if has_words(text)]
        cut = segmentation.fit(segments, self.engine.count, self._limit)
        pieces = [piece.text + (piece.tail or " ") for piece in cut if has_words(piece.text)]
        sizes = [self.engine.count(piece) for piece in pieces]
        room = MOST_PARTS * self._limit * 3 // 4  # parts overlap, and none is quite full
        if sum(sizes) <= room:
            return pieces
        kept = []
        for i in ranked(pieces):
            if sizes[i] <= room:
                kept.append(i)
                room -= sizes[i]
        return [pieces[i] for i in sorted(kept)]

    def _parts(self, pieces: Sequence[str]) -> list[str]:
        """Join pieces into as few parts as fit the model, each beginning with the last `OVERLAP` pieces of the one before."""
        parts: list[str] = []
        current: list[str] = []
        for piece in pieces:
            if current and not self._fits([*current, piece]):
                parts.append("".join(current).rstrip())
                current = current[-OVERLAP:] if self._fits([*current[-OVERLAP:], piece]) else []
            current.append(piece)
        return [*parts, "".join(current).rstrip()]

    def _fits(self, pieces: Sequence[str]) -> bool:
        return self.engine.count("".join(pieces).rstrip()) <= self._limit

    def _write(self, parts: Sequence[str]) -> list[Draft]:
        options = self.decoding.model_copy(update={"max_new_tokens": self.decoding.max_new_tokens or DIGEST_TOKENS})
        hypotheses = self.engine.generate(parts, options, prompt=self._prompt)
        return [read_draft(hypothesis, digest=self.model.digest_prompt is not None) for hypothesis in hypotheses]


def read_draft(hypothesis: Hypothesis, *, digest: bool) -> Draft:
    r"""Take a model's text apart, without labels, loops, repetitions and a sentence that was cut off.

    digest: the first line is the headline.

    >>> read_draft(Hypothesis("Aid arrives\nLead: Aid arrived.\nSummary: Aid came. It was", -0.5, 20, truncated=True), digest=True)
    Draft(headline='Aid arrives', lead=('Aid arrived.',), body=('Aid came.',))
    """
    lines = [line for line in MARKER.sub("\n", hypothesis.text).splitlines() if has_words(line)]
    headline = tidy(LABEL.sub("", lines.pop(0))).removesuffix(".") if digest and lines else ""
    lead = _sentences(LEAD.sub("", lines.pop(0))) if digest and lines and LEAD.match(lines[0]) else []
    body = [sentence for line in lines for sentence in _sentences(LABEL.sub("", line))]
    if hypothesis.truncated:
        if not (body or lead):
            headline = ""
        (body or lead)[-1:] = []
    return Draft(headline, tuple(without_repetition(lead)), tuple(without_repetition(body)))


def without_repetition(sentences: Sequence[str]) -> list[str]:
    """Leave out sentences that loop or say what an earlier one said.

    >>> without_repetition(["Aid came by road.", "By road came aid.", "They said they said they said they said they said it."])
    ['Aid came by road.']
    """
    kept: list[str] = []
    seen: list[frozenset[str]] = []
    for sentence in sentences:
        own = frozenset(content_words(sentence))
        if _loops(sentence) or any(len(own & other) >= SAID_BEFORE * len(own) for other in seen):
            continue
        kept.append(sentence)
        seen.append(own)
    return kept


def _loops(sentence: str) -> bool:
    """Whether a run of words comes three times."""
    parts = sentence.casefold().split()
    runs = Counter(zip(*(parts[i:] for i in range(LOOP)), strict=False))
    return max(runs.values(), default=0) >= 3


def _sentences(text: str) -> list[str]:
    return [LOOSE.sub("", tidy(segment.text)) for segment in segmentation.split(text) if has_words(segment.text)]


def _filled(made: Sequence[SummarySentence], others: Sequence[SummarySentence], wanted: int) -> list[SummarySentence]:
    """The sentences, and as many of the others as are wanted more and say something more."""
    filled = list(made)
    for other in others:
        cited = {sentence.sources[0] for sentence in filled}
        texts = [sentence.text for sentence in filled]
        if len(filled) < wanted and other.sources[0] not in cited and without_repetition([*texts, other.text])[-1:] == [other.text]:
            filled.append(other)
    return filled


def _within(made: Sequence[SummarySentence], sentences: Sequence[str], options: SummaryOptions) -> tuple[SummarySentence, ...]:
    """The sentences that fit, from the first on, into the words allowed and those of the source."""
    room = sum(map(count_words, sentences))
    if options.words is not None:
        room = min(room, options.words)
    kept = []
    for sentence in made:
        size = count_words(sentence.text)
        if size <= room:
            kept.append(sentence)
            room -= size
    return tuple(kept)
