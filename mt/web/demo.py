"""The web demo: one page on Gradio, for people who read Arabic news in English."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.errors import ConfigError
from mt.pipeline import Pipeline
from mt.web import about, article, documents, session, terms
from mt.web.article import CACHE_SECONDS, MAX_CHARACTERS

if TYPE_CHECKING:
    import gradio as gr

MAX_FILE_SIZE = "20mb"
WAITING = 20
DELETION = (600, 3000)  # seconds: how often, and of what age; so files go within the hour
PORTS = range(7860, 7960)
TITLE = "Arabic news, in English"
HEADER = f"""<header class="mt-masthead"><h1>{TITLE}</h1>
<p>Translation and summary, made on this machine. What you paste stays here.</p></header>"""


def build(
    pipeline: Pipeline, *, max_characters: int = MAX_CHARACTERS, allow_urls: bool = False, others: article.Others | None = None
) -> gr.Blocks:
    """The page. Nothing runs until it is launched; readers share the pipeline, not their texts.

    allow_urls: readers may name pages on the web, which this machine fetches. others: models that a reader may choose instead.
    """
    import gradio as gr

    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=DELETION) as blocks:
        gr.HTML(HEADER)
        own = gr.State(None, time_to_live=CACHE_SECONDS, delete_callback=session.end)
        with gr.Tabs(elem_id="mt-tabs"):
            with gr.Tab("Article", id="article"):
                article.build(pipeline, own, max_characters=max_characters, allow_urls=allow_urls, others=others or {})
            with gr.Tab("Files", id="files"):
                documents.build(pipeline, own)
            with gr.Tab("Glossary & memory", id="terms"):
                terms.build(pipeline, own)
            with gr.Tab("About", id="about"):
                gr.HTML(about.html(pipeline))
    return blocks


def launch(
    pipeline: Pipeline,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    max_characters: int = MAX_CHARACTERS,
    allow_urls: bool = False,
    others: article.Others | None = None,
    open_browser: bool = False,
    block: bool = True,
) -> gr.Blocks:
    """Serve the page until Ctrl+C, or with block=False in the background until `.close()` of what is returned.

    port: None takes the first free one of `PORTS`. The address is printed, and is `.local_url` of the return.

    Raises ConfigError where the address cannot be served.
    """
    chosen = _free_port(host, PORTS if port is None else [port])
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read while Gradio is imported; the page itself turns them off again
    blocks = build(pipeline, max_characters=max_characters, allow_urls=allow_urls, others=others)
    blocks.queue(default_concurrency_limit=None, max_size=WAITING)
    blocks.launch(
        server_name=host,
        server_port=chosen,
        share=False,
        inbrowser=open_browser,
        prevent_thread_lock=True,
        quiet=True,
        **appearance(),
    )
    print(f"Open {blocks.local_url} in a browser. Ctrl+C stops it.")
    if block:
        blocks.block_thread()
    return blocks


def appearance() -> dict[str, Any]:
    """How the page looks and what it shows, for `launch` and `mount_gradio_app` of Gradio."""
    import gradio as gr

    files = Path(__file__).parent
    fonts = ["system-ui", "Segoe UI", "Noto Sans", "sans-serif"]
    return {
        "show_error": False,
        "ssr_mode": False,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": ["api", "settings"],
        "max_file_size": MAX_FILE_SIZE,
        "theme": gr.themes.Base(
            primary_hue="teal", neutral_hue="stone", radius_size="sm", font=fonts, font_mono=["ui-monospace", "monospace"]
        ),
        "css": "".join((files / name).read_text(encoding="utf-8") for name in ("result.css", "demo.css")),
        "js": (files / "demo.js").read_text(encoding="utf-8"),
    }


def _free_port(host: str, ports: Sequence[int]) -> int:
    """The first port that can be served at; found here as Gradio says little where there is none."""
    for port in ports:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (OSError, OverflowError) as error:
                reason = error
            else:
                return port
    tried = f"port {ports[0]}" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]}"
    raise ConfigError(f"cannot serve at {host}, {tried}: {reason}; choose another with --host or --port") from reason
