"""Well-formed answers that are not true, not of this patient, or not what was asked for."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import Expects, fault
from cds_service.hostile.records import Resource, encoded, owners_of, searchset

_STRANGER = "another-patient"
_PLENTY = 5000
_NOTHING = {"text": "synthetic filler"}


def _filler(exchange: Exchange, name: str, owner: str = "") -> Resource:
    """A resource of the type that is asked for, entered in error, so that it changes nothing for this patient."""
    error = "entered-in-error"
    coded = {"coding": [{"code": error}]}
    resource: Resource = {"resourceType": exchange.kind, "id": name, "status": error}
    if exchange.kind in ("Condition", "AllergyIntolerance"):
        del resource["status"]
        resource["verificationStatus"] = coded if exchange.records.release not in ("STU3", "DSTU2") else error
    element = "patient" if exchange.kind == "AllergyIntolerance" else "subject"
    resource[element] = {"reference": f"Patient/{owner or exchange.records.patient_id}"}
    resource["medicationCodeableConcept" if exchange.kind.startswith("Medication") else "code"] = _NOTHING
    return resource


def _entry(resource: Resource) -> dict[str, Any]:
    return {"resource": resource, "search": {"mode": "match"}}


def _resources(bundle: Resource) -> Iterator[Resource]:
    yield from (entry["resource"] for entry in bundle["entry"])


@fault(Expects.EMPTY, searches_only=True)
def no_records(exchange: Exchange) -> None:
    """An honest server that holds nothing of what is asked for."""
    exchange.answer({**exchange.bundle(), "total": 0, "entry": []})


@fault(Expects.SAID)
def wrong_patient(exchange: Exchange) -> None:
    """Everything is of another patient."""
    status, body = exchange.honest()
    if not exchange.is_search:
        exchange.answer(_given_away(body), status=status)
        return
    for entry in body["entry"]:
        entry["resource"] = _given_away(entry["resource"])
    body["entry"] = body["entry"] or [_entry(_filler(exchange, "strange", _STRANGER))]
    exchange.answer({**body, "total": len(body["entry"])})


@fault(Expects.SAID, searches_only=True)
def one_of_another_patient(exchange: Exchange) -> None:
    """The list, with one resource of another patient in it."""
    bundle = exchange.bundle()
    bundle["entry"].append(_entry(_filler(exchange, "strange", _STRANGER)))
    exchange.answer({**bundle, "total": len(bundle["entry"])})


def _given_away(resource: Resource) -> Resource:
    if resource["resourceType"] == "Patient":
        return {**resource, "id": _STRANGER}
    mine = set(owners_of(resource))
    given = {**resource}
    for name in ("subject", "patient"):
        if isinstance(given.get(name), dict) and mine:
            given[name] = {"reference": f"Patient/{_STRANGER}"}
    return given


@fault(Expects.SAID, searches_only=True)
def total_too_large(exchange: Exchange) -> None:
    """The total says that there are three more than came, and there is no next link."""
    bundle = exchange.bundle()
    exchange.answer({**bundle, "total": bundle["total"] + 3})


@fault(Expects.SAID, searches_only=True)
def total_without_entries(exchange: Exchange) -> None:
    """The total says that there are some, and none came."""
    bundle = exchange.bundle()
    exchange.answer({**bundle, "total": max(bundle["total"], 1), "entry": []})


@fault(Expects.EITHER, searches_only=True)
def total_too_small(exchange: Exchange) -> None:
    """The total says none, and the entries are there."""
    exchange.answer({**exchange.bundle(), "total": 0})


@fault(Expects.SAID, searches_only=True)
def total_as_text(exchange: Exchange) -> None:
    """The total is a word."""
    exchange.answer({**exchange.bundle(), "total": "several"})


@fault(Expects.WHOLE, searches_only=True)
def everything_twice(exchange: Exchange) -> None:
    """Every entry comes twice, under the same id."""
    bundle = exchange.bundle()
    exchange.answer({**bundle, "total": 2 * bundle["total"], "entry": [*bundle["entry"], *bundle["entry"]]})


@fault(Expects.EITHER, searches_only=True)
def one_id_for_two(exchange: Exchange) -> None:
    """Every entry comes a second time under the same id, as something else that was entered in error."""
    bundle = exchange.bundle()
    others = [_entry(_filler(exchange, one["id"])) for one in _resources(bundle)]
    entries = [*bundle["entry"], *others]
    exchange.answer({**bundle, "total": len(entries), "entry": entries})


@fault(Expects.EITHER, searches_only=True)
def five_thousand_entries(exchange: Exchange) -> None:
    """The list, behind five thousand entries that were entered in error."""
    bundle = exchange.bundle()
    body = json.dumps({**bundle, "total": bundle["total"] + _PLENTY}).encode()
    one = json.dumps(_entry(_filler(exchange, "filler-0"))).encode()
    filler = b", ".join(one.replace(b"filler-0", b"filler-%d" % number) for number in range(_PLENTY))
    start, entries = body.split(b'"entry": [', 1)
    exchange.answer(start + b'"entry": [' + filler + (b"" if entries.startswith(b"]") else b", ") + entries)


@fault(Expects.SAID, searches_only=True)
def ignored_patient(exchange: Exchange) -> None:
    """The patient in the search is ignored: resources of everybody, and a self link that says so."""
    kind, asked = exchange.kind, parse_qs(urlsplit(exchange.query).query)
    left = {name: values for name, values in asked.items() if name not in ("patient", "subject")}
    found = [*exchange.records.search(kind, left), _filler(exchange, "strange", _STRANGER)]
    exchange.answer(searchset(exchange.base, found, len(found), {"self": f"{exchange.base}/{kind}?{encoded(left)}"}))


@fault(Expects.EITHER, searches_only=True)
def ignored_code(exchange: Exchange) -> None:
    """The codes in the search are ignored: everything of the type, and a self link that says so."""
    kind, asked = exchange.kind, parse_qs(urlsplit(exchange.query).query)
    left = {name: values for name, values in asked.items() if name != "code"}
    found = exchange.records.search(kind, left)
    exchange.answer(searchset(exchange.base, found, len(found), {"self": f"{exchange.base}/{kind}?{encoded(left)}"}))


@fault(Expects.EITHER, searches_only=True)
def codes_cut_short(exchange: Exchange) -> None:
    """Of several codes in a search only the first is looked for; the self link says so."""
    kind, asked = exchange.kind, parse_qs(urlsplit(exchange.query).query)
    left = {name: [value.split(",")[0] for value in values] for name, values in asked.items()}
    exchange.answer(exchange.records.page(exchange.base, kind, left, exchange.records.search(kind, left)))


@fault(Expects.SAID, searches_only=True)
def another_search_answered(exchange: Exchange) -> None:
    """Nothing comes, and the self link says that another search was answered than the one that was asked."""
    kind = exchange.kind
    exchange.answer(searchset(exchange.base, [], 0, {"self": f"{exchange.base}/{kind}?status=never"}))


@fault(Expects.SAID, searches_only=True)
def another_patient_searched(exchange: Exchange) -> None:
    """Nothing comes, and the self link says that another patient was searched for."""
    asked = f"{exchange.base}/{exchange.query}".replace(f"={exchange.records.patient_id}", f"={_STRANGER}")
    exchange.answer(searchset(exchange.base, [], 0, {"self": asked}))


@fault(Expects.SAID, searches_only=True)
def search_narrowed(exchange: Exchange) -> None:
    """Nothing comes, and the self link says that only some statuses were searched for."""
    exchange.answer(searchset(exchange.base, [], 0, {"self": f"{exchange.url}&status=draft,unknown"}))


@fault(Expects.SAID, searches_only=True)
def null_among_the_entries(exchange: Exchange) -> None:
    """One entry is null."""
    bundle = exchange.bundle()
    exchange.answer({**bundle, "entry": [*bundle["entry"], None]})


@fault(Expects.SAID, searches_only=True)
def entries_as_an_object(exchange: Exchange) -> None:
    """The entries are an object and no list."""
    bundle = exchange.bundle()
    exchange.answer({**bundle, "entry": {str(number): entry for number, entry in enumerate(bundle["entry"])}})


@fault(Expects.SAID, searches_only=True)
def untyped_among_the_entries(exchange: Exchange) -> None:
    """One entry is a resource without a type."""
    bundle = exchange.bundle()
    bundle["entry"].append(_entry({"id": "untyped", "status": "active"}))
    exchange.answer({**bundle, "total": len(bundle["entry"])})
