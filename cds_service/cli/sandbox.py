"""`cds-service sandbox`: how published test tools are pointed at this service."""

import os
from typing import Any

from rich.text import Text

from cds_service.cli.collection import collection, openapi_of
from cds_service.cli.files import write
from cds_service.cli.json_text import filed
from cds_service.cli.terminal import console, plain, print_json
from cds_service.hooks.services import offered
from cds_service.settings import Settings
from cds_service.web.openapi import ADDRESS

SANDBOX = "https://sandbox.cds-hooks.org"
INFERNO = "https://inferno.healthit.gov/test-kits/davinci-crd/"
_SANDBOX_HOOKS = {"patient-view": "Patient View", "order-select": "Rx View", "order-sign": "Rx Sign"}


def sandbox(base_url: str, collection_file: str, openapi_file: str, *, as_json: bool) -> int:
    """Prints the steps; writes the files that are asked for. Raises BadSetting for an address that is none."""
    settings = Settings.read({**os.environ, **({"CDS_BASE_URL": base_url} if base_url else {})})
    if collection_file:
        write(collection_file, filed(collection(settings)))
    if openapi_file:
        write(openapi_file, filed(openapi_of(settings)))
    tools = guide(settings)
    if as_json:
        print_json({"discovery": f"{settings.base_url}/cds-services", "openapi": settings.base_url + ADDRESS, **tools})
        return 0
    out = console()
    for title, steps in tools.items():
        out.print(Text(title, style="bold"))
        for number, step in enumerate(steps, start=1):
            out.print(Text(plain(f"  {number}. {step}")), soft_wrap=True)
    for file in (collection_file, openapi_file):
        if file:
            out.print(Text(plain(f"written: {file}"), style="green"), soft_wrap=True)
    return 0


def guide(settings: Settings) -> dict[str, Any]:
    """Tool -> its steps, for the service at the base URL of the settings."""
    base, discovery = settings.base_url, f"{settings.base_url}/cds-services"
    services = offered(patient_view=settings.patient_view).values()
    tabs = [f"{_SANDBOX_HOOKS[one.hook]} calls {one.hook}" for one in services if one.hook in _SANDBOX_HOOKS]
    local = base.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
    reach = "It runs in your browser, so an address on this machine will do." if local else ""
    secure = "Its pages are https: a browser lets them call http only on this machine." if base[:5] == "http:" else ""
    return {
        f"CDS Hooks Sandbox ({SANDBOX})": [
            f"Start the service so that {discovery} answers. {reach or secure}".strip(),
            "Open the Sandbox; in the menu behind the gear choose Add CDS Services.",
            f"Enter the discovery URL: {discovery}",
            f"Choose a patient and a drug: {'; '.join(tabs)}.",
            "The panel on the right shows request and answer. `cds-service validate` judges both once saved.",
        ],
        f"Inferno, Da Vinci CRD test kit, server suite ({INFERNO})": [
            "It calls from where it runs: use an address that it can reach, or run the kit on this machine.",
            f"Base URL of the CDS server: {base} (it appends /cds-services).",
            *(f"Service id for {one.hook}: {one.id}" for one in services if one.hook in _SANDBOX_HOOKS),
            "Request bodies are yours to give: take request.json of a case from the fixtures, with its dates moved.",
            "Expected to fail by decision: it wants systemActions at order-sign, and this service acts on nothing.",
        ],
        "Postman or Bruno": [
            "Write the collection: cds-service sandbox --collection ldn-cds.postman_collection.json",
            "Import the file (Bruno: Import Collection, Postman Collection).",
            f"The variable baseUrl is {base}; change it for another address.",
            "Run the whole collection: each request checks its status, each hook call that cards came as a list.",
        ],
        "OpenAPI": [f"The document is served at {base}{ADDRESS}; --openapi FILE writes it."],
    }
