"""Results read back, and handed on as a page or a Word file."""

import io
import json
import re
from pathlib import Path

import docx
import pytest

from mt.cli import main
from mt.data import Block, Document, Hypothesis, Result, Segment, Summary, SummarySentence, Translation
from mt.errors import InputError
from mt.formats.reading import read_results
from mt.formats.records import write_json, write_jsonl
from mt.report import write_docx, write_page
from tests.fakes import fake_pipeline

SOURCE = "وصل 40 جنديا إلى عمان. <b>قال</b> الوزير إن المحادثات بدأت.\nوانتهت القمة."
HOSTILE = "قال: «لا» </script> 🚀 ثم ذهب."
SUPPORTED, UNSUPPORTED = SummarySentence("It is over.", (1,)), SummarySentence("No.", (2, 0), frozenset({"unsupported"}))
RESULT = Result(
    Document((Block("وصل 40 جنديا. انتهى.", "title", "\n"), Block(HOSTILE)), "a.txt"),
    (
        Translation(Segment("وصل 40 جنديا.", " ", 0), "Fourteen soldiers arrived.", frozenset({"numbers"}), Hypothesis("x", -0.5, 4)),
        Translation(Segment("انتهى.", "", 0), "It is over.", frozenset(), Hypothesis("x", -0.2, 4), "decoded_again"),
        Translation(
            Segment("قال: «لا» </script> 🚀 ثم ذهب.", "", 1), 'He said "no" </script> 🚀 and went.', frozenset(), Hypothesis("x", -1.0, 9)
        ),
    ),
    "model:x|beam:4",
    Summary(
        (SummarySentence("It is over.", (1,)), SummarySentence("No.", (2, 0), frozenset({"unsupported"}))), "extractive", "Soldiers arrive"
    ),
    ("read as windows-1256",),
)


def comparable(result: Result) -> str:
    return write_json(result)


@pytest.mark.parametrize("write", [write_json, write_jsonl], ids=["json", "jsonl"])
def test_a_written_result_reads_back_the_same(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    results = [RESULT, fake_pipeline().translate(SOURCE, summary=1)]
    path = tmp_path / "r.json"
    path.write_text("".join(write(result) for result in results), encoding="utf-8")
    assert [comparable(result) for result in read_results(path)] == [comparable(result) for result in results]


def test_an_array_of_results_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(f"[{write_json(RESULT)},{write_json(RESULT)}]", encoding="utf-8")
    assert len(read_results(path)) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("segments"), "segments: field required"),
        (lambda r: r.update(schema=2), "schema: input should be 1"),
        (lambda r: r["segments"][0].update(block=7), "a segment points to a block that is not there"),
        (lambda r: r["summary"]["sentences"][0].update(sources=[9]), "the summary points to a segment that is not there"),
        (lambda r: r["segments"][0]["flags"].append({"flag": "pretty"}), "flags.1.flag"),
    ],
)
def test_what_is_no_result_is_said(tmp_path: Path, change, message: str) -> None:  # type: ignore[no-untyped-def]
    record = json.loads(write_json(RESULT))
    change(record)
    path = tmp_path / "r.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=message) as raised:
        read_results(path)
    assert str(raised.value).startswith(f"{path}: ")


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "نص", "[" * 100_000], ids=["empty", "cut", "array", "text", "deep"])
def test_what_is_no_json_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a result"):
        read_results(path)


def test_page_shows_everything_and_loads_nothing() -> None:
    page = write_page([RESULT])
    for text in (
        "Soldiers arrive",
        "Fourteen soldiers arrived.",
        "وصل 40 جنديا.",
        "The source has 40",
        "model:x|beam:4",
        "read as windows-1256",
    ):
        assert text in page
    assert not re.search(r"""(src|href)=["'](?!#)(?!data:)""", page)
    assert "default-src 'none'" in page


def test_page_lets_no_text_become_markup() -> None:
    page = write_page([RESULT])
    assert page.count("</script>") == page.count("<script")


def test_links_of_words_lie_inside_the_texts() -> None:
    page = write_page([RESULT])
    [data] = re.findall(r'class="mt-links">(.*?)</script>', page)
    links = json.loads(data)
    assert links["mt-seg-1-1"]
    for number, translation in enumerate(RESULT.translations, 1):
        source, english = (len(text.encode("utf-16-le")) // 2 for text in (translation.segment.text, translation.text))
        for a, b, c, d in links.get(f"mt-seg-1-{number}", []):
            assert 0 <= a < b <= source
            assert 0 <= c < d <= english


def test_several_results_share_a_page_without_sharing_ids() -> None:
    page = write_page([RESULT, RESULT])
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_word_file_has_rows_and_doubts_as_comments() -> None:
    word = docx.Document(io.BytesIO(write_docx([RESULT, RESULT])))
    rows = [[cell.text for cell in row.cells] for row in word.tables[0].rows]
    assert rows[0] == ["1", "Fourteen soldiers arrived.", "وصل 40 جنديا."]
    assert len(rows) == 3
    comments = [comment.text for comment in word.comments]
    assert len(comments) == 2
    assert "The source has 40" in comments[0]


def test_command_writes_page_and_word_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "r.json"
    source.write_text(write_json(RESULT), encoding="utf-8")
    assert main(["report", str(source), "-o", str(tmp_path / "page.html")]) == 0
    assert "page.html: 1 result, 1 doubtful segment" in capsys.readouterr().err
    assert main(["report", str(source), str(source), "-o", str(tmp_path / "page.docx"), "-q"]) == 0
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (tmp_path / "page.docx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(("output", "message"), [("page.pdf", "name it .html or .docx"), ("r.html", "would overwrite the result")])
def test_command_refuses_what_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str], output: str, message: str) -> None:
    source = tmp_path / "r.html"
    source.write_text(write_json(RESULT), encoding="utf-8")
    assert main(["report", str(source), "-o", str(tmp_path / output)]) == 2
    assert message in capsys.readouterr().err
