"""The web page inside the service: on the same engine, in the same line, behind the same keys."""

from __future__ import annotations

import os
from typing import Any

from fastapi import FastAPI
from starlette.routing import Mount

from mt.pipeline import Pipeline
from mt.service.keys import Key, Keys
from mt.service.scheduling import Lane
from mt.service.service import Service
from mt.web.demo import WAITING, appearance, build

LOGIN = "Name of your key, and the key itself as the password."


class Logins(dict[str, str]):
    """The names of those who are logged in, by the token of their session, for as long as the key that let them in is valid."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys
        self._used: dict[str, Key | None] = {}

    def __setitem__(self, token: str, name: str) -> None:
        """Somebody of this name has just given a right key."""
        self._used[token] = self._keys.named(name)
        super().__setitem__(token, name)

    def __delitem__(self, token: str) -> None:
        """Somebody logs out."""
        super().__delitem__(token)
        del self._used[token]

    def get(self, token: str, default: Any = None) -> Any:
        """Who is logged in: all that Gradio asks of it for a request."""
        key = self._used.get(token)
        return key.name if key is not None and self._keys.named(key.name) == key else default


def build_page(service: Service, *, login: bool) -> FastAPI:
    """The page as an application of its own. login: readers have to give a key."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while Gradio is imported
    import gradio as gr

    def knows(name: str, token: str) -> bool:
        key = service.keys.find(token)
        return key is not None and key.name == name

    pipeline = Pipeline(service.config, Lane(service.worker, "page"))
    blocks = build(pipeline, max_characters=service.options.max_characters, allow_urls=service.options.allow_urls)
    blocks.queue(default_concurrency_limit=None, max_size=WAITING)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(app, blocks, "/", auth=knows if login else None, auth_message=LOGIN if login else None, **appearance())
    _mounted(app).tokens = Logins(service.keys)
    return app


def _mounted(app: FastAPI) -> Any:
    """Gradio's application, which `mount_gradio_app` does not give."""
    [mount] = [route for route in app.routes if isinstance(route, Mount)]
    return mount.app
