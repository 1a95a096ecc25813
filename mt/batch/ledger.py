"""The ledger of a job: one SQLite file that says of every source what became of it.

It is written ahead (WAL) and synced at every commit that says a file is done, so that neither a kill
nor a loss of power makes it lie. Paths are kept as the bytes that the file system has.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mt.batch.job import Doubt, Found, Job, Outcome, Task
from mt.errors import JobError

NAME = "ledger.sqlite"
PAGE = 500
"""Rows read at once; the list of all files is never in memory."""
WORST = 5
"""Flagged segments that are kept of a file, for the report."""

# state: waiting, done, failed, gone. hash, written: SHA-256 of source and output. place: number of the root.
SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
  path TEXT PRIMARY KEY, place INTEGER NOT NULL, output TEXT NOT NULL, bytes INTEGER NOT NULL, stamp TEXT NOT NULL,
  run INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', settings TEXT NOT NULL DEFAULT '', hash TEXT NOT NULL DEFAULT '',
  written TEXT NOT NULL DEFAULT '', size INTEGER NOT NULL DEFAULT 0, segments INTEGER NOT NULL DEFAULT 0,
  words INTEGER NOT NULL DEFAULT 0, flagged INTEGER NOT NULL DEFAULT 0, flags TEXT NOT NULL DEFAULT '',
  notes TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', seconds REAL NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_state ON files (state, path);
CREATE INDEX IF NOT EXISTS files_by_output ON files (output);
CREATE TABLE IF NOT EXISTS doubts (
  path TEXT, number INTEGER, badness REAL, flags TEXT, source TEXT, english TEXT, PRIMARY KEY (path, number)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS doubts_by_badness ON doubts (badness);
CREATE TABLE IF NOT EXISTS segments (
  key BLOB PRIMARY KEY, text TEXT NOT NULL, score REAL NOT NULL, tokens INTEGER NOT NULL, truncated INTEGER NOT NULL) WITHOUT ROWID;
"""

# A file that is as it was keeps its state; one that changed waits, and its hash will tell whether it really did.
FIND = """
INSERT INTO files (path, place, output, bytes, stamp, run) VALUES (CAST(? AS TEXT), ?, CAST(? AS TEXT), ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET place = excluded.place, run = excluded.run, bytes = excluded.bytes, stamp = excluded.stamp,
  output = excluded.output,
  state = CASE WHEN state = 'gone' OR bytes != excluded.bytes OR stamp != excluded.stamp THEN 'waiting' ELSE state END
"""

# Two sources with one output: those whose suffix changes keep all of their name, a.pdf -> a.pdf.docx.
PART = """
UPDATE files SET output = path || substr(output, length(rtrim(output, replace(output, '.', '')))) WHERE run = :run AND output != path
  AND output IN (SELECT output FROM files WHERE run = :run GROUP BY output HAVING count(*) > 1)
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a ledger holds. bytes, words and so on are of files done; `left` is the bytes of files that wait."""

    waiting: int = 0
    done: int = 0
    failed: int = 0
    gone: int = 0
    left: int = 0
    bytes: int = 0
    words: int = 0
    segments: int = 0
    flagged: int = 0
    doubtful: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """One file, as it stands in the ledger."""

    path: str
    output: str
    state: str
    hash: str
    written: str
    bytes: int
    size: int
    segments: int
    words: int
    flagged: int
    flags: str
    notes: str
    error: str
    seconds: float


