"""The dashboard on an empty store, one with five cards and one with 50,000; and after an order that was signed."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import running
from entry import OXYCODONE, cards, checked
from issuing import DROPPED, Ehr, client, written
from playwright.sync_api import Locator, Page, expect
from stored_months import fill
from test_keyboard_and_looks import assert_accessible, fits, reach

Open = Callable[..., Page]
Picture = Callable[..., None]

NOTHING, FEW, MANY = 0, 5, 50_000


@pytest.fixture(scope="module")
def dashboards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], str]]:
    """The address of the dashboard of a service that has issued so many cards in three months."""
    addresses: dict[int, str] = {}
    with ExitStack() as services:

        def of(issued: int) -> str:
            if issued not in addresses:
                folder = tmp_path_factory.mktemp(f"stored-{issued}")
                fill(folder / "cards.sqlite", issued)
                addresses[issued] = services.enter_context(running(folder))
            return addresses[issued]

        yield of


def shown(page: Page) -> None:
    """Wait until the latest answer is on the screen, and drawn."""
    expect(page.locator("#counts")).to_have_attribute("aria-busy", "false")
    page.wait_for_timeout(150)


def open_at(visit: Open, address: str, search: str = "", **how: object) -> Page:
    page = visit(address=address, path=f"insights{search}", **how)
    shown(page)
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 820, 1440])
@pytest.mark.parametrize("issued", [NOTHING, FEW, MANY])
def test_the_dashboard_is_accessible_and_fits(
    visit: Open, picture: Picture, dashboards: Callable[[int], str], issued: int, width: int, theme: str
) -> None:
    page = open_at(visit, dashboards(issued), "?days=90", width=width, theme=theme)
    picture(page, f"insights-{issued}-{width}-{theme}", whole=True)
    assert fits(page)
    assert_accessible(page)


def test_the_picture_of_the_readme_shows_three_months(
    visit: Open, picture: Picture, dashboards: Callable[[int], str]
) -> None:
    page = visit(address=dashboards(MANY), path="insights?days=90")
    page.set_viewport_size({"width": 1280, "height": 900})
    shown(page)
    expect(page.locator("#counts .panel svg").first).to_be_visible()
    picture(page, "readme-dashboard")


PANELS = (
    "Cards by day, and what became of them", "By rule", "Overrides by reason", "Not checked, by cause",
    "Calls by day, and what they came to", "How long calls took", "By hook", "How long calls took, by day",
)  # fmt: skip


def numbers(page: Page, column: int) -> int:
    """The sum of a column of the first table."""
    texts = page.locator("#counts table").first.locator(f"tbody tr td:nth-child({column})").all_inner_texts()
    return sum(int(text.split(" ")[0].replace(",", "")) for text in texts)


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])
def test_behind_each_chart_is_a_table(
    visit: Open, picture: Picture, dashboards: Callable[[int], str], theme: str, width: int
) -> None:
    page = open_at(visit, dashboards(FEW), "?days=90", theme=theme, width=width)
    for title in PANELS:
        expect(panel(page, title).get_by_role("img")).to_be_visible()
        page.get_by_role("button", name=f"Table: {title}", exact=True).click()
        expect(panel(page, title).get_by_role("table")).to_be_visible()
        expect(panel(page, title).get_by_role("img")).to_have_count(0)
    picture(page, f"insights-tables-{width}-{theme}", whole=True)
    assert fits(page)
    assert_accessible(page)
    page.get_by_label("Period", exact=True).select_option(label="Last 365 days")
    shown(page)
    expect(page.get_by_role("table")).to_have_count(len(PANELS))  # what was chosen outlives a filter


def test_what_the_charts_show_is_what_is_stored(visit: Open, dashboards: Callable[[int], str]) -> None:
    page = open_at(visit, dashboards(MANY), "?days=90")
    expect(page.locator(".sums li").nth(1)).to_contain_text("50,000")
    expect(page.get_by_role("img").first).to_have_attribute("aria-label", re.compile("^50,000 cards, "))
    page.get_by_role("button", name="Table: Cards by day, and what became of them").click()
    assert numbers(page, 2) == MANY
    assert numbers(page, 3) + numbers(page, 4) + numbers(page, 5) == MANY


def test_a_rule_a_hook_and_days_can_be_chosen_and_stand_in_the_address(
    visit: Open, dashboards: Callable[[int], str]
) -> None:
    page = open_at(visit, dashboards(MANY))
    page.get_by_label("Rule", exact=True).select_option(label="Pregnancy")
    shown(page)
    expect(panel(page, "By rule").get_by_role("img")).to_have_attribute("aria-label", re.compile("^Pregnancy: "))
    expect(panel(page, "By hook")).to_contain_text("all rules")
    page.get_by_label("Hook", exact=True).select_option(label="order-select")
    shown(page)
    page.get_by_label("Period", exact=True).select_option(label="From … to …")
    shown(page)
    page.get_by_label("First day").fill(str(datetime.now(UTC).date() - timedelta(days=3)))
    shown(page)
    kept = page.locator("#counts").inner_text()
    assert {"rule=pregnancy-current", "hook=order-select", "days=own"} <= set(page.url.split("?")[1].split("&"))
    page.reload()
    shown(page)
    assert page.locator("#counts").inner_text() == kept
    assert fits(page)
    assert_accessible(page)


def test_it_is_used_with_the_keyboard_alone(visit: Open, dashboards: Callable[[int], str]) -> None:
    page = open_at(visit, dashboards(FEW), "?days=90")
    reach(page, "Rule", role="combobox")
    page.keyboard.type("Su")
    expect(page.get_by_label("Rule", exact=True)).to_have_value("surgery-upcoming")
    shown(page)
    expect(page.get_by_label("Rule", exact=True)).to_be_focused()
    reach(page, "Table: By rule")
    page.keyboard.press("Enter")
    expect(panel(page, "By rule").get_by_role("table")).to_contain_text("Surgery ahead")
    expect(page.get_by_role("button", name="Table: By rule")).to_be_focused()
    expect(page.get_by_role("button", name="Table: By rule")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(panel(page, "By rule").get_by_role("img")).to_be_visible()


def test_a_filter_in_use_is_not_replaced_under_the_hand(visit: Open, dashboards: Callable[[int], str]) -> None:
    page = open_at(visit, dashboards(FEW), "?days=90")
    reach(page, "Rule", role="combobox")
    page.evaluate("window.used = document.activeElement")
    for rule, name in (("surgery-upcoming", "Surgery ahead"), ("", "All rules")):
        with page.expect_response("**/insights/data?*"):
            page.keyboard.type(name[:1])
        shown(page)
        expect(page.get_by_label("Rule", exact=True)).to_have_value(rule)
        assert page.evaluate("window.used === document.activeElement")
        expect(page.get_by_label("Rule", exact=True)).to_have_count(1)
        assert f"rule={rule}" in (page.get_by_role("link", name="Export CSV").get_attribute("href") or "") or not rule
        page.wait_for_timeout(1_100)  # the browser takes letters within a second for one word


def test_the_exports_follow_what_is_chosen(visit: Open, dashboards: Callable[[int], str]) -> None:
    page = open_at(visit, dashboards(MANY), "?days=90")
    page.get_by_label("Rule", exact=True).select_option(label="Naltrexone allergy")
    shown(page)
    wanted = int(page.locator(".sums li").nth(1).locator("strong").inner_text().replace(",", ""))
    for ending, more in (("CSV", 1), ("NDJSON", 0)):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Export {ending}").click()
        lines = download.value.path().read_text("utf-8").splitlines()
        assert len(lines) == wanted + more
        assert all("naltrexone-allergy" in line for line in lines[more:])


def test_a_service_that_does_not_answer_is_said_and_the_filters_stay(
    visit: Open, dashboards: Callable[[int], str]
) -> None:
    page = open_at(visit, dashboards(FEW), "?days=90", expected=("503",))
    page.route("**/insights/data?*", lambda route: route.fulfill(status=503, json={"issue": []}))
    page.get_by_label("Rule", exact=True).select_option(label="Surgery ahead")
    expect(page.get_by_role("alert")).to_contain_text("503")
    assert_accessible(page)
    page.unroute("**/insights/data?*")
    page.get_by_label("Rule", exact=True).select_option(label="All rules")
    expect(page.locator(".sums")).to_be_visible()


def test_days_that_cannot_be_are_explained(visit: Open, dashboards: Callable[[int], str]) -> None:
    page = open_at(visit, dashboards(FEW), "?days=own&first=2026-05-02&last=2026-05-01", expected=("400",))
    expect(page.get_by_role("alert")).to_contain_text("first day lies after the last")


def test_text_of_a_client_is_text(visit: Open, tmp_path: Path) -> None:
    """A reason's code is whatever a client sent."""
    fill(tmp_path / "cards.sqlite", 3)
    with closing(sqlite3.connect(tmp_path / "cards.sqlite")) as file, file:
        file.execute("UPDATE feedback_events SET outcome = 'overridden', reason_code = '<img src=x onerror=alert(1)>'")
    with running(tmp_path) as address:
        page = open_at(visit, address, "?days=365")
        expect(panel(page, "Overrides by reason")).to_contain_text("<img src=x onerror=alert(1)>")
        assert page.locator("#counts img").count() == 0


