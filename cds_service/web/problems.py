"""Every error as JSON: one table from our own exceptions to HTTP, one handler for those of the web library.

Bodies are FHIR OperationOutcomes (cds-hooks 54, 111). They carry sentences of ours only: no exception message, no stack
trace, nothing that a caller could have put there.
"""

import logging
from collections.abc import Iterable
from typing import Any

import orjson
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from cds_service import errors
from cds_service.web.telemetry.log import fault_facts

ERROR_SYSTEM = "urn:ldn-cds:error"
_log = logging.getLogger(__name__)

_STATUS: dict[type[errors.ServiceError], int] = {
    errors.TooManyEntries: 413,
    errors.RefusedRequest: 400,
    errors.NotAuthenticated: 401,
    errors.NotRegistered: 403,
    errors.TooManyCalls: 429,
    errors.StoreUnavailable: 503,
    errors.ServiceError: 500,
}

# status: (code, FHIR issue type, sentence)
_HTTP: dict[int, tuple[str, str, str]] = {
    400: ("bad-request", "invalid", "The request could not be read."),
    404: ("not-found", "not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "not-supported", "This address does not take this method."),
    408: ("too-slow", "timeout", "The request did not arrive in time."),
    413: ("body-too-large", "too-long", "The body is larger than this service takes."),
    415: (
        "unsupported-media-type",
        "not-supported",
        "The body must be application/json in UTF-8, without Content-Encoding.",
    ),
    417: ("expectation-failed", "not-supported", "The expectation of the request cannot be met."),
    414: ("url-too-long", "too-long", "The address is longer than this service takes."),
    431: ("headers-too-large", "too-long", "The header fields are larger than this service takes."),
    500: ("internal", "exception", "Something went wrong inside the service."),
    503: ("busy", "throttled", "The service is busy. The request may be sent again."),
}


def issue(
    code: str, kind: str, text: str, *, severity: str = "error", expression: str = "", diagnostics: str = ""
) -> dict[str, Any]:
    """One issue of an OperationOutcome; optional parts are left out where they are empty."""
    found: dict[str, Any] = {
        "severity": severity,
        "code": kind,
        "details": {"coding": [{"system": ERROR_SYSTEM, "code": code}], "text": text},
    }
    if diagnostics:
        found["diagnostics"] = diagnostics
    if expression:
        found["expression"] = [expression]
    return found


def outcome(status: int, issues: Iterable[dict[str, Any]]) -> Response:
    """An OperationOutcome as the answer."""
    body = {"resourceType": "OperationOutcome", "issue": list(issues)}
    answer = Response(orjson.dumps(body), status=status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def sentence(status: int) -> str:
    """What is said with a status."""
    return _words(status)[2]


def plain_problem(status: int) -> dict[str, Any]:
    """The issue for a status where nothing more is known."""
    return issue(*_words(status))


def _words(status: int) -> tuple[str, str, str]:
    """Those that only our own errors have take their words from them."""
    own = {401: errors.NotAuthenticated, 403: errors.NotRegistered, 429: errors.TooManyCalls}
    if status in own:
        error = own[status]()
        return error.code, error.issue, error.text
    return _HTTP.get(status) or _HTTP[500 if status >= 500 else 400]


def install(app: Flask) -> None:
    """Make the application answer every error with an OperationOutcome."""
    app.register_error_handler(errors.ServiceError, _from_domain)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(Exception, _from_bug)


def _from_domain(error: errors.ServiceError) -> Response:
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    _log.info("refused", extra={"facts": {"status": status, "code": error.code, "at": error.expression}})
    answer = outcome(
        status,
        [issue(error.code, error.issue, error.text, expression=error.expression, diagnostics=error.diagnostics)],
    )
    if status == 503:
        answer.headers["Retry-After"] = "5"
    if status == 429:
        answer.headers["Retry-After"] = "1"
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        status = 404
    _log.info("refused", extra={"facts": {"status": status, "code": _HTTP.get(status, ("other",))[0]}})
    answer = outcome(status, [plain_problem(status)])
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _from_bug(error: Exception) -> Response:
    _log.error("bug", extra={"facts": {"status": 500, **fault_facts(error)}})
    return outcome(500, [plain_problem(500)])
