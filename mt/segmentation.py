"""Lossless splitting: a text into blocks, blocks into sentences, sentences into parts that fit a model.

White space goes into tails, nothing is dropped, and nothing is changed. A full stop is judged by what stands on
either side of it: Arabic has no capital letters to tell a new sentence, so when in doubt the text stays
whole, because half a sentence translates worse than two at once.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Literal

from mt.data import Block, BlockKind, Document, Segment

_ARABIC = "\u0620-\u063f\u0641-\u064a\u066e-\u066f\u0671-\u06d3\u06d5\u0750-\u077f\ufb50-\ufdfb\ufe80-\ufefc"
_VOWELS = "\N{ARABIC FATHATAN}-\N{ARABIC SUKUN}"

# Lines and blocks

_WIDTHS = range(40, 141)
"""Characters in the longest line of hard-wrapped text; longer lines are paragraphs, shorter ones verse or lists."""
_FULL = 0.9
"""A wrapped line plus the next word reaches this share of the longest line; 1.0 would miss proportional fonts."""

_LINE = re.compile(r"\S(?:[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*\S)?")
"""A line without the white space around it: `نص` in `"  نص \\n"`."""
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACE = re.compile(r"\s*")
_TABS = re.compile(r"\s*\t\s*")
_BULLET = re.compile(
    r"[•◦▪●○■□‣⁃·✓✔➢►▶◆◇]\s*|[-–—](?=\s+[\w«\"“(]|[^\W\d_]|[«\"“(])\s*|\*\s+"  # `- نص`, `• نص`, `-نص`; not `-5`
    rf"|\(?\d{{1,3}}(?:\.\d{{1,3}})*\s?[.)]\s+|\d{{1,3}}\s?[-–]\s*(?=[{_ARABIC}])|\(\d{{1,3}}\)\s*"  # `1. نص`, `3- نص`, `(2) نص`
    rf"|\(?[{_ARABIC}]\)\s*|[{_ARABIC}]\s?[-–]\s+"  # `أ) نص`, `ب- نص`
)
_SPEAKER = re.compile(r"[-–—*]|[سج]\s?[:/]")
"""What may start a turn of a dialogue: `- نعم`, `س: متى؟`."""
_CLOSE = r"[\"'”’»)\]" "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}]*$"
_QUESTION_END = re.compile(rf"[؟?!]{_CLOSE}")
_FINAL = re.compile(rf"[.!?؟۔…:؛]{_CLOSE}")
"""The end of a line that ends a sentence or announces the next: `انتهى.`, `وقال:`."""
_TITLE_FINAL = re.compile(rf"(?<!\.)[.۔:؛،,]{_CLOSE}")
"""What a headline does not end with; it may well end with `؟` or `..`."""
_NEEDS_MORE = frozenset(
    "في من على إلى عن مع أن إن أو ثم و بين خلال بعد قبل عند منذ حتى لكن التي الذي الذين هذا هذه كل غير لم لن لا قد كما كان".split()
)

_AGENCY = (
    r"رويترز|وكالات|الوكالات|خاص|أ[. ]{0,2}ف[. ]{0,2}ب|ا ف ب|أ ب|أ[. ]{0,2}ش[. ]{0,2}أ|د[. ]{0,2}ب[. ]{0,2}أ|فرانس برس|أسوشيتد برس|سبوتنيك"
    r"|الأناضول|شينخوا|نوفوستي|تاس|وام|واس|قنا|بترا|سانا|كونا|معا|وفا|سكاي نيوز عربية|العربية[. ]نت|الجزيرة[. ]نت"
    r"|مراسلنا|مراسلتنا|مراسلونا|AFP|AP|Reuters|BBC|CNN|RT"
)
_CREDIT = (
    r"كتبت?|كتبه|كتبها|بقلم|[إا]عداد|تحرير|حاور\w{1,2}|أجر[ىت] الحوار|ترجمة|تصوير|عدسة|متابعة|مراسل\w*"
    r"|المصدر|آخر تحديث|تاريخ النشر|نشر في"
)
_MONTH = (
    r"يناير|فبراير|مارس|[أإا]بريل|مايو|يونيو|يوليو|[أا]غسطس|سبتمبر|[أا]كتوبر|نوفمبر|ديسمبر"
    r"|كانون|شباط|[آا]ذار|نيسان|[أا]يار|حزيران|تموز|[آا]ب|[أا]يلول|تشرين"
)
_BYLINE = re.compile(
    rf"(?:{_CREDIT})\s*[:/|\-–—]\s*\S|بقلم\s+\S|(?:تقرير|تحقيق|حوار)\s?[:/-]\s?\S+(?:\s\S+){{0,2}}$"  # `كتب : محمد سعد`, `بقلم سعاد علي`
    rf"|(?:\w+\s){{0,3}}\w+\s?[-–—/|]\s?(?:(?:{_AGENCY})(?!\w)|(?:{_CREDIT})\s*[:/])"  # `القاهرة - رويترز`, `الموصل - حاورته: نور`
    rf"|(?:\w+\s){{0,3}}\w*\s?\((?:{_AGENCY})\)|\(?(?:{_AGENCY})\)?$"  # `القاهرة (أ ف ب)`, `وكالات`
    rf"|(?:\w+\s?[،,]?\s)?(?:\d{{1,2}}\s(?:{_MONTH})|\d{{1,4}}[/.-]\d{{1,2}}[/.-]\d{{1,4}}(?!\w))"  # `الأحد 12 مارس 2024`, `12/3/2024`
)
_SIGNED = re.compile(r"\s[-–—|/\N{ARABIC TATWEEL}]\s")
"""A line under the headline with a dash is a by-line: `رادس - القسم الرياضي`."""

# Sentences

_ASIDE = 300
"""Characters to look ahead for the closing bracket; further away it is taken for a typing slip."""
_NEAR = 32
"""Characters to look back for an abbreviation; no known one is longer."""
_MARKER = 12
"""Characters before a full stop that hold no letter, as in `(12. `, number an item."""
_SLOGAN = 6
"""Words in a quotation that may be a title or a slogan rather than a speech."""

_TOKEN = re.compile(r"(?P<stop>\.(?:[ \N{NO-BREAK SPACE}]\.)+|[.!?؟۔…‼⁇⁈⁉]+)|(?P<open>[(\[{])|(?P<close>[)\]}])|\"")
_EXCLAMATIONS = frozenset("!?؟‼⁇⁈⁉")
_STOPS = frozenset(".!?؟۔…‼⁇⁈⁉")
_CLOSERS = frozenset("”’»›❞﴾)]}")
_OPENING = frozenset("«“‘([﴿\"'")
_OPENER = {"»": "«", "”": "“", '"': '"', "’": "‘"}
_PAIR = {"(": ")", "[": "]", "{": "}"}
_ATTACHED = frozenset({"So", "Sk", "Cf", "Mn"})
"""Unicode categories of what clings to the end of a sentence: emoji, direction marks, variation selectors."""
_REFERENCE = re.compile(r"\[\d{1,3}\]|[¹²³⁰-⁹]")
"""A footnote mark after the full stop: `نص.[12]`."""
_SPACED_CLOSER = re.compile("[ \N{NO-BREAK SPACE}][»”)\\]}]")
"""A closing mark set off as in French: `نعم . »`."""

_LETTER = re.compile(r"[^\W\d_]")
_ARABIC_LETTER = re.compile(f"[{_ARABIC}]")
_LATIN_LETTER = re.compile("[A-Za-zÀ-ɏ]")
_WORD_START = re.compile(rf"[^\W\d_][\N{{ARABIC TATWEEL}}{_VOWELS}]*[^\W\d_]|و\s")
_LAST_WORD = re.compile(rf"[\w\N{{ARABIC TATWEEL}}{_VOWELS}]*$")
_ABBREVIATIONS = frozenset(
    "ود وأ وم لد لأ بد مج بروف سانت"
    " mr mrs ms dr prof sr jr st inc ltd co corp vs vol fig al approx dept gov gen sen rep lt col capt sgt rev hon ft bros cf ca ed eds pp"
    " jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_BEFORE_NUMBER = frozenset(["no", "nos", "art", "رقم", "ص", "ج", "ط"])
_INITIALS = re.compile(r"(?<![^\W\d_])(?:[وفبلك]|ال)?(?:[^\W\d_]\.\s?)+[^\W\d_]$")
"""What stands before the last full stop of `أ.م.`, `U.S.`, `أ. د.`"""
_SPELT = "آر|أر|آي|إم|أم|إل|أل|إن|إس|أس|إف|أف|إتش|إيه|إكس|بي|تي|جي|جيه|دي|سي|كي|كيو|يو|دبليو"
_SPELT_INITIAL = re.compile(rf"(?<!\w)(?:{_SPELT})$")
_SPELT_ACRONYM = re.compile(rf"(?<!\w)(?:{_SPELT})\s(?:{_SPELT})$")
"""Latin letters as Arabic spells them: `جورج آر. مارتن` is an initial, `قناة بي بي سي.` the end of a sentence."""
_LABELLED = re.compile(
    r"(?:فيتامين|القسم|قسم|المجموعة|مجموعة|الفئة|فئة|الملحق|النوع|الحرف|حرف|فصيلة|الفصيلة|البند|الفقرة|الخطة|الكبد|السلسلة|الجدول|نقطة|التصنيف)"
    r"\s+\w$"
)
"""A letter that is a name, so that the full stop after it ends a sentence: `فيتامين د.`"""
_AFTER_NUMBER = re.compile(r"\d\s?[مهصغسكل]\N{ARABIC TATWEEL}?$")
"""A unit or an era after a number: `عام 570 م.`"""
_WEB_SUFFIX = re.compile(
    r"(?:نت|كوم|شبكة|اورج|أورج|تي في)(?!\w)"
    r"|(?:com|net|org|gov|edu|info|tv|io|pdf|docx?|xlsx?|pptx?|txt|html?|jpe?g|png|mp[34]|zip|csv)(?![A-Za-z])"
)
"""What makes `العربية.نت` and `تقرير.pdf` one word."""
_SAYING = re.compile(
    r"(?:قال|قالت|يقول|تقول|سأل|سألت|أجاب|أجابت|يجيب|تجيب|صرخ|صرخت|هتف|هتفت|هتفوا|تساءل|تساءلت|همس|همست|رد|ردت|أضاف|أضافت|تابع|تابعت)(?!\w)"
)
"""A verb that says who spoke the quotation before it: `«نعم!» قال الرجل`."""
_BRANDS = ("Yahoo!", "Jeopardy!")

# Parts that fit a model

_CUTS = (
    re.compile(r"(?:[؛;:…—–]|\.\.)(?=\s)"),
    re.compile(r"[،,](?=\s+(?:و|ف|ثم|لكن|كما|حيث|إذ|بينما|فيما|مما|ما|بعد|قبل|رغم|على أن|إلا أن)\w)"),
    re.compile(r"[،,](?=\s)"),
    re.compile(r"\S(?=\s+(?:و\w{3,}|ثم|لكن|لأن|حيث|الذي|التي|الذين|كما|بينما|أن|إن|إذا)\b)"),
    re.compile(r"\S(?=\s)"),
)
"""Where an over-long sentence may be cut, the best place first: clause marks, commas, conjunctions, spaces."""
_MARK = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u20d0-\u20f0\ufe00-\ufe0f"
_CLUSTER = re.compile(
    r"\d[\d.,/:\N{ARABIC DECIMAL SEPARATOR}\N{ARABIC THOUSANDS SEPARATOR}-]*[\d٪%]"
    r"|[\U0001f1e6-\U0001f1ff]{2}|[\ud800-\udbff][\udc00-\udfff]"
    rf"|.(?:[{_MARK}\U0001f3fb-\U0001f3ff]|\N{{ZERO WIDTH JOINER}}.)*",
    re.DOTALL,
)
"""What is not cut inside: a number, a flag, a letter and its marks, an emoji and its parts."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    """No white space at either end."""
    gap: str
    """The white space after it, with its line breaks."""


def document(text: str, id: str = "") -> Document:
    """Cut a plain text into blocks: titles, by-lines, paragraphs, list items, turns of a dialogue, cells of a table.

    Joining text + tail over the blocks gives the text back. A line is a block; hard-wrapped lines
    are joined (see `_wrapped`), and lines with tabs are cut into cells. White space at the start of
    the text belongs to the first block. A blank text is one block, an empty text none.

    >>> [(block.kind, block.text) for block in document("قمة في عمّان\\nكتب: محمد سعد\\nتبدأ القمة اليوم. وتنتهي غدًا.").blocks]
    [('title', 'قمة في عمّان'), ('byline', 'كتب: محمد سعد'), ('paragraph', 'تبدأ القمة اليوم. وتنتهي غدًا.')]
    """
    lines = _lines(text)
    if not lines:
        return Document((Block(text),) if text else (), id=id)
    lead = text[: len(text) - sum(len(line.text) + len(line.gap) for line in lines)]
    runs = list(_runs(lines))
    width = max(_wrapped(run) for run in runs)
    blocks = _with_kinds([block for run in runs for block in _run_blocks(run, width)])
    title = next((" ".join(block.text.split()) for block in blocks if block.kind == "title"), "")
    blocks[0] = Block(lead + blocks[0].text, blocks[0].kind, blocks[0].tail)
    return Document(tuple(blocks), id=id, title=title)


def segments(document: Document, unit: Literal["sentence", "block"] = "sentence") -> list[Segment]:
    """Cut the blocks of a document into what is sent to the model, in reading order.

    Joining text + tail over the segments of a block gives the text of the block back. A block that
    starts with white space starts with a segment of empty text; all other segments start and end with
    something else.

    >>> [segment.text for segment in segments(document("بلغ النمو 3.5٪. وقال د. أحمد إنه جيد."))]
    ['بلغ النمو 3.5٪.', 'وقال د. أحمد إنه جيد.']
    """
    found = []
    for index, block in enumerate(document.blocks):
        body = block.text.lstrip()
        if len(body) < len(block.text):
            found.append(Segment("", block.text[: len(block.text) - len(body)], index))
        ends = [*(_sentence_ends(body) if unit == "sentence" else ()), *([len(body)] if body else [])]
        start = 0
        for end in ends:
            text = body[start:end].rstrip()
            found.append(Segment(text, body[start + len(text) : end], index))
            start = end
    return found


def split(text: str) -> list[Segment]:
    """Cut a text into sentences; joining text + tail gives the text back exactly.

    The first segment has empty text if the text starts with white space; an empty text has no segments.

    >>> split("هل وصلت؟ نعم.\\n")
    [Segment(text='هل وصلت؟', tail=' ', block=0), Segment(text='نعم.', tail='\\n', block=0)]
    """
    whole = document(text)
    found = segments(whole)
    for i, segment in enumerate(found):
        if i + 1 == len(found) or found[i + 1].block != segment.block:
            found[i] = Segment(segment.text, segment.tail + whole.blocks[segment.block].tail, segment.block)
    return found


def _lines(text: str) -> list[_Line]:
    found = list(_LINE.finditer(text))
    starts = [*(match.start() for match in found[1:]), len(text)][: len(found)]
    return [_Line(match.group(), text[match.end() : start]) for match, start in zip(found, starts, strict=True)]


def _runs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Lines with no blank line between them."""
    run: list[_Line] = []
    for line in lines:
        run.append(line)
        if len(_LINE_BREAK.findall(line.gap)) > 1:
            yield run
            run = []
    if run:
        yield run


