"""Scores are sacreBLEU's; what is ours is what is scored."""

from pathlib import Path

import pytest

from mt import evaluate
from mt.errors import ConfigError, InputError
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
