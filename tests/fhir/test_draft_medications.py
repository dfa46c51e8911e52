"""What a draft is of when it names its drug by reference: where it is looked for, and when a server is asked at all."""

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest
from service.hook_calls import NALTREXONE, OXYCODONE, T0, call, complete, ldn, server
from service.release_spelling import RXNORM, bundle, named, statement

from cds_service.content import cards_dir
from cds_service.fhir.fetch import Fetched
from cds_service.hooks.request import HookRequest
from cds_service.present.knowledge import read_knowledge
from cds_service.service import Answer, Place, respond
from cds_service.terminology.unspecific import may_name_a_drug

EHR = "https://ehr.example/r4"
AMOXICILLIN = named(RXNORM, "723", "amoxicillin 500 mg capsule")


def draft(target: str, display: str = "", **more: Any) -> dict[str, Any]:
    order = {name: value for name, value in ldn().items() if name != "medicationCodeableConcept"}
    return order | {"medicationReference": {"reference": target} | ({"display": display} if display else {})} | more


def medication(name: str, code: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, "code": code}


def answer(request: HookRequest, answers: dict[str, Any] | None = None) -> tuple[Answer, list[str]]:
    """The answer, and what the server at EHR was asked for."""
    asked: list[str] = []
    request = replace(request, fhir_server=EHR, token="synthetic")
    fetch = server(answers or {}, request, asked)
    return respond(request, fetch, T0, read_knowledge(cards_dir()), Place("https://cds.example.test", UTC)), asked


def rules(said: Answer) -> set[str]:
    return {finding.rule for finding in said.findings}


# An order that concerns nobody here


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "medication-prescribe"])
@pytest.mark.parametrize(
    ("order", "beside"),
    [
        (draft("Medication/m", "amoxicillin 500 mg capsule"), {}),
        (draft("#m", contained=[medication("m", AMOXICILLIN)]), {}),
        (draft("Medication/m"), {"item1": bundle(medication("m", AMOXICILLIN))}),
        (draft("https://elsewhere.example/fhir/Medication/m", "amoxicillin 500 mg capsule"), {}),
    ],
    ids=["words", "contained", "prefetch", "words-and-another-server"],
)
def test_an_unrelated_order_that_is_named_in_the_call_asks_no_server(
    hook: str, order: dict[str, Any], beside: dict[str, Any]
) -> None:
    said, asked = answer(call(beside, [order], hook))
    assert (said.cards, asked) == ([], [])


def test_an_order_named_by_reference_alone_costs_one_read_and_nothing_more_where_it_is_unrelated() -> None:
    said, asked = answer(call({}, [draft("Medication/m")]), {"Medication/m": medication("m", AMOXICILLIN)})
    assert (said.cards, asked) == ([], ["Medication/m"])


@pytest.mark.parametrize("display", ["", "Compounded capsule 4.5 mg", "Medication", "naltrexone 4.5 mg", "MISC RX"])
@pytest.mark.parametrize("target", ["Medication/m", f"{EHR}/Medication/m", f"{EHR}/Medication/m/_history/3"])
def test_a_naltrexone_order_behind_a_reference_is_found_and_its_record_is_asked_for(target: str, display: str) -> None:
    taken = statement("R4", "oxy", OXYCODONE, start="2025-08-14")
    record = {"Medication/m": medication("m", NALTREXONE), "medStatements": bundle(taken)}
    said, asked = answer(call({}, [draft(target, display)]), record)
    assert asked[0] == "Medication/m"
    assert "opioid-active" in rules(said)


def test_where_the_one_read_fails_a_card_says_so_and_nothing_else_is_asked() -> None:
    said, asked = answer(call({}, [draft("Medication/m")]), {"Medication/m": Fetched(cause="timeout")})
    assert asked == ["Medication/m"]
    assert rules(said) == {"data-not-checked"}


@pytest.mark.parametrize(
    ("display", "names"),
    [
        ("lisinopril", True),
        ("Compounded minoxidil 2.5 mg capsule", True),
        ("COMPOUND (NON-FORMULARY)", False),
        ("medication, see note", False),
        ("1.5 mg capsule", False),
        ("", False),
    ],
)
def test_words_that_stand_on_orders_of_any_drug_name_none(display: str, names: bool) -> None:
    assert may_name_a_drug(display) == names


# A reference that leads elsewhere


FOREIGN = (
    "https://other.example/r4/Medication/m",
    "https://ehr.example/Medication/m",
    "https://ehr.example/r4/clinic/Medication/m",
    "https://ehr.example:8443/r4/Medication/m",
    "http://ehr.example/r4/Medication/m",
    "https://ehr.example.evil/r4/Medication/m",
    "https://ehr.example@evil.example/r4/Medication/m",
    "//other.example/r4/Medication/m",
    "ftp://ehr.example/r4/Medication/m",
)


@pytest.mark.parametrize("target", FOREIGN)
def test_a_medication_of_another_server_is_not_looked_for_under_its_id_here_and_the_card_says_so(target: str) -> None:
    """Neither on the server nor beside the draft: there the id may be another drug's."""
    beside = {"item1": bundle(medication("m", AMOXICILLIN))}
    said, asked = answer(call(beside, [draft(target)]), {"Medication/m": medication("m", AMOXICILLIN)})
    assert asked == []
    assert rules(said) == {"data-not-checked"}
    assert "could not be looked up" in said.cards[0]["summary"]


@pytest.mark.parametrize("target", FOREIGN)
def test_a_record_that_names_its_drug_on_another_server_is_counted_as_unresolved(target: str) -> None:
    taken = {
        "resourceType": "MedicationStatement",
        "id": "taken",
        "status": "active",
        "subject": {"reference": "Patient/ada"},
        "medicationReference": {"reference": target},
    }
    said, asked = answer(
        call(complete(medStatements=bundle(taken)), [ldn()]), {"Medication/m": medication("m", AMOXICILLIN)}
    )
    assert "Medication/m" not in asked
    assert "medStatements:unresolved-medication" in said.log["not_checked"]


def test_a_medication_of_another_server_that_came_along_is_found_by_its_address() -> None:
    url = "https://other.example/r4/Medication/m"
    came = {"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": medication("m", OXYCODONE)}]}
    said, asked = answer(call(complete(item1=came), [draft(url)]))
    assert "Medication/m" not in asked
    assert said.log["not_checked"] == []


def test_a_server_that_answers_with_another_medication_than_asked_for_is_not_believed() -> None:
    said, _ = answer(call({}, [draft("Medication/m")]), {"Medication/m": medication("other", AMOXICILLIN)})
    assert rules(said) == {"data-not-checked"}
