"""Over the wire: a draft that does not tell its release is answered in the one that its FHIR server names."""

from dataclasses import replace
from typing import Any

import pytest
from service.hook_calls import EMPTY, NALTREXONE, call, complete

from cds_service.cli.record_server import RecordServer
from cds_service.fhir import write
from cds_service.running import Service
from cds_service.settings import Settings

MUTE = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/ada"},
    "medicationCodeableConcept": NALTREXONE,
    "dosageInstruction": [{"text": "1.5 mg at bedtime"}],
}


def ehr(metadata: dict[str, Any]) -> dict[str, Any]:
    """A record server with an empty record; of requests for services it knows only STU3's kind."""
    return {
        "base": "https://ehr.example.test/fhir",
        "answers": {"metadata": metadata, "ServiceRequest": {"status": 404}},
        "otherwise": {"status": 200, "body": EMPTY},
    }


@pytest.fixture(scope="module")
def service() -> Service:
    return Service(Settings(strict=True))


@pytest.mark.parametrize(("version", "release"), [("3.0.2", "STU3"), ("4.3.0", "R4")])
def test_the_server_names_the_release_of_a_mute_draft(service: Service, version: str, release: str) -> None:
    said = {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": [{"mode": "server"}]}
    with RecordServer() as server:
        base = server.host(ehr({"status": 200, "body": said}))
        request = replace(call(None, [MUTE], "medication-prescribe"), fhir_server=base, token="synthetic")
        answers = [service.answer(request) for _ in range(2)]
    for answer in answers:
        assert (answer.log["release"], answer.log["release_told_by"]) == (release, "metadata")
        lost = [one for one in answer.log["not_checked"] if one.startswith("serviceRequests")]
        assert lost == ([] if release == "STU3" else ["serviceRequests:not-found"])
        written = [
            action["resource"]
            for card in answer.cards
            for suggestion in card.get("suggestions", ())
            for action in suggestion["actions"]
            if "resource" in action
        ]
        assert written
        assert [write.validate(release, resource) for resource in written] == [[]] * len(written)


def test_a_server_that_refuses_metadata_costs_no_check_and_a_card_says_that_r4_is_assumed(service: Service) -> None:
    with RecordServer() as server:
        base = server.host(ehr({"status": 500}))
        request = replace(call(None, [MUTE], "medication-prescribe"), fhir_server=base, token="synthetic")
        answer = service.answer(request)
    assert (answer.log["release"], answer.log["release_told_by"]) == ("R4", "assumed")
    assert {"serviceRequests:release-unknown", "release:assumed"} <= set(answer.log["not_checked"])
    assert not any(one.startswith("med") for one in answer.log["not_checked"])


def test_alone_the_unknown_release_is_a_card_for_information(service: Service) -> None:
    with RecordServer() as server:
        base = server.host(ehr({"status": 500}))
        request = replace(call(complete(), [MUTE]), fhir_server=base, token="synthetic")
        (card,) = [card for card in service.answer(request).cards if card["indicator"] == "info"]
    assert "FHIR release of this EHR is not known" in card["summary"]


def test_no_card_where_the_release_is_told_or_there_was_no_server_to_ask(service: Service) -> None:
    with RecordServer() as server:
        request = replace(call(complete()), fhir_server=server.host(ehr({"status": 500})), token="synthetic")
        told = service.answer(request)
    for answer in (told, service.answer(call(complete(), [MUTE]))):
        assert not any(one.startswith("release") for one in answer.log["not_checked"])
