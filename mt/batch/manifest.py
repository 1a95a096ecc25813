"""The manifest of a job: with which versions and settings each output came of which source."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mt._version import __version__
from mt.batch.job import Job
from mt.batch.ledger import Ledger, Row

LIBRARIES = ("ctranslate2", "tokenizers", "torch", "transformers")


def write_manifest(job: Job, ledger: Ledger, file: Path) -> Path:
    """Write JSON with one file a line, whole or not at all; give its path. Raises OSError."""
    beside = file.with_suffix(".writing")
    with beside.open("w", encoding="utf-8") as out:
        out.write(json.dumps(_about(job, ledger), indent=1)[:-2] + ',\n "files": [')
        for i, row in enumerate(ledger.rows()):
            out.write(",\n  " if i else "\n  ")
            out.write(json.dumps(_line(row)))
        out.write("\n ]\n}\n")
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, file)
    return file


def _about(job: Job, ledger: Ledger) -> dict[str, object]:
    totals = ledger.totals()
    return {
        "mt": __version__,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": [root.base + (f"/{root.pattern}" if root.pattern else "") for root in job.roots],
        "output": job.output,
        "model": job.config.model.name,
        "signature": ledger.about("signature"),
        "settings": job.settings,
        "form": job.form,
        "summary": job.summary,
        "config": job.config.model_dump(mode="json", exclude_unset=True),
        "totals": {name: getattr(totals, name) for name in ("waiting", "done", "failed", "gone", "segments", "words", "flagged")},
    }


def _line(row: Row) -> dict[str, object]:
    if row.state != "done":
        return {"path": row.path, "state": row.state, "error": row.error}
    line: dict[str, object] = {"path": row.path, "state": row.state, "sha256": row.hash, "output": row.output, "output_sha256": row.written}
    line |= {"segments": row.segments, "words": row.words, "flags": json.loads(row.flags or "{}")}
    return line | ({"notes": row.notes} if row.notes else {})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
