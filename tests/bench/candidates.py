"""What choosing among the hypotheses of one search brings, and how much their quality should weigh.

    python -m tests.bench.candidates --shared DIR [--model FOLDER] [--skip 300] [--lines 100] [--count 8]

Lines of FLORES-200 dev, a line a segment, decoded once; a row of the table says what is taken of the hypotheses.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from mt import translation
from mt.cli.options import configuration
from mt.data import Hypothesis
from mt.engines import NBest, load_engine
from mt.evaluate import read_lines
from mt.evaluate.scores import line_scores, plain_score
from mt.reranking import merits

WEIGHTS = (0.0, 1.0, 5.0, 20.0, 100.0)
"""Of quality beside likeness."""

Choice = Callable[[Sequence[Hypothesis], Sequence[tuple[float, float]]], int]


def weighted(weight: float) -> Choice:
    """The first of those with the greatest likeness + weight * quality."""

    def choose(_: Sequence[Hypothesis], found: Sequence[tuple[float, float]]) -> int:
        worth = [like + weight * good for like, good in found]
        return worth.index(max(worth))

    return choose


def nearest(texts: Sequence[str], reference: str) -> str:
    """The text with the best chrF."""
    scores = line_scores(texts, [reference] * len(texts))
    return texts[scores.index(max(scores))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--skip", type=int, default=300)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--count", type=int, default=8)
    args = parser.parse_args()

    config = configuration(args.model, None, None, backend="ctranslate2")
    engine = load_engine(config)
    assert isinstance(engine, NBest)
    wanted = slice(args.skip, args.skip + args.lines)
    typed = read_lines(args.shared / "eval/flores-dev.ar", wanted.stop)[wanted]
    references = read_lines(args.shared / "eval/flores-dev.en", wanted.stop)[wanted]
    sources = [translation.model_source(line, config.text) for line in typed]
    found: dict[int, list[Hypothesis]] = {}
    usual: dict[int, str] = {}
    for batch in translation.batches([engine.count(source) for source in sources], config.batching.batch_tokens):
        chosen = [sources[i] for i in batch]
        found.update(zip(batch, engine.several(chosen, args.count, config.decoding), strict=True))
        usual.update(zip(batch, (h.text for h in engine.generate(chosen, config.decoding)), strict=True))
    several = [found[i] for i in range(len(sources))]
    known = [merits(source, hypotheses) for source, hypotheses in zip(sources, several, strict=True)]

    rows: dict[str, list[str]] = {f"beam {config.decoding.beam_size}, the likeliest": [usual[i] for i in range(len(sources))]}
    choices: dict[str, Choice] = {f"beam {args.count}, the likeliest": lambda *_: 0}
    choices |= {f"likeness and {weight:g} times quality": weighted(weight) for weight in WEIGHTS}
    for name, choose in choices.items():
        rows[name] = [hypotheses[choose(hypotheses, each)].text for hypotheses, each in zip(several, known, strict=True)]
    rows["the best by chrF (oracle)"] = [
        nearest([hypothesis.text for hypothesis in hypotheses], reference)
        for hypotheses, reference in zip(several, references, strict=True)
    ]
    print("| taken | chrF | BLEU |\n| --- | ---: | ---: |")
    for name, texts in rows.items():
        plain = plain_score(texts, references)
        print(f"| {name} | {plain.chrf:.1f} | {plain.bleu:.1f} |")


if __name__ == "__main__":
    main()
