"""A service that fails, is slow or unreachable; records that are hostile, odd or empty."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from entry import BASELINE, OXYCODONE, WASHOUT, add, cards, checked, drafts, exchange
from playwright.sync_api import Page, Route, expect

Open = Callable[..., Page]
SELECT = "**/cds-services/ldn-order-select"
SIGN = "**/cds-services/ldn-order-sign"
HOSTILE = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
FAILED = ("Failed to load resource",)


def answering(status: int, body: str, kind: str = "application/json") -> Callable[[Page], None]:
    return lambda page: page.route(SELECT, lambda route: route.fulfill(status=status, body=body, content_type=kind))


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (
            500,
            '{"resourceType":"OperationOutcome","issue":[{"details":{"text":"Broken inside."}}]}',
            "Status 500. Broken inside.",
        ),
        (503, "<h1>busy</h1>", "Status 503."),
        (401, "{}", "Status 401."),
        (200, "not json", "The answer is not JSON."),
        (200, '{"cards": null}', "The answer holds no list of cards."),
    ],
)
def test_a_check_that_fails_is_shown_and_never_taken_for_an_all_clear(
    visit: Open, status: int, body: str, says: str
) -> None:
    page = visit(BASELINE, before=answering(status, body), expected=FAILED)
    alert = page.get_by_role("alert").filter(has_text="These drafts have not been checked")
    expect(alert).to_contain_text(says)
    page.unroute(SELECT)
    page.get_by_role("button", name="Check again").click()
    expect(cards(page).first).to_contain_text("titration order set")


def test_an_answer_to_an_earlier_draft_does_not_outlive_a_failed_check(visit: Open) -> None:
    page = visit(WASHOUT, expected=FAILED)
    expect(cards(page)).to_have_count(1)
    page.route(SELECT, lambda route: route.abort("connectionreset"))
    page.get_by_label("Dose", exact=True).fill("3")
    expect(page.get_by_role("alert").filter(has_text="have not been checked")).to_contain_text("cannot be reached")
    expect(cards(page)).to_have_count(0)


def test_a_service_that_hangs_is_given_up_and_shown(visit: Open) -> None:
    held: list[Route] = []

    def hang(page: Page) -> None:
        page.clock.install()
        page.route(SELECT, lambda route: held.append(route))

    page = visit(BASELINE, before=hang, expected=FAILED)
    expect(page.locator("#cards")).to_contain_text("Checking…")
    page.clock.run_for(2_000)
    expect(page.get_by_role("alert").filter(has_text="have not been checked")).to_have_count(0)
    page.clock.run_for(9_000)
    expect(page.get_by_role("alert").filter(has_text="have not been checked")).to_contain_text("within 10 seconds")
    for route in held:
        route.abort()


def test_the_latest_answer_wins_over_a_slower_earlier_one(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    held: list[Route] = []
    page.route(SELECT, lambda route: held.append(route) if not held else route.continue_())
    page.get_by_label("Frequency").select_option(label="in the morning")
    page.wait_for_function("document.querySelector('#cards').getAttribute('aria-busy') === 'true'")
    page.get_by_label("Dose", exact=True).fill("45")
    expect(cards(page).first).to_contain_text("Critical")
    seen = cards(page).first.inner_text()
    assert len(held) == 1  # the page gave the question up, so that its answer comes to nobody
    held[0].continue_()
    page.evaluate("() => fetch('cds-services')")  # the service has answered once more since
    page.wait_for_timeout(300)
    assert cards(page).first.inner_text() == seen


# Faster than any hand: a busy machine lets keys wait, and the page rightly takes a long wait for a pause.
TYPED_AT_ONCE = """(field, text) => {
  for (const letter of text) {
    field.value += letter;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""


def test_typing_asks_once_and_not_at_every_key(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "order-select" in request.url else None)
    page.get_by_label("Note to the pharmacy").evaluate(TYPED_AT_ONCE, "compounded")
    checked(page)
    assert len(asked) == 1


def test_signing_without_an_answer_is_said_and_never_silent(visit: Open) -> None:
    page = visit(BASELINE, expected=FAILED)
    checked(page)
    page.route(SIGN, lambda route: route.fulfill(status=500, body="{}"))
    page.get_by_role("button", name="Sign 1 order").click()
    expect(page.get_by_role("alert").filter(has_text="have not been checked")).to_be_visible()
    expect(page.get_by_role("button", name="Sign 1 order now")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Sign without the check").click()
    expect(page.locator(".signed")).to_contain_text("Signed, not checked")


def test_a_reason_half_given_survives_the_answer_that_comes_meanwhile(visit: Open) -> None:
    page = visit(OXYCODONE)
    checked(page)
    held: list[Route] = []
    page.route(SIGN, lambda route: held.append(route))
    page.get_by_role("button", name="Sign 1 order").click()
    page.get_by_role("button", name="Override…").click()
    page.get_by_role("radio").nth(1).check()
    comment = page.get_by_label("Comment")
    comment.fill("seen by the ward")
    page.keyboard.press("Home")
    page.keyboard.type("was ")
    held[0].continue_()
    checked(page)
    page.keyboard.type("rarely ")
    expect(comment).to_have_value("was rarely seen by the ward")
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    expect(page.get_by_role("button", name="Override…")).to_have_attribute("aria-expanded", "true")
    page.get_by_role("button", name="Override with this reason").click()
    expect(page.get_by_role("button", name="Sign 1 order now")).to_be_focused()
    signing = exchange(page, "order-sign")["reply"]["body"]["cards"]
    sent = exchange(page, "feedback")["request"]["feedback"]
    assert [one["card"] for one in sent] == [signing[0]["uuid"]]  # not of the answer before
    assert sent[0]["overrideReason"]["userComment"] == "was rarely seen by the ward"


def test_feedback_that_is_not_delivered_is_said(visit: Open) -> None:
    page = visit(BASELINE, expected=FAILED)
    page.route("**/feedback", lambda route: route.fulfill(status=503, body="{}"))
    page.get_by_role("button", name="Dismiss: LDN", exact=False).click()
    expect(page.get_by_role("alert").filter(has_text="Feedback was not delivered")).to_be_visible()


def test_a_service_without_discovery_says_that_the_page_could_not_start(visit: Open) -> None:
    page = visit(
        before=lambda page: page.route("**/cds-services", lambda route: route.fulfill(status=500)), expected=FAILED
    )
    expect(page.get_by_role("alert")).to_contain_text("The page could not start")


def upload(page: Page, content: Any) -> None:
    page.get_by_role("button", name="Change patient").click()
    text = content if isinstance(content, str) else json.dumps(content)
    page.get_by_label("Or paste it here").fill(text)
    page.get_by_role("button", name="Open this record").click()


def bundle(*resources: dict[str, Any], name: str = "Rosa Invented") -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"text": name}],
        "gender": "female",
        "birthDate": "1980-01-02",
    }
    everyone = [patient, *resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in everyone]}


