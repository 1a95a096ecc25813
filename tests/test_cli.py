"""The command line from outside: arguments in, text and exit codes out. What translates is fake or tiny."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mt.cli import console, files, main, texts
from mt.cli.files import Source
from mt.config import Config
from mt.data import Hypothesis, Result
from mt.errors import InputError
from mt.formats import WRITERS
from mt.pipeline import Pipeline, Prepared
from tests import tiny
from tests.fakes import FakeEngine, fake_pipeline, plain_english

ARABIC = "وصل الوفد. غادر الوفد."
ENGLISH = " ".join(plain_english(sentence) for sentence in ("وصل الوفد.", "غادر الوفد."))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with some files that are no good."""
    monkeypatch.chdir(tmp_path)
    Path("good.txt").write_text(ARABIC, encoding="utf-8")
    Path("empty.txt").touch()
    Path("blank.txt").write_text(" \n\n", encoding="utf-8")
    Path("english.txt").write_text("Nothing Arabic here.\n", encoding="utf-8")
    Path("picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    Path("bytes.bin").write_bytes(bytes(range(256)))
    Path("folder").mkdir()
    Path("wrong.yaml").write_text("decoding:\n  num_beams: 4\n", encoding="utf-8")
    Path("list.yaml").write_text("- 1\n", encoding="utf-8")
    Path("broken.yaml").write_text("model: [\n", encoding="utf-8")
    Path("damaged").mkdir()
    Path("damaged/config.json").write_text('{"is_encoder_decoder": true}', encoding="utf-8")
    Path("two.txt").write_text("a\nb\n", encoding="utf-8")
    Path("three.txt").write_text("a\nb\nc\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        # what cannot be read
        ("translate missing.txt", 1, "mt: missing.txt: no such file"),
        ("translate folder", 1, "mt: folder: is a folder; name the files in it"),
        ("translate picture.txt", 1, "mt: picture.txt: is a picture, not text; accepted is"),
        ("translate bytes.bin", 1, "mt: bytes.bin: is a binary file"),
        ("translate good.txt/below.txt", 1, "mt: good.txt/below.txt: cannot be read: Not a directory"),
        ("summarize missing.txt", 1, "mt: missing.txt: no such file"),
        ("segment missing.txt", 1, "mt: missing.txt: no such file"),
        ("eval missing.txt two.txt", 1, "mt: missing.txt: no such file"),
        # wrong configuration
        ("translate good.txt --model nothing", 2, "unknown model or configuration 'nothing'; expected one of"),
        ("translate good.txt --model missing.yaml", 2, "mt: missing.yaml: no such file"),
        ("translate good.txt --model wrong.yaml", 2, "decoding: unknown key 'num_beams'; expected one of beam_size"),
        ("translate good.txt --config wrong.yaml", 2, "mt: wrong.yaml: decoding: unknown key 'num_beams'"),
        ("translate good.txt --config list.yaml", 2, "mt: list.yaml: expected sections"),
        ("translate good.txt --config broken.yaml", 2, "mt: broken.yaml: not valid YAML"),
        ("translate good.txt --model folder", 2, "mt: folder: not a model folder: expected a config.json"),
        ("translate good.txt --beam-size 0", 2, "beam_size: input should be greater than or equal to 1, got 0"),
        ("translate good.txt --backend magic", 2, "backend: input should be 'auto', 'transformers' or 'ctranslate2'"),
        ("translate good.txt --summary 1 --language fr", 2, "language: input should be 'en' or 'ar'"),
        ("translate good.txt --summary 1 --words 1", 2, "words: input should be greater than or equal to 5"),
        ("translate good.txt --set beam_size=4", 2, "--set beam_size=4: expected SECTION.OPTION=VALUE"),
        ("translate good.txt --set decoding.beam_size", 2, "expected SECTION.OPTION=VALUE"),
        ("translate good.txt --set coding.beam_size=4", 2, "unknown section 'coding'; expected one of model, decoding"),
        ("translate good.txt --set decoding.num_beams=4", 2, "unknown key 'num_beams'; expected one of beam_size"),
        ("translate good.txt --set decoding.beam_size=[", 2, "the value is not valid YAML"),
        ("translate good.txt --set decoding.beam_size=many", 2, "beam_size: input should be a valid integer"),
        ("translate good.txt --model damaged", 1, "damaged"),
        ("models info nothing", 2, "unknown model or configuration 'nothing'"),
        ("models get nothing", 2, "nothing"),
        ("models export nothing folder", 2, "nothing"),
        # wrong use
        ("translat", 2, "No such command 'translat'. Did you mean 'translate', 'train'?; see mt --help"),
        ("translate --nothing", 2, "No such option: --nothing"),
        ("translate --beam-size many", 2, "Invalid value for '--beam-size'"),
        ("translate --summary 51 good.txt", 2, "Invalid value for '--summary' / '-s'"),
        ("translate --json --jsonl good.txt", 2, "--json and --jsonl exclude each other"),
        ("translate --tsv --summary 2 good.txt", 2, "--tsv has no place for a summary"),
        ("translate good.txt --words 30", 2, "are about the summary; ask for one with --summary N"),
        ("translate --text x good.txt", 2, "--text and files exclude each other"),
        ("translate - -", 2, "can be read once only"),
        ("translate good.txt -o good.txt", 2, "mt: good.txt: would overwrite the source"),
        ("translate good.txt -o .", 2, "mt: good.txt: would overwrite the source"),
        ("translate good.txt english.txt -o two.txt", 2, "mt: two.txt: is a file; several inputs need a folder"),
        ("translate good.txt folder/good.txt -o out", 2, "good.txt and folder/good.txt would both be written there"),
        ("eval two.txt three.txt", 2, "two.txt has 2 lines, three.txt 3"),
        ("eval two.txt two.txt --hypothesis three.txt", 1, "three.txt has 3 lines, the reference 2"),
        ("eval two.txt two.txt --peer three.txt", 2, "--peer three.txt: expected NAME=FILE"),
        ("eval two.txt two.txt --hypothesis two.txt --peers folder", 2, "folder: no peer output; expected files named two.NAME.txt"),
        ("eval empty.txt empty.txt --hypothesis empty.txt", 1, "the reference is empty"),
    ],
)
def test_bad_input_gets_one_line_and_its_code(
    arguments: str, code: int, message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == code
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("mt: ")
    assert err.count("\n") == 1
    assert out == ""


def test_a_terminal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(["translate"]) == 2
    assert "nothing to read: name files, use --text, or pipe a text in" in capsys.readouterr().err


# What is written, with a pipeline that says what it is told


def run(
    read: list[Source], form: str = "text", *, pipeline: Pipeline | None = None, places: list[Path | None] | None = None, **how: bool
) -> int:
    outcomes = texts.translated(lambda: pipeline or fake_pipeline(), read, 0, lambda done, total: None)
    how = {"strict": False, "quiet": False} | how
    return texts.deliver(outcomes, read, places or [None] * len(read), form, WRITERS[form], strict=how["strict"], quiet=how["quiet"])


def silent(source: str) -> Hypothesis:
    return Hypothesis("", 0.0, 1)


def test_text_in_text_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Source("text", ARABIC)]) == 0
    assert capsys.readouterr() == (ENGLISH + "\n", "")


