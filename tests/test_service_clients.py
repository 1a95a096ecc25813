"""Clients that others wrote, unchanged, against one started service: LibreTranslate's, npm's, Gradio's, MCP's."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mt.service.keys import Keys
from tests.fakes import fake_pipeline
from tests.service import fake_service, served

# Gradio sums up its queue with an option of pandas that pandas no longer wants.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated:DeprecationWarning")

ROOT = Path(__file__).parent.parent
TEXT = "وصل 12 وفدا إلى عمان (NATO). غادر الوفد."
ENGLISH = fake_pipeline().translate(TEXT).text


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(fake_service(tmp_path_factory.mktemp("service"))) as address:
        yield address


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A service that asks for a key, and a key named desk."""
    folder = tmp_path_factory.mktemp("locked")
    with served(fake_service(folder, auth="always")) as address:
        yield address, Keys(folder).add("desk")


def test_libretranslatepy(address: str, locked: tuple[str, str]) -> None:
    from libretranslatepy import LibreTranslateAPI

    client = LibreTranslateAPI(address)
    assert client.translate(TEXT, "ar", "en", timeout=30) == ENGLISH
    assert client.translate(TEXT, "auto", "en", timeout=30) == ENGLISH
    assert client.detect(TEXT, timeout=30)[0]["language"] == "ar"
    assert {language["code"] for language in client.languages(timeout=30)} == {"ar", "en"}
    assert LibreTranslateAPI(locked[0], locked[1]).translate(TEXT, "ar", "en", timeout=30) == ENGLISH


def test_libretranslate_of_npm(address: str, tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node and npm, "this test needs Node 18 or newer: apt-get install nodejs npm"
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "libretranslate@1.0.1"]
    subprocess.run(install, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    script = Path(__file__).parent / "cases" / "libretranslate.mjs"
    said = subprocess.run([node, script, address, TEXT], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert said.stdout.decode().strip() == ENGLISH


def test_gradio_client_and_the_page(address: str) -> None:
    from gradio_client import Client

    client = Client(address, verbose=False, analytics_enabled=False)
    assert client.predict(TEXT, sentences=1, api_name="/translate")["text"] == ENGLISH
    client.close()
    assert "mt-masthead" in httpx.get(f"{address}/config").text


def test_gradio_client_needs_the_key_where_one_is_needed(locked: tuple[str, str]) -> None:
    from gradio_client import Client

    address, token = locked
    assert httpx.get(f"{address}/config").status_code == 401
    assert httpx.post(f"{address}/gradio_api/call/translate", json={"data": [TEXT]}).status_code == 401
    assert httpx.post(f"{address}/login", data={"username": "desk", "password": "guess"}).status_code == 400
    client = Client(address, auth=("desk", token), verbose=False, analytics_enabled=False)
    assert client.predict(TEXT, api_name="/translate")["text"] == ENGLISH
    client.close()


async def used(server: Any) -> None:
    """All tools, by the official client; and an error as a language model gets it."""
    from mcp import Client

    async with Client(server) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == {"translate", "summarize", "check"}
        translated = await client.call_tool("translate", {"text": TEXT, "summary_sentences": 1})
        assert translated.structured_content is not None and translated.structured_content["text"] == ENGLISH
        assert translated.structured_content["summary"]
        summary = await client.call_tool("summarize", {"text": TEXT, "sentences": 1, "language": "ar"})
        assert summary.structured_content is not None and summary.structured_content["sentences"][0]["text"] in TEXT
        checked = await client.call_tool("check", {"source": "قتل 40 شخصا", "translation": "Four people were killed."})
        assert checked.structured_content is not None and "40" in checked.structured_content["doubts"][0]
        refused = await client.call_tool("translate", {"text": "English"})
        assert refused.is_error and "no Arabic" in str(refused.content)


def test_mcp_over_http(address: str) -> None:
    asyncio.run(used(f"{address}/mcp"))


def test_mcp_in_memory_and_in_the_way_of_older_clients() -> None:
    from mcp import Client

    from mt.service.mcp import alone, build
    from tests.service import CONFIG

    async def legacy() -> None:
        async with Client(build(alone(fake_pipeline), CONFIG.summary), mode="legacy") as client:
            assert (await client.call_tool("translate", {"text": TEXT})).structured_content is not None

    asyncio.run(used(build(alone(fake_pipeline), CONFIG.summary)))
    asyncio.run(legacy())


def test_mcp_over_standard_input_and_output() -> None:
    from mcp import StdioServerParameters

    code = (
        "from mt.service.mcp import alone, build; from tests.fakes import fake_pipeline; from tests.service import CONFIG;"
        " build(alone(fake_pipeline), CONFIG.summary).run('stdio')"
    )
    asyncio.run(used(StdioServerParameters(command=sys.executable, args=["-c", code], cwd=ROOT)))


def test_mt_mcp_checks_without_loading_a_model() -> None:
    from mcp import Client, StdioServerParameters

    async def talk() -> None:
        async with Client(StdioServerParameters(command=sys.executable, args=["-m", "mt.cli", "mcp"], cwd=ROOT)) as client:
            checked = await client.call_tool("check", {"source": "قتل 40 شخصا", "translation": "Four people were killed."})
            assert checked.structured_content is not None and "40" in checked.structured_content["doubts"][0]

    asyncio.run(talk())
