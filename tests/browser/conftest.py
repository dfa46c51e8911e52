"""A real browser before the real service: the system's Chromium, driven by Playwright, and `cds-service serve`.

A page that asks any other machine, or says anything on its console, fails its test, whatever else the test looks at.
Pictures go to build/screenshots, which nobody commits.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from project_script import script

chromium = script("chromium")
CHECKOUT = Path(__file__).resolve().parents[2]
PICTURES = CHECKOUT / "build" / "screenshots"
# As root in a sandbox, without the network that Chromium would call by itself.
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-prefers-reduced-motion",
)  # fmt: skip
WIDTHS = {360: 780, 820: 1180, 1440: 900}

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service that is visited keeps its log and its store."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def store_path(folder: Path) -> str:
    return str(folder / "cards.sqlite")


@pytest.fixture(scope="session")
def service(folder: Path) -> Iterator[str]:
    """The address of a service that runs as `make run` starts it."""
    with running(folder) as address:
        yield address


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[str]:
    """A service with these settings, with its log and its store `cards.sqlite` in a folder; its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
    environment |= {"CDS_WORKERS": "1", "CDS_DATABASE_URL": f"sqlite:///{folder / 'cards.sqlite'}", **settings}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}/"
        _wait_for(f"{address}health/live", process, folder / "log")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    last = time.monotonic() + 60
    while time.monotonic() < last and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the service did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    program = chromium.found()
    if program is None:
        pytest.skip(chromium.HOW)
    launched = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
    yield launched
    launched.close()


@pytest.fixture
def visit(browser: Browser, service: str) -> Iterator[Open]:
    """Opens a page in a context of its own: the order entry or another `path`, of `service` or of another `address`.

    `expected` are words that its console may say.
    """
    contexts = []
    complaints: list[str] = []

    def opened(
        case: str = "",
        *,
        width: int = 1440,
        theme: Any = "light",
        before: Callable[[Page], object] | None = None,
        expected: tuple[str, ...] = (),
        address: str = "",
        path: str = "",
    ) -> Page:
        at = address or service
        context = browser.new_context(viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8_000)

        def listen(text: str) -> None:
            if not any(words in text for words in expected):
                complaints.append(text)

        page.on("console", lambda said: listen(said.text))
        page.on("pageerror", lambda fault: listen(str(fault)))
        page.on("request", lambda asked: asked.url.startswith((at, "data:")) or complaints.append(asked.url))
        if before:
            before(page)
        page.goto(f"{at}{path}#{case}" if case else f"{at}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def picture() -> Callable[..., None]:
    """Keeps a screenshot as a build artefact."""

    def keep(page: Page, name: str, *, whole: bool = False) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)

    return keep