@pytest.mark.parametrize(
    ("strict", "quiet", "code", "message"),
    [
        (False, False, 0, "mt: text: 2 of 2 segments are doubtful; see --bilingual or --json\n"),
        (True, False, 3, "mt: text: 2 of 2 segments are doubtful; see --bilingual or --json\n"),
        (True, True, 3, ""),
    ],
)
def test_doubt_is_said_and_counts_where_strict(
    strict: bool, quiet: bool, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([Source("text", ARABIC)], pipeline=fake_pipeline(silent), strict=strict, quiet=quiet) == code
    assert capsys.readouterr().err == message


def test_json_carries_doubts_so_nothing_is_said_beside_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Source("text", ARABIC)], "json", pipeline=fake_pipeline(silent), strict=True) == 3
    out, err = capsys.readouterr()
    assert json.loads(out)["flagged"] == [0, 1]
    assert err == ""


def test_notes_are_said_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.txt").write_bytes("وصل الوفد إلى عمان".encode("cp1256"))
    assert run([Source("file", "old.txt")], "jsonl") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["notes"] == ["read as windows-1256"]
    assert err == "mt: old.txt: read as windows-1256\n"


MIXED = ["good.txt", "missing.txt", "empty.txt", "bytes.bin", "english.txt", "folder", "blank.txt"]


def test_one_bad_file_does_not_stop_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("last.txt").write_text("متى يغادر؟", encoding="utf-8")
    read = [Source("file", name) for name in [*MIXED, "last.txt"]]
    assert run(read, "jsonl") == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["good.txt", "last.txt"]
    assert len(err.splitlines()) == 6
    for name in MIXED[1:]:
        assert any(line.startswith(f"mt: {name}") for line in err.splitlines()), name


def test_the_model_is_not_loaded_for_nothing(folder: Path) -> None:
    def load() -> Pipeline:
        raise AssertionError

    outcomes = list(texts.translated(load, [Source("file", "missing.txt")], 0, lambda done, total: None))
    assert isinstance(outcomes[0].result, InputError)


