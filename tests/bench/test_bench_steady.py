from bench.steady import Steady, measure_steady


def test_a_short_run_calls_steadily_and_looks_at_all_workers():
    found = measure_steady(looks=2, seconds_between=1.5)
    assert found.calls >= 20
    assert found.replaced == 0
    assert len(found.megabytes) == 2
    assert all(megabytes > 30 for megabytes in found.megabytes)
    assert any("last quarter" in line for line in found.lines())


def test_growth_is_of_the_last_quarter_over_the_first():
    assert Steady(60.0, megabytes=[100, 110, 100, 100, 300, 100, 132, 121]).growth == 1.2
