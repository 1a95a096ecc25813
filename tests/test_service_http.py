"""The service over HTTP, on a fake engine: both dialects, jobs, keys, limits, and what is refused."""

import asyncio
import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mt.formats.records import record
from mt.service.keys import Keys
from mt.service.service import Service
from mt.web.demo import build
from tests.fakes import fake_pipeline, plain_english
from tests.service import fake_service, served

TEXT = "وصل 12 وفدا إلى عمان (NATO). غادر الوفد."
ARTICLE = "عنوان الخبر\n\nوصل 12 وفدا إلى عمان. غادر الوفد عمان.\nعاد الوفد إلى عمان."


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Service]]:
    """For everybody on this machine, without a page."""
    service = fake_service(tmp_path_factory.mktemp("open"), page=False, suggestions=True, max_characters=5_000, max_body=100_000)
    with served(service) as address:
        yield address, service


@pytest.fixture
def client(open_service: tuple[str, Service]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=open_service[0], timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Callable[[str], dict[str, str]]]]:
    """For those with a key: its address, and the head of a request with a new one."""
    folder = tmp_path_factory.mktemp("keyed")
    service = fake_service(folder, page=False, auth="always", requests_per_minute=0, wrong_keys_per_minute=50)

    def head(name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {Keys(folder).add(name)}"}

    with served(service) as address:
        yield address, head


def finished(client: httpx.Client, id: str, **more: Any) -> dict[str, Any]:
    """A job when it has ended."""
    deadline = time.monotonic() + 30
    while True:
        job: dict[str, Any] = client.get(f"/v1/jobs/{id}", **more).json()
        if job["state"] not in {"queued", "running"}:
            return job
        assert time.monotonic() < deadline
        time.sleep(0.02)


# LibreTranslate's dialect


@pytest.mark.parametrize("form", ["json", "data"])
def test_a_text_comes_as_json_or_as_a_form(client: httpx.Client, form: str) -> None:
    answer = client.post("/translate", **{form: {"q": TEXT, "source": "ar", "target": "en"}})  # type: ignore[arg-type]
    assert answer.json() == {"translatedText": fake_pipeline().translate(TEXT).text}


def test_a_form_may_hold_bare_letters_as_curl_sends_them(client: httpx.Client) -> None:
    body = f"q={TEXT}&source=ar&target=en".encode()
    answer = client.post("/translate", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.json() == {"translatedText": fake_pipeline().translate(TEXT).text}


def test_a_list_gives_a_list_and_what_is_not_arabic_stays(client: httpx.Client) -> None:
    texts = [TEXT, "", "NATO", "خبر.", " \n"]
    answer = client.post("/translate", json={"q": texts, "source": "auto", "target": "en"}).json()
    assert answer["translatedText"] == [fake_pipeline().translate(TEXT).text, "", "NATO", fake_pipeline().translate("خبر.").text, " \n"]
    assert [found["language"] for found in answer["detectedLanguage"]] == ["ar", "en", "en", "ar", "en"]


def test_html_keeps_its_tags_and_is_no_document_after_it(client: httpx.Client) -> None:
    html = '<p>وصل <b>الوفد</b> إلى عمان.</p><img src="a.png">'
    english = client.post("/translate", json={"q": html, "source": "ar", "target": "en", "format": "html"}).json()["translatedText"]
    assert english.startswith("<p") and "</b>" in english and '<img src="a.png">' in english
    assert "<html" not in english
    assert "Wcl" in english


def test_alternatives_are_other_translations(tmp_path: Path) -> None:
    calls: list[int] = []

    def write(source: str) -> str:
        calls.append(1)
        return f"{plain_english(source)} Version {'abcdefghij'[len(calls)]}."

    with served(fake_service(tmp_path, write, page=False)) as address:
        body = {"q": "وصل الوفد.", "source": "ar", "target": "en", "alternatives": 2}
        answer = httpx.post(f"{address}/translate", json=body, timeout=30).json()
    assert len({answer["translatedText"], *answer["alternatives"]}) == 3


def test_detect_languages_and_settings(client: httpx.Client) -> None:
    assert client.post("/detect", data={"q": TEXT}).json() == [{"confidence": 93.0, "language": "ar"}]
    assert client.post("/detect", json={"q": "This is what they said about it."}).json()[0]["language"] == "en"
    assert client.post("/detect", json={"q": "این کتاب است که من دارم"}).json()[0]["language"] == "fa"
    assert client.get("/languages").json()[0] == {"code": "ar", "name": "Arabic", "targets": ["en"]}
    settings = client.get("/frontend/settings").json()
    assert settings["charLimit"] == 5_000 and settings["keyRequired"] is False and ".docx" in settings["supportedFilesFormat"]
    assert client.get("/spec").json()["paths"]["/translate"]["post"]["requestBody"]
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}


def test_a_suggestion_is_kept(client: httpx.Client, open_service: tuple[str, Service]) -> None:
    said = client.post("/suggest", data={"q": "خبر", "s": "News", "source": "ar", "target": "en"})
    assert said.json() == {"success": True}
    assert b"News" in (open_service[1].options.data / "suggestions.db").read_bytes()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"source": "ar", "target": "en"}, "Invalid request: missing q parameter"),
        ({"q": "خبر", "target": "en"}, "Invalid request: missing source parameter"),
        ({"q": "خبر", "source": "fr", "target": "en"}, "source"),
        ({"q": "خبر", "source": "ar", "target": "de"}, "target"),
        ({"q": 5, "source": "ar", "target": "en"}, "q."),
        ({"q": "خبر", "source": "ar", "target": "en", "format": "pdf"}, "format"),
    ],
)
def test_what_makes_no_sense_is_400_in_one_line(client: httpx.Client, body: dict[str, Any], said: str) -> None:
    answer = client.post("/translate", json=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert said in answer.json()["error"]


def test_a_file_is_translated_and_fetched(client: httpx.Client) -> None:
    files = {"file": ("أخبار.srt", "1\n00:00:01,000 --> 00:00:02,000\nوصل الوفد.\n".encode())}
    url = client.post("/translate_file", files=files, data={"source": "ar", "target": "en"}).json()["translatedFileUrl"]
    assert url.startswith(str(client.base_url)) and "/download_file/" in url and url.endswith(".srt")
    assert client.get(url).text == "1\n00:00:01,000 --> 00:00:02,000\nWcl alwfd.\n"


# Our own dialect


def test_translate_gives_what_the_command_line_writes_as_json(client: httpx.Client) -> None:
    answer = client.post("/v1/translate", json={"text": ARTICLE, "summary": {"sentences": 1}})
    expected = record(fake_pipeline().translate(ARTICLE, summary=1))
    assert answer.json() == json.loads(json.dumps(expected))


def test_a_summary_says_what_supports_it(client: httpx.Client) -> None:
    english = client.post("/v1/summarize", json={"text": ARTICLE, "sentences": 1}).json()
    assert english["sentences"][0]["evidence"][0]["source"] in ARTICLE
    arabic = client.post("/v1/summarize", json={"text": ARTICLE, "sentences": 1, "language": "ar"}).json()
    assert arabic["text"] in ARTICLE
    assert client.post("/v1/summarize", json={"text": "They came. They left.", "sentences": 1}).json()["language"] == "en"


def test_check_says_what_is_wrong(client: httpx.Client) -> None:
    flags = client.post("/v1/check", json={"source": "قتل 40 شخصا", "translation": "Four people were killed."}).json()["flags"]
    assert [flag["flag"] for flag in flags] == ["numbers"]
    assert "40" in flags[0]["explanation"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/translate", {"text": "English"}, 422),
        ("/v1/translate", {"text": "خبر", "txt": 1}, 422),
        ("/v1/translate", {"text": "خبر " * 2_000}, 413),
        ("/v1/summarize", {"text": "English", "language": "ar"}, 422),
        ("/v1/summarize", {"text": "خبر", "sentences": 0}, 422),
        ("/v1/jobs", {"text": ""}, 422),
        ("/v1/jobs", {"url": "http://example.org/"}, 403),
        ("/v1/nothing", {}, 404),
        ("/health", {}, 405),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_status(client: httpx.Client, path: str, body: dict[str, Any], status: int) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_every_answer_has_a_number_and_a_given_one_comes_back(client: httpx.Client) -> None:
    assert client.get("/health", headers={"X-Request-ID": "desk-7"}).headers["X-Request-ID"] == "desk-7"
    first, second = (client.get("/nothing", headers={"X-Request-ID": bad}).headers["X-Request-ID"] for bad in ("a b", "x" * 99))
    assert first != second and len(first) == 16


def test_a_job_tells_how_far_it_is_and_keeps_its_result(client: httpx.Client) -> None:
    made = client.post("/v1/jobs", json={"text": ARTICLE, "summary": {"sentences": 1}})
    assert made.status_code == 202
    job = finished(client, made.json()["id"])
    assert (job["state"], job["done"], job["total"], job["error"]) == ("done", 4, 4, "")
    assert job["expires"] == pytest.approx(time.time() + 24 * 3600, abs=60)
    assert client.get(job["result"]).json()["summary"]["sentences"]
    file = client.get(job["file"])
    assert file.headers["Content-Disposition"] == 'attachment; filename="text.en.txt"'
    assert "Wcl 12 wfda" in file.text


def test_events_follow_a_job_to_its_end(client: httpx.Client) -> None:
    id = client.post("/v1/jobs", json={"text": ARTICLE}).json()["id"]
    with client.stream("GET", f"/v1/jobs/{id}/events") as events:
        assert events.headers["Content-Type"].startswith("text/event-stream")
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    assert json.loads(lines[-1].removeprefix("data: "))["state"] == "done"


def docx() -> bytes:
    import docx as library

    document = library.Document()
    document.add_paragraph("وصل الوفد إلى عمان.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.txt", "وصل الوفد.".encode(), b"Wcl alwfd."),
        ("a.csv", "id,text\n1,وصل الوفد.\n".encode(), b"Wcl alwfd."),
        ("a.json", '{"text": "وصل الوفد."}'.encode(), b"Wcl alwfd."),
        ("a.html", "<html><body><p>وصل الوفد.</p></body></html>".encode(), b"Wcl alwfd."),
        ("notes", "وصل الوفد.".encode("utf-16"), b"Wcl alwfd."),
    ],
)
def test_a_file_of_any_kind_becomes_a_job(client: httpx.Client, name: str, data: bytes, expected: bytes) -> None:
    job = finished(client, client.post("/v1/files", files={"file": (name, data)}).json()["id"])
    assert (job["state"], job["error"]) == ("done", "")
    assert expected in client.get(job["file"]).content


