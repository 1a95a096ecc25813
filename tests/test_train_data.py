"""Corpora are read, cleaned and mixed; what is wrong with them is said."""

import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from mt.config import ModelOptions, load_config
from mt.errors import ConfigError, InputError, MTError
from mt.train.cleaning import Cleaner, Overlap, Reason, report
from mt.train.corpora import Article, Pair, read_articles, read_pairs, read_texts
from mt.train.mixture import mix
from mt.train.noise import SLIPS, noisy
from mt.train.recipe import CleanOptions, Recipe, TermOptions, load_recipe, make_recipe
from mt.train.terms import Lexicons
from tests import tiny

MODEL = ModelOptions(prompt="Arabic: {source}\nEnglish:", terms_prompt="Terms: {terms}\nArabic: {source}\nEnglish:")
TWO = [Pair("وصل الوفد", "The delegation arrived"), Pair("غادر الوفد", "The delegation left")]
TMX = """<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><header/><body>
<tu><tuv xml:lang="en-US"><seg>The <bpt i="1">&lt;b&gt;</bpt>delegation<ept i="1">&lt;/b&gt;</ept> arrived</seg></tuv>
<tuv xml:lang="AR"><seg>وصل <hi>الوفد</hi></seg></tuv></tu>
<tu><tuv lang="ar"><seg>غادر الوفد</seg></tuv><tuv lang="en"><seg>The delegation
 left</seg></tuv></tu>
<tu><tuv xml:lang="fr"><seg>rien</seg></tuv></tu></body></tmx>"""
FILES = {
    "a.tsv": "وصل الوفد\tThe delegation arrived\nغادر الوفد\tThe delegation left\tnote\n",
    "bom.tsv": "\N{ZERO WIDTH NO-BREAK SPACE}وصل الوفد\tThe delegation arrived\r\nغادر الوفد\tThe delegation left\r\n",
    "a.jsonl": '{"ar": "وصل الوفد", "en": "The delegation arrived"}\n\n'
    '{"translation": {"ar": "غادر الوفد", "en": "The delegation left"}}\n',
    "b.jsonl": "".join(json.dumps({"source": p.source, "target": p.target}) + "\n" for p in TWO),
    "a.tmx": TMX,
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("packed", [False, True])
def test_pairs_are_read_from_every_format(tmp_path: Path, name: str, packed: bool) -> None:
    path = tmp_path / (name + ".gz" * packed)
    content = FILES[name].encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    assert read_pairs(path) == TWO


def test_moses_pairs_are_read_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "x.ar").write_text("وصل الوفد\nغادر الوفد\n")
    (tmp_path / "x.en").write_text("The delegation arrived\nThe delegation left\n")
    assert read_pairs(tmp_path / "x.ar") == TWO


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("one.tsv", "وصل الوفد\nغادر الوفد\n".encode(), "one.tsv: one column only; expected Arabic and English"),
        ("old.tsv", "وصل الوفد\tcame\n".encode("cp1256"), "old.tsv: not UTF-8; convert it first, e.g. iconv"),
        ("empty.tsv", b"", "empty.tsv: empty"),
        ("empty.jsonl", b"\n", "empty.jsonl: empty"),
        ("bad.jsonl", b'{"ar": 1, "en": "x"}\n', "bad.jsonl: line 1: expected the fields source and target or ar and en"),
        ("bad2.jsonl", b"{}\nnot json\n", "bad2.jsonl: line 1: expected the fields"),
        ("list.jsonl", b"[]\n", "list.jsonl: line 1: expected a JSON object"),
        ("cut.tmx", b"<tmx><body><tu>", "cut.tmx: cannot be read as TMX"),
        ("none.tmx", b"<tmx><body/></tmx>", "none.tmx: empty"),
        ("cut.tsv.gz", gzip.compress("وصل\tcame\n".encode() * 99)[:40], "cut.tsv.gz: a damaged gzip file"),
        ("not.tsv.gz", b"plain", "not.tsv.gz: a damaged gzip file"),
        ("a.docx", b"", "a.docx: unknown kind of corpus; expected .tsv, .jsonl, .tmx, .ar"),
        ("alone.ar", "وصل\n".encode(), "alone.en: cannot be read: No such file"),
    ],
)
def test_bad_files_are_named_with_what_is_wrong(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_pairs(tmp_path / name)
    assert message in str(caught.value)


def test_articles_come_with_a_summary_or_with_all_three(tmp_path: Path) -> None:
    whole = {"text": "T", "headline": "H", "lead": "L", "summary": "S"}
    (tmp_path / "a.jsonl").write_text(json.dumps(whole) + "\n" + json.dumps({"text": "T", "summaries": ["S", "Z"]}) + "\n")
    assert read_articles(tmp_path / "a.jsonl") == [Article("T", "S", "H", "L"), Article("T", "S")]


def test_evaluation_texts_are_read_from_lines_and_from_json(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"id": "x", "paragraphs": ["one", "two"], "n": 3}')
    (tmp_path / "a.en").write_text("one\ntwo\n")
    assert read_texts(tmp_path / "a.json") == ["x", "one", "two"]
    assert read_texts(tmp_path / "a.en") == ["one", "two"]


LONG = "قال وزير الخارجية في مؤتمر صحفي عقده مساء أمس في العاصمة عمان إن المحادثات ستبدأ قريبا"
LONG_ENGLISH = "The foreign minister said at a press conference in the capital Amman yesterday evening that the talks would begin soon"


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        (LONG, LONG_ENGLISH, None),
        ("مجلس الأمن", "Security Council", None),
        ("وصل 40 جنديا إلى المدينة", "Forty soldiers reached the city", None),
        ("", "Nothing", "one side"),
        ("وصل", "", "one side"),
        ("The delegation arrived", "وصل الوفد", "swapped"),
        ("arrived", "came", "script"),
        ("وصل الوفد", "The وفد arrived", "script"),
        ("این کتاب را که می خواهد است", "This is the book that he wants", "language"),
        (LONG, "Le ministre des affaires est dans la capitale et il parle avec la presse pour une heure", "language"),
        (LONG, "Министр иностранных дел сказал что переговоры начнутся скоро в столице", "language"),
        ("وصل " * 200, "came " * 200, "too long"),
        (LONG, "He said", "ratio"),
        ("وصل 40 جنديا إلى المدينة", "Fourteen soldiers reached the city", "numbers"),
        ("وصل الجنود إلى المدينة", "The 57 soldiers reached the city", "numbers"),
    ],
)
def test_a_pair_is_dropped_for_the_first_reason(source: str, target: str, reason: str | None) -> None:
    kept, dropped = Cleaner(CleanOptions(), Overlap([], 8)).clean([Pair(source, target)])
    assert list(dropped) == ([reason] if reason else [])
    assert len(kept) == (reason is None)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (Pair(LONG, LONG_ENGLISH), "duplicate"),
        (Pair(LONG.replace("أمس", "امس") + ".", LONG_ENGLISH.upper()), "duplicate"),
        (Pair(LONG + " جدا", LONG_ENGLISH + " indeed"), "similar"),
        (Pair("مجلس الأمن", "Security Council"), None),
    ],
)
def test_what_was_seen_before_is_dropped(second: Pair, reason: str | None) -> None:
    kept, dropped = Cleaner(CleanOptions(), Overlap([], 8)).clean([Pair(LONG, LONG_ENGLISH), second])
    assert dropped == (Counter([reason]) if reason else Counter())
    assert len(kept) == 2 - (reason is not None)


