"""Hook calls of wild but JSON-valid shape: a shipped case, changed in a few places, or FHIR of no case at all."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import fixtures_dir

Way = tuple[Any, ...]
INSTANCE = "5e1f8c1e-7a53-4b8a-9f0e-2d6c1a4b7e90"
DRUG = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "7243"}], "text": "naltrexone"}
ELEMENTS = (
    "resourceType", "id", "status", "intent", "subject", "patient", "reference", "identifier", "value", "system",
    "code",
    "coding", "display", "text", "medicationCodeableConcept", "medicationReference", "medication", "concept",
    "dosageInstruction", "dosage", "doseAndRate", "doseQuantity", "doseRange", "low", "high", "unit", "timing",
    "repeat",
    "frequency", "period", "periodUnit", "bounds", "boundsPeriod", "boundsDuration", "start", "end", "authoredOn",
    "effectivePeriod", "effectiveDateTime", "onsetDateTime", "onsetAge", "abatementDateTime", "clinicalStatus",
    "verificationStatus", "category", "valueQuantity", "valueCodeableConcept", "valueString", "component",
    "interpretation",
    "referenceRange", "issued", "birthDate", "gender", "entry", "resource", "fullUrl", "link", "relation", "url",
    "type",
    "total", "contained", "extension", "modifierExtension", "dispenseRequest", "quantity", "expectedSupplyDuration",
    "daysSupply", "whenHandedOver", "reasonCode", "asNeededBoolean", "note", "issue", "severity", "meta", "_status",
)  # fmt: skip
KINDS = (
    "Patient", "Bundle", "MedicationRequest", "MedicationOrder", "MedicationStatement", "MedicationUsage", "Medication",
    "MedicationDispense", "MedicationAdministration", "Condition", "Observation", "AllergyIntolerance", "Procedure",
    "ServiceRequest", "Appointment", "Encounter", "OperationOutcome", "Basic", "",
)  # fmt: skip
WORDS = st.sampled_from((
    "", " ", "active", "completed", "unknown", "entered-in-error", "draft", "order", "final", "Patient/ada", "#it",
    "Patient/", "urn:uuid:1", "http://loinc.org", "http://snomed.info/sct", "http://www.nlm.nih.gov/research/umls/rxnorm",
    "7243", "7804", "naltrexone 4.5 mg", "Naltrexone", "oxycodone", "methadone", "4,5 mg", "1.5mg qhs", "50 mg tablet",
    "mg", "g", "mL", "{tbl}", "[IU]/L", "d", "a", "2026", "2026-02", "2026-02-30", "0000-00-00", "0001-01-01",
    "9999-12-31", "9999-12-31T23:59:60Z", "2026-03-02T00:00:00+14:00", "2026-03-02T24:00:00-99:99",
    "2016-12-31T23:59:60Z",
    "P1D", "1e400", "-0", "0x10", "𝟜.𝟝 mg", "½ tablet", "<b>", "\u202e", "a" * 5000, "1/0 mg", "1-2-3 mg", "(((((((",
    "٤ mg", "10^400 mg", "4.5 mg " * 400,
))  # fmt: skip
NUMBERS = st.sampled_from((0, 1, -1, 4.5, 1e308, 5e-324, 10**15, 2**53 + 1, 2**63, 10**40, -(10**25), 1e-9))
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
ATOMS = st.none() | st.booleans() | NUMBERS | WORDS | TEXT | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(ELEMENTS), inner, max_size=5)
        | st.builds(lambda kind, rest: {**rest, "resourceType": kind}, st.sampled_from(KINDS),
                    st.dictionaries(st.sampled_from(ELEMENTS), inner, max_size=5))
    ),
    max_leaves=15,
)  # fmt: skip
DEEP = st.integers(20, 150).map(lambda depth: _nested(depth))
VALUES = JSON | DEEP


def _nested(depth: int) -> Any:
    value: Any = "x"
    for step in range(depth):
        value = {"entry": value} if step % 2 else [value]
    return value


@cache
def cases() -> tuple[dict[str, Any], ...]:
    return tuple(dict(read_case(folder).request) for folder in case_folders(fixtures_dir()))


def places(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to everything inside a value."""
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*way, step)
        yield from places(inner, (*way, step))


