"""From the corpora of a recipe to the examples that are trained on: cleaned, chosen, some with noise or with wanted terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from mt.config import ModelOptions
from mt.errors import ConfigError, InputError
from mt.train.cleaning import Cleaner, Overlap, Reason, folded, report
from mt.train.corpora import Article, Pair, read_articles, read_pairs, read_texts
from mt.train.noise import noisy
from mt.train.recipe import DataPart, Recipe, matching
from mt.train.terms import Lexicons

TERMS = "{terms}"
LONG_ENOUGH = 5
"""Words of a source that may get noise or terms."""
FEWEST = 8
"""Examples below which there is nothing to learn from and nothing to hold out."""
HELD_OUT_SHARE = 10
"""At most one example in as many is held out."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text and what the model is to write. prompt: the template that the source goes into; unused by seq2seq models."""

    source: str
    target: str
    prompt: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Mixture:
    """What is trained on, what is held out, and a report in Markdown of what was dropped and why."""

    examples: tuple[Example, ...]
    held_out: tuple[Example, ...]
    report: str


def mix(recipe: Recipe, model: ModelOptions, *, tell: Callable[[str], None]) -> Mixture:
    """Read, clean and mix the corpora of a recipe for a model.

    Raises InputError for a corpus that cannot be read or leaves nothing, ConfigError for files that are not there, or a
    task that the model has no prompt for.
    """
    rng = Random(recipe.seed)
    given = list(_held_out_pairs(recipe))
    texts = [text for pattern in recipe.evaluation.files for path in matching(pattern) for text in read_texts(path)]
    texts += [side for pair in given for side in (pair.source, pair.target)]
    writer = _Writer(recipe, model, rng)
    cleaner = Cleaner(recipe.clean, Overlap(texts, recipe.clean.overlap))
    examples: list[Example] = []
    kept: dict[str, int] = {}
    dropped: dict[str, Counter[Reason]] = {}
    for part in recipe.data:
        for path in matching(part.files):
            made, dropped[path.name] = writer.examples(path, part, cleaner)
            kept[path.name] = len(made)
            examples += made[: part.cap]
            count = min(len(made), part.cap or len(made))
            tell(f"{path.name}: {count} examples, weight {part.weight:g}, {dropped[path.name].total()} dropped")
    table = report(dropped, kept)
    if len(examples) < FEWEST:
        why = ", ".join(f"{reason} {count}" for reason, count in sum(dropped.values(), Counter[Reason]()).most_common())
        raise InputError(f"nothing to train on: {len(examples)} examples are left, at least {FEWEST} are needed; dropped: {why or 'none'}")
    if writer.terms or writer.noise:
        tell(f"with wanted terms {writer.terms}, with noise {writer.noise} of {len(examples)} examples")
    if given:
        return Mixture(tuple(examples), tuple(writer.plain(pair, 1.0) for pair in given), table)
    return _split(examples, recipe, rng, table)


def _split(examples: Sequence[Example], recipe: Recipe, rng: Random, table: str) -> Mixture:
    """Hold out part of the data: what is held out is not trained on, under any prompt."""
    count = max(1, min(recipe.held_out.lines, len(examples) // HELD_OUT_SHARE))
    chosen = rng.sample(range(len(examples)), count)
    sources = {tuple(folded(examples[i].source)) for i in chosen}
    rest = tuple(example for example in examples if tuple(folded(example.source)) not in sources)
    if not rest:
        raise InputError("nothing to train on: every example has the same Arabic as one that is held out")
    return Mixture(rest, tuple(replace(examples[i], weight=1.0) for i in chosen), table)


def _held_out_pairs(recipe: Recipe) -> Iterator[Pair]:
    """Evenly spread over the files, which must not be trained on as well."""
    if recipe.held_out.files is None:
        return
    paths = matching(recipe.held_out.files)
    trained = {path.resolve() for part in recipe.data for path in matching(part.files)}
    for path in paths:
        if path.resolve() in trained:
            raise ConfigError(f"{path}: held out and trained on at once; take it from data or from held_out")
    pairs = [pair for path in paths for pair in read_pairs(path) if pair.source and pair.target]
    step = max(1, len(pairs) // recipe.held_out.lines)
    yield from pairs[::step][: recipe.held_out.lines]


class _Writer:
    """Makes examples of what the corpora hold, and counts those with terms and with noise."""

    def __init__(self, recipe: Recipe, model: ModelOptions, rng: Random) -> None:
        self._recipe = recipe
        self._model = model
        self._rng = rng
        self._lexicons = Lexicons(recipe.terms) if recipe.terms.share else None
        self.terms = self.noise = 0
        if self._lexicons and model.terms_prompt is None:
            raise ConfigError(f"terms: model '{model.name}' has no terms_prompt; set terms.prompt, or leave terms out")

    def examples(self, path: Path, part: DataPart, cleaner: Cleaner) -> tuple[list[Example], Counter[Reason]]:
        """The examples of a file in random order, and how many pairs were dropped for which reason."""
        if part.task == "summaries":
            articles = read_articles(path)
            self._rng.shuffle(articles)
            return [self._summary(article, part.weight) for article in articles], Counter()
        pairs, dropped = cleaner.clean(read_pairs(path), min_words=part.min_words)
        self._rng.shuffle(pairs)
        return [self._translation(pair, part.weight) for pair in pairs], dropped

    def plain(self, pair: Pair, weight: float) -> Example:
        """An example as the text is."""
        return Example(pair.source, pair.target, self._model.prompt or "", weight)

    def _translation(self, pair: Pair, weight: float) -> Example:
        chance = self._rng.random()
        if len(pair.source.split()) < LONG_ENOUGH:
            return self.plain(pair, weight)
        if self._lexicons and chance < self._recipe.terms.share:
            wanted = self._lexicons.ask(pair, self._rng)
            if wanted:
                self.terms += 1
                prompt = (self._model.terms_prompt or "").replace(TERMS, wanted.terms.replace("{", "("))
                return Example(pair.source, wanted.target, prompt, weight)
        elif chance < self._recipe.terms.share + self._recipe.noise:
            self.noise += 1
            return self.plain(Pair(noisy(pair.source, self._rng), pair.target), weight)
        return self.plain(pair, weight)

    def _summary(self, article: Article, weight: float) -> Example:
        digest = bool(article.headline and article.lead)
        prompt = self._model.digest_prompt if digest else self._model.summary_prompt
        if prompt is None:
            raise ConfigError(f"task: summaries: model '{self._model.name}' has no {'digest' if digest else 'summary'}_prompt")
        written = f"{article.headline}\nLead: {article.lead}\nSummary: {article.summary}" if digest else article.summary
        return Example(article.text, written, prompt, weight)