def test_a_document_keeps_its_kind(client: httpx.Client) -> None:
    job = finished(client, client.post("/v1/files", files={"file": ("a.docx", docx())}, data={"sentences": "1"}).json()["id"])
    assert job["state"] == "done"
    with zipfile.ZipFile(io.BytesIO(client.get(job["file"]).content)) as archive:
        assert b"Wcl alwfd" in archive.read("word/document.xml")
    assert client.get(job["result"]).json()["id"] == "a.docx"


def test_a_file_that_cannot_be_read_fails_with_a_reason_and_no_path(client: httpx.Client, open_service: tuple[str, Service]) -> None:
    job = finished(client, client.post("/v1/files", files={"file": ("a.docx", b"PK\x03\x04 nothing")}).json()["id"])
    assert job["state"] == "failed" and "a.docx" in job["error"]
    assert str(open_service[1].options.data) not in job["error"]
    assert client.get(f"/v1/jobs/{job['id']}/result").status_code == 409


def test_a_removed_job_is_gone_with_its_files(client: httpx.Client, open_service: tuple[str, Service]) -> None:
    id = finished(client, client.post("/v1/jobs", json={"text": ARTICLE}).json()["id"])["id"]
    assert client.delete(f"/v1/jobs/{id}").status_code == 204
    assert client.get(f"/v1/jobs/{id}").status_code == 404
    assert not open_service[1].jobs.folder(id).exists()


