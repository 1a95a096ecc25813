"""The tools for language models, by the Model Context Protocol: over standard input and output, or over HTTP in the service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, Protocol, TypeVar

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from mt import segmentation
from mt._version import __version__
from mt.check import explain
from mt.config import SummaryOptions, revise
from mt.data import Result
from mt.errors import MTError
from mt.pipeline import Pipeline
from mt.service.v1 import found_flags
from mt.service.work import Wanted, made
from mt.summarization import EXPLANATIONS

Answer = TypeVar("Answer")
INSTRUCTIONS = (
    "Reads Arabic news in English, offline. `translate` marks what looks wrong with flags: pass them on to the reader. "
    "`summarize` says which sentences of the article support each sentence of the summary. `check` compares an English text "
    "with its Arabic source, whoever translated it."
)
"""What a language model is told of the tools."""


class Flagged(BaseModel):
    """A sentence that looks wrong, and why."""

    source: str
    translation: str
    doubts: list[str]


class Translated(BaseModel):
    """The English of a text, and the sentences of it that look wrong."""

    text: str
    doubtful: list[Flagged]
    summary: str = Field("", description="with the headline first, if one was asked for")
    signature: str = Field(description="how the result came about")


class Supported(BaseModel):
    """A sentence of a summary, and the sentences of the article that support it."""

    text: str
    sources: list[str]
    doubts: list[str]


class Summarised(BaseModel):
    """A summary."""

    headline: str
    sentences: list[Supported]
    method: str
    signature: str


class Checked(BaseModel):
    """What looks wrong with a translation; nothing is no proof that all is right."""

    doubts: list[str]


Loaded = Callable[[], Pipeline]
"""Gives the pipeline, which is loaded when it is first asked for."""


class Run(Protocol):
    """How a tool gets its work done: here and now, or in the line of the service."""

    def __call__(self, context: Context[Any, Any], characters: int, work: Callable[[Loaded], Answer], /) -> Awaitable[Answer]:
        """Do a piece of work that may ask for the pipeline. characters: of the text that it is about."""


def build(run: Run, summary: SummaryOptions) -> MCPServer:
    """The three tools. summary: what the configuration says of summaries."""
    server: MCPServer = MCPServer("mt", title="Arabic news in English", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING")

    async def translate(context: Context[Any, Any], text: str, summary_sentences: int = 0) -> Translated:
        """Translate an Arabic text into English, and summarise it in so many sentences (0 to 50) if asked."""
        wanted = Wanted(_options(summary, summary_sentences, "en") if summary_sentences else None)
        return _translated(await _ask(run, context, text, wanted))

    async def summarize(context: Context[Any, Any], text: str, sentences: int = 3, language: Literal["en", "ar"] = "en") -> Summarised:
        """Summarise an Arabic or English text in 1 to 50 sentences, in English, or an Arabic one in its own words ("ar")."""
        return _summarised(await _ask(run, context, text, Wanted(_options(summary, sentences, language), translation=False)))

    async def check(context: Context[Any, Any], source: str, translation: str) -> Checked:
        """Say what looks wrong with an English translation of an Arabic text: numbers, names, length, repetition and more."""
        flags = await run(context, len(source) + len(translation), lambda loaded: found_flags(source, translation))
        return Checked(doubts=[str(flag["explanation"]) for flag in flags if isinstance(flag, dict)])

    for tool in (translate, summarize, check):
        server.add_tool(tool)
    return server


def alone(loaded: Loaded) -> Run:
    """Work for one client in this process."""
    limiter = anyio.CapacityLimiter(1)

    async def run(context: Context[Any, Any], characters: int, work: Callable[[Loaded], Answer]) -> Answer:
        return await anyio.to_thread.run_sync(work, loaded, limiter=limiter)

    return kindly(run)


def kindly(run: Run) -> Run:
    """Errors on purpose as the protocol has them: their message goes to the model, nothing else does."""

    async def told(context: Context[Any, Any], characters: int, work: Callable[[Loaded], Answer]) -> Answer:
        try:
            return await run(context, characters, work)
        except MTError as error:
            raise ToolError(str(error)) from error

    return told


async def _ask(run: Run, context: Context[Any, Any], text: str, wanted: Wanted) -> Result:
    return await run(context, len(text), lambda loaded: made(loaded(), segmentation.document(text), wanted))


def _options(summary: SummaryOptions, sentences: int, language: Literal["en", "ar"]) -> SummaryOptions:
    try:
        return revise(summary, sentences=sentences, language=language)
    except MTError as error:
        raise ToolError(str(error)) from error


def _translated(result: Result) -> Translated:
    doubtful = [
        Flagged(source=t.segment.text, translation=t.text, doubts=explain(t.segment.text, t.text, t.flags))
        for t in result.translations
        if t.flags
    ]
    summary = "" if result.summary is None else "\n".join(filter(None, [result.summary.headline, result.summary.text]))
    return Translated(text=result.text, doubtful=doubtful, summary=summary, signature=result.signature)


def _summarised(result: Result) -> Summarised:
    assert result.summary is not None
    sentences = [
        Supported(
            text=sentence.text,
            sources=[result.translations[i].segment.text for i in sentence.sources],
            doubts=[EXPLANATIONS[flag] for flag in sorted(sentence.flags)],
        )
        for sentence in result.summary.sentences
    ]
    summary = result.summary
    return Summarised(headline=summary.headline, sentences=sentences, method=summary.method, signature=result.signature)
