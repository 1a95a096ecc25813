"""A glossary in use: terms of a source, what the prompt says of them, what the English makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from mt.errors import InputError
from mt.glossary import arabic_side
from mt.glossary.enforcing import Applied, apply
from mt.glossary.english_side import bare
from mt.glossary.entries import Found, Term
from mt.glossary.reading import read

MAX_IN_PROMPT = 4
"""Terms named in a prompt; the built-in model was trained with one to three."""


class Glossary:
    """Terms ready to be found. Entries with an empty side are left out; of several with the same Arabic the first counts."""

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self.terms = tuple(term for term in terms if term.source and term.target)
        self._table = arabic_side.index(self.terms)
        self._find = lru_cache(maxsize=4096)(self._found)

    def __bool__(self) -> bool:
        return bool(self.terms)

    @cached_property
    def signature(self) -> str:
        """Eight hexadecimal digits that change with anything that can change a translation."""
        said = repr([(t.source, t.target, t.case, t.part_of_speech, t.accepted, t.forbidden) for t in self.terms])
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def find(self, source: str) -> tuple[Found, ...]:
        """The terms of a source in reading order, the longest where several overlap."""
        return self._find(source)

    def prompt(self, source: str) -> str:
        """The terms of a source as a prompt names them, `محكمة = tribunal; مجلس الأمن = Security Council`; empty for none."""
        named = {found.shown: bare(found.term.target) for found in self.find(source)}
        return "; ".join(f"{shown} = {target}" for shown, target in list(named.items())[:MAX_IN_PROMPT])

    def apply(self, source: str, english: str) -> Applied:
        """The English with its terms as the glossary wants them, and what became of each."""
        found = self.find(source)
        return apply(found, source, english) if found else Applied(english)

    def _found(self, source: str) -> tuple[Found, ...]:
        return arabic_side.find(source, self._table) if self._table else ()


def load(paths: Sequence[str | Path]) -> Glossary:
    """One glossary of several files; an earlier file wins over a later one. Kept until a file changes. Raises as `read` does."""
    return _loaded(tuple(map(str, paths)), tuple(map(_state, paths)))


def _state(path: str | Path) -> tuple[int, int]:
    """Changes with the file."""
    try:
        found = Path(path).stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=8)
def _loaded(paths: tuple[str, ...], _states: tuple[tuple[int, int], ...]) -> Glossary:
    terms = [term for path in paths for term in read(path)]
    if paths and not any(term.source and term.target for term in terms):
        raise InputError(f"{', '.join(map(str, paths))}: no entry with both sides: nothing to use")
    return Glossary(terms)