def _run_blocks(run: Sequence[_Line], known: int) -> Iterator[Block]:
    """`known`: the width that another run of the document was wrapped at, or 0."""
    width = _wrapped(run) or (known if max(len(line.text) for line in run) <= known / _FULL else 0)
    rows = _rows(run)
    group: list[_Line] = []
    for i, line in enumerate(run):
        group.append(line)
        if i + 1 < len(run) and not rows[i] and not rows[i + 1] and _continues(group[0], line, run[i + 1], width):
            continue
        if rows[i]:
            yield from _cells(line)
        else:
            yield Block("".join(part.text + part.gap for part in group[:-1]) + line.text, tail=line.gap)
        group = []


def _rows(run: Sequence[_Line]) -> list[bool]:
    """Which lines are rows of a table: two gaps with tabs, or as many as a neighbour has."""
    tabs = [len(_TABS.findall(line.text[match.end() if (match := _BULLET.match(line.text)) else 0 :])) for line in run]
    return [n > 1 or (n > 0 and n in (*tabs[max(i - 1, 0) : i], *tabs[i + 1 : i + 2])) for i, n in enumerate(tabs)]


def _cells(row: _Line) -> Iterator[Block]:
    start = 0
    for tab in _TABS.finditer(row.text):
        yield Block(row.text[start : tab.start()], "cell", tab.group())
        start = tab.end()
    yield Block(row.text[start:], "cell", row.gap)


