"""Files, terms and corrections of the page, below its layout."""

import zipfile
from pathlib import Path

import pytest

from mt.config import Config
from mt.formats import FileOptions
from mt.pipeline import Pipeline
from mt.web import about, documents, session, terms
from mt.web.article import Service, earlier, kept
from tests.fakes import FakeEngine, fake_pipeline

TEXT = "وصل الوفد إلى عمان."


@pytest.fixture
def own(tmp_path: Path) -> session.Session:
    (tmp_path / "own").mkdir()
    return session.Session(tmp_path / "own")


def english(pipeline: Pipeline) -> str:
    return pipeline.translate(TEXT).text


def test_a_correction_is_used_next_time_and_by_nobody_else(own: session.Session) -> None:
    base = fake_pipeline()
    own = session.correct(own, base, TEXT, "The delegation came to Amman.")
    assert english(session.pipeline_of(own, base)) == "The delegation came to Amman."
    assert english(session.pipeline_of(None, base)) == english(base) != "The delegation came to Amman."
    assert [entry.english for entry in session.corrections(own, base)] == ["The delegation came to Amman."]


def test_corrections_go_to_the_memory_that_the_program_was_started_with(own: session.Session, tmp_path: Path) -> None:
    config = Config.model_validate({"terms": {"memory": str(tmp_path / "shared.sqlite")}})
    base = Pipeline(config, FakeEngine())
    assert session.correct(own, base, TEXT, "It came.") == own
    assert english(base) == "It came."
    assert [entry.english for entry in session.corrections(None, base)] == ["It came."]


def test_a_term_of_the_page_comes_out_or_is_flagged(own: session.Session) -> None:
    own, wrong = session.use_terms(own, [["الوفد", "delegation"], ["", ""], ["محكمة", ""]], starter=False)
    assert [term.target for term in own.terms] == ["delegation"]
    assert [problem.place for problem in wrong] == ["row 3"]
    [translation] = session.pipeline_of(own, fake_pipeline()).translate(TEXT).translations
    assert "delegation" in translation.text or "glossary" in translation.flags


def test_terms_of_the_table_are_said_to_be_in_use() -> None:
    now, said = terms.taken([["الوفد", "delegation"], ["وزير", "minister"]], True, None)
    assert now is not None and now.starter
    assert "2 terms in use, and the starter glossary" in said
    session.end(now)
    assert not now.folder.exists()


def test_corrections_are_saved_and_read_again_as_tmx(own: session.Session, tmp_path: Path) -> None:
    base = fake_pipeline()
    assert session.save_corrections(own, base, tmp_path) is None
    file = session.save_corrections(session.correct(own, base, TEXT, "It came."), base, tmp_path)
    assert file is not None
    other, count = session.load_corrections(session.start(), base, file)
    assert count == 1
    assert english(session.pipeline_of(other, base)) == "It came."
    session.end(other)


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", "{}", '{"source": "خبر"}', '{"source": "news", "english": "x"}', '{"source": "خبر", "english": " "}']
)
def test_a_correction_that_makes_no_sense_is_said(sent: str) -> None:
    now, said = kept(sent, None, fake_pipeline())
    assert "mt-error" in said
    session.end(now)


def test_earlier_results_are_the_last_ones_of_this_reader(own: session.Session) -> None:
    for n in range(session.KEPT_RESULTS + 3):
        *_, page = Service(fake_pipeline()).pages(f"خبر رقم {n}.", 1, True, "en")
        own = own.remember(page)
    names = earlier(own)
    assert len(names) == session.KEPT_RESULTS
    assert "12" in names[0][0]
    assert earlier(None) == []


def make_files(folder: Path) -> list[Path]:
    page = f"<html dir='rtl'><body><p>{TEXT}</p></body></html>"
    contents = {"a.md": f"# خبر\n\n{TEXT}\n", "b.html": page, "c.docx": "no document", "d.txt": "x"}
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in contents]


def test_files_are_translated_and_a_bad_one_does_not_stop_the_others(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    *_, works = documents.translated(fake_pipeline(), make_files(tmp_path), FileOptions(bilingual=True), out)
    assert [work.failed for work in works] == [False, False, True, True]
    assert {path.name for work in works for path in work.written} == {"a.md", "a.bilingual.md", "b.html", "b.bilingual.html"}
    assert "Wcl alwfd ali gman." in (out / "b.html").read_text(encoding="utf-8")
    assert all(str(tmp_path) not in work.state for work in works)
    shown = documents.table(works)
    assert shown.count("mt-failed") == 2
    [archive, *files] = documents.packed(works, out)
    assert len(files) == 4
    assert sorted(zipfile.ZipFile(archive).namelist()) == sorted(Path(file).name for file in files)


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    paths = []
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "a.txt")
        paths[-1].write_text(TEXT, encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    *_, works = documents.translated(fake_pipeline(), paths, FileOptions(), out)
    assert [path.name for work in works for path in work.written] == ["a.txt", "a (2).txt"]


def test_too_much_text_names_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(f"{TEXT}\n" * 30_000, encoding="utf-8")
    *_, works = documents.translated(fake_pipeline(), [path], FileOptions(), tmp_path)
    assert works[0].failed
    assert "mt batch" in works[0].state


def test_about_names_model_marks_and_licences() -> None:
    shown = about.html(fake_pipeline())
    for text in ("builtin", "opus-big", "CC-BY-NC", "mt models get", "glossary term missing", "model:fake"):
        assert text in shown
