"""Our own dialect: /v1, with everything that is known of a result."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from mt import arabic, segmentation
from mt.check import check, explain
from mt.config import SummaryOptions
from mt.data import Hypothesis, Result
from mt.errors import InputError
from mt.formats.records import JSON, record, summary_record
from mt.pipeline import Pipeline
from mt.service.errors import RefusedError
from mt.service.files import safe_name, suffix_of
from mt.service.gate import client_of
from mt.service.jobs import Job, JobOptions
from mt.service.service import Client, Service
from mt.service.work import Wanted, made

# As `mt.arabic.has_arabic` and as JSON Schema have it: an Arabic letter somewhere.
ARABIC = "[\\u0621-\\u063a\\u0641-\\u064a]"
LETTER = "[a-zA-Z\\u0621-\\u063a\\u0641-\\u064a]"
POLL_SECONDS = 0.25


def _whole(given: object) -> object:
    """7.0 is a whole number in JSON."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


# The limits stand before the validator, or the description would not have them.
Sentences: TypeAlias = Annotated[int, Field(ge=1, le=50), BeforeValidator(_whole)]
Words: TypeAlias = Annotated[int, Field(ge=5, le=5000), BeforeValidator(_whole)]
Alternatives: TypeAlias = Annotated[int, Field(ge=0, le=100), BeforeValidator(_whole)]


class Body(BaseModel):
    """A request: unknown names are refused, as they are typing slips."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SummaryBody(Body):
    """What a summary should be."""

    sentences: Sentences = Field(3, description="sentences wanted")
    words: Words | None = Field(None, description="most words")
    language: Literal["en", "ar"] = Field("en", description="language of the summary; Arabic summaries are extractive")
    headline: bool = Field(True, description="write a headline too")

    def options(self, service: Service) -> SummaryOptions:
        """With what the service's configuration says of the rest."""
        wanted = SummaryBody.model_fields
        return service.config.summary.model_copy(update={name: getattr(self, name) for name in wanted})


class TranslateBody(Body):
    """A text to translate."""

    text: str = Field(pattern=ARABIC, description="Arabic text", examples=["وصل الوفد إلى عمان في المساء."])
    summary: SummaryBody | None = Field(None, description="summarise it too")


class SummarizeBody(SummaryBody):
    """A text to summarise."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"language": {"const": "ar"}}, "required": ["language"]},
            "then": {"properties": {"text": {"pattern": ARABIC}}},
        }
    )
    text: str = Field(pattern=LETTER, description="Arabic or English text; an Arabic summary needs an Arabic text")


class CheckBody(Body):
    """A translation by anybody, and its source."""

    source: str = Field(max_length=20_000, description="Arabic text")
    translation: str = Field(max_length=20_000, description="its English")


class TextJob(TranslateBody):
    """A long text to work on in the background."""


class PageJob(Body):
    """A web page to work on in the background, where the service fetches them."""

    url: str = Field(pattern="^https?://[!-~]+$", max_length=2_000, description="its address")
    summary: SummaryBody | None = Field(None, description="summarise it too")


class Open(BaseModel):
    """An answer; new names may come at any time."""

    model_config = ConfigDict(extra="allow")


class FlagAnswer(Open):
    """Something that looks wrong."""

    flag: str
    explanation: str


class SegmentAnswer(Open):
    """One segment. block is an index into `blocks`."""

    block: int
    source: str
    tail: str
    text: str
    flags: list[FlagAnswer]
    obtained: str
    score: float | None
    tokens: int | None
    truncated: bool | None


class SentenceAnswer(Open):
    """One sentence of a summary. sources are indices of segments, best first."""

    text: str
    sources: list[int]
    flags: list[FlagAnswer]


class SummaryAnswer(Open):
    """A summary whose sentences point to what supports them."""

    method: str
    language: str
    headline: str
    text: str
    sentences: list[SentenceAnswer]


class Head(Open):
    """What every result says of itself."""

    version: int = Field(alias="schema")
    id: str
    title: str
    notes: list[str]
    signature: str


class TranslateAnswer(Head):
    """A translated text; `mt translate --json` writes the same."""

    text: str
    blocks: list[dict[str, Any]]
    segments: list[SegmentAnswer]
    flagged: list[int]
    summary: SummaryAnswer | None


class SummarizeAnswer(Head, SummaryAnswer):
    """A summary; each sentence with the text that supports it as `evidence`."""


class CheckAnswer(BaseModel):
    """What looks wrong with a translation; nothing is no proof that all is right."""

    flags: list[FlagAnswer]


class JobAnswer(BaseModel):
    """A job. Times are seconds since 1970; done and total are segments."""

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    name: str
    done: int
    total: int
    created: float
    finished: float | None
    expires: float | None
    error: str
    result: str | None = Field(description="path of the result as JSON, once the job is done")
    file: str | None = Field(description="path of the translated file, once the job is done")


class Error(BaseModel):
    """Why there is no answer."""

    error: str


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Error, "description": why}
    for status, why in {
        400: "the request cannot be read",
        401: "a key is missing or wrong",
        413: "the text or file is too large",
        422: "the request makes no sense",
        429: "too much for now; Retry-After says when to try again",
        503: "no answer in time, no room on the disk, or the service stops",
    }.items()
}
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: {"model": Error, "description": "there is no such job; it may have expired"}}
AS_JSON: dict[int | str, dict[str, Any]] = {
    status: {"description": said["description"], "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for status, said in {**ERRORS, **NOT_FOUND}.items()
}
"""Errors of a route whose answer is no JSON."""
NOT_DONE: dict[int | str, dict[str, Any]] = {409: {"model": Error, "description": "the job is not done"}}

# What may be done with a job is said by its links, so that tools find their way from making it to its result.
LINKED = ("show_job", "watch_job", "show_result", "show_file", "cancel_job", "remove_job")
CREATED: dict[int | str, dict[str, Any]] = {
    202: {"links": {name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in LINKED}}
}

bearer = HTTPBearer(auto_error=False, description="an API key")
api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="an API key")


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    service: Service = request.app.state.service
    return service


TheService: TypeAlias = Annotated[Service, Depends(service_of)]


def caller(request: Request, service: TheService) -> Client:
    """Who asks; 401 where that cannot be told and must be."""
    return client_of(request.scope, service)


Caller: TypeAlias = Annotated[Client, Depends(caller)]
JobId: TypeAlias = Annotated[str, InPath(description="id of a job")]
router = APIRouter(
    prefix="/v1",
    tags=["v1"],
    responses=ERRORS,
    dependencies=[Depends(bearer), Depends(api_key)],
    generate_unique_id_function=lambda route: route.name,
)


def job_of(id: JobId, service: TheService, client: Caller) -> Job:
    """A job of the caller's; 404 for those of others."""
    return service.jobs.get(id, client.owner)


