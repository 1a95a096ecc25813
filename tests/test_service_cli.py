"""`mt serve` on the command line: keys, limits, wrong use, and a whole process with a real model."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mt.cli import main
from mt.service.keys import Keys

ROOT = Path(__file__).parent.parent


def test_a_key_is_shown_once_listed_by_name_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["serve", "keys", "add", "desk", "--requests", "5", *data]) == 0
    token = capsys.readouterr().out.strip()
    assert Keys(tmp_path).find(token) is not None
    assert main(["serve", "keys", "list", *data]) == 0
    shown = capsys.readouterr().out
    assert "desk" in shown and token not in shown
    assert main(["serve", "keys", "revoke", "desk", *data]) == 0
    assert Keys(tmp_path).find(token) is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["keys", "add", "../desk"], "cannot name a key"),
        (["keys", "revoke", "nobody"], "there is no valid key 'nobody'"),
        (["--limit", "max_jobs"], "expected NAME=VALUE"),
        (["--limit", "max_job=5"], "unknown key 'max_job'"),
        (["--limit", "max_jobs=many"], "max_jobs"),
        (["--set", "summary.method=opus"], "opus"),
    ],
)
def test_wrong_use_is_said_in_one_line(arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *arguments, "--data", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_limits_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "limits"]) == 0
    assert "max_characters=20000" in capsys.readouterr().out


def test_a_process_serves_a_model_and_ends_in_order(marian: Path, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "mt.cli", "serve", "--port", "0", "--no-page", "--no-mcp", "--data", str(tmp_path)]
    model = ["--model", str(marian), "--set", "engine.backend=transformers"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([*arguments, *model], cwd=ROOT, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        address = next(found[0] for line in process.stderr if (found := re.search(r"http://[\d.:]+", line)))
        answer = httpx.post(f"{address}/translate", json={"q": "قط", "source": "ar", "target": "en"}, timeout=60)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stderr.read()
    assert answer.status_code == 200 and answer.json()["translatedText"]
