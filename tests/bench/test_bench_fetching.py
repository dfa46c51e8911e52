import json
from datetime import date

from bench.calls import CRITICAL, body
from bench.fetching import measure_fetching
from bench.record_server import answers


def test_the_record_server_answers_the_queries_of_discovery_with_the_lists_of_the_call():
    call = body(CRITICAL, 20, date(2026, 3, 2))
    known = answers(call)
    prefetch = json.loads(call)["prefetch"]
    assert json.loads(known["MedicationStatement?patient=bench-synthetic"]) == prefetch["medStatements"]
    assert json.loads(known["Patient/bench-synthetic"]) == prefetch["patient"]
    assert len(known) == sum(value is not None for value in prefetch.values())


def test_a_small_run_waits_for_the_server_and_tells_how_long():
    (measured,) = measure_fetching(30, calls=3, connections=(1,))
    assert len(measured.milliseconds) == 3
    assert min(measured.milliseconds) >= 30
    assert "p95" in measured.line()
