"""Damaged files of every format: written or refused, never a crash. `tests.bench.fuzz_formats` does the same for hours."""

import random
from pathlib import Path

import pytest

from mt.formats import FORMATS
from tests.fuzzing import attempt, mutated, seeds
from tests.roundtrip import saved

SEEDS = seeds()


@pytest.mark.parametrize("suffix", sorted({id(form): suffix for suffix, form in FORMATS.items()}.values()))
def test_damaged_files_are_written_or_refused(tmp_path: Path, suffix: str) -> None:
    chance = random.Random(5)
    for seed in SEEDS[suffix]:
        assert attempt(saved(tmp_path, f"seed{suffix}", seed)) == "written"
        for i in range(40):
            attempt(saved(tmp_path, f"{i}{suffix}", mutated(seed, chance)))