OwnJob: TypeAlias = Annotated[Job, Depends(job_of)]


@router.post("/translate", response_model=TranslateAnswer)
async def translate(body: TranslateBody, request: Request, service: TheService, client: Caller) -> dict[str, JSON]:
    """Translate a text, and summarise it if asked: segments, flags, sources, signature."""
    summary = None if body.summary is None else body.summary.options(service)
    return record(await _made(request, service, client, body.text, Wanted(summary, max_segments=service.options.max_segments)))


@router.post("/summarize", response_model=SummarizeAnswer)
async def summarize(body: SummarizeBody, request: Request, service: TheService, client: Caller) -> dict[str, JSON]:
    """Summarise a text in English or Arabic: each sentence with what supports it."""
    if body.language == "ar" and not arabic.has_arabic(body.text):
        raise InputError("the text has no Arabic in it: an Arabic summary needs an Arabic text")
    wanted = Wanted(body.options(service), translation=False, max_segments=service.options.max_segments)
    return summary_record(await _made(request, service, client, body.text, wanted))


@router.post("/check", response_model=CheckAnswer)
async def check_translation(body: CheckBody, service: TheService, client: Caller) -> dict[str, JSON]:
    """Say what looks wrong with a translation, whoever made it."""
    service.charge(client, len(body.source) + len(body.translation))
    return {"flags": await run_in_threadpool(found_flags, body.source, body.translation)}


def found_flags(source: str, text: str) -> list[JSON]:
    """What looks wrong with a translation, each with a sentence that says it."""
    flags = check(source, Hypothesis(text, 0.0, len(text.split()) + 1))
    return [{"flag": flag, "explanation": " ".join(explain(source, text, frozenset({flag})))} for flag in sorted(flags)]


async def _made(request: Request, service: Service, client: Client, text: str, wanted: Wanted) -> Result:
    def work(pipeline: Pipeline) -> Result:
        return made(pipeline, segmentation.document(text), wanted)

    result = await service.run(request, client, len(text), work)
    service.seen(result)
    return result


@router.post(
    "/jobs",
    response_model=JobAnswer,
    status_code=202,
    responses={**CREATED, 403: {"model": Error, "description": "the service fetches no web pages"}},
)
def create_job(body: TextJob | PageJob, service: TheService, client: Caller) -> JobAnswer:
    """Queue a text, or a web page, to be translated in the background. It survives a restart of the service."""
    if isinstance(body, PageJob) and not service.options.allow_urls:
        raise RefusedError(403, "this service fetches no web pages; send the text")
    text, url = ("", body.url) if isinstance(body, PageJob) else (body.text, "")
    if len(text) > service.options.max_job_characters:
        raise RefusedError(413, f"the text has {len(text):,} characters; at most {service.options.max_job_characters:,} are taken")
    summary = None if body.summary is None else body.summary.options(service)
    return _answer(service, _queued(service, client, "page.txt" if url else "text.txt", JobOptions(summary, url=url), text))


def _queued(service: Service, client: Client, name: str, options: JobOptions, text: str) -> Job:
    """A new job with a text as its source."""
    service.check_running()
    service.charge(client, len(text))

    def write(path: Path) -> None:
        path.write_bytes(text.encode())

    return service.jobs.add(client.owner, name, ".txt", options, write)


