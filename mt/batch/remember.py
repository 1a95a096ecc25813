"""An engine that remembers: what it once generated in a job is never generated again.

A killed job loses the batch in hand and no more, and a sentence that stands in a thousand files is
translated once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from mt.batch.ledger import SCHEMA, clear_errors, connect
from mt.config import DecodingOptions
from mt.data import Hypothesis
from mt.engines import Engine

IN_A_QUERY = 500
"""Keys looked up at once; SQLite allows 32,766."""


class Stopped(Exception):  # noqa: N818
    """The job is to stop, and this would have needed the model."""


class RememberingEngine:
    """An engine with a memory on disk, which several processes may share.

    memory: a ledger, or "" for a temporary file of its own. stop: asked before every batch.
    """

    def __init__(self, engine: Engine, memory: str, stop: Callable[[], bool]) -> None:
        self.engine = engine
        self.memory = memory or "the temporary memory of segments"
        self.stop = stop
        # Not synced at every batch: a kill loses nothing, a loss of power the batches since the last file.
        self.database = connect(memory, synchronous="NORMAL")
        with clear_errors(self.memory):
            self.database.executescript(SCHEMA)

    @property
    def name(self) -> str:
        """That of the engine."""
        return self.engine.name

    @property
    def max_source_tokens(self) -> int:
        """That of the engine."""
        return self.engine.max_source_tokens

    def count(self, source: str, /) -> int:
        """Tokens, as the engine counts them."""
        return self.engine.count(source)

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        """What is remembered, and the rest from the engine. Raises Stopped where the rest may not be had any more."""
        wanted = list(zip(sources, terms or [""] * len(sources), strict=True))
        keys = [self._key(source, term, options, prompt) for source, term in wanted]
        known = self._look_up(list(dict.fromkeys(keys)))
        missing = {key: pair for key, pair in zip(keys, wanted, strict=True) if key not in known}
        if missing:
            if self.stop():
                raise Stopped
            some, named = [source for source, _ in missing.values()], [term for _, term in missing.values()]
            made = self.engine.generate(some, options, prompt=prompt, terms=named if any(named) else None)
            fresh = dict(zip(missing, made, strict=True))
            self._keep(fresh)
            known |= fresh
        return [known[key] for key in keys]

    def close(self) -> None:
        """Let go of the memory, so that the last who does folds it up."""
        self.database.close()

    def _key(self, source: str, term: str, options: DecodingOptions, prompt: str | None) -> bytes:
        """16 bytes: among a billion segments, two are confused with a probability of 1e-21."""
        decisive = json.dumps([self.engine.name, options.model_dump(mode="json"), prompt, term, source])
        return hashlib.blake2b(decisive.encode(), digest_size=16).digest()

    def _look_up(self, keys: list[bytes]) -> dict[bytes, Hypothesis]:
        known: dict[bytes, Hypothesis] = {}
        with clear_errors(self.memory):
            for start in range(0, len(keys), IN_A_QUERY):
                some = keys[start : start + IN_A_QUERY]
                query = f"SELECT key, text, score, tokens, truncated FROM segments WHERE key IN ({', '.join('?' * len(some))})"
                for key, text, score, tokens, truncated in self.database.execute(query, some):
                    known[key] = Hypothesis(text, score, tokens, bool(truncated))
        return known

    def _keep(self, made: dict[bytes, Hypothesis]) -> None:
        rows = [(key, h.text.encode("utf-8", "surrogatepass"), h.score, h.tokens, h.truncated) for key, h in made.items()]
        with clear_errors(self.memory), self.database:
            self.database.executemany("INSERT OR IGNORE INTO segments VALUES (?, CAST(? AS TEXT), ?, ?, ?)", rows)
