"""Results read back from the JSON that `records` writes: one object, an array of them, or one a line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mt.data import (
    Block,
    BlockKind,
    Document,
    Flag,
    Hypothesis,
    Obtained,
    Result,
    Segment,
    Suggestion,
    Summary,
    SummaryFlag,
    SummarySentence,
    Translation,
    UsedTerm,
)
from mt.errors import InputError
from mt.formats.records import SCHEMA
from mt.formats.text import read_text_file


class _Read(BaseModel):
    """Keys that are not known are left alone: later versions may add some."""

    model_config = ConfigDict(extra="ignore")


class _Flagged(_Read):
    flag: Flag


class _SummaryFlagged(_Read):
    flag: SummaryFlag


class _Block(_Read):
    kind: BlockKind
    text: str
    tail: str


class _Term(_Read):
    source: str
    target: str
    how: Literal["decoded", "repaired", "missing", "forbidden"]


class _Suggestion(_Read):
    source: str
    text: str
    similarity: float

    def suggestion(self) -> Suggestion:
        return Suggestion(self.source, self.text, self.similarity)


class _Segment(_Read):
    block: int
    source: str
    tail: str
    text: str
    flags: list[_Flagged]
    obtained: Obtained
    score: float | None
    tokens: int | None
    truncated: bool | None
    terms: list[_Term] = []
    suggestion: _Suggestion | None = None
    quality: float | None = None

    def translation(self) -> Translation:
        hypothesis = None if self.score is None else Hypothesis(self.text, self.score, self.tokens or 0, bool(self.truncated))
        flags = frozenset(flagged.flag for flagged in self.flags)
        terms = tuple(UsedTerm(term.source, term.target, term.how) for term in self.terms)
        near = None if self.suggestion is None else self.suggestion.suggestion()
        segment = Segment(self.source, self.tail, self.block)
        return Translation(segment, self.text, flags, hypothesis, self.obtained, terms, near, self.quality)


class _Sentence(_Read):
    text: str
    sources: list[int]
    flags: list[_SummaryFlagged]

    def sentence(self) -> SummarySentence:
        return SummarySentence(self.text, tuple(self.sources), frozenset(flagged.flag for flagged in self.flags))


class _Summary(_Read):
    method: str
    language: Literal["en", "ar"]
    headline: str
    sentences: list[_Sentence]

    def summary(self) -> Summary:
        return Summary(tuple(sentence.sentence() for sentence in self.sentences), self.method, self.headline, self.language)


class _Record(_Read):
    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: str
    title: str
    notes: list[str]
    signature: str
    blocks: list[_Block]
    segments: list[_Segment]
    summary: _Summary | None

    def result(self) -> Result:
        blocks = tuple(Block(block.text, block.kind, block.tail) for block in self.blocks)
        translations = tuple(segment.translation() for segment in self.segments)
        summary = None if self.summary is None else self.summary.summary()
        result = Result(Document(blocks, self.id, self.title), translations, self.signature, summary, tuple(self.notes))
        if any(not 0 <= t.segment.block < len(blocks) for t in translations):
            raise ValueError("a segment points to a block that is not there")
        if summary and any(not 0 <= i < len(translations) for s in summary.sentences for i in s.sources):
            raise ValueError("the summary points to a segment that is not there")
        return result


_RECORDS = TypeAdapter(list[_Record])
SPACE = re.compile(r"\s*")


def read_results(path: Path) -> list[Result]:
    """The results in a file of `mt translate --json` or `--jsonl`.

    Raises InputError, naming the file and the first thing that is wrong with it.
    """
    text, _ = read_text_file(path)
    try:
        return [record.result() for record in _RECORDS.validate_python(_values(text))]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{path}: is not a result of schema {SCHEMA} (mt translate --json): {where}: {first['msg'].lower()}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not a result (mt translate --json): {error}") from error


def _values(text: str) -> list[Any]:
    """Top-level values: of an array, or one after another with white space between."""
    decoder = json.JSONDecoder()
    found: list[Any] = []
    place = _after_space(text, 0)
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        found += value if isinstance(value, list) else [value]
        place = _after_space(text, place)
    if not found:
        raise ValueError("it is empty")
    return found


def _after_space(text: str, place: int) -> int:
    found = SPACE.match(text, place)
    assert found is not None
    return found.end()
