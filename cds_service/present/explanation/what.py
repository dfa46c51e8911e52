"""What a case holds, as data: evidence, drafts, exposures, and the facts that several rules share."""

from typing import Any

from cds_service.definitions.case import Case, is_naltrexone, is_opioid
from cds_service.definitions.exposure import Exposure
from cds_service.definitions.readings import Reading
from cds_service.definitions.usable import dated
from cds_service.record import DraftOrder, Medication, Shortfall


def evidence_said(reference: str, case: Case) -> dict[str, Any]:
    return {"reference": reference, **_of(reference, case)}


def _of(reference: str, case: Case) -> dict[str, Any]:
    """Dates, status and groups of what a reference names; nothing where it is no part of the record."""
    record = case.record
    for medication in record.medications:
        if medication.reference == reference:
            return {"status": medication.status, "dates": _medication_dates(medication), "groups": _drugs(medication)}
    for condition in record.conditions:
        if condition.reference == reference:
            status = f"{condition.clinical} {condition.verification}".strip()
            dates = {"on": dated(condition), "recorded": condition.recorded, "abated": condition.abated}
            return {"status": status, "dates": dates, "groups": sorted(condition.groups)}
    for result in record.observations:
        if result.reference == reference:
            dates = {"taken": result.taken, "value": result.date_value}
            return {"status": result.status, "dates": dates, "groups": [result.group, *sorted(result.answers)]}
    for allergy in record.allergies:
        if allergy.reference == reference:
            status = f"{allergy.clinical} {allergy.verification}".strip()
            return {"status": status, "dates": {"recorded": allergy.recorded}, "groups": sorted(allergy.groups)}
    for procedure in record.procedures:
        if procedure.reference == reference:
            dates = {"first": procedure.first, "last": procedure.last}
            return {"status": procedure.status, "dates": dates, "groups": sorted(procedure.groups)}
    return {}


def _medication_dates(one: Medication) -> dict[str, Any]:
    names = ("starts", "ends", "at", "authored", "asserted", "handed_over", "prepared", "status_changed")
    return {name: getattr(one, name) for name in names}


def _drugs(one: Medication) -> list[str]:
    own = [opioid.ingredient for opioid in one.drug.opioids]
    return own if own or one.drug.naltrexone is None else ["naltrexone"]


def draft_said(order: DraftOrder, case: Case) -> dict[str, Any]:
    said: dict[str, Any] = {"reference": order.reference, "selected": order.selected, "starts": order.starts}
    if is_naltrexone(order):
        found = case.order_class(order)
        dose = found.dose
        return {
            **said,
            "drug": "naltrexone",
            "class": found.name,
            "reasons": sorted(found.reasons),
            "treatment": case.treatment(order),
            "dose": {
                "mgADay": dose.mg,
                "firstMg": dose.first_mg,
                "steps": len(dose.steps),
                "readable": dose.mg is not None,
            },
        }
    if is_opioid(order):
        assert order.drug is not None  # nosec B101  # for mypy: made sure of by the caller
        return {**said, "drug": "opioid", "ingredients": [opioid.ingredient for opioid in order.drug.opioids]}
    return {**said, "drug": "other" if order.names_drug else "not named"}


def exposures_of(case: Case) -> list[tuple[str, Exposure]]:
    own = (case.naltrexone,) if case.naltrexone else ()
    kinds = {"opioid": case.opioids, "naltrexone": own, "anticoagulant": case.anticoagulants}
    return [(kind, exposure) for kind, exposures in kinds.items() for exposure in exposures]


def exposure_said(kind: str, exposure: Exposure) -> dict[str, Any]:
    """One ingredient with each of its records and what was made of it."""
    return {
        "kind": kind,
        "ingredient": exposure.ingredient,
        "name": exposure.name,
        "state": state_of(exposure),
        "since": exposure.since,
        "last": exposure.last,
        "fills": list(exposure.fills),
        **{state: [_reading(reading) for reading in readings] for state, readings in _groups(exposure).items()},
    }


def _groups(exposure: Exposure) -> dict[str, tuple[Reading, ...]]:
    return {
        "current": exposure.current,
        "uncertain": exposure.uncertain,
        "ended": exposure.ended,
        "old": exposure.old,
        "contradicting": exposure.denials,
    }


def state_of(exposure: Exposure) -> str:
    return next((state for state, readings in _groups(exposure).items() if readings), "none")


def _reading(reading: Reading) -> dict[str, Any]:
    return {
        "reference": reading.medication.reference,
        "status": reading.medication.status,
        "interval": reading.washout,
        "since": reading.since,
        "last": reading.last,
        "assumed": reading.assumed,
        "why": reading.why,
    }


def facts_said(case: Case) -> dict[str, Any]:
    """The state of what several rules share: pregnancy, liver, washouts, treatment, surgery, age."""
    pregnancy, liver, course = case.pregnancy, case.liver, case.course
    score = liver.child_pugh
    return {
        "pregnancy": {
            state: [{"kind": one.kind, "reference": one.reference, "on": one.on, "due": one.due} for one in found]
            for state, found in (("positive", pregnancy.positive), ("doubtful", pregnancy.doubtful))
        },
        "liver": {
            "state": liver.state,
            "cirrhosis": list(liver.cirrhosis),
            "since": liver.cirrhosis_on,
            "markers": [{"reference": one.reference, "on": one.on} for one in liver.markers],
            "childPugh": {
                "grade": score.grade if score else "",
                "points": score.points if score else None,
                "evidence": list(score.evidence) if score else [],
            },
            "testsWithoutResult": list(liver.untested),
        },
        "washouts": [
            {
                "ingredient": one.ingredient,
                "interval": one.row,
                "last": one.last,
                "assumed": one.assumed,
                "minimum": one.earliest_minimum,
                "clear": one.earliest_clear,
                "evidence": list(one.evidence),
            }
            for one in case.washouts
        ],
        "course": {"since": course.since, "days": course.days, "evidence": list(course.evidence)} if course else {},
        "surgery": {"on": case.surgery.on, "evidence": list(case.surgery.references)} if case.surgery else {},
        "age": {"oldest": case.age_span[0], "youngest": case.age_span[1]} if case.age_span else {},
        "unansweredLists": sorted(case.unanswered_lists),
    }


def shortfall_said(one: Shortfall) -> dict[str, Any]:
    return {"data": one.data, "cause": one.cause, **({"count": one.count} if one.count else {})}
