"""What is read once for several readers, or kept while one record is read, says the same as if it were read anew."""

import json
from dataclasses import replace
from datetime import UTC, date, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.content import fixtures_dir
from cds_service.fhir.dates import day_and_moment, last_day, moment
from cds_service.fhir.gather import Gathered, Opened, Shelf, gather
from cds_service.fhir.read.record import read_record
from cds_service.hooks.request import read_request
from cds_service.service import NALTREXONE

DAY = date(2026, 3, 2)
ZONE = timezone(timedelta(hours=-7))
RULES = sorted(folder for folder in fixtures_dir().iterdir() if folder.is_dir())


@given(
    st.one_of(
        st.none(),
        st.text(max_size=30),
        st.dates().map(date.isoformat),
        st.datetimes().map(lambda when: when.isoformat()),
        st.datetimes(timezones=st.sampled_from((UTC, ZONE, timezone(timedelta(hours=5.5))))).map(
            lambda w: w.isoformat()
        ),
    )
)
def test_a_date_that_is_parsed_once_is_the_day_and_the_moment_it_is_when_parsed_twice(written: str | None) -> None:
    try:
        apart = last_day(written, ZONE), moment(written, ZONE)
    except OverflowError:
        with pytest.raises(OverflowError):
            day_and_moment(written, ZONE)
        return
    assert day_and_moment(written, ZONE) == apart


@pytest.mark.parametrize("folder", RULES, ids=lambda folder: folder.name)
def test_a_record_is_read_as_its_resources_are_read_one_by_one(folder: Path) -> None:
    for path in sorted(folder.glob("*/request.json")):
        body = json.loads(path.read_text("utf-8"))
        request = read_request(body, body["hook"])
        opened = Opened(request, None)
        gathered = gather(request, opened, NALTREXONE, None)
        alone = [
            read_record(request, replace(gathered, resources=(resource,), shortfalls=()), DAY, UTC)
            for resource in gathered.resources
        ]
        whole = read_record(request, gathered, DAY, UTC)
        for name in ("medications", "conditions", "observations"):
            assert getattr(whole, name) == tuple(one for record in alone for one in getattr(record, name)), path
        twice = read_record(request, replace(gathered, resources=gathered.resources * 2), DAY, UTC)
        assert twice.observations == whole.observations * 2


def test_the_first_resource_of_a_name_is_found_whenever_it_is_asked_for() -> None:
    first, second, third = ({"resourceType": "Medication", "id": "m", "code": {"text": text}} for text in "abc")
    shelf = Shelf()
    shelf.add("", first)
    assert shelf.find("Medication/m") is first
    shelf.add_all([("https://ehr.example.test/fhir/Medication/m", second), ("urn:uuid:3", third)])
    assert shelf.find("Medication/m") is first
    assert shelf.find("https://ehr.example.test/fhir/Medication/m") is second
    assert shelf.find("urn:uuid:3") is third
    assert shelf.find("") is None
    assert Gathered((), shelf, (), "R4").shelf.find("Medication/other") is None


def test_the_same_words_are_looked_up_as_a_problem_and_as_a_drug_each_for_itself() -> None:
    words = {"text": "oxycodone"}
    problem = {"resourceType": "Condition", "id": "a", "code": words, "subject": {"reference": "Patient/ada"}}
    taken = {
        "resourceType": "MedicationStatement",
        "id": "b",
        "status": "active",
        "medicationCodeableConcept": words,
        "subject": {"reference": "Patient/ada"},
    }
    body = json.loads((RULES[0] / next(iter(sorted(p.name for p in RULES[0].iterdir()))) / "request.json").read_text())
    request = read_request(body, body["hook"])
    for resources in ((problem, taken), (taken, problem)):
        record = read_record(request, Gathered(resources, Shelf(), (), "R4"), DAY, UTC)
        assert [one.drug.name for one in record.medications] == ["oxycodone"]
        assert record.conditions == ()
