"""Every option of the service with its default and its limits, in one place."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from platformdirs import user_data_dir
from pydantic import Field

from mt.config import Options

MEGABYTE = 1_000_000


class ServiceOptions(Options):
    """Who may ask for what, and how much of it."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(5000, ge=0, le=65535, description="port to listen on; 0: any free one")
    data: Path = Field(
        default_factory=lambda: Path(user_data_dir("mt")) / "service",
        description="folder of keys, jobs and their files",
        validate_default=True,
    )
    auth: Literal["auto", "always", "never"] = Field(
        "auto", description="whom to ask for a key. auto: nobody who comes over loopback without a proxy, everybody else"
    )
    url: str = Field("", description="public address, as https://mt.example.org; unset: what the client called")
    cors: tuple[str, ...] = Field((), description="origins whose pages may call the service, as https://news.example.org")

    requests_per_minute: int = Field(120, ge=0, description="requests of one key or address; 0: no limit")
    characters_per_minute: int = Field(60_000, ge=0, description="characters of one key or address; 0: no limit")
    wrong_keys_per_minute: int = Field(10, ge=1, description="wrong keys from one address, until it has to wait")

    max_characters: int = Field(20_000, ge=1, le=10_000_000, description="longest text that is answered at once; longer ones are jobs")
    max_job_characters: int = Field(2_000_000, ge=1, le=100_000_000, description="longest text of a job")
    max_texts: int = Field(200, ge=1, description="texts in one request")
    max_segments: int = Field(2_000, ge=1, description="segments of one text that is answered at once")
    max_job_segments: int = Field(100_000, ge=1, description="segments of one job")
    max_body: int = Field(25 * MEGABYTE, ge=1_000, description="bytes of a request")
    max_unpacked: int = Field(250 * MEGABYTE, ge=1_000, description="bytes in a zipped document such as .docx when unpacked")
    max_alternatives: int = Field(3, ge=0, le=5, description="other translations of one text")
    max_waiting: int = Field(128, ge=1, le=2_000, description="requests in work or waiting; beyond it comes 429")
    max_waiting_characters: int = Field(200_000, ge=1, description="characters in work or waiting; beyond it comes 429")
    max_jobs: int = Field(20, ge=1, description="unfinished jobs of one key")
    max_all_jobs: int = Field(500, ge=1, description="unfinished jobs of all together")
    jobs_at_once: int = Field(2, ge=1, le=64, description="jobs worked on at the same time")
    keep_hours: float = Field(24, gt=0, description="hours after which a finished job and its files go")
    connections: int = Field(1_000, ge=1, description="open connections; beyond it comes 503")

    head_seconds: float = Field(20, gt=0, description="seconds in which the head of a request must have come")
    body_seconds: float = Field(60, gt=0, description="seconds in which the body of a request must have come")
    answer_seconds: float = Field(300, gt=0, description="seconds of work on one request; beyond it comes 503")
    job_seconds: float = Field(6 * 3600, gt=0, description="seconds of work on one job")
    stop_seconds: float = Field(20, ge=0, description="seconds that work in progress is given when the service stops")
    idle_minutes: float = Field(0, ge=0, description="minutes without work after which the model leaves the memory; 0: never")

    page: bool = Field(True, description="serve the web page")
    mcp: bool = Field(True, description="serve MCP at /mcp")
    suggestions: bool = Field(False, description="take suggestions of better translations at /suggest")
    allow_urls: bool = Field(False, description="fetch web pages that a client names")
    log_texts: bool = Field(False, description="write the texts into the log")

    @property
    def loopback(self) -> bool:
        """Only this machine can reach the service."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine.

    >>> [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
