"""GET /cds-services: what is offered (cds-hooks B)."""

import orjson
from flask import Blueprint, Response

from cds_service.hooks.services import discovery

DEVELOPMENT_NOTICE = "DEVELOPMENT MODE (no CDS_CLIENTS_FILE set: any caller is answered, for synthetic data only)."


def discovery_blueprint(*, development: bool, patient_view: bool = False) -> Blueprint:
    """The answer never changes while the process lives, so it is written once."""
    pages = Blueprint("discovery", __name__)
    notice = DEVELOPMENT_NOTICE if development else ""
    body = orjson.dumps(discovery(notice=notice, patient_view=patient_view))

    @pages.get("/cds-services")
    def services() -> Response:
        answer = Response(body, content_type="application/json")
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer

    return pages
