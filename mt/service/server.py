"""The service on a port, until somebody stops it."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Callable

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from mt.errors import ConfigError
from mt.service.app import create
from mt.service.service import Service

log = logging.getLogger(__name__)


def protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """HTTP/1.1 as uvicorn speaks it, for connections that send the head of each request within so many seconds.

    Without this a client that sends a byte now and then holds a connection for ever.
    """

    class Punctual(H11Protocol):
        _clock: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.access_log = False  # its lines would have the queries, which may hold texts and keys
            self._start()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._in_request():
                self._stop()
            else:
                self._start()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _in_request(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _start(self) -> None:
            if self._clock is None:
                self._clock = self.loop.call_later(head_seconds, self._close)

        def _stop(self) -> None:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None

        def _close(self) -> None:
            self._clock = None
            if not self._in_request() and self.conn.their_state is not h11.MUST_CLOSE:
                self.transport.close()

    return Punctual


def serve(service: Service, *, proxies: str = "127.0.0.1,::1", started: Callable[[str], None] = lambda address: None) -> None:
    """Serve until SIGINT or SIGTERM; then take nothing new, finish or put back what is in work, and return.

    proxies: addresses, with commas between, whose word on who the client is counts. started: called with the address.
    Raises ConfigError where the address cannot be served.
    """
    listening = _listen(service.options.host, service.options.port)
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again at the end, when everything is in order
    asyncio.run(_serve(service, proxies, listening, started))


def configuration(service: Service, *, proxies: str = "") -> uvicorn.Config:
    """What uvicorn is told. To be called where an event loop runs: Gradio opens several where none does, and closes none."""
    options = service.options
    return uvicorn.Config(
        create(service),
        http=protocol(options.head_seconds),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        forwarded_allow_ips=proxies,
        limit_concurrency=options.connections,
        timeout_graceful_shutdown=int(options.stop_seconds) + 1,
    )


async def _serve(service: Service, proxies: str, listening: socket.socket, started: Callable[[str], None]) -> None:
    server = uvicorn.Server(configuration(service, proxies=proxies))
    telling = asyncio.create_task(_tell(server, service, _address(listening), started))
    try:
        await server.serve(sockets=[listening])
    finally:
        telling.cancel()


async def _tell(server: uvicorn.Server, service: Service, address: str, started: Callable[[str], None]) -> None:
    """Say when the server has started; and tell the service at once when it is to stop, as streams of events wait for that."""
    while not server.started:
        await asyncio.sleep(0.05)
    started(address)
    while not server.should_exit:
        await asyncio.sleep(0.1)
    log.info("stopping")
    service.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"cannot serve at {host}, port {port}: {error}; choose another with --host or --port") from error


def _address(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
