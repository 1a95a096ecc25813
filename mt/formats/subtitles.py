r"""SRT and VTT: a sentence that runs over several cues is translated whole and spread over the same cues again.

Timing, numbers, positions, styles and notes keep their bytes; so does a cue that did not change. Subtitle libraries read
cues but write files anew, without ids, notes and settings, so the cues are found here. Tags inside a cue (`<i>`) are marks; tags
around all of it and the dash of a speaker stay where they are.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, groupby, pairwise
from pathlib import Path

from mt.arabic import has_arabic
from mt.data import Document, Mark, Result, Translation, pieces
from mt.errors import InputError
from mt.formats.format import FileOptions, Format
from mt.formats.inline import Translated, checked
from mt.formats.splice import Edit, spliced
from mt.formats.tagged import Tagged, Token, blocks_of, pairs, tagged, with_tags
from mt.formats.text import Decoded, decode_bytes, read_bytes

# Characters a line and lines a cue, as broadcasters want them; text beyond that gets a further line, it is never cut.
LINE, LINES = 42, 2
# Seconds of silence that end a sentence; characters and cues that surely hold one.
MAX_GAP, MAX_LENGTH, MAX_CUES = 2.0, 400, 8
# Words a full stop, at most; with fewer full stops the file is written without them, and only an open end joins cues.
WORDS_A_STOP = 60

_TIME = r"(?:\d+[ ]?:[ ]?)?\d+[ ]?:[ ]?\d+(?:[ ]?[.,:][ ]?\d+)?"
TIMING = re.compile(rf"(?:(?<=[\r\n])|\A)[ \t]*(?P<start>{_TIME})[ \t]*-+>[ \t]*(?P<end>{_TIME})(?:[ \t][^\r\n]*)?(?:\r\n|\r|\n|\Z)")
"""`00:01:02,500 --> 00:01:04,000`, with the settings and the line break after it."""
NUMBER_ABOVE = re.compile(r"(?:(?<=[\r\n])|\A)[ \t]*\d+[ \t]*(?:\r\n|\r|\n)\Z")
ID_ABOVE = re.compile(r"(?:(?<=[\r\n])|\A)[ \t]*\S[^\r\n]*(?:\r\n|\r|\n)\Z")
BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?=\r\n|\r|\n)")
NEXT_CUE = re.compile(r"(?:^|[\r\n])[ \t]*(?:\d+[ \t]*(?:[\r\n]|$)|[^\r\n]*->)")
LINE_BREAK = re.compile(r"[ \t]*(?:\r\n|\r|\n|\\N|<br ?/?>)[ \t]*")
TAGS = re.compile(r"<(?P<open>[A-Za-z]+)(?:[. \t][^<>\r\n]{0,500})?>|</(?P<close>[A-Za-z]+)>|\{\\[^{}\r\n]{1,500}\}|<[\d:.]{5,20}>")
r"""`<i>`, `</i>`, `<c.yellow>`, `{\an8}`, `<00:01.500>`."""
DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
"""Invisible characters that turn the direction of what follows; subtitles are full of them."""
SKIPPED = re.compile(rf"\s|{DIRECTION.pattern}")
DASH = re.compile(r"[-–—][ \t]*(?=\S)")
FINAL = re.compile(r"(?<!\.)[.!?؟۔:][\"'”’»)\]]*$|^[(\[♪♫#].*$")
"""What ends a sentence, or stands alone: `انتهى.`, `[موسيقى]`; not `لكن...`."""
STOP = re.compile(r"(?<=[^\W\d_])\.(?!\S)")
OPEN_END = re.compile(
    r"(?:[،,؛…]|\.\.\.?)$"
    r"|(?<!\S)(?:في|من|على|إلى|عن|مع|أن|إن|أو|ثم|و|بين|خلال|بعد|قبل|عند|منذ|حتى|لكن|التي|الذي|هذا|هذه|كل|غير|لم|لن|لا|قد)$"
)
"""What cannot be the end: a comma, dots, or a word that needs another after it."""
WEAK = frozenset(
    "a an the this that these those of to in on at by for with from and or but which who as is are was were has have had will be not"
    " his her its their our your my".split()
)
"""English words that a line should not end with."""
LANGUAGE = re.compile(r"(?<=[\r\n])Language:[ \t]*ar[\w-]*(?=[ \t\r\n])")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says in one cue. start, end: in the file, without tags around it and dash; low, high: with them.

    text: with line breaks as spaces. around: the tags that stand before and after it. seconds: of the cue.
    """

    cue: int
    low: int
    start: int
    end: int
    high: int
    text: str
    around: tuple[str, ...]
    dash: bool
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """Turns of neighbouring cues that are translated as one block."""

    turns: tuple[Turn, ...]
    text: Tagged


