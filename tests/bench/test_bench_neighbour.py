import json
from dataclasses import asdict

from bench.neighbour import Neighbours, measure_neighbours


def test_a_small_run_has_a_noisy_tenant_that_is_refused_and_a_quiet_one_that_is_answered():
    found = measure_neighbours(turns=1, seconds=2.0, looks=1, noisy_rate=3)
    assert found.capacity > 0
    assert len(found.calm) == len(found.noise_elsewhere) > 5
    assert len(found.beside_noise) > 5
    assert found.noise["200"] > 0
    assert found.noise["429"] == len(found.refusals) > 0
    assert set(found.noise) <= {"200", "429"}
    assert found.memory[0] > 20
    assert any("refused" in line for line in found.lines())
    assert json.loads(json.dumps(asdict(found)))["capacity"] == found.capacity


def test_what_is_missed_is_said():
    calm = [10.0] * 20
    far = Neighbours(100, calm, calm, [30.0] * 20, {"429": 1}, [1.0], 1.0, [100.0, 150.0])
    assert len(far.misses()) == 2
    near = Neighbours(100, calm, calm, [19.0] * 20, {"429": 1}, [1.0], 1.0, [100.0, 110.0])
    assert near.misses() == []
    assert near.ratio == 1.9
