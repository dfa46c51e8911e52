"""Order entry from the first look to the signed order, against the real service."""

import json
import re
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from entry import BASELINE, OXYCODONE, WASHOUT, add, cards, checked, drafts, exchange
from playwright.sync_api import Page, expect

Open = Callable[..., Page]


def test_the_first_look_shows_a_patient_a_washout_and_a_critical_card(visit: Open) -> None:
    page = visit()
    expect(page.get_by_role("heading", name="Ada Synthetic")).to_be_visible()
    expect(page.get_by_text("Not clinically approved.", exact=True)).to_be_visible()
    expect(cards(page)).to_have_count(1)
    expect(cards(page).first).to_contain_text("Critical")
    expect(page.locator("#timeline svg[role=img]")).to_have_attribute("aria-label", re.compile("hydrocodone ended"))


def test_the_washout_window_is_the_one_that_the_service_worked_out(visit: Open) -> None:
    page = visit(WASHOUT)
    checked(page)
    explained = exchange(page, "order-select")["reply"]["body"]["extension"]["org.ldn-cds"]["explain"]
    [window] = explained["facts"]["washouts"]
    label = page.locator("#timeline svg[role=img]").get_attribute("aria-label") or ""
    assert f"earliest start {window['minimum']}, clear from {window['clear']}" in label
    page.locator("#timeline summary").click()
    expect(page.locator("#timeline tbody tr").first).to_contain_text(window["clear"])


def test_a_depot_without_a_clear_date_has_an_open_window(visit: Open) -> None:
    page = visit("opioid-recent-washout/fires-buprenorphine-depot-injection")
    label = re.compile("buprenorphine ended.*no date from which a start is clear")
    expect(page.locator("#timeline svg[role=img]")).to_have_attribute("aria-label", label)
    expect(page.locator("#timeline svg[role=img]")).to_contain_text("no clear date")


def test_the_record_is_shown_and_what_was_not_sent_says_so(visit: Open) -> None:
    page = visit("data-not-checked/fires-conditions-key-absent")
    checked(page)
    record = page.locator("#record")
    expect(record.locator("section", has_text="Problems")).to_contain_text("not sent")
    expect(record.locator("section", has_text="Results").first).to_contain_text("22 U/L (up to 40)")
    expect(record.locator("section", has_text="Allergies")).to_contain_text("none on record")


def test_cards_follow_the_draft(visit: Open) -> None:
    page = visit(BASELINE)
    expect(cards(page).first).to_contain_text("titration order set")
    page.get_by_label("Dose", exact=True).fill("45")
    expect(cards(page).first).to_contain_text("Critical")
    expect(page.locator(".draft-title")).to_contain_text("45 mg")
    assert exchange(page, "order-select")["request"]["context"]["selections"] == ["MedicationRequest/naltrexone"]


