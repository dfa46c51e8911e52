"""`/insights`: what is stored of cards, feedback and calls, as a page, as JSON and as rows to take away.

One tenant at a time. In development mode that is the unnamed one; with a file of clients the page is there only where a
setting says so, and only for whoever sits at this machine and names the client.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import chain, islice

import orjson
from flask import Blueprint, Response, abort, request

from cds_service.errors import InvalidRequest
from cds_service.feedback.export import COLUMNS, decisions
from cds_service.feedback.insights import Question, insights
from cds_service.feedback.store import FeedbackStore
from cds_service.present.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.web.locality import is_local, is_ours
from cds_service.web.pages.page_files import html_page
from cds_service.web.telemetry.memory import Memory

ADDRESS = "/insights"
_DAYS = 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST_LETTERS = 100


def has_insights(settings: Settings) -> bool:
    """Whether this installation has the page at all."""
    return settings.insights == "local" or (settings.insights == "development" and settings.development)


def insights_blueprint(
    settings: Settings, store: FeedbackStore, memory: Memory, knowledge: Knowledge | None
) -> Blueprint:
    """The page, its data and its exports. Without `knowledge` everything has its id for a name."""
    pages = Blueprint("insights", __name__)
    words = _words(knowledge)
    without = () if settings.page and settings.development else ("./",)

    @pages.before_request
    def guard() -> None:
        if not settings.development and not is_local():
            abort(404)

    @pages.after_request
    def mark(answer: Response) -> Response:
        answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        return answer

    def asked() -> Question:
        if not is_ours(settings.base_url if settings.development else ""):
            abort(404)
        question = _question(request.args, named=not settings.development)
        memory.settle()
        return question

    def page() -> Response:
        return html_page("insights.html", without=without)

    def data() -> Response:
        question = asked()
        body = insights(store, question)
        asks = {"first": question.first.isoformat(), "last": question.last.isoformat()}
        asks |= {"rule": question.rule, "hook": question.hook, "tenant": question.tenant}
        whole = {"asked": asks, "named": not settings.development, **body, "words": words}
        return _unkept(Response(orjson.dumps(whole), content_type="application/json"))

    def as_csv() -> Response:
        return _file(_csv_lines(decisions(store, asked())), "text/csv; charset=utf-8", "csv")

    def as_ndjson() -> Response:
        rows = decisions(store, asked())
        lines = (orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        return _file(lines, "application/x-ndjson", "ndjson")

    for name, view in {"": page, "/data": data, "/decisions.csv": as_csv, "/decisions.ndjson": as_ndjson}.items():
        pages.add_url_rule(f"{ADDRESS}{name}", view.__name__, view, methods=["GET"], strict_slashes=True)
    return pages


def _question(given: Mapping[str, str], *, named: bool) -> Question:
    """Raises InvalidRequest. Without days: the last thirty, this one included, in UTC as the store has them."""
    tenant = given.get("tenant", "")
    if named and not tenant:
        raise InvalidRequest("Say whose data: tenant must be the name of a client.", expression="tenant")
    if tenant and not named:
        raise InvalidRequest("There are no clients in development mode: leave tenant out.", expression="tenant")
    last = _day(given, "last", datetime.now(UTC).date())
    first = _day(given, "first", last - timedelta(days=min(_DAYS - 1, last.toordinal() - 1)))
    if first > last:
        raise InvalidRequest("The first day lies after the last.", expression="first")
    rule, hook = given.get("rule", ""), given.get("hook", "")
    for name, value in {"tenant": tenant, "rule": rule, "hook": hook}.items():
        if len(value) > _MOST_LETTERS or not value.isprintable():
            raise InvalidRequest(f"{name} must be a short name.", expression=name)
    return Question(tenant, first, last, rule, hook)


def _day(given: Mapping[str, str], name: str, otherwise: date) -> date:
    text = given.get(name, "")
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text else otherwise
    except ValueError:
        raise InvalidRequest(f"{name} must be a day such as 2026-03-02.", expression=name) from None


def _words(knowledge: Knowledge | None) -> dict[str, dict[str, str]]:
    """What ids are called, in the words of the cards."""
    if knowledge is None:
        return {"rules": {}, "reasons": {}, "causes": {}}
    tables = knowledge.cards["data-not-checked"].tables
    causes = {**tables["order_causes"], **tables["causes"]}
    return {
        "rules": {rule: card.title for rule, card in knowledge.cards.items()},
        "reasons": dict(knowledge.words["override_reasons"]),
        "causes": {cause: text.replace("{{count}}", "some") for cause, text in causes.items()},
    }


def _csv_lines(rows: Iterator[Mapping[str, str]]) -> Iterator[bytes]:
    """The head comes with the first row, so that a store that is gone is found out before anything is sent."""
    head = dict(zip(COLUMNS, COLUMNS, strict=True))
    yield b"".join(map(_csv_line, [head, *islice(rows, 1)]))
    yield from map(_csv_line, rows)


def _csv_line(row: Mapping[str, str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(_harmless(row[name]) for name in COLUMNS)
    return line.getvalue().encode()


def _harmless(text: str) -> str:
    """Reasons come from clients: none may begin as a formula does, since the file may be opened in a spreadsheet."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(lines: Iterator[bytes], kind: str, ending: str) -> Response:
    """What comes first is made before the answer begins, so that a store that is gone is still an error."""
    first = next(lines, b"")
    answer = Response(chain([first], lines), content_type=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename=decisions.{ending}"
    return _unkept(answer)


def _unkept(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
