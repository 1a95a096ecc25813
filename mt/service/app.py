"""All doors in one ASGI application: HTTP dialects, MCP, and the page for everything else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI, Response
from fastapi.exceptions import RequestValidationError
from mcp.server.mcpserver import Context
from mcp.server.transport_security import TransportSecuritySettings
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mt._version import __version__
from mt.errors import ConfigError, InputError, MTError
from mt.service import libretranslate, mcp, v1
from mt.service.errors import DroppedError, RefusedError
from mt.service.gate import UNEXPECTED, Gate, client_of, is_forwarded, refusal
from mt.service.page import build_page
from mt.service.service import Service

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")
system = APIRouter(tags=["system"])


@system.get("/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@system.get("/ready", responses={503: {"model": v1.Error, "description": "not now"}})
async def ready(service: v1.TheService) -> dict[str, str]:
    """The service takes work; 503 where it does not, such as while it stops."""
    if service.stopping or not service.worker.alive:
        raise RefusedError(503, "not ready", retry_after=5)
    return {"status": "ready"}


@system.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, 401: v1.ERRORS[401], 429: v1.ERRORS[429]})
def metrics(service: v1.TheService, client: v1.Caller) -> Response:
    """What Prometheus reads. Needs a key where everything does."""
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)


def create(service: Service) -> ASGIApp:
    """The whole application. The service is closed when it shuts down."""
    tools = mcp.build(mcp.kindly(_queued(service)), service.config.summary) if service.options.mcp else None
    # Hosts and origins are checked by the gate, for all doors alike.
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    mcp_app = (
        None
        if tools is None
        else tools.streamable_http_app(
            stateless_http=True, json_response=True, max_request_body_size=service.options.max_body, transport_security=unchecked
        )
    )
    login = service.needs_key(forwarded=False)
    page = build_page(service, login=login) if service.options.page else None

    inner: list[Starlette] = [app for app in (mcp_app, page) if app is not None]

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for app in inner:
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield
            await run_in_threadpool(service.close)

    api = FastAPI(title="mt", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan)
    api.state.service = service
    for router in (v1.router, libretranslate.router, system):
        api.include_router(router)
    _say_errors(api)
    doors = Doors(api, mcp_app, page, service, login=login)
    limited = RequestBodyLimitMiddleware(doors, service.options.max_body)
    return Gate(_with_cors(limited, service.options.cors), service)


class Doors:
    """Sends each request to the application that it is for."""

    def __init__(self, api: FastAPI, mcp_app: ASGIApp | None, page: ASGIApp | None, service: Service, *, login: bool) -> None:
        self._api = api
        self._mcp = mcp_app
        self._page = page
        self._service = service
        self._login = login
        self._first = {path.split("/")[1] for path in [*api.openapi()["paths"], "/spec", "/openapi.json"]}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        first = scope.get("path", "/").split("/")[1] if scope["type"] == "http" else ""
        if scope["type"] == "lifespan" or first in self._first:
            await self._api(scope, receive, send)
        elif first == "mcp" and self._mcp is not None:
            scope["state"]["client"] = client_of(scope, self._service)
            await self._mcp(scope, receive, send)
        elif self._page is not None:
            if scope["type"] == "http" and not self._login and self._service.needs_key(forwarded=is_forwarded(Headers(scope=scope))):
                raise RefusedError(403, "the page has no login here; start the service with --auth")
            await self._page(scope, receive, send)
        else:
            await self._api(scope, receive, send)


def _queued(service: Service) -> mcp.Run:
    """Work for MCP clients, in the line of the service."""

    async def run(context: Context[Any, Any], characters: int, work: Callable[[mcp.Loaded], Answer]) -> Answer:
        request = context.request_context.request
        assert request is not None
        client = request.scope["state"]["client"]
        return await service.run(None, client, characters, lambda pipeline: work(lambda: pipeline))

    return run


def _with_cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    if not origins:
        return app
    headers = ["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"]
    exposed = ["X-Request-ID", "Retry-After"]
    return CORSMiddleware(app, origins, allow_methods=["GET", "POST", "DELETE"], allow_headers=headers, expose_headers=exposed)


def _say_errors(api: FastAPI) -> None:
    """Every error is `{"error": ...}`, without what is nobody's business."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RefusedError)
        return refusal(error)

    async def dropped(request: Request, error: Exception) -> JSONResponse:
        return refusal(RefusedError(503, str(error), retry_after=10))

    async def senseless(request: Request, error: Exception) -> JSONResponse:
        return refusal(RefusedError(422 if request.url.path.startswith("/v1/") else 400, str(error)))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return refusal(RefusedError(422, "; ".join(libretranslate.said(fault) for fault in error.errors()[:3])))

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:  # a route knows its own methods only
            found = [route for route in api.routes if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE]
            headers["Allow"] = ", ".join(sorted({method for route in found for method in route.methods or ()}))
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers)

    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return refusal(RefusedError(500, UNEXPECTED))

    api.add_exception_handler(RefusedError, refused)
    api.add_exception_handler(DroppedError, dropped)
    api.add_exception_handler(InputError, senseless)
    api.add_exception_handler(ConfigError, senseless)
    api.add_exception_handler(MTError, unexpected)
    api.add_exception_handler(RequestValidationError, invalid)
    api.add_exception_handler(HTTPException, http)
    api.add_exception_handler(Exception, unexpected)
