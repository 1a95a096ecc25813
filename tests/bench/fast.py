"""An engine that costs nothing, for measuring what is around it. It is loaded by name in other processes.

FAST_LOG: a file that gets a line for every segment when its batch begins. FAST_DELAY: seconds a batch takes.
"""

import os
import signal
import time
from collections.abc import Sequence

from mt.config import Config, DecodingOptions
from mt.data import Hypothesis
from mt.pipeline import Pipeline
from tests.fakes import plain_english

DEADLY = "قاتل"
"""A word that kills the process whose engine sees it."""
INTERRUPTING = "قاطع"
"""A word at which the process gets a Ctrl-C."""


class FastEngine:
    """Writes every word in Latin letters."""

    name = "model:fast|engine:none"
    max_source_tokens = 60

    def count(self, source: str, /) -> int:
        return source.count(" ") + 1

    def generate(
        self, sources: Sequence[str], options: DecodingOptions, /, *, prompt: str | None = None, terms: Sequence[str] | None = None
    ) -> list[Hypothesis]:
        if any(DEADLY in source for source in sources):
            os._exit(9)
        if any(INTERRUPTING in source for source in sources):
            os.kill(os.getpid(), signal.SIGINT)
        if log := os.environ.get("FAST_LOG"):
            with open(log, "a", encoding="utf-8") as file:
                file.write("".join(f"{source}\n" for source in sources))
        time.sleep(float(os.environ.get("FAST_DELAY", "0")))
        return [Hypothesis(plain_english(source), -0.5, len(source.split())) for source in sources]


def load(config: Config) -> Pipeline:
    """For `mt.batch.Job.load`."""
    return Pipeline(config, FastEngine())
