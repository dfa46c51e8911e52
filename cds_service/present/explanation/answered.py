"""How each list of the record was answered."""

from typing import Any

from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.present.explanation.told import Told
from cds_service.present.explanation.what import shortfall_said


def list_said(key: str, told: Told) -> dict[str, Any]:
    """How one prefetch key was answered; `answered` is prefetch, null, fetched, failed or not-needed."""
    if key not in told.wanted:
        return {"key": key, "answered": "not-needed"}
    mine = [one for one in told.answers if key in one.keys or key in one.refused]
    whole = [one for one in mine if key in one.keys and not one.cause and not one.null]
    null = any(one.null for one in mine)
    lapses = [one for one in told.case.record.shortfalls if one.data == key]
    lost = [one for one in lapses if not one.count]
    causes = [one.refused.get(key) or one.cause for one in mine]
    count = sum(len(one.resources) for one in told.read if key in one.keys)
    if lost:
        answered = "failed"
    elif _was_asked(key, told):
        answered = "fetched"
    elif whole:
        answered = "prefetch"
    else:
        answered = "null" if null else "prefetch"
    return {
        "key": key,
        "answered": answered,
        "cause": lost[0].cause if lost else "",
        "prefetch": "null" if null else next((cause for cause in causes if cause), "whole" if whole else "absent"),
        "resources": count,
        "problems": [shortfall_said(one) for one in lapses if one.count],
    }


def _was_asked(key: str, told: Told) -> bool:
    wanted = fill(TEMPLATES[key], told.request)
    older = {"MedicationRequest?": "MedicationOrder?", "ServiceRequest?": "ProcedureRequest?"}
    spelled = {wanted, *(wanted.replace(new, old) for new, old in older.items())}
    return not spelled.isdisjoint(told.queries)
