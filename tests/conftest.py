"""What several test files share."""

from pathlib import Path

import pytest

from tests import tiny


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny Marian model that has learnt its little language (`tests.tiny.PAIRS`); do not write to it."""
    return tiny.marian(tmp_path_factory.mktemp("marian"), steps=180)
