"""Train the lexicon of `mt.alignment` on parallel text and write `mt/alignment/lexicon.npz`.

    pip install eflomal
    python -m tests.bench.fit_alignment --shared DIR

DIR holds `corpora/` with one tab-separated pair a line in `*/*.tsv.gz`. Words are cut into units as the aligner cuts them,
aligned by eflomal in both directions, and what was linked is counted: p(English | Arabic) and p(Arabic | English). Takes
five to ten minutes on one core. eflomal is a tool for this script alone; the package needs numpy only.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mt.alignment.lexicon import FILE, NOTHING, Frequency, pack
from mt.alignment.transliteration import ALIKE, similarity
from mt.alignment.units import ARABIC_LETTER, ARTICLES, WITH_ARTICLE, WORD, english_key, folded, pieces

TAKEN = {"written": 1.0, "human": 1.0, "lexical": 1.0, "translated": 0.1}
"""Share of the pairs of each folder."""
SHARES = {"mmlu_acegpt": 0.8, "tunisia_constitution_psc": 1.0, "comve_semeval2020": 0.4}
"""Of single files, in place of that of their folder."""
CAPS = {"tatoeba": 16_000, "arwikicats": 30_000, "dr5hn_places": 20_000, "msdocs_dyn365_operations": 15_000}
"""Most pairs of a file."""
HELD_OUT = (
    "unpc_keepitlocal syrian_archive tico19_tm xquad mt_geneval articles arab_affairs diplomacy economy society science world long".split()
)
"""Files whose every 25th pair is not learnt from: on these `fit_coverage` learns what a word without a counterpart looks like."""
LONGEST = 100  # units a side; longer ones cost time and are aligned worse
RARE = 1.0  # a pair that was linked less often is chance, unless both words are rare; then a name that sounds alike needs no entry
LEAST = 0.01  # pairs less probable than this in both directions are left out
MOST = 16  # translations of one unit
SEED = 7
INSIDE = re.compile(r"(?<=[a-z,] )[^\W\d_][^\W_]*")
"""A word after a word in small letters or a comma, so that a capital says something."""


def pairs(corpora: Path, *, held_out: bool = False) -> Iterator[tuple[str, str]]:
    """Arabic and English, in a fixed order; of `HELD_OUT` every 25th pair is kept back, or only these are given."""
    for folder, usual in TAKEN.items():
        for path in sorted((corpora / folder).glob("*.tsv.gz")):
            share, chance = SHARES.get(path.name.split(".")[0], usual), random.Random(SEED)
            with gzip.open(path, "rt", encoding="utf-8") as file:
                lines = [line for line in file if chance.random() < share]
            cap = CAPS.get(path.name.split(".")[0], len(lines))
            kept_back = path.name.split(".")[0] in HELD_OUT
            for i, line in enumerate(chance.sample(lines, cap) if cap < len(lines) else lines):
                if (kept_back and i % 25 == 0) == held_out:
                    arabic, _, english = line.rstrip("\n").partition("\t")
                    yield arabic, english


def stems(texts: Sequence[Sequence[str]]) -> tuple[Counter[str], Counter[str]]:
    """How often each word stands alone or after the article, which tells a clitic from a first letter; how often after it."""
    counts: Counter[str] = Counter()
    articled: Counter[str] = Counter()
    for text in texts:
        for word in text:
            counts[word] += 1
            article = next((a for a in WITH_ARTICLE if word.startswith(a) and len(word) > len(a) + 2), None)
            if article is not None:
                articled[word[len(article) :]] += 1
    return counts + articled, articled


def capitals(texts: Iterable[str]) -> dict[str, float]:
    """For each English key how often it has a capital inside a sentence: names nearly always."""
    seen: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    for text in texts:
        if text.istitle() or text.isupper():
            continue
        for match in INSIDE.finditer(text):
            key = english_key(match[0])
            seen[key] += 1
            capital[key] += match[0][0].isupper()
    return {key: capital[key] / seen[key] for key in seen}


def linked(sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> Iterator[tuple[int, int, int, float]]:
    """(pair, source unit, target unit, weight) of every link that eflomal finds: 1 where both directions agree, else a half."""
    import eflomal  # type: ignore[import-not-found]

    with TemporaryDirectory() as folder:
        names = {name: str(Path(folder) / name) for name in ("source", "target", "forward", "reverse")}
        for name, texts in (("source", sources), ("target", targets)):
            Path(names[name]).write_text("\n".join(map(" ".join, texts)) + "\n", encoding="utf-8")
        with open(names["source"], encoding="utf-8") as source, open(names["target"], encoding="utf-8") as target:
            eflomal.Aligner().align(source, target, names["forward"], names["reverse"])
        with open(names["forward"], encoding="utf-8") as forward, open(names["reverse"], encoding="utf-8") as reverse:
            for i, lines in enumerate(zip(forward, reverse, strict=True)):
                found = Counter(link for line in lines for link in line.split())
                for link, times in found.items():
                    left, right = map(int, link.split("-"))
                    yield i, left, right, times / 2


Units = list[list[str]]
Rows = dict[str, list[tuple[str, float, float]]]


def cut(texts: Sequence[tuple[str, str]], arabic: Sequence[Sequence[str]], counts: Counter[str]) -> tuple[Units, Units]:
    """Both sides in units, without pairs that have none on a side or too many."""
    known = {word: pieces(word, lambda stem: counts[stem]) for word in counts}
    keys: dict[str, str] = {}
    sources: Units = []
    targets: Units = []
    for (_, english), words in zip(texts, arabic, strict=True):
        source = [unit for word in words for unit in known[word]]
        target = [keys.setdefault(w, english_key(w)) for w in WORD.findall(english) if w.lower() not in ARTICLES]
        if source and target and max(len(source), len(target)) <= LONGEST:
            sources.append(source)
            targets.append(target)
    return sources, targets


def probabilities(sources: Units, targets: Units) -> Rows:
    """For each Arabic unit its English with p(English | Arabic) and p(Arabic | English), the best first; `NOTHING` last."""
    together: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter(unit for source in sources for unit in source)
    total_en: Counter[str] = Counter(unit for target in targets for unit in target)
    seen: set[tuple[int, int]] = set()
    seen_en: set[tuple[int, int]] = set()
    for i, left, right, weight in linked(sources, targets):
        together[sources[i][left], targets[i][right]] += weight  # type: ignore[assignment]
        if (i, left) not in seen:
            seen.add((i, left))
            alone[sources[i][left]] -= 1
        if (i, right) not in seen_en:
            seen_en.add((i, right))
            total_en[targets[i][right]] -= 1
    total_ar = Counter(alone)
    for (arabic, english), count in together.items():
        total_ar[arabic] += count
        total_en[english] += count

    rows: Rows = defaultdict(list)
    for (arabic, english), count in together.items():
        forward, backward = count / total_ar[arabic], count / total_en[english]
        rare = max(total_ar[arabic], total_en[english]) <= 3 and count >= 1 and similarity(arabic, english) < ALIKE
        digits = arabic[0].isdigit() or english[0].isdigit()
        if max(forward, backward) >= LEAST and (count > RARE or rare) and not digits and ARABIC_LETTER.search(arabic):
            rows[arabic].append((english, forward, backward))
    kept = {unit: sorted(row, key=lambda r: (-max(r[1], r[2]), r[0]))[:MOST] for unit, row in rows.items()}
    return {unit: [*row, (NOTHING, alone[unit] / total_ar[unit], 0.0)] if alone[unit] else row for unit, row in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, default=FILE)
    options = parser.parse_args()

    texts = list(pairs(options.shared / "corpora"))
    arabic = [[word for word in map(folded, WORD.findall(text)) if word] for text, _ in texts]
    counts, articled = stems(arabic)
    sources, targets = cut(texts, arabic, counts)
    print(f"{len(sources):,} pairs, {sum(map(len, sources)):,} Arabic and {sum(map(len, targets)):,} English units")
    rows = probabilities(sources, targets)
    frequency = {unit: Frequency(counts[unit], articled[unit]) for unit in rows}
    pack(options.output, rows, frequency, capitals(english for _, english in texts))
    print(f"{len(rows):,} Arabic units, {sum(map(len, rows.values())):,} entries, {options.output.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