def _wrapped(run: Sequence[_Line]) -> int:
    """The width that lines were surely wrapped at, or 0.

    Wrapped by a program, a line that stops inside a sentence is so full that the next word did not fit.
    The first line may be a headline, and one more may stop short for every three that are full. Lists and verse
    have no line that ends a sentence. Two lines may be a headline and a short paragraph, so they need a sign.
    """
    width = max(len(line.text) for line in run)
    pairs = [(a, b) for a, b in pairwise(run) if not _FINAL.search(a.text) and not _starts_block(b.text)]
    if width not in _WIDTHS or not pairs:
        return 0
    full = sum(_is_full(a, b, width) for a, b in pairs)
    short = sum(not _is_full(a, b, width) for a, b in pairs if a is not run[0])
    certain = any(_FINAL.search(line.text) for line in run) if len(run) > 2 else _unfinished(run[0].text)
    return width if certain and full > 0 and full >= 3 * short else 0


def _is_full(line: _Line, following: _Line, width: int) -> bool:
    return len(line.text) + 1 + len(following.text.split(maxsplit=1)[0]) >= _FULL * width


def _unfinished(text: str) -> bool:
    """Ends with a comma or a word that needs another after it, so even two lines are surely one paragraph."""
    return text.endswith(("،", ",")) or text.split()[-1] in _NEEDS_MORE


