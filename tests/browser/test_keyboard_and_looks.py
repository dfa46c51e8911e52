"""Used with the keyboard alone, read by axe, and looked at: three widths, both themes."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from entry import BASELINE, OXYCODONE, WASHOUT, add, cards, checked, drafts
from playwright.sync_api import Page, expect

Open = Callable[..., Page]
Picture = Callable[..., None]

AXE = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}


def assert_accessible(page: Page) -> None:
    found = Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()


def fits(page: Page) -> bool:
    """Nothing is wider than the window (WCAG 1.4.10)."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 820, 1440])
def test_the_page_is_accessible_and_fits(visit: Open, picture: Picture, width: int, theme: str) -> None:
    page = visit(WASHOUT, width=width, theme=theme)
    expect(cards(page)).to_have_count(1)
    page.wait_for_timeout(100)
    picture(page, f"entry-{width}-{theme}", whole=width < 1000)
    assert fits(page)
    assert_accessible(page)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])
def test_every_open_part_is_accessible(visit: Open, picture: Picture, theme: str, width: int) -> None:
    page = visit(BASELINE, width=width, theme=theme)
    page.get_by_role("button", name="Change patient").click()
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    picture(page, f"chooser-{width}-{theme}")
    page.get_by_role("combobox", name="Search").fill("methadone")
    assert_accessible(page)
    page.keyboard.press("Escape")  # empties the search
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare as a picture").click()
    expect(page.get_by_role("dialog").locator("svg[role=img]").first).to_be_visible()
    picture(page, f"compare-{width}-{theme}")
    assert_accessible(page)
    page.keyboard.press("Escape")
    add(page, "oxycodone hydrochloride 5 mg oral tablet")
    page.get_by_role("button", name="Override…").first.click()
    page.locator("#cards summary").first.click()
    page.get_by_role("button", name="Show request, answer and explanation").click()
    picture(page, f"drawer-{width}-{theme}", whole=width < 1000)
    assert fits(page)
    assert_accessible(page)


def test_the_picture_of_the_readme(visit: Open, picture: Picture) -> None:
    page = visit(WASHOUT)
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(cards(page)).to_have_count(1)
    page.wait_for_timeout(100)
    picture(page, "readme")


def test_the_theme_can_be_chosen_and_is_kept(visit: Open) -> None:
    page = visit(BASELINE)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.get_by_label("Theme").select_option(label="Dark")
    dark = page.evaluate(colour)
    assert dark != light
    page.reload()
    expect(page.get_by_label("Theme")).to_have_value("dark")
    assert page.evaluate(colour) == dark


def reach(page: Page, name: str, *, role: str = "button", most: int = 60) -> None:
    """Tab until the control with this name has the focus, and see that the focus can be seen."""
    wanted = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("(element) => element === document.activeElement"):
            ring = wanted.evaluate("(element) => getComputedStyle(element).outlineStyle")
            assert ring != "none", f"no focus ring on {name}"
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_a_patient_is_chosen_and_an_order_signed_with_the_keyboard_alone(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    reach(page, "Change patient")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    page.keyboard.type("takes oxycodone tablets is prescribed")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Change patient")).to_be_focused()
    expect(cards(page).first).to_contain_text("oxycodone")
    reach(page, "Sign 1 order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Safety check at signing")).to_be_visible()
    expect(cards(page)).to_have_count(1)
    reach(page, "Override…")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    reach(page, "Override with this reason")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign 1 order now")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".signed")).to_contain_text("Signed")


def test_a_choice_in_use_is_not_replaced_under_the_hand(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    reach(page, "Frequency", role="combobox")
    page.evaluate("window.used = document.activeElement")
    before = page.get_by_label("Frequency").input_value()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Frequency")).not_to_have_value(before)
    checked(page)
    assert page.evaluate("window.used === document.activeElement")
    expect(page.get_by_label("Frequency")).to_have_count(1)
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Frequency")).to_have_value(before)


def test_a_schedule_is_taken_with_the_keyboard_alone_and_the_focus_is_not_lost(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    reach(page, "Compare as a picture")
    page.keyboard.press("Enter")
    reach(page, "Use this schedule")
    page.keyboard.press("Enter")
    expect(drafts(page)).to_have_count(5)
    checked(page)
    assert page.evaluate("document.activeElement !== document.body")


def test_skip_links_lead_to_orders_and_cards(visit: Open) -> None:
    page = visit(OXYCODONE)
    checked(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to orders")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = page.evaluate("document.getElementById('cards').contains(document.activeElement)")
    assert inside


def test_what_a_card_says_is_announced(visit: Open) -> None:
    page = visit(OXYCODONE)
    expect(page.get_by_role("status").filter(has_text="1 card: 1 critical")).to_have_count(1)
