"""Which weights: those that ship with the package, a folder, or a hub model at a pinned revision."""

from mt.models.conversion import converted
from mt.models.exporting import export, write_model
from mt.models.fetching import GOLDEN, Golden, get
from mt.models.folders import cache_folder, described, installed, locate, revision_of
from mt.models.known import PREFERENCE, ModelInfo, best_installed, catalogue, info
from mt.models.weights import load_state, packed, save_packed

__all__ = [
    "GOLDEN",
    "PREFERENCE",
    "Golden",
    "ModelInfo",
    "best_installed",
    "cache_folder",
    "catalogue",
    "converted",
    "described",
    "export",
    "get",
    "info",
    "installed",
    "load_state",
    "locate",
    "packed",
    "revision_of",
    "save_packed",
    "write_model",
]
