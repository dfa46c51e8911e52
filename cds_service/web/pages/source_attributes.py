"""/source-attributes: what stands behind a card, where its link leads; JSON or HTML, as the caller accepts.

The content never changes while the process lives, so each page is written once. `/evidence`, to which cards issued
earlier lead, moves on to the same pages.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, abort, request

from cds_service.present.attributes import PATH, of_rule, of_service
from cds_service.present.knowledge import Knowledge
from cds_service.web.pages.page import POLICY, rule_page, service_page

JSON, HTML = "application/json", "text/html"


def source_attributes_blueprint(knowledge: Knowledge) -> Blueprint:
    pages = Blueprint("source-attributes", __name__)
    words = knowledge.attributes["page"]
    whole = of_service(knowledge)
    index = (orjson.dumps(whole), service_page(whole, words).encode())
    rules = {
        rule: (orjson.dumps(said), rule_page(said, words).encode())
        for rule, said in ((card.rule, of_rule(card, knowledge)) for card in knowledge.cards.values())
    }

    @pages.get(PATH)
    def service() -> Response:
        return _answer(index)

    @pages.get(f"{PATH}/<rule>")
    def one(rule: str) -> Response:
        return _answer(_found(rule, rules))

    @pages.get("/evidence")
    def moved() -> Response:
        return _moved(PATH.lstrip("/"))

    @pages.get("/evidence/<rule>")
    def moved_rule(rule: str) -> Response:
        _found(rule, rules)
        return _moved(f"..{PATH}/{rule}")

    return pages


def _found(rule: str, rules: Mapping[str, Any]) -> Any:
    if rule not in rules:
        abort(404)
    return rules[rule]


def _answer(written: tuple[bytes, bytes]) -> Response:
    """HTML for whoever prefers it, such as a browser; JSON for everybody else."""
    as_html = request.accept_mimetypes.best_match([JSON, HTML], default=JSON) == HTML
    answer = Response(written[as_html], content_type=f"{HTML}; charset=utf-8" if as_html else JSON)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.vary.add("Accept")
    return answer


def _moved(place: str) -> Response:
    """A relative place, so that it holds behind any proxy; the rule in it is one of ours, never the caller's words."""
    answer = Response(status=308)
    answer.autocorrect_location_header = False
    answer.headers["Location"] = place
    answer.headers["Cache-Control"] = "public, max-age=300"
    answer.headers.pop("Content-Type", None)
    return answer
