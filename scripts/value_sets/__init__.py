"""The value sets of `cds_service/terminology`: each module here names the files that it makes in `FILES`.

A module of a file (`naltrexone.py`) holds how its lines are made; long tables of words, brands and corrections stand in
modules of their own, without `FILES`. A new module is found by being here.
"""

from collections.abc import Mapping

from value_sets.gathering import gathered
from value_sets.tables import Line, Tables, ValueSet


def value_sets() -> Mapping[str, ValueSet]:
    """File name -> value set, of all modules here."""
    return dict(sorted(gathered(__name__, "FILES").items()))


def build(tables: Tables) -> dict[str, list[Line]]:
    """File name -> its sorted lines. The same tables always give the same lines."""
    return {name: sorted(set(one.lines(tables))) for name, one in value_sets().items()}