def read_subtitles(path: Path, options: FileOptions, *, vtt: bool = False) -> tuple[Document, tuple[str, ...]]:
    """A block for each sentence, or for what stands alone. Raises InputError where there is no cue."""
    file = decode_bytes(read_bytes(path), str(path))
    return Document(blocks_of(s.text for s in _sentences(file, path, vtt=vtt)), id=str(path)), file.notes


def write_subtitles(result: Result, path: Path, options: FileOptions, *, vtt: bool = False) -> bytes:
    """The file with English in its cues, in lines of at most 42 characters where the time allows."""
    file = decode_bytes(read_bytes(path), str(path))
    sentences = _sentences(file, path, vtt=vtt)
    english = checked(result, blocks_of(s.text for s in sentences), path)
    made = {i: list(group) for i, group in groupby(result.translations, lambda t: t.segment.block)}
    edits: list[Edit] = []
    for i, sentence in enumerate(sentences):
        if english[i].text != sentence.text.blocks[0].text:
            edits += _spread(file.text, sentence, english[i], made[i], vtt=vtt)
    if vtt and edits and (named := LANGUAGE.search(file.text, 0, sentences[0].turns[0].start)):
        edits.append(Edit(named.start(), named.end(), "Language: en"))
    return file.encode(spliced(file.text, edits))


SRT = Format(read_subtitles, write_subtitles, ".srt")
VTT = Format(partial(read_subtitles, vtt=True), partial(write_subtitles, vtt=True), ".vtt")


# Cues into sentences


def _sentences(file: Decoded, path: Path, *, vtt: bool) -> list[Sentence]:
    turns = list(_turns(file.text, vtt=vtt))
    if not turns and not TIMING.search(file.text):
        raise InputError(f"{path}: has no cue, such as '00:00:01,000 --> 00:00:02,500' and a text below it; is it a subtitle file?")
    stops = sum(len(STOP.findall(_plain(turn))) for turn in turns)
    punctuated = stops * WORDS_A_STOP >= sum(len(turn.text.split()) for turn in turns)
    groups: list[list[Turn]] = []
    for turn in turns:
        if groups and _continues(groups[-1], turn, punctuated=punctuated):
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return [_sentence(group, vtt=vtt) for group in groups if any(has_arabic(turn.text) for turn in group)]


def _sentence(turns: Sequence[Turn], *, vtt: bool) -> Sentence:
    raw = " ".join(turn.text for turn in turns)
    change = {"escape": _escape, "unescape": html.unescape} if vtt else {}
    return Sentence(tuple(turns), tagged(raw, _tokens, kind="cue", paragraphs=False, **change))


def _continues(group: Sequence[Turn], turn: Turn, *, punctuated: bool) -> bool:
    """Whether a turn goes on with the sentence of the turns before it."""
    last = group[-1]
    before, after = _plain(last), _plain(turn)
    if turn.cue != last.cue + 1 or turn.dash or turn.around != last.around or len(group) == MAX_CUES:
        return False
    if turn.begins - last.ends > MAX_GAP or turn.begins < last.begins or sum(len(t.text) for t in group) + len(turn.text) > MAX_LENGTH:
        return False
    if not before or FINAL.search(before) or FINAL.fullmatch(after):
        return False
    return punctuated or bool(OPEN_END.search(before)) or after.startswith(("...", "…", "، "))


def _turns(text: str, *, vtt: bool) -> Iterator[Turn]:
    """The turns of all cues that have text, in the order of the file."""
    found = list(TIMING.finditer(text))
    if not found:
        return
    heads = []
    for before, timing in zip([None, *found], found, strict=False):
        floor = before.end() if before else 0
        above = (ID_ABOVE if vtt else NUMBER_ABOVE).search(text, max(floor, timing.start() - 300), timing.start())
        heads.append(above.start() if above else timing.start())
    for i, (timing, head) in enumerate(zip(found, [*heads[1:], len(text)], strict=True)):
        start, end = timing.end(), max(timing.end(), head)
        blank = BLANK_LINE.search(text, start - 1, end)
        if blank and (vtt or NEXT_CUE.search(text, blank.end(), end)):
            end = max(start, blank.start())
        seconds = _seconds(timing["start"]), _seconds(timing["end"])
        for turn in _speakers(text, start, end):
            yield replace(turn, cue=i, begins=seconds[0], ends=seconds[1])


