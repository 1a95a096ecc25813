"""Remember, batch, generate, put terms in, check, decode again, and give every segment its translation.

What a person translated before is taken as it is. Another segment goes to the model once, however often it
occurs. What looks wrong is decoded again: where a term is missing among several hypotheses, then by another
search, then clause by clause; and the attempt with the fewest faults is kept, flagged if faults remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mt import arabic, check, quality, reranking, segmentation
from mt.config import Config, DecodingOptions, TextOptions
from mt.data import Flag, Hypothesis, Obtained, Segment, Suggestion, Translation
from mt.engines import Engine, NBest
from mt.glossary import Applied, Glossary
from mt.memory import Output, Recall

# What to try on a doubtful segment, in this order, with the flags that it can mend. N-grams are never blocked in the
# first search, where it would damage names and lists that rightly repeat; on a loop it is what helps, elsewhere it does not.
LOOPING: frozenset[Flag] = frozenset({"repetition", "truncated", "too_long", "echo"})
WITHOUT_LOOPS: dict[str, int | float] = {"repetition_penalty": 1.1, "no_repeat_ngram_size": 5}
WIDE = 4  # beams in the second attempt, if the first had fewer
MANY = 8  # hypotheses among which a missing term is looked for
# Another search cannot change what language the source is in, and a term that was put in stands.
HOPELESS: frozenset[Flag] = frozenset({"source_language", "term"})
# Sources shorter than this, in tokens, are not worth cutting into clauses.
MIN_CLAUSE_TOKENS = 12
ARABIC_MARKS = str.maketrans("؟،؛", "?,;")


@dataclass(frozen=True, slots=True)
class Aids:
    """What a person knows better than the model."""

    glossary: Glossary = field(default_factory=Glossary)
    memory: Recall | None = None


NO_AIDS = Aids()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One hypothesis for one source, its English with the terms seen to, its flags and their weight (lower is better)."""

    hypothesis: Hypothesis
    english: Applied
    flags: frozenset[Flag]
    again: bool = False

    @property
    def rank(self) -> tuple[float, float]:
        """Sorts attempts, the better first: fewer and lighter flags, then the likelier text."""
        return check.badness(self.flags), -self.hypothesis.score

    @property
    def mendable(self) -> bool:
        """Decoding again may help."""
        return bool(self.flags - HOPELESS)


