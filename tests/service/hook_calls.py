"""Hook calls and record servers for tests, in memory: no socket, no clock."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date
from typing import Any

from service.release_spelling import PATIENT, RXNORM, amount, named, order, patient

from cds_service.fhir.gather import Fetch, Fetched, Gathered, Opened, gather
from cds_service.fhir.read.record import read_record
from cds_service.hooks.prefetch import TEMPLATES, fill
from cds_service.hooks.request import HookRequest, read_request
from cds_service.record import PatientRecord

T0 = date(2026, 3, 2)
SAFETY = ("medStatements", "medRequests", "conditions", "pregnancyObs", "labs", "allergies", "patient")
NALTREXONE = named(RXNORM, "7243", "naltrexone 1.5 mg capsule, compounded")
OXYCODONE = named(RXNORM, "7804", "Oxycodone")
CODEINE = named(RXNORM, "2670", "Codeine")
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}


def ldn(release: str = "R4") -> dict[str, Any]:
    dose = (amount(1.5, "mg"), 1, "HS", "1.5 mg at bedtime")
    return order(release, "draft", NALTREXONE, "draft", "2026-03-02", dose=dose)


def call(
    prefetch: Mapping[str, Any] | None = None,
    drafts: Iterable[Mapping[str, Any]] | None = None,
    hook: str = "order-sign",
    instance: str = "5c1f1a3e-6f0c-4c6d-8a39-0d9f5d6f1e11",
    **context: Any,
) -> HookRequest:
    entries = [{"resource": draft} for draft in ([ldn()] if drafts is None else drafts)]
    body = {
        "hook": hook,
        "hookInstance": instance,
        "context": {
            "userId": "Practitioner/own",
            "patientId": PATIENT,
            "encounterId": "visit",
            "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries},
            **context,
        },
    }
    if hook == "order-select":
        body["context"].setdefault("selections", [f"MedicationRequest/{e['resource'].get('id')}" for e in entries])
    if prefetch is not None:
        body["prefetch"] = dict(prefetch)
    return read_request(body, hook)


def complete(**prefetch: Any) -> dict[str, Any]:
    """Every key answered and empty, but for those given; `...` (Ellipsis) leaves a key out."""
    whole = {key: dict(EMPTY) for key in TEMPLATES} | {"patient": patient(), "encounter": None} | prefetch
    return {key: value for key, value in whole.items() if value is not ...}


def server(answers: Mapping[str, Any], request: HookRequest, asked: list[str] | None = None) -> Fetch:
    """A record server that answers b.5 keys (or plain queries) with a body, a Fetched, or empty Bundles."""
    by_query = {fill(TEMPLATES[key], request) if key in TEMPLATES else key: body for key, body in answers.items()}

    def fetch(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        if asked is not None:
            asked.extend(queries)
        found = {query: by_query.get(query, EMPTY) for query in queries}
        return {query: body if isinstance(body, Fetched) else Fetched(body) for query, body in found.items()}

    return fetch


def gathered(request: HookRequest, fetch: Fetch | None = None, wanted: Iterable[str] = SAFETY) -> Gathered:
    return gather(request, Opened(request, fetch), wanted, fetch)


def read(request: HookRequest, fetch: Fetch | None = None, wanted: Iterable[str] = SAFETY) -> PatientRecord:
    return read_record(request, gathered(request, fetch, wanted), T0, UTC)


def lapses(record: PatientRecord | Gathered) -> dict[str, str]:
    """Data class -> why it could not be had."""
    return {lapse.data: lapse.cause for lapse in record.shortfalls}