COLUMNS = ", ".join(Row.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Marked:
    """A flagged segment and its file."""

    path: str
    doubt: Doubt


class Ledger:
    """An open ledger. Raises JobError where the file is damaged or cannot be written."""

    def __init__(self, database: sqlite3.Connection, name: str) -> None:
        self.database = database
        self.name = name
        with self._clear():
            database.executescript(SCHEMA)

    @contextmanager
    def _clear(self) -> Iterator[None]:
        with clear_errors(self.name):
            yield

    def find(self, sources: Iterable[tuple[int, Found]], output_of: Callable[[str], str], run: int) -> None:
        """Take up what there is to do, as numbers of roots and what lies there; what is not among it is gone."""
        with self._clear(), self.database:
            self.database.execute("BEGIN IMMEDIATE")
            rows = ((_bytes(f.path), place, _bytes(output_of(f.path)), f.bytes, f.stamp, run) for place, f in sources)
            self.database.executemany(FIND, rows)
            self.database.execute("UPDATE files SET state = 'gone' WHERE run != ? AND state != 'gone'", (run,))
            self.database.execute(PART, {"run": run})
            self._refuse_shared_outputs(run)

    def _refuse_shared_outputs(self, run: int) -> None:
        clash = self.database.execute(
            "SELECT min(path), max(path), output FROM files WHERE run = ? GROUP BY output HAVING count(*) > 1 LIMIT 1", (run,)
        ).fetchone()
        if clash:
            raise JobError(f"{clash[0]} and {clash[1]} would both be written to {clash[2]}; rename one of them, or --exclude it")

    def renamed(self, run: int) -> list[tuple[str, str]]:
        """(source, output) of what keeps its own suffix in the name of its output, for two wanted one; the first few."""
        with self._clear():
            query = (
                "SELECT path, output FROM files WHERE run = ? AND substr(output, 1, length(path) + 1) = path || '.' ORDER BY path LIMIT ?"
            )
            rows = self.database.execute(query, (run, PAGE)).fetchall()
        return [(path, output) for path, output in rows if PurePosixPath(path).suffix]

    def review(self, present: Iterable[Found], settings: str, *, force: bool, retry_failed: bool) -> None:
        """Let wait what is not there, was made with other settings or is to be done anyway. present: what the output holds."""
        with self._clear(), self.database:
            self.database.execute("CREATE TEMP TABLE present (path TEXT PRIMARY KEY, size INTEGER) WITHOUT ROWID")
            self.database.executemany("INSERT INTO present VALUES (CAST(? AS TEXT), ?)", ((_bytes(f.path), f.bytes) for f in present))
            self.database.execute(
                "UPDATE files SET hash = '', state = CASE state WHEN 'done' THEN 'waiting' ELSE state END WHERE hash != '' AND NOT EXISTS "
                "(SELECT 1 FROM present WHERE present.path = files.output AND present.size = files.size)"
            )
            self.database.execute("DROP TABLE present")
            again = "UPDATE files SET hash = '', state = 'waiting' WHERE state IN ('done', 'failed', 'waiting') AND "
            self.database.execute(again + "settings != ? AND state != 'waiting'", (settings,))
            self.database.execute("UPDATE files SET hash = '' WHERE settings != ?", (settings,))
            if retry_failed:
                self.database.execute(again + "state = 'failed'")
            if force:
                self.database.execute(again + "1")

    def waiting(self, job: Job) -> Iterator[Task]:
        """What is to be done, in the order of paths; what fails or is done meanwhile does not come again."""
        last = b""
        while True:
            condition = "state = 'waiting' AND path > CAST(? AS TEXT)"
            query = f"SELECT path, place, output, hash, bytes FROM files WHERE {condition} ORDER BY path LIMIT ?"
            with self._clear():
                rows = self.database.execute(query, (last, PAGE)).fetchall()
            if not rows:
                return
            for path, place, output, digest, size in rows:
                root = job.roots[place]
                yield Task(path, root.base, path.removeprefix(root.prefix), output, digest, size)
            last = _bytes(rows[-1][0])

    def record(self, outcomes: Sequence[Outcome], settings: str) -> None:
        """Say what became of some files, synced to the disk."""
        with self._clear(), self.database:
            for outcome in outcomes:
                self._record(outcome, settings)

    def _record(self, o: Outcome, settings: str) -> None:
        path = _bytes(o.path)
        if o.unchanged:
            self.database.execute("UPDATE files SET state = 'done' WHERE path = CAST(? AS TEXT)", (path,))
            return
        flags = json.dumps(dict(o.flags)) if o.flags else ""
        counts = (o.size, o.segments, o.words, o.flagged, flags, o.seconds)
        texts = (_plain("; ".join(o.notes)), _plain(o.error))
        self.database.execute(
            "UPDATE files SET state = ?, settings = ?, hash = ?, written = ?, size = ?, segments = ?, words = ?, flagged = ?, flags = ?, "
            "seconds = ?, notes = ?, error = ? WHERE path = CAST(? AS TEXT)",
            (o.state, settings, o.hash, o.written, *counts, *texts, path),
        )
        self.database.execute("DELETE FROM doubts WHERE path = CAST(? AS TEXT)", (path,))
        rows = [(path, d.number, d.badness, " ".join(d.flags), _plain(d.source), _plain(d.english)) for d in o.doubts[:WORST]]
        self.database.executemany("INSERT INTO doubts VALUES (CAST(? AS TEXT), ?, ?, ?, ?, ?)", rows)
        if o.signature:
            self.database.execute("INSERT OR REPLACE INTO about VALUES ('signature', ?)", (o.signature,))

    def totals(self) -> Totals:
        """Counts over all files."""
        with self._clear():
            states = dict(self.database.execute("SELECT state, count(*) FROM files GROUP BY state"))
            [left] = self.database.execute("SELECT coalesce(sum(bytes), 0) FROM files WHERE state = 'waiting'").fetchone()
            sums = self.database.execute(
                "SELECT coalesce(sum(bytes), 0), coalesce(sum(words), 0), coalesce(sum(segments), 0), coalesce(sum(flagged), 0), "
                "coalesce(sum(flagged > 0), 0), coalesce(sum(seconds), 0.0) FROM files WHERE state = 'done'"
            ).fetchone()
        waiting, done, failed, gone = (states.get(state, 0) for state in ("waiting", "done", "failed", "gone"))
        return Totals(waiting, done, failed, gone, left, *sums)

    def rows(self, state: str = "") -> Iterator[Row]:
        """Files in the order of paths, of one state or all but those that are gone."""
        last = b""
        condition = "state = :state" if state else "state != 'gone'"
        query = f"SELECT {COLUMNS} FROM files WHERE {condition} AND path > CAST(:last AS TEXT) ORDER BY path LIMIT {PAGE}"
        while True:
            with self._clear():
                page = [Row(*row) for row in self.database.execute(query, {"state": state, "last": last})]
            if not page:
                return
            yield from page
            last = _bytes(page[-1].path)

    def flags(self) -> list[tuple[str, int]]:
        """Flags with the number of segments that have them, the most frequent first."""
        query = (
            "SELECT key, sum(value) FROM files, json_each(files.flags) WHERE state = 'done' AND files.flags != '' "
            "GROUP BY key ORDER BY sum(value) DESC, key"
        )
        with self._clear():
            return [(flag, count) for flag, count in self.database.execute(query)]

    def worst(self, most: int) -> list[Marked]:
        """The worst flagged segments of the files that are done."""
        query = (
            "SELECT path, number, badness, doubts.flags, source, english FROM doubts JOIN files USING (path) WHERE state = 'done' "
            "ORDER BY badness DESC, path, number LIMIT ?"
        )
        with self._clear():
            rows = self.database.execute(query, (most,)).fetchall()
        return [Marked(path, Doubt(n, badness, tuple(flags.split()), source, english)) for path, n, badness, flags, source, english in rows]

    def about(self, key: str, default: str = "") -> str:
        """Something about the job as a whole: its signature, how often it ran, how fast."""
        with self._clear():
            row = self.database.execute("SELECT value FROM about WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else default

    def note(self, key: str, value: str) -> None:
        """Keep something about the job as a whole."""
        with self._clear(), self.database:
            self.database.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Fold the log into the file."""
        with self._clear():
            self.database.close()


def create(folder: Path) -> Ledger:
    """The ledger in a folder, new or as it was left."""
    database = connect(folder / NAME, synchronous="FULL")
    return Ledger(database, str(folder / NAME))


def opened(folder: Path) -> Ledger:
    """The ledger in a folder, to read; a job may be writing it. Raises JobError where there is none."""
    file = folder / NAME
    if not file.is_file():
        raise JobError(f"{file}: no such file: no batch was run into this folder")
    return Ledger(connect(file, synchronous="FULL"), str(file))


def rehearsal(folder: Path) -> Ledger:
    """A copy in memory, for plans that shall leave no trace."""
    memory = _configured(sqlite3.connect(":memory:"))
    file = folder / NAME
    if file.is_file():
        with clear_errors(str(file)):
            source = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
            source.backup(memory)
            source.close()
    return Ledger(memory, str(file))


def connect(file: Path | str, *, synchronous: str) -> sqlite3.Connection:
    """A connection to a ledger; others may have theirs."""
    with clear_errors(str(file)):
        # One thread after another may use it: those of an actor of Ray take turns.
        database = _configured(sqlite3.connect(file, timeout=60, check_same_thread=False))
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"PRAGMA synchronous = {synchronous}")
        return database


def _configured(database: sqlite3.Connection) -> sqlite3.Connection:
    database.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return database


@contextmanager
def clear_errors(name: str) -> Iterator[None]:
    """Say in our words what SQLite says in its own. Raises JobError."""
    try:
        yield
    except sqlite3.OperationalError as error:
        remedy = "make room, or give the rights to write, and run again: nothing is lost"
        raise JobError(f"{name}: {error}; {remedy}") from error
    except sqlite3.DatabaseError as error:
        raise JobError(f"{name}: {error}; move it away to start anew") from error


def _bytes(path: str) -> bytes:
    return os.fsencode(path)


def _plain(text: str) -> str:
    """Without half characters, which SQLite cannot keep."""
    return text.encode("utf-8", "backslashreplace").decode()
