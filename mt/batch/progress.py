"""How far a job is and how fast it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mt.batch.job import Outcome
from mt.batch.ledger import Totals


@dataclass(frozen=True, slots=True)
class Progress:
    """A moment of a run. files, segments: done in this run. seconds_left, words_a_minute: 0 while unknown."""

    files: int
    waiting: int
    segments: int
    words_a_minute: int
    seconds_left: int
    flagged: int
    failed: int

    def __str__(self) -> str:
        parts = [f"{self.files:,} of {self.files + self.waiting:,} files", f"{self.segments:,} segments"]
        parts += [f"{self.words_a_minute:,} words a minute"] if self.words_a_minute else []
        parts += [f"{duration(self.seconds_left)} left"] if self.seconds_left and self.waiting else []
        parts += [f"{self.flagged:,} flagged"] if self.flagged else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        return ", ".join(parts)


class Pace:
    """Counts what is done and reckons when it will all be. Steady when the clock is set: it only goes forward."""

    def __init__(self, totals: Totals, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.began = clock()
        self.waiting, self.left = totals.waiting, totals.left
        self.files = self.failed = self.flagged = self.words = self.segments = self.bytes = self.beats = 0

    def beat(self, segments: int) -> None:
        """So many segments more are translated; their files may not be complete."""
        self.beats += segments

    def recorded(self, outcomes: Sequence[Outcome]) -> None:
        """These files are complete."""
        for outcome in outcomes:
            self.files += 1
            self.failed += outcome.state == "failed"
            self.flagged += outcome.flagged
            self.words += outcome.words
            self.segments += outcome.segments
            self.bytes += outcome.bytes if outcome.segments else 0
            self.left -= outcome.bytes

    def now(self) -> Progress:
        """Words and segments of files not yet complete are reckoned from those that are."""
        done = max(self.beats, self.segments)
        seconds = max(self.clock() - self.began, 1e-9)
        words = self.words / self.segments * done if self.segments else 0.0
        ahead = self.segments / self.bytes * self.left - (done - self.segments) if self.bytes else 0.0
        left = max(ahead, 0.0) * seconds / done if done else 0.0
        return Progress(self.files, self.waiting - self.files, done, round(words * 60 / seconds), round(left), self.flagged, self.failed)


def duration(seconds: float) -> str:
    """For people.

    >>> duration(45), duration(200), duration(7260), duration(200_000)
    ('45 s', '3 min', '2 h 1 min', '2 d 7 h')
    """
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