def test_what_is_typed_stays_in_the_field_while_answers_come(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    note = page.get_by_label("Note to the pharmacy")
    note.press_sequentially("compounded, no lactose", delay=30)
    checked(page)
    expect(note).to_be_focused()
    expect(note).to_have_value("compounded, no lactose")
    sent = exchange(page, "order-select")["request"]["context"]["draftOrders"]["entry"][0]["resource"]
    assert sent["note"] == [{"text": "compounded, no lactose"}]


def test_each_field_writes_into_the_order(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    page.get_by_label("Product", exact=True).select_option(label="naltrexone hydrochloride 50 mg oral tablet")
    page.get_by_label("Frequency").select_option(label="in the morning")
    page.get_by_label("Reason").select_option(label="Alcohol dependence")
    page.get_by_label("Start", exact=True).fill("2027-01-04")
    page.get_by_label("Unit").select_option(label="tablet")
    page.get_by_label("Dose", exact=True).fill("1")
    checked(page)
    order = exchange(page, "order-select")["request"]["context"]["draftOrders"]["entry"][0]["resource"]
    [line] = order["dosageInstruction"]
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "1483744"
    assert order["reasonCode"][0]["coding"][0]["code"] == "F10.20"
    assert line["text"] == "Take 1 tablet by mouth in the morning"
    assert line["timing"]["repeat"]["boundsPeriod"] == {"start": "2027-01-04"}
    assert line["doseAndRate"][0]["doseQuantity"]["code"] == "{tbl}"


def test_several_drafts_are_checked_together(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    add(page, "oxycodone hydrochloride 5 mg oral tablet")
    expect(drafts(page)).to_have_count(2)
    expect(cards(page).first).to_contain_text("Critical")
    assert len(exchange(page, "order-select")["request"]["context"]["draftOrders"]["entry"]) == 2
    page.get_by_role("button", name=re.compile("^Remove oxycodone")).click()
    expect(drafts(page)).to_have_count(1)
    expect(cards(page).first).to_contain_text("titration order set")


def test_a_suggestion_that_updates_changes_the_draft_and_is_reported(visit: Open) -> None:
    page = visit(WASHOUT)
    take = page.get_by_role("button", name=re.compile("^Start naltrexone on"))
    day = (take.inner_text()).removeprefix("Start naltrexone on ")
    take.click()
    expect(page.get_by_label("Start", exact=True)).to_have_value(day)
    checked(page)
    feedback = exchange(page, "feedback")
    assert feedback["reply"]["body"] == {"kept": 1}
    assert feedback["request"]["feedback"][0]["outcome"] == "accepted"


def test_a_suggestion_that_deletes_and_creates_does_both(visit: Open) -> None:
    page = visit(OXYCODONE)
    page.get_by_role("button", name=re.compile("Remove the naltrexone order and request")).click()
    expect(drafts(page)).to_have_count(1)
    expect(drafts(page)).to_contain_text("Opioid taper or pain review")


def test_schedules_are_compared_as_a_picture_and_one_is_taken(visit: Open) -> None:
    page = visit(BASELINE)
    page.get_by_role("button", name="Compare as a picture").click()
    compared = page.get_by_role("dialog", name="Compare the schedules")
    expect(compared.locator("svg[role=img]")).to_have_count(3)
    weekly = compared.get_by_role("region", name=re.compile("^Weekly steps"))
    drawn = weekly.locator("svg[role=img]").get_attribute("aria-label") or ""
    assert drawn.startswith("1.5 mg from ")
    assert "review of low-dose naltrexone" in drawn
    weekly.get_by_role("button", name="Use this schedule").click()
    expect(compared).to_have_count(0)
    expect(drafts(page)).to_have_count(5)
    checked(page)
    orders = [
        entry["resource"] for entry in exchange(page, "order-select")["request"]["context"]["draftOrders"]["entry"]
    ]
    steps = [line for order in orders for line in order.get("dosageInstruction", [])]
    first = steps[0]["timing"]["repeat"]["boundsPeriod"]
    assert f"1.5 mg from {first['start']} to {first['end']}" in drawn


def test_a_test_before_the_first_dose_is_marked_in_the_picture(visit: Open) -> None:
    page = visit("baseline-lft-missing/fires-c28-no-liver-test")
    page.get_by_role("button", name="Compare as a picture").click()
    compared = page.get_by_role("dialog")
    expect(compared.locator("svg[role=img] .test")).to_have_count(3)
    expect(compared.locator("svg[role=img]").first).to_have_attribute(
        "aria-label", re.compile("before the first dose$")
    )


def test_signing_asks_once_more_and_wants_a_coded_reason(visit: Open) -> None:
    page = visit(OXYCODONE)
    checked(page)
    page.get_by_role("button", name="Sign 1 order").click()
    expect(page.get_by_role("heading", name="Safety check at signing")).to_be_visible()
    checked(page)
    signing = page.get_by_role("button", name="Sign 1 order now")
    expect(signing).to_have_attribute("aria-disabled", "true")
    request = exchange(page, "order-sign")["request"]
    assert request["hook"] == "order-sign"
    assert "selections" not in request["context"]
    page.get_by_role("button", name="Override…").click()
    page.get_by_role("button", name="Override with this reason").click()
    expect(page.get_by_role("alert").filter(has_text="Choose a reason first")).to_be_visible()
    page.get_by_label("Opioid-free, verified by history, PDMP or test").check()
    page.get_by_role("button", name="Override with this reason").click()
    expect(cards(page).first).to_contain_text("Overridden: Opioid-free, verified")
    entry = exchange(page, "feedback")["request"]["feedback"][0]
    assert entry["overrideReason"]["reason"] == {
        "system": "urn:ldn-cds:override-reason",
        "code": "opioid-free-verified",
    }
    signing.click()
    expect(page.locator(".signed")).to_contain_text("Signed")
    expect(drafts(page)).to_have_count(0)


def test_an_answer_given_while_ordering_stands_at_signing_and_is_reported_there(visit: Open) -> None:
    page = visit(OXYCODONE)
    page.get_by_role("button", name="Override…").click()
    page.get_by_label("The opioid entry is wrong or out of date").check()
    page.get_by_role("button", name="Override with this reason").click()
    page.get_by_role("button", name="Sign 1 order").click()
    expect(page.locator(".signed")).to_contain_text("Signed")
    sent = exchange(page, "feedback", newest=True)
    assert sent["service"] == "ldn-order-sign"
    assert sent["request"]["feedback"][0]["overrideReason"]["reason"]["code"] == "opioid-list-wrong"


def test_a_signed_order_is_on_the_record_of_the_next_check(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    page.get_by_role("button", name="Sign 1 order").click()
    expect(page.locator(".signed")).to_contain_text("Signed")
    add(page, "tramadol hydrochloride 50 mg oral tablet")
    expect(cards(page).first).to_contain_text(re.compile("naltrexone", re.IGNORECASE))
    expect(page.locator("#timeline svg[role=img]")).to_have_attribute("aria-label", re.compile("naltrexone current"))


def test_feedback_reaches_the_store_of_the_service(visit: Open, store_path: str) -> None:
    page = visit(BASELINE)
    page.get_by_role("button", name="Dismiss: LDN titration order set", exact=False).click()
    expect(cards(page).first).to_contain_text("Dismissed")
    card = exchange(page, "feedback")["request"]["feedback"][0]["card"]
    last = time.monotonic() + 8  # the service writes after it has answered
    while (found := stored(store_path).count(card)) < 2 and time.monotonic() < last:
        page.wait_for_timeout(50)
    assert found >= 2, "the card that was issued, and what became of it"


def stored(path: str) -> str:
    with sqlite3.connect(path) as store:
        return "\n".join(store.iterdump())


def test_the_drawer_shows_the_exact_exchange_and_the_explanation(visit: Open) -> None:
    page = visit(WASHOUT)
    checked(page)
    page.get_by_role("button", name="Show request, answer and explanation").click()
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("opioid-recent-washout")
    expect(panel.locator("tbody tr").first).to_contain_text("fired, critical")
    expect(panel).to_contain_text("no evidence met the rule's conditions")
    expect(panel).to_contain_text("What was checked")
    page.get_by_role("tab", name="Explanation").press("ArrowRight")
    expect(page.get_by_role("tab", name="Request")).to_be_focused()
    shown: Any = json.loads(panel.locator("pre").inner_text())
    assert shown == exchange(page, "order-select")["request"]
    page.get_by_role("tab", name="Answer").click()
    shown = json.loads(panel.locator("pre").inner_text())
    assert shown == exchange(page, "order-select")["reply"]["body"]