@pytest.mark.parametrize(
    ("form", "check"),
    [
        ("text", lambda out: out == f"==> good.txt <==\n{ENGLISH}\n\n==> text <==\n{ENGLISH}\n\n"),
        ("jsonl", lambda out: [json.loads(line)["id"] for line in out.splitlines()] == ["good.txt", "text"]),
        ("json", lambda out: [record["id"] for record in json.loads(out)] == ["good.txt", "text"]),
    ],
)
def test_several_documents_on_stdout(form: str, check: object, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Source("file", "good.txt"), Source("text", ARABIC)], form) == 0
    assert callable(check) and check(capsys.readouterr().out)


def test_several_files_go_into_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("other.text").write_text(ARABIC, encoding="utf-8")
    read = files.sources(["good.txt", "other.text"], None)
    assert run(read, places=files.destinations(read, "new/out", ".txt")) == 0
    assert {path.name: path.read_text() for path in Path("new/out").iterdir()} == dict.fromkeys(("good.txt", "other.txt"), ENGLISH + "\n")
    assert capsys.readouterr() == ("", "")


def test_several_documents_may_share_one_jsonl(folder: Path) -> None:
    read = files.sources(["good.txt", "two.txt"], None)
    Path("two.txt").write_text(ARABIC, encoding="utf-8")
    assert run(read, "jsonl", places=files.destinations(read, "all.jsonl", ".jsonl", one_file=True)) == 0
    assert [json.loads(line)["id"] for line in Path("all.jsonl").read_text().splitlines()] == ["good.txt", "two.txt"]


def test_a_place_that_cannot_be_written_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([Source("text", ARABIC)], places=[Path("good.txt/below.txt")]) == 1
    assert "mt: good.txt/below.txt: cannot be written: good.txt is not a folder" in capsys.readouterr().err


def test_writing_leaves_the_old_file_or_the_new_one(folder: Path) -> None:
    before = set(os.listdir())
    with pytest.raises(TypeError):
        files.write_bytes(Path("good.txt"), "no bytes")  # type: ignore[arg-type]  # fails once the file beside is open
    assert Path("good.txt").read_text() == ARABIC
    files.write(Path("good.txt"), "new\r\n")
    assert Path("good.txt").read_bytes() == b"new\r\n"
    assert set(os.listdir()) == before


def test_writing_through_a_link_keeps_the_link(folder: Path) -> None:
    Path("link").symlink_to("good.txt")
    files.write(Path("link"), "new\n")
    assert Path("link").is_symlink()
    assert Path("good.txt").read_text() == "new\n"


