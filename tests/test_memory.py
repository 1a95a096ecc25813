"""Translation memory: what is found, used, adapted and suggested; files in and out; two writers and a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import mt
from mt.config import Config, load_config
from mt.data import Hypothesis, Suggestion
from mt.errors import ConfigError, InputError
from mt.memory import Entry, Memory, Output, Recall, export_file, import_file
from mt.memory.adapting import adapted
from mt.pipeline import Pipeline
from tests.fakes import FakeEngine, plain_english

SOURCE, ENGLISH = "وصل الوفد إلى العاصمة مساء أمس.", "The delegation reached the capital last night."
KILLED = (
    "قتل 15 شخصا في هجوم على قرية شمال سوريا يوم الخميس",
    "Fifteen attackers killed 15 people in a village in northern Syria on Thursday",
)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory.sqlite")


def recall(memory: Memory, threshold: float = 0.9) -> Recall:
    return Recall(memory, "model:fake", threshold)


@pytest.mark.parametrize(
    "source",
    [SOURCE, f"  {SOURCE}\n", "وصل  الوفد إلى العاصمة مساء أمس.", "وصل الوفد إلى العاصـــمة مساءَ أمس."],
)
def test_the_same_text_is_used_at_once(memory: Memory, source: str) -> None:
    memory.add(SOURCE, ENGLISH)
    found = recall(memory).person(source)
    assert found is not None
    assert (found.kind, found.english) == ("same", ENGLISH)


@pytest.mark.parametrize("source", ["وصل الوفد الي العاصمه مساء امس.", "وصل الوفد إلى العاصمة مساء أمس"])
def test_another_spelling_is_adapted_not_the_same(memory: Memory, source: str) -> None:
    memory.add(SOURCE, ENGLISH)
    found = recall(memory, 0.8).person(source)
    assert found is not None
    assert (found.kind, found.english) == ("adapted", ENGLISH)


@pytest.mark.parametrize(
    "source", ["لم يصل الوفد إلى العاصمة مساء أمس.", "وصل الوفد إلى القرية مساء أمس.", "غادر الوفد إلى العاصمة مساء أمس."]
)
def test_another_word_is_suggested_not_used(memory: Memory, source: str) -> None:
    memory.add(SOURCE, ENGLISH)
    found = recall(memory, 0.7).person(source)
    assert found is not None
    assert (found.kind, found.suggestion.english) == ("similar", ENGLISH)


def test_nothing_is_said_of_other_texts(memory: Memory) -> None:
    memory.add(SOURCE, ENGLISH)
    assert recall(memory).person("افتتح الرئيس المعرض الدولي للكتاب.") is None
    assert recall(memory).person("وصل") is None
    assert recall(memory).person("؟!") is None


def test_exact_is_preferred_to_normalised(memory: Memory) -> None:
    memory.add("قُتل الجندي", "The soldier was killed")
    memory.add("قتل الجندي", "The soldier killed")
    assert [recall(memory).person(text).english for text in ("قُتل الجندي", "قتل الجندي")] == [  # type: ignore[union-attr]
        "The soldier was killed",
        "The soldier killed",
    ]


def test_a_new_correction_replaces_the_old(memory: Memory) -> None:
    memory.add(SOURCE, "Wrong.")
    memory.add(SOURCE, ENGLISH, "checked")
    assert [(e.english, e.note) for e in memory.entries()] == [(ENGLISH, "checked")]
    assert memory.forget(SOURCE)
    assert not memory.forget(SOURCE)
    assert memory.stats().entries == 0
    assert memory.near(SOURCE) == []


@pytest.mark.parametrize(("source", "english"), [("", "x"), (SOURCE, " "), ("English", "English")])
def test_an_entry_needs_arabic_and_english(memory: Memory, source: str, english: str) -> None:
    with pytest.raises(InputError):
        memory.add(source, english)
    assert memory.stats().entries == 0


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("قتل 12 شخصا في هجوم على قرية شمال سوريا يوم الخميس", "killed 12 people"),
        ("قتل ٢٠ شخصا في هجوم على قرية شمال سوريا يوم الخميس", "killed 20 people"),
        ("قتل 15 شخصا في هجوم على قرية شمال ليبيا يوم الخميس", "northern Libya"),
    ],
)
def test_numbers_and_known_names_are_exchanged(source: str, expected: str) -> None:
    changed = adapted(source, Suggestion(*KILLED, similarity=0.9))
    assert changed is not None
    assert expected in changed


@pytest.mark.parametrize(
    ("source", "remembered", "english"),
    [
        ("قتل 12 و15 شخصا", "قتل 15 و15 شخصا", "15 and 15 people were killed"),  # which of them?
        ("قتل 12 شخصا", "قتل 15 شخصا", "Fifteen people were killed"),  # not there in digits
        ("قتل 12 شخصا", "قتل 15 شخصا", "2,015 people, 15.5 of them"),  # only parts of other numbers
        ("قتل 12 رجلا", "قتل 15 شخصا", "15 people were killed"),  # more than a number differs
        ("قتل 12 شخصا أمس", "قتل 15 شخصا", "15 people were killed"),
        ("زار لبنان", "زار المدينة", "He visited the city"),
    ],
)
def test_what_is_not_sure_is_not_adapted(source: str, remembered: str, english: str) -> None:
    assert adapted(source, Suggestion(remembered, english, 0.9)) is None


# Models' outputs


def test_outputs_of_models_are_apart_from_people(memory: Memory) -> None:
    output = Output(Hypothesis("The delegation arrived.", -0.25, 5, truncated=True), again=True)
    memory.keep("model:a", SOURCE, output)
    assert memory.output("model:a", SOURCE) == output
    assert memory.output("model:b", SOURCE) is None
    assert recall(memory).person(SOURCE) is None
    assert list(memory.entries()) == []
    assert memory.stats().outputs == (("model:a", 1),)
    memory.clear_outputs()
    assert memory.output("model:a", SOURCE) is None


# In the pipeline


def pipeline(path: Path, engine: FakeEngine, **options: str) -> Pipeline:
    return Pipeline(load_config(Config(), memory=str(path), **options), engine)


def test_a_correction_is_used_at_once_and_by_all_who_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    one, two = pipeline(path, FakeEngine()), pipeline(path, FakeEngine())
    before = one.translate(SOURCE)
    assert before.translations[0].obtained == "model"
    one.correct(SOURCE, ENGLISH)
    for pipe in (one, two):
        after = pipe.translate(SOURCE)
        assert (after.text, after.translations[0].obtained, after.translations[0].flags) == (ENGLISH, "memory", frozenset())
        assert after.signature != before.signature
    assert "|memory:" in before.signature


def test_an_adapted_translation_is_flagged(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path / "m.sqlite", FakeEngine())
    pipe.correct(
        "قتل 15 شخصا في هجوم على قرية شمال سوريا يوم الخميس", "Some 15 people died in an attack on a village in northern Syria on Thursday"
    )
    [translation] = pipe.translate("قتل 12 شخصا في هجوم على قرية شمال سوريا يوم الخميس").translations
    assert translation.text == "Some 12 people died in an attack on a village in northern Syria on Thursday"
    assert translation.obtained == "memory"
    assert translation.flags == {"memory"}


def test_a_similar_sentence_is_suggested_beside_the_models_translation(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path / "m.sqlite", FakeEngine(), memory_threshold="0.7")
    pipe.correct(SOURCE, ENGLISH)
    [translation] = pipe.translate("وصل الوفد إلى القرية مساء أمس.").translations
    assert translation.obtained == "model"
    assert translation.suggestion is not None
    assert translation.suggestion.english == ENGLISH


def test_a_model_is_asked_once_for_the_same_text(tmp_path: Path) -> None:
    first, second, other = FakeEngine(), FakeEngine(), FakeEngine()
    one = pipeline(tmp_path / "m.sqlite", first).translate(SOURCE)
    two = pipeline(tmp_path / "m.sqlite", second).translate(SOURCE)
    assert one == two
    assert first.generated
    assert not second.generated
    pipeline(tmp_path / "m.sqlite", other, beam_size="3").translate(SOURCE)  # another signature
    assert other.generated


def test_a_correction_is_of_one_segment(tmp_path: Path) -> None:
    pipe = pipeline(tmp_path / "m.sqlite", FakeEngine())
    with pytest.raises(InputError, match="makes 2"):
        pipe.correct("وصل الوفد. غادر الوفد.", "It came. It left.")


def test_a_correction_needs_a_memory() -> None:
    with pytest.raises(ConfigError, match="memory=FILE"):
        Pipeline(Config(), FakeEngine()).correct(SOURCE, ENGLISH)


def test_without_a_memory_nothing_changes() -> None:
    pipe = Pipeline(Config(), FakeEngine(plain_english))
    assert pipe.signature == f"model:fake|engine:none|beam:1|lp:1.0|norm:default|mt:{mt.__version__}"


# Files


def test_the_signature_depends_on_what_is_in_it_not_on_the_order(tmp_path: Path) -> None:
    one, two = Memory(tmp_path / "1"), Memory(tmp_path / "2")
    empty = one.signature
    pairs = [Entry("نعم", "yes"), Entry("لا", "no"), Entry(SOURCE, ENGLISH)]
    one.add_all(pairs)
    two.add_all(reversed(pairs))
    assert one.signature == two.signature != empty
    for entry in pairs:
        one.forget(entry.source)
    assert one.signature == empty


@pytest.mark.parametrize("suffix", [".tmx", ".csv", ".tsv"])
def test_what_goes_out_comes_in(tmp_path: Path, memory: Memory, suffix: str) -> None:
    memory.add_all([Entry(SOURCE, ENGLISH, "a <note> & more"), Entry('قال "نعم"', 'He said "yes", & left\x0b', "")])
    assert export_file(memory, tmp_path / f"out{suffix}") == 2
    other = Memory(tmp_path / "other")
    assert import_file(other, tmp_path / f"out{suffix}") == 2
    assert [(e.source, e.note, e.time) for e in other.entries()] == [(e.source, e.note, e.time) for e in memory.entries()]
    assert [e.english.replace("\x0b", "") for e in other.entries()] == [e.english.replace("\x0b", "") for e in memory.entries()]


def test_tmx_of_other_programs_is_read(tmp_path: Path, memory: Memory) -> None:
    text = """<?xml version="1.0" encoding="utf-16"?><!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header/><body>