def test_a_bundle_of_ones_own_is_answered_by_the_services_own_templates(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    mine = {"reference": "Patient/p1"}
    coded = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7804"}], "text": "oxycodone"}
    content = bundle(
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "active",
            "subject": mine,
            "medicationCodeableConcept": coded,
            "effectivePeriod": {"start": "2026-01-05"},
        },
        {
            "resourceType": "MedicationStatement",
            "id": "other",
            "status": "active",
            "subject": {"reference": "Patient/p2"},
            "medicationCodeableConcept": coded,
        },
        {
            "resourceType": "Observation",
            "id": "weight",
            "status": "final",
            "subject": mine,
            "code": {"coding": [{"code": "29463-7"}]},
        },
        {
            "resourceType": "Observation",
            "id": "alt",
            "status": "final",
            "subject": mine,
            "code": {"coding": [{"system": "http://loinc.org", "code": "1742-6"}], "text": "ALT"},
            "valueQuantity": {"value": 300, "unit": "U/L"},
            "referenceRange": [{"high": {"value": 40}}],
        },
    )
    upload(page, content)
    expect(page.get_by_role("heading", name="Rosa Invented")).to_be_visible()
    expect(page.locator("#record")).to_contain_text("300 U/L high (up to 40)")
    expect(page.locator("#timeline")).to_contain_text("Draft a naltrexone or opioid order")
    add(page, "naltrexone 1.5 mg capsule, compounded")
    expect(cards(page).first).to_contain_text("Critical")
    prefetch = exchange(page, "order-select")["request"]["prefetch"]
    assert [one["resource"]["id"] for one in prefetch["medStatements"]["entry"]] == ["m"]
    assert [one["resource"]["id"] for one in prefetch["labs"]["entry"]] == ["alt"]
    assert "encounter" not in prefetch


def test_references_by_urn_are_renamed_as_a_server_would_on_import(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    content = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "x1"}},
            {
                "fullUrl": "urn:uuid:2",
                "resource": {"resourceType": "Medication", "id": "x2", "code": {"text": "oxycodone 5 mg tablet"}},
            },
            {
                "fullUrl": "urn:uuid:3",
                "resource": {
                    "resourceType": "MedicationRequest",
                    "id": "x3",
                    "status": "active",
                    "intent": "order",
                    "authoredOn": "2026-01-01",
                    "subject": {"reference": "urn:uuid:1"},
                    "medicationReference": {"reference": "urn:uuid:2"},
                },
            },
        ],
    }
    upload(page, content)
    expect(page.locator("#record")).to_contain_text("oxycodone 5 mg tablet")
    add(page, "naltrexone 1.5 mg capsule, compounded")
    expect(cards(page).first).to_contain_text("oxycodone")