def _speakers(text: str, low: int, high: int) -> Iterator[Turn]:
    """The turns of the cue between two offsets: a line with a dash starts one. Number and time are still to be set."""
    start, end, around = _inner(text, low, high)
    breaks = [(match.start(), match.end()) for match in LINE_BREAK.finditer(text, start, end)]
    lines = pairwise([*((after, before) for before, after in breaks), (end, end)])
    starts = [low, *(after for (after, _), (_, stop) in lines if DASH.match(text, _inner(text, after, stop)[0], stop))]
    for first, after in pairwise([*starts, high]):
        begin, stop, own = _inner(text, max(first, start), min(after, end))
        dash = DASH.match(text, begin, stop)
        begin = dash.end() if dash else begin
        if begin < stop:
            plain = LINE_BREAK.sub(" ", text[begin:stop])
            yield Turn(0, first, begin, stop, after, plain, around + own, dash is not None, 0.0, 0.0)


def _inner(text: str, start: int, end: int) -> tuple[int, int, tuple[str, ...]]:
    """Where the words are, inside white space and tags around all of it; and those tags."""
    tags = _tokens(text, start, end)
    partner = pairs(tags)
    around: list[str] = []
    low, high = 0, len(tags) - 1
    while True:
        while start < end and SKIPPED.match(text, start):
            start += 1
        while start < end and SKIPPED.match(text, end - 1):
            end -= 1
        first = tags[low] if low <= high and tags[low].start == start else None
        last = tags[high] if low <= high and tags[high].end == end else None
        if first and (low not in partner or (partner[low] == high and last)):
            around.append(text[first.start : first.end])
            start = first.end
            if low in partner and last:
                end, high = last.start, high - 1
            low += 1
        elif last and high not in partner:
            around.append(text[last.start : last.end])
            end, high = last.start, high - 1
        else:
            return start, end, tuple(around)


def _tokens(text: str, start: int = 0, end: int | None = None) -> list[Token]:
    found = []
    for match in TAGS.finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup
        found.append(Token(match.start(), match.end(), "open" if kind == "open" else "close" if kind else "point", match[kind or 0]))
    return found


def _seconds(time: str) -> float:
    """`00:01:02,500` as 62.5; the last number is a fraction if there are a comma or a full stop before it."""
    clock, _, fraction = re.sub(r"\s", "", time).replace(",", ".").partition(".")
    total = 0.0
    for number in clock.split(":")[:4]:
        total = total * 60 + int(number[-9:])
    return total + (float(f"0.{fraction[:9]}") if fraction else 0.0)


def _plain(turn: Turn) -> str:
    return DIRECTION.sub("", TAGS.sub("", turn.text)).strip()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# English into cues


def _spread(source: str, sentence: Sentence, english: Translated, made: Sequence[Translation], *, vtt: bool) -> Iterator[Edit]:
    """The edits of one sentence. English words go to the cue whose time the Arabic of their sentence has."""
    newline = "\r\n" if "\r\n" in source else "\n" if "\n" in source else "\r"
    text = re.sub(r"\s", " ", english.text)
    words = [(match.start(), match.end()) for match in re.finditer(r"\S+", text)]
    lengths = [len(_plain(turn)) + 1 for turn in sentence.turns]
    targets = _targets(lengths, made)
    cut = _cuts(text, words, targets)
    for turn, (first, after) in zip(sentence.turns, pairwise([0, *cut]), strict=True):
        low, high = (words[first][0], words[after - 1][1]) if first < after else (len(text), len(text))
        if first == 0:
            low = 0
        if after == len(words):
            high = len(text)
        part = _clipped(Translated(text, english.marks), low, high)
        lined = _lines(part.text, LINE - 2 * turn.dash)
        written = with_tags(Translated(lined, part.marks), sentence.text.tags[0], _escape if vtt else str)
        yield Edit(turn.start, turn.end, written.strip().replace("\n", newline))
        for low, high in ((turn.low, turn.start), (turn.end, turn.high)):  # English needs no characters that turn it
            yield from (Edit(match.start(), match.end(), "") for match in DIRECTION.finditer(source, low, high))


