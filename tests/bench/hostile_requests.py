"""Hostile requests, each of which is to be refused with the right status while the service stays alive.

`python -m tests.bench.hostile_requests` starts a service on a fake engine; `--address URL` takes one that runs on this machine
(started with --allow-urls and short --limit head_seconds=1 and body_seconds=1). `tests/test_service_hostile.py` runs the same.
"""

from __future__ import annotations

import argparse
import io
import json
import socket
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

CLOSED = 0  # the server closed the connection without an answer
MEGABYTE = 1_000_000
PATIENCE = 20.0  # seconds
SSRF = (Path(__file__).parent.parent / "cases" / "ssrf.txt").read_text(encoding="utf-8").split()
OPTIONS: dict[str, Any] = {
    "allow_urls": True,
    "head_seconds": 1,
    "body_seconds": 1,
    "max_body": 2 * MEGABYTE,
    "max_unpacked": 20 * MEGABYTE,
}
JSON = b"Content-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of attack: what it does to the service at an address, giving a status, and which are right."""

    attack: Callable[[str], int]
    right: Collection[int]


def raw(address: str, data: bytes, *, drip: bytes = b"", seconds: float = PATIENCE) -> bytes:
    """What the service answers to bytes on a connection, up to its end; drip: a byte of it more every tenth of a second."""
    parts = urlsplit(address)
    answer = b""
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
        try:
            connection.sendall(data)
            connection.settimeout(0.1 if drip else seconds)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                try:
                    received = connection.recv(65536)
                except TimeoutError:
                    if not drip:
                        break
                    connection.sendall(drip[:1])
                    drip = drip[1:] + drip[:1]
                    continue
                if not received:
                    break
                answer += received
        except (ConnectionError, BrokenPipeError):
            pass
    return answer


def status(answer: bytes) -> int:
    """The status in an answer as it came."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else CLOSED


def post(address: str, path: str, **given: Any) -> int:
    """The status of a POST."""
    try:
        return httpx.post(address + path, timeout=PATIENCE, **given).status_code
    except (httpx.RemoteProtocolError, httpx.WriteError, httpx.ReadError):
        return CLOSED


def head(path: str, *lines: bytes, method: bytes = b"POST") -> bytes:
    """The head of a request for localhost."""
    return b"%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n" % (method, path.encode(), b"".join(lines))


def job(address: str, name: str, data: bytes) -> dict[str, Any]:
    """What becomes of an uploaded file."""
    made = httpx.post(f"{address}/v1/files", files={"file": (name, data)}, timeout=PATIENCE)
    return {"state": made.status_code} if made.status_code != 202 else ended(address, made.json()["id"])


def ended(address: str, id: str) -> dict[str, Any]:
    """A job when it has ended."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = httpx.get(f"{address}/v1/jobs/{id}", timeout=PATIENCE).json()
        if found["state"] not in {"queued", "running"}:
            return found
        time.sleep(0.02)
    raise TimeoutError(f"job {id} does not end")


def refused_job(address: str, name: str, data: bytes) -> int:
    """422 for a file that is refused when it is read; else 200."""
    return 422 if job(address, name, data)["state"] == "failed" else 200


def zipped(name: str, data: bytes) -> bytes:
    """A zip with one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE tmx [{ENTITIES}]><tmx version="1.4"><body>&e9;</body></tmx>'
READS_FILES = '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY x SYSTEM "file:///etc/passwd">]><tmx version="1.4"><body>&x;</body></tmx>'
BODY = {"q": "خبر.", "source": "ar", "target": "en"}


def evil_name(address: str) -> int:
    """A file name that would add a line to the head of the download."""
    boundary = "xxx"
    name = 'a\\r\\nX-Evil: 1\r\nX-Evil: 1; " ../../b.txt'
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = part + "خبر.".encode() + f"\r\n--{boundary}--\r\n".encode()
    made = httpx.post(f"{address}/v1/files", content=body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    if made.status_code != 202:
        return made.status_code
    done = ended(address, made.json()["id"])
    answer = httpx.get(address + done["file"], timeout=PATIENCE)
    return 500 if "x-evil" in answer.headers or "/" in done["name"] else answer.status_code


def path_name(address: str) -> int:
    """A file name that leads out of its folder."""
    done = job(address, "../../../../../tmp/evil.txt", "خبر.".encode())
    return 200 if done["name"] == "evil.txt" and done["state"] == "done" else 500


def injected_id(address: str) -> int:
    """A number of a request with a line in it."""
    answer = raw(address, head("/health", b"X-Request-ID: a\rX-Evil: 1\r\n", method=b"GET"))
    return 500 if b"\r\nX-Evil" in answer or b"\nX-Evil" in answer.replace(b"\r\n", b"") else status(answer)


def guessing(address: str) -> int:
    """Many keys from one address, through a proxy's door, where keys are needed."""
    heads = ({"X-Forwarded-For": "203.0.113.9", "X-API-Key": f"mt_{n:043d}"} for n in range(30))
    found = [httpx.get(f"{address}/metrics", headers=one, timeout=PATIENCE).status_code for one in heads]
    return 429 if set(found) == {401, 429} and found[-1] == 429 else 200


