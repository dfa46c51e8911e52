"""The documents as a site, in a browser: it asks no other machine, is accessible, fits, and can be searched."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import build
from playwright.sync_api import Browser, Page, expect
from test_keyboard_and_looks import fits

PAGES = (
    "index",
    "tutorial/a-card-in-the-sandbox",
    "how-to/read-the-dashboard",
    "reference/conformance",
    "project/index",
)
# What WCAG 2.2 AA demands. Axe's further advice is for the makers of the theme.
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site on this machine."""
    folder: Path = tmp_path_factory.mktemp("site")
    assert build(folder).returncode == 0
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """At the width and in the theme of the test; what it asks elsewhere or says on its console fails the test."""
    width, theme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("request", lambda asked: asked.url.startswith((site, "data:")) or complaints.append(asked.url))
    opened.on("console", lambda said: complaints.append(said.text))
    opened.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield opened
    context.close()
    assert complaints == []


looks = pytest.mark.parametrize("page", [(1440, "light"), (390, "dark")], ids=["wide", "phone"], indirect=True)


@looks
def test_the_site_is_accessible_and_fits(page: Page, site: str, picture: Callable[..., None]) -> None:
    for name in PAGES:
        page.goto(f"{site}{name}.html")
        page.wait_for_timeout(300)
        picture(page, f"site-{name.replace('/', '-')}-{page.viewport_size['width'] if page.viewport_size else 0}")
        assert fits(page), name
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()
        assert len(found.response["passes"]) > 10


@looks
def test_the_site_can_be_searched(page: Page, site: str) -> None:
    page.goto(f"{site}index.html", wait_until="networkidle")
    page.keyboard.press("/")
    page.get_by_role("textbox", name="Search").press_sequentially("staircase")
    results = page.locator(".md-search-result__item")
    expect(results.filter(has_text="A staircase of rooms").first).to_be_visible(timeout=30_000)
