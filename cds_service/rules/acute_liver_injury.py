"""Rule 16: acute hepatitis, liver failure, or enzymes above five times their limit (S30; label)."""

from datetime import date

from cds_service.definitions.case import Case
from cds_service.definitions.usable import age_days, dated, in_groups, is_current, is_usable
from cds_service.record import Condition, Finding, Indicator, Proposal


def detect(case: Case) -> Finding | None:
    """Critical; warning where the high AST comes from muscle (near-miss 6)."""
    if not case.naltrexone_judged:
        return None
    problems = _problems(case)
    tests = case.liver_tests
    lab = tests.severe
    if not problems and lab is None:
        return None
    muscle = tests.muscle and not problems
    problem = problems[0] if problems else None
    on = dated(problem) if problem else None
    wording = "muscle" if muscle else "laboratory" if lab else "default"
    return Finding(
        rule="acute-liver-injury",
        indicator=Indicator.WARNING if muscle else Indicator.CRITICAL,
        evidence=tuple(one.reference for one in (lab, tests.bilirubin, *problems) if one is not None),
        wording=wording,
        values={
            "test": lab.name if lab else "",
            "value": f"{lab.value:g}" if lab else "",
            "times": f"{lab.times:.1f}" if lab else "",
            "tested": lab.on.isoformat() if lab else "",
            "assumed": "yes" if lab and lab.limit_assumed else "",
            "preliminary": "yes" if lab and lab.preliminary else "",
            "bilirubin": f"{tests.bilirubin.times:.1f}" if tests.bilirubin else "",
            "problem": problem.concept.words if problem else "",
            "on": on.isoformat() if on else "",
        },
        proposals=(
            Proposal("delete-draft", case.naltrexone_judged, recommended=not muscle),
            Proposal("liver-workup"),
        ),
    )


def _problems(case: Case) -> list[Condition]:
    """Acute disease current and within 180 days; liver failure only where rule 14 does not speak of it already."""
    groups = ["acute-liver-injury", *([] if case.liver.cirrhosis else ["liver-failure"])]
    found = []
    for condition in in_groups(case.record.conditions, *groups):
        if not is_usable(condition) or not is_current(condition, case.today, case.thresholds):
            continue
        age = age_days(dated(condition), case.today)
        if age is None or age <= case.thresholds.liver.acute_days:
            found.append(condition)
    return sorted(found, key=lambda one: dated(one) or date.min, reverse=True)