def test_a_hook_request_can_be_pasted_too(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    request = exchange(page, "order-select")["request"]
    request["prefetch"]["patient"]["name"] = [{"text": "Pasted Request"}]
    upload(page, request)
    expect(page.get_by_role("heading", name="Pasted Request")).to_be_visible()
    expect(cards(page).first).to_contain_text("titration order set")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "This is not JSON."),
        ("{", "This is not JSON."),
        ("[]", "neither a FHIR Bundle"),
        ('{"resourceType":"Patient"}', "neither a FHIR Bundle"),
        ('{"resourceType":"Bundle"}', "holds no resources"),
        (
            '{"resourceType":"Bundle","entry":[null,{"resource":7},{"resource":{"resourceType":"Observation"}}]}',
            "holds 0",
        ),
    ],
)
def test_what_is_no_record_is_refused_in_a_sentence(visit: Open, content: str, says: str) -> None:
    page = visit(BASELINE)
    checked(page)
    upload(page, content)
    expect(page.get_by_role("dialog").get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(page.get_by_role("heading", name="Ada Synthetic")).to_have_count(1)


def test_hostile_names_stay_text(visit: Open) -> None:
    page = visit(BASELINE)
    checked(page)
    mine = {"reference": "Patient/p1"}
    words = {"text": HOSTILE}
    content = bundle(
        {"resourceType": "Condition", "id": "c", "subject": mine, "code": words},
        {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": HOSTILE,
            "subject": mine,
            "medicationCodeableConcept": {"text": f"oxycodone {HOSTILE}"},
            "effectivePeriod": {"start": HOSTILE},
        },
        {"resourceType": "AllergyIntolerance", "id": "a", "patient": mine, "code": words, "clinicalStatus": HOSTILE},
        {"resourceType": "Procedure", "id": "p", "subject": mine, "status": HOSTILE, "code": words},
        name=HOSTILE,
    )
    upload(page, content)
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    add(page, "naltrexone 1.5 mg capsule, compounded")
    page.get_by_label("Product in words").fill(f"naltrexone 1.5 mg {HOSTILE}")
    checked(page)
    page.get_by_role("button", name="Show request, answer and explanation").click()
    page.get_by_role("tab", name="Request").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(HOSTILE)
    assert page.title() == "Order entry · LDN safety checks"
    assert page.locator("main img, main script, main iframe, .drawer img, .drawer script").count() == 0
    expect(page.locator("#record")).to_contain_text(HOSTILE)


def test_a_hostile_card_of_another_service_stays_text(visit: Open) -> None:
    card = {
        "uuid": "u",
        "summary": HOSTILE,
        "indicator": "critical",
        "detail": f"{HOSTILE}\n\n[here](javascript:alert(1)) [there](https://example.org/x) ![p](https://example.org/p.png)",
        "source": {"label": HOSTILE, "url": "javascript:alert(1)"},
        "links": [{"label": "data", "url": "data:text/html,x", "type": "absolute"}],
        "suggestions": [
            {
                "label": HOSTILE,
                "uuid": "s",
                "actions": [{"type": "delete", "description": HOSTILE, "resourceId": "MedicationRequest/gone"}],
            }
        ],
        "selectionBehavior": "at-most-one",
        "overrideReasons": [{"code": "x", "display": HOSTILE}],
    }
    page = visit(BASELINE, before=answering(200, json.dumps({"cards": [card]})))
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    targets = page.locator("#cards a").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    assert targets == ["https://example.org/x"]
    assert page.locator("#cards img, #cards script").count() == 0
    page.get_by_role("button", name=HOSTILE).click()
    expect(page.get_by_role("alert").filter(has_text="There is no draft MedicationRequest/gone")).to_be_visible()
    expect(drafts(page)).to_have_count(1)
    assert page.title() == "Order entry · LDN safety checks"


def test_a_patient_without_any_data_has_an_empty_page_that_says_so(visit: Open) -> None:
    page = visit("data-not-checked/fires-no-data-at-all")
    expect(cards(page).first).to_contain_text(re.compile("not", re.IGNORECASE))
    expect(page.get_by_role("heading", name="Patient not sent")).to_be_visible()
    expect(page.locator("#record")).to_contain_text("not sent")


def test_odd_records_open_without_a_fault(visit: Open) -> None:
    """Every shipped case of the not-checked rule: lists that are no lists, nulls, numbers, outcomes."""
    page = visit(BASELINE)
    checked(page)
    opened = page.evaluate(
        """async () => {
            const { session } = await import("/page/scripts/session.js");
            const { openNamed } = await import("/page/scripts/opening.js");
            const odd = session.people.filter((one) => one.rule === "data-not-checked");
            for (const one of odd) {
                await openNamed(one.id);
                if (!document.querySelector("#patient h2")) throw new Error(one.id);
            }
            return odd.length;
        }"""
    )
    assert opened > 25
