"""`mt glossary`, `mt memory`, and --glossary and --memory of the commands that translate."""

from pathlib import Path

import pytest

from mt.cli import main
from mt.cli.options import configuration
from mt.memory import Memory

SOURCE, ENGLISH = "وصل الوفد إلى العاصمة.", "The delegation is in the capital."


def test_check_names_file_and_row_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.csv").write_text("source,target\nمحكمة,court\nمحكمه,tribunal\nوزير,\n", encoding="utf-8")
    assert main(["glossary", "check", str(tmp_path / "g.csv")]) == 1
    out, err = capsys.readouterr()
    assert "g.csv:3: error: محكمه: two translations" in out
    assert "g.csv:4: error: وزير: the English side is empty" in out
    assert "3 terms, 2 errors" in err


def test_check_of_a_sound_glossary_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glossary", "check", "starter"]) == 0
    assert capsys.readouterr().out == ""


def test_list_is_a_glossary_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "g.yaml").write_text("- {ar: محكمة, en: court, forbidden: [law], accepted: [bench*], case: exact}\n", encoding="utf-8")
    assert main(["glossary", "list", str(tmp_path / "g.yaml")]) == 0
    listed = capsys.readouterr().out
    (tmp_path / "g.tsv").write_text(listed, encoding="utf-8")
    assert main(["glossary", "list", str(tmp_path / "g.tsv")]) == 0
    assert capsys.readouterr().out == listed


def test_find_shows_terms_of_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["glossary", "find", "starter", "اجتماع لمجلس الأمن الدولي"]) == 0
    assert capsys.readouterr().out.startswith("لمجلس الأمن")


def test_add_find_export_import_stats_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two, tmx = (str(tmp_path / name) for name in ("one.db", "two.db", "x.tmx"))
    assert main(["memory", "add", one, SOURCE, ENGLISH, "--note", "n"]) == 0
    assert main(["memory", "find", one, "وصل  الوفد إلى العاصمة."]) == 0
    assert capsys.readouterr().out == f"same\t1.000\t{ENGLISH}\t{SOURCE}\n"
    assert main(["memory", "export", one, tmx]) == 0
    assert main(["memory", "import", two, tmx]) == 0
    assert main(["memory", "stats", two]) == 0
    assert "1 translations of people" in capsys.readouterr().out
    assert main(["memory", "remove", two, SOURCE]) == 0
    assert main(["memory", "remove", two, SOURCE]) == 1
    assert main(["memory", "clear-outputs", two]) == 0
    assert Memory(two).stats().entries == 0


@pytest.mark.parametrize("command", ["stats", "clear-outputs"])
def test_a_memory_that_is_not_there_is_not_made(tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", command, str(tmp_path / "none.db")]) == 1
    assert "no such memory" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


def test_options_reach_the_configuration() -> None:
    made = configuration("builtin", None, ["terms.memory_threshold=0.8"], glossary=["a.csv", "starter"], memory="m.db")
    assert (made.terms.glossary, made.terms.memory, made.terms.memory_threshold) == (("a.csv", "starter"), "m.db", 0.8)


def test_a_missing_glossary_is_said_before_anything_is_translated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "--text", SOURCE, "--glossary", str(tmp_path / "none.csv")]) == 1
    assert "none.csv: cannot be read" in capsys.readouterr().err
