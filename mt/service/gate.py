"""What every request passes, whatever its route: its number, its host and origin, the time its body may take, the log."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mt.service.errors import RefusedError
from mt.service.limits import seconds_to_say
from mt.service.options import is_loopback
from mt.service.service import Client, Service

log = logging.getLogger("mt.service.requests")

# Matches a number that a client or a proxy gave a request, e.g. "7f3a-12": nothing that could break a log line or a header.
REQUEST_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)
PROXY_HEADERS = ("x-forwarded-for", "forwarded", "x-real-ip")
MOST_HEADERS = 200
SAFE = {"GET", "HEAD", "OPTIONS"}
METHODS = SAFE | {"POST", "PUT", "PATCH", "DELETE"}  # any word is a method to the server; others are counted together
UNEXPECTED = "something went wrong in this program, not in your request; the log of the server says more"


def address_of(scope: Scope) -> str:
    """The address of the client; that before the proxy, where the proxy is trusted. One network of IPv6 is one client."""
    client: tuple[str, int] | None = scope.get("client")
    address = client[0] if client else "unknown"
    return str(ip_network(f"{address}/64", strict=False)) if ":" in address and "%" not in address and is_address(address) else address


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_forwarded(headers: Headers) -> bool:
    """A proxy passed the request on, so it does not come from where the connection comes from."""
    return any(name in headers for name in PROXY_HEADERS)


def token_of(headers: Headers) -> str | None:
    """The key in the head of a request."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value else headers.get("x-api-key")


def client_of(scope: Scope, service: Service, token: str | None = None, *, status: int = 401) -> Client:
    """Who sent a request. token: a key from its body, used where its head has none. Raises as `Service.client`."""
    headers = Headers(scope=scope)
    return service.client(address_of(scope), token_of(headers) or token or None, forwarded=is_forwarded(headers), status=status)


def refusal(error: RefusedError) -> JSONResponse:
    """The answer to a request that is refused, in the shape that all errors have here."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": str(error)}, error.status, headers)


class Gate:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        passage = _Passage(scope, send, request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        try:
            self._check(scope, headers)
            await self.app(scope, _timely(receive, self.service.options.body_seconds), passage.send)
        except RefusedError as error:
            await refusal(error)(scope, receive, passage.send)
        except Exception:
            log.exception("%s failed", request_id)
            if not passage.status:  # else it is too late for an answer, and the server closes the connection
                await refusal(RefusedError(500, UNEXPECTED))(scope, receive, passage.send)
        finally:
            self._note(scope, passage)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Refuse what a web page of somebody else may have sent through a reader's browser, and guesses at the login."""
        if len(headers) > MOST_HEADERS:
            raise RefusedError(431, f"more than {MOST_HEADERS} headers")
        host, origin = headers.get("host", ""), headers.get("origin")
        # A page of somebody else can set the heads of a proxy too; where they cost no key, they open no other name.
        unproxied = self.service.options.auth == "never" or not is_forwarded(headers)
        if self.service.options.loopback and unproxied and not self._is_ours(host):
            raise RefusedError(421, "this service answers to localhost only; start it with --url for another name")
        if origin and scope["method"] not in SAFE and urlsplit(origin).netloc != host and origin not in self.service.options.cors:
            raise RefusedError(403, "pages of other sites may not call this service; start it with --cors to let one in")
        if _is_login(scope):
            wait = self.service.buckets.wait(f"wrong:{address_of(scope)}", self.service.options.wrong_keys_per_minute)
            if wait:
                raise RefusedError(429, "Slowdown: too many wrong keys", retry_after=seconds_to_say(wait))

    def _is_ours(self, host: str) -> bool:
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback(name) or bool(name and name == urlsplit(self.service.options.url).hostname)

    def _note(self, scope: Scope, passage: _Passage) -> None:
        """Count and log a request: its path without the query, which may hold a text or a key."""
        seconds = time.monotonic() - passage.began
        route = getattr(scope.get("route"), "path", "") or "page"
        metrics = self.service.metrics
        method = scope["method"] if scope["method"] in METHODS else "other"
        metrics.requests.labels(route, method, passage.status or "none").inc()
        metrics.seconds.labels(route).observe(seconds)
        if passage.status >= 400:
            metrics.refused.labels(passage.status).inc()
        if _is_login(scope) and passage.status >= 400:
            self.service.buckets.take(f"wrong:{address_of(scope)}", 1, self.service.options.wrong_keys_per_minute)
        path = scope["path"].encode("unicode_escape").decode()[:200]
        log.info("%s %s %s %s %.0f ms %s", passage.id, scope["method"], path, passage.status or "left", seconds * 1000, address_of(scope))


class _Passage:
    """One request on its way, and what is added to its answer."""

    def __init__(self, scope: Scope, send: Send, id: str) -> None:
        self.id = id
        self.status = 0
        self.began = time.monotonic()
        self._send = send

    async def send(self, message: Message) -> None:
        """Send the answer on, with the number of the request in its head."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Referrer-Policy", "no-referrer")
        await self._send(message)


def _timely(receive: Receive, seconds: float) -> Receive:
    """Receive a body, all of which has to come within so many seconds."""
    deadline = time.monotonic() + seconds
    whole = False

    async def receive_timely() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(deadline - time.monotonic(), 0.01))
        except TimeoutError as error:
            raise HTTPException(408, f"the body did not come within {seconds:.0f} seconds") from error
        whole = not message.get("more_body", False)
        return message

    return receive_timely


def _is_login(scope: Scope) -> bool:
    """Somebody sends a key to the page."""
    return bool(scope["method"] == "POST" and scope["path"].rstrip("/").endswith("/login"))