def _at(body: Any, way: Way) -> Any:
    for step in way:
        body = body[step]
    return body


def _replaced(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    parent[way[-1]] = draw(VALUES)


def _removed(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    del parent[way[-1]]


def _listed(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    """In a list, or out of one."""
    value = parent[way[-1]]
    parent[way[-1]] = value[0] if isinstance(value, list) and value else [value]


def _moved(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    """What stands elsewhere in the same call stands here too."""
    other = draw(st.sampled_from(sorted(places(body), key=str)))
    parent[way[-1]] = deepcopy(_at(body, other))


def _renamed(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    if isinstance(parent, dict):
        parent[draw(st.sampled_from(ELEMENTS))] = parent.pop(way[-1])


def _repeated(draw: Callable[..., Any], body: Any, parent: Any, way: Way) -> None:
    if isinstance(parent, list):
        parent.extend(deepcopy(parent[way[-1]]) for _ in range(draw(st.integers(1, 30))))


_CHANGES = (_replaced, _replaced, _removed, _listed, _moved, _renamed, _repeated)


@st.composite
def changed_cases(draw: Callable[..., Any]) -> dict[str, Any]:
    """A shipped case, wrong in one to five places; it stays a call of its hook."""
    body = deepcopy(draw(st.sampled_from(cases())))
    body.update(hook=body["hook"] if body["hook"] != "patient-view" else "order-sign", hookInstance=INSTANCE)
    for _ in range(draw(st.integers(1, 5))):
        inner = [way for way in places(body) if len(way) > 1]
        if not inner:
            break
        way = draw(st.sampled_from(inner))
        draw(st.sampled_from(_CHANGES))(draw, body, _at(body, way[:-1]), way)
    return body


def _bundle(resources: list[Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}


KEYS = (
    "patient", "medStatements", "medRequests", "medDispenses", "medAdministrations", "conditions", "allergies",
    "pregnancyObs", "labs", "toxLabs", "outcomes", "procedures", "serviceRequests", "appointments", "encounter",
    "other",
)  # fmt: skip
RESOURCES = st.builds(
    lambda kind, rest: {"subject": {"reference": "Patient/ada"}, **rest, "resourceType": kind},
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(ELEMENTS), VALUES, max_size=8),
)
PREFETCH = st.dictionaries(
    st.sampled_from(KEYS), VALUES | st.lists(RESOURCES, max_size=4).map(_bundle) | RESOURCES, max_size=len(KEYS)
)


def a_call(hook: str, drafts: Any, prefetch: Any, **more: Any) -> dict[str, Any]:
    context = {"userId": "Practitioner/own", "patientId": "ada", "draftOrders": drafts, **more}
    return {"hook": hook, "hookInstance": INSTANCE, "context": context, "prefetch": prefetch}


WILD_CALLS = st.builds(
    a_call,
    st.sampled_from(("order-sign", "order-select", "medication-prescribe")),
    st.lists(RESOURCES, max_size=3).map(_bundle) | RESOURCES | VALUES,
    PREFETCH,
)


def naltrexone(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest", "id": "ldn", "status": "draft", "intent": "order",
        "subject": {"reference": "Patient/ada"}, "medicationCodeableConcept": DRUG, **more,
    }  # fmt: skip


# What may stand on a draft beside the drug without making it another patient's, or no draft any more
_BESIDE = ("dosageInstruction", "dispenseRequest", "note", "reasonCode", "authoredOn", "category", "extension",
           "quantity", "timing", "text", "meta", "identifier", "contained", "_status")  # fmt: skip
UNCHECKED = st.builds(
    lambda hook, rest, prefetch: a_call(hook, _bundle([{**rest, **naltrexone()}]), prefetch),
    st.sampled_from(("order-sign", "medication-prescribe")),
    st.dictionaries(st.sampled_from(_BESIDE), VALUES, max_size=5),
    st.dictionaries(st.sampled_from(("other", "patient", "encounter", "x")), VALUES, max_size=3),
)
"""A naltrexone draft of any dose, note and reason, without a list of medicines, and nobody to be asked for one."""