# Keys


def test_without_a_key_nobody_gets_in_where_one_is_needed(keyed: tuple[str, Callable[[str], dict[str, str]]]) -> None:
    address, head = keyed
    own = head("desk 1")
    body = {"q": TEXT, "source": "ar", "target": "en"}
    with httpx.Client(base_url=address, timeout=30) as client:
        for path in ("/v1/translate", "/v1/jobs", "/v1/check"):
            missing = client.post(path, json={"text": TEXT})
            assert (missing.status_code, missing.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert client.get("/metrics").status_code == 401
        assert client.post("/mcp", json={}).status_code == 401
        assert client.post("/translate", json=body).status_code == 403
        assert client.post("/translate", json={**body, "api_key": "mt_" + "x" * 43}).json()["error"].startswith("Invalid API key")
        token = own["Authorization"].removeprefix("Bearer ")
        for allowed in ({"json": {**body, "api_key": token}}, {"data": {**body, "api_key": token}}, {"json": body, "headers": own}):
            assert client.post("/translate", **allowed).status_code == 200  # type: ignore[arg-type]
        assert client.post("/translate", json=body, headers={"X-API-Key": token}).status_code == 200
        assert client.post("/translate", json=body, params={"api_key": token}).status_code == 200
        assert b"mt_requests_total" in client.get("/metrics", headers=own).content
        assert client.get("/health").status_code == client.get("/languages").status_code == 200


def test_the_job_of_one_key_is_not_there_for_another(keyed: tuple[str, Callable[[str], dict[str, str]]]) -> None:
    address, head = keyed
    mine, theirs = head("desk 2"), head("desk 3")
    with httpx.Client(base_url=address, timeout=30) as client:
        job = finished(client, client.post("/v1/jobs", json={"text": ARTICLE}, headers=mine).json()["id"], headers=mine)
        for path in (
            f"/v1/jobs/{job['id']}",
            job["result"],
            job["file"],
            f"/v1/jobs/{job['id']}/events",
            f"/download_file/{job['id']}.txt",
        ):
            assert client.get(path, headers=theirs).status_code == 404
            assert client.get(path, headers=mine).status_code == 200
        assert client.post(f"/v1/jobs/{job['id']}/cancel", headers=theirs).status_code == 404
        assert client.delete(f"/v1/jobs/{job['id']}", headers=theirs).status_code == 404
        assert client.get(f"/download_file/{job['id']}.txt").status_code == 403
        assert [one["id"] for one in client.get("/v1/jobs", headers=mine).json()] == [job["id"]]
        assert client.get("/v1/jobs", headers=theirs).json() == []


def test_a_revoked_key_is_worth_nothing_at_once(keyed: tuple[str, Callable[[str], dict[str, str]]], tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    token = keys.add("desk")
    found = keys.find(token)
    assert found is not None and found.name == "desk"
    assert token.encode() not in (tmp_path / "keys.db").read_bytes()
    keys.revoke("desk")
    assert keys.find(token) is None
    assert keys.find(keys.add("desk")) is not None  # the name is free again


def test_guessed_keys_are_slowed_down_and_right_ones_are_not(tmp_path: Path) -> None:
    token = Keys(tmp_path).add("desk")
    with (
        served(fake_service(tmp_path, page=False, auth="always", wrong_keys_per_minute=3)) as address,
        httpx.Client(base_url=address) as client,
    ):
        wrong = [client.get("/metrics", headers={"X-API-Key": f"guess {n}"}) for n in range(6)]
        assert [answer.status_code for answer in wrong] == [401, 401, 401, 429, 429, 429]
        assert int(wrong[-1].headers["Retry-After"]) >= 1
        assert client.get("/metrics", headers={"X-API-Key": token}).status_code == 200


def test_a_login_to_the_page_ends_with_its_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    service = fake_service(tmp_path, auth="always", mcp=False)
    with served(service) as address, httpx.Client(base_url=address) as desk, httpx.Client(base_url=address) as other:
        for client, name in ((desk, "desk"), (other, "other")):
            assert client.post("/login", data={"username": name, "password": keys.add(name)}).json() == {"success": True}
        assert [client.get("/gradio_api/login_check").status_code for client in (desk, other)] == [200, 200]
        keys.revoke("desk")
        assert [client.get("/gradio_api/login_check").status_code for client in (desk, other)] == [401, 200]
        keys.add("desk")  # another key of the same name
        assert desk.get("/gradio_api/login_check").status_code == 401
        other.get("/logout")
        assert other.get("/gradio_api/login_check").status_code == 401


def test_files_of_the_page_go_within_the_hour() -> None:
    async def deletion() -> tuple[int, int]:  # Gradio opens loops of its own where none runs
        often, age = build(fake_pipeline()).delete_cache
        return often, age

    assert sum(asyncio.run(deletion())) <= 3600


def test_who_comes_through_a_proxy_needs_a_key_though_the_service_is_local(client: httpx.Client) -> None:
    assert client.post("/v1/translate", json={"text": TEXT}, headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 401


# Limits


def test_requests_and_characters_a_minute_are_limited_by_key(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    few, many = keys.add("few", requests_per_minute=2), keys.add("many", characters_per_minute=100)
    with served(fake_service(tmp_path, page=False, auth="always")) as address, httpx.Client(base_url=address, timeout=30) as client:

        def status(token: str, text: str) -> int:
            answer = client.post("/v1/translate", json={"text": text}, headers={"X-API-Key": token})
            if answer.status_code == 429:
                assert 1 <= int(answer.headers["Retry-After"]) <= 60
                assert answer.json()["error"].startswith("Slowdown")
            return answer.status_code

        assert [status(few, "خبر.") for _ in range(3)] == [200, 200, 429]
        assert [status(many, "وصل الوفد إلى عمان. " * 4) for _ in range(2)] == [200, 429]
        assert status(many, "خبر.") == 200


def test_the_characters_of_a_job_count(tmp_path: Path) -> None:
    token = Keys(tmp_path).add("desk", characters_per_minute=100)
    head = {"X-API-Key": token}
    with served(fake_service(tmp_path, page=False, auth="always")) as address, httpx.Client(base_url=address, headers=head) as client:
        assert [client.post("/v1/jobs", json={"text": "وصل الوفد إلى عمان. " * 4}).status_code for _ in range(2)] == [202, 429]
        assert client.post("/v1/files", files={"file": ("a.txt", "وصل الوفد إلى عمان. ".encode() * 4)}).status_code == 202


def test_a_full_house_is_429_with_a_time(tmp_path: Path) -> None:
    go = threading.Event()

    def write(source: str) -> str:
        assert go.wait(30)
        return plain_english(source)

    with served(fake_service(tmp_path, write, page=False, max_waiting=2)) as address, ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(httpx.post, f"{address}/v1/translate", json={"text": f"خبر {n}."}, timeout=30) for n in range(6)]
        deadline = time.monotonic() + 20
        while sum(one.done() for one in asked) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        go.set()
        answers = [one.result() for one in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429, 429]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 429)


def test_the_work_of_a_client_that_left_is_dropped(tmp_path: Path) -> None:
    go, seen = threading.Event(), list[str]()

    def write(source: str) -> str:
        seen.append(source)
        assert go.wait(30)
        return plain_english(source)

    service = fake_service(tmp_path, write, page=False)
    with served(service) as address:
        text = "\n".join(f"وصل الوفد رقم {n} إلى عمان في المساء." for n in range(300))
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/v1/translate", json={"text": text}, timeout=1)
        deadline = time.monotonic() + 20
        while service.room.requests:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        go.set()
        assert httpx.post(f"{address}/v1/translate", json={"text": "خبر."}, timeout=30).status_code == 200
    assert len(seen) < 150  # the batch that was in work, and then nothing of it


def test_no_answer_in_time_is_503_and_says_what_to_do(tmp_path: Path) -> None:
    go = threading.Event()

    def write(source: str) -> str:
        assert go.wait(30)
        return plain_english(source)

    with served(fake_service(tmp_path, write, page=False, answer_seconds=0.2)) as address:
        answer = httpx.post(f"{address}/v1/translate", json={"text": "خبر."}, timeout=30)
        go.set()
    assert (answer.status_code, "/v1/jobs" in answer.json()["error"]) == (503, True)


def test_a_fault_of_the_program_shows_nothing_of_its_inside(tmp_path: Path) -> None:
    def write(source: str) -> str:
        raise RuntimeError("/secret/path")

    with served(fake_service(tmp_path, write, page=False)) as address, httpx.Client(base_url=address, timeout=30) as client:
        for path, body in (("/v1/translate", {"text": "خبر."}), ("/translate", {"q": "خبر.", "source": "ar", "target": "en"})):
            answer = client.post(path, json=body)
            assert answer.status_code == 500
            assert "secret" not in answer.text
        assert client.get("/health").status_code == 200


def test_metrics_count_what_happened(client: httpx.Client) -> None:
    client.post("/v1/translate", json={"text": "قتل 40 شخصا."})
    text = client.get("/metrics").text
    assert 'mt_requests_total{method="POST",route="/v1/translate",status="200"}' in text
    for name in (
        "mt_request_seconds_bucket",
        "mt_waiting_requests",
        "mt_source_tokens_total",
        "process_resident_memory_bytes",
        "mt_jobs_queued",
    ):
        assert name in text


def test_methods_that_nobody_knows_are_counted_as_one(client: httpx.Client) -> None:
    for n in range(3):
        client.request(f"GUESS{n}", "/health")
    text = client.get("/metrics").text
    assert 'method="other"' in text and "GUESS" not in text


def test_other_sites_may_not_call_unless_they_are_let_in(client: httpx.Client, tmp_path: Path) -> None:
    origin = {"Origin": "https://evil.example"}
    assert client.post("/translate", json={"q": "خبر", "source": "ar", "target": "en"}, headers=origin).status_code == 403
    assert "access-control-allow-origin" not in client.get("/languages", headers=origin).headers
    with served(fake_service(tmp_path, page=False, cors=("https://news.example",))) as address:
        friend = {"Origin": "https://news.example"}
        allowed = httpx.post(f"{address}/detect", json={"q": "خبر"}, headers=friend)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "https://news.example")


def test_a_name_that_is_not_this_machine_is_not_answered(client: httpx.Client) -> None:
    assert client.get("/health", headers={"Host": "evil.example"}).status_code == 421
    assert client.get("/health", headers={"Host": "localhost:5000"}).status_code == 200


def test_without_keys_the_head_of_a_proxy_opens_no_other_name(tmp_path: Path) -> None:
    with served(fake_service(tmp_path, page=False, auth="never", url="https://mt.example.org")) as address:
        for host, status in (("evil.example", 421), ("mt.example.org", 200), ("localhost", 200)):
            assert httpx.get(f"{address}/health", headers={"Host": host, "X-Real-IP": "1"}).status_code == status


def test_texts_and_keys_are_not_in_the_log(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        client.post("/translate", params={"api_key": "mt_secret"}, data={"q": "سر كبير", "source": "ar", "target": "en"})
    lines = "\n".join(one.getMessage() for one in caplog.records if not one.name.startswith("httpx"))
    assert "POST /translate 200" in lines
    assert "سر" not in lines and "mt_secret" not in lines
