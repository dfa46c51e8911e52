"""/evidence: what stands behind a card, where its link leads. Plain text, so that nothing in it can be active."""

from flask import Blueprint, Response, abort

from cds_service.present.evidence import evidence_index, evidence_of
from cds_service.present.knowledge import Knowledge


def evidence_blueprint(knowledge: Knowledge) -> Blueprint:
    pages = Blueprint("evidence", __name__)

    @pages.get("/evidence")
    def index() -> Response:
        return _plain(evidence_index(knowledge))

    @pages.get("/evidence/<rule>")
    def one(rule: str) -> Response:
        card = knowledge.cards.get(rule)
        if card is None:
            abort(404)
        return _plain(evidence_of(card, knowledge))

    return pages


def _plain(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=utf-8")
