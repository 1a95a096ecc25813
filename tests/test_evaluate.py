"""Scores are sacreBLEU's; what is ours is what is scored."""

import gzip
import json
from pathlib import Path

import pytest

from mt import evaluate
from mt.cli import main
from mt.errors import ConfigError, InputError
from mt.evaluate.faithful import Carried, faithfulness
from mt.evaluate.sets import read_sets
from tests import tiny
from tests.fakes import fake_pipeline, plain_english

REFERENCE = [
    "The delegation arrived in Amman in the evening.",
    "The minister said that the talks had begun.",
    "Prices rose by 3.5% in March.",
    "The ministers will meet again in The Hague.",
]
CLOSE = [
    "The delegation arrived in Amman in the evening.",
    "The minister said the talks had started.",
    "Prices rose by 3.5% in March.",
    "The ministers meet again in The Hague.",
]
FAR = ["The group came.", "He said something about talks.", "It went up.", "They meet."]


def test_scores_are_those_of_sacrebleu() -> None:
    # From the tool itself: `sacrebleu REFERENCE -i CLOSE -m bleu chrf`, version 2.6.0.
    report = evaluate.score({"close": CLOSE}, REFERENCE)
    assert round(report.rows[0].bleu.value, 1) == 75.9
    assert round(report.rows[0].chrf.value, 1) == 87.4


def test_other_systems_are_tested_against_the_first() -> None:
    report = evaluate.score({"close": CLOSE, "far": FAR, "same": CLOSE}, REFERENCE)
    first, far, same = report.rows
    assert [row.system for row in report.rows] == ["close", "far", "same"]
    assert first.bleu.p is None and first.chrf.p is None
    assert far.bleu.value < first.bleu.value and far.chrf.value < first.chrf.value
    assert far.chrf.p is not None and far.chrf.p < 0.05
    assert (same.bleu.p, same.chrf.p) == (1.0, 1.0)
    assert all(row.bleu.interval > 0 for row in (first, far))


def test_signatures_say_what_was_done_and_scores_repeat() -> None:
    report = evaluate.score({"close": CLOSE, "far": FAR}, REFERENCE, resamples=50)
    assert "tok:13a" in report.bleu_signature and "bs:50" in report.bleu_signature and "seed:12345" in report.bleu_signature
    assert "nc:6|nw:0" in report.chrf_signature
    assert evaluate.score({"close": CLOSE, "far": FAR}, REFERENCE, resamples=50) == report


