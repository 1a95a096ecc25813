"""What a memory says to one pipeline: a person's translation, used, adapted or suggested; and the pipeline's own outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mt.data import Suggestion
from mt.memory.adapting import adapted
from mt.memory.store import Memory, Output


@dataclass(frozen=True, slots=True)
class Remembered:
    """same: `english` is a person's, for this very text. adapted: it was made from a person's, for a similar text, by
    exchanging numbers or names. similar: `english` is what a person made of the other text."""

    kind: Literal["same", "adapted", "similar"]
    english: str
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class Recall:
    """A memory as one pipeline sees it.

    signature: of the pipeline without its memory; outputs are kept under it.
    threshold: least similarity of a source, 0 to 1, for it to count as similar.
    """

    memory: Memory
    signature: str
    threshold: float

    def person(self, source: str) -> Remembered | None:
        """What people's entries say to a text; None for nothing."""
        if known := self.memory.known(source):
            return Remembered("same", known.english, Suggestion(known.source, known.english, 1.0))
        best = self.similar(source)
        if best is None:
            return None
        changed = adapted(source, best)
        return Remembered("similar" if changed is None else "adapted", changed or best.english, best)

    def similar(self, source: str) -> Suggestion | None:
        """The most similar entry, if it is similar enough; of equals the one written last."""
        from rapidfuzz.distance import Levenshtein

        plain = " ".join(source.split())
        best: Suggestion | None = None
        for entry in self.memory.near(source):
            similarity = Levenshtein.normalized_similarity(plain, " ".join(entry.source.split()), score_cutoff=self.threshold)
            if similarity >= self.threshold and (best is None or similarity > best.similarity):
                best = Suggestion(entry.source, entry.english, similarity)
        return best

    def output(self, source: str) -> Output | None:
        """What this pipeline's model made of a source before."""
        return self.memory.output(self.signature, source)

    def keep(self, source: str, output: Output) -> None:
        """Keep what this pipeline's model made of a source."""
        self.memory.keep(self.signature, source, output)
