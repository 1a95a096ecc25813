"""Fit and judge the score of a translation without a reference, against the sentence chrF that it stands for.

    python -m tests.bench.fit_quality --shared DIR [--lines N]

DIR holds eval/flores-dev.{ar,en} and eval/peers/flores-dev.*.en, the outputs of other systems. Least squares on the even lines
of three systems; Spearman's rank correlation with chrF on the odd lines, of these and of systems that nothing was fitted to,
beside that of simpler scores. Prints `WEIGHTS` of `mt/quality.py`.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sacrebleu.metrics import CHRF

from mt.check import check
from mt.data import Flag, Hypothesis
from mt.pipeline import load
from mt.quality import features, score

Array = npt.NDArray[np.float64]
FITTED = ("argos", "opusmt", "nllb")
JUDGED = ("argos", "opusmt", "nllb", "bergamot-base", "microsoft", "google")
RIDGE = 1.0


def read(path: Path, lines: int) -> list[str]:
    return [html.unescape(line) for line in path.read_text(encoding="utf-8").splitlines()[:lines]]


def chrf(texts: Sequence[str], references: Sequence[str]) -> Array:
    """Of each sentence, from 0 to 1."""
    metric = CHRF()
    return np.array([metric.sentence_score(text, [reference]).score / 100 for text, reference in zip(texts, references, strict=True)])


def spearman(one: Array, other: Array) -> float:
    """Correlation of ranks; equal values share theirs."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def ranks(values: Array) -> Array:
    order = np.argsort(values, kind="stable")
    found = np.empty(len(values))
    found[order] = np.arange(len(values))
    return np.array([found[values == value].mean() for value in values])


def flags(source: str, english: str) -> frozenset[Flag]:
    return check(source, Hypothesis(english, score=0.0, tokens=0))


def print_own(sources: Sequence[str], references: Sequence[str], model: str) -> None:
    """How well the scores rank what a model here makes of the sources, a line a segment, greedily."""
    pipeline = load(model=model, segment="block", retry=False)
    made = [result.translations[0] for result in pipeline.run(sources)]
    truth = chrf([one.text for one in made], references)
    known = {
        "quality": [one.quality for one in made],
        "without the model's score": [score(one.segment.text, one.text, one.flags) for one in made],
        "the model's score": [one.hypothesis.score for one in made if one.hypothesis],
        "shortness": [-len(source) for source in sources],
    }
    print(f"\n| {model}, {len(made)} lines, chrF {100 * truth.mean():.1f} | Spearman |\n| --- | ---: |")
    print(*(f"| {name} | {spearman(np.array(values, float), truth):.3f} |" for name, values in known.items()), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--lines", type=int, default=997)
    parser.add_argument(
        "--own", type=int, default=0, metavar="N", help="translate the first N lines too, and compare with the model's score"
    )
    parser.add_argument("--model", default="builtin")
    options = parser.parse_args()

    folder = options.shared / "eval"
    sources, references = (read(folder / f"flores-dev.{side}", options.lines) for side in ("ar", "en"))
    texts = {name: read(folder / "peers" / f"flores-dev.{name}.en", options.lines) for name in JUDGED}
    known = {name: np.array([features(*pair, flags(*pair)) for pair in zip(sources, texts[name], strict=True)]) for name in JUDGED}
    good = {name: chrf(texts[name], references) for name in JUDGED}
    x = np.concatenate([known[name][::2] for name in FITTED])
    y = np.concatenate([good[name][::2] for name in FITTED])
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    print(f"WEIGHTS = Features{tuple(round(float(weight), 3) for weight in weights)}")

    if options.own:
        print_own(sources[: options.own], references[: options.own], options.model)
    judged = slice(1, None, 2)
    lengths = -np.array([len(source) for source in sources], float)
    print("\n| system | quality | shipped | shortness | length ratio |\n| --- | ---: | ---: | ---: | ---: |")
    rows = [*((name, [name]) for name in JUDGED), ("all together", list(JUDGED))]
    for title, names in rows:
        truth = np.concatenate([good[name][judged] for name in names])
        fresh = np.concatenate([known[name][judged] @ weights for name in names])
        shipped = np.concatenate(
            [[score(*pair, flags(*pair)) for pair in list(zip(sources, texts[name], strict=True))[judged]] for name in names]
        )
        short = np.concatenate([lengths[judged] for _ in names])
        ratio = np.concatenate(
            [-np.abs(np.log([(len(t) + 1) / (len(s) + 1) for s, t in zip(sources, texts[name], strict=True)]))[judged] for name in names]
        )
        print(f"| {title} | {' | '.join(f'{spearman(one, truth):.3f}' for one in (fresh, shipped, short, ratio))} |")


if __name__ == "__main__":
    main()