@pytest.mark.parametrize(("terminal", "quiet", "shown"), [(True, False, True), (True, True, False), (False, False, False)])
def test_progress_is_for_terminals(
    terminal: bool, quiet: bool, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stderr(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    stderr = Stderr()
    monkeypatch.setattr(sys, "stderr", stderr)
    with console.progress("Translating", quiet=quiet) as progress:
        progress(1, 2)
        progress(2, 2)
        console.emit("result\n")
    assert ("Translating" in stderr.getvalue()) is shown
    assert capsys.readouterr().out == "result\n"


def test_what_is_no_file_is_written_into_not_replaced(folder: Path) -> None:
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        files.write(Path("pipe"), "through\n")
        assert reader.communicate()[0] == "through\n"
    assert Path("pipe").is_fifo()


@pytest.mark.parametrize(
    ("names", "output", "one_file", "places"),
    [
        (["a.txt"], None, False, [None]),
        (["a.txt"], "b.txt", False, ["b.txt"]),
        (["a.txt"], "folder", False, ["folder/a.txt"]),
        (["a.txt"], "new/", False, ["new/a.txt"]),
        (["a.txt", "x/b.md"], "new", False, ["new/a.txt", "new/b.txt"]),
        (["a.txt", "b.txt"], "all", True, ["all", "all"]),
        (["a.txt", "b.txt"], "folder", True, ["folder/a.txt", "folder/b.txt"]),
        (["-"], "folder", False, ["folder/stdin.txt"]),
    ],
)
def test_destinations(names: list[str], output: str | None, one_file: bool, places: list[str | None], folder: Path) -> None:
    found = files.destinations(files.sources(names, None), output, ".txt", one_file=one_file)
    assert [None if place is None else str(place) for place in found] == places


# A real model, small enough to be made here, named by its folder

PAIR, OTHER = tiny.PAIRS[0], tiny.PAIRS[30]
FAST = ["--backend", "transformers", "--set", "engine.compute_type=float32", "--set", "engine.threads=1"]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_model_folder_needs_no_yaml(marian: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("article.txt").write_text(f"{PAIR[0]}\n\n{OTHER[0]}\n", encoding="utf-8")
    assert main(["translate", "article.txt", "--model", str(marian), *FAST]) == 0
    assert capsys.readouterr() == (f"{PAIR[1]}\n\n{OTHER[1]}\n", "")


def test_config_yaml_in_a_model_folder_counts(marian: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in marian.iterdir():
        Path("folder", file.name).write_bytes(file.read_bytes())
    named = {"name": "mine", "path": str(folder / "folder"), "family": "seq2seq"}
    Path("folder/config.yaml").write_text(json.dumps({"model": named, "decoding": {"beam_size": 3}}), encoding="utf-8")
    for model in ("folder", "folder/config.yaml"):
        assert main(["translate", "--text", PAIR[0], "--json", "--model", model, *FAST]) == 0
        record = json.loads(capsys.readouterr().out)
        assert record["text"] == PAIR[1]
        assert record["signature"].startswith("model:mine|") and "|beam:3|" in record["signature"]


def test_summary_stands_above_the_text(marian: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{PAIR[0]} {OTHER[0]}"
    assert main(["translate", "--text", text, "--summary", "1", "--no-headline", "--model", str(marian), *FAST]) == 0
    summary, empty, english, end = capsys.readouterr().out.split("\n")
    assert english == f"{PAIR[1]} {OTHER[1]}"
    assert summary in {f"- {PAIR[1]} [1]", f"- {OTHER[1]} [2]"}
    assert (empty, end) == ("", "")


@pytest.mark.parametrize(
    ("text", "options", "sentences"),
    [
        (f"{PAIR[0]} {OTHER[0]}", [], [PAIR[1], OTHER[1]]),
        (f"{PAIR[0]} {OTHER[0]}", ["--language", "ar"], [PAIR[0], OTHER[0]]),
        (f"{PAIR[1]} {OTHER[1]}", [], [PAIR[1], OTHER[1]]),
    ],
    ids=["Arabic to English", "Arabic to Arabic", "English to English"],
)
def test_summary_of_each_language(
    text: str, options: list[str], sentences: list[str], marian: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["summarize", "--sentences", "1", "--json", "--model", str(marian), *FAST, *options]
    assert main([*command, "--text", text]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [sentence["text"] in sentences for sentence in record["sentences"]] == [True]
    assert record["sentences"][0]["evidence"][0]["text"] in sentences


def test_eval_translates_the_source(marian: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, side in (("dev.ar", 0), ("dev.en", 1)):
        Path(name).write_text("".join(f"{pair[side]}\n" for pair in tiny.PAIRS[:6]), encoding="utf-8")
    assert main(["eval", "dev.ar", "dev.en", "--json", "--save", "out.en", "--model", str(marian), *FAST]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["rows"][0]["system"], record["rows"][0]["chrf"]["value"], record["flagged"]) == (marian.name, 100.0, 0)
    assert Path("out.en").read_text() == Path("dev.en").read_text()


def test_models_without_a_network(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "get", "opus-big"]) == 1
    assert "HF_HUB_OFFLINE forbids" in capsys.readouterr().err
    assert main(["models", "get", "recommended", "--timeout", "5", "--or-offline"]) == 0
    assert capsys.readouterr().err.endswith("; going on with 'builtin'\n")


def test_models_are_listed_and_told_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = {line.split()[1]: line for line in capsys.readouterr().out.splitlines() if len(line.split()) > 2}
    assert "135 MB" in lines["builtin"] and "yes" in lines["builtin"]
    assert "yes" not in lines["nllb"] and "CC-BY-NC" in lines["nllb"]
    assert main(["models", "list", "--json"]) == 0
    assert {row["name"]: row["installed"] for row in json.loads(capsys.readouterr().out)}["builtin"] is True
    assert main(["models", "info", "nllb"]) == 0
    assert "folder: not installed; mt models get nllb\n" in capsys.readouterr().out


# The program as a process


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "mt.cli", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8")


def test_reader_that_goes_away_ends_it_quietly(folder: Path) -> None:
    Path("long.txt").write_text("وصل الوفد.\n" + ("وصل الوفد " * 10_000 + ".\n") * 2, encoding="utf-8")  # more than a pipe holds
    with start("segment", *["long.txt"] * 3) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "وصل الوفد.\n"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == console.BROKEN_PIPE


def test_interrupt_ends_it_with_one_line(folder: Path) -> None:
    with start("segment", "good.txt", "-") as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "وصل الوفد.\n"  # it is at work, and soon waits for the pipe
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "mt: stopped\n"
        assert process.wait() == 130


def test_pipe_in_pipe_out_in_an_old_encoding(folder: Path) -> None:
    command = [sys.executable, "-m", "mt.cli", "segment"]
    done = subprocess.run(command, input="وصل الوفد إلى عمان. غادر الوفد.".encode("cp1256"), capture_output=True, check=True)
    assert done.stdout.decode() == "وصل الوفد إلى عمان.\nغادر الوفد.\n"
    assert done.stderr.decode() == "mt: stdin: read as windows-1256\n"


@pytest.mark.parametrize("arguments", [["--help"], ["translate", "--help"], ["eval", "--help"], ["models", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    heavy = ["numpy", "yaml", "torch", "transformers", "ctranslate2", "sacrebleu", "gradio", "mt.pipeline", "mt.config"]
    code = f"import sys; from mt.cli import main; assert main({arguments}) == 0; sys.exit(str([m for m in {heavy} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"
    assert "mt" in done.stdout


# Commands that need no model


def test_segments_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["segment", "--text", "  وصل الوفد.\nغادر  الوفد؟ "]) == 0
    assert capsys.readouterr().out == "وصل الوفد.\nغادر الوفد؟\n"


def test_segments_as_json_are_lossless(capsys: pytest.CaptureFixture[str]) -> None:
    text = " وصل الوفد.\n\n غادر الوفد؟ "
    assert main(["segment", "--json", "--text", text]) == 0
    assert "".join(s["text"] + s["tail"] for s in json.loads(capsys.readouterr().out)) == text


def test_config_show_is_a_configuration(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--model", "builtin", "--set", "decoding.beam_size=3", "--set", "text.normalise=[]"]) == 0
    shown = capsys.readouterr().out
    assert "  # hypotheses kept in the search; 1 is greedy\n  beam_size: 3\n" in shown
    Path("shown.yaml").write_text(shown, encoding="utf-8")
    assert main(["config", "show", "--config", "shown.yaml"]) == 0
    assert capsys.readouterr().out == shown


def test_eval_scores_files_beside_peers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = ["The delegation arrived in Amman.", 'The minister said that "talks" began.', "Prices rose by 3.5% in March."]
    Path("dev.ar").write_text("\n".join(["وصل الوفد."] * 3) + "\n", encoding="utf-8")
    Path("dev.en").write_text("\n".join(reference) + "\n", encoding="utf-8")
    Path("ours.en").write_text("\n".join(["The delegation came to Amman.", *reference[1:]]) + "\n", encoding="utf-8")
    Path("dev.raw.en").write_text("\n".join(line.replace('"', "&quot;") for line in reference) + "\n", encoding="utf-8")
    command = ["eval", "dev.ar", "dev.en", "--hypothesis", "ours.en", "--peers", ".", "--peer", "again=ours.en"]
    assert main([*command, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [row["system"] for row in record["rows"]] == ["ours.en", "raw", "again"]
    assert record["rows"][1]["chrf"]["value"] == 100.0
    assert record["lines"] == 3
    assert main([*command, "--lines", "2", "--save", "kept.en"]) == 0
    shown = capsys.readouterr().out
    assert "2 lines" in shown and "raw" in shown and "BLEU nrefs:1|bs:1000|seed:12345" in shown
    assert Path("kept.en").read_text() == "The delegation came to Amman.\n" + reference[1] + "\n"


class Failing(Pipeline):
    """Cannot finish the first window that it is given, as when the memory is locked."""

    failed = False

    def finish(self, window: Sequence[Prepared], **how: Any) -> Iterator[Result]:
        if not self.failed:
            self.failed = True
            raise InputError("memory.sqlite: is locked")
        yield from super().finish(window, **how)


def test_a_failure_between_documents_shifts_no_english_to_another_file(folder: Path) -> None:
    names = [f"d{n}.txt" for n in range(4)]
    for n, name in enumerate(names):
        (folder / name).write_text(f"خبر رقم {n}.", encoding="utf-8")
    pipeline = Failing(Config.model_validate({"batching": {"window": 1}}), FakeEngine())
    read = [Source("file", str(folder / name)) for name in names]
    outcomes = list(texts.translated(lambda: pipeline, read, 0, lambda done, total: None))
    assert isinstance(outcomes[0].result, InputError)
    for outcome in outcomes[1:]:
        assert isinstance(outcome.result, Result)
        assert outcome.result.document.id == outcome.source.given
    assert [outcome.source for outcome in outcomes] == read
