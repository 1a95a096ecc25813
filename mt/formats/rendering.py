"""English written out with the marks that have their places in it, and the white space that these had in the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mt.data import Mark

CLOSERS = frozenset(".,;:!?)]}%»”’…،؛؟")
OPENERS = frozenset("([{«“‘")


@dataclass(slots=True)
class Node:
    """A mark, those inside it, and where it goes.

    first, last: its source words, from and up to; equal where it has none.
    low, high: its target words; of a point both are the gap, a gap being the number of words before it.
    start, end: its place in the English, in characters.
    """

    mark: Mark
    children: list[Node] = field(default_factory=list)
    first: int = 0
    last: int = 0
    low: int = 0
    high: int = 0
    start: int = 0
    end: int = 0


def tree(marks: Sequence[Mark]) -> list[Node]:
    """The marks that are in no other, with those in them."""
    roots: list[Node] = []
    around: list[Node] = []
    for mark in marks:
        del around[mark.depth :]
        node = Node(mark)
        (around[-1].children if around else roots).append(node)
        around.append(node)
    return roots


class Rendering:
    """Writes the English out with its marks, and white space where points and breaks had it in the source."""

    def __init__(self, source: str, target: str) -> None:
        self.source, self.target = source, target
        self.written: list[str] = []
        self.length = 0
        self.at = 0
        """Characters of the target that are written or left out."""
        self.wants_space = False
        self.last_point = -1
        """Offset in the source at which the point ends that was written last, if nothing was written since."""
        self.marks: list[Mark] = []

    def run(self, roots: list[Node]) -> tuple[str, tuple[Mark, ...]]:
        """The text and its marks."""
        self._nodes(roots, 0)
        self._until(len(self.target))
        return "".join(self.written), tuple(self.marks)

    def _nodes(self, nodes: list[Node], depth: int) -> None:
        for node in sorted(nodes, key=lambda node: (node.start, node.low < node.high)):
            self._until(node.start)
            if node.first == node.last:
                self._point(node, depth)
            else:
                self._range(node, depth)

    def _range(self, node: Node, depth: int) -> None:
        place = len(self.marks)
        if node.start < node.end:
            self._space(self.target[node.start])
        start = self.length
        self.marks.append(Mark(node.mark.key, start, start, depth))
        self._nodes(node.children, depth + 1)
        self._until(node.end)
        self.marks[place] = Mark(node.mark.key, start, self.length, depth)

    def _point(self, node: Node, depth: int) -> None:
        mark = node.mark
        covered = self.source[mark.start : mark.end]
        if covered and not covered.strip() and not node.children:
            self.wants_space = False
            start = self.length
            self._write(covered)
            while self.at < len(self.target) and self.target[self.at].isspace():
                self.at += 1
            self.marks.append(Mark(mark.key, start, self.length, depth))
            return
        before = self.written[-1][-1] if self.written else " "
        beside = self.source[max(mark.start - 1, 0) : mark.start]
        spaced = self.wants_space or beside.isspace() or (beside in OPENERS and before.isalnum())
        if spaced and self.last_point != mark.start and not before.isspace() and before not in OPENERS:
            self._write(" ")
        self.wants_space = False
        place, start = len(self.marks), self.length
        self.marks.append(Mark(mark.key, start, start, depth))
        for child in node.children:
            self._point(child, depth + 1)
        self.marks[place] = Mark(mark.key, start, self.length, depth)
        following = self.target[self.at : self.at + 1]
        beside = self.source[mark.end : mark.end + 1]
        self.wants_space = beside.isspace() or (bool(beside) and not beside.isalnum() and following.isalnum())
        self.last_point = mark.end

    def _space(self, following: str) -> None:
        """A space that a point wants after it, unless there is one or a closing mark follows."""
        if self.wants_space and not following.isspace() and following not in CLOSERS:
            self._write(" ")
        self.wants_space = False

    def _until(self, end: int) -> None:
        if self.at < end:
            self._space(self.target[self.at])
            self._write(self.target[self.at : end])
            self.at = end

    def _write(self, text: str) -> None:
        self.written.append(text)
        self.length += len(text)
        self.last_point = -1
