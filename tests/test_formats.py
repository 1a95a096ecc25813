"""Reading what people have, writing what they need."""

import json
from pathlib import Path

import pytest

from mt import formats
from mt.data import Block, Document, Hypothesis, Result, Segment, Summary, SummarySentence, Translation
from mt.errors import InputError
from mt.formats.text import MAX_BYTES

SENTENCE = "وصل الوفد إلى عمان في المساء، وقال الوزير إن المحادثات بدأت."
HEADLINE = "اختتام قمة الرياض"
VOWELLED = "وَصَلَ الوَفْدُ إِلَى عَمَّانَ فِي المَسَاءِ"
LATIN = "قال الأمين العام لحلف NATO إن قوة KFOR باقية، بحسب بيان صدر في 14 مايو 2024."


@pytest.mark.parametrize("text", [SENTENCE, HEADLINE, VOWELLED, LATIN], ids=["sentence", "headline", "vowelled", "latin"])
@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "read as UTF-16"),
        ("utf-16-le", "read as UTF-16-LE"),
        ("utf-16-be", "read as UTF-16-BE"),
        ("utf-32", "read as UTF-32"),
        ("utf-32-le", "read as UTF-32-LE"),
        ("utf-32-be", "read as UTF-32-BE"),
        ("cp1256", "read as windows-1256"),
        ("iso8859_6", "read as ISO-8859-6"),
    ],
)
def test_encoding_is_recognised_and_said(text: str, encoding: str, note: str | None) -> None:
    assert formats.decode(text.encode(encoding), "a") == (text, (note,) if note else ())


@pytest.mark.parametrize("article", sorted((Path(__file__).parent.parent / "seeds").glob("*.txt")), ids=lambda path: path.stem)
@pytest.mark.parametrize(("encoding", "name"), [("cp1256", "windows-1256"), ("iso8859_6", "ISO-8859-6")])
def test_old_encodings_are_told_apart_line_by_line(article: Path, encoding: str, name: str) -> None:
    lines = [line for line in article.read_text(encoding="utf-8").splitlines() if len(line.split()) > 5]
    assert lines
    for line in lines:
        written = line.encode(encoding, "ignore")
        assert formats.decode(written, "a") == (written.decode(encoding), (f"read as {name}",))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7\n", "is a PDF file"),
        (b"PK\x03\x04rest", "an office document"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (bytes(range(256)), "is a binary file"),
        (SENTENCE.encode() + b"\0" + SENTENCE.encode(), "is a binary file"),
        ("Президент заявил, что страна готова".encode("cp1251"), "unknown encoding"),
        ("Le président a déclaré l'été à Orléans".encode("cp1252"), "unknown encoding"),
        ("总统表示国家已经准备好".encode("gb18030"), "unknown encoding"),
        (b"\xff\xfe\x00", "begins as UTF-16 but is broken at byte 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_text_is_refused_by_name(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        formats.decode(data, "folder/file.bin")
    assert str(raised.value).startswith("folder/file.bin: ")


def test_what_is_too_large_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(InputError, match="a: larger than 100 MB; split it"):
        formats.decode(bytes(MAX_BYTES + 1), "a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "a\r\nb\rc\n\n",
        "\ta\x0b\x0c\x1b",
        "\N{LEFT-TO-RIGHT ISOLATE}قال\N{POP DIRECTIONAL ISOLATE}\N{RIGHT-TO-LEFT MARK}",
        "bell\x07 and \x01 typed",
        "ﷺ ﻻ 👩\N{ZERO WIDTH JOINER}🚀",
    ],
)
def test_valid_utf8_is_read_to_the_letter(text: str) -> None:
    assert formats.decode(text.encode(), "a") == (text, ())


def test_a_cut_character_is_shown_and_said() -> None:
    text, notes = formats.decode((SENTENCE * 10).encode()[:-2], "a")
    assert text == (SENTENCE * 10)[:-2] + "\N{REPLACEMENT CHARACTER}"
    assert notes == ("not valid UTF-8 in 1 place, shown there as '\N{REPLACEMENT CHARACTER}'",)


def test_file_is_read_with_its_name_as_id(tmp_path: Path) -> None:
    path = tmp_path / "مقال.TXT"
    path.write_bytes(SENTENCE.encode("cp1256"))
    document, notes = formats.read(path)
    assert (document.id, document.text, notes) == (str(path), SENTENCE, ("read as windows-1256",))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.txt", "no such file"),
        ("", "is a folder"),
        ("file.txt/below.txt", "cannot be read: Not a directory"),
        ("a\0b", "cannot be read: embedded null byte"),
        ("n" * 300, "cannot be read: File name too long"),
    ],
)
def test_what_cannot_be_opened_is_named(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InputError, match=message) as raised:
        formats.read_text_file(tmp_path / name)
    assert str(raised.value).startswith(str(tmp_path))


