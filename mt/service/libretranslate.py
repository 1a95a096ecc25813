"""LibreTranslate's dialect, for the clients that speak it already; and where it is weak, a little better.

As there: fields come as JSON or as a form, a key as `api_key` among them, a wrong one gets 403, errors are `{"error": ...}`.
Better: a key in the head works too, so does `X-Request-ID`, 429 has `Retry-After`, downloads expire and need the same key, and
a text that holds nothing to translate comes back as it was.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from mt import arabic
from mt.errors import InputError
from mt.formats import FORMATS, FileOptions
from mt.pipeline import Pipeline
from mt.service.errors import RefusedError
from mt.service.gate import client_of
from mt.service.jobs import Job, JobOptions
from mt.service.service import Client, Service
from mt.service.v1 import POLL_SECONDS, Alternatives, Error, TheService, download, upload_job
from mt.service.work import Wanted, alternatives, english, made
from mt.summarization.words import ENGLISH_STOP_WORDS

NAMES = {"ar": "Arabic", "en": "English"}
SUGGESTIONS = "CREATE TABLE IF NOT EXISTS suggestions (at REAL, owner TEXT, q TEXT, s TEXT, source TEXT, target TEXT)"
WRONG: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": why}
    for status, why in {
        400: "the request makes no sense",
        403: "a key is missing or wrong, or this is switched off",
        413: "the text or file is too large",
        429: "too much for now; Retry-After says when to try again",
        503: "no answer in time, or the service stops",
    }.items()
}
JSON_OR_FORM = ("application/json", "application/x-www-form-urlencoded")
MOST_FIELDS = 1_000
Given = TypeVar("Given", bound="Fields")
router = APIRouter(tags=["LibreTranslate"])


class Fields(BaseModel):
    """Fields of a request. What is not known is ignored, as clients send more than they need."""

    model_config = ConfigDict(extra="ignore")

    api_key: str = Field("", max_length=200, description="an API key")


class TranslateFields(Fields):
    """What to translate."""

    q: str | Annotated[list[str], Field(min_length=1)] = Field(description="text, or a list of texts")
    source: Literal["ar", "en", "auto"] = Field(description="language of the text, or auto")
    target: Literal["en"]
    format: Literal["text", "html"] = "text"
    alternatives: Alternatives = Field(0, description="other translations, at most; the service gives a few")


class DetectFields(Fields):
    """What to find the language of."""

    q: str = Field(description="text")


class SuggestFields(Fields):
    """A better translation."""

    q: str = Field(max_length=10_000, description="the source")
    s: str = Field(max_length=10_000, description="the better translation")
    source: Literal["ar", "en"]
    target: Literal["en"]


class FileFields(Fields):
    """A file to translate."""

    source: Literal["ar", "auto"] = Field(description="language of the file, or auto")
    target: Literal["en"]


class Detected(BaseModel):
    """A language, and how sure that is, from 0 to 100."""

    confidence: float
    language: str


class TranslateAnswer(BaseModel):
    """A string for a string, a list for a list; only what was asked for."""

    model_config = ConfigDict(extra="forbid")

    translatedText: str | list[str]  # noqa: N815 (the dialect's own)
    detectedLanguage: Detected | list[Detected] | None = None  # noqa: N815
    alternatives: list[str] | list[list[str]] | None = None


class Language(BaseModel):
    """A language, and into which it is translated."""

    code: str
    name: str
    targets: list[str]


class FileAnswer(BaseModel):
    """Where the translated file is."""

    translatedFileUrl: str  # noqa: N815


def _body(fields: type[Fields], *kinds: str, **more: dict[str, Any]) -> dict[str, Any]:
    """The part of the OpenAPI description that says what a request holds."""
    schema = fields.model_json_schema()
    schema["properties"] |= more
    schema["required"] = [*schema.get("required", []), *more]
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


@router.post(
    "/translate",
    responses=WRONG,
    response_model=TranslateAnswer,
    response_model_exclude_none=True,
    openapi_extra=_body(TranslateFields, *JSON_OR_FORM),
)
async def translate(request: Request, service: TheService) -> TranslateAnswer:
    """Translate a text or a list of texts, plain or HTML."""
    given = await _fields(request, TranslateFields)
    client = _client(request, service, given)
    texts = [given.q] if isinstance(given.q, str) else given.q
    if len(texts) > service.options.max_texts:
        raise RefusedError(413, f"Invalid request: {len(texts):,} texts exceed the limit of {service.options.max_texts:,}")
    same = given.source == given.target
    count = min(given.alternatives, service.options.max_alternatives)

    def work(pipeline: Pipeline) -> TranslateAnswer:
        return _translated(pipeline, service, given, texts, 0 if same else count, same=same)

    answer = await service.run(request, client, sum(map(len, texts)) * (1 + count), work)
    if given.source == "auto":
        found = [_detect(text) for text in texts]
        answer = answer.model_copy(update={"detectedLanguage": found[0] if isinstance(given.q, str) else found})
    return answer


def _translated(
    pipeline: Pipeline, service: Service, given: TranslateFields, texts: list[str], count: int, *, same: bool
) -> TranslateAnswer:
    if same:
        answers = texts
    elif given.format == "html":
        answers = [_html(pipeline, service, text) for text in texts]
    else:
        answers = english(pipeline, texts, max_segments=service.options.max_segments, seen=service.seen)
    others: list[list[str]] | list[str] | None = None
    if given.alternatives:
        plain = given.format == "text"
        others = [alternatives(pipeline, *pair, count) if plain else [] for pair in zip(texts, answers, strict=True)]
    if isinstance(given.q, str):
        return TranslateAnswer(translatedText=answers[0], alternatives=others[0] if others else None)
    return TranslateAnswer(translatedText=answers, alternatives=others)


def _html(pipeline: Pipeline, service: Service, text: str) -> str:
    """The English of a piece of HTML, its tags kept, by the reader and writer of files."""
    if not arabic.has_arabic(text):
        return text
    files, options = FORMATS[".html"], FileOptions()
    with tempfile.TemporaryDirectory(prefix="mt-") as folder:
        path = Path(folder) / "text.html"
        path.write_text(text, encoding="utf-8", newline="")
        document, _ = files.read(path, options)
        if not arabic.has_arabic(document.text):  # it is in an attribute or a comment
            return text
        result = made(pipeline, document, Wanted(max_segments=service.options.max_segments))
        service.seen(result)
        return files.write(result, path, options).decode("utf-8")


@router.post("/detect", responses=WRONG, openapi_extra=_body(DetectFields, *JSON_OR_FORM))
async def detect(request: Request, service: TheService) -> list[Detected]:
    """Say what language a text is in: Arabic, Persian, Urdu, or else English with little confidence."""
    given = await _fields(request, DetectFields)
    client = _client(request, service, given)
    service.charge(client, len(given.q))
    return [_detect(given.q)]


def _detect(text: str) -> Detected:
    """Arabic script by its letters and words; what is not of it is called English, the surer the more English words it has."""
    text = text[:10_000]
    language = arabic.language(text)
    if language in {"ar", "fa", "ur"}:
        return Detected(confidence=round(50 + 50 * arabic.arabic_share(text)), language=language)
    words = [word.strip(".,:;!?\"'()") for word in text.lower().split()]
    known = sum(word in ENGLISH_STOP_WORDS for word in words)
    return Detected(confidence=min(100, round(250 * known / max(len(words), 1))), language="en")


@router.get("/languages")
async def languages() -> list[Language]:
    """The languages, and into which each is translated."""
    return [Language(code=code, name=name, targets=["en"]) for code, name in NAMES.items()]


@router.get("/frontend/settings")
async def settings(service: TheService) -> dict[str, Any]:
    """What a page that uses the service wants to know."""
    options = service.options
    return {
        "apiKeys": options.auth != "never",
        "charLimit": options.max_characters,
        "frontendTimeout": 500,
        "keyRequired": service.needs_key(forwarded=False),
        "language": {"source": {"code": "ar", "name": "Arabic"}, "target": {"code": "en", "name": "English"}},
        "suggestions": options.suggestions,
        "filesTranslation": True,
        "supportedFilesFormat": sorted(FORMATS),
    }


@router.get("/spec", include_in_schema=False)
async def spec(request: Request) -> dict[str, Any]:
    """The description of all this, as OpenAPI has it."""
    described: dict[str, Any] = request.app.openapi()
    return described


@router.post("/suggest", responses=WRONG, status_code=200, openapi_extra=_body(SuggestFields, *JSON_OR_FORM))
async def suggest(request: Request, service: TheService) -> dict[str, bool]:
    """Keep a better translation for whoever runs the service; switched off unless the service was started with --suggestions."""
    given = await _fields(request, SuggestFields)
    client = _client(request, service, given)
    if not service.options.suggestions:
        raise RefusedError(403, "Suggestions are disabled on this server.")
    service.charge(client, len(given.q) + len(given.s))
    await run_in_threadpool(_keep, service.options.data / "suggestions.db", client.id, given)
    return {"success": True}


def _keep(path: Path, owner: str, given: SuggestFields) -> None:
    with closing(sqlite3.connect(path, timeout=10)) as database, database:
        database.execute(SUGGESTIONS)
        database.execute(
            "INSERT INTO suggestions VALUES (?, ?, ?, ?, ?, ?)", (time.time(), owner, given.q, given.s, given.source, given.target)
        )
    path.chmod(0o600)


FILE = {"file": {"type": "string", "format": "binary", "description": "a file of any format that can be read"}}


@router.post("/translate_file", responses=WRONG, openapi_extra=_body(FileFields, "multipart/form-data", **FILE))
async def translate_file(request: Request, service: TheService) -> FileAnswer:
    """Translate a file of any format that can be read, and say where the English one is."""
    async with request.form(max_files=1, max_fields=MOST_FIELDS) as form:
        given = _valid(FileFields, {name: value for name, value in form.items() if isinstance(value, str)})
        client = _client(request, service, given)
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise InputError("Invalid request: missing file parameter")
        job = await run_in_threadpool(upload_job, service, client, file.filename, file.file, JobOptions())
    job = await _ended(request, service, job)
    if job.state != "done":
        raise InputError(job.error or "the job was cancelled")
    base = service.options.url.rstrip("/") or str(request.base_url).rstrip("/")
    return FileAnswer(translatedFileUrl=f"{base}/download_file/{job.id}{job.output}")


async def _ended(request: Request, service: Service, job: Job) -> Job:
    """A job when it has ended. It is removed where the client leaves, or the time is up."""
    deadline = time.monotonic() + service.options.answer_seconds
    try:
        while not job.ended:
            if service.stopping or await request.is_disconnected() or time.monotonic() > deadline:
                raise RefusedError(503, "no answer in time; make a job of it (/v1/files)", retry_after=60)
            await asyncio.sleep(POLL_SECONDS)
            job = await run_in_threadpool(service.jobs.get, job.id, job.owner)
    except (RefusedError, asyncio.CancelledError):
        service.jobs.remove(job.id, job.owner)
        service.runner.cancelled(job.id)
        raise
    return job


@router.get(
    "/download_file/{name}",
    response_class=FileResponse,
    responses={
        403: WRONG[403],
        404: {"model": Error, "description": "there is no such file; it may have expired"},
        409: {"model": Error, "description": "the file is not there yet"},
        429: WRONG[429],
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
def download_file(name: str, request: Request, service: TheService, api_key: str = "") -> FileResponse:
    """A file that was translated, for the key that sent it."""
    client = client_of(request.scope, service, api_key, status=403)
    job = service.jobs.get(name.partition(".")[0], client.owner)
    if name != f"{job.id}{job.output}":
        raise RefusedError(404, "there is no such file; it may have expired")
    return download(service, job, f"output{job.output}", "application/octet-stream")


def _client(request: Request, service: Service, given: Fields) -> Client:
    """Who asks; 403 where that cannot be told and must be."""
    return client_of(request.scope, service, given.api_key or request.query_params.get("api_key"), status=403)


async def _fields(request: Request, kind: type[Given]) -> Given:
    """The fields of a request that comes as JSON or as a form."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        return _valid(kind, await request.body())
    if media_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=MOST_FIELDS) as form:
            several = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}
    elif media_type == "application/x-www-form-urlencoded":
        several = _urlencoded(await request.body())
    else:
        raise InputError(f"Invalid request: expected {' or '.join(JSON_OR_FORM)}")
    return _valid(kind, {name: values[0] if len(values) == 1 else values for name, values in several.items()})


def _urlencoded(body: bytes) -> dict[str, list[str]]:
    """Fields of a form, also of one whose letters are not escaped, as `curl -d` sends it; starlette reads those as Latin-1."""
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InputError("Invalid request: the form is not in UTF-8, or has too many fields") from error


def _valid(kind: type[Given], fields: bytes | dict[str, Any]) -> Given:
    """Fields that make sense; JSON is read strictly, in a form everything is text. Raises InputError."""
    try:
        return kind.model_validate_json(fields, strict=True) if isinstance(fields, bytes) else kind.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"Invalid request: {said(error.errors()[0])}") from error


def said(fault: Any) -> str:
    """One fault of a request in words: where, and what; not what was sent."""
    where = ".".join(str(part) for part in fault["loc"] if part not in {"body", "function-after"})
    if fault["type"] == "missing":
        return f"missing {where} parameter"
    return f"{where}: {fault['msg']}" if where else str(fault["msg"])
