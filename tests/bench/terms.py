"""How often the terms of a glossary come out as they should, and what that costs the rest of the sentence.

    python -m tests.bench.terms --shared DIR --lines 300 --model builtin

In each sentence of FLORES dev and PUD one term is planted: an Arabic name or noun whose English stands in the reference once. Half of
them are to come out as the reference has it, half as something else (another name, another noun), which a model cannot get
right by luck. The reference is changed alike. Each sentence has a glossary of its own.

Right: the planted English is in the output. The rest: chrF of outputs and reference with the term, and what stands for it,
taken out of both.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sacrebleu.metrics import CHRF

from mt import alignment, arabic
from mt.cli.options import configuration
from mt.config import Config
from mt.data import Segment, Translation
from mt.engines import Engine, load_engine
from mt.glossary import Glossary, Term, read
from mt.glossary.english_side import bare, pattern
from mt.translation import Aids, translate

LEXICA = ("written/phrases", "lexical/wiktionary_ar_en", "lexical/arabic_wordnet_confident")
FEWEST_LETTERS = 4
MOST_WORDS = 4
SETS = ("flores-dev", "pud-news")
NOUNS = (
    "tribunal ledger harbour guild lantern parish orchard beacon syndicate turbine envoy chamber quarry decree monastery furnace "
    "regiment almanac plateau anvil tariff steward pavilion reservoir canopy brigade satchel foundry delegate meadow docket cannery"
).split()
"""What a noun is to become."""
NOUN = r"\b(?:[Tt]he|[Aa]n?) {}(?=[.,;:]| (?:of|in|at|on|to|was|is|were|are|and|for|by|with|has|had|that|which|will|from)\b)"


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence with a planted term. `reference` has the planted English already; `usual` is what stood there."""

    source: str
    reference: str
    term: Term
    usual: str


def lexicon(shared: Path) -> Glossary:
    """Terms that may be planted: the starter, and words and phrases of the lexica."""
    terms = list(read("starter"))
    for name in LEXICA:
        with gzip.open(shared / f"corpora/{name}.tsv.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                source, _, english = line.rstrip("\n").partition("\t")
                target = bare(re.sub(r"\s*\(.*?\)|^to ", "", english)).strip()
                if len(source) >= FEWEST_LETTERS and len(target) >= FEWEST_LETTERS and target.isascii():
                    terms.append(Term(source.strip(), target))
    fit = (term for term in reversed(terms) if arabic.has_arabic(term.source) and len(term.target.split()) <= MOST_WORDS)
    by_pair = {(term.source, bare(term.target)): term for term in fit}
    return Glossary(reversed(by_pair.values()))


def cases(shared: Path, wanted: int) -> Iterator[Case]:
    """Sentences with a term planted, as many as wanted."""
    chance = random.Random(5)
    known = lexicon(shared)
    names: dict[str, list[str]] = {}
    for term in read("starter"):
        if term.note in {"name", "state", "person", "month"}:
            names.setdefault(term.note, []).append(bare(term.target))
    made = 0
    for source, reference in _pairs(shared / "eval"):
        candidates = []
        for found in known.find(arabic.normalise(source)):
            target = re.escape(bare(found.term.target))
            places = list(re.finditer(rf"(?<!\w){target}(?!\w)", reference))
            if len(places) == 1 and (found.term.note in names if target[0].isupper() else re.search(NOUN.format(target), reference)):
                candidates.append((found.term, places[0]))
        if not candidates:
            continue
        term, place = chance.choice(candidates)
        usual = place[0]
        planted = usual if made % 2 else chance.choice([other for other in names.get(term.note, NOUNS) if other not in reference])
        changed = reference[: place.start()] + planted + reference[place.end() :]
        yield Case(source, changed, Term(term.source, planted), usual)
        made += 1
        if made == wanted:
            return


def _pairs(folder: Path) -> Iterator[tuple[str, str]]:
    for name in SETS:
        sides = [(folder / f"{name}.{language}").read_text(encoding="utf-8").splitlines() for language in ("ar", "en")]
        yield from zip(*sides, strict=True)


def outputs(planted: Sequence[Case], engine: Engine, config: Config, *, told: bool) -> list[Translation]:
    """Translations; told: with the glossary of each sentence. All sentences are one stream, so that batches are full."""
    if not told:
        found = dict(translate([Segment(case.source) for case in planted], engine, config))
        return [found[i] for i in range(len(planted))]
    return [next(iter(translate([Segment(case.source)], engine, config, Aids(Glossary([case.term])))))[1] for case in planted]


def without(text: str, term: Term, source: str) -> str:
    """The text without the term, or else without the words that stand for it."""
    if place := pattern(term).search(text):
        return text[: place.start()] + text[place.end() :]
    plain = arabic.normalise(source)
    found = Glossary([term]).find(plain)
    own = {i for i, word in enumerate(alignment.words(plain)) for f in found if word.start < f.end and f.start < word.end}
    gone = {link.target for link in alignment.align(plain, text) if link.source in own}
    words = alignment.words(text)
    for i in sorted(gone, reverse=True):
        text = text[: words[i].start] + text[words[i].end :]
    return text


def share(right: Sequence[bool]) -> str:
    """Of those that are true."""
    return f"{sum(right) / max(len(right), 1):.1%}"


def main() -> None:
    """Translate with and without the glossary, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("--lines", type=int, default=300, metavar="N")
    parser.add_argument("--model", default="builtin")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.OPTION=VALUE")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print the first N that went wrong")
    given = parser.parse_args()
    config = configuration(given.model, None, given.set)
    engine = load_engine(config)
    planted = list(cases(given.shared, given.lines))
    print(f"{len(planted)} sentences, {engine.name}, terms in the prompt: {'yes' if config.model.terms_prompt else 'no'}")
    chrf = CHRF()
    for name, told in (("without glossary", False), ("with glossary", True)):
        started = time.perf_counter()
        made = outputs(planted, engine, config, told=told)
        seconds = time.perf_counter() - started
        right = [bool(pattern(case.term).search(t.text)) for case, t in zip(planted, made, strict=True)]
        rest = [without(t.text, case.term, case.source) for case, t in zip(planted, made, strict=True)]
        references = [without(case.reference, case.term, case.source) for case in planted]
        usual = [r for r, case in zip(right, planted, strict=True) if case.usual == case.term.target]
        other = [r for r, case in zip(right, planted, strict=True) if case.usual != case.term.target]
        hows = Counter(term.how for t in made for term in t.terms)
        shares = f"right {share(right)} (usual English {share(usual)}, other {share(other)})"
        print(f"{name}: {shares}, chrF of the rest {chrf.corpus_score(rest, [references]).score:.2f}, {seconds:.0f} s, {dict(hows)}")
        if told:
            wrong = [
                (case, t) for case, t, ok in zip(planted, made, right, strict=True) if not ok or any(u.how != "decoded" for u in t.terms)
            ]
            for case, t in wrong[: given.show]:
                written = t.hypothesis.text if t.hypothesis else ""
                print("\n    ".join([f"  {case.term.source} = {case.term.target} ({case.usual})", case.source, written, t.text]))


if __name__ == "__main__":
    main()