def inside(address: str) -> int:
    """Pages that are not on the public internet, as jobs; 422 where none was fetched."""
    for url in SSRF:
        made = httpx.post(f"{address}/v1/jobs", json={"url": url}, timeout=PATIENCE)
        if made.status_code == 202:
            done = ended(address, made.json()["id"])
            if done["state"] != "failed" or "public internet" not in done["error"]:
                print(url, done, file=sys.stderr)
                return 200
    return 422


def downloads(address: str) -> int:
    """Tricks in the path of a download."""
    paths = (
        "../keys.db",
        "..%2f..%2fkeys.db",
        "%2e%2e/%2e%2e/jobs.db",
        "....//keys.db",
        "/etc/passwd",
        "%00",
        "a" * 5000,
        "'; DROP TABLE jobs; --",
    )
    found = {status(raw(address, head(f"/download_file/{path}".replace(" ", "%20"), method=b"GET"))) for path in paths}
    return 404 if found <= {404} else max(found)


def page_files(address: str) -> int:
    """Files of the machine, asked of the page."""
    paths = ("/gradio_api/file=/etc/passwd", "/gradio_api/file=../../etc/passwd", "/file=/etc/passwd", "/assets/../../../../etc/passwd")
    found = [raw(address, head(path, method=b"GET")) for path in paths]
    return 200 if any(b"root:" in answer for answer in found) else 404


