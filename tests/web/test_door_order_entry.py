"""The page at `/`: its files, its policy, its patients, and that it may be switched off."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient

from cds_service.callers.reception import Anyone
from cds_service.content.synthetic_patients import patient, patients
from cds_service.feedback.store import FeedbackStore
from cds_service.record import Coding, Concept
from cds_service.running import unnamed_caller
from cds_service.settings import Settings
from cds_service.terminology.drugs import identify
from cds_service.web.app import create_app
from cds_service.web.pages.page_files import FOLDER, POLICY

SCRIPTS = sorted((FOLDER / "scripts").glob("*.js"))
SHEETS = sorted((FOLDER / "styles").glob("*.css"))
INDEX = (FOLDER / "index.html").read_text("utf-8")
CATALOGUE = json.loads((FOLDER / "data" / "catalogue.json").read_text("utf-8"))


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "*/*", None])
def test_the_page_is_served_to_whoever_takes_html(client: FlaskClient, accept: str | None) -> None:
    answer = client.get("/", headers={"Accept": accept} if accept else {})
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Accept" in answer.headers["Vary"]


def test_who_takes_no_html_finds_nothing_as_before(client: FlaskClient) -> None:
    answer = client.get("/", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_a_method_that_the_page_does_not_take_is_refused(client: FlaskClient) -> None:
    assert client.post("/", json={}).status_code == 405


def test_nothing_of_the_page_is_there_when_it_is_switched_off(door: Callable[..., FlaskClient]) -> None:
    client = door(page=False, insights="off")
    for path in ("/", "/page/scripts/main.js", "/patients", "/patients/opioid-active/silent-c01-baseline"):
        assert client.get(path, headers={"Accept": "text/html"}).status_code == 404


def test_the_page_is_not_there_where_callers_are_registered(service: FakeService, store: FeedbackStore) -> None:
    """It has no token to show, and a hospital's service is no place for synthetic patients."""
    settings = Settings(clients_file="clients.toml")
    client = create_app(settings, service, store, Anyone(unnamed_caller(settings))).test_client()
    assert client.get("/health/live").status_code == 200
    for path in ("/", "/patients", "/page/index.html"):
        assert client.get(path, headers={"Accept": "text/html"}).status_code == 404


def named_files() -> Iterator[str]:
    """What index.html and the scripts load, as a browser would find it."""
    yield from re.findall(r'(?:href|src)="(page/[^"]+)"', INDEX)
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        yield from (f"page/scripts/{name}" for name in re.findall(r'from "\./([\w-]+\.js)"', text))
        yield from re.findall(r'readJson\("(page/[^"]+)"\)', text)


def test_every_file_that_is_named_is_served_with_its_type_and_the_policy(client: FlaskClient) -> None:
    kinds = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
    names = sorted(set(named_files()))
    assert len(names) > 20
    for name in names:
        answer = client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert answer.mimetype == kinds[Path(name).suffix]
        assert answer.headers["Content-Security-Policy"] == POLICY
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_has_not_changed_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/page/scripts/main.js")
    again = client.get("/page/scripts/main.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "scripts", "scripts/", "nothing.js", "%00"]
)
def test_a_name_is_looked_up_and_never_a_path(client: FlaskClient, name: str) -> None:
    assert client.get(f"/page/{name}").status_code == 404


def test_the_policy_has_no_hole_and_the_page_needs_none() -> None:
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", INDEX)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_parses_markup_or_text_as_code(script: Path) -> None:
    text = re.sub(r"//.*", "", script.read_text("utf-8"))
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function|srcdoc"
    assert not re.search(forbidden, text)
    assert len(script.read_text("utf-8").splitlines()) < 250


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS, FOLDER / "index.html"], ids=lambda path: path.name)
def test_no_file_names_another_machine(path: Path) -> None:
    places = set(re.findall(r"https?://[\w.-]+", path.read_text("utf-8")))
    assert places <= {"http://www.w3.org", "http://unitsofmeasure.org"}


def test_colours_have_one_place() -> None:
    for sheet in SHEETS:
        if sheet.name != "tokens.css":
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet.read_text("utf-8"))
            assert found == [], f"{sheet.name}: put colours into tokens.css"


def test_the_list_of_patients_holds_the_cases_that_the_page_can_play(client: FlaskClient) -> None:
    listed = client.get("/patients").get_json()["patients"]
    assert len(listed) == len(patients()) > 400
    assert all(set(one) == {"id", "rule", "title", "expects"} for one in listed)
    assert {one["expects"] for one in listed} == {"critical", "warning", "info", "none"}
    assert not any("dstu2" in one["id"] or "stu3" in one["id"] for one in listed)
    assert client.get("/patients").headers["Cache-Control"] == "no-store"


def test_the_patient_that_is_shown_first_is_there() -> None:
    [first] = re.findall(r'const FIRST = "([^"]+)"', (FOLDER / "scripts" / "main.js").read_text("utf-8"))
    assert first in patients()


def test_a_patient_is_moved_to_the_day_of_the_service() -> None:
    found = patient("opioid-active/silent-c01-baseline", date(2030, 1, 2))
    assert found is not None
    assert found["asOf"] == "2030-01-02"
    [entry] = found["context"]["draftOrders"]["entry"]
    assert entry["resource"]["authoredOn"] == "2030-01-02"
    assert found["prefetch"]["labs"]["entry"][0]["resource"]["effectiveDateTime"] == "2029-12-13"
    assert found["prefetch"]["patient"]["birthDate"].startswith("1984-")


def test_a_patient_is_served_with_context_and_prefetch(client: FlaskClient) -> None:
    found = client.get("/patients/opioid-active/silent-c01-baseline").get_json()
    assert found["context"]["patientId"] == "ada-synthetic"
    assert found["asOf"] == found["context"]["draftOrders"]["entry"][0]["resource"]["authoredOn"]


@pytest.mark.parametrize(
    "name", ["opioid-active/nothing", "../cards", "opioid-active/..", "opioid-active/%2e%2e", "a/b/c"]
)
def test_an_unknown_patient_is_not_found(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/patients/{name}")
    assert answer.status_code == 404
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("product", CATALOGUE["products"], ids=lambda product: product["id"])
def test_a_product_that_can_be_ordered_is_what_its_group_says(product: dict[str, Any]) -> None:
    drug = identify(Concept((Coding(**product["coding"]),), product["text"]))
    assert drug is not None
    if product["group"].startswith("Naltrexone"):
        assert drug.naltrexone is not None
        assert not drug.opioids
    else:
        assert drug.opioids
        assert drug.naltrexone is None
    assert product["route"] in CATALOGUE["routes"]
    assert product["unit"] in {one["unit"] for one in CATALOGUE["units"]}
    assert product["frequency"] in {one["id"] for one in CATALOGUE["frequencies"]}
