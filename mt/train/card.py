"""The model card of trained weights: every figure in it was measured in the run that it describes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mt.config import Config
from mt.train.recipe import Recipe

if TYPE_CHECKING:
    from mt.evaluate import Score, Scores
    from mt.train.training import Outcome


@dataclass(frozen=True, slots=True)
class Scored:
    """Old against new on one set. scores: the new weights first, the base second."""

    name: str
    scores: Scores


def write_card(base: Config, recipe: Recipe, outcome: Outcome, scored: Sequence[Scored], report: str, examples: int) -> str:
    """The card in Markdown."""
    parts = [
        f"# Fine-tuned from {base.model.name}",
        f"Made by `mt train` from the data below. Licence of the base: {base.model.licence}.",
        "## Scores",
        _scores(scored, base.model.name),
        "## Training",
        _training(recipe, outcome, examples),
        "## Data",
        "\n".join(f"- `{_name(part.files)}`: weight {part.weight:g}, {part.task}" for part in recipe.data),
        "Kept and dropped, in pairs:",
        report.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def quality(scored: Sequence[Scored]) -> str:
    """One line for `mt models`."""
    found = [(each.name, each.scores.lines, each.scores.rows[0]) for each in scored]
    return "; ".join(f"BLEU {row.bleu.value:.1f}, chrF {row.chrf.value:.1f} on {lines} lines of {name}" for name, lines, row in found)


def _scores(scored: Sequence[Scored], base: str) -> str:
    if not scored:
        return "None were measured: the recipe names no files under `evaluation.score`."
    lines = [f"| lines | {base}: BLEU | chrF | these weights: BLEU | chrF | p of chrF |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for each in scored:
        new, old = each.scores.rows
        p = "" if old.chrf.p is None else f"{old.chrf.p:.3f}"
        cells = [f"{each.scores.lines} of {each.name}", *map(_cell, (old.bleu, old.chrf, new.bleu, new.chrf)), p]
        lines.append(f"| {' | '.join(cells)} |")
    return (
        "\n".join(lines)
        + f"\n\n± is half of the 95% bootstrap interval. {scored[0].scores.bleu_signature}; {scored[0].scores.chrf_signature}"
    )


def _cell(score: Score) -> str:
    return f"{score.value:.1f} ± {score.interval:.1f}"


def _training(recipe: Recipe, outcome: Outcome, examples: int) -> str:
    progress = outcome.progress
    lines = [
        f"- {examples} examples, {progress.step} steps, {progress.tokens / 1e6:.2f}M padded tokens, {progress.seconds / 60:.1f} minutes",
        f"- rate {recipe.peak:g} falling to {recipe.peak * recipe.floor:g}, seed {recipe.seed}"
        + (f", adapters of rank {recipe.lora.rank}" if recipe.lora else ""),
        f"- stopped: {outcome.stopped}",
        f"- held-out loss, nats a token: {outcome.before:.4f} before, {outcome.after:.4f} after ({outcome.chosen})",
        "",
        "| step | training loss | held-out loss |",
        "| ---: | ---: | ---: |",
        *(f"| {m.step} | {'' if m.training is None else f'{m.training:.4f}'} | {m.held_out:.4f} |" for m in progress.measured),
    ]
    return "\n".join(lines)


def _name(pattern: str) -> str:
    """The last two parts of a path: enough to know the corpus by, nothing about the machine."""
    return "/".join(pattern.replace("\\", "/").split("/")[-2:])
