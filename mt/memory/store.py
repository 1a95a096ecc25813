"""The file of a translation memory. Several processes may read and write it at once; a kill loses the entry in hand at most.

People's entries and a model's outputs are in tables of their own. Sources are found by their folded words, or
by word trigrams in common (`mt.memory.keys`).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path

from mt import arabic
from mt.data import Hypothesis
from mt.errors import InputError
from mt.memory import keys

APPLICATION = 0x6D744D31
"""Marks the file as ours."""
VERSION = 1
WAIT = 30.0
"""Seconds that a writer waits for another."""
LOT = 1000
"""Entries in one transaction when many are added: a kill loses the lot in hand, and adding them again is harmless."""
POSTINGS = 200
"""Entries looked at for one trigram; a trigram with more says little."""
CANDIDATES = 8
"""Sources compared letter by letter, those with the most trigrams in common."""
SCHEMA = """
CREATE TABLE person (id INTEGER PRIMARY KEY, key INTEGER NOT NULL, source TEXT NOT NULL, english TEXT NOT NULL,
                     note TEXT NOT NULL, time TEXT NOT NULL);
CREATE INDEX person_key ON person (key);
CREATE TABLE gram (hash INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (hash, entry)) WITHOUT ROWID;
CREATE TABLE maker (id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE);
CREATE TABLE output (maker INTEGER NOT NULL, key INTEGER NOT NULL, source TEXT NOT NULL, english TEXT NOT NULL,
                     score REAL NOT NULL, tokens INTEGER NOT NULL, truncated INTEGER NOT NULL, again INTEGER NOT NULL,
                     PRIMARY KEY (maker, key, source)) WITHOUT ROWID;
CREATE TABLE digest (value INTEGER NOT NULL);
INSERT INTO digest VALUES (0);
"""
_OUTPUT = """SELECT english, score, tokens, truncated, again FROM output JOIN maker ON maker = maker.id
             WHERE signature = ? AND key = ? AND source = ?"""
_BITS = 1 << 62
_NEAR = "SELECT entry, count(*) AS common FROM ({}) GROUP BY entry ORDER BY common DESC, entry DESC LIMIT ?"
_POSTING = "SELECT * FROM (SELECT entry FROM gram WHERE hash = ? LIMIT ?)"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person made of a source. time: when it was last written, UTC, ISO 8601."""

    source: str
    english: str
    note: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What a model made of a source; `again`: on a second attempt."""

    hypothesis: Hypothesis
    again: bool


@dataclass(frozen=True, slots=True)
class Stats:
    """What a memory holds: people's entries, outputs of models by their signatures, bytes on disk."""

    entries: int
    outputs: tuple[tuple[str, int], ...]
    size: int


@cache
def open_memory(path: str) -> Memory:
    """The memory at a path, opened once for the whole process. Raises as `Memory` does."""
    return Memory(path)


