"""The demo served in this process, and opened in a real browser: headless Chromium, and the steps a reader takes."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from mt.pipeline import Pipeline
from mt.web.article import MAX_CHARACTERS
from mt.web.demo import launch

# Without a sandbox, as containers have none; with nothing of its own to ask of the network; and with no smooth
# scrolling, which would carry what is to be clicked away from under the mouse.
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--force-prefers-reduced-motion",
)
Awaited = TypeVar("Awaited")
PATIENCE = 20  # seconds until a page that does not get there counts as broken


class Reader:
    """One person with a window on the demo; the windows of a browser are told apart by the server."""

    def __init__(self, browser: Chrome, url: str) -> None:
        browser.switch_to.new_window("window")
        self._browser = browser
        self._window = browser.current_window_handle
        self.open(url)

    @property
    def driver(self) -> Chrome:
        """The browser, with the window of this reader in front."""
        self._browser.switch_to.window(self._window)
        return self._browser

    def open(self, url: str, *, dark: bool = False) -> None:
        """Open the page anew, on a desktop screen."""
        self.resize(1400, 900)
        self.driver.get(url + ("?__theme=dark" if dark else "?__theme=light"))
        self.wait_for("#mt-translate")

    def wait_for(self, selector: str, containing: str = "") -> WebElement:
        """The first element on the page that the selector matches and whose text contains the words."""

        def found(driver: Chrome) -> WebElement | Literal[False]:
            # In one call, as the element may be drawn anew between two.
            script = "return [...document.querySelectorAll(arguments[0])].find(e => e.textContent.includes(arguments[1])) || false"
            element: WebElement | Literal[False] = driver.execute_script(script, selector, containing)
            return element

        return self._until(found, f"no {selector} with {containing!r}")

    def paste(self, text: str) -> None:
        """Put a text into the box at once, as the clipboard does; typing it by keys would take minutes."""
        script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
        self.driver.execute_script(script, self.wait_for("#mt-source textarea"), text)

    def click(self, selector: str) -> None:
        """Click, once the element can be clicked."""
        element = self.wait_for(f"{selector}:not([disabled])")
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def translate(self, text: str) -> None:
        """Paste a text and press the button."""
        self.paste(text)
        self.click("#mt-translate")

    def hover(self, selector: str) -> None:
        """Move the mouse over an element."""
        ActionChains(self.driver).move_to_element(self.wait_for(selector)).perform()

    def press_enter(self, selector: str) -> None:
        """Press the Enter key on an element."""
        self.wait_for(selector).send_keys(Keys.ENTER)

    def choose(self, name: str) -> None:
        """Choose from the list that is open."""
        self.wait_for("[role=option]", name).click()

    def upload(self, files: Path | str, selector: str = "input[type=file]") -> None:
        """Give files, one a line, to an upload button, past the dialogue of the system."""
        self.driver.find_element(By.CSS_SELECTOR, selector).send_keys(str(files))

    def open_tab(self, name: str) -> None:
        """Go to the tab whose name begins so."""
        self.wait_for("[role=tab]", name).click()

    def wait_for_value(self, selector: str, value: str) -> None:
        """Wait until a field holds a value."""
        script = "return document.querySelector(arguments[0]).value"
        self._until(lambda driver: driver.execute_script(script, selector) == value, f"{selector} never held what was expected")

    def texts(self, selector: str) -> list[str]:
        """The text of all elements that the selector matches, as it stands in the page."""
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        return list(self.driver.execute_script(script, selector))

    def style(self, selector: str, name: str, pseudo: str = "") -> str:
        """A computed style of the first element that the selector matches, or of its pseudo-element."""
        script = "return getComputedStyle(arguments[0], arguments[1]).getPropertyValue(arguments[2])"
        return str(self.driver.execute_script(script, self.wait_for(selector), pseudo, name))

    def focused(self) -> str:
        """The id of the element that has the keyboard."""
        return self.driver.switch_to.active_element.get_attribute("id") or ""

    def resize(self, width: int, height: int) -> None:
        """Set the size of the page in CSS pixels; a window would not go below 500."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def overflow(self) -> int:
        """CSS pixels by which the page is wider than the window."""
        script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.driver.execute_script(script))

    def hosts(self) -> set[str]:
        """Hosts that the page asked anything of since it was opened."""
        entries = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        urls = [entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"]
        return {urlsplit(url).hostname or "" for url in urls if urlsplit(url).scheme in {"http", "https", "ws", "wss"}}

    def complaints(self) -> list[str]:
        """Errors in the browser's console."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] == "SEVERE"]

    def _log(self, kind: str) -> list[dict[str, str]]:
        """What the browser noted since the last call."""
        entries: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def _until(self, condition: Callable[[Chrome], Awaited | Literal[False]], complaint: str) -> Awaited:
        return WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(condition, complaint)


@contextmanager
def serving(pipeline: Pipeline, *, max_characters: int = MAX_CHARACTERS) -> Iterator[str]:
    """The demo in the background, and its address; closed at the end."""

    async def start() -> tuple[str, Callable[[], None]]:
        blocks = launch(pipeline, max_characters=max_characters, block=False)
        return blocks.local_url, lambda: blocks.close(verbose=False)

    # Where no event loop runs, Gradio makes a dozen and never closes them, which Python warns of.
    address, close = asyncio.run(start())
    try:
        yield address
    finally:
        close()


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A browser of its own, with a fresh profile; closed at the end."""
    options = ChromeOptions()
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert binary and driver, "these tests need Chromium: apt-get install chromium chromium-driver fonts-noto-core"
    options.binary_location = binary
    for switch in (*SWITCHES, f"--user-data-dir={profile}", "--window-size=1400,1000"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    browser = Chrome(options=options, service=ChromeService(driver))
    try:
        yield browser
    finally:
        browser.quit()
