"""Batch, generate, check, decode again, and give every segment its translation.

A segment goes to the model once, however often it occurs. What looks wrong is decoded again, first
by another search, then clause by clause, and the attempt with the fewest faults is kept, flagged if
faults remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mt import arabic, check, segmentation
from mt.config import Config, DecodingOptions, TextOptions
from mt.data import Flag, Hypothesis, Obtained, Segment, Translation
from mt.engines import Engine

# What to try on a doubtful segment, in this order, with the flags that it can mend. N-grams are never blocked in the
# first search, where it would damage names and lists that rightly repeat; on a loop it is what helps, elsewhere it does not.
LOOPING: frozenset[Flag] = frozenset({"repetition", "truncated", "too_long", "echo"})
WITHOUT_LOOPS: dict[str, int | float] = {"repetition_penalty": 1.1, "no_repeat_ngram_size": 5}
WIDE = 4  # beams in the second attempt, if the first had fewer
# Another search cannot change what language the source is in.
HOPELESS: frozenset[Flag] = frozenset({"source_language"})
# Sources shorter than this, in tokens, are not worth cutting into clauses.
MIN_CLAUSE_TOKENS = 12
ARABIC_MARKS = str.maketrans("؟،؛", "?,;")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One hypothesis for one source, with its flags and their weight (lower is better)."""

    hypothesis: Hypothesis
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


def translate(segments: Sequence[Segment], engine: Engine, config: Config) -> Iterator[tuple[int, Translation]]:
    """Translate segments, giving (index, translation) as they become known; every index comes once.

    The longest come first; doubtful ones come last, after they were decoded again. Every source must
    fit the engine (`mt.segmentation.fit`).
    """
    wanted: dict[str, list[int]] = {}
    for i, segment in enumerate(segments):
        if arabic.has_arabic(segment.text):
            wanted.setdefault(model_source(segment.text, config.text), []).append(i)
        else:
            yield i, _copied(segment)

    def finish(source: str, attempt: Attempt) -> Iterator[tuple[int, Translation]]:
        obtained: Obtained = "decoded_again" if attempt.again else "model"
        for i in wanted[source]:
            known = segments[i].text == typed[source]
            flags = attempt.flags if known else check.check(segments[i].text, attempt.hypothesis)
            yield i, Translation(segments[i], attempt.hypothesis.text, flags, attempt.hypothesis, obtained)

    typed = {source: segments[indices[0]].text for source, indices in wanted.items()}
    doubtful: dict[str, Attempt] = {}
    for source, hypothesis in _generate(list(wanted), engine, config, config.decoding):
        attempt = Attempt(hypothesis, check.check(typed[source], hypothesis))
        if config.check.retry and attempt.mendable:
            doubtful[source] = attempt
        else:
            yield from finish(source, attempt)
    for source, attempt in _decode_again(doubtful, typed, engine, config):
        yield from finish(source, attempt)


def _copied(segment: Segment) -> Translation:
    """Nothing Arabic in it: the text stands as it is, with digits and marks as English writes them."""
    text = arabic.normalise(segment.text, ("digits",)).translate(ARABIC_MARKS)
    return Translation(segment, text, obtained="copied")


def _generate(sources: Sequence[str], engine: Engine, config: Config, decoding: DecodingOptions) -> Iterator[tuple[str, Hypothesis]]:
    """(source, hypothesis) for each source, batch by batch."""
    lengths = [engine.count(source) for source in sources]
    for batch in batches(lengths, config.batching.batch_tokens):
        chosen = [sources[i] for i in batch]
        yield from zip(chosen, engine.generate(chosen, decoding), strict=True)


def _decode_again(doubtful: dict[str, Attempt], typed: dict[str, str], engine: Engine, config: Config) -> Iterator[tuple[str, Attempt]]:
    """The best attempt for each doubtful source; a source leaves as soon as nothing is wrong with it."""
    left = dict(doubtful)

    def better(source: str, hypothesis: Hypothesis) -> Attempt:
        attempt = Attempt(hypothesis, check.check(typed[source], hypothesis), again=True)
        return min(left[source], attempt, key=lambda a: a.rank)

    wide = {"beam_size": max(config.decoding.beam_size, WIDE)}
    for change, mends in ((wide, None), ({**wide, **WITHOUT_LOOPS}, LOOPING)):
        decoding = config.decoding.model_copy(update=change)
        if decoding == config.decoding:
            continue
        wanted = [source for source, attempt in left.items() if mends is None or attempt.flags & mends]
        for source, hypothesis in _generate(wanted, engine, config, decoding):
            left[source] = better(source, hypothesis)
            if not left[source].mendable:
                yield source, left.pop(source)
    for source, hypothesis in _by_clauses(list(left), engine, config):
        left[source] = better(source, hypothesis)
    yield from left.items()


def _by_clauses(sources: Sequence[str], engine: Engine, config: Config) -> Iterator[tuple[str, Hypothesis]]:
    """Translate each source in two or more pieces, cut at clause marks or spaces, and join the English."""
    pieces: dict[str, list[str]] = {}
    for source in sources:
        tokens = engine.count(source)
        if tokens >= MIN_CLAUSE_TOKENS:
            clauses = segmentation.fit([Segment(source)], engine.count, -(-tokens * 3 // 5))
            pieces[source] = [clause.text for clause in clauses if clause.text]
    unique = list(dict.fromkeys(part for parts in pieces.values() for part in parts))
    done = dict(_generate(unique, engine, config, config.decoding))
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
