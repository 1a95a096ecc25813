"""How much one key or address may ask for, and how much work is taken in at all."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mt.service.errors import RefusedError

FORGET = 10_000  # identities that are remembered before the full buckets are forgotten
WINDOW = 60.0  # seconds: limits are said a minute


class Buckets:
    """A bucket for each identity that holds what it may use in a minute and fills steadily."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}  # missing from a full bucket, at what time
        self._lock = threading.Lock()

    def take(self, identity: str, amount: float, per_minute: float) -> float:
        """Take an amount and give 0.0; or take nothing, and give the seconds until there is enough.

        An amount larger than the bucket is taken from a full one, which then needs longer to fill: a single large
        request is rare, not impossible. per_minute 0 is no limit.

        >>> now = 0.0
        >>> buckets = Buckets(lambda: now)
        >>> buckets.take("a", 50, 60), buckets.take("a", 30, 60), buckets.take("b", 30, 60)
        (0.0, 20.0, 0.0)
        """
        if not per_minute:
            return 0.0
        with self._lock:
            missing = self._missing(identity, per_minute)
            wait = (missing + min(amount, per_minute) - per_minute) * WINDOW / per_minute
            if wait > 0:
                return wait
            self._levels[identity] = missing + amount, self._clock()
            if len(self._levels) > FORGET:
                self._levels = {
                    one: level for one, level in self._levels.items() if self._clock() - level[1] < WINDOW or level[0] > per_minute
                }
            return 0.0

    def wait(self, identity: str, per_minute: float) -> float:
        """Seconds until one more could be taken."""
        with self._lock:
            return max(0.0, (self._missing(identity, per_minute) + 1 - per_minute) * WINDOW / per_minute)

    def _missing(self, identity: str, per_minute: float) -> float:
        missing, at = self._levels.get(identity, (0.0, 0.0))
        return max(0.0, missing - (self._clock() - at) * per_minute / WINDOW)


class Room:
    """Work that is taken in. What does not fit is refused with the time after which it probably would."""

    def __init__(self, most: int, most_characters: int) -> None:
        self._most = most
        self._most_characters = most_characters
        self._lock = threading.Lock()
        self.requests = 0
        self.characters = 0
        self._rate = 100.0  # characters a second; a guess until the first has been measured

    @contextmanager
    def taken(self, characters: int) -> Iterator[None]:
        """Hold room for a request. Raises RefusedError (429) where there is none; one alone is never too large."""
        with self._lock:
            full = self.requests and (self.requests >= self._most or self.characters + characters > self._most_characters)
            if full:
                seconds = seconds_to_say(self.characters / self._rate / 2)
                raise RefusedError(429, f"Slowdown: the service is busy; try again in {seconds} seconds", retry_after=seconds)
            self.requests += 1
            self.characters += characters
            before, began = self.characters, time.monotonic()
        try:
            yield
            with self._lock:  # all that was in work, in the time it took, roughly: enough for a Retry-After
                self._rate = 0.8 * self._rate + 0.2 * max(before / max(time.monotonic() - began, 0.01), 1.0)
        finally:
            with self._lock:
                self.requests -= 1
                self.characters -= characters


def seconds_to_say(seconds: float) -> int:
    """For Retry-After: whole seconds, 1 to 600."""
    return min(max(math.ceil(seconds), 1), 600)
