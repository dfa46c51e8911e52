"""Draw the answer to `docs/example/request.json` as a picture, and write it into README.md.

    python scripts/draw_card.py

Why a script: a card that is copied by hand soon shows what the service said once. Here the picture and the JSON in
README.md are made from an answer of the service itself, and a test compares both with what it says now.

Nothing of the answer is left out of the picture but ids. The digest in `knowledgeVersion` stands as an ellipsis in
README.md, because every edit of a card changes it. The example does not depend on the day: its opioid is current.
"""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from cds_service.cli.json_text import written
from cds_service.hooks.request import read_request
from cds_service.running import Service
from cds_service.service import respond
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
REQUEST = CHECKOUT / "docs" / "example" / "request.json"
PICTURE = CHECKOUT / "docs" / "images" / "card.svg"
README = CHECKOUT / "README.md"
BEGIN, END = "<!-- answer: written by scripts/draw_card.py -->\n", "<!-- end of answer -->\n"

DAY = date(2026, 3, 2)
WIDTH = 760
LEFT = 36
COLOURS = {"info": "#2f5d8a", "warning": "#8a5a00", "critical": "#a4161a"}
SMALL = 12


def answer() -> dict[str, Any]:
    """The body that the service sends back for the example, with default settings."""
    settings = Settings()
    service = Service.from_settings(settings)
    body = json.loads(REQUEST.read_text("utf-8"))
    request = read_request(body, body["hook"])
    return {"cards": respond(request, None, DAY, service.knowledge, service.place).cards}


def without_digest(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the digest of every knowledge version as an ellipsis."""
    shown: dict[str, Any] = json.loads(json.dumps(body))
    for card in shown["cards"]:
        own = card["extension"]["org.ldn-cds"]
        own["knowledgeVersion"] = own["knowledgeVersion"].partition("+")[0] + "+…"
    return shown


def block(body: dict[str, Any]) -> str:
    """The part of README.md that shows the answer."""
    return f"{BEGIN}```json\n{written(without_digest(body))}\n```\n{END}"


@dataclass
class Sheet:
    """SVG parts from top to bottom; `y` is where the next line would stand."""

    y: int
    parts: list[str]

    def text(self, words: str, size: int = 14, x: int = LEFT, wide: int = WIDTH - 2 * LEFT, style: str = "") -> None:
        """Words broken into lines by a width that suits the widest of the common sans-serif fonts."""
        for line in textwrap.wrap(words, max(int(wide / (size * 0.6)), 10)):
            self.y += round(size * 1.45)
            self.parts.append(f'<text x="{x}" y="{self.y}" font-size="{size}" {style}>{escape(line)}</text>')

    def rule(self) -> None:
        self.y += 14
        self.parts.append(f'<line x1="{LEFT}" y1="{self.y}" x2="{WIDTH - LEFT}" y2="{self.y}" stroke="#d5d9de"/>')

    def button(self, label: str, mark: str) -> None:
        wide = min(round(len(label) * 13 * 0.6) + 28, WIDTH - 2 * LEFT)
        line = "#1f2a37" if mark else "#9aa3ad"
        self.parts.append(
            f'<rect x="{LEFT}" y="{self.y + 12}" width="{wide}" height="30" rx="6" fill="#fff" stroke="{line}"/>'
        )
        self.parts.append(f'<text x="{LEFT + 14}" y="{self.y + 32}" font-size="13">{escape(label)}</text>')
        self.parts.append(
            f'<text x="{LEFT + wide + 12}" y="{self.y + 32}" font-size="{SMALL}" fill="#55606c">{escape(mark)}</text>'
        )
        self.y += 42


def picture(card: dict[str, Any]) -> str:
    """One card as SVG: what a client shows, in the order in which it is read."""
    colour = COLOURS[card["indicator"]]
    sheet = Sheet(14, [])
    sheet.text(card["indicator"].upper(), size=SMALL, style=f'font-weight="700" letter-spacing="1" fill="{colour}"')
    sheet.text(card["summary"], size=18, style='font-weight="700"')
    sheet.y += 6
    for line in _lines(card["detail"]):
        if line.startswith("- "):
            sheet.parts.append(f'<circle cx="{LEFT + 5}" cy="{sheet.y + 15}" r="2.5" fill="#1f2a37"/>')
            sheet.text(line[2:], x=LEFT + 18, wide=WIDTH - 2 * LEFT - 18)
        else:
            sheet.text(line, size=SMALL, style='fill="#55606c"')
        sheet.y += 3
    sheet.rule()
    for suggestion in card.get("suggestions", ()):
        sheet.button(suggestion["label"], "recommended" if suggestion.get("isRecommended") else "")
        for action in suggestion["actions"]:
            sheet.text(f"{action['type']}: {action['description']}", size=SMALL, x=LEFT + 14, style='fill="#55606c"')
        sheet.y += 4
    reasons = [reason["display"] for reason in card.get("overrideReasons", ())]
    if reasons:
        sheet.rule()
        sheet.text("Reasons to go on: " + " · ".join(reasons), size=SMALL)
    sheet.rule()
    links = [link["label"] for link in card.get("links", ())]
    sheet.text(" · ".join([card["source"]["label"], *links]), size=SMALL, style='fill="#55606c"')
    return _svg(sheet, card, colour)


def _lines(detail: str) -> Iterator[str]:
    return (line for line in detail.splitlines() if line.strip())


def _svg(sheet: Sheet, card: dict[str, Any], colour: str) -> str:
    height = sheet.y + 24
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#1f2a37" role="img">'
    )
    frame = f'<rect x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="8" fill="#fff" stroke="#d5d9de"/>'
    band = f'<rect x="1" y="1" width="10" height="{height - 2}" rx="4" fill="{colour}"/>'
    return "\n".join([head, f"<title>{escape(card['summary'])}</title>", frame, band, *sheet.parts, "</svg>", ""])


def main() -> None:
    """Write the picture and the part of README.md between the two marks."""
    body = answer()
    PICTURE.write_text(picture(body["cards"][0]), "utf-8")
    text = README.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(before + block(body) + after, "utf-8")


if __name__ == "__main__":
    main()
