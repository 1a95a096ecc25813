"""Summaries against those of people: ROUGE beside the lead at the same length, and what the source supports.

ROUGE (Lin 2004, https://aclanthology.org/W04-1013) as rouge-score computes it, F in percent, with words as Unicode knows
them: its own tokenizer deletes Arabic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mt import numbers
from mt.data import Summary
from mt.errors import ExtraError
from mt.summarization.grounding import names
from mt.summarization.words import words

if TYPE_CHECKING:
    from mt.evaluate.sets import Article
    from mt.pipeline import Pipeline

LEAD_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Rouge:
    """Mean F over documents, 0 to 100. words: mean length of the summaries."""

    method: str
    words: float
    rouge1: float
    rouge2: float
    rouge_l: float


@dataclass(frozen=True, slots=True)
class SummaryReport:
    """Summaries of a set. supported: share of sentences without any flag against the Arabic article's English, in percent.

    numbers, names: share of those in the summaries that stand in the person's translation of the article, in percent.
    """

    documents: int
    rows: tuple[Rouge, ...]
    sentences: int
    supported: float
    numbers: float
    names: float


def summarise_and_score(pipeline: Pipeline, articles: Sequence[Article]) -> SummaryReport | None:
    """Summarise the Arabic articles in English and score what comes out; None where no article has a summary by a person."""
    chosen = [article for article in articles if article.summary]
    if not chosen:
        return None
    results = [pipeline.translate("\n\n".join(article.arabic), summary=LEAD_SENTENCES) for article in chosen]
    made = [result.summary for result in results]
    summaries = [summary for summary in made if summary is not None]
    ours = [summary.text for summary in summaries]
    english = [" ".join(t.text for t in result.translations if t.text) for result in results]
    references = [article.summary for article in chosen]
    leads = [" ".join(text.split()[: len(one.split())]) for text, one in zip(english, ours, strict=True)]
    first = [" ".join([t.text for t in result.translations if t.text][:LEAD_SENTENCES]) for result in results]
    rows = (
        _rouge(summaries[0].method, ours, references),
        _rouge("lead, as many words", leads, references),
        _rouge(f"lead-{LEAD_SENTENCES}", first, references),
    )
    flags = [sentence.flags for summary in summaries for sentence in summary.sentences]
    supported = 100 * sum(not found for found in flags) / max(1, len(flags))
    exact = [_exact(summary, article) for summary, article in zip(summaries, chosen, strict=True)]
    numbers_right, names_right = _share([one.numbers for one in exact]), _share([one.names for one in exact])
    return SummaryReport(len(chosen), rows, len(flags), supported, numbers_right, names_right)


@dataclass(frozen=True, slots=True)
class _Exact:
    """(right, all) of the numbers and names in one summary."""

    numbers: tuple[int, int]
    names: tuple[int, int]


def _exact(summary: Summary, article: Article) -> _Exact:
    text, reference = summary.text, " ".join(article.english)
    found = [number for number in numbers.read(text) if number.firm]
    wrong = numbers.unmatched(found, numbers.read(reference))
    named = names(text)
    known = reference.casefold()
    return _Exact((len(found) - len(wrong), len(found)), (sum(name.casefold() in known for name in named), len(named)))


def _share(counts: Sequence[tuple[int, int]]) -> float:
    total = sum(count for _, count in counts)
    return 100 * sum(right for right, _ in counts) / total if total else 100.0


def _rouge(method: str, summaries: Sequence[str], references: Sequence[str]) -> Rouge:
    score = _scorer()
    rows = [score(reference, summary) for reference, summary in zip(references, summaries, strict=True)]
    means = [100 * sum(row[i] for row in rows) / len(rows) for i in range(3)]
    return Rouge(method, sum(len(text.split()) for text in summaries) / len(summaries), *means)


def _scorer() -> Callable[[str, str], tuple[float, float, float]]:
    try:
        from rouge_score import rouge_scorer, tokenizers
    except ImportError as error:
        raise ExtraError('scoring summaries needs rouge-score: pip install "mt[eval]"') from error

    class UnicodeTokenizer(tokenizers.Tokenizer):  # type: ignore[misc]  # untyped
        def tokenize(self, text: str) -> list[str]:
            return [word.casefold() for word in words(text)]

    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=UnicodeTokenizer())

    def score(reference: str, summary: str) -> tuple[float, float, float]:
        found = scorer.score(reference, summary)
        return found["rouge1"].fmeasure, found["rouge2"].fmeasure, found["rougeL"].fmeasure

    return score