<tu><note>n</note><tuv lang="AR-SA"><seg>وصل <bpt i="1">&lt;b&gt;</bpt>الوفد<ept i="1">&lt;/b&gt;</ept>.</seg></tuv>
<tuv xml:lang="fr"><seg>La</seg></tuv><tuv xml:lang="en-US"><seg>The <hi>delegation</hi>
 arrived.</seg></tuv></tu>
<tu><tuv xml:lang="en"><seg>only</seg></tuv></tu>
<tu><tuv xml:lang="ar"><seg>123</seg></tuv><tuv xml:lang="en"><seg>123</seg></tuv></tu>
</body></tmx>"""
    (tmp_path / "x.tmx").write_text(text, encoding="utf-16")
    assert import_file(memory, tmp_path / "x.tmx") == 1
    assert [(e.source, e.english, e.note) for e in memory.entries()] == [("وصل الوفد.", "The delegation arrived.", "n")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.tmx", "<tmx><body><tu>", "not valid TMX"),
        ("x.tmx", "<tmx><body/></tmx>", "no pair"),
        ("x.csv", "a,b\n1,2\n", "header must name"),
        ("x.csv", "source,target\n,\n", "no pair"),
        ("x.xlsx", "", "comes from one of"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, memory: Memory, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        import_file(memory, tmp_path / name)


def test_entities_of_a_tmx_file_are_refused(tmp_path: Path, memory: Memory) -> None:
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    head = f'<!DOCTYPE tmx [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    unit = '<tu><tuv xml:lang="ar"><seg>نعم</seg></tuv><tuv xml:lang="en"><seg>&x;</seg></tuv></tu>'
    (tmp_path / "x.tmx").write_text(f"{head}<tmx><body>{unit}</body></tmx>", encoding="utf-8")
    with pytest.raises(InputError, match="entities"):
        import_file(memory, tmp_path / "x.tmx")


def test_another_database_or_a_text_is_not_taken_for_a_memory(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(InputError, match="another SQLite file"):
        Memory(tmp_path / "other.db")
    (tmp_path / "text.txt").write_text("a text that is long enough to be no database" * 50, encoding="utf-8")
    with pytest.raises(InputError, match=r"text\.txt"):
        Memory(tmp_path / "text.txt")
    with pytest.raises(InputError, match="none"):
        Memory(tmp_path / "none" / "m.sqlite")


# Two processes, and a kill

WRITER = """
import sys
from mt.memory import Memory
memory = Memory(sys.argv[1])
for number in range(int(sys.argv[3])):
    memory.add(f"خبر {sys.argv[2]} رقم {number}", f"{sys.argv[2]} {number}")
    print(number, flush=True)
"""


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True)


def test_two_processes_may_write(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    both = [writer(path, name, 60) for name in ("ألف", "باء")]
    for one in both:
        one.communicate(timeout=120)
        assert one.returncode == 0
    assert Memory(path).stats().entries == 120


def test_a_kill_loses_the_entry_in_hand_at_most(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    one = writer(path, "ألف", 100_000)
    assert one.stdout is not None
    said = [one.stdout.readline() for _ in range(40)]
    os.kill(one.pid, signal.SIGKILL)
    rest = one.stdout.read()
    one.stdout.close()
    assert one.wait() == -signal.SIGKILL
    acknowledged = len(said) + rest.count("\n")
    memory = Memory(path)
    kept = memory.stats().entries
    assert acknowledged <= kept <= acknowledged + 1
    last = list(memory.entries())[-1]
    assert memory.known(last.source) == last
    assert last in memory.near(last.source)
    memory.close()
    with sqlite3.connect(path) as check:
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