def _continues(first: _Line, line: _Line, following: _Line, width: int) -> bool:
    """Whether the following line belongs to the block of this one; `first` is the first line of the block."""
    if _starts_block(following.text) or _is_byline(line.text):
        return False
    indented = len(line.gap) - len(line.gap.rstrip(" \t")) > 1
    if indented and _BULLET.match(first.text) and not _FINAL.search(line.text):
        return True
    return width > 0 and _is_full(line, following, width)


def _starts_block(text: str) -> bool:
    return bool(_BULLET.match(text)) or _is_byline(text)


def _is_byline(text: str) -> bool:
    """Who wrote or sent it, from where and when, on a line of its own."""
    return _is_short(text) and bool(_BYLINE.match(text))


def _is_short(text: str) -> bool:
    return len(text) <= 90 and len(text.split()) <= 10 and not _FINAL.search(text)


def _with_kinds(blocks: Sequence[Block]) -> list[Block]:
    asked = any(_SPEAKER.match(block.text) and _QUESTION_END.search(block.text) for block in blocks)
    found: list[Block] = []
    for i, block in enumerate(blocks):
        following = blocks[i + 1] if i + 1 < len(blocks) else None
        found.append(Block(block.text, _kind(block, found, following, asked=asked), block.tail))
    return found


