"""The documents build as a site: strictly, whole, in the order of their purposes, and from no other machine."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from built_site import CHECKOUT, build

LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("link", "href"), ("use", "href")}


class Links(HTMLParser):
    """What a page loads, what it leads to, and which places it has."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.followed: list[str] = []
        self.places: set[str] = set()
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADED:
                self.loaded.append(value or "")
            elif name == "href":
                self.followed.append(value or "")
            elif name == "id":
                self.places.add(value or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert (done.returncode, "WARNING" in done.stderr) == (0, False), done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Links]:
    return {page: Links(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_document_is_a_page_without_standing_on_a_list(site: Path, pages: dict[Path, Links]) -> None:
    inside = [path.relative_to(CHECKOUT / "docs") for path in (CHECKOUT / "docs").rglob("*.md")]
    outside = [path for place in ("*.md", "cards/*.md", "fhir_fixtures/*.md") for path in CHECKOUT.glob(place)]
    outside += (CHECKOUT / "cds_service").rglob("*.md")
    sources = inside + [Path("project") / path.relative_to(CHECKOUT) for path in outside]
    wanted = {site / (s.with_name("index.html") if s.stem == "README" else s.with_suffix(".html")) for s in sources}
    assert set(pages) == wanted
    assert len(wanted) > 80
    assert "nav" not in re.findall(r"^(\w+):", (CHECKOUT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)


def test_no_page_loads_anything_from_another_machine(site: Path, pages: dict[Path, Links]) -> None:
    assert [(page, url) for page, links in pages.items() for url in links.loaded if re.match(r"\w+:|//", url)] == []
    styles = [path.read_text("utf-8") for path in site.rglob("*.css")]
    assert len(styles) > 2
    assert [
        url for style in styles for url in re.findall(r"(?:url\(|@import )[\"']?((?:https?:)?//[^)\"']+)", style)
    ] == []


def test_every_link_within_the_site_leads_to_a_page_and_a_place_on_it(site: Path, pages: dict[Path, Links]) -> None:
    lost = []
    for page, links in pages.items():
        for url in links.followed + links.loaded:
            parts = urlsplit(url)
            if parts.scheme or url in (".", "/"):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            here = pages.get(target)
            if not target.exists() or (here and parts.fragment and parts.fragment not in here.places):
                lost.append(f"{page.relative_to(site)}: {url}")
    assert lost == []


def test_the_menu_goes_from_first_steps_to_what_one_looks_up(site: Path) -> None:
    tabs = (site / "index.html").read_text("utf-8").split('class="md-tabs__list"', 1)[1].split("</ul>", 1)[0]
    titles = [re.sub(r"<[^>]+>", "", item).strip() for item in re.findall(r"<a .*?</a>", tabs, re.DOTALL)]
    assert titles[1:] == ["Tutorial", "How to", "Reference", "Explanation", "Glossary", "Decisions", "Project"]


def test_what_is_no_page_is_named_and_not_linked(site: Path) -> None:
    page = (site / "explanation" / "security.html").read_text("utf-8")
    assert "test_a_url_that_is_not_below_a_listed_base_is_refused" in page.replace("<wbr>", "")
    assert "/tests/" not in page


def test_links_that_lead_nowhere_stop_the_build_and_are_named(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "scripts").mkdir()
    for name in ("mkdocs.yml", "scripts/site_pages.py", "docs/site.css", "docs/site.js"):
        shutil.copy(CHECKOUT / name, tmp_path / name)
    (tmp_path / "docs" / "other.md").write_text("# Other\n", "utf-8")
    links = ["[a](gone.md)", "[b](../tests/gone.py)", "[c](other.md#nowhere)", "![d](images/gone.png)", "[e](other.md)"]
    (tmp_path / "docs" / "README.md").write_text("# Start\n\n" + "\n".join(links), "utf-8")
    done = build(tmp_path / "site", tmp_path)
    assert done.returncode == 1
    named = [re.search(r"'([^']*)'", line.split("link", 1)[1]) for line in done.stderr.splitlines() if "WARN" in line]
    assert [found[1] for found in named if found] == [
        "gone.md",
        "../tests/gone.py",
        "images/gone.png",
        "other.md#nowhere",
    ]
