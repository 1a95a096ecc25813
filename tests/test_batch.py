"""Many files: what is done, what is not done again, and what nothing may break. The engine is fake."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fsspec import register_implementation
from fsspec.implementations.memory import MemoryFileSystem

from mt import batch
from mt.batch import Job, Outcome, Plan, Ran, Root, Watch
from mt.batch import ledger as ledgers
from mt.batch.crew import inline, processes
from mt.batch.job import Crew
from mt.batch.ledger import Totals
from mt.batch.places import HIDDEN, Folder, matches
from mt.batch.progress import Pace
from mt.batch.rehearse import rehearse
from mt.batch.report import report
from mt.cli import main
from mt.config import Config, DecodingOptions, load_config
from mt.data import Hypothesis
from mt.errors import ConfigError, InputError, JobError, ModelError
from mt.formats import FileOptions
from mt.pipeline import Pipeline
from tests.bench import fast, kill9
from tests.fakes import plain_english

SENTENCES = ["وصل الوفد إلى عمان.", "غادر الوزير بيروت.", "قال المتحدث إن الاجتماع انتهى.", "بدأت المحادثات في القاهرة."]
SILENT = Watch(lambda plan: None, lambda segments: None, lambda outcomes: None, lambda message: None)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What the engine generated since it was last asked."""
    file = tmp_path / "log"
    monkeypatch.setenv("FAST_LOG", str(file))

    def since() -> list[str]:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    return since


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A folder with three articles and what is not one."""
    articles = tmp_path / "in"
    (articles / "sub").mkdir(parents=True)
    write(articles / "a.txt", SENTENCES[:2])
    write(articles / "b.TXT", SENTENCES[1:3])
    write(articles / "sub" / "c.txt", SENTENCES)
    (articles / "empty.txt").touch()
    (articles / "picture.jpg").write_bytes(b"\xff\xd8\xff")
    (articles / ".hidden.txt").write_text(SENTENCES[0], encoding="utf-8")
    return job_of(articles, tmp_path / "out")


def job_of(articles: Path, out: Path, **changes: object) -> Job:
    job = Job(str(out), str(out / HIDDEN), (Root(str(articles)),), load_config(retry=False), load=fast.load)
    return dataclasses.replace(job, **changes)  # type: ignore[arg-type]


def write(file: Path, sentences: Sequence[str]) -> None:
    file.write_text("\n".join(sentences) + "\n", encoding="utf-8")


def english(sentences: Sequence[str]) -> str:
    return "\n".join(plain_english(sentence) for sentence in sentences) + "\n"


def outputs(job: Job) -> dict[str, str]:
    out = Path(job.output)
    return {str(f.relative_to(out)): f.read_text("utf-8") for f in sorted(out.rglob("*")) if f.is_file() and HIDDEN not in f.parts}


def states(job: Job) -> dict[str, str]:
    return {row.path: row.state for row in ledgers.opened(Path(job.ledger)).rows()}


def errors(job: Job) -> list[str]:
    return [row.error for row in ledgers.opened(Path(job.ledger)).rows("failed")]


def run(job: Job, *, crew: Crew = inline, force: bool = False, retry_failed: bool = False) -> Ran:
    ran = batch.run(job, SILENT, crew=crew, force=force, retry_failed=retry_failed)
    assert not (Path(job.ledger) / "writing").exists()
    return ran


def test_a_folder_is_translated_below_its_paths_and_a_bad_file_fails_alone(job: Job) -> None:
    ran = run(job)
    assert outputs(job) == {"a.txt": english(SENTENCES[:2]), "b.TXT": english(SENTENCES[1:3]), "sub/c.txt": english(SENTENCES)}
    assert states(job) == {"a.txt": "done", "b.TXT": "done", "empty.txt": "failed", "sub/c.txt": "done"}
    assert errors(job) == ["empty.txt is empty: give it some Arabic text"]
    assert (ran.totals.done, ran.totals.failed, ran.totals.waiting, ran.stopped) == (3, 1, 0, False)


def test_the_same_segment_of_many_files_is_generated_once(job: Job, log: Callable[[], list[str]]) -> None:
    run(dataclasses.replace(job, in_flight=1))
    assert sorted(log()) == sorted(SENTENCES)


@pytest.mark.parametrize("in_flight", [1, 3, 1000])
@pytest.mark.parametrize("crew", [inline, processes(2)], ids=["inline", "processes"])
def test_outputs_are_the_same_whoever_does_it_in_whatever_portions(tmp_path: Path, in_flight: int, crew: Crew) -> None:
    kill9.make_articles(tmp_path / "in", files=12)
    first, second = job_of(tmp_path / "in", tmp_path / "one"), job_of(tmp_path / "in", tmp_path / "two", in_flight=in_flight)
    run(first)
    run(second, crew=crew)
    assert outputs(first) == outputs(second)
    assert len(outputs(first)) == 12


@pytest.mark.parametrize(
    ("change", "done"),
    [
        ("nothing", set()),
        ("a source is touched", set()),
        ("the clock is set back", set()),
        ("a source changes", {"a.txt"}),
        ("an output is missing", {"a.txt"}),
        ("an output is cut", {"a.txt"}),
        ("a source is new", {"new.txt"}),
        ("the settings change", {"a.txt", "b.TXT", "sub/c.txt", "empty.txt"}),
        ("failed is tried again", {"empty.txt"}),
        ("all is forced", {"a.txt", "b.TXT", "sub/c.txt", "empty.txt"}),
    ],
)
def test_again_only_what_is_missing_or_changed_is_done(job: Job, change: str, done: set[str]) -> None:
    run(job)
    articles, out = Path(job.roots[0].base), Path(job.output)
    match change:
        case "a source is touched":
            os.utime(articles / "a.txt")
        case "the clock is set back":
            os.utime(articles / "a.txt", (1e9, 1e9))
        case "a source changes":
            write(articles / "a.txt", SENTENCES[2:])
        case "an output is missing":
            (out / "a.txt").unlink()
        case "an output is cut":
            (out / "a.txt").write_text("cut", encoding="utf-8")
        case "a source is new":
            write(articles / "new.txt", SENTENCES[2:])
        case "the settings change":
            job = dataclasses.replace(job, config=load_config(retry=False, beam_size=2))
    seen: list[Outcome] = []
    watch = dataclasses.replace(SILENT, recorded=seen.extend)
    batch.run(job, watch, force=change == "all is forced", retry_failed=change == "failed is tried again")
    assert {outcome.path for outcome in seen if not outcome.unchanged} == done
    if change == "a source changes":
        assert outputs(job)["a.txt"] == english(SENTENCES[2:])


def test_what_a_source_said_before_is_remembered_when_it_changes(job: Job, log: Callable[[], list[str]]) -> None:
    run(job)
    log()
    write(Path(job.roots[0].base) / "a.txt", [*SENTENCES, "انتهى."])
    run(job)
    assert log() == ["انتهى."]


def test_a_source_that_is_gone_keeps_its_output(job: Job) -> None:
    run(job)
    (Path(job.roots[0].base) / "a.txt").unlink()
    assert run(job).totals.gone == 1
    assert "a.txt" in outputs(job)


def test_sources_that_want_one_name_are_told_apart(tmp_path: Path) -> None:
    articles = tmp_path / "in"
    articles.mkdir()
    for name in ("a.txt", "a", "b"):
        write(articles / name, SENTENCES)
    planned: list[Plan] = []
    job = job_of(articles, tmp_path / "out", roots=(Root(str(articles), pattern="*"),), form="json")
    batch.run(job, dataclasses.replace(SILENT, planned=planned.append))
    assert set(outputs(job)) == {"a.json", "a.txt.json", "b.json"}
    assert planned[0].renamed == [("a.txt", "a.txt.json")]
    assert json.loads(outputs(job)["b.json"])["id"] == "b"


def test_ctrl_c_finishes_the_batch_in_hand_and_the_rest_resumes(job: Job, log: Callable[[], list[str]]) -> None:
    small = load_config(retry=False, batch_tokens=16)
    job = dataclasses.replace(job, config=small)
    write(Path(job.roots[0].base) / "a.txt", [f"{fast.INTERRUPTING} الوفد إلى عمان في المساء مع وفد كبير من رجال الأعمال."])
    ran = run(job)
    assert ran.stopped
    assert outputs(job).keys() == {"a.txt"}
    before = log()
    assert not run(job).stopped
    assert len(outputs(job)) == 3
    assert not set(before) & set(log())


def test_a_source_that_changes_meanwhile_fails_and_is_taken_up_by_the_next_run(job: Job) -> None:
    source = Path(job.roots[0].base) / "a.txt"
    batch.run(job, dataclasses.replace(SILENT, beat=lambda segments: write(source, SENTENCES[2:])))
    assert errors(job)[0] == "a.txt: changed while it was translated; run again to take it up"
    run(job)
    assert outputs(job)["a.txt"] == english(SENTENCES[2:])


def test_a_source_that_is_deleted_meanwhile_fails(job: Job) -> None:
    source = Path(job.roots[0].base) / "sub" / "c.txt"
    watch = dataclasses.replace(SILENT, planned=lambda plan: source.unlink())
    batch.run(job, watch)
    assert errors(job)[1].startswith("sub/c.txt: no such file; it was deleted since the job found it")


def test_two_jobs_on_one_folder_the_second_refuses(job: Job) -> None:
    def second(plan: Plan) -> None:
        with pytest.raises(JobError, match="another batch is at work there"):
            run(job)

    batch.run(job, dataclasses.replace(SILENT, planned=second))
    assert len(outputs(job)) == 3


def test_a_disk_that_is_full_stops_the_job_and_nothing_is_lost(tmp_path: Path) -> None:
    articles = tmp_path / "in"
    kill9.make_articles(articles, files=3)
    write(articles / "long.txt", [f"{sentence[:-1]} {i}." for i in range(1000) for sentence in SENTENCES])
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        f"from tests.test_batch import *; run(job_of(Path({str(articles)!r}), Path({str(tmp_path / 'out')!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "mt.errors.JobError" in done.stderr
    assert "nothing is lost" in done.stderr
    job = job_of(articles, tmp_path / "out")
    run(job)
    assert len(outputs(job)) == 4


def test_a_folder_that_others_wrote_is_left_alone_unless_forced(job: Job) -> None:
    Path(job.output).mkdir()
    write(Path(job.output) / "a.txt", ["precious"])
    with pytest.raises(ConfigError, match="has files in it that no batch wrote"):
        run(job)
    assert outputs(job) == {"a.txt": "precious\n"}
    run(job, force=True)
    assert outputs(job)["a.txt"] == english(SENTENCES[:2])


def test_a_ledger_that_is_damaged_is_said(job: Job) -> None:
    run(job)
    for file in Path(job.ledger).glob("ledger*"):
        file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(JobError, match="move it away to start anew"):
        run(job)


def test_a_file_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    articles = tmp_path / "in"
    kill9.make_articles(articles, files=2)
    write(articles / "deadly.txt", [f"هذا {fast.DEADLY} حقا."])
    job = job_of(articles, tmp_path / "out")
    run(job, crew=processes(2))
    assert errors(job) == ["deadly.txt: whoever reads it dies; see whether it is damaged or far too large"]
    assert len(outputs(job)) == 2


def test_names_that_are_no_unicode_are_translated_too(tmp_path: Path) -> None:
    articles = tmp_path / "in"
    articles.mkdir()
    name = os.fsdecode(b"\xc7\xe1.txt")
    write(articles / name, SENTENCES)
    job = job_of(articles, tmp_path / "out")
    run(job)
    assert set(outputs(job)) == {name}
    assert "".join(report(ledgers.opened(Path(job.ledger))))


def test_killed_at_any_moment_it_resumes_to_the_same_files(tmp_path: Path) -> None:
    assert kill9.trial(tmp_path, kill9.Settings(), runs=3, files=30, seed=7).faults == []


def test_a_rehearsal_counts_and_leaves_no_trace(job: Job) -> None:
    estimate = rehearse(job, force=False, retry_failed=False)
    assert (estimate.plan.totals.waiting, estimate.words, estimate.exact) == (4, 31, True)
    assert not Path(job.output).exists()


def test_the_report_shows_totals_doubts_and_failures(job: Job) -> None:
    write(Path(job.roots[0].base) / "odd.txt", ["وصل 500 جندي <b>إلى</b> عمان يوم 7 مايو."])
    job = dataclasses.replace(job, load=numberless)
    run(job)
    page = "".join(report(ledgers.opened(Path(job.ledger))))
    assert "<b>إلى" not in page
    assert "&lt;b&gt;" in page
    assert "numbers" in page
    assert "empty.txt is empty" in page


def test_the_manifest_names_every_file_with_its_hashes(job: Job) -> None:
    manifest = json.loads(run(job).manifest.read_text("utf-8"))
    assert manifest["signature"].startswith("model:fast")
    assert [file["path"] for file in manifest["files"]] == ["a.txt", "b.TXT", "empty.txt", "sub/c.txt"]
    assert len(manifest["files"][0]["output_sha256"]) == 64


def test_a_job_to_urls_works_by_the_same_rules(job: Job, tmp_path: Path, log: Callable[[], list[str]]) -> None:
    job = dataclasses.replace(job, output=f"file://{job.output}", ledger=str(tmp_path / "ledger"), roots=(Root(f"file://{tmp_path}/in"),))
    assert run(job).totals.done == 3
    assert len(log()) == len(SENTENCES)
    assert run(job).totals.done == 3
    assert log() == []
    (tmp_path / "out" / "a.txt").unlink()
    run(job)
    assert (tmp_path / "out" / "a.txt").read_text("utf-8") == english(SENTENCES[:2])


def test_outputs_behind_a_url_below_the_sources_are_no_sources(job: Job, tmp_path: Path) -> None:
    job = dataclasses.replace(job, output=f"file://{tmp_path}/in/out", ledger=str(tmp_path / "ledger"))
    for root in (f"file://{tmp_path}/in", f"{tmp_path}/in"):
        run(dataclasses.replace(job, roots=(Root(root),)))
        assert states(job) == {"a.txt": "done", "b.TXT": "done", "empty.txt": "failed", "sub/c.txt": "done"}


def test_a_source_url_that_cannot_be_listed_stops_the_job_and_nothing_is_gone(job: Job, tmp_path: Path) -> None:
    job = dataclasses.replace(job, roots=(Root(f"file://{tmp_path}/in"),))
    run(job)
    (tmp_path / "in").rename(tmp_path / "elsewhere")
    with pytest.raises(JobError, match=f"file://{tmp_path}/in: no such folder"):
        run(job)
    assert "gone" not in states(job).values()


def test_an_output_url_that_fails_in_its_own_way_stops_the_job(job: Job, tmp_path: Path) -> None:
    register_implementation("full", FullStore, clobber=True)
    with pytest.raises(JobError, match="full://bucket/out: over the quota; nothing is lost"):
        run(dataclasses.replace(job, output="full://bucket/out", ledger=str(tmp_path / "ledger")))


def test_a_link_in_a_ring_and_a_file_deleted_meanwhile_are_left_out(job: Job) -> None:
    articles = Path(job.roots[0].base)
    (articles / "ring.txt").symlink_to("ring.txt")
    walk = Folder(articles).walk()
    next(walk)
    (articles / "b.TXT").unlink()
    assert [found.path for found in walk] == ["empty.txt", "picture.jpg", "sub/c.txt"]
    assert run(job).totals.done == 2


def test_one_path_below_two_roots_is_refused(job: Job, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / "a.txt", SENTENCES)
    roots = (Root(job.roots[0].base, pattern="./a.txt"), Root(str(tmp_path / "other"), pattern="./*.txt"))
    with pytest.raises(ConfigError, match=f"a.txt: is in {tmp_path}/in and in {tmp_path}/other; give the folders, or run them apart"):
        run(dataclasses.replace(job, roots=roots))
    assert run(dataclasses.replace(job, roots=(roots[0], roots[0]))).totals.done == 1


def test_a_model_that_cannot_be_loaded_is_not_the_fault_of_the_files(job: Job) -> None:
    with pytest.raises(ModelError, match="model 'builtin': cannot be loaded: no such device"):
        run(dataclasses.replace(job, load=deviceless))


def test_bilingual_is_text_where_the_format_of_the_source_has_no_place_for_both(job: Job) -> None:
    articles = Path(job.roots[0].base)
    (articles / "page.html").write_text(f"<p>{SENTENCES[0]}</p>", encoding="utf-8")
    (articles / "film.srt").write_text(f"1\n00:00:01,000 --> 00:00:02,000\n{SENTENCES[0]}\n", encoding="utf-8")
    run(dataclasses.replace(job, options=FileOptions(bilingual=True)))
    written = outputs(job)
    assert set(written) == {"a.txt", "b.TXT", "film.txt", "page.html", "sub/c.txt"}
    assert all(
        SENTENCES[0] in written[name] and plain_english(SENTENCES[0]) in written[name] for name in ("a.txt", "film.txt", "page.html")
    )


@pytest.mark.parametrize(
    ("listed", "error", "message"),
    [
        ("..\n", InputError, "list: .. is not below"),
        ("a.txt\0b.TXT\0", InputError, "list: holds NUL characters; give one path a line"),
        (".hidden.txt\n", ConfigError, ".hidden.txt: hidden files are left out; rename it"),
        ("sub/.hidden/a.txt\n", ConfigError, "sub/.hidden/a.txt: hidden files are left out; rename it"),
    ],
)
def test_a_list_that_names_no_files_of_ours_is_refused(job: Job, listed: str, error: type[Exception], message: str, tmp_path: Path) -> None:
    (tmp_path / "list").write_text(listed, encoding="utf-8")
    with pytest.raises(error, match=message):
        run(dataclasses.replace(job, roots=(Root(job.roots[0].base, listed=str(tmp_path / "list")),)))


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.txt", "*.txt", True),
        ("x/a.txt", "*.txt", True),
        ("x/a.txt", "./*.txt", False),
        ("x/y/a.txt", "x/**/a.txt", True),
        ("x/a.txt", "x/**/a.txt", True),
        ("x/a.txt", "**", True),
        ("x/a.txt", "y/*", False),
    ],
)
def test_globs(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


def test_time_left_is_reckoned_from_what_is_done() -> None:
    clock = iter([0.0, 60.0])
    pace = Pace(Totals(waiting=4, left=400), lambda: next(clock))
    pace.beat(10)
    pace.recorded([Outcome("a", "done", bytes=100, segments=10, words=200)])
    now = pace.now()
    assert (now.files, now.waiting, now.words_a_minute, now.seconds_left) == (1, 3, 200, 180)


def test_the_command_line_from_end_to_end(
    job: Job, marian: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(job.roots[0].base).parent)
    model = ["--model", str(marian), "--backend", "transformers"]
    assert main(["batch", "in", "out", *model, "--exclude", "empty.txt", "--json-log"]) == 0
    events = [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]
    assert (events[0], events[-1], events.count("done")) == ("planned", "ended", 3)
    assert main(["batch", "status", "out"]) == 0
    assert "3 files done, 0 waiting, 0 failed" in capsys.readouterr().out
    assert main(["batch", "report", "out"]) == 0
    assert Path(capsys.readouterr().out.strip()).read_text("utf-8").startswith("<!doctype html>")
    assert main(["batch", "in", "out", *model, "--dry-run"]) == 0
    assert "1 files to do, 3 done" in capsys.readouterr().out
    Path("list").write_text("a.txt\nmissing.txt\n", encoding="utf-8")
    assert main(["batch", "in", "--from-list", "list", "listed", *model]) == 1
    assert "missing.txt: no such file" in capsys.readouterr().err
    assert main(["batch", "in/s*/*.txt", "in/a.txt", "several", *model]) == 0
    assert {str(p.relative_to("several")) for p in Path("several").glob("**/[a-z]*.txt")} == {"sub/c.txt", "a.txt"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("out", "expected IN and OUT"),
        ("in in", "is what is read too"),
        ("in/sub in", "lies in"),
        ("file://HERE/in in", "is what is read too"),
        ("in file://in --ledger kept", "is what is read too"),
        ("in file://HERE/in --ledger kept", "is what is read too"),
        ("in/sub file://HERE/in --ledger kept", "lies in"),
        ("in/.hidden.txt out", "in/.hidden.txt: hidden files are left out; rename it"),
        ("missing out", "missing: no such file or folder"),
        ("in out --to pdf", "--to pdf: expected one of"),
        ("in out --summary 3", "--to same has no place for a summary"),
        ("in s3://bucket/out", "a ledger cannot lie behind a URL"),
        ("in sub/in out", "two of these have the same name"),
    ],
)
def test_wrong_use_is_said_before_anything_is_done(
    arguments: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in/sub").mkdir(parents=True)
    Path("sub/in").mkdir(parents=True)
    Path("in/.hidden.txt").touch()
    assert main(["batch", *arguments.replace("HERE", str(tmp_path)).split()]) == 2
    assert message in capsys.readouterr().err
    assert not Path("out").exists()


class FullStore(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose errors are of its own kind."""

    protocol = "full"

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        raise RuntimeError("over the quota")


def deviceless(config: Config) -> Pipeline:
    raise RuntimeError("no such device")


NO_DIGITS = str.maketrans("", "", "0123456789")


class Numberless(fast.FastEngine):
    """Loses every number."""

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        return [dataclasses.replace(h, text=h.text.translate(NO_DIGITS)) for h in super().generate(sources, options)]


def numberless(config: Config) -> Pipeline:
    return Pipeline(config, Numberless())
