"""Engines for tests that need no model. They fit `mt.engines.Engine` and keep a record of their work."""

from collections.abc import Callable, Sequence

from mt.config import Config, DecodingOptions
from mt.data import Hypothesis
from mt.pipeline import Pipeline

LATIN = str.maketrans("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةآأإؤئء،؛؟", "abtqjhxdvrzsecpoygufkklmnhwiiaaaaaai,;?")


def plain_english(source: str) -> str:
    """Every word of the source in Latin letters: the same for the same source, about as long, nothing repeated or left out."""
    return source.translate(LATIN).rstrip(".?!").capitalize() + "."


class FakeEngine:
    """Counts a token a word and writes what `write` says; `generated` holds the batches it was given, `named` the terms."""

    name = "model:fake|engine:none"

    def __init__(self, write: Callable[[str], str | Hypothesis] = plain_english, max_source_tokens: int = 50) -> None:
        self.write = write
        self.max_source_tokens = max_source_tokens
        self.generated: list[tuple[list[str], DecodingOptions]] = []
        self.named: list[str] = []

    def count(self, source: str, /) -> int:
        return len(source.split())

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        assert prompt or all(self.count(source) <= self.max_source_tokens for source in sources)
        self.generated.append((list(sources), options))
        self.named += terms or []
        return [self._hypothesis(source) for source in sources]

    def _hypothesis(self, source: str) -> Hypothesis:
        written = self.write(source)
        return written if isinstance(written, Hypothesis) else Hypothesis(written, score=-0.5, tokens=len(written.split()) + 1)


def fake_pipeline(write: Callable[[str], str | Hypothesis] = plain_english, config: Config | None = None) -> Pipeline:
    """A pipeline on a FakeEngine; summaries are extractive."""
    return Pipeline(config or Config.model_validate({"summary": {"method": "extractive"}}), FakeEngine(write))