@pytest.mark.parametrize(
    ("evaluated", "dropped"),
    [
        (LONG, 1),
        ("كما " + LONG.partition(" في ")[2], 1),
        ("yesterday. " + LONG_ENGLISH[: len(LONG_ENGLISH) // 2], 1),
        (" ".join(LONG.split()[:7]), 0),
        ("في عمان", 0),
    ],
)
def test_text_of_the_evaluation_sets_is_never_trained_on(evaluated: str, dropped: int) -> None:
    _, counts = Cleaner(CleanOptions(), Overlap([evaluated], 8)).clean([Pair(LONG, LONG_ENGLISH)])
    assert counts["evaluation"] == dropped


def test_rules_can_be_switched_off() -> None:
    off = CleanOptions(numbers=False, language=False, duplicates=False, near_duplicates=1, overlap=0, ratio=(0, 100))
    pair = Pair("وصل 40 جنديا إلى المدينة في الصباح", "Fourteen")
    kept, dropped = Cleaner(off, Overlap([pair.source], 0)).clean([pair, pair])
    assert (kept, dropped) == ([pair, pair], Counter())


def test_the_report_counts_by_corpus_and_reason() -> None:
    dropped: dict[str, Counter[Reason]] = {"a.tsv": Counter(["numbers", "numbers"]), "b.tsv": Counter()}
    text = report(dropped, {"a.tsv": 3, "b.tsv": 4})
    assert "| a.tsv | 5 | 3 | 2 |" in text and "| all | 9 | 7 | 2 |" in text and "- numbers: " in text


@pytest.mark.parametrize("name", sorted(SLIPS))
def test_each_slip_changes_what_it_is_for_and_is_the_same_for_a_seed(name: str) -> None:
    text = "أعلنت الحكومةُ في عمّان، أمس، أن 25 مليونًا على الأقل ستُصرف إلى المستشفيات"
    changed = {SLIPS[name](text, Random(seed)) for seed in range(20)}
    assert changed - {text}
    assert SLIPS[name](text, Random(3)) == SLIPS[name](text, Random(3))
    assert SLIPS[name]("قال", Random(3)) == "قال" or name == "yaa"


def test_noise_leaves_most_of_a_text_as_it_is() -> None:
    changed = [noisy(LONG, Random(seed)) for seed in range(50)]
    assert all(len(text) > 0.9 * len(LONG) for text in changed) and len(set(changed)) > 10


def lexicons(tmp_path: Path, content: str, *, replaced: float) -> Lexicons:
    (tmp_path / "terms.tsv").write_text(content)
    return Lexicons(TermOptions.model_validate({"share": 1, "replaced": replaced, "lexicons": [{"files": str(tmp_path / "terms.tsv")}]}))


def test_terms_are_found_behind_clitics_and_named_as_they_stand(tmp_path: Path) -> None:
    known = lexicons(tmp_path, "محكمة\tcourt\nمجلس الأمن\tthe Security Council\nعمّان\tAmman (city)\n", replaced=0)
    pair = Pair("أحيل إلى مجلس الأمن، وبمحكمة في عمان", "It went to the Security Council, and to a court in Amman")
    wanted = [known.ask(pair, Random(seed)) for seed in range(30)]
    assert {w.target for w in wanted if w} == {pair.target}
    named = {term for w in wanted if w for term in w.terms.split("; ")}
    assert named == {"مجلس الأمن = Security Council", "عمان = Amman"}


def test_replaced_terms_stand_in_the_prompt_and_in_the_target(tmp_path: Path) -> None:
    known = lexicons(tmp_path, "عمّان\tAmman\nلاهاي\tThe Hague\n", replaced=1)
    wanted = [known.ask(Pair("وصل الوفد إلى عمان مساء", "The delegation reached Amman in the evening"), Random(seed)) for seed in range(20)]
    assert {(w.terms, w.target) for w in wanted if w} == {
        ("عمان = Amman", "The delegation reached Amman in the evening"),
        ("عمان = Hague", "The delegation reached Hague in the evening"),
    }


def test_a_text_without_known_terms_asks_for_none(tmp_path: Path) -> None:
    assert lexicons(tmp_path, "عمّان\tAmman\n", replaced=0).ask(TWO[0], Random(1)) is None


def recipe_of(tmp_path: Path, pairs: list[tuple[str, str]], **options: object) -> Recipe:
    (tmp_path / "data.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    return make_recipe(data=[{"files": str(tmp_path / "data.tsv")}], **{"clean": {"near_duplicates": 1}, **options})


def ignore(message: str) -> None:
    pass


def test_part_of_the_data_is_held_out_and_not_trained_on(tmp_path: Path) -> None:
    mixture = mix(recipe_of(tmp_path, tiny.PAIRS, held_out={"lines": 9}), MODEL, tell=ignore)
    trained, held_out = ({e.source for e in part} for part in (mixture.examples, mixture.held_out))
    assert len(held_out) == 9 and len(trained) == len(tiny.PAIRS) - 9 and not trained & held_out


def test_held_out_files_are_cleaned_out_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "held.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in tiny.PAIRS[:20]))
    mixture = mix(recipe_of(tmp_path, tiny.PAIRS, held_out={"files": str(tmp_path / "held.tsv"), "lines": 10}), MODEL, tell=ignore)
    held_out = {e.source for e in mixture.held_out}
    assert len(held_out) == 10 and not held_out & {e.source for e in mixture.examples}
    assert "| data.tsv | 180 | 170 | 10 |" in mixture.report


def test_noise_and_terms_come_as_often_as_the_recipe_says(tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("القاهرة\tCairo\nعمان\tAmman\nبيروت\tBeirut\nتونس\tTunis\nالرباط\tRabat\nدمشق\tDamascus\n")
    options = {"noise": 0.2, "terms": {"share": 0.5, "replaced": 0, "lexicons": [{"files": str(tmp_path / "terms.tsv")}]}}
    examples = mix(recipe_of(tmp_path, tiny.PAIRS, **options), MODEL, tell=ignore).examples
    asked = [e for e in examples if e.prompt.startswith("Terms: ") and "Arabic: {source}\nEnglish:" in e.prompt]
    long = [e for e in examples if len(e.source.split()) >= 5]
    assert 0.35 < len(asked) / len(long) < 0.65


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        ([tiny.PAIRS[0]] * 500, {}, "nothing to train on: 1 examples are left, at least 8 are needed; dropped: duplicate 499"),
        ([(b, a) for a, b in tiny.PAIRS], {}, "dropped: swapped 180"),
        (tiny.PAIRS, {"held_out": {"files": "data.tsv"}}, "data.tsv: held out and trained on at once"),
        (tiny.PAIRS, {"held_out": {"files": "copy.tsv", "lines": 500}}, "nothing to train on: 0 examples are left"),
        (tiny.PAIRS, {"evaluation": {"files": ["gone.en"]}}, "gone.en: no such file; the paths of a recipe are relative to the recipe"),
        (tiny.PAIRS, {"data": [{"files": "a.jsonl", "task": "summaries"}]}, "has no digest_prompt"),
        (tiny.PAIRS, {"terms": {"share": 0.1, "lexicons": [{"files": "gone.tsv"}]}}, "gone.tsv: no such file"),
    ],
)
def test_a_mixture_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pairs: list[tuple[str, str]], options: dict[str, object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("copy.tsv").write_text("".join(f"{source}\t{target}\n" for source, target in pairs))
    Path("a.jsonl").write_text(json.dumps({"text": "T", "headline": "H", "lead": "L", "summary": "S"}) + "\n")
    recipe = recipe_of(tmp_path, pairs)
    recipe = make_recipe(**{**recipe.model_dump(), **options})
    with pytest.raises(MTError) as caught:
        mix(recipe, MODEL, tell=ignore)
    assert message in str(caught.value)


def test_terms_need_a_prompt(tmp_path: Path) -> None:
    options = {"terms": {"share": 0.5, "lexicons": [{"files": str(tmp_path / "data.tsv")}]}}
    with pytest.raises(ConfigError, match="has no terms_prompt"):
        mix(recipe_of(tmp_path, tiny.PAIRS, **options), ModelOptions(prompt="{source}"), tell=ignore)


def test_paths_of_a_recipe_start_from_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("base: ./m\ndata:\n- {files: '*.tsv', weight: 2}\nheld_out: {files: x/h.ar}\nrate: 1e-3\n")
    recipe = load_recipe(tmp_path / "r.yaml", minutes=2, held_out={"lines": 7})
    assert (recipe.base, recipe.data[0].files, recipe.data[0].weight) == (f"{tmp_path}/m", f"{tmp_path}/*.tsv", 2)
    assert (recipe.held_out.files, recipe.held_out.lines, recipe.minutes, recipe.rate) == (f"{tmp_path}/x/h.ar", 7, 2, 1e-3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("data: []\nratee: 1", "r.yaml: unknown key 'ratee'; expected one of base, data, clean"),
        ("base: builtin", "r.yaml: data: field required"),
        ("data:\n- {files: x, wait: 1}", "r.yaml: data: 0: unknown key 'wait'; expected one of files, task, weight"),
        ("data: []\nclean: {ration: 1}", "r.yaml: clean: unknown key 'ration'; expected one of max_words"),
        ("data: []\nrate: -1", "r.yaml: rate: input should be greater than 0, got -1"),
    ],
)
def test_a_wrong_recipe_is_named_with_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "r.yaml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_recipe(tmp_path / "r.yaml")
    assert message in str(caught.value)


def test_the_shipped_recipe_is_valid_and_says_what_is_missing() -> None:
    recipe = load_recipe(Path(__file__).parent.parent / "configs/train/builtin.yaml")
    assert recipe.base == "builtin" and {part.task for part in recipe.data} == {"translate", "summaries"}
    assert recipe.terms.prompt == f"Terms: {{terms}}\n{load_config(recipe.base).model.prompt}"
