"""What CDS Hooks demands of an answer, asked of the real service through its door, over a sample of the cases.

The cases are moved to today, since a running service knows no other day. That each says the right thing is tested
elsewhere; here it is judged as a client would that knows nothing but the specification.
"""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from cds_service.cli.cases import case_folders, read_case
from cds_service.cli.moved_dates import moved
from cds_service.content import fixtures_dir
from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import create_app

FOLDERS = case_folders(fixtures_dir())
SAMPLE = FOLDERS[::9]
HOOKS = ("medication-prescribe", "order-select", "order-sign")
IBUPROFEN = {
    "resourceType": "MedicationRequest",
    "id": "unrelated",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}],
        "text": "Ibuprofen",
    },
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder = tmp_path_factory.mktemp("door")
    settings = Settings(
        database_url=f"sqlite:///{folder / 'cards.sqlite'}",
        replay_store=f"sqlite:///{folder / 'tokens.sqlite'}",
        timezone="UTC",
    )
    with closing(FeedbackStore(settings.database_url)) as store:
        yield create_app(settings, store=store).test_client()


def of_today(folder: Any) -> dict[str, Any]:
    case, _ = moved(read_case(folder), datetime.now(UTC).date())
    return copy.deepcopy(dict(case.request))


def post(door: FlaskClient, request: dict[str, Any]) -> Any:
    return door.post(f"/cds-services/ldn-{request['hook']}", json=request)


@pytest.fixture(scope="module")
def exchanges(door: FlaskClient) -> list[tuple[dict[str, Any], Any]]:
    """Each request of the sample and what came back."""
    requests = [of_today(folder) for folder in SAMPLE]
    return [(request, post(door, request)) for request in requests]


