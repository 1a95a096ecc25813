"""What one reader has on the page: terms, corrections, earlier results. Nobody else sees it, and it goes with the session.

Where the program was started with a translation memory, corrections go there instead, for everybody: that is
what a newsroom wants that starts it so.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mt import arabic
from mt.config import revise
from mt.errors import InputError
from mt.glossary import STARTER, Problem, Term, problems
from mt.memory import Entry, open_memory
from mt.memory.exchange import export_file, import_file
from mt.pipeline import Pipeline
from mt.web.view import Page

KEPT_RESULTS = 10
MAX_TERMS = 5000


@dataclass(frozen=True, slots=True)
class Session:
    """folder: of this reader alone; holds glossary and memory once there are any. results: the last ones, the newest first."""

    folder: Path
    terms: tuple[Term, ...] = ()
    starter: bool = False
    corrected: bool = False
    results: tuple[Page, ...] = field(default=())

    @property
    def glossary_file(self) -> Path:
        """The reader's own terms."""
        return self.folder / "glossary.csv"

    @property
    def memory_file(self) -> Path:
        """The reader's own corrections."""
        return self.folder / "memory.sqlite"

    def remember(self, page: Page) -> Session:
        """Keep a result, and forget the oldest beyond `KEPT_RESULTS`."""
        return replace(self, results=(page, *self.results)[:KEPT_RESULTS])


def start() -> Session:
    """An empty session with a folder of its own."""
    return Session(Path(tempfile.mkdtemp(prefix="mt-page-")))


def end(session: Session | None) -> None:
    """Delete what a session has on disk."""
    if session is not None:
        if session.corrected:
            open_memory(str(session.memory_file)).close()
        shutil.rmtree(session.folder, ignore_errors=True)


def pipeline_of(session: Session | None, base: Pipeline) -> Pipeline:
    """The pipeline with the terms and corrections of a session, on the same engine. Raises InputError for a broken file."""
    if session is None or not (session.terms or session.starter or session.corrected):
        return base
    terms = base.config.terms
    own = (*([str(session.glossary_file)] if session.terms else []), *terms.glossary, *([STARTER] if session.starter else []))
    memory = terms.memory or (str(session.memory_file) if session.corrected else None)
    config = base.config.model_copy(update={"terms": revise(terms, glossary=own, memory=memory)})
    return Pipeline(config, base.engine)


def use_terms(session: Session, rows: Sequence[Sequence[str]], *, starter: bool) -> tuple[Session, tuple[Problem, ...]]:
    """Take these terms, Arabic and English, from now on; and say what is wrong with them. Rows with two empty sides are left out.

    Raises InputError for too many.
    """
    found = [Term(" ".join(row[0].split()), " ".join(row[1].split()), place=f"row {n}") for n, row in enumerate(rows, 1)]
    terms = tuple(term for term in found if term.source or term.target)
    if len(terms) > MAX_TERMS:
        raise InputError(f"{len(terms):,} terms; this page takes {MAX_TERMS:,}. Larger glossaries go through mt translate --glossary FILE")
    with session.glossary_file.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("source", "target"), *((term.source, term.target) for term in terms)])
    usable = tuple(term for term in terms if term.source and term.target and arabic.has_arabic(term.source))
    return replace(session, terms=usable, starter=starter), problems(terms)


def correct(session: Session, base: Pipeline, source: str, english: str) -> Session:
    """Remember what a reader makes of a segment. Raises InputError for an empty side."""
    if base.config.terms.memory:
        base.correct(source, english)
        return session
    open_memory(str(session.memory_file)).add(source, english)
    return replace(session, corrected=True)


def corrections(session: Session | None, base: Pipeline) -> list[Entry]:
    """What was corrected, in this session or in the memory that the program was started with."""
    path = memory_of(session, base)
    return list(open_memory(str(path)).entries()) if path else []


def memory_of(session: Session | None, base: Pipeline) -> Path | None:
    """The file that corrections are in; None while there are none."""
    if base.config.terms.memory:
        return Path(base.config.terms.memory)
    return session.memory_file if session is not None and session.corrected else None


def load_corrections(session: Session, base: Pipeline, path: Path) -> tuple[Session, int]:
    """Add the corrections of a .tmx, .csv or .tsv file; gives their number. Raises InputError for a file that makes no sense."""
    shared = base.config.terms.memory
    count = import_file(open_memory(shared or str(session.memory_file)), path)
    return (session if shared else replace(session, corrected=True)), count


def save_corrections(session: Session | None, base: Pipeline, folder: Path) -> Path | None:
    """Write the corrections to a TMX file in a folder; None where there are none."""
    path = memory_of(session, base)
    if path is None:
        return None
    file = folder / "corrections.tmx"
    export_file(open_memory(str(path)), file)
    return file
