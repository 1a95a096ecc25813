"""SRT and VTT: sentences over cues, lines, tags, and that everything else keeps its bytes."""

import re
from pathlib import Path

import pysubs2
import pytest

from mt.errors import InputError
from mt.formats import FORMATS, NO_OPTIONS
from mt.formats.subtitles import LINE
from tests.roundtrip import echoed, saved, through

SRT = """1
00:00:01,000 --> 00:00:03,000
وصل الوفد إلى عمان

2
00:00:03,100 --> 00:00:05,000
في المساء، وقال الوزير
إنه متفائل.

3
00:00:06,000 --> 00:00:08,000
{\\an8}<i>وبدأت المحادثات</i>

4
00:00:20,000 --> 00:00:22,000
- هل انتهت؟
- نعم، انتهت.

5
00:00:23,000 --> 00:00:24,000
♪ NATO ♪
"""
VTT = """WEBVTT - أخبار
Language: ar

STYLE
::cue { color: yellow }

NOTE وصل الوفد

intro
00:01.000 --> 00:03.000 align:right position:10%
<v فيروز>وصل &amp; غادر <c.big>الوفد</c> أمس.

00:03.000 --> 00:05.000
نعم.
"""


def blocks(path: Path) -> list[str]:
    return [block.text for block in FORMATS[path.suffix].read(path, NO_OPTIONS)[0].blocks]


def test_a_sentence_over_cues_is_one_block(tmp_path: Path) -> None:
    assert blocks(saved(tmp_path, "a.srt", SRT)) == [
        "وصل الوفد إلى عمان في المساء، وقال الوزير إنه متفائل.",
        "وبدأت المحادثات",
        "هل انتهت؟",
        "نعم، انتهت.",
    ]


def test_the_english_is_spread_over_the_same_cues(tmp_path: Path) -> None:
    english = {
        "وصل": "The delegation arrived in Amman in the evening, and the minister said he was optimistic.",
        "وبدأت": "And the talks began",
        "هل": "Are they over?",
        "نعم،": "Yes, they are.",
    }
    written = through(saved(tmp_path, "a.srt", SRT), lambda source: english[source.split()[0]]).decode()
    assert [cue.text for cue in pysubs2.SSAFile.from_string(written)] == [
        "The delegation arrived in Amman",
        "in the evening, and the minister\\Nsaid he was optimistic.",
        "{\\an8}{\\i1}And the talks began{\\i0}",
        "- Are they over?\\N- Yes, they are.",
        "♪ NATO ♪",
    ]


def test_all_but_the_text_of_cues_keeps_its_bytes(tmp_path: Path) -> None:
    written = through(saved(tmp_path, "a.vtt", VTT), lambda source: "E F").decode()
    assert (
        written
        == VTT.replace("Language: ar", "Language: en")
        .replace("وصل &amp; غادر <c.big>الوفد</c> أمس.", "E <c.big>F</c>")
        .replace("نعم.", "E F")
        or written.count("<c.big>") == written.count("</c>") == 1
    )
    assert written.startswith(VTT[: VTT.index("Language")]) and "NOTE وصل الوفد" in written and "<v فيروز>" in written


def test_entities_of_vtt(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.vtt", VTT)
    assert blocks(path)[0] == "وصل & غادر الوفد أمس."
    assert b"R&amp;D &lt; 5" in through(path, lambda source: "R&D < 5")


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("name", "content"), [("a.srt", SRT), ("a.vtt", VTT), ("b.srt", SRT.replace("\n\n", "\n")), ("c.srt", SRT.strip())]
)
def test_bytes_stay_when_the_engine_returns_its_input(tmp_path: Path, name: str, content: str, ends: str) -> None:
    content = content.replace("\n", ends)
    assert echoed(saved(tmp_path, name, content)) == content.encode()


def test_old_subtitles_in_windows_1256(tmp_path: Path) -> None:
    content = SRT.replace("♪", "*").encode("cp1256")
    assert echoed(saved(tmp_path, "a.srt", content)) == content


def test_lines_are_short_and_no_word_is_lost(tmp_path: Path) -> None:
    cues = [
        f"{i}\n00:00:{i:02},000 --> 00:00:{i + 1:02},000\n{text}\n"
        for i, text in enumerate(["وصل الوفد الكبير إلى عمان"] * 4 + ["في المساء."])
    ]
    english = " ".join(f"word{i}" for i in range(50))
    written = through(saved(tmp_path, "a.srt", "\n".join(cues)), lambda source: english).decode()
    texts = [cue.plaintext for cue in pysubs2.SSAFile.from_string(written)]
    assert " ".join(" ".join(text.split()) for text in texts) == english
    assert all(len(line) <= LINE for text in texts for line in text.splitlines())
    assert all(1 <= len(text.splitlines()) <= 2 for text in texts)


def test_a_tag_over_the_border_of_two_cues_opens_again(tmp_path: Path) -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\nوصل <b>الوفد الكبير إلى</b>\n\n2\n00:00:02,000 --> 00:00:03,000\nعمان أمس.\n"
    written = through(saved(tmp_path, "a.srt", cue)).decode()
    for text in re.split(r"\n\n", written):
        assert text.count("<b>") == text.count("</b>")
    assert "<b>" in written


def test_without_punctuation_only_open_ends_join(tmp_path: Path) -> None:
    lines = ["وصل الوفد", "غادر الوزير إلى", "عمان", "عاد الجميع"]
    content = "\n".join(f"{i}\n00:00:{i:02},000 --> 00:00:{i + 1:02},000\n{line}\n" for i, line in enumerate(lines))
    assert blocks(saved(tmp_path, "a.srt", content)) == ["وصل الوفد", "غادر الوزير إلى عمان", "عاد الجميع"]


def test_direction_characters_do_not_turn_the_english(tmp_path: Path) -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\n\u202b<i>- \u200fهل وصل؟</i>\u202c\n\u202b- نعم.\u202c\n"
    path = saved(tmp_path, "a.srt", cue)
    assert through(path, lambda source: "E").decode() == "1\n00:00:01,000 --> 00:00:02,000\n<i>- E</i>\n- E\n"
    assert echoed(path) == cue.encode()


@pytest.mark.parametrize("content", ["", "نص بلا توقيت\n", "1\n00:00 -> \nنص"])
def test_a_file_without_cues_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match="has no cue"):
        FORMATS[".srt"].read(saved(tmp_path, "a.srt", content), NO_OPTIONS)


def test_a_changed_source_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.srt", SRT)

    def change(source: str) -> str:
        saved(tmp_path, "a.srt", SRT.replace("الوزير", "السفير"))
        return "E"

    with pytest.raises(InputError, match="has changed since it was read"):
        through(path, change)