def _kind(block: Block, before: Sequence[Block], following: Block | None, *, asked: bool) -> BlockKind:
    """`asked`: the document has questions at the start of lines, so that its dashes are turns of a dialogue."""
    text = block.text
    if block.kind == "cell":
        return "cell"
    if (asked and _SPEAKER.match(text)) or text.startswith("—"):
        return "dialogue"
    if _BULLET.match(text):
        return "list_item"
    kinds = {earlier.kind for earlier in before[:4]}
    if _is_byline(text) or (kinds and kinds <= {"title", "byline"} and len(before) < 4 and _is_short(text) and _SIGNED.search(text)):
        return "byline"
    if following is None or following.kind == "cell" or _TITLE_FINAL.search(text) or not _LETTER.search(text):
        return "paragraph"
    words = len(text.split())
    if words <= 25 and kinds <= {"byline"}:
        return "title"
    return "heading" if words <= 12 and len(following.text) > 1.5 * len(text) else "paragraph"


@dataclass(frozen=True, slots=True)
class _Stop:
    marks: str
    start: int
    end: int
    """After the closing quotes, brackets, footnotes and emoji that belong to the sentence."""


def _sentence_ends(text: str) -> Iterator[int]:
    """Where sentences end inside a text that starts with no white space; the white space after is included."""
    start = position = 0
    asides: list[str] = []  # the closing brackets that are awaited
    quoted = False
    while token := _TOKEN.search(text, position):
        position = token.end()
        if token["open"]:
            if _is_aside(text, start, token.start()):
                asides.append(_PAIR[token.group()])
        elif token["close"]:
            if asides and token.group() == asides[-1]:
                asides.pop()
        elif token["stop"]:
            stop = _stop(text, token, quoted=quoted, asides=asides)
            if stop and stop.end < len(text) and _is_boundary(text, start, stop):
                quoted ^= text.count('"', token.end(), stop.end) % 2 == 1
                asides = []
                start = position = _skip_space(text, stop.end)
                yield start
        else:
            quoted = not quoted


