"""Against a FHIR server that this project did not write: without prefetch the answer is the one with all of it.

Every R4 case with prefetch is loaded into the server as a record. The same call is then answered twice, once from its
prefetch and once with nothing but the server and a token.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import count
from typing import Any

import pytest
from running import RealServer, running

from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.moved_dates import moved
from cds_service.content import fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.hostile.desk import call_through
from cds_service.hostile.records import Records
from cds_service.running import Service
from cds_service.service import Answer
from cds_service.settings import Settings

IN_WORDS_ONLY = {
    "baseline-lft-missing/silent-alt-inside-a-panel": "a panel named in words, whose parts alone have codes",
    "cirrhosis-decompensated/fires-child-pugh-c-recorded": "a Child-Pugh class without a code",
    "opioid-tox-positive/fires-positive-inside-a-panel": "the same",
    "opioid-withdrawal/silent-later-passed-challenge": "a naloxone challenge without a code",
}
"""Cases with a result that no search for codes can find: the prefetch has it, the server is not asked for it."""
TRIES = 3


def _suitable(case: Case) -> bool:
    """R4, since the server is; and the record came as prefetch, so that there is something to compare with."""
    request = case.request
    return (
        case.expected["release"] == "R4"
        and case.server is None
        and bool(request.get("prefetch"))
        and "fhirServer" not in request
        and request["hook"] != "patient-view"
    )


CASES = {case.name: case for case in map(read_case, case_folders(fixtures_dir())) if _suitable(case)}
_numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    with running() as started:
        yield started


@cache
def service() -> Service:
    return Service.from_settings(Settings(deadline_seconds=4.5))


def answered(body: Mapping[str, Any]) -> Answer:
    """A busy machine may be late; one that is late each time is not busy."""
    request = read_request(dict(body), str(body["hook"]))
    for _ in range(TRIES):
        answer = service().answer(request)
        if not any(word.endswith(":timeout") for word in answer.log.get("not_checked", ())):
            break
    return answer


def both(server: RealServer, case: Case) -> tuple[Answer, Answer]:
    """(from the server alone, from prefetch alone)"""
    today, _ = moved(case, date.today())
    base = server.take_in(str(next(_numbers)), Records.of_case(today.request).resources())
    bare = call_through(today.request, base)
    return answered({**bare, "hookInstance": today.request["hookInstance"]}), answered(today.request)


def test_there_is_much_to_compare() -> None:
    assert len(CASES) > 400
    assert set(IN_WORDS_ONLY) <= set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_without_prefetch_the_answer_is_the_same(server: RealServer, name: str) -> None:
    """Where prefetch was not the whole record, the server has the rest; no more is left unchecked than before."""
    from_server, from_prefetch = both(server, CASES[name])
    missing, lacked = (set(answer.log.get("not_checked", ())) for answer in (from_server, from_prefetch))
    if name in IN_WORDS_ONLY:
        assert from_server.cards != from_prefetch.cards, "this case can leave the list"
    elif lacked:
        assert missing <= lacked | {"encounter:not-found"}
    else:
        assert from_server.cards == from_prefetch.cards


def test_the_server_is_a_server_and_no_echo(server: RealServer) -> None:
    """It finds by patient and by any of several codes, and has never heard of what it was not given."""
    coded = [
        {
            "resourceType": "Observation",
            "id": name,
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": f"Patient/{patient}"},
        }
        for name, code, patient in (("alt", "1742-6", "ada"), ("ast", "1920-8", "ada"), ("hers", "1742-6", "eve"))
    ]
    base = server.take_in("echo", [{"resourceType": "Patient", "id": "ada"}, *coded])

    def found(query: str) -> list[str]:
        return [entry["resource"]["id"] for entry in server.get(f"{base}/{query}").json().get("entry", [])]

    assert found("Observation?patient=ada") == ["alt", "ast"]
    assert found("Observation?patient=ada&code=1742-6,9-9") == ["alt"]
    assert found("Observation?patient=eve&code=1742-6") == ["hers"]
    assert found("Condition?patient=ada") == []
    assert server.get(f"{base}/Patient/ada").json()["id"] == "ada"
    assert server.get(f"{base}/Patient/eve").status_code == 404
