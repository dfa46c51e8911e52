"""GET /fhir/PlanDefinition and /fhir/ActivityDefinition of the real service."""

import pytest
from flask.testing import FlaskClient

from cds_service.fhir import write
from cds_service.settings import Settings
from cds_service.web.app import create_app


@pytest.fixture(scope="module")
def real() -> FlaskClient:
    settings = Settings(base_url="https://cds.example.test", database_url="sqlite://")
    return create_app(settings).test_client()


@pytest.mark.parametrize("variant", ["V1", "V2", "V3", "V4"])
def test_a_variant_is_served_as_a_plan_at_a_stable_address(real: FlaskClient, variant: str) -> None:
    answer = real.get(f"/fhir/PlanDefinition/ldn-titration-{variant}")
    assert answer.status_code == 200
    assert answer.content_type == "application/fhir+json"
    plan = answer.get_json(force=True)
    assert plan["url"] == f"https://cds.example.test/fhir/PlanDefinition/ldn-titration-{variant}"
    assert write.validate("R4", plan) == []


def test_what_a_plan_names_can_be_fetched_from_where_it_says(real: FlaskClient) -> None:
    plan = real.get("/fhir/PlanDefinition/ldn-titration-V1").get_json(force=True)
    for action in plan["action"]:
        path = action["definitionCanonical"].removeprefix("https://cds.example.test")
        activity = real.get(path)
        assert activity.status_code == 200
        assert activity.get_json(force=True)["url"] == action["definitionCanonical"]


@pytest.mark.parametrize("kind", ["PlanDefinition", "ActivityDefinition"])
def test_all_of_a_kind_come_as_a_bundle(real: FlaskClient, kind: str) -> None:
    bundle = real.get(f"/fhir/{kind}").get_json(force=True)
    assert bundle["type"] == "searchset"
    assert bundle["total"] == len(bundle["entry"]) > 4
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {kind}


@pytest.mark.parametrize(
    "path", ["PlanDefinition/ldn-titration-V3b", "PlanDefinition/x", "ActivityDefinition/x", "Patient"]
)
def test_what_is_not_there_or_not_switched_on_is_not_found(real: FlaskClient, path: str) -> None:
    answer = real.get(f"/fhir/{path}")
    assert answer.status_code == 404
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"
