"""Conditions whose group in the table differs from the rulebook, and those that the table lacks. The rulebook wins.

Each module here holds the `CORRECTIONS` of one matter; a new module is found by being here.
"""

from value_sets.condition_groups import Corrections
from value_sets.gathering import gathered


def condition_corrections() -> Corrections:
    return gathered(__name__, "CORRECTIONS")
