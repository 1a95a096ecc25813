"""Measure summaries (ROUGE, beside lead sentences of as many words) and the flags of grounding (on planted errors).

    python -m tests.bench.summary_quality --shared DIR [--abstractive]

DIR holds `summaries/` and `eval/`. Prints Markdown. F-scores in percent, the kindest reference of each
document, words as Unicode knows them (the stock tokenizer of rouge_score deletes Arabic). `--abstractive`
adds the built-in model on the six whole articles, from their English reference translation: some minutes.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rouge_score import rouge_scorer, tokenizers

from mt.config import SummaryOptions, load_config
from mt.summarization import Extractive, Summarizer, ground
from mt.summarization.grounding import names
from mt.summarization.words import words
from tests.bench.summary_sets import Case, cases, sentences

KINDS = ("rouge1", "rouge2", "rougeL")
THREE = SummaryOptions(sentences=3)
HELD_OUT = ("easc-odd", "gum", "articles-en", "articles-ar", "articles-dev")
DIGITS = re.compile(r"(?<![\d.,])\d+(?![\d.,]*\d)")  # matches 38 in "38 million", not in "3.8" or "1,038"


class UnicodeTokenizer(tokenizers.Tokenizer):  # type: ignore[misc]
    """Words in any script, without Arabic vowel marks, in lower case."""

    def tokenize(self, text: str) -> list[str]:
        return [word.casefold() for word in words(text)]


SCORER = rouge_scorer.RougeScorer(list(KINDS), tokenizer=UnicodeTokenizer())


def rouge(summaries: Sequence[str], documents: Sequence[Case]) -> list[float]:
    """Mean ROUGE-1, -2, -L in percent."""
    rows = [SCORER.score_multi(d.references, s) for s, d in zip(summaries, documents, strict=True)]
    return [100 * sum(row[kind].fmeasure for row in rows) / len(rows) for kind in KINDS]


def lead(document: Case, size: int) -> str:
    """The first words of a document, cut where the other summary ends."""
    return " ".join(" ".join(document.sentences).split()[:size])


def quality_rows(name: str, documents: Sequence[Case], method: Summarizer, options: SummaryOptions) -> Iterator[str]:
    made = [method.summarize(d.sentences, options, title=d.title) for d in documents]
    texts = [summary.text for summary in made]
    sizes = [len(text.split()) for text in texts]
    rows = {
        method.name: texts,
        "lead, as many words": [lead(d, size) for d, size in zip(documents, sizes, strict=True)],
        "lead-3": [" ".join(d.sentences[:3]) for d in documents],
    }
    for label, summaries in rows.items():
        average = sum(len(s.split()) for s in summaries) / len(documents)
        scores = " | ".join(f"{x:.1f}" for x in rouge(summaries, documents))
        yield f"| {name} ({len(documents)}) | {label} | {average:.0f} | {scores} |"
    flags = [flag for summary in made for sentence in summary.sentences for flag in sentence.flags]
    if flags:
        counts = ", ".join(f"{flag} {flags.count(flag)}" for flag in sorted(set(flags)))
        yield f"\n{name}: {sum(len(s.sentences) for s in made)} sentences, flags: {counts}"


def planted(documents: Sequence[Case], rng: random.Random) -> Iterator[tuple[str, str, Case]]:
    """(kind, sentence, document): the reference's own sentences ("none"), and each with one error planted in it."""
    for document, other in zip(documents, [*documents[1:], documents[0]], strict=True):
        own_names = sorted({name for s in document.sentences for name in names(s)})
        other_names = sorted({name for s in other.sentences for name in names(s)} - set(own_names))
        for sentence in map(str.strip, sentences(document.references[0])):
            yield "none", sentence, document
            number = DIGITS.search(sentence)
            if number:
                changed = str(int(number[0]) + rng.randint(1, 9))
                yield "number changed", sentence[: number.start()] + changed + sentence[number.end() :], document
            mentioned = names(sentence)
            if mentioned and other_names:
                yield "name from elsewhere", sentence.replace(rng.choice(mentioned), rng.choice(other_names)), document
            absent = [name for name in own_names if name not in sentence]
            if mentioned and absent:
                yield "other name of the article", sentence.replace(rng.choice(mentioned), rng.choice(absent)), document
        for sentence in map(str.strip, sentences(other.references[0])):
            yield "sentence from elsewhere", sentence, document


def grounding_rows(documents: Sequence[Case]) -> Iterator[str]:
    flag_of = {
        "number changed": "numbers",
        "name from elsewhere": "names",
        "other name of the article": "misplaced",
        "sentence from elsewhere": "unsupported",
    }
    found: dict[str, list[frozenset[str]]] = {}
    for kind, sentence, document in planted(documents, random.Random(1)):
        found.setdefault(kind, []).append(ground([sentence], document.sentences, mend=False)[0].flags)
    clean = found["none"]
    for kind, flag in flag_of.items():
        hits = [flag in flags for flags in found[kind]]
        recall = sum(hits) / len(hits)
        alarms = sum(flag in flags for flags in clean) / len(clean)
        precision = recall / (recall + alarms) if recall else 0.0
        yield f"| {kind} ({len(hits)}) | `{flag}` | {100 * recall:.1f} | {100 * alarms:.1f} | {100 * precision:.1f} |"
    yield f"\nReference sentences without planted errors: {len(clean)}; with any flag: {100 * sum(map(bool, clean)) / len(clean):.1f}%"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--abstractive", action="store_true")
    args = parser.parse_args()
    print("| set (documents) | method | words | ROUGE-1 | ROUGE-2 | ROUGE-L |\n| --- | --- | ---: | ---: | ---: | ---: |", flush=True)
    if args.abstractive:
        from mt.engines import load_engine
        from mt.summarization import Abstractive

        config = load_config("builtin")
        method = Abstractive(load_engine(config), config.model, config.decoding)
        print(*quality_rows("articles-en", cases(args.shared, "articles-en"), method, THREE), sep="\n")
        return
    for name in HELD_OUT:
        options = THREE.model_copy(update={"language": "ar" if name in {"easc-odd", "articles-ar"} else "en"})
        print(*quality_rows(name, cases(args.shared, name), Extractive(), options), sep="\n", flush=True)
    print("\n| planted error (sentences) | flag | recall | false alarms | precision at one error in two |")
    print("| --- | --- | ---: | ---: | ---: |")
    print(*grounding_rows([c for name in ("articles-en", "articles-dev", "news") for c in cases(args.shared, name)]), sep="\n")


if __name__ == "__main__":
    main()
