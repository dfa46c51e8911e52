"""What a suggestion does is read off its actions, whoever made it."""

from typing import Any

import pytest

from cds_service.cli.kinds import NALTREXONE, OPIOID, OTHER, kind_of, roles

DRAFTS = {
    "MedicationRequest/ldn": NALTREXONE,
    "MedicationRequest/oxy": OPIOID,
    "MedicationRequest/asa": OTHER,
}
LOINC = "http://loinc.org"


def delete(reference: str) -> dict[str, Any]:
    return {"type": "delete", "resourceId": reference}


def create(resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": "create", "resource": resource}


def request(*codes: str, text: str = "", kind: str = "ServiceRequest") -> dict[str, Any]:
    coding = [{"system": LOINC, "code": code} for code in codes]
    return create({"resourceType": kind, "code": {"coding": coding, "text": text}})


def order(*steps: tuple[str, float], identity: str = "") -> dict[str, Any]:
    lines = [
        {
            "timing": {"repeat": {"boundsPeriod": {"start": start}}},
            "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg"}}],
        }
        for start, dose in steps
    ]
    named = {"medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule"}, "dosageInstruction": lines}
    return {"resourceType": "MedicationRequest", **({"id": identity} if identity else {}), **named}


def update(resource: dict[str, Any]) -> dict[str, Any]:
    return {"type": "update", "resource": resource}


TWO_WEEKLY = [
    update(order(("2026-03-02", 1.5), ("2026-03-16", 3), identity="ldn")),
    create(order(("2026-03-30", 4.5))),
    request("72514-3", text="Week-4 review"),
]
WEEKLY = [create(order(("2026-03-02", 1.5), ("2026-03-09", 3))), create(order(("2026-03-16", 4.5)))]
SLOW = [
    update(order(("2026-03-02", 1), ("2026-03-16", 2), identity="ldn")),
    create(order(("2026-03-30", 3), ("2026-04-13", 4))),
    create(order(("2026-04-27", 4.5))),
]
STEP_DOWN = [
    update(order(("2026-03-02", 1.5), ("2026-03-16", 3), identity="ldn")),
    request("72514-3", text="Step-down review"),
    create({"resourceType": "CommunicationRequest"}),
]
VERY_SLOW = [
    update(order(("2026-03-02", 1), ("2026-03-16", 1.5), identity="ldn")),
    create(order(("2026-03-30", 2), ("2026-04-13", 2.5))),
    create(order(("2026-04-27", 3), ("2026-05-11", 3.5))),
    create(order(("2026-05-25", 4))),
    create(order(("2026-06-08", 4.5))),
]

KNOWN = {
    "delete-draft": [delete("MedicationRequest/ldn")],
    "delete-opioid": [delete("MedicationRequest/oxy")],
    "taper-review": [delete("MedicationRequest/ldn"), request(text="Pain review")],
    "set-start": [update(order(("2026-03-12", 1.5), identity="ldn"))],
    "opioid-screen": [request("19298-9")],
    "liver-panel": [request("24325-3"), request("6301-6")],
    "titration-V1": TWO_WEEKLY,
    "titration-V2": WEEKLY,
    "titration-V3": SLOW,
    "titration-V3b": VERY_SLOW,
    "titration-V4": STEP_DOWN,
}


@pytest.mark.parametrize("kind", KNOWN)
def test_a_kind_is_known_by_its_actions(kind: str) -> None:
    assert kind_of({"label": "any", "uuid": "any", "actions": KNOWN[kind]}, DRAFTS) == kind


def test_the_step_down_by_the_liquid_is_the_same_kind() -> None:
    liquid = [update(order(("2026-03-02", 1), ("2026-03-16", 1.5), identity="ldn")), request("72514-3")]
    assert kind_of({"actions": liquid}, DRAFTS) == "titration-V4"


def test_a_laboratory_order_of_an_older_release_counts_too() -> None:
    assert kind_of({"actions": [request("19298-9", kind="ProcedureRequest")]}, DRAFTS) == "opioid-screen"


def test_a_delete_in_the_spelling_before_2_0_counts_too() -> None:
    assert kind_of({"actions": [{"type": "delete", "resource": "MedicationRequest/ldn"}]}, DRAFTS) == "delete-draft"


UNKNOWN: dict[str, list[dict[str, Any]]] = {
    "(no action)": [],
    "(delete MedicationRequest/asa)": [delete("MedicationRequest/asa")],
    "(delete MedicationRequest/elsewhere)": [delete("MedicationRequest/elsewhere")],
    "(delete MedicationRequest/ldn, delete MedicationRequest/oxy)": [
        delete("MedicationRequest/ldn"),
        delete("MedicationRequest/oxy"),
    ],
    "(create ServiceRequest)": [request(text="Physiotherapy")],
    "(create Task)": [create({"resourceType": "Task"})],
    "(update MedicationRequest)": [update(order(identity="ldn"))],
    "(update MedicationRequest, create ServiceRequest)": [
        update(order(("2026-03-02", 1.5), ("2026-03-17", 3), identity="ldn")),  # a day late
        request("72514-3"),
    ],
    "(create MedicationRequest, create MedicationRequest)": [
        create(order(("2026-03-02", 1.5), ("2026-03-16", 3))),
        create(order(("2026-03-31", 4.5))),  # a day late
    ],
}


@pytest.mark.parametrize("words", UNKNOWN)
def test_what_is_no_known_kind_is_said_in_words(words: str) -> None:
    assert kind_of({"actions": UNKNOWN[words]}, DRAFTS) == words


def test_a_wrong_dose_is_not_taken_for_a_titration() -> None:
    wrong = [create(order(("2026-03-02", 1.5), ("2026-03-16", 3))), create(order(("2026-03-30", 6)))]
    assert not kind_of({"actions": wrong}, DRAFTS).startswith("titration")


def test_the_drafts_of_a_call_are_told_apart() -> None:
    def draft(identity: str, text: str) -> dict[str, Any]:
        return {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": identity,
                "status": "draft",
                "medicationCodeableConcept": {"text": text},
            }
        }

    entries = [draft("ldn", "naltrexone 1.5 mg capsule"), draft("oxy", "oxycodone 5 mg"), draft("asa", "aspirin")]
    call = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/x",
            "patientId": "ada",
            "draftOrders": {"resourceType": "Bundle", "entry": entries},
        },
    }
    assert roles(call) == DRAFTS


def test_a_call_that_cannot_be_read_has_no_drafts() -> None:
    assert roles({"hook": "order-sign"}) == {}
