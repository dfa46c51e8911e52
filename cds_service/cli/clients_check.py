"""`cds-service clients check`: what a start cannot know of the clients, tried before their first call."""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from rich.text import Text

from cds_service.callers.fetching import Unreachable, fetch_key_set
from cds_service.callers.keys import BadKey, KeySet, read_key_set
from cds_service.callers.registry import ENDPOINTS, Registry, TrustRecord, read_registry
from cds_service.cli.cases import BadInput
from cds_service.cli.terminal import console, plain
from cds_service.hooks.services import offered
from cds_service.running import terms_of
from cds_service.settings import Settings

GOOD, DOUBTFUL, BAD = "good", "doubtful", "bad"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was looked at. `bad` keeps the client from calling, `doubtful` deserves a look."""

    tenant: str
    verdict: str
    text: str


def check_clients(file: str, *, as_json: bool) -> int:
    """0 where every client could call, 1 where one could not. Raises BadClients where the file cannot be used."""
    settings = Settings.read(os.environ)
    name = file or settings.clients_file
    if not name:
        raise BadInput("there is no file of clients: name one, or set CDS_CLIENTS_FILE.")
    registry = read_registry(Path(name), os.environ, terms_of(settings))
    services = tuple(offered(patient_view=settings.patient_view))
    remarks = [
        remark for record in registry.records for remark in _remarks(record, registry, settings.base_url, services)
    ]
    if as_json:
        body = {"clients": [record.tenant for record in registry.records], "remarks": list(map(asdict, remarks))}
        sys.stdout.buffer.write(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    else:
        out = console()
        for remark in remarks:
            out.print(Text(plain(f"{remark.verdict:<9} {remark.tenant}: {remark.text}")), soft_wrap=True)
    return int(any(remark.verdict == BAD for remark in remarks))


def _remarks(record: TrustRecord, registry: Registry, base_url: str, services: tuple[str, ...]) -> Iterator[Remark]:
    said = (*_of_keys(record), *_of_servers(record, registry), *_of_audiences(record, base_url, services))
    for verdict, text in said:
        yield Remark(record.tenant, verdict, text)
    if record.caller.off:
        yield Remark(record.tenant, DOUBTFUL, "mode is off: its calls are refused")


def _of_keys(record: TrustRecord) -> Iterator[tuple[str, str]]:
    try:
        held = record.keys or read_key_set(fetch_key_set(record.jwks_url))
    except (Unreachable, BadKey) as fault:
        yield BAD, f"the key set cannot be had: {fault}"
        return
    for complaint in held.complaints:
        yield DOUBTFUL, f"a key is left out: {complaint}"
    yield from _of_fit(record, held)


def _of_fit(record: TrustRecord, held: KeySet) -> Iterator[tuple[str, str]]:
    fitting = [key for key in held.keys if key.algorithms & record.algorithms]
    if not fitting:
        yield BAD, "no key fits any of its algorithms"
        return
    yield GOOD, f"{len(fitting)} of {len(held.keys)} keys can be used"
    unserved = record.algorithms.difference(*(key.algorithms for key in fitting))
    if unserved:
        yield DOUBTFUL, f"no key for {', '.join(sorted(unserved))}"


def _of_servers(record: TrustRecord, registry: Registry) -> Iterator[tuple[str, str]]:
    bases = record.caller.fhir_bases
    if not bases:
        yield DOUBTFUL, "no FHIR server may be asked: what is not sent along is not checked"
    for base in bases:
        if urlsplit(base).scheme != "https":
            yield DOUBTFUL, "a FHIR server is asked without TLS"
        elif any(base in other.caller.fhir_bases for other in registry.records if other is not record):
            yield DOUBTFUL, "a FHIR server is another client's too"
        else:
            yield GOOD, "a FHIR server over https"


def _of_audiences(record: TrustRecord, base_url: str, services: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    deaf = [one for one in services if not record.audiences_of(f"{ENDPOINTS}/{one}", base_url)]
    if len(deaf) == len(services):
        yield BAD, "none of its audiences is good for an endpoint of this service"
    elif deaf:
        yield DOUBTFUL, f"no audience is good for {', '.join(deaf)}"
    elif record.audiences:
        yield GOOD, "every endpoint has an audience"
    else:
        yield GOOD, f"audiences are below {base_url}"
