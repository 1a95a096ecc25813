"""A service on a fake engine: in this process for most tests, in one of its own for those that kill it.

`python -m tests.service FOLDER` serves on a free port and prints its address; options come as NAME=VALUE.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from mt.config import Config
from mt.service.options import ServiceOptions
from mt.service.server import configuration, serve
from mt.service.service import Service
from tests.fakes import FakeEngine, plain_english

CONFIG = Config.model_validate({"summary": {"method": "extractive"}})


def fake_service(folder: Path, write: Callable[[str], str] = plain_english, **options: object) -> Service:
    """A service that is closed by whoever asked for it."""
    return Service(CONFIG, lambda: FakeEngine(write), ServiceOptions.model_validate({"data": folder, "port": 0, **options}))


@contextmanager
def served(service: Service) -> Iterator[str]:
    """The service on a port of this machine, in a thread, and its address; stopped at the end."""
    running: list[uvicorn.Server] = []

    async def run() -> None:
        server = uvicorn.Server(configuration(service))
        server.config.port = 0
        running.append(server)
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        while not (running and running[0].started):
            assert thread.is_alive()
            time.sleep(0.01)
        port = running[0].servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        service.stop()
        for server in running:
            server.should_exit = True
        thread.join()


def main() -> None:
    """Serve until a signal; `pause=SECONDS` for each sentence makes the engine slow."""
    folder, *given = sys.argv[1:]
    options = dict(one.split("=", 1) for one in given)
    pause = float(options.pop("pause", "0"))

    def write(source: str) -> str:
        time.sleep(pause)
        return plain_english(source)

    serve(fake_service(Path(folder), write, **options), started=lambda address: print(address, flush=True))


if __name__ == "__main__":
    main()
