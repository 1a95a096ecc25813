"""JSON and JSONL of others: which strings are translated, and that the rest keeps its bytes."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import InputError
from mt.formats import FORMATS, NO_OPTIONS, FileOptions
from mt.formats.jsonfiles import strings
from tests.roundtrip import echoed, saved, through

ARTICLE = """{
  "id" : "خبر-1", "url":"https://un.org/خبر",
  "عنوان": "قمة لاهاي",  "body": {"text": "وصل الوفد.\\n\\nوغادر الوزير.", "tags": ["نص", "x", "نص آخر"]},
  "escaped": "\\u0646\\u0635 <b>\\u0648<\\/b>", "n": [1.50, -2e3, true, null, {}], "post_id": "م"
}
"""


def test_strings_with_arabic_are_translated_and_ids_are_not(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.json", ARTICLE), lambda source: "E").decode()
    expected = ARTICLE.replace("قمة لاهاي", "E").replace("وصل الوفد.\\n\\nوغادر الوزير.", "E\\n\\nE").replace("نص آخر", "E")
    assert written == expected.replace('"نص"', '"E"').replace("\\u0646\\u0635 <b>\\u0648<\\/b>", "<b>E<\\/b>")


@pytest.mark.parametrize(
    ("fields", "left"), [(("عنوان",), {"نص", "نص آخر"}), (("body.tags",), {"قمة لاهاي"}), (("body", "id"), {"قمة لاهاي"})]
)
def test_named_fields_only(tmp_path: Path, fields: tuple[str, ...], left: set[str]) -> None:
    document, _ = FORMATS[".json"].read(saved(tmp_path, "a.json", ARTICLE), FileOptions(fields=fields))
    assert not left & {block.text for block in document.blocks}


def test_an_unknown_field_names_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no text in a field 'titel'; there is body.tags, body.text, escaped"):
        through(saved(tmp_path, "a.json", ARTICLE), options=FileOptions(fields=("titel",)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", ARTICLE),
        ("a.json", '\n["نص"]'),
        ("a.json", '"نص"'),
        ("a.json", '{"a":"نص \\ud83d وحده"}'),
        ("a.json", '{"a":"نص","a":"نص"}'),
        ("a.jsonl", '{"a": "نص"}\r\n\r\n{"a": "نص\N{LINE SEPARATOR}آخر"}\n["نص"]'),
    ],
)
def test_bytes_stay_when_the_engine_returns_its_input(tmp_path: Path, name: str, content: str) -> None:
    assert echoed(saved(tmp_path, name, content)) == content.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1,\n "b" 2}', "line 2: not valid JSON: expected :, found 2"),
        ('{"a": "نص}', "line 1: not valid JSON: a character that does not belong there, or a string without end"),
        ('{"a": "\\x"}', "line 1: not valid JSON: in a string: invalid"),
        ("[1, 2", r"line 1: not valid JSON: expected , or \], found the end"),
        ("[01]", "line 1: not valid JSON: expected value or \\], found 01"),
        ('{"a": 1} {"a": 2}', "several documents go into a .jsonl"),
        ("", "found the end"),
        ("[" * 100_000, "nested deeper than 900 levels"),
    ],
)
def test_bad_json_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FORMATS[".json"].read(saved(tmp_path, "a.json", content), NO_OPTIONS)


def test_a_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a.jsonl: line 3: not valid JSON: .*mend or delete this one"):
        FORMATS[".jsonl"].read(saved(tmp_path, "a.jsonl", '{"a": "نص"}\n\n{"a": \n{}'), NO_OPTIONS)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for item in inner for text in texts(item)]


@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_strings_are_those_of_the_json_module(value: object, ascii_only: bool, indent: int | None) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert [found.text for found in strings(written)] == texts(value)
    assert all(json.loads(written[found.start : found.end]) == found.text for found in strings(written))
