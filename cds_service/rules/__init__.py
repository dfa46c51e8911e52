"""One pure function a file, found by file name: `opioid_active.py` is the rule `opioid-active`.

Each module has `detect(case) -> Finding | None`. Rules do not know each other; who hides whom is one table in
`present`. Adding a rule adds a file: there is no list to edit.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from cds_service.definitions.case import Case
from cds_service.record import Finding

Rule = Callable[[Case], Finding | None]


@cache
def rules() -> Mapping[str, Rule]:
    """Rule id -> its function, for every module of this package."""
    return {
        module.name.replace("_", "-"): import_module(f"{__name__}.{module.name}").detect
        for module in iter_modules(__path__)
    }


def detect_all(case: Case) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Every finding, and the ids of rules that broke on this patient.

    A rule that breaks must not silence the others nor itself: its id is returned so that the answer can say which
    check was not done (decision "fail visible").
    """
    findings: list[Finding] = []
    broken: list[str] = []
    for name, detect in rules().items():
        try:
            found = detect(case)
        except Exception:
            broken.append(name)
            continue
        if found is not None:
            findings.append(found)
    return tuple(findings), tuple(broken)
