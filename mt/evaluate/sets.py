"""What a folder of evaluation files holds: parallel lines, and articles by paragraph with their summaries.

NAME.ar, NAME.en            one segment a line
peers/NAME.SYSTEM.en        what other systems made of NAME.ar
NAME/*.json, NAME.jsonl.gz  articles: paragraphs_ar, paragraphs_en, and summary_en or summary; `kind` names the subject
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mt.errors import InputError
from mt.evaluate.scores import read_lines

PEERS = "peers"


@dataclass(frozen=True, slots=True)
class Article:
    """An article in both languages, paragraph by paragraph. summary: by a person, in English; "" if there is none."""

    id: str
    subject: str
    title: str
    arabic: tuple[str, ...]
    english: tuple[str, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class TestSet:
    """Sources and references, line by line. subjects: one a line, "" where unknown. peers: lines of other systems by name."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    name: str
    sources: tuple[str, ...]
    references: tuple[str, ...]
    subjects: tuple[str, ...]
    peers: Mapping[str, tuple[str, ...]]
    articles: tuple[Article, ...] = ()


def read_sets(folder: Path, lines: int | None = None) -> list[TestSet]:
    """The sets of a folder by name, each cut to its first lines (of articles: to whole articles, at least one).

    Raises InputError where there is none, or two sides do not match.
    """
    parallel = [_parallel(path, lines) for path in sorted(folder.glob("*.ar")) if path.with_suffix(".en").is_file()]
    articles = [_of_articles(name, list(found), lines) for name, found in _article_files(folder)]
    sets = [found for found in (*parallel, *articles) if found.sources]
    if not sets:
        raise InputError(f"{folder}: nothing to evaluate on; expected NAME.ar with NAME.en, or articles as NAME/*.json")
    return sorted(sets, key=lambda found: found.name)


def _parallel(path: Path, lines: int | None) -> TestSet:
    sources, references = read_lines(path, lines), read_lines(path.with_suffix(".en"), lines)
    if len(sources) != len(references):
        raise InputError(f"{path} has {len(sources)} lines, {path.with_suffix('.en')} {len(references)}: they must match line by line")
    peers = {
        other.name.removeprefix(f"{path.stem}.").removesuffix(".en"): tuple(read_lines(other, lines, unescape=True))
        for other in sorted((path.parent / PEERS).glob(f"{path.stem}.*.en"))
    }
    return TestSet(path.stem, tuple(sources), tuple(references), ("",) * len(sources), peers)


def _article_files(folder: Path) -> Iterator[tuple[str, Iterator[Article]]]:
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if files := sorted(inner.glob("*.json")):
            yield inner.name, (_article(_content(path), path) for path in files)
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        yield path.name.partition(".")[0], (_article(line, path) for line in _content(path).split("\n") if line.strip())


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _article(text: str, path: Path) -> Article:
    try:
        record = json.loads(text)
        arabic, english = tuple(record["paragraphs_ar"]), tuple(record["paragraphs_en"])
        subject = record.get("kind") or record["id"].partition("-")[0]
        summary = record.get("summary_en") or record.get("summary") or ""
        article = Article(record["id"], subject, record.get("title_en", ""), arabic, english, summary)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: not an article; expected id, paragraphs_ar and paragraphs_en") from error
    if len(arabic) != len(english):
        raise InputError(f"{path}: {article.id}: {len(arabic)} Arabic paragraphs, {len(english)} English; they must match")
    return article


def _of_articles(name: str, articles: list[Article], lines: int | None) -> TestSet:
    kept: list[Article] = []
    for article in articles:
        if kept and lines is not None and sum(len(one.arabic) for one in kept) + len(article.arabic) > lines:
            break
        kept.append(article)
    sources = tuple(paragraph for article in kept for paragraph in article.arabic)
    references = tuple(paragraph for article in kept for paragraph in article.english)
    subjects = tuple(article.subject for article in kept for _ in article.arabic)
    return TestSet(name, sources, references, subjects, {}, tuple(kept))
