"""Wild calls at the real door, in strict mode: no fault of ours, no rule that breaks, no hang, never a false all-clear.

`make test` tries 300 calls of each kind, `make fuzz` 20,000 (CDS_FUZZ_CASES). A call that broke something becomes a
file in `tests/fuzz/crashes` and is tried for ever.
"""

import json
import logging
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import thread_time
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from fuzz.wild_calls import UNCHECKED, WILD_CALLS, changed_cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import create_app

CASES = int(os.environ.get("CDS_FUZZ_CASES", "300"))
CRASHES = sorted((Path(__file__).parent / "crashes").glob("*.json"))
MOST_SECONDS = 1.0
thorough = settings(
    max_examples=CASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    derandomize=CASES <= 300,  # the same calls at every `make test`, others at every `make fuzz`
)
# In a long run a call comes whose text is longer than Hypothesis likes to print
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")


class Faults(logging.Handler):
    """What the door says of faults of its own."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.heard: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        facts = getattr(record, "facts", {})
        if record.getMessage() in ("did-not-run", "bug") or facts.get("broken"):
            self.heard.append(facts)


class Door:
    def __init__(self, client: FlaskClient, faults: Faults) -> None:
        self.client = client
        self.faults = faults

    def ask(self, call: Any, *, hook: str = "") -> tuple[int, dict[str, Any]]:
        """Status and body, when neither took too long nor went wrong inside.

        Time is this thread's own. A call counts as slow that is slow twice: in a long run the collector of garbage
        looks through all that Hypothesis remembers, within some call or other.
        """
        self.faults.heard.clear()
        sent = json.dumps(call).encode()  # which writes numbers beyond 64 bits, as orjson does not
        path = f"/cds-services/ldn-{hook or call['hook']}"
        for attempt in range(2):
            started = thread_time()
            answer = self.client.post(path, data=sent, content_type="application/json")
            if thread_time() - started < MOST_SECONDS:
                break
            assert attempt == 0, "slow twice"
        assert self.faults.heard == []
        assert answer.status_code in (200, 400), answer.status_code
        body: dict[str, Any] = orjson.loads(answer.data)
        assert (body.get("resourceType") == "OperationOutcome") is (answer.status_code == 400)
        return answer.status_code, body


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    path = tmp_path_factory.mktemp("fuzz") / "cards.sqlite"
    faults, log = Faults(), logging.getLogger("cds_service")
    before = log.level
    log.addHandler(faults)
    log.setLevel(logging.INFO)
    with closing(FeedbackStore(f"sqlite:///{path}")) as store:
        app = create_app(Settings(strict=True), store=store)
        yield Door(app.test_client(), faults)
    log.removeHandler(faults)
    log.setLevel(before)


@thorough
@given(call=changed_cases())
def test_a_case_that_is_wrong_in_a_few_places_breaks_nothing(door: Door, call: dict[str, Any]) -> None:
    door.ask(call)


@thorough
@given(call=WILD_CALLS)
def test_fhir_of_any_shape_breaks_nothing(door: Door, call: dict[str, Any]) -> None:
    door.ask(call)


@thorough
@given(call=WILD_CALLS | changed_cases(), why=st.just({"org.ldn-cds": {"explain": True}}))
def test_the_reasons_of_any_answer_can_be_told(door: Door, call: dict[str, Any], why: dict[str, Any]) -> None:
    _, body = door.ask({**call, "extension": why})
    assert "fault" not in body.get("extension", {}).get("org.ldn-cds", {}).get("explain", {})


@thorough
@given(call=UNCHECKED)
def test_a_naltrexone_draft_without_data_is_never_answered_with_nothing(door: Door, call: dict[str, Any]) -> None:
    status, body = door.ask(call)
    assert status == 200
    assert body["cards"]
    said = {finding["rule"] for card in body["cards"] for finding in card["extension"]["org.ldn-cds"]["findings"]}
    assert "data-not-checked" in said


def test_what_once_broke_something_breaks_it_no_more(door: Door) -> None:
    for crash in CRASHES:
        door.ask(orjson.loads(crash.read_bytes()))


def test_most_wild_calls_come_past_the_door_and_many_bring_cards(door: Door) -> None:
    """Where nearly all were refused, the tests above would try the door only.

    The draw changes with every new case and every new Hypothesis: about a quarter brought cards, most came in.
    """
    seen: Counter[str] = Counter()

    @settings(max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    @given(call=changed_cases() | WILD_CALLS)
    def look(call: dict[str, Any]) -> None:
        status, body = door.ask(call)
        seen["cards" if body.get("cards") else str(status)] += 1

    look()
    assert seen["cards"] >= 25, seen
    assert seen["cards"] + seen["200"] >= 100, seen