def _targets(lengths: Sequence[int], made: Sequence[Translation]) -> list[float]:
    """Where in the English each cue should end: at the share of its sentence that the Arabic has there."""
    source = [0, *accumulate(len(t.segment.text + t.segment.tail) for t in made)]
    target = [0, *accumulate(len(piece) for piece in pieces(made))]
    scale = source[-1] / max(sum(lengths), 1)
    found = []
    for place in accumulate(lengths):
        at = place * scale
        i = max(k for k in range(len(source)) if source[k] <= at or k == 0)
        if i == len(made):
            found.append(float(target[-1]))
        else:
            found.append(target[i] + (target[i + 1] - target[i]) * (at - source[i]) / max(source[i + 1] - source[i], 1))
    return found


def _cuts(text: str, words: Sequence[tuple[int, int]], targets: Sequence[float]) -> list[int]:
    """After how many words each cue ends: near its target, at a good place, and not beyond what it can hold.

    Every cue gets a word while there are enough. The best of all divisions, by dynamic programming.
    """
    n, cues = len(words), len(targets)
    least = 1 if n >= cues else 0
    infinite = float("inf")
    nothing: tuple[float, tuple[int, ...]] = (infinite, ())
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ()), *[nothing] * n]
    for k, target in enumerate(targets):
        following = [nothing] * (n + 1)
        ends = [n] if k == cues - 1 else range(least * (k + 1), n - least * (cues - 1 - k) + 1)
        for j in ends:
            place = _place(text, words, j, target)
            options = ((best[i][0] + place + _overflow(words, i, j), best[i][1]) for i in range(j + 1 - least) if best[i][0] < infinite)
            cost, before = min(options, default=nothing)
            following[j] = (cost, (*before, j))
        best = following
    return list(best[n][1])


def _place(text: str, words: Sequence[tuple[int, int]], j: int, target: float) -> float:
    """What it costs, in characters, to end a cue after j words."""
    if j == len(words):
        return 0.0
    end = words[j - 1][1] if j else 0
    last = text[words[j - 1][0] : end].lower() if j else ""
    bonus = 12 if last.endswith((".", "?", "!", "…")) else 6 if last.endswith((",", ";", ":")) else -6 if last in WEAK else 0
    return abs(end - target) - bonus


def _overflow(words: Sequence[tuple[int, int]], i: int, j: int) -> float:
    length = words[j - 1][1] - words[i][0] if i < j else 0
    return 10.0 * max(0, length - LINE * LINES)


def _lines(text: str, width: int) -> str:
    """The text with line feeds in the place of spaces: as few lines as there must be, of about equal length.

    >>> _lines("The foreign ministers of the alliance meet this week in Brussels", 42)
    'The foreign ministers of the\\nalliance meet this week in Brussels'
    """
    wrap = partial(textwrap.wrap, break_long_words=False, break_on_hyphens=False)
    fewest = len(wrap(text, width))
    if fewest < 2:
        return text
    widths = range(-(-len(text) // fewest), width)
    lines = next((lines for w in widths if len(lines := wrap(text, w)) == fewest), wrap(text, width))
    broken = list(text)
    position = 0
    for line in lines[:-1]:
        position = text.index(line.split()[0], position)
        for word in line.split():
            position = text.index(word, position) + len(word)
        broken[position] = "\n"
    return "".join(broken)


def _clipped(english: Translated, low: int, high: int) -> Translated:
    """A part of the English with the marks that have something in it; a range over its border opens again in the next."""
    marks: list[Mark] = []
    around: list[bool] = []
    for mark in english.marks:
        del around[mark.depth :]
        start, end = max(mark.start, low), min(mark.end, high)
        if english.text[mark.start : mark.end].strip():
            inside = bool(english.text[start:end].strip())
        else:
            inside = low <= mark.start and (mark.start < high or high == len(english.text))
        if inside:
            marks.append(Mark(mark.key, start - low, max(start, end) - low, sum(around)))
        around.append(inside)
    return Translated(english.text[low:high], tuple(marks))
