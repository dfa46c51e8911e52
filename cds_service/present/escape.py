"""Hostile text from records made inert: what stands in a card can be neither Markdown, nor HTML, nor a link.

An allow-list of characters is stronger than escaping: clients render Markdown in their own ways, and one (the public
sandbox) renders raw HTML. Drug names keep all they need: letters, digits, spaces and `. , / % - + ( )`.
"""

import re
import unicodedata

MOST = 80
_REFUSED = re.compile(r"[^\w\s.,/%+()'µ-]|_", re.UNICODE)
_LOOSE_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_SLASHES = re.compile(r"/(?:\s*/)+")
_SPACE = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
"""What is inert already: a date, a number, a plain name."""
_NUMBERED = re.compile(r"^(\d+)\)+")


def inert(text: str, most: int = MOST) -> str:
    """`text` as plain words on one line, at most `most` characters.

    A dot survives only between digits (4.5) and a slash only alone, so that no web address can form, not even one of
    numbers (`//192.0.2.7`); a number in front keeps no bracket, so
    that no list can begin; control, bidirectional and other format characters go.
    """
    if len(text) <= most and (not text or _PLAIN.fullmatch(text)):
        return text
    shown = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: most * 4])
    shown = _SLASHES.sub("/", _LOOSE_DOT.sub(" ", _REFUSED.sub(" ", shown)))
    shown = _NUMBERED.sub(r"\1", _SPACE.sub(" ", shown).strip(" -+"))
    return shown if len(shown) <= most else shown[: most - 1].rstrip() + "…"
