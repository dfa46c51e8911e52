"""No caller takes more than its share, and nobody else is told to wait for it (trust T13)."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import time
from typing import Any

import pytest
from fake_service import FakeService
from flask.testing import FlaskClient
from issuing import DROPPED, Ehr, client, written

from cds_service.callers import Caller
from cds_service.errors import TooManyCalls
from cds_service.feedback.store import FeedbackStore
from cds_service.hooks.request import HookRequest
from cds_service.service import Answer
from cds_service.settings import Settings
from cds_service.web.app import create_app
from cds_service.web.sharing import turnstile

BASE = "https://cds.example.com"
SIGN = "/cds-services/ldn-order-sign"
NORTH = Ehr(issuer="https://north.example.com")
SOUTH = Ehr("P-384/south", issuer="https://south.example.com")
Open = Callable[..., FlaskClient]
Build = Callable[..., dict[str, Any]]


@pytest.fixture
def opened(store: FeedbackStore, tmp_path: Path) -> Open:
    """A door where north has these limits and south the usual ones."""

    def build(service: FakeService, **limits: int) -> FlaskClient:
        north = client("north", issuer=NORTH.issuer, jwks_url=DROPPED, keys=[NORTH.published], **limits)
        south = client("south", issuer=SOUTH.issuer, jwks_url=DROPPED, keys=[SOUTH.published])
        settings = Settings(clients_file=str(written(tmp_path, north, south)), replay_store="memory", base_url=BASE)
        return create_app(settings, service, store).test_client()

    return build


def ask(door: FlaskClient, ehr: Ehr, body: Any, path: str = SIGN) -> Any:
    return door.post(path, json=body, headers={"Authorization": ehr.bearer(BASE + path, now=time())})


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happens in one second, however slow the machine is."""
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: 1_800_000_000.25)


