"""The service: page, HTTP and MCP in one process, on one model (`mt serve`).

    scheduling   one thread owns the engine; requests share its batches, fairly
    work         what a request asks of the pipeline, and how it is refused, dropped and timed
    keys, limits who may ask, and how much
    jobs         long texts and files: a queue on disk that outlives the process
    gate         what every request passes before and after its route
    v1, libretranslate, mcp, page    the doors
    app, server  all of it together, and on a port

The modules of this package import FastAPI and its like at their top; they are themselves imported late,
inside the functions that start the service.
"""

from __future__ import annotations

from importlib.util import find_spec

from mt.errors import ExtraError

NEEDED = ("fastapi", "multipart", "mcp", "prometheus_client", "uvicorn")


def check_installed() -> None:
    """Raise ExtraError where a package that the service needs is missing."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraError(f'the service needs packages that are not installed ({", ".join(missing)}): pip install "mt[service]"')
