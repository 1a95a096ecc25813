"""The web page inside the service: on the same engine, in the same line, behind the same keys."""

from __future__ import annotations

import os

from fastapi import FastAPI

from mt.pipeline import Pipeline
from mt.service.scheduling import Lane
from mt.service.service import Service
from mt.web.demo import WAITING, appearance, build

LOGIN = "Name of your key, and the key itself as the password."


def build_page(service: Service, *, login: bool) -> FastAPI:
    """The page as an application of its own. login: readers have to give a key."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while Gradio is imported
    import gradio as gr

    def knows(name: str, token: str) -> bool:
        key = service.keys.find(token)
        return key is not None and key.name == name

    pipeline = Pipeline(service.config, Lane(service.worker, "page"))
    blocks = build(pipeline, max_characters=service.options.max_characters)
    blocks.queue(default_concurrency_limit=None, max_size=WAITING)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(app, blocks, "/", auth=knows if login else None, auth_message=LOGIN if login else None, **appearance())
    return app
