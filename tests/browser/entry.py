"""Words for what a prescriber does on the page, so that tests read like one."""

import json
import time
from typing import Any

from playwright.sync_api import Locator, Page, expect

BASELINE = "opioid-active/silent-c01-baseline"
OXYCODONE = "opioid-active/fires-c02-oxycodone-statement-active"
WASHOUT = "opioid-recent-washout/fires-c05-month-of-use-ended-five-days-ago"


def cards(page: Page) -> Locator:
    return page.locator("#cards article")


def checked(page: Page) -> None:
    """Wait until the latest answer is on the screen."""
    expect(page.locator("#cards")).to_have_attribute("aria-busy", "false")


def drafts(page: Page) -> Locator:
    return page.locator("#orders .draft")


def add(page: Page, product: str) -> None:
    page.get_by_label("Add an order").select_option(label=product)
    checked(page)


def exchange(page: Page, kind: str, *, newest: bool = False) -> dict[str, Any]:
    """The latest exchange of a kind, as the page keeps it for its drawer; waits until there is one.

    A function that returns a promise is not waited on by `wait_for_function`, which takes the promise for true; hence
    the loop. With `newest`, no exchange of another kind may have come after it.
    """
    last = time.monotonic() + 8
    while time.monotonic() < last:
        kept: list[dict[str, Any]] = json.loads(
            page.evaluate(
                "async () => JSON.stringify((await import('/page/scripts/session.js')).session.exchanges)",
            )
        )
        found = next((one for one in (kept[:1] if newest else kept) if one["kind"] == kind), None)
        if found is not None:
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"no exchange of kind {kind!r} in {[one['kind'] for one in kept]}")