def _is_aside(text: str, start: int, position: int) -> bool:
    """A bracket that opens inside a sentence and closes soon: nothing in it ends the sentence."""
    closes = text.find(_PAIR[text[position]], position + 1, position + _ASIDE) > 0
    return closes and (position - start > _NEAR or bool(_LETTER.search(text, start, position)))


def _stop(text: str, token: re.Match[str], *, quoted: bool, asides: Sequence[str]) -> _Stop | None:
    """The end of a sentence with all that closes it, as in `!»).`; None for a mark inside an aside."""
    start, marks, end = token.start(), token.group(), token.end()
    awaited = list(asides)
    if awaited:
        marks = ""
    while end < len(text):
        character = text[end]
        if character in _STOPS and not awaited:
            start = start if marks else end
            marks += character
        elif awaited and character == awaited[-1]:
            awaited.pop()
        elif character in "\"'":
            if not quoted and text[end + 1 : end + 2].isalnum():  # it opens the next sentence
                break
            quoted = False
        elif match := _REFERENCE.match(text, end) or _SPACED_CLOSER.match(text, end):
            end = match.end()
            continue
        elif not (character in _CLOSERS or character in _STOPS or unicodedata.category(character) in _ATTACHED):
            break
        end += 1
    return _Stop(marks, start, end) if marks and not awaited else None


def _is_boundary(text: str, start: int, stop: _Stop) -> bool:
    """Whether a new sentence starts after these marks; `start` is where the present one started."""
    position = _skip_space(text, stop.end)
    if position == len(text):
        return False
    following, attached = text[position], position == stop.end
    before = text[max(start, stop.start - _NEAR) : stop.start].rstrip()
    if following in "،,؛;:" or (len(before) < _MARKER and not _LETTER.search(before)):
        return False
    if not attached and _is_attributed(text, start, stop, position):
        return False
    if set(stop.marks) & _EXCLAMATIONS:
        return _ends_exclamation(text, before, stop, position)
    if "…" in stop.marks or "." in stop.marks[1:]:
        return not attached and _is_latin(following) and following.isupper()
    if attached:
        return _ends_attached(text, before, stop, position)
    return not _is_abbreviation(before, following)


def _is_attributed(text: str, start: int, stop: _Stop, position: int) -> bool:
    """A quotation that ends with the sentence mark but goes on: `«لا!» قال الرجل`, `رفع شعار «لا للحرب!» أمس`."""
    closing = next((c for c in text[stop.start : stop.end] if c in _OPENER), "")
    opened = text.rfind(_OPENER[closing], max(start, stop.start - _ASIDE), stop.start) if closing else -1
    if opened < 0 or text[stop.end - 1] in _STOPS:
        return False
    introduced = text[max(start, opened - _NEAR) : opened].rstrip()[-1:]
    if introduced != ":" and _SAYING.match(text, position):
        return True
    spoken = opened == start or introduced in (":", "،", ",")
    return not spoken and bool(set(stop.marks) & _EXCLAMATIONS) and len(text[opened : stop.start].split()) <= _SLOGAN


def _ends_exclamation(text: str, before: str, stop: _Stop, position: int) -> bool:
    following = text[position]
    if (before + stop.marks).endswith(_BRANDS):
        return False
    if position == stop.end:  # an address goes on: `x.org/?q=1`
        return _is_arabic(following) or following in _OPENING
    return not (following.islower() and _is_latin(following))


def _ends_attached(text: str, before: str, stop: _Stop, position: int) -> bool:
    """A full stop with no space after it: `وقال.وأضاف` ends a sentence; `3.5`, `www.un.org`, `أ.م` do not."""
    following = text[position]
    if following in _OPENING:
        return not _is_latin(before[-1:]) and not _is_abbreviation(before, following)
    if not _LETTER.match(following) or _WEB_SUFFIX.match(text, position):
        return False
    closed = stop.end > stop.start + len(stop.marks)
    if _is_latin(following):  # `.NET` has a space before the full stop
        return closed or _is_arabic(text[stop.start - 1])
    alone = not _WORD_START.match(text, position)  # the second letter of `أ.م`; not `.و كما`
    return not alone and (closed or not _is_abbreviation(before, following))


