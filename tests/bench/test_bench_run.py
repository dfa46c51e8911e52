import json
from datetime import date
from pathlib import Path

import pytest

from bench import servers
from bench.calls import ANSWERS, CRITICAL, STAND_IN, body
from bench.client import BadAnswers, client
from bench.report import document, table
from bench.runs import CONTROL, QUICK, Plan, close, measure

SMALL = Plan(
    calls={10: 2, 20: 2}, full=frozenset({10}), rounds=2, seconds=0.0, starts=0, workers=1, threads=2, connections=1
)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
@pytest.mark.parametrize("size", [10, 100, 1000])
def test_a_body_holds_as_many_resources_as_it_says_and_each_about_as_long_as_real_ones(answer, size: int):
    call = body(answer, size, date(2026, 3, 2))
    prefetch = json.loads(call)["prefetch"]
    singles = sum(value is not None and value["resourceType"] != "Bundle" for value in prefetch.values())
    listed = [entry["resource"] for value in prefetch.values() if value for entry in value.get("entry", ())]
    assert singles + len(listed) == size
    assert len({(one["resourceType"], one["id"]) for one in listed}) == len(listed)
    assert 1000 < len(call) / size < 1500
    assert call.count(STAND_IN.encode()) == 1


def test_a_small_run_measures_every_answer_against_the_control_and_can_be_written():
    results = measure(SMALL)
    assert set(results.cells) == {
        *((answer.name, 10) for answer in ANSWERS), (CONTROL, 10), (CRITICAL.name, 20), (CONTROL, 20)
    }  # fmt: skip
    for (name, size), cell in results.cells.items():
        assert len(cell.cpu_ms) == results.rounds == 2, (name, size)
        assert all(value > 0 for value in [*cell.cpu_ms, *cell.calls_a_second, *cell.milliseconds])
    assert results.pss_megabytes["service"] > 10
    written = json.loads(json.dumps(document(results), allow_nan=False))
    assert {cell["resources"] for cell in written["cells"]} == {10, 20}
    assert all(answer.name in table(results) for answer in ANSWERS)


def test_a_server_that_answers_something_else_is_not_measured_and_is_stopped(tmp_path: Path):
    call = body(CRITICAL, 10, date(2026, 3, 2))
    path = tmp_path / "call.json"
    path.write_bytes(call)
    with servers.control(1, 1, call) as server, client() as load:
        load.burst(server.port, path, 3, 2, b'"code":"control"')
        with pytest.raises(BadAnswers, match="2 of 2"):
            load.burst(server.port, path, 2, 2, CRITICAL.mark)
    assert server.process.returncode is not None


def test_a_close_run_looks_at_one_size_in_short_turns_and_starts_nothing_anew():
    plan = close(100)
    assert set(plan.calls) == plan.full == {100}
    assert plan.starts == 0
    assert plan.calls[100] * 3 <= QUICK.calls[100] * 2
    assert plan.rounds > QUICK.rounds