def batches(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Group indices so that no padded batch exceeds a token budget.

    A batch of k sources padded to the longest costs k * max(lengths). Longest first, so a budget too
    large for the device fails on the first batch, not after an hour. A source longer than the budget
    is a batch of its own.

    >>> list(batches([3, 9, 4], max_tokens=9))
    [[1], [2, 0]]
    """
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and lengths[batch[0]] * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def model_source(text: str, options: TextOptions) -> str:
    """What the model sees of a segment."""
    return arabic.normalise(text, options.normalise)


def translate(segments: Sequence[Segment], engine: Engine, config: Config, aids: Aids = NO_AIDS) -> Iterator[tuple[int, Translation]]:
    """Translate segments, giving (index, translation) as they become known; every index comes once.

    What is copied or remembered comes first, then the longest; doubtful ones come last, after they were decoded
    again. Every source must fit the engine (`mt.segmentation.fit`).
    """
    wanted: dict[str, list[int]] = {}
    suggested: dict[int, Suggestion] = {}
    for i, segment in enumerate(segments):
        if not arabic.has_arabic(segment.text):
            yield i, _copied(segment)
            continue
        known = _remembered(segment, aids)
        if isinstance(known, Translation):
            yield i, known
            continue
        if known is not None:
            suggested[i] = known
        wanted.setdefault(model_source(segment.text, config.text), []).append(i)
    typed = {source: segments[indices[0]].text for source, indices in wanted.items()}
    for source, attempt in _attempts(typed, _Desk(engine, config, aids)):
        for i in wanted[source]:
            yield i, _translation(segments[i], attempt, typed[source], suggested.get(i))


def _copied(segment: Segment) -> Translation:
    """Nothing Arabic in it: the text stands as it is, with digits and marks as English writes them."""
    text = arabic.normalise(segment.text, ("digits",)).translate(ARABIC_MARKS)
    return Translation(segment, text, obtained="copied")


def _remembered(segment: Segment, aids: Aids) -> Translation | Suggestion | None:
    """What a person made of this text, or of one that differs in a number; or what may be suggested; None for nothing."""
    found = aids.memory.person(segment.text) if aids.memory else None
    if found is None:
        return None
    if found.kind == "same":
        return Translation(segment, found.english, obtained="memory")
    if found.kind == "adapted" and not check.check(segment.text, Hypothesis(found.english, score=0.0, tokens=0)):
        return Translation(segment, found.english, frozenset({"memory"}), obtained="memory", suggestion=found.suggestion)
    return found.suggestion


def _translation(segment: Segment, attempt: Attempt, typed: str, suggestion: Suggestion | None) -> Translation:
    flags = attempt.flags if segment.text == typed else _flags(segment.text, attempt.hypothesis, attempt.english)
    obtained: Obtained = "decoded_again" if attempt.again else "model"
    english, hypothesis = attempt.english, attempt.hypothesis
    good = quality.score(segment.text, english.text, flags, hypothesis.score)
    return Translation(segment, english.text, flags, hypothesis, obtained, english.terms, suggestion, good)


# ---------------------------------------------------------------------------------------------------
# Attempts


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every attempt needs."""

    engine: Engine
    config: Config
    aids: Aids

    def generate(self, sources: Sequence[str], decoding: DecodingOptions) -> Iterator[tuple[str, Hypothesis]]:
        """(source, hypothesis) for each source, batch by batch; a model that was trained for it is told the terms."""
        lengths = [self.engine.count(source) for source in sources]
        for batch in batches(lengths, self.config.batching.batch_tokens):
            chosen = [sources[i] for i in batch]
            yield from zip(chosen, self._generated(chosen, decoding), strict=True)

    def terms(self, sources: Sequence[str]) -> list[str] | None:
        """What the model is told of the terms in each source; None where there is nothing to tell."""
        named = [self.aids.glossary.prompt(source) for source in sources] if self.config.model.terms_prompt else []
        return named if any(named) else None

    def _generated(self, sources: Sequence[str], decoding: DecodingOptions) -> Iterable[Hypothesis]:
        """One batch: of each search what it likes best, or the best of several of its hypotheses, where the engine gives them."""
        terms = self.terms(sources)
        if decoding.candidates > 1 and isinstance(self.engine, NBest):
            found = self.engine.several(sources, decoding.candidates, decoding, terms=terms)
            return map(reranking.best, sources, found)
        return self.engine.generate(sources, decoding, terms=terms) if terms else self.engine.generate(sources, decoding)

    def attempt(self, source: str, typed: str, hypothesis: Hypothesis, *, again: bool = False) -> Attempt:
        """A hypothesis with the terms seen to, checked."""
        hypothesis = _own_line(source, hypothesis)
        english = self.aids.glossary.apply(source, hypothesis.text)
        return Attempt(hypothesis, english, _flags(typed, hypothesis, english), again)


def _own_line(source: str, hypothesis: Hypothesis) -> Hypothesis:
    """Without the lines that a model adds to the translation of a single one: it goes on with a prompt of its own, as `\\nSummary`."""
    first, *added = hypothesis.text.split("\n")
    return replace(hypothesis, text=first.rstrip()) if added and first.strip() and "\n" not in source else hypothesis


def _flags(typed: str, hypothesis: Hypothesis, english: Applied) -> frozenset[Flag]:
    return check.check(typed, replace(hypothesis, text=english.text)) | english.flags


def _attempts(typed: dict[str, str], desk: _Desk) -> Iterator[tuple[str, Attempt]]:
    """The best attempt at each source: what this model made of it before, else as good as it can now."""
    memory = desk.aids.memory
    new: list[str] = []
    for source in typed:
        known = memory.output(source) if memory else None
        if known is None:
            new.append(source)
        else:
            yield source, desk.attempt(source, typed[source], known.hypothesis, again=known.again)
    for source, attempt in _made({source: typed[source] for source in new}, desk):
        if memory:
            memory.keep(source, Output(attempt.hypothesis, attempt.again))
        yield source, attempt


def _made(typed: dict[str, str], desk: _Desk) -> Iterator[tuple[str, Attempt]]:
    doubtful: dict[str, Attempt] = {}
    for source, hypothesis in desk.generate(list(typed), desk.config.decoding):
        attempt = desk.attempt(source, typed[source], hypothesis)
        if desk.config.check.retry and attempt.mendable:
            doubtful[source] = attempt
        else:
            yield source, attempt
    yield from _decode_again(doubtful, typed, desk)


def _decode_again(doubtful: dict[str, Attempt], typed: dict[str, str], desk: _Desk) -> Iterator[tuple[str, Attempt]]:
    """The best attempt at each doubtful source, as soon as nothing is left to try or to mend."""
    left = dict(doubtful)

    def better(source: str, hypothesis: Hypothesis) -> Attempt:
        return min(left[source], desk.attempt(source, typed[source], hypothesis, again=True), key=lambda a: a.rank)

    for source, hypotheses in _several([source for source, attempt in left.items() if "glossary" in attempt.flags], desk):
        for hypothesis in hypotheses:
            left[source] = better(source, hypothesis)
        if not left[source].mendable:
            yield source, left.pop(source)
    usual = desk.config.decoding
    wide = {"beam_size": max(usual.beam_size, WIDE)}
    for change, mends in ((wide, None), ({**wide, **WITHOUT_LOOPS}, LOOPING)):
        decoding = usual.model_copy(update=change)
        if decoding == usual:
            continue
        wanted = [source for source, attempt in left.items() if mends is None or attempt.flags & mends]
        for source, hypothesis in desk.generate(wanted, decoding):
            left[source] = better(source, hypothesis)
            if not left[source].mendable:
                yield source, left.pop(source)
    for source, hypothesis in _by_clauses(list(left), desk):
        left[source] = better(source, hypothesis)
    yield from left.items()


def _several(sources: Sequence[str], desk: _Desk) -> Iterator[tuple[str, list[Hypothesis]]]:
    """What a wide search ends with, for sources whose term the likeliest text lacks: another may have it."""
    engine = desk.engine
    if not isinstance(engine, NBest):
        return
    for source in sources:
        [found] = engine.several([source], MANY, desk.config.decoding, terms=desk.terms([source]))
        yield source, found


def _by_clauses(sources: Sequence[str], desk: _Desk) -> Iterator[tuple[str, Hypothesis]]:
    """Translate each source in two or more pieces, cut at clause marks or spaces, and join the English."""
    count = desk.engine.count
    pieces: dict[str, list[str]] = {}
    for source in sources:
        tokens = count(source)
        if tokens >= MIN_CLAUSE_TOKENS:
            clauses = segmentation.fit([Segment(source)], count, -(-tokens * 3 // 5))
            pieces[source] = [clause.text for clause in clauses if clause.text]
    unique = list(dict.fromkeys(part for parts in pieces.values() for part in parts))
    done = dict(desk.generate(unique, desk.config.decoding))
    for source, parts in pieces.items():
        yield source, _join([done[part] for part in parts])


def _join(parts: Sequence[Hypothesis]) -> Hypothesis:
    tokens = sum(part.tokens for part in parts)
    return Hypothesis(
        text=" ".join(part.text for part in parts),
        score=sum(part.score * part.tokens for part in parts) / max(tokens, 1),
        tokens=tokens,
        truncated=any(part.truncated for part in parts),
    )