def everything(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    yield place, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from everything(part, f"{place}.{name}")


def actions_of(answer: Any) -> Iterator[dict[str, Any]]:
    for card in answer.get_json()["cards"]:
        for suggestion in card.get("suggestions", ()):
            yield from suggestion["actions"]


def orders_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Every resource that the context holds, in whatever holder."""
    return [part for _, part in everything(request["context"]) if isinstance(part, dict) and "resourceType" in part]


def test_the_sample_holds_enough_to_judge(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    assert len(exchanges) > 50
    assert {request["hook"] for request, _ in exchanges} >= {"order-select", "order-sign"}
    kinds = [action["type"] for _, answer in exchanges for action in actions_of(answer)]
    assert min(kinds.count("create"), kinds.count("update"), kinds.count("delete")) >= 3


def test_every_answer_is_utf_8_json(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    for _, answer in exchanges:
        assert (answer.status_code, answer.content_type) == (200, "application/json")
        assert json.loads(answer.data.decode("utf-8")) == answer.get_json()


def test_nothing_is_null_or_empty(exchanges: list[tuple[dict[str, Any], Any]], door: FlaskClient) -> None:
    bodies = [answer.get_json() for _, answer in exchanges] + [door.get("/cds-services").get_json()]
    hollow = {place for body in bodies for place, part in everything(body) if part in (None, "", [], {})}
    hollow |= {
        place for body in bodies for place, part in everything(body) if isinstance(part, str) and not part.strip()
    }
    assert hollow <= {".cards"}


def test_nothing_is_sent_that_needs_an_agreement(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    wanted = {"systemActions", "actionSelectionBehavior", "autolaunchable"}
    sent = {place.rsplit(".", 1)[-1] for _, answer in exchanges for place, _ in everything(answer.get_json())}
    assert "selectionBehavior" in sent
    assert sent & wanted == set()


def test_actions_touch_only_orders_of_the_context(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    touched = 0
    for request, answer in exchanges:
        known = {f"{order['resourceType']}/{order.get('id')}" for order in orders_of(request)}
        for action in actions_of(answer):
            if action["type"] == "delete":
                assert action["resourceId"] in known
                touched += 1
            elif action["type"] == "update":
                assert f"{action['resource']['resourceType']}/{action['resource']['id']}" in known
                touched += 1
    assert touched > 5


def test_what_is_created_is_a_draft_for_this_patient(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    """A message that a person has to send, and a review to book, have no status `draft` in some releases."""
    waiting = {"draft", "proposed", "preparation", "requested"}
    created = [
        (request["context"]["patientId"], action["resource"])
        for request, answer in exchanges
        for action in actions_of(answer)
        if action["type"] == "create"
    ]
    assert {resource["resourceType"] for _, resource in created} >= {"MedicationRequest"}
    for patient, resource in created:
        assert resource["status"] in waiting, resource["resourceType"]
        subject = resource.get("subject") or resource.get("patient")
        assert subject["reference"].removeprefix("Patient/") == patient.rsplit("/", 1)[-1]
        assert "id" not in resource


def test_own_data_stand_under_one_reverse_domain_key(exchanges: list[tuple[dict[str, Any], Any]]) -> None:
    found = [
        part
        for _, answer in exchanges
        for card in answer.get_json()["cards"]
        for place, part in everything(card)
        if place == ".extension"
    ]
    assert found
    assert {name for extension in found for name in extension} == {"org.ldn-cds"}
    assert all(isinstance(extension["org.ldn-cds"], dict) for extension in found)


def test_calls_in_any_order_get_the_same_answers(
    exchanges: list[tuple[dict[str, Any], Any]], door: FlaskClient
) -> None:
    for request, answer in reversed(exchanges[::4]):
        assert post(door, request).data == answer.data


def test_the_type_of_a_bundle_does_not_matter(exchanges: list[tuple[dict[str, Any], Any]], door: FlaskClient) -> None:
    seen = 0
    for request, answer in exchanges[::4]:
        for kind in ("collection", None):
            other = copy.deepcopy(request)
            for _, part in everything(other):
                if isinstance(part, dict) and part.get("resourceType") == "Bundle":
                    part.pop("type", None)
                    part.update({"type": kind} if kind else {})
                    seen += 1
            assert post(door, other).data == answer.data
    assert seen > 50


def test_an_unrelated_draft_beside_it_is_never_touched(
    exchanges: list[tuple[dict[str, Any], Any]], door: FlaskClient
) -> None:
    checked = 0
    for request, answer in exchanges[::4]:
        orders = request["context"].get("draftOrders")
        if not isinstance(orders, dict) or "MedicationRequest" not in {
            one["resourceType"] for one in orders_of(request)
        }:
            continue
        other = copy.deepcopy(request)
        subject = {"reference": f"Patient/{request['context']['patientId']}"}
        other["context"]["draftOrders"]["entry"].insert(0, {"resource": {**IBUPROFEN, "subject": subject}})
        after = post(door, other)
        assert "unrelated" not in json.dumps(list(actions_of(after)))
        assert [card["summary"] for card in after.get_json()["cards"]] == [
            card["summary"] for card in answer.get_json()["cards"]
        ]
        checked += 1
    assert checked > 3


@pytest.mark.parametrize("hook", HOOKS)
def test_an_unrelated_order_gets_200_and_no_cards(door: FlaskClient, hook: str) -> None:
    answer = post(door, bare(hook, IBUPROFEN))
    assert (answer.status_code, answer.get_json()) == (200, {"cards": []})


def bare(hook: str, order: dict[str, Any]) -> dict[str, Any]:
    """A call without any data of the record."""
    return {
        "hook": hook,
        "hookInstance": "8f1b3a52-6f0e-4c39-9d3c-2f7f6f2a1c11",
        "context": {
            "userId": "Practitioner/example",
            "patientId": "synthetic",
            "selections": [f"MedicationRequest/{order['id']}"],
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [{"resource": {**order, "subject": {"reference": "Patient/synthetic"}}}],
            },
        },
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_data_that_cannot_be_had_are_a_card_and_never_silence(door: FlaskClient, hook: str) -> None:
    naltrexone = {**IBUPROFEN, "medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule"}}
    answer = post(door, bare(hook, naltrexone))
    assert answer.status_code == 200
    assert "data-not-checked" in [card["source"]["topic"]["code"] for card in answer.get_json()["cards"]]


def test_each_service_of_discovery_answers_at_its_id(door: FlaskClient) -> None:
    services = door.get("/cds-services").get_json()["services"]
    assert {service["hook"] for service in services} == set(HOOKS)
    for service in services:
        answer = door.post(f"/cds-services/{service['id']}", json=bare(service["hook"], IBUPROFEN))
        assert answer.status_code == 200


def test_discovery_has_no_field_that_older_clients_do_not_know(door: FlaskClient) -> None:
    known = {"hook", "title", "description", "id", "prefetch", "usageRequirements"}
    body = door.get("/cds-services").get_json()
    assert set(body) == {"services"}
    assert {name for service in body["services"] for name in service} <= known


def test_templates_use_only_the_patient_and_the_encounter(door: FlaskClient) -> None:
    templates = [
        one for service in door.get("/cds-services").get_json()["services"] for one in service["prefetch"].values()
    ]
    tokens = {token for template in templates for token in re.findall(r"\{\{(.*?)\}\}", template)}
    assert tokens == {"context.patientId", "context.encounterId"}
    assert [template for template in templates if template.startswith("/") or ":" in template] == []


REFUSALS = {
    "no JSON": ("POST", "/cds-services/ldn-order-sign", b"{", "application/json", 400),
    "no object": ("POST", "/cds-services/ldn-order-sign", b"[]", "application/json", 400),
    "no hook": ("POST", "/cds-services/ldn-order-sign", b"{}", "application/json", 400),
    "another type": ("POST", "/cds-services/ldn-order-sign", b"<a/>", "application/xml", 415),
    "no such service": ("POST", "/cds-services/nothing", b"{}", "application/json", 404),
    "no such place": ("GET", "/nowhere", b"", "application/json", 404),
    "another method": ("GET", "/cds-services/ldn-order-sign", b"", "application/json", 405),
    "a method nobody knows": ("DELETE", "/cds-services", b"", "application/json", 405),
    "too large": ("POST", "/cds-services/ldn-order-sign", b" " * 8_000_001, "application/json", 413),
    "no feedback": ("POST", "/cds-services/ldn-order-sign/feedback", b"{}", "application/json", 400),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_every_refusal_is_an_operation_outcome(door: FlaskClient, refusal: tuple[str, str, bytes, str, int]) -> None:
    method, path, body, kind, status = refusal
    answer = door.open(path, method=method, data=body, content_type=kind)
    assert (answer.status_code, answer.content_type) == (status, "application/json")
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert {issue["severity"] for issue in outcome["issue"]} == {"error"}
    assert all(issue["code"] and issue["details"]["text"] for issue in outcome["issue"])
    assert ("Allow" in answer.headers) == (status == 405)
    assert b"Traceback" not in answer.data
    assert b"<" not in answer.data
