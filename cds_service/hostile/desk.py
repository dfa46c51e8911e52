"""The tester's desk: what the hostile EHR tells about itself, over the same port, without a token.

GET /_faults                     every fault, its sentence and its base
GET /_faults?use=NAME&on=A,B     the same, after switching the fault of /fhir
GET /_request?fault=NAME&on=A,B  a call to post to a service: the case's own, without prefetch, with this server
GET /_arrivals                   who came, and whether they brought a token; ?forget empties it
"""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cds_service.hostile.exchange import Exchange
from cds_service.hostile.fault import HONEST, Place, faults
from cds_service.hostile.records import outcome
from cds_service.hostile.wire import Head

if TYPE_CHECKING:
    from cds_service.hostile.ehr import HostileEhr


def serve_tester(ehr: "HostileEhr", exchange: Exchange, head: Head) -> None:
    pages = {"/_faults": _faults, "/_request": _request, "/_arrivals": _arrivals}
    page = pages.get(head.path)
    if page is None:
        exchange.answer(outcome("error", "not-found", f"Here are {', '.join(pages)}"), status=404)
        return
    try:
        exchange.answer(page(ehr, head), kind="application/json")
    except LookupError as unknown:
        exchange.answer(outcome("error", "invalid", str(unknown)), status=400)


def listing(ehr: "HostileEhr") -> dict[str, Any]:
    """Everything a program wants to know of a running hostile EHR."""
    fault, on = ehr.chosen
    return {
        "base": f"{ehr.address}/fhir",
        "now": {"fault": fault, "on": list(on)},
        "request": f"{ehr.address}/_request",
        "data": ["all", "metadata", *ehr.names],
        "faults": [
            {
                "name": name,
                "sentence": one.sentence,
                "expects": one.expects.name.lower(),
                "address": ehr.key_set(name) if one.place is Place.KEYS else ehr.base(name),
            }
            for name, one in faults().items()
        ],
    }


def call_through(request: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A case's call with everything left to be read from `base`, as a new call with a token of its own."""
    bare = {name: value for name, value in request.items() if name != "prefetch"}
    return {
        **bare,
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": f"synthetic-{uuid.uuid4().hex}",
            "token_type": "Bearer",  # nosec B105  # the kind of a token
            "expires_in": 300,
            "scope": "patient/*.read",
            "subject": "synthetic-service",
        },
    }


def _asked(head: Head) -> tuple[str, list[str]]:
    name = (head.query.get("fault") or head.query.get("use") or [HONEST])[0]
    return name, (head.query.get("on") or ["all"])[0].split(",")


def _faults(ehr: "HostileEhr", head: Head) -> dict[str, Any]:
    if "use" in head.query:
        ehr.use(*_asked(head))
    return listing(ehr)


def _request(ehr: "HostileEhr", head: Head) -> dict[str, Any]:
    chosen = "fault" not in head.query
    return call_through(ehr.request, f"{ehr.address}/fhir" if chosen else ehr.base(*_asked(head)))


def _arrivals(ehr: "HostileEhr", head: Head) -> dict[str, Any]:
    came = [
        {"where": one.where, "what": one.what, "target": one.target, "authorised": one.authorised}
        for one in ehr.arrivals
    ]
    if "forget" in head.query:
        ehr.forget()
    return {"arrivals": came}
