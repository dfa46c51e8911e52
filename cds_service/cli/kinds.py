"""What a suggestion does, read off its actions alone, so that the answers of any CDS service can be judged.

The kinds are those of fhir_fixtures/README.md. Nothing here looks at labels, uuids or how a suggestion was made.
"""

from collections.abc import Hashable, Iterable, Mapping
from datetime import UTC, date
from typing import Any

from cds_service.definitions.case import is_naltrexone, is_opioid
from cds_service.errors import RefusedRequest
from cds_service.fhir.elements import concept, dosages, items, period
from cds_service.fhir.gather import Opened
from cds_service.fhir.medication import medication_concept
from cds_service.fhir.read.orders import ORDER_KINDS, read_drafts
from cds_service.fhir.references import own
from cds_service.hooks.request import read_request
from cds_service.terminology.drugs import identify
from cds_service.terminology.observations import observation_group
from cds_service.titration.content import shipped

NALTREXONE, OPIOID, OTHER = "naltrexone", "opioid", "other order"
_SERVICE_REQUESTS = frozenset({"ServiceRequest", "ProcedureRequest", "DiagnosticOrder"})
_LIVER = frozenset({"ALT", "AST", "bilirubin-total", "albumin", "INR", "panel-hepatic", "panel-CMP"})
_SINGLE_TESTS = {
    "pregnancy-test": frozenset({"hCG-qualitative", "hCG-quantitative"}),
    "esr": frozenset({"ESR"}),
    "pain-score": frozenset({"pain-score"}),
}
_DRUG_SCREEN = "urine-drug-screen-"


def roles(request: Mapping[str, Any]) -> Mapping[str, str]:
    """What each draft of a call is: `MedicationRequest/x` -> NALTREXONE, OPIOID or OTHER."""
    try:
        call = read_request(request, str(request.get("hook")))
    except RefusedRequest:
        return {}
    drafts = read_drafts(call, Opened(call, None).find, UTC).orders
    return {
        order.reference: NALTREXONE if is_naltrexone(order) else OPIOID if is_opioid(order) else OTHER
        for order in drafts
        if order.reference
    }


def ordered(request: Mapping[str, Any]) -> Mapping[str, Hashable]:
    """What each draft of a call orders, by reference, to be compared with an update of it."""
    try:
        call = read_request(request, str(request.get("hook")))
    except RefusedRequest:
        return {}
    return {own(entry.resource): _what(entry.resource) for entry in call.drafts if own(entry.resource)}


def _what(resource: Mapping[str, Any]) -> Hashable:
    """Product, doses and how often, as written; dates are left out."""
    named, _ = medication_concept(resource, lambda reference: None)
    lines = dosages(resource.get("dosageInstruction"), UTC)
    taken = tuple((line.dose, line.dose_high, line.frequency, line.period, line.when, line.as_needed) for line in lines)
    return named, taken


def kind_of(
    suggestion: Mapping[str, Any], drafts: Mapping[str, str], before: Mapping[str, Hashable] | None = None
) -> str:
    """The kind of a suggestion. `drafts` are the roles of the call's drafts; an unknown kind comes back in words.

    `before` is what the drafts ordered: an update that orders something else corrects it, one that only names a start
    moves it.
    """
    actions = list(items(suggestion.get("actions")))
    deleted = {drafts.get(_deleted(action), OTHER) for action in actions if action.get("type") == "delete"}
    updated = [action for action in actions if action.get("type") == "update"]
    created = [_resource(action) for action in actions if action.get("type") == "create"]
    kind = ""
    if deleted:
        kind = _deleting(deleted, created, bool(updated))
    elif updated and not created:
        kind = _updating([_resource(action) for action in updated], before or {})
    elif any(resource.get("resourceType") in ORDER_KINDS for resource in (*map(_resource, updated), *created)):
        kind = _titration([*map(_resource, updated), *created])
    elif created and all(resource.get("resourceType") == "CommunicationRequest" for resource in created):
        kind = "tell-anaesthesia"
    elif created and all(resource.get("resourceType") in _SERVICE_REQUESTS for resource in created):
        kind = _tests(created)
    return kind or _in_words(actions)


def _updating(updated: list[Mapping[str, Any]], before: Mapping[str, Hashable]) -> str:
    if not all(resource.get("resourceType") in ORDER_KINDS for resource in updated):
        return ""
    if any(own(resource) in before and _what(resource) != before[own(resource)] for resource in updated):
        return "correct-draft"
    return "set-start" if all(_starts(resource) for resource in updated) else ""


def _deleting(deleted: set[str], created: list[Mapping[str, Any]], updates: bool) -> str:
    if updates:
        return ""
    if created:
        requests = all(resource.get("resourceType") in _SERVICE_REQUESTS for resource in created)
        return "taper-review" if deleted == {NALTREXONE} and requests and not _tests(created) else ""
    return {NALTREXONE: "delete-draft", OPIOID: "delete-opioid"}.get("".join(deleted), "")


def _deleted(action: Mapping[str, Any]) -> str:
    """CDS Hooks 2.0 names it in `resourceId`; before, the id stood in `resource`."""
    named = action.get("resourceId") or action.get("resource")
    return named if isinstance(named, str) else ""


def _resource(action: Mapping[str, Any]) -> Mapping[str, Any]:
    resource = action.get("resource")
    return resource if isinstance(resource, Mapping) else {}


def _tests(created: Iterable[Mapping[str, Any]]) -> str:
    groups = {observation_group(concept(resource.get("code"))) for resource in created}
    if all(group.startswith(_DRUG_SCREEN) for group in groups):
        return "opioid-screen"
    if groups <= _LIVER:
        return "liver-panel"
    if groups & _LIVER and "" in groups:
        return "liver-workup"  # serology beside the panel has no code that is known here
    return next((kind for kind, asked in _SINGLE_TESTS.items() if groups <= asked), "")


def _titration(resources: Iterable[Mapping[str, Any]]) -> str:
    """The variant whose doses come on the same days, counted from the first dose (rulebook c.1)."""
    lines = [
        line
        for resource in resources
        if resource.get("resourceType") in ORDER_KINDS and _is_naltrexone(resource)
        for line in dosages(resource.get("dosageInstruction"), UTC)
    ]
    doses = sorted((line.starts, line.dose.value) for line in lines if line.starts and line.dose)
    if not doses or len(doses) < len(lines):
        return ""
    first: date = doses[0][0]
    taken = [((starts - first).days + 1, dose) for starts, dose in doses]
    for variant in shipped().variants:
        if taken == [(step.from_day, float(step.dose_mg)) for step in variant.steps]:
            return f"titration-{variant.kind}"
    return ""


def _is_naltrexone(resource: Mapping[str, Any]) -> bool:
    named, _ = medication_concept(resource, lambda reference: None)
    drug = identify(named)
    return drug is not None and drug.naltrexone is not None and not drug.opioids


def _starts(resource: Mapping[str, Any]) -> bool:
    """An order that says when it starts, in its dosing or in what may be dispensed when."""
    dispense = resource.get("dispenseRequest")
    valid = dispense.get("validityPeriod") if isinstance(dispense, Mapping) else None
    starts = [line.starts for line in dosages(resource.get("dosageInstruction"), UTC)]
    return resource.get("resourceType") in ORDER_KINDS and (any(starts) or period(valid, UTC)[0] is not None)


def _in_words(actions: list[Mapping[str, Any]]) -> str:
    parts = []
    for action in actions:
        what = _deleted(action) or str(_resource(action).get("resourceType", "nothing"))
        parts.append(f"{action.get('type')} {what}")
    return f"({', '.join(parts)})" if parts else "(no action)"
