import json
from dataclasses import asdict

from bench.parts import Part, measure_parts


def test_a_small_run_checks_tokens_of_both_kinds_and_counts_cards():
    found = measure_parts(tokens=3, cards=50, turns=2)
    assert [len(one.milliseconds) for one in found] == [3, 3, 2]
    for word, one in zip(("ES384", "RS384", "50 stored cards"), found, strict=True):
        assert word in one.line()
        assert one.middle > 0
        assert json.loads(json.dumps(asdict(one)))["milliseconds"] == one.milliseconds


def test_what_takes_longer_than_its_goal_is_said():
    assert Part("x", 3.0, [9.0, 1.0, 3.0]).misses() == []
    assert Part("x", 3.0, [4.0, 4.0, 1.0]).misses() == ["x takes 4.00 ms, more than 3."]