def _is_abbreviation(before: str, following: str) -> bool:
    """Whether the full stop after `before` belongs to an abbreviation or an initial, not to the sentence."""
    match = _LAST_WORD.search(before)
    word = _bare(match[0]).lower() if match else ""
    if not word:
        return False
    if word in _ABBREVIATIONS or (following.isdigit() and word in _BEFORE_NUMBER) or _INITIALS.search(before):
        return True
    if _SPELT_INITIAL.search(before):
        return not _SPELT_ACRONYM.search(before)
    if len(word) == 1 and not word.isdigit():
        return not (_LABELLED.search(before) or _AFTER_NUMBER.search(before))
    return following.islower() and _is_latin(following) and _is_latin(word[-1])


def _bare(word: str) -> str:
    return "".join(c for c in word if not unicodedata.combining(c) and c != "\N{ARABIC TATWEEL}")


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _is_arabic(character: str) -> bool:
    return bool(_ARABIC_LETTER.match(character))


def _is_latin(character: str) -> bool:
    return bool(_LATIN_LETTER.match(character))


def fit(segments: Sequence[Segment], count: Callable[[str], int], limit: int) -> list[Segment]:
    """Cut the segments that are longer than a model can take; joining text + tail gives the same text.

    count: model tokens in a text; called about three times a part, on texts of the limit's size.
    limit: most tokens in a part. Only a single character may exceed it.

    A segment is cut into parts of about equal length, at ends of sentences if it has any, else at clause
    marks, else before conjunctions, else at spaces, else anywhere but inside a number or a character with its marks.

    Raises ValueError if the limit is below 1.

    >>> [part.text for part in fit([Segment("قال كذا، وقال كذا، وقال كذا")], count=len, limit=20)]
    ['قال كذا، وقال كذا،', 'وقال كذا']
    """
    if limit < 1:
        raise ValueError(f"limit is {limit}; expected 1 or more")
    found: list[Segment] = []
    for segment in segments:
        tokens = count(segment.text)
        found += [segment] if tokens <= limit else _parts(segment, tokens, count, limit)
    return found


def _parts(segment: Segment, tokens: int, count: Callable[[str], int], limit: int) -> Iterator[Segment]:
    text = segment.text
    ends = list(_sentence_ends(text))
    start = 0
    per_token = len(text) / tokens  # characters; follows the text, as scripts differ
    while start < len(text):
        rest = (len(text) - start) / per_token
        if rest <= limit and count(text[start:]) <= limit:
            yield Segment(text[start:], segment.tail, segment.block)
            return
        ideal = (len(text) - start) / max(2, ceil(rest / limit))
        most = max(1, min(len(text) - start - 1, int(limit * per_token)))
        while True:
            end = _cut(text, start, ideal, most, ends)
            part = text[start:end].rstrip()
            size = count(part)
            if size <= limit or most == 1:
                break
            most = max(1, min(most - 1, int(most * 0.95 * limit / size)))
            ideal = min(ideal, most)
        if end == len(text):
            yield Segment(part, text[start + len(part) :] + segment.tail, segment.block)
            return
        per_token = len(part) / max(size, 1) or 1.0
        yield Segment(part, text[start + len(part) : end], segment.block)
        start = end


def _cut(text: str, start: int, ideal: float, most: int, ends: Sequence[int]) -> int:
    """Where the part that starts at `start` ends, the white space after it included.

    ideal, most: characters wanted in the part, and the most that it may have. `ends`: ends of sentences.
    """
    low, high, wanted = start + max(1, int(ideal / 2)), start + most, start + ideal
    sentences = ends[bisect_left(ends, low) : bisect_right(ends, high)]
    if sentences:
        return min(sentences, key=lambda position: abs(position - wanted))
    for pattern in _CUTS:
        found = [match.end() for match in pattern.finditer(text, low, high + _NEAR) if match.end() <= high]
        if found:
            return _skip_space(text, min(found, key=lambda position: abs(position - wanted)))
    early = [match.end() for match in _CUTS[-1].finditer(text, start + 1, low)]
    return _skip_space(text, early[-1] if early else _inside_word(text, start, high))


def _inside_word(text: str, start: int, high: int) -> int:
    """The last position up to `high` that is inside neither a number nor a character with its marks."""
    ends = (match.end() for match in _CLUSTER.finditer(text, start, high + _NEAR))
    return max((end for end in ends if end <= high), default=high)
