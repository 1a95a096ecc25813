"""Translation memory: what people translated before, in one SQLite file; and what a model made, kept apart from it.

A person's translation of the same text is used at once. One of a similar text is adapted where only numbers or
well-known names differ, and flagged; else it is suggested.
"""

from mt.memory.exchange import export_file, import_file
from mt.memory.recall import Recall, Remembered
from mt.memory.store import Entry, Memory, Output, Stats, open_memory

__all__ = ["Entry", "Memory", "Output", "Recall", "Remembered", "Stats", "export_file", "import_file", "open_memory"]