@pytest.mark.usefixtures("one_second")
def test_more_calls_in_a_second_than_agreed_on_are_refused_and_said_when_to_come_again(
    opened: Open, service: FakeService, order_sign: Build
) -> None:
    door = opened(service, rate=3)
    answers = [ask(door, NORTH, order_sign()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    refusal = answers[-1]
    assert refusal.headers["Retry-After"] == "1"
    [issue] = refusal.get_json()["issue"]
    assert (issue["code"], issue["details"]["coding"][0]["code"]) == ("throttled", "too-many-calls")
    assert len(service.asked) == 3
    assert ask(door, SOUTH, order_sign()).status_code == 200


@pytest.mark.usefixtures("one_second")
def test_a_call_too_many_is_refused_before_its_body_is_read(opened: Open, service: FakeService) -> None:
    door = opened(service, rate=1)
    assert ask(door, NORTH, "no call at all").status_code == 400
    assert ask(door, NORTH, "no call at all").status_code == 429
    assert ask(door, NORTH, {}, f"{SIGN}/feedback").status_code == 429


def test_a_token_that_came_while_nothing_was_free_may_be_sent_again(
    opened: Open, order_sign: Build, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before it is noted as used: who floods its share does not flood the store of used tokens."""
    clock = [1_800_000_000.25]
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: clock[0])
    monkeypatch.setattr(turnstile, "monotonic", lambda: clock[0])
    door, token = opened(service, rate=1), {"Authorization": NORTH.bearer(BASE + SIGN, now=time())}
    assert [ask(door, NORTH, order_sign()).status_code for _ in range(2)] == [200, 429]
    assert door.post(SIGN, json=order_sign(), headers=token).status_code == 429
    for expected in (200, 401):
        clock[0] += 2.5
        assert door.post(SIGN, json=order_sign(), headers=token).status_code == expected


@pytest.mark.usefixtures("one_second")
def test_a_caller_without_a_good_token_uses_up_nobodys_share(
    opened: Open, service: FakeService, order_sign: Build
) -> None:
    door = opened(service, rate=1)
    for _ in range(3):
        assert ask(door, Ehr("P-384/other", issuer=NORTH.issuer), order_sign()).status_code == 401
    assert ask(door, NORTH, order_sign()).status_code == 200


def test_more_calls_at_a_time_than_agreed_on_are_refused_until_one_is_done(opened: Open, order_sign: Build) -> None:
    class Slow(FakeService):
        inside, go_on = Event(), Event()

        def answer(
            self, request: HookRequest, received: float | None = None, caller: Caller | None = None, *_: Any
        ) -> Answer:
            if caller and caller.tenant == "north" and not self.go_on.is_set():
                self.inside.set()
                assert self.go_on.wait(30)
            return super().answer(request, received, caller)

    service = Slow()
    door = opened(service, concurrency=1)
    first: list[int] = []
    thread = Thread(target=lambda: first.append(ask(door, NORTH, order_sign()).status_code))
    thread.start()
    assert service.inside.wait(30)
    other = door.application.test_client()
    assert ask(other, NORTH, order_sign()).status_code == 429
    assert ask(other, SOUTH, order_sign()).status_code == 200
    service.go_on.set()
    thread.join(30)
    assert first == [200]
    assert ask(other, NORTH, order_sign()).status_code == 200


def test_a_call_that_is_refused_or_breaks_gives_its_place_back(opened: Open, service: FakeService) -> None:
    door = opened(service, concurrency=1)
    assert [ask(door, NORTH, {}).status_code for _ in range(3)] == [400, 400, 400]


def test_refusals_are_given_without_counting_until_a_place_may_be_free(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, caller, clock = turnstile.Turnstile(), Caller(tenant="north", rate=4), [100.0]
    monkeypatch.setattr(turnstile, "monotonic", lambda: clock[0])
    for _ in range(4):
        gate.look(caller)
        with gate.passed(caller):
            pass
    with pytest.raises(TooManyCalls):
        gate.look(caller)
    gate.look(Caller(tenant="south", rate=4))
    clock[0] += 0.25
    gate.look(caller)


def test_calls_come_in_evenly_where_far_too_many_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a second's share at once, which would keep the processor from everybody else until it is done."""
    gate, caller, clock = turnstile.Turnstile(), Caller(tenant="north", rate=50), [1_800_000_000.0]
    monkeypatch.setattr(turnstile, "monotonic", lambda: clock[0])
    monkeypatch.setattr("limits.storage.memory.time.time", lambda: clock[0])
    monkeypatch.setattr("limits.strategies.time.time", lambda: clock[0], raising=False)
    admitted: list[float] = []
    for step in range(5000):
        clock[0] = 1_800_000_000.0 + step / 1000
        try:
            gate.look(caller)
            with gate.passed(caller):
                admitted.append(step / 1000)
        except TooManyCalls:
            continue
    later = [moment for moment in admitted if moment >= 2]
    assert 100 <= len(later) <= 160
    assert (
        max(sum(start <= moment < start + 0.1 for moment in later) for start in (2 + n / 20 for n in range(58))) <= 12
    )


def test_without_a_file_of_clients_there_is_no_limit() -> None:
    gate = turnstile.Turnstile()
    for _ in range(500):
        with gate.passed(Caller()):
            pass


def test_with_one_the_usual_limits_hold(one_second: None) -> None:
    gate = turnstile.Turnstile()
    caller = Caller("north", rate=50, concurrency=8)
    with pytest.raises(TooManyCalls):  # noqa: PT012  the 51st
        for _ in range(51):
            with gate.passed(caller):
                pass


def test_the_last_call_of_a_second_and_each_beyond_it_close_the_line(
    one_second: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    monkeypatch.setattr(turnstile, "full_for", told.append)
    gate, caller = turnstile.Turnstile(), Caller(tenant="north", rate=4)
    for calls in range(1, 7):
        with suppress(TooManyCalls), gate.passed(caller):
            pass
        assert told == [0.25] * max(calls - 3, 0)
