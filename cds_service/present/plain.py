"""Markdown as plain text: what a client that renders no Markdown shows has no marks in it, and each point its line."""

from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


@cache
def _parser() -> MarkdownIt:
    """GitHub's kind without raw HTML: a `<` is then a letter like any other."""
    return MarkdownIt("commonmark", {"html": False}).enable("strikethrough")


def plain(markdown: str) -> str:
    """The words of a Markdown text: a point of a list is a line, a paragraph a block, a link its words and address."""
    blocks: list[str] = []
    points: list[str] = []
    depth = 0
    numbers: list[int] = []
    for token in _parser().parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            depth += 1
            numbers.append(int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else 0)
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
            numbers.pop()
            if not depth:
                blocks.append("\n".join(points))
                points = []
        elif token.type == "list_item_open":
            if numbers[-1]:
                points.append(f"{token.info}. ")
            else:
                points.append("")
        elif token.type in ("inline", "fence", "code_block"):
            words = "".join(_words(token.children)) if token.type == "inline" else token.content.rstrip("\n")
            if not depth:
                blocks.append(words)
            elif points[-1].strip(" .0123456789"):
                points.append(words)
            else:
                points[-1] += " ".join(words.split("\n"))
    return "\n\n".join(block for block in blocks if block)


def _words(tokens: list[Token] | None) -> Iterator[str]:
    """Text as it is read; the address of a link in brackets after its words, unless those are the address."""
    address, shown = "", ""
    for token in tokens or ():
        if token.type == "link_open":
            address, shown = str(token.attrGet("href") or ""), ""
        elif token.type == "link_close":
            yield f" ({address})" if address and address != shown else ""
            address = ""
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        else:
            words = token.content
            shown += words
            yield words