@router.post("/files", response_model=JobAnswer, status_code=202, responses=CREATED)
def create_file_job(
    service: TheService,
    client: Caller,
    file: Annotated[UploadFile, File(description="a file of any format that can be read")],
    sentences: Annotated[int, Form(ge=0, le=50, description="sentences of summary in the record; 0: none")] = 0,
    fields: Annotated[str, Form(max_length=1_000, description="columns or fields that hold the text, with commas between")] = "",
    bilingual: Annotated[Literal["true", "false"], Form(description="write the source beside the English")] = "false",
) -> JobAnswer:
    """Queue a file to be translated in the background; the English comes in a file of the same kind and layout."""
    options = JobOptions(
        service.config.summary.model_copy(update={"sentences": sentences}) if sentences else None,
        tuple(name.strip() for name in fields.split(",") if name.strip()),
        bilingual == "true",
    )
    return _answer(service, upload_job(service, client, file.filename or "", file.file, options))


def upload_job(service: Service, client: Client, name: str, file: IO[bytes], options: JobOptions) -> Job:
    """A new job with an uploaded file as its source. name: what the client calls it."""
    service.check_running()
    service.charge(client, 0)
    name = safe_name(name)

    def write(path: Path) -> None:
        with path.open("wb") as target:
            shutil.copyfileobj(file, target)

    return service.jobs.add(client.owner, name, suffix_of(name), options, write)


@router.get("/jobs", response_model=list[JobAnswer])
def list_jobs(service: TheService, client: Caller) -> list[JobAnswer]:
    """The jobs of this key, the newest first. Without a key there is no list: keep the id of a job."""
    return [_answer(service, job) for job in service.jobs.of(client.owner)] if client.key else []


@router.get("/jobs/{id}", response_model=JobAnswer, responses=NOT_FOUND)
def show_job(job: OwnJob, service: TheService) -> JobAnswer:
    """How far a job is."""
    return _answer(service, job)


@router.get("/jobs/{id}/events", response_class=EventSourceResponse, responses=AS_JSON)
async def watch_job(job: OwnJob, service: TheService) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events named `job`, with what GET on the job gives, whenever that changes, until it has ended."""
    last: JobAnswer | None = None
    while not service.stopping:
        try:
            now = await run_in_threadpool(service.jobs.get, job.id, job.owner)
        except RefusedError:  # somebody removed it
            return
        answer = _answer(service, now)
        if answer != last:
            yield ServerSentEvent(event="job", data=answer.model_dump())
            last = answer
        if now.ended:
            return
        await asyncio.sleep(POLL_SECONDS)


@router.post("/jobs/{id}/cancel", response_model=JobAnswer, responses=NOT_FOUND)
def cancel_job(job: OwnJob, service: TheService) -> JobAnswer:
    """Stop a job that has not ended."""
    cancelled = service.jobs.cancel(job.id, job.owner)
    service.runner.cancelled(job.id)
    return _answer(service, cancelled)


@router.delete("/jobs/{id}", status_code=204, responses=NOT_FOUND)
def remove_job(job: OwnJob, service: TheService) -> Response:
    """Stop a job and forget it, its source and its result, at once."""
    service.jobs.remove(job.id, job.owner)
    service.runner.cancelled(job.id)
    return Response(status_code=204)


@router.get("/jobs/{id}/result", response_model=TranslateAnswer, responses={**NOT_FOUND, **NOT_DONE})
def show_result(job: OwnJob, service: TheService) -> FileResponse:
    """What a job made, as /v1/translate gives it."""
    return download(service, job, "record.json", "application/json", inline=True)


@router.get(
    "/jobs/{id}/file",
    response_class=FileResponse,
    responses={**NOT_FOUND, **NOT_DONE, 200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
)
def show_file(job: OwnJob, service: TheService) -> FileResponse:
    """The translated file."""
    return download(service, job, f"output{job.output}", "application/octet-stream")


def download(service: Service, job: Job, file: str, media_type: str, *, inline: bool = False) -> FileResponse:
    """A file of a job that is done. Raises RefusedError (409) where it is not, with the reason where it failed."""
    if job.state != "done":
        raise RefusedError(409, f"the job is {job.state}" + (f": {job.error}" if job.error else "; wait until it is done"))
    path = service.jobs.folder(job.id) / file
    if not path.is_file():
        raise RefusedError(404, "there is no such file; it may have expired")
    name = None if inline else f"{Path(job.name).stem}.en{job.output}"
    headers = {"Cache-Control": "private, no-store", "Content-Security-Policy": "sandbox; default-src 'none'"}
    return FileResponse(path, media_type=media_type, filename=name, headers=headers)


def _answer(service: Service, job: Job) -> JobAnswer:
    done = job.state == "done"
    return JobAnswer(
        id=job.id,
        state=job.state,
        name=job.name,
        done=job.done,
        total=job.total,
        created=job.created,
        finished=job.finished,
        expires=service.jobs.expires(job),
        error=job.error,
        result=f"/v1/jobs/{job.id}/result" if done else None,
        file=f"/v1/jobs/{job.id}/file" if done else None,
    )
