"""What `make docs` tells mkdocs beyond mkdocs.yml: pages from outside docs/, the links between all pages, the order.

Documents stand beside what they describe, and link to each other by their places in the repository, so that they can be
read there. The site takes them in as they are: those outside docs/ become the section "Project", and each link is
turned into the one between pages. A link to a file that is no page, such as a test, becomes plain text: the site does
not know where the repository can be read.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

CHECKOUT = Path(__file__).resolve().parents[1]
INSIDE, OUTSIDE = "docs/", "project/"
ELSEWHERE = ("*.md", "cards/*.md", "fhir_fixtures/*.md", "cds_service/**/*.md")
# Folders of docs/ from the first steps to what one looks up; a new one comes after these.
ORDER = ("Tutorial", "How to", "Reference", "Explanation", "Glossary", "Decisions", "Project")
_FENCE = re.compile(r"^( *)```.*?^\1``` *$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\[\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for place in ELSEWHERE:
        for path in sorted(CHECKOUT.glob(place)):
            name = OUTSIDE + path.relative_to(CHECKOUT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Code is left alone."""
    pieces, last = [], 0
    for fence in _FENCE.finditer(markdown):
        pieces += [linked(markdown[last : fence.start()], page.file.src_uri, files), fence[0]]
        last = fence.end()
    return "".join([*pieces, linked(markdown[last:], page.file.src_uri, files)])


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """The start page first, then by purpose."""

    def place(item: object) -> tuple[int, str]:
        title = item.title if isinstance(item, Section) else _title(item)
        return (-1 if title == "" else ORDER.index(title) if title in ORDER else len(ORDER), title)

    nav.items.sort(key=place)
    return nav


def _title(item: object) -> str:
    """A page at the top is known by its file; the start page has none."""
    return "" if not isinstance(item, Page) or item.is_homepage else Path(item.file.src_uri).stem.capitalize()


def linked(text: str, source: str, files: Files) -> str:
    """The text of the page `source` with its links as the site has them."""

    def changed(link: re.Match[str]) -> str:
        words, target, anchor = link[1], link[2], link[3] or ""
        if re.match(r"[a-z]+:|/", target):
            return link[0]
        here = in_repository(source)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here), target))
        for name in (in_site(path), in_site(posixpath.join(path, "README.md"))):
            if files.get_file_from_path(name):
                return f"[{words}]({posixpath.relpath(name, posixpath.dirname(source) or '.')}{anchor})"
        return _breakable(words) if (CHECKOUT / path).exists() else link[0]

    return _LINK.sub(changed, text)


def _breakable(words: str) -> str:
    """The name of a test is a sentence without spaces; a narrow column may break it."""
    return words if "`" in words else words.replace("_", "_<wbr>")


def in_repository(source: str) -> str:
    """`project/README.md` is README.md, `how-to/x.md` is docs/how-to/x.md."""
    return source.removeprefix(OUTSIDE) if source.startswith(OUTSIDE) else INSIDE + source


def in_site(path: str) -> str:
    return path.removeprefix(INSIDE) if path.startswith(INSIDE) else OUTSIDE + path
