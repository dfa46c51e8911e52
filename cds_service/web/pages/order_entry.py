"""The page at `/`: an order entry that calls this service as any EHR would, and the patients it may choose from.

The page judges nothing. What it shows as judgement comes from `/cds-services`; `/patients` serves synthetic records
only.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import orjson
from flask import Blueprint, Response, abort

from cds_service.content.synthetic_patients import patient, patients
from cds_service.web.pages.page_files import html_page


def order_entry_blueprint(zone: tzinfo, *, without: tuple[str, ...] = ()) -> Blueprint:
    """`zone` says what day it is for the service, since the patients are moved to its today.

    `without` are addresses that the page must not link to, as they are not served.
    """
    pages = Blueprint("order-entry", __name__)

    @pages.get("/")
    def index() -> Response:
        return html_page("index.html", without=without)

    @pages.get("/patients")
    def everyone() -> Response:
        return _json({"patients": list(patients().values())})

    @pages.get("/patients/<rule>/<case>")
    def one(rule: str, case: str) -> Response:
        found = patient(f"{rule}/{case}", datetime.now(zone).date())
        if found is None:
            abort(404)
        return _json(found)

    return pages


def _json(body: Mapping[str, Any]) -> Response:
    answer = Response(orjson.dumps(body), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