class Memory:
    """A translation memory in one file, made where there is none. Threads may share it.

    Raises InputError where the file is something else, or cannot be opened or written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._process = 0
        self._connection: sqlite3.Connection | None = None
        with self._reading():
            pass  # says at once what is wrong with the file

    @property
    def signature(self) -> str:
        """Eight hexadecimal digits that change with people's entries, whatever order they came in."""
        with self._reading() as connection:
            return f"{connection.execute('SELECT value FROM digest').fetchone()[0]:016x}"[-8:]

    def add(self, source: str, english: str, note: str = "") -> None:
        """Remember a person's translation; an earlier one of the same source is replaced. Raises InputError for an empty side."""
        self.add_all([Entry(source, english, note)])

    def add_all(self, entries: Iterable[Entry]) -> int:
        """Remember many, in lots; those without a time get the present one. Gives their number."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        count = 0
        left = iter(entries)
        while lot := list(islice(left, LOT)):
            for entry in lot:
                _check(entry)
            with self._writing() as connection:
                for entry in lot:
                    _put(connection, Entry(entry.source.strip(), entry.english.strip(), entry.note, entry.time or now))
            count += len(lot)
        return count

    def forget(self, source: str) -> bool:
        """Drop a person's entry. Gives whether there was one."""
        with self._writing() as connection:
            old = _same(connection, source.strip())
            if old is not None:
                _drop(connection, old)
        return old is not None

    def known(self, source: str) -> Entry | None:
        """The entry of this source, or of one that the model sees alike (`mt.arabic.normalise`); None where there is none."""
        with self._reading() as connection:
            found = _same(connection, source.strip())
            return None if found is None else _entry(connection, found)

    def near(self, source: str) -> list[Entry]:
        """Entries whose sources share word trigrams with this one, or all folded words, the most alike first; some may be far."""
        words = keys.words_of(source)
        hashes = keys.sketch(words)
        if not hashes:
            return []
        with self._reading() as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM person WHERE key = ? LIMIT ?", (keys.key(words), CANDIDATES))]
            query = _NEAR.format(" UNION ALL ".join([_POSTING] * len(hashes)))
            arguments = [value for hash_ in hashes for value in (hash_, POSTINGS)]
            ids += [row[0] for row in connection.execute(query, [*arguments, CANDIDATES])]
            return [_entry(connection, i) for i in dict.fromkeys(ids)]

    def entries(self) -> Iterator[Entry]:
        """People's entries in the order in which they were first written."""
        last = 0
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    "SELECT id, source, english, note, time FROM person WHERE id > ? ORDER BY id LIMIT ?", (last, LOT)
                )
                lot = rows.fetchall()
            for _, *fields in lot:
                yield Entry(*fields)
            if not lot:
                return
            last = lot[-1][0]

    def output(self, signature: str, source: str) -> Output | None:
        """What the model of a signature made of a source before; None where it did not see it."""
        with self._reading() as connection:
            row = connection.execute(_OUTPUT, (signature, keys.hashed(source), source)).fetchone()
        return None if row is None else Output(Hypothesis(row[0], row[1], row[2], bool(row[3])), bool(row[4]))

    def keep(self, signature: str, source: str, output: Output) -> None:
        """Keep what the model of a signature made of a source."""
        made = output.hypothesis
        with self._writing(durable=False) as connection:
            connection.execute("INSERT OR IGNORE INTO maker (signature) VALUES (?)", (signature,))
            connection.execute(
                "INSERT OR REPLACE INTO output SELECT id, ?, ?, ?, ?, ?, ?, ? FROM maker WHERE signature = ?",
                (keys.hashed(source), source, made.text, made.score, made.tokens, made.truncated, output.again, signature),
            )

    def clear_outputs(self) -> None:
        """Drop all that models made; people's entries stay."""
        with self._writing() as connection:
            connection.execute("DELETE FROM output")
            connection.execute("DELETE FROM maker")

    def stats(self) -> Stats:
        """What the memory holds."""
        with self._reading() as connection:
            entries = connection.execute("SELECT count(*) FROM person").fetchone()[0]
            outputs = connection.execute(
                "SELECT signature, count(*) FROM output JOIN maker ON maker = maker.id GROUP BY maker.id"
            ).fetchall()
        beside = [self.path, self.path.with_name(self.path.name + "-wal")]
        return Stats(entries, tuple(map(tuple, outputs)), sum(file.stat().st_size for file in beside if file.exists()))

    def close(self) -> None:
        """Write everything into the one file; the memory opens again when it is used."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except sqlite3.Error as error:
                raise InputError(f"{self.path}: translation memory: {error}; is the file whole, and may it be written?") from error

    @contextmanager
    def _writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is in the file afterwards, or nothing. durable: even if the power fails, not only the program."""
        with self._reading() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid():  # a connection does not survive a fork
            connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
            _prepare(connection, self.path)
            self._connection, self._process = connection, os.getpid()
        return self._connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check that the file is a memory, or make it one."""
    if _is_new(connection):
        connection.execute("BEGIN IMMEDIATE")
        if _is_new(connection):  # or another process was quicker
            for statement in SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    [application] = connection.execute("PRAGMA application_id").fetchone()
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise InputError(f"{path}: not a translation memory but another SQLite file; choose another name")
    if version != VERSION:
        raise InputError(
            f"{path}: a translation memory of version {version}, and this program knows {VERSION}; export it with the other one"
        )
    connection.execute("PRAGMA journal_mode = WAL")  # last, as it changes the file for good
    connection.execute("PRAGMA cache_size = -65536")


def _is_new(connection: sqlite3.Connection) -> bool:
    [count] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(count) == 0


def _check(entry: Entry) -> None:
    if not entry.source.strip() or not entry.english.strip():
        raise InputError(f"a memory entry needs both sides; empty: {'Arabic' if not entry.source.strip() else 'English'}")
    if not arabic.has_arabic(entry.source):
        raise InputError(f"no Arabic in the source of a memory entry: {entry.source.strip()[:60]}")


def _same(connection: sqlite3.Connection, source: str) -> int | None:
    """The entry of this source, else of one that is the same once normalised."""
    rows = connection.execute("SELECT id, source FROM person WHERE key = ? ORDER BY id", (keys.key(keys.words_of(source)),)).fetchall()
    exact = next((i for i, own in rows if own == source), None)
    if exact is not None or not rows:
        return exact
    plain = arabic.normalise(source)
    return next((i for i, own in rows if arabic.normalise(own) == plain), None)


def _entry(connection: sqlite3.Connection, number: int) -> Entry:
    return Entry(*connection.execute("SELECT source, english, note, time FROM person WHERE id = ?", (number,)).fetchone())


def _put(connection: sqlite3.Connection, entry: Entry) -> None:
    old = _same(connection, entry.source)
    if old is not None:
        _drop(connection, old)
    words = keys.words_of(entry.source)
    cursor = connection.execute(
        "INSERT INTO person (key, source, english, note, time) VALUES (?, ?, ?, ?, ?)",
        (keys.key(words), entry.source, entry.english, entry.note, entry.time),
    )
    connection.executemany("INSERT INTO gram VALUES (?, ?)", ((hash_, cursor.lastrowid) for hash_ in keys.sketch(words)))
    _change_digest(connection, entry, 1)


def _drop(connection: sqlite3.Connection, number: int) -> None:
    entry = _entry(connection, number)
    connection.execute("DELETE FROM person WHERE id = ?", (number,))
    words = keys.words_of(entry.source)
    connection.executemany("DELETE FROM gram WHERE hash = ? AND entry = ?", ((hash_, number) for hash_ in keys.sketch(words)))
    _change_digest(connection, entry, -1)


def _change_digest(connection: sqlite3.Connection, entry: Entry, sign: int) -> None:
    """A sum, so that it does not depend on the order, and does not need all entries to be read."""
    [value] = connection.execute("SELECT value FROM digest").fetchone()
    own = keys.hashed(f"{entry.source}\N{NULL}{entry.english}")
    connection.execute("UPDATE digest SET value = ?", ((value + sign * own) % _BITS,))
