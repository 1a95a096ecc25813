"""The description of the service and the service agree: schemathesis finds nothing."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from mt.service.keys import Keys
from tests.service import fake_service, served

SETTINGS = Path(__file__).parent / "cases" / "schemathesis.toml"
NO_LIMITS: dict[str, Any] = {
    "requests_per_minute": 0,
    "characters_per_minute": 0,
    "wrong_keys_per_minute": 1_000_000,
    "max_jobs": 100_000,
    "max_all_jobs": 100_000,
}


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with served(fake_service(tmp_path, page=False, auth="always", **NO_LIMITS)) as address:
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(SETTINGS), "run", f"{address}/openapi.json"),
                *("-H", f"Authorization: Bearer {Keys(tmp_path).add('desk')}", "--no-color"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", "2", "--seed", "1", "--generation-deterministic"),
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=240,
        )
    assert found.returncode == 0, found.stdout
