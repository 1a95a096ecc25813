"""The values that flow through `mt`: frozen, slotted, and free of behaviour beyond joining text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Literal

BlockKind = Literal["title", "heading", "byline", "paragraph", "list_item", "dialogue", "caption", "cell", "cue"]
Flag = Literal[
    "empty",
    "truncated",
    "repetition",
    "too_short",
    "too_long",
    "untranslated",
    "echo",
    "numbers",
    "acronyms",
    "names",
    "negation",
    "omission",
    "addition",
    "glossary",
    "term",
    "memory",
    "source_language",
]
"""What can be wrong with one translation; `mt.check.EXPLANATIONS` says each in a sentence."""
SummaryFlag = Literal["unsupported", "numbers", "names", "misplaced"]
"""What can be wrong with one summary sentence; `mt.summarization.EXPLANATIONS` says each in a sentence."""
Obtained = Literal["model", "decoded_again", "memory", "copied"]
"""`copied`: nothing to translate (no letters), so the source stands as it is."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands inside the text of a block but is not text: a tag, a placeholder, a footnote mark. Its reader took it out.

    key: the reader's own number, unique in its block.
    start, end: character offsets into the text. Equal: a point (an image, `{x}`). Only white space
    between them: a break (`<br/>`), which the writer puts in the place of that white space.
    depth: number of marks around it. Marks stand in the order in which they open, so depths tell the
    nesting even where offsets are equal: `<b>x{0}</b>` from `<b>x</b>{0}`. They never cross.
    """

    key: int
    start: int
    end: int
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph-like part of a document, what is marked inside it, and the white space after it."""

    text: str
    kind: BlockKind = "paragraph"
    tail: str = ""
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """Blocks in reading order. Joining text + tail over the blocks of a plain text gives the text back."""

    blocks: tuple[Block, ...]
    id: str = ""
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def text(self) -> str:
        """The source text."""
        return "".join(block.text + block.tail for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Segment:
    """The unit sent to the model, and the white space after it.

    Joining text + tail over the segments of a block gives the text of the block back exactly; a block
    that starts with white space starts with a segment of empty text. `block` is an index into
    `Document.blocks`.
    """

    text: str
    tail: str = ""
    block: int = 0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """An unchecked output of a model.

    score: mean natural-log probability per target token, end-of-sequence included; 0 is certain.
    tokens: target tokens, end-of-sequence included if it was reached.
    truncated: the length limit was hit before the end-of-sequence token.
    """

    text: str
    score: float
    tokens: int
    truncated: bool = False


TermState = Literal["decoded", "repaired", "missing", "forbidden"]


@dataclass(frozen=True, slots=True)
class UsedTerm:
    """A glossary term of a segment, and what became of it.

    how: the English has it as `decoded`; it was put in by word alignment (`repaired`); it could not be had (`missing`);
    or a `forbidden` word stands in the English.
    """

    source: str
    target: str
    how: TermState


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A translation that a person once gave for a similar source. similarity: 0 to 1, of letters."""

    source: str
    english: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Translation:
    """A checked translation of one segment. `flags` is empty when nothing looks wrong.

    hypothesis: what the model wrote, before terms were put in; None where it was not asked.
    terms: the glossary's, as they occur in the source.
    suggestion: from the translation memory, where it has a similar source but nothing that may be used as it is.
    quality: how good it is likely to be, from 0 to 1 (`mt.quality`): for ranking; None where no model was asked.
    """

    segment: Segment
    text: str
    flags: frozenset[Flag] = frozenset()
    hypothesis: Hypothesis | None = None
    obtained: Obtained = "model"
    terms: tuple[UsedTerm, ...] = ()
    suggestion: Suggestion | None = None
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a summary; `sources` are indices into `Result.translations`, best support first."""

    text: str
    sources: tuple[int, ...] = ()
    flags: frozenset[SummaryFlag] = frozenset()


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary whose sentences point to what supports them. `method` names how it was made."""

    sentences: tuple[SummarySentence, ...]
    method: str
    headline: str = ""
    language: Literal["en", "ar"] = "en"

    @property
    def text(self) -> str:
        """The sentences, joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Result:
    """A translated document: one translation a segment, in order; the summary if one was asked for."""

    document: Document
    translations: tuple[Translation, ...]
    signature: str
    summary: Summary | None = None
    notes: tuple[str, ...] = ()
    """What a reader should know about how the input was read, such as a recognised encoding."""

    @property
    def text(self) -> str:
        """The English, with the white space between blocks as in the source."""
        written = {i: "".join(pieces(list(group))) for i, group in groupby(self.translations, lambda t: t.segment.block)}
        return "".join(written.get(i, "") + block.tail for i, block in enumerate(self.document.blocks))

    @property
    def flagged(self) -> tuple[int, ...]:
        """Indices of the translations that carry a flag."""
        return tuple(i for i, translation in enumerate(self.translations) if translation.flags)


def pieces(translations: Sequence[Translation]) -> list[str]:
    """What each translation of one block adds to its English; joined they are that English.

    White space at the edges of the block is kept, between sentences it becomes one space.
    """
    lead = translations[0].segment.tail if not translations[0].segment.text else ""
    written: list[str] = []
    for translation in translations:
        space = " " if translation.text and any(written) else ""
        written.append(space + translation.text)
    written[0] = lead + written[0]
    written[-1] += translations[-1].segment.tail if len(translations) > 1 or not lead else ""
    return written