@pytest.mark.parametrize(
    ("systems", "reference", "message"),
    [
        ({"ours": CLOSE[:3]}, REFERENCE, "ours has 3 lines, the reference 4"),
        ({"ours": CLOSE, "peer": [*CLOSE, "x"]}, REFERENCE, "peer has 5 lines"),
        ({"ours": []}, [], "the reference is empty"),
    ],
)
def test_lines_that_do_not_match_are_refused(systems: dict[str, list[str]], reference: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate.score(systems, reference)


@pytest.mark.parametrize(
    ("content", "count", "lines"),
    [
        ("a\nb\n", None, ["a", "b"]),
        ("a\nb", None, ["a", "b"]),
        ("a\r\nb\r\n", None, ["a", "b"]),
        ("a\n\nb\n", None, ["a", "", "b"]),
        ("a\N{LINE SEPARATOR}b\x0bc\x85\nd\n", None, ["a\N{LINE SEPARATOR}b\x0bc\x85", "d"]),
        ("a\nb\nc\n", 2, ["a", "b"]),
        ("a\n", 5, ["a"]),
        ("", None, []),
    ],
)
def test_lines_end_at_line_feeds_only(tmp_path: Path, content: str, count: int | None, lines: list[str]) -> None:
    (tmp_path / "f").write_bytes(content.encode())
    assert evaluate.read_lines(tmp_path / "f", count) == lines


def test_entities_are_resolved_where_asked(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("He said &quot;no&quot; &amp; left; it&#39;s &apos;off&apos;\n")
    assert evaluate.read_lines(tmp_path / "f", unescape=True) == ["He said \"no\" & left; it's 'off'"]
    assert evaluate.read_lines(tmp_path / "f")[0].startswith("He said &quot;")


def test_peers_are_named_by_what_stands_between(tmp_path: Path) -> None:
    for name in ("dev.en", "dev.google.en", "dev.opus-big.en", "dev.google.de", "test.google.en"):
        (tmp_path / name).touch()
    assert list(evaluate.peers_in(tmp_path, Path("elsewhere/dev.en"))) == ["google", "opus-big"]
    with pytest.raises(ConfigError, match=r"expected files named other\.NAME\.en"):
        evaluate.peers_in(tmp_path, Path("other.en"))


def test_each_line_becomes_one_line_in_its_place() -> None:
    lines = ["وصل الوفد. غادر الوفد.", "", "no Arabic", "42", "متى يغادر؟"]
    done = evaluate.translate_lines(fake_pipeline(), lines)
    english = {line: plain_english(line) for line in ("وصل الوفد.", "غادر الوفد.", "متى يغادر؟")}
    assert done.texts == (f"{english['وصل الوفد.']} {english['غادر الوفد.']}", "", "no Arabic", "42", english["متى يغادر؟"])
    assert done.signature.startswith("model:fake")


def test_lines_with_flags_are_counted() -> None:
    done = evaluate.translate_lines(fake_pipeline(lambda source: ""), ["وصل الوفد.", "غادر الوفد.", "42"])
    assert done.flagged == 2


# A folder of evaluation files

ARABIC = ["وصل الوفد مساء أمس.", "قال الوزير إن 40 جنديا من NATO وصلوا.", "غادر الوفد عمان صباح الجمعة.", "متى يغادر الوزير إذن؟"]
ENGLISH = [
    "The delegation arrived yesterday evening.",
    "The minister said 40 NATO soldiers arrived.",
    "The delegation left Amman on Friday.",
    "So when?",
]
ARTICLE = {
    "id": "politics-visit",
    "title_en": "A visit",
    "paragraphs_ar": [" ".join(ARABIC[:2]), ARABIC[2]],
    "paragraphs_en": [" ".join(ENGLISH[:2]), ENGLISH[2]],
    "summary_en": ENGLISH[1],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "peers").mkdir()
    (tmp_path / "news").mkdir()
    (tmp_path / "dev.ar").write_text("".join(f"{line}\n" for line in ARABIC), encoding="utf-8")
    (tmp_path / "dev.en").write_text("".join(f"{line}\n" for line in ENGLISH), encoding="utf-8")
    (tmp_path / "peers/dev.google.en").write_text("".join(f"{line}\n" for line in ENGLISH), encoding="utf-8")
    (tmp_path / "news/visit.json").write_text(json.dumps(ARTICLE), encoding="utf-8")
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress((json.dumps({**ARTICLE, "kind": "sport", "summary_en": ""}) + "\n").encode()))
    return tmp_path


def test_sets_of_a_folder_are_found_and_cut(folder: Path) -> None:
    sets = {found.name: found for found in read_sets(folder)}
    assert list(sets) == ["dev", "more", "news"]
    assert sets["dev"].peers == {"google": tuple(ENGLISH)} and sets["dev"].subjects == ("",) * 4
    assert sets["news"].sources == tuple(ARTICLE["paragraphs_ar"]) and set(sets["news"].subjects) == {"politics"}
    assert set(sets["more"].subjects) == {"sport"}
    assert [len(found.sources) for found in read_sets(folder, 1)] == [1, 2, 2]  # articles stay whole
    assert read_sets(folder, 1)[0].peers["google"] == (ENGLISH[0],)


def test_a_folder_is_measured_and_told_about(folder: Path) -> None:
    answers = dict(zip(ARABIC, [*ENGLISH[:3], "Nothing of the kind."], strict=True))
    report = evaluate.evaluate_folder(fake_pipeline(answers.__getitem__), folder, against=fake_pipeline(), resamples=20)
    dev = report.sets[0]
    assert [row.system for row in dev.scores.rows] == ["builtin", "builtin (other)", "google"]
    assert dev.faithful["builtin"].numbers == Carried(1, 1) and dev.faithful["builtin"].tokens == Carried(1, 1)
    assert [(group.name, group.lines) for group in dev.by_length] == [("1 to 10 words", 4)]
    assert [(group.name, group.lines) for group in report.sets[2].by_subject] == [("politics", 2)]
    assert (report.worst[0].source, report.worst[0].text) == (ARABIC[3], "Nothing of the kind.")
    assert report.sets[1].summaries is None
    summaries = report.sets[2].summaries
    assert summaries is not None and summaries.documents == 1 and summaries.supported == 100.0 and summaries.numbers == 100.0
    text = evaluate.as_markdown(report)
    assert "## dev, 4 segments" in text and "| google | 100.0 ± 0.0 |" in text and "| politics | 2 |" in text
    assert "100.0% of 3 summary sentences fully supported" in text


def test_the_worst_page_says_what_went_wrong(folder: Path) -> None:
    report = evaluate.evaluate_folder(fake_pipeline(lambda source: "Some 70 | soldiers came."), folder, summaries=False, resamples=20)
    page = evaluate.worst_page(report)
    assert (
        page.startswith("# The 6 worst segments") or page.startswith("# The 7 worst segments") or page.startswith("# The 8 worst segments")
    )
    assert "The source has 40, the English does not" in page and "Missing in the English: NATO." in page
    assert "Not in it, of the person's words: " in page and "> **Arabic** " in page


def test_what_must_come_over_is_counted() -> None:
    sources = ["وصل 40 جنديا و12 ضابطا", "قال NATO وUN ذلك", "وصل الوفد", "وصل الوفد إلى عمان مساء أمس"]
    texts = ["40 soldiers came", "NATO said so", "وصل", "The the the the the the the the the the"]
    measured = faithfulness(sources, texts)
    assert (measured.numbers, measured.tokens) == (Carried(1, 2), Carried(1, 2))
    assert (measured.lines, measured.any_spoilt) == (4, 2) and measured.spoilt[:2] == (1, 1)
    assert Carried(0, 0).share == 100.0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.txt", "", "nothing to evaluate on; expected NAME.ar with NAME.en, or articles as NAME/*.json"),
        ("a/x.json", "{}", "not an article; expected id, paragraphs_ar and paragraphs_en"),
        ("a/x.json", "no", "not an article"),
        ("a/x.json", '{"id": "x", "paragraphs_ar": ["و"], "paragraphs_en": []}', "x: 1 Arabic paragraphs, 0 English; they must match"),
    ],
)
def test_a_folder_that_cannot_be_measured_says_why(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message.replace("*", r"\*")):
        read_sets(tmp_path)


def test_sides_of_a_set_must_match(folder: Path) -> None:
    (folder / "dev.en").write_text("one\n")
    with pytest.raises(InputError, match=r"dev\.ar has 4 lines, .*dev\.en 1"):
        read_sets(folder)


def test_the_command_measures_a_folder(folder: Path, marian: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for suffix, side in ((".ar", 0), (".en", 1)):
        (folder / f"dev{suffix}").write_text("".join(f"{pair[side]}\n" for pair in tiny.PAIRS[:4]), encoding="utf-8")
    for extra in ("news/visit.json", "more.jsonl.gz"):
        (folder / extra).unlink()
    command = ["eval", str(folder), "--model", str(marian), "--lines", "3", "--worst", str(folder / "worst.md"), "--json"]
    assert main([*command, "--backend", "transformers", "--set", "engine.threads=1"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["sets"]
    assert (found["scores"]["lines"], found["scores"]["rows"][0]["chrf"]["value"]) == (3, 100.0)
    assert (folder / "worst.md").read_text(encoding="utf-8").startswith("# The 3 worst segments")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["eval", "{folder}", "{folder}/dev.en"], "is a folder: give no reference, hypothesis, peer or --save"),
        (["eval", "{folder}/dev.ar"], "expected a folder, or a file with the reference after it"),
        (["eval", "{folder}/dev.ar", "{folder}/dev.en", "--worst", "x.md"], "--against and --worst are for a folder"),
    ],
)
def test_wrong_use_of_the_command_is_said(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main([argument.format(folder=folder) for argument in arguments]) == 2
    assert message in capsys.readouterr().err
