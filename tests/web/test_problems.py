"""Every exception of ours has a stable code, a FHIR issue type and a status (cds-hooks 54, 111)."""

from collections.abc import Iterator

import pytest
from flask import Flask

from cds_service import errors
from cds_service.web import problems

# FHIR R4, CodeSystem issue-type
ISSUE_TYPES = """
invalid structure required value invariant security login unknown expired forbidden suppressed processing
not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly
business-rule conflict transient lock-error no-store exception timeout incomplete throttled informational
"""


def kinds(kind: type[errors.ServiceError] = errors.ServiceError) -> Iterator[type[errors.ServiceError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from kinds(narrower)


def answer_to(fault: Exception) -> tuple[int, str, dict[str, object]]:
    app = Flask("x", static_folder=None)
    problems.install(app)

    @app.get("/")
    def fail() -> str:
        raise fault

    answer = app.test_client().get("/")
    return answer.status_code, str(answer.content_type), answer.get_json()


def test_no_two_kinds_share_a_code() -> None:
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))


CONSTANT = {errors.NotAuthenticated: 401, errors.NotRegistered: 403, errors.TooManyCalls: 429}
"""They say the same to everybody."""


@pytest.mark.parametrize("kind", [kind for kind in kinds() if kind not in CONSTANT], ids=lambda kind: kind.code)
def test_every_kind_is_answered_with_its_code_and_a_fhir_issue_type(kind: type[errors.ServiceError]) -> None:
    status, content_type, outcome = answer_to(kind("Something.", expression="context", diagnostics="more"))
    assert status in (400, 413, 500, 503)
    assert content_type == "application/json"
    assert kind.issue in ISSUE_TYPES.split()
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": kind.issue,
                "details": {"coding": [{"system": "urn:ldn-cds:error", "code": kind.code}], "text": "Something."},
                "diagnostics": "more",
                "expression": ["context"],
            }
        ],
    }


@pytest.mark.parametrize(("kind", "status"), CONSTANT.items(), ids=lambda kind: getattr(kind, "code", ""))
def test_a_refusal_of_a_caller_gives_no_reason(kind: type[errors.ServiceError], status: int) -> None:
    assert kind.issue in ISSUE_TYPES.split()
    answered, _, outcome = answer_to(kind())  # type: ignore[call-arg]
    assert answered == status
    [issue] = outcome["issue"]  # type: ignore[misc]
    assert set(issue) == {"severity", "code", "details"}  # type: ignore[has-type]


def test_empty_parts_are_left_out() -> None:
    assert set(problems.issue("code", "invalid", "Text.")) == {"severity", "code", "details"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.MalformedRequest, 400),
        (errors.HookMismatch, 400),
        (errors.InvalidFeedback, 400),
        (errors.TooManyEntries, 413),
        (errors.StoreUnavailable, 503),
        (errors.BadAnswer, 500),
    ],
)
def test_the_status_follows_the_kind(kind: type[errors.ServiceError], status: int) -> None:
    assert answer_to(kind("x"))[0] == status


def test_a_bug_is_answered_without_a_word_of_it() -> None:
    status, content_type, outcome = answer_to(RuntimeError("Mustermann"))
    assert (status, content_type) == (500, "application/json")
    assert "Mustermann" not in str(outcome)


def test_a_bug_is_logged_without_a_word_of_it(caplog: pytest.LogCaptureFixture) -> None:
    answer_to(RuntimeError("Mustermann"))
    assert [record.facts["error"] for record in caplog.records if hasattr(record, "facts")] == ["RuntimeError"]  # type: ignore[attr-defined]
    assert "Mustermann" not in caplog.text


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 418, 429, 500, 502, 599])
def test_every_status_has_an_issue(status: int) -> None:
    assert problems.plain_problem(status)["code"] in ISSUE_TYPES.split()