def test_what_happened_on_the_order_page_is_on_the_dashboard(visit: Open, tmp_path: Path) -> None:
    with running(tmp_path) as address:
        page = visit(OXYCODONE, address=address)
        checked(page)
        page.get_by_role("button", name="Override…").first.click()
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="Override with this reason").click()
        expect(cards(page).first).to_contain_text("Overridden")
        page.get_by_role("link", name="Insights").click()
        shown(page)
        expect(page.locator(".sums li").nth(3)).to_contain_text("1overridden")
        expect(panel(page, "By rule")).to_contain_text("Current opioid")
        expect(panel(page, "Overrides by reason")).to_contain_text("The opioid entry is wrong or out of date")


def test_beside_registered_clients_one_has_to_be_named(visit: Open, tmp_path: Path) -> None:
    fill(tmp_path / "cards.sqlite", 4, tenant="north")
    ehr = Ehr(issuer="https://north.example.com")
    clients = written(tmp_path, client("north", issuer=ehr.issuer, jwks_url=DROPPED, keys=[ehr.published]))
    more = {"CDS_CLIENTS_FILE": str(clients), "CDS_INSIGHTS": "local", "CDS_REPLAY_STORE": "memory"}
    with running(tmp_path, **more) as address:
        page = open_at(visit, address, "?days=365", expected=("400",))
        expect(page.get_by_role("alert")).to_contain_text("name of a client")
        expect(page.get_by_role("link", name="Order entry")).to_have_count(0)
        page.get_by_label("Client").fill("north")
        page.get_by_label("Client").press("Enter")
        expect(page.locator(".sums li").nth(1)).to_contain_text("4")
        assert_accessible(page)