FINE = Translation(Segment("أهلا بكم.", " ", 1), "Welcome.", hypothesis=Hypothesis("Welcome.", -0.25, 3))
DOUBTFUL = Translation(
    Segment("عددهم\n40.", "", 1), "They are\tmany.", frozenset({"numbers"}), Hypothesis("They are many.", -1.0, 5), "decoded_again"
)
TITLE = Translation(Segment("عنوان", "", 0), "Title")
SPACE = Translation(Segment("", "\n", 0), "", obtained="copied")
RESULT = Result(
    Document((Block("\nعنوان", "title", "\n\n"), Block("أهلا بكم. عددهم\n40.", tail="\n")), "news.txt"),
    (SPACE, TITLE, FINE, DOUBTFUL),
    "model:fake|mt:0",
    Summary((SummarySentence("They are many.", (3, 2), frozenset({"numbers"})), SummarySentence("Welcome.")), "fake", "A headline"),
    ("read as windows-1256",),
)


def test_text_has_summary_above_and_numbers_sources_as_people_count() -> None:
    assert formats.WRITERS["text"].write(RESULT) == (
        "A headline\n\n- They are many. [3, 2] (doubtful: numbers)\n- Welcome.\n\n\nTitle\n\nWelcome. They are\tmany.\n"
    )


def test_json_has_everything() -> None:
    record = json.loads(formats.WRITERS["json"].write(RESULT))
    assert set(record) == {"schema", "id", "title", "notes", "signature", "text", "blocks", "segments", "flagged", "summary"}
    assert (record["schema"], record["id"], record["notes"], record["flagged"]) == (1, "news.txt", ["read as windows-1256"], [3])
    assert "".join(block["text"] + block["tail"] for block in record["blocks"]) == RESULT.document.text
    for number, block in enumerate(record["blocks"]):
        assert "".join(s["source"] + s["tail"] for s in record["segments"] if s["block"] == number) == block["text"]
    doubtful = record["segments"][3]
    assert doubtful["flags"][0]["flag"] == "numbers"
    assert "40" in doubtful["flags"][0]["explanation"]
    assert (doubtful["obtained"], doubtful["score"], doubtful["tokens"], doubtful["truncated"]) == ("decoded_again", -1.0, 5, False)
    assert record["segments"][0]["score"] is None
    assert record["summary"]["headline"] == "A headline"
    assert record["summary"]["sentences"][0]["sources"] == [3, 2]
    assert record["summary"]["sentences"][0]["flags"][0]["explanation"]


def test_jsonl_is_the_same_on_one_line() -> None:
    line = formats.WRITERS["jsonl"].write(RESULT)
    assert line.count("\n") == 1
    assert json.loads(line) == json.loads(formats.WRITERS["json"].write(RESULT))


def test_bilingual_pairs_every_segment_in_its_block() -> None:
    head, title, body = formats.WRITERS["bilingual"].write(RESULT).split("\n---\n\n")
    assert head.startswith("A headline\n")
    assert title == "[1] عنوان\n    Title\n"
    first, second = body.split("\n\n")
    assert first == "[2] أهلا بكم.\n    Welcome."
    assert second.splitlines()[:2] == ["[3] عددهم 40.", "    They are many."]
    assert second.splitlines()[2].startswith("    doubtful: ")


def test_tsv_has_five_columns_a_line() -> None:
    rows = [line.split("\t") for line in formats.WRITERS["tsv"].write(RESULT).splitlines()]
    assert rows == [
        ["segment", "block", "source", "english", "flags"],
        ["1", "1", "عنوان", "Title", ""],
        ["2", "2", "أهلا بكم.", "Welcome.", ""],
        ["3", "2", "عددهم 40.", "They are many.", "numbers"],
    ]


def test_summary_alone_carries_its_evidence() -> None:
    record = json.loads(formats.SUMMARY_WRITERS["json"].write(RESULT))
    assert record["sentences"][0]["evidence"] == [
        {"source": "عددهم\n40.", "text": "They are\tmany."},
        {"source": "أهلا بكم.", "text": "Welcome."},
    ]
    assert json.loads(formats.SUMMARY_WRITERS["jsonl"].write(RESULT)) == record
    assert formats.SUMMARY_WRITERS["text"].write(RESULT).startswith("A headline\n\n- They are many. [3, 2]")


@pytest.mark.parametrize("name", sorted(formats.WRITERS))
def test_every_writer_ends_its_text_with_one_line_end(name: str) -> None:
    written = formats.WRITERS[name].write(RESULT)
    assert written.endswith("\n")
    assert not written.endswith("\n\n")