def chunks(size: int) -> Iterator[bytes]:
    """A body of which nobody says the length."""
    for _ in range(size // 50_000):
        yield b" " * 50_000


def bomb(address: str) -> int:
    """A small document that unpacks to a large one."""
    return refused_job(address, "a.docx", zipped("word/document.xml", b" " * 30 * MEGABYTE))


REFUSED = {400, 413, 422}
KINDS: dict[str, Kind] = {
    "a body of 100 MB, said": Kind(lambda a: status(raw(a, head("/v1/translate", JSON, b"Content-Length: 100000000\r\n") + b"{")), {413}),
    "a body of 100 MB, unsaid": Kind(lambda a: post(a, "/v1/translate", content=chunks(100 * MEGABYTE)), {413, CLOSED}),
    "a file of 100 MB": Kind(lambda a: post(a, "/v1/files", files={"file": ("a.txt", io.BytesIO(b" " * 100 * MEGABYTE))}), {413, CLOSED}),
    "a body shorter than it says": Kind(lambda a: status(raw(a, head("/v1/translate", JSON, b"Content-Length: 500\r\n") + b"{")), {408}),
    "a body longer than it says": Kind(
        lambda a: status(raw(a, head("/v1/translate", JSON, b"Content-Length: 5\r\n") + b"{" * 50)), {400, 422}
    ),
    "a negative length": Kind(lambda a: status(raw(a, head("/v1/translate", b"Content-Length: -5\r\n"))), {400}),
    "two lengths": Kind(
        lambda a: status(raw(a, head("/v1/translate", b"Content-Length: 5\r\n", b"Content-Length: 6\r\n") + b"hello")), {400}
    ),
    "a length and chunks": Kind(
        lambda a: status(raw(a, head("/detect", JSON, b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\nGET /x")), {400}
    ),
    "broken chunks": Kind(lambda a: status(raw(a, head("/detect", b"Transfer-Encoding: chunked\r\n") + b"zz\r\nhello")), {400, CLOSED}),
    "a head that never ends": Kind(lambda a: status(raw(a, b"GET / HTTP/1.1\r\nX: ", drip=b"a", seconds=8)), {CLOSED, 408}),
    "a connection that says nothing": Kind(lambda a: status(raw(a, b"", seconds=8)), {CLOSED}),
    "a body byte by byte": Kind(
        lambda a: status(raw(a, head("/v1/translate", JSON, b"Content-Length: 5000\r\n"), drip=b"{", seconds=8)), {408}
    ),
    "a head of 1 MB": Kind(lambda a: status(raw(a, head("/health", b"X: " + b"a" * MEGABYTE + b"\r\n"))), {400, 431, CLOSED}),
    "ten thousand headers": Kind(lambda a: status(raw(a, head("/health", b"X: a\r\n" * 10_000))), {400, 431, CLOSED}),
    "a path of 100 KB": Kind(lambda a: status(raw(a, head("/" + "a" * 100_000, method=b"GET"))), {400, 404, 414, CLOSED}),
    "bytes that are no HTTP": Kind(lambda a: status(raw(a, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 20)), {400, CLOSED}),
    "a method that nobody has": Kind(lambda a: status(raw(a, head("/translate", method=b"TRACE"))), {405}),
    "an upgrade to a web socket": Kind(
        lambda a: status(raw(a, head("/translate", b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n", method=b"GET"))), {400, 404, 405, 426}
    ),
    "a line in the number of a request": Kind(injected_id, {200, 400}),
    "a line in the name of a file": Kind(evil_name, {200, 400, 422}),
    "a path in the name of a file": Kind(path_name, {200}),
    "a path in the link of a download": Kind(downloads, {404}),
    "files of the machine, asked of the page": Kind(page_files, {404}),
    "a document that unpacks to a large one": Kind(bomb, {422}),
    "a document that is no document": Kind(lambda a: refused_job(a, "a.xlsx", b"PK\x03\x04" + bytes(500)), {422}),
    "XML that grows": Kind(lambda a: refused_job(a, "a.tmx", LAUGHS.encode()), {422}),
    "XML that reads files": Kind(lambda a: refused_job(a, "a.tmx", READS_FILES.encode()), {422}),
    "a picture called a text": Kind(lambda a: refused_job(a, "a.txt", b"\x89PNG\r\n\x1a\n" + bytes(100)), {422}),
    "JSON a hundred thousand deep": Kind(
        lambda a: post(a, "/v1/translate", content=b"[" * 100_000, headers={"Content-Type": "application/json"}), REFUSED
    ),
    "JSON with numbers that are none": Kind(
        lambda a: post(a, "/v1/summarize", content=b'{"text":"a","sentences":1e999}', headers={"Content-Type": "application/json"}), REFUSED
    ),
    "JSON that is not UTF-8": Kind(
        lambda a: post(a, "/v1/translate", content=b'{"text":"\xff\xfe"}', headers={"Content-Type": "application/json"}), REFUSED
    ),
    "half a character": Kind(
        lambda a: post(a, "/v1/translate", content=b'{"text":"\\ud83d \\u0628"}', headers={"Content-Type": "application/json"}), REFUSED
    ),
    "a form of a hundred thousand fields": Kind(lambda a: post(a, "/translate", data={f"f{n}": "x" for n in range(100_000)}), REFUSED),
    "a form of a thousand files": Kind(
        lambda a: post(a, "/translate_file", files=[("file", (f"{n}.txt", b"x")) for n in range(1_000)]), REFUSED
    ),
    "a thousand texts": Kind(lambda a: post(a, "/translate", json={**BODY, "q": ["خبر."] * 1_000}), {413}),
    "more segments than are taken": Kind(lambda a: post(a, "/v1/translate", json={"text": "و\n" * 9_000}), {413}),
    "HTML fifty thousand deep": Kind(
        lambda a: post(a, "/translate", json={**BODY, "q": "<b>" * 4_000 + "خبر" + "</b>" * 1_000, "format": "html"}), {200, *REFUSED}
    ),
    "guessed keys": Kind(guessing, {429}),
    "SQL in a key": Kind(
        lambda a: httpx.get(f"{a}/metrics", headers={"X-Forwarded-For": "203.0.113.8", "X-API-Key": "' OR 1=1 --"}).status_code, {401, 429}
    ),
    "SQL in the id of a job": Kind(lambda a: httpx.get(f"{a}/v1/jobs/' OR '1'='1").status_code, {404}),
    "the name of another host": Kind(lambda a: httpx.get(f"{a}/languages", headers={"Host": "evil.example"}).status_code, {421}),
    "a page of another site": Kind(lambda a: post(a, "/translate", json=BODY, headers={"Origin": "https://evil.example"}), {403}),
    "pages inside the network": Kind(inside, {422}),
    "MCP that is none": Kind(lambda a: post(a, "/mcp", content=b"{" * 1000, headers={"Content-Type": "application/json"}), {400, 406}),
}


def is_alive(address: str) -> bool:
    """The service still does its work."""
    answer = httpx.post(f"{address}/v1/translate", json={"text": "وصل الوفد."}, timeout=60)
    return answer.status_code == 200 and bool(json.loads(answer.text)["text"])


@contextmanager
def fake() -> Iterator[str]:
    """A service on a fake engine."""
    from tests.service import fake_service, served

    with tempfile.TemporaryDirectory() as folder, served(fake_service(Path(folder), **OPTIONS)) as address:
        yield address


def main() -> None:
    """Print a table; exit with 1 where one was not refused rightly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", metavar="URL", help="a service that runs on this machine")
    options = parser.parse_args()
    if options.address:
        sys.exit(attack(options.address))
    with fake() as address:
        failed = attack(address)
    sys.exit(failed)


def attack(address: str) -> int:
    """Try all kinds; 1 where one was not refused rightly."""
    failed = 0
    print("| request | status | right |\n| --- | ---: | --- |")
    for name, kind in KINDS.items():
        found = kind.attack(address)
        right = found in kind.right and is_alive(address)
        failed |= not right
        print(f"| {name} | {found or 'closed'} | {'yes' if right else 'NO'} |", flush=True)
    return failed


if __name__ == "__main__":
    main()
