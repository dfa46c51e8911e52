"""What must hold of any bytes that are posted: they are a call, a report, or refused in words of ours, and soon."""

from time import thread_time

import orjson

from cds_service.errors import RefusedRequest
from cds_service.hooks.body import read_json
from cds_service.hooks.feedback import FeedbackEvent, read_feedback
from cds_service.hooks.request import Entry, HookRequest, read_request
from cds_service.hooks.services import offered

HOOKS = tuple(service.hook for service in offered(patient_view=True).values())
MOST_SECONDS = 1.0
_MOST_ENTRIES = 1000


def read(data: bytes) -> list[HookRequest | FeedbackEvent]:
    """What was understood. Raises whatever the reader should not have raised, AssertionError for a wrong answer."""
    started = thread_time()
    understood = list(_understood(data))
    taken = thread_time() - started
    assert taken < MOST_SECONDS, f"{taken:.1f} s"
    for one in understood:
        _check(one)
    return understood


def _understood(data: bytes) -> list[HookRequest | FeedbackEvent]:
    found: list[HookRequest | FeedbackEvent] = []
    try:
        value = read_json(data)
    except RefusedRequest as refused:
        _check_words(refused)
        return []
    assert read_json(orjson.dumps(value)) == value, "what was read reads otherwise when written again"
    if not isinstance(value, dict):
        return []  # refused where the door has read it (`web/reading.py`)
    for hook in HOOKS:
        try:
            found.append(read_request(value, hook, most_entries=_MOST_ENTRIES))
        except RefusedRequest as refused:
            _check_words(refused)
    try:
        good, bad = read_feedback(value, most_entries=_MOST_ENTRIES)
        assert all(one.text and one.path for one in bad)
        found.extend(good)
    except RefusedRequest as refused:
        _check_words(refused)
    return found


def _check_words(refused: RefusedRequest) -> None:
    assert refused.text
    assert refused.code


def _check(one: HookRequest | FeedbackEvent) -> None:
    """Of the kinds that the code behind counts on."""
    if isinstance(one, FeedbackEvent):
        assert one.outcome in ("accepted", "overridden")
        assert one.card
        assert one.at.tzinfo is not None
        assert all(isinstance(word, str) for word in (*one.suggestions, one.reason_code, one.reason_system))
        return
    assert one.patient_id
    assert one.user_id
    words = (one.instance, one.patient_id, one.user_id, one.encounter_id, one.fhir_server, one.token, one.token_patient)
    assert all(isinstance(word, str) for word in (*words, *(one.selections or ())))
    assert all(isinstance(entry, Entry) and isinstance(entry.resource, dict) for entry in one.drafts)
    assert isinstance(one.prefetch, dict)
