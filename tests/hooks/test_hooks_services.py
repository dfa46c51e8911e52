"""What discovery offers and asks for (cds-hooks B, C; rulebook b.0, b.5)."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest
from cds_service.hooks.schemas import schema
from cds_service.hooks.services import SERVICES, discovery

REQUEST = HookRequest(
    hook="order-sign",
    instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    patient_id="abc",
    user_id="Practitioner/1",
    encounter_id="",
    drafts=(),
    orders_sent=True,
    selections=None,
    prefetch={},
    fhir_server="",
    token="",
)
KEYS = (
    "patient encounter medStatements medRequests medDispenses medAdministrations conditions allergies "
    "pregnancyObs labs toxLabs outcomes procedures serviceRequests appointments"
)


def test_discovery_keeps_to_the_schema() -> None:
    assert schema("discovery").fault(discovery()) is None


def test_each_hook_has_a_service_of_its_own() -> None:
    assert {service.id: service.hook for service in SERVICES.values()} == {
        "ldn-medication-prescribe": "medication-prescribe",
        "ldn-order-select": "order-select",
        "ldn-order-sign": "order-sign",
    }


def test_every_description_says_that_nothing_is_clinically_approved() -> None:
    assert all("Not clinically approved" in entry["description"] for entry in discovery()["services"])


def test_every_entry_says_that_safety_rests_on_order_sign() -> None:
    assert all("order-sign" in entry["usageRequirements"] for entry in discovery()["services"])


def test_a_notice_stands_first_in_every_description() -> None:
    assert all(entry["description"].startswith("NOTE. ") for entry in discovery(notice="NOTE.")["services"])


def test_the_prefetch_keys_are_those_of_the_rulebook() -> None:
    assert " ".join(TEMPLATES) == KEYS


@pytest.mark.parametrize("key", ["pregnancyObs", "labs", "toxLabs", "outcomes"])
def test_observations_are_asked_for_by_distinct_loinc_codes(key: str) -> None:
    codes = TEMPLATES[key].partition("&code=")[2].split(",")
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"\d{1,7}-\d", code) for code in codes)


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("labs", "1742-6"),
        ("labs", "1920-8"),
        ("labs", "1975-2"),
        ("labs", "1751-7"),
        ("labs", "6301-6"),
        ("labs", "24325-3"),
        ("labs", "24323-8"),
        ("labs", "2157-6"),
        ("pregnancyObs", "82810-3"),
        ("pregnancyObs", "2106-3"),
        ("pregnancyObs", "11778-8"),
        ("pregnancyObs", "63895-7"),
        ("outcomes", "72514-3"),
    ],
)
def test_a_well_known_code_is_asked_for(key: str, code: str) -> None:
    assert code in TEMPLATES[key].partition("&code=")[2].split(",")


def test_no_template_makes_a_url_that_a_server_would_cut() -> None:
    assert max(map(len, TEMPLATES.values())) < 3000


def test_a_template_is_filled_with_the_patient() -> None:
    assert fill(TEMPLATES["patient"], REQUEST) == "Patient/abc"
    assert fill(TEMPLATES["conditions"], REQUEST) == "Condition?patient=abc"


def test_a_template_without_its_value_gives_no_url() -> None:
    assert fill(TEMPLATES["encounter"], REQUEST) == ""


def test_an_encounter_is_filled_in_where_there_is_one() -> None:
    assert fill(TEMPLATES["encounter"], replace(REQUEST, encounter_id="e1")) == "Encounter/e1"


@given(st.text(min_size=1, max_size=30))
def test_no_patient_id_can_reach_beyond_its_place_in_the_url(patient_id: str) -> None:
    request = replace(REQUEST, patient_id=patient_id)
    read, search = fill(TEMPLATES["patient"], request), fill(TEMPLATES["labs"], request)
    assert re.fullmatch(r"(Patient/(?!\.{1,2}$)[A-Za-z0-9._~%-]+)?", read)
    assert re.fullmatch(r"(Observation\?patient=[A-Za-z0-9._~%-]+&code=[0-9,-]+)?", search)
