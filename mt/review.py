"""Reviewing results in the browser: corrections go to the translation memory, accepted terms to the glossary.

One person on their own machine. The page can be written to only by itself: every request that changes something
carries a token that another site cannot read, and only names of this machine are answered to.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from mt import arabic, report
from mt.data import Result
from mt.errors import ConfigError, InputError, MTError
from mt.formats.reading import read_results
from mt.glossary import read as read_glossary
from mt.memory import open_memory

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

SUFFIXES = {".json", ".jsonl"}
HOSTS = ["127.0.0.1", "localhost", "[::1]"]
MAX_BODY = 1_000_000
"""Bytes of one request: a segment and its English take a thousandth of it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What is reviewed, and where the outcome goes. The files of memory and glossary are made where there are none."""

    folder: Path
    memory: Path
    glossary: Path

    def files(self) -> list[Path]:
        """Result files below the folder, by name. Raises InputError where there is no folder or no result."""
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: no such folder; name one with results of mt translate --json or mt batch --to json")
        found = sorted(path for path in self.folder.rglob("*") if path.suffix in SUFFIXES and not _hidden(path.relative_to(self.folder)))
        if not found:
            raise InputError(f"{self.folder}: no results: expected .json or .jsonl files of mt translate --json or mt batch --to json")
        return found

    def results(self, path: Path) -> list[Result]:
        """The results of one file, with what was corrected before in place."""
        memory = open_memory(str(self.memory))
        corrected = []
        for result in read_results(path):
            known = [memory.known(t.segment.text) if t.segment.text.strip() else None for t in result.translations]
            translations = tuple(
                t if entry is None else replace(t, text=entry.english, flags=frozenset(), obtained="memory")
                for t, entry in zip(result.translations, known, strict=True)
            )
            corrected.append(replace(result, translations=translations))
        return corrected

    def correct(self, source: str, english: str) -> None:
        """Remember a correction. Raises InputError for an empty side."""
        open_memory(str(self.memory)).add(source, english)

    def accept(self, source: str, target: str) -> None:
        """Append a term to the glossary. Raises InputError where a side is empty, the source not Arabic, or the term there already."""
        source, target = (" ".join(text.split()) for text in (source, target))
        if not source or not target:
            raise InputError("a term needs both sides")
        if not arabic.has_arabic(source):
            raise InputError(f"no Arabic in the source of the term: {source}")
        new = not self.glossary.exists()
        if not new and any(term.source == source and term.target == target for term in read_glossary(self.glossary)):
            raise InputError(f"{source} = {target} is in the glossary already")
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow((source, target))
        before = "source,target\n" if new else self.glossary.read_text(encoding="utf-8")
        beside = self.glossary.with_name(f".{self.glossary.stem}.new.csv")
        try:
            beside.write_text(before + ("" if before.endswith("\n") else "\n") + line.getvalue(), encoding="utf-8", newline="")
            added = read_glossary(beside)[-1]
            if (added.source, added.target) != (source, target):
                raise InputError(f"{self.glossary}: its columns are not source,target; name another --glossary")
            beside.replace(self.glossary)
        finally:
            beside.unlink(missing_ok=True)


def _hidden(path: Path) -> bool:
    """Whether a path is of a batch's own, as `.mt-batch/manifest.json`."""
    return any(part.startswith(".") for part in path.parts)


def application(desk: Desk) -> Starlette:
    """The pages of a desk. Raises InputError where there is nothing to review."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    files = desk.files()
    token = secrets.token_urlsafe(32)

    async def fields(request: Request, *names: str) -> list[str]:
        if not secrets.compare_digest(request.headers.get("X-MT-Token", "").encode(), token.encode()):
            raise PermissionError
        return _texts(await _body(request), names)

    def wrong(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=400)

    def refused(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "this page is of an earlier start; load it again"}, status_code=403)

    def contents(request: Request) -> HTMLResponse:
        return HTMLResponse(_contents(desk.folder, files))

    def one(request: Request) -> HTMLResponse:
        number: int = request.path_params["number"]
        if not 0 < number <= len(files):
            raise InputError(f"there are results 1 to {len(files)}")
        return HTMLResponse(report.write_page(desk.results(files[number - 1]), token=token))

    async def correction(request: Request) -> JSONResponse:
        source, english = await fields(request, "source", "english")
        desk.correct(source, english)
        return JSONResponse({"kept": True})

    async def term(request: Request) -> JSONResponse:
        source, target = await fields(request, "source", "target")
        desk.accept(source, target)
        return JSONResponse({"kept": True})

    return Starlette(
        routes=[
            Route("/", contents),
            Route("/results/{number:int}", one),
            Route("/corrections", correction, methods=["POST"]),
            Route("/terms", term, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)],
        exception_handlers={MTError: wrong, PermissionError: refused},
    )


def serve(desk: Desk, *, port: int, open_browser: bool = True) -> None:
    """Serve the pages of a desk on loopback until Ctrl+C. Raises as `application` does, and ConfigError for a taken port."""
    import webbrowser

    import uvicorn

    app = application(desk)
    address = f"http://127.0.0.1:{port}/"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise ConfigError(f"port {port} cannot be used: {error}; choose another with --port") from error
        print(f"Open {address} in a browser. Ctrl+C stops it.", flush=True)
        if open_browser:
            webbrowser.open(address)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


async def _body(request: Request) -> object:
    """The JSON of a request. Raises InputError where it is something else, or too large."""
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise InputError(f"a request may have {MAX_BODY:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError("the request is not JSON") from error


def _texts(body: object, names: Sequence[str]) -> list[str]:
    values = [body.get(name) for name in names] if isinstance(body, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    if not texts or len(texts) < len(values):
        raise InputError(f"expected an object with the texts {' and '.join(names)}")
    return texts


def _contents(folder: Path, files: Sequence[Path]) -> str:
    items = "".join(
        f'<li><a href="/results/{number}">{escape(str(path.relative_to(folder)))}</a></li>' for number, path in enumerate(files, 1)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Review</title><style>{report.styles()}</style></head><body>"
        f'<header class="mt-report-head"><h1>Review</h1><p>{escape(str(folder))}</p></header><main><ol>{items}</ol></main></body></html>'
    )
