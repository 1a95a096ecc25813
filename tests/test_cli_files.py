"""Files in, the same kind of file out, on the command line."""

import io
import os
import sys
from pathlib import Path

import pytest

from mt.cli import files, main, texts
from mt.cli.files import Source
from mt.cli.layouts import layouts
from mt.errors import ConfigError
from mt.formats import WRITERS, FileOptions
from mt.pipeline import Pipeline
from tests.fakes import fake_pipeline, plain_english

PAGE = '<html lang="ar" dir="rtl"><p>وصل <b>الوفد</b>.</p></html>'
ENGLISH_PAGE = '<html lang="en" dir="ltr"><p>Wcl <b>alwfd</b>.</p></html>'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text(PAGE, encoding="utf-8")
    Path("text.md").write_text("# وصل **الوفد**\n", encoding="utf-8")
    Path("plain.txt").write_text("وصل الوفد.", encoding="utf-8")
    Path("english.html").write_text("<p>Nothing.</p>", encoding="utf-8")
    Path("book.epub").write_bytes(b"PK")
    return tmp_path


def run(names: list[str], output: str | None = None, form: str = "text", to: str = "", *, pipeline: Pipeline | None = None) -> int:
    """`mt translate NAMES -o OUTPUT` with a fake engine."""
    read = files.sources(names, None)
    options = FileOptions(bilingual=form == "bilingual", to=to)
    kept = layouts(read, form, output, options, summary=False)
    own = {source: layout.suffix for source, layout in kept.items()}
    places = files.destinations(read, output, WRITERS[form].suffix, own=own)
    outcomes = texts.translated(lambda: pipeline or fake_pipeline(), read, 0, lambda done, total: None, options)
    return texts.deliver(outcomes, read, places, form, WRITERS[form], kept, strict=False, quiet=True)


def test_each_file_keeps_its_format_in_a_folder(folder: Path) -> None:
    assert run(["page.html", "text.md", "plain.txt"], "out/") == 0
    assert sorted(os.listdir("out")) == ["page.html", "plain.txt", "text.md"]
    assert Path("out/page.html").read_text() == ENGLISH_PAGE
    assert Path("out/text.md").read_text() == "# Wcl **alwfd**.\n"
    assert Path("out/plain.txt").read_text() == "Wcl alwfd.\n"


def test_a_page_goes_to_stdout_as_it_is(folder: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8"))
    assert run(["page.html"]) == 0
    assert capfdbinary.readouterr().out.decode() == ENGLISH_PAGE


@pytest.mark.parametrize(
    ("form", "output", "written"),
    [
        ("text", "out.txt", plain_english("وصل الوفد.") + "\n"),
        ("bilingual", "out.txt", "[1] وصل الوفد.\n    Wcl alwfd.\n"),
        ("tsv", "out.tsv", "segment\tblock\tsource\tenglish\tflags\n1\t1\tوصل الوفد.\tWcl alwfd.\t\n"),
    ],
)
def test_any_file_can_become_text(folder: Path, form: str, output: str, written: str) -> None:
    assert run(["page.html"], output, form) == 0
    assert Path(output).read_text(encoding="utf-8") == written


def test_a_bilingual_page_is_a_page(folder: Path) -> None:
    assert run(["page.html"], "out.html", "bilingual") == 0
    assert '<span class="mt-source" lang="ar" dir="rtl"' in Path("out.html").read_text(encoding="utf-8")


def test_a_page_without_arabic_fails_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["english.html", "page.html"], "out/") == 1
    assert os.listdir("out") == ["page.html"]
    assert "english.html has no Arabic in it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("translate page.html --summary 2", "--summary has no place in page.html; use -o NAME.txt, --json"),
        ("translate page.html -o out.md", "out.md: page.html becomes .html; name it so, or .txt for its text"),
        ("translate page.html -o page.html", "page.html: would overwrite the source"),
        ("translate page.html --to docx", "--to docx: page.html can become html"),
        ("translate plain.txt --to docx", "--to is about files that keep their layout"),
        ("translate page.html book.epub", "book.epub: what comes out is no text to show; name a file or a folder with -o"),
        ("translate page.html --url http://example.org/", "--url excludes files and --text"),
        ("translate plain.txt page.html -o plain.txt", "plain.txt: is a file; several inputs need a folder"),
    ],
)
def test_wrong_use_is_said_before_anything_is_read(folder: Path, arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 2
    assert message in capsys.readouterr().err


def test_a_book_is_not_shown_on_a_terminal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(ConfigError, match="book.epub: what comes out is no text to show"):
        layouts([Source("file", "book.epub")], "text", None, FileOptions(), summary=False)


def test_a_private_address_is_not_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["translate", "--url", "http://127.0.0.1/"]) == 1
    assert "http://127.0.0.1/: 127.0.0.1 is not on the public internet" in capsys.readouterr().err


def test_segments_of_a_page_are_its_sentences(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", "page.html"]) == 0
    assert capsys.readouterr().out == "وصل الوفد.\n"


def test_pages_are_named_after_their_address() -> None:
    read = [Source("url", "https://example.org/news/visit.html?x=1"), Source("url", "https://example.org/")]
    assert files.destinations(read, "out/", ".txt") == [Path("out/visit.txt"), Path("out/example.txt")]


def test_bytes_are_written_whole(tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "a" / "b.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\xff"


def test_half_a_character_does_not_end_a_command(tmp_path: Path) -> None:
    files.write(tmp_path / "a.txt", "a\ud83d b")
    assert (tmp_path / "a.txt").read_bytes() == b"a? b"
