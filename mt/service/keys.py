"""Keys of the service: shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mt.errors import ConfigError
from mt.service.files import private_folder

SCHEMA = """CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, created REAL NOT NULL, revoked REAL,
    requests_per_minute INTEGER, characters_per_minute INTEGER)"""
# Matches what a person may call a key, e.g. "desk-3", "Foreign desk".
NAME = re.compile(r"\w[\w .@-]{0,63}")
# Matches what we give out, e.g. "mt_6dKp...": anything else is not even looked up.
TOKEN = re.compile(r"mt_[\w-]{43}", re.ASCII)
COLUMNS = "id, name, created, revoked, requests_per_minute, characters_per_minute"


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key: not the key. Times are seconds since 1970; limits are None where the service's own hold."""

    id: str
    name: str
    created: float
    revoked: float | None
    requests_per_minute: int | None
    characters_per_minute: int | None


class Keys:
    """The keys in `keys.db` of a folder. Safe to use from threads and from several processes."""

    def __init__(self, folder: Path) -> None:
        self._path = private_folder(folder) / "keys.db"
        with closing(self._open()) as database, database:
            database.execute(SCHEMA)
        self._path.chmod(0o600)

    def add(self, name: str, *, requests_per_minute: int | None = None, characters_per_minute: int | None = None) -> str:
        """Make a key and give it, for the only time. Raises ConfigError where the name is taken or odd."""
        if not NAME.fullmatch(name):
            raise ConfigError(f"{name!r} cannot name a key: letters, digits, spaces and . _ @ - up to 64, e.g. desk-3")
        token = "mt_" + secrets.token_urlsafe(32)  # 256 random bits: a plain hash of it cannot be searched
        row = (secrets.token_hex(6), name, _hash(token), time.time(), requests_per_minute, characters_per_minute)
        try:
            with closing(self._open()) as database, database:
                database.execute("INSERT INTO keys VALUES (?, ?, ?, ?, NULL, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise ConfigError(f"there is a key named '{name}' already; revoke it or choose another name") from error
        return token

    def all(self) -> list[Key]:
        """All keys, revoked ones too, the oldest first."""
        with closing(self._open()) as database:
            return [Key(*row) for row in database.execute(f"SELECT {COLUMNS} FROM keys ORDER BY created, name")]

    def revoke(self, name: str) -> None:
        """Make a key worthless, by its name or id, at once and for good. Raises ConfigError where there is none."""
        with closing(self._open()) as database, database:
            sql = "UPDATE keys SET revoked = ?, name = name || ' (revoked ' || id || ')' WHERE (name = ? OR id = ?) AND revoked IS NULL"
            changed = database.execute(sql, (time.time(), name, name)).rowcount
        if not changed:
            raise ConfigError(f"there is no valid key '{name}'; `mt serve keys list` shows all")

    def find(self, token: str) -> Key | None:
        """The key that a client showed; None for one that is wrong or revoked."""
        if not TOKEN.fullmatch(token):
            return None
        with closing(self._open()) as database:
            row = database.execute(f"SELECT {COLUMNS} FROM keys WHERE hash = ? AND revoked IS NULL", (_hash(token),)).fetchone()
        return Key(*row) if row else None

    def named(self, name: str) -> Key | None:
        """The valid key of a name; None where there is none."""
        with closing(self._open()) as database:
            row = database.execute(f"SELECT {COLUMNS} FROM keys WHERE name = ? AND revoked IS NULL", (name,)).fetchone()
        return Key(*row) if row else None

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
