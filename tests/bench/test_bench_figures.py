import pytest

from bench.calls import ANSWERS, CRITICAL, OFFERED, UNRELATED
from bench.figures import Spread, exponent, quantile
from bench.processes import ticks_in
from bench.report import goal, misses, table
from bench.runs import CONTROL, Cell, Results, Start


def results(service_ms: float, control_ms: float = 1.0) -> Results:
    cells = {}
    for size in (10, 100, 1000):
        for name, one in ((CONTROL, control_ms), (CRITICAL.name, service_ms)):
            cpu = [one * size, one * size * 2]
            cells[name, size] = Cell(name, size, size * 1300, cpu, [50.0, 60.0], [1.0, 2.0, 3.0])
    return Results(cells, {"service": [Start(0.9, 0.8, 50.0)], "control": []}, {"service": 90.0}, 2, 1.0)


def test_a_quantile_is_the_smallest_value_that_covers_the_share():
    values = [float(one) for one in range(100, 0, -1)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.99) == 99
    assert quantile([7.0], 0.99) == 7


def test_a_spread_keeps_the_median_between_the_extremes():
    assert Spread.of([9.0, 1.0, 2.0]) == Spread(2.0, 1.0, 9.0)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_its_power(power: float):
    assert exponent({size: 3.7 * size**power for size in (10, 30, 100, 3000)}) == pytest.approx(power)


def test_a_fixed_cost_makes_growth_look_slower():
    assert exponent({size: 50 + size for size in (10, 100, 1000)}) < 1


def test_processor_time_is_read_past_a_name_with_brackets_and_spaces():
    stat = "42 (odd) name) S 1 42 42 0 -1 4194560 1 2 3 4 500 60 7000 800 20 0 1 0 99"
    assert ticks_in(stat) == 560
    assert ticks_in(stat, with_buried=True) == 8360


def test_ratios_are_made_within_a_round():
    assert results(2.5).ratios(CRITICAL.name, 100) == Spread(2.5, 2.5, 2.5)


def test_an_answer_within_the_bound_is_no_miss():
    assert misses(results(3.0)) == []


def test_an_answer_above_the_bound_is_named_once_with_its_ratio():
    (said,) = misses(results(3.2))
    assert "critical at 100 resources" in said
    assert "3.20" in said


def test_the_table_sets_every_ratio_beside_its_goal():
    printed = table(results(2.5))
    line = next(line for line in printed.splitlines() if "critical" in line and " 100 " in line)
    assert "2.50 [2.50–2.50]" in line
    assert "3.0✓" in line
    assert "1.5✗" in line


def test_more_is_allowed_where_more_is_written_and_less_where_nothing_is():
    assert goal(OFFERED.name, 100) > goal(CRITICAL.name, 100) > goal(UNRELATED.name, 100)


def test_every_answer_has_a_mark_that_no_other_answer_holds():
    assert len({answer.mark for answer in ANSWERS}) == len(ANSWERS)
