"""The sets on which summaries are fitted and measured, as one kind of value."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt import segmentation


@dataclass(frozen=True, slots=True)
class Case:
    """A document in sentences, with reference summaries; votes: how many of five people took each sentence, if known."""

    sentences: tuple[str, ...]
    title: str
    references: tuple[str, ...]
    votes: tuple[int, ...] = ()


def cases(shared: Path, name: str) -> list[Case]:
    """All cases of a set; the names are the keys of `SETS`."""
    file, make = SETS[name]
    items = enumerate(_items(shared, file))
    return [case for i, item in items for case in make(item, i)]


def sentences(text: str) -> tuple[str, ...]:
    """Sentences; the last of a line ends in a line feed."""
    found = []
    for line in text.splitlines():
        own = [segment.text for segment in segmentation.split(line) if segment.text.strip()]
        found += [*own[:-1], *(text + "\n" for text in own[-1:])]
    return tuple(found)


def _items(shared: Path, file: str) -> Iterator[dict[str, Any]]:
    for path in sorted(shared.glob(file)):
        if path.suffix == ".gz":
            with gzip.open(path, "rt", encoding="utf8") as lines:
                yield from map(json.loads, lines)
        else:
            yield json.loads(path.read_text(encoding="utf8"))


def _easc(half: int) -> Callable[[dict[str, Any], int], Iterator[Case]]:
    def make(item: dict[str, Any], i: int) -> Iterator[Case]:
        if i % 2 == half:
            texts, votes = zip(*item["sentence_votes"], strict=True)
            yield Case(texts, "", tuple(item["summaries"]), votes)

    return make


def _written(item: dict[str, Any], _: int) -> Iterator[Case]:
    """Posts with a summary of their own, not one that is copied from the text or cut off."""
    if not (item["summary_verbatim_in_text"] or item["summary_truncated"]):
        yield Case(sentences(item["text"]), item["title"], tuple(item["summaries"]))


def _gum(item: dict[str, Any], _: int) -> Iterator[Case]:
    yield Case(sentences(item["text"]), item["title"], tuple(item["summaries"]))


def _wikinews(item: dict[str, Any], _: int) -> Iterator[Case]:
    yield Case(sentences(item["text_without_lead"]), item["title"], tuple(item["summaries"]))


def _news(item: dict[str, Any], _: int) -> Iterator[Case]:
    yield Case(sentences(item["text"]), item["title"], (item["summary"],))


def _article(language: str) -> Callable[[dict[str, Any], int], Iterator[Case]]:
    def make(item: dict[str, Any], _: int) -> Iterator[Case]:
        text = "\n".join(item[f"paragraphs_{language}"])
        yield Case(sentences(text), item[f"title_{language}"], (item.get(f"summary_{language}") or item["summary"],))

    return make


SETS: dict[str, tuple[str, Callable[[dict[str, Any], int], Iterator[Case]]]] = {
    "easc-even": ("summaries/eval_ar_easc_wiki106.jsonl.gz", _easc(0)),
    "easc-odd": ("summaries/eval_ar_easc_wiki106.jsonl.gz", _easc(1)),
    "18f": ("summaries/train_en_18f_written.jsonl.gz", _written),
    "digitalgov": ("summaries/train_en_digitalgov_written.jsonl.gz", _written),
    "wikinews": ("summaries/train_en_wikinews_lede.jsonl.gz", _wikinews),
    "news": ("summaries/train_news_written.jsonl.gz", _news),
    "gum": ("summaries/eval_en_gum_openother.jsonl.gz", _gum),
    "articles-en": ("eval/articles/*.json", _article("en")),
    "articles-ar": ("eval/articles/*.json", _article("ar")),
    "articles-dev": ("eval/articles-dev.jsonl.gz", _article("en")),
}
