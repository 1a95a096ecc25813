"""Corrections and terms made in the browser, and what is refused."""

import re
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import uvicorn
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from starlette.testclient import TestClient

from mt.cli import main
from mt.errors import ConfigError, InputError
from mt.formats.records import write_json
from mt.glossary import read as read_glossary
from mt.memory import open_memory
from mt.review import Desk, application, serve
from tests.browser import chromium
from tests.fakes import fake_pipeline

SOURCE = "وصل الوفد إلى عمان. وبدأت المحادثات."


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.json").write_text(write_json(fake_pipeline().translate(SOURCE)), encoding="utf-8")
    return Desk(tmp_path, tmp_path / "memory.sqlite", tmp_path / "glossary.csv")


@pytest.fixture
def client(desk: Desk) -> TestClient:
    return TestClient(application(desk), base_url="http://127.0.0.1:7850")


def token(client: TestClient) -> dict[str, str]:
    found = re.search('name="mt-token" content="([^"]+)"', client.get("/results/1").text)
    assert found
    return {"X-MT-Token": found[1]}


def test_contents_link_to_every_result(client: TestClient) -> None:
    page = client.get("/").text
    assert 'href="/results/1">below/a.json<' in page
    assert "Wcl alwfd ali gman." in client.get("/results/1").text
    assert client.get("/results/2").json() == {"error": "there are results 1 to 1"}


def test_a_correction_is_in_the_memory_and_on_the_page_from_then_on(client: TestClient, desk: Desk) -> None:
    answer = client.post("/corrections", json={"source": "وصل الوفد إلى عمان.", "english": "The delegation came."}, headers=token(client))
    assert answer.json() == {"kept": True}
    entry = open_memory(str(desk.memory)).known("وصل الوفد إلى عمان.")
    assert entry is not None and entry.english == "The delegation came."
    page = client.get("/results/1").text
    assert "The delegation came." in page
    assert "Wcl alwfd ali gman." not in page


def test_a_term_is_in_the_glossary_once(client: TestClient, desk: Desk) -> None:
    term, headers = {"source": "الوفد", "target": "delegation, official"}, token(client)
    assert client.post("/terms", json=term, headers=headers).json() == {"kept": True}
    assert "already" in client.post("/terms", json=term, headers=headers).json()["error"]
    assert [(entry.source, entry.target) for entry in read_glossary(desk.glossary)] == [("الوفد", "delegation, official")]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/corrections", {"source": "خبر", "english": " "}, "English"),
        ("/corrections", {"source": "news", "english": "news"}, "no Arabic"),
        ("/corrections", {"source": "خبر"}, "source and english"),
        ("/corrections", {"source": "خبر", "english": 3}, "source and english"),
        ("/corrections", ["خبر"], "source and english"),
        ("/terms", {"source": "", "target": "x"}, "both sides"),
        ("/terms", {"source": "x", "target": "x"}, "no Arabic"),
        ("/terms", {"source": "خبر", "target": "x" * 1_100_000}, "bytes"),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, path: str, body: object, said: str) -> None:
    answer = client.post(path, json=body, headers=token(client))
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_what_is_no_json_is_refused(client: TestClient) -> None:
    assert client.post("/terms", content=b"[" * 100_000, headers=token(client)).json() == {"error": "the request is not JSON"}


def test_another_site_can_write_nothing(client: TestClient, desk: Desk) -> None:
    body = {"source": "خبر", "english": "News"}
    guesses: list[dict[bytes, bytes]] = [{}, {b"X-MT-Token": b"guess"}, {b"X-MT-Token": b"\xe9"}]
    for headers in guesses:
        assert client.post("/corrections", json=body, headers=headers).status_code == 403
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert open_memory(str(desk.memory)).known("خبر") is None


@pytest.mark.parametrize(("make", "message"), [(False, "no such folder"), (True, "no results")])
def test_a_folder_without_results_is_said(tmp_path: Path, make: bool, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "results"
    if make:
        folder.mkdir()
    with pytest.raises(InputError, match=message):
        application(Desk(folder, tmp_path / "m", tmp_path / "g.csv"))
    assert main(["review", str(folder), "--no-open"]) == 1
    assert message in capsys.readouterr().err


def test_an_impossible_port_is_said(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="port 70000 cannot be used"):
        serve(desk, port=70_000, open_browser=False)


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    """The pages served for a browser, on a free port."""
    import socket

    server = uvicorn.Server(uvicorn.Config(application(desk), log_level="error"))
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_a_reader_corrects_a_segment_and_sees_aligned_words(address: str, desk: Desk, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile") as driver:
        wait = WebDriverWait(driver, 20)
        driver.get(f"{address}/results/1")
        row = driver.find_element(By.ID, "mt-seg-1-1")
        row.find_element(By.CSS_SELECTOR, ".mt-correct").click()
        english = row.find_element(By.CSS_SELECTOR, ".mt-en > span")
        driver.execute_script("arguments[0].textContent = 'The delegation arrived in Amman.'", english)
        row.find_element(By.CSS_SELECTOR, ".mt-correct").click()
        wait.until(lambda driver: "Kept" in row.text)
        entry = open_memory(str(desk.memory)).known("وصل الوفد إلى عمان.")
        assert entry is not None and entry.english == "The delegation arrived in Amman."

        driver.get(f"{address}/results/1")
        arabic = driver.find_element(By.CSS_SELECTOR, "#mt-seg-1-1 .mt-ar")
        script = """
            const range = new Range(), text = arguments[0].firstChild, at = text.data.indexOf("عمان");
            range.setStart(text, at); range.setEnd(text, at + 4);
            const box = range.getBoundingClientRect(), clientX = box.x + box.width / 2, clientY = box.y + box.height / 2;
            arguments[0].dispatchEvent(new PointerEvent("pointermove", {bubbles: true, clientX, clientY}));
            return [...(CSS.highlights.get("mt-aligned") ?? [])].map(String);
        """
        assert driver.execute_script(script, arabic) == ["عمان", "Amman"]


@pytest.mark.parametrize("content", ["source,target\nمحكمة,tribunal", "source,target\nمحكمة,tribunal\n"])
def test_a_term_joins_an_existing_glossary(desk: Desk, content: str) -> None:
    desk.glossary.write_text(content, encoding="utf-8")
    desk.accept("مجلس الأمن", "Security Council")
    assert [(term.source, term.target) for term in read_glossary(desk.glossary)] == [
        ("محكمة", "tribunal"),
        ("مجلس الأمن", "Security Council"),
    ]


@pytest.mark.parametrize("content", ["target;source\ntribunal;محكمة\n", "ar,note,en\nمحكمة,law,tribunal\n"])
def test_a_glossary_of_other_columns_is_left_as_it_is(desk: Desk, content: str) -> None:
    desk.glossary.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="columns are not source,target"):
        desk.accept("مجلس الأمن", "Security Council")
    assert desk.glossary.read_text(encoding="utf-8") == content
    assert [path.name for path in desk.folder.glob(".*.csv")] == []


def test_what_a_batch_keeps_for_itself_is_no_result(desk: Desk) -> None:
    (desk.folder / ".mt-batch").mkdir()
    (desk.folder / ".mt-batch" / "manifest.json").write_text("{}")
    assert [path.name for path in desk.files()] == ["a.json"]
