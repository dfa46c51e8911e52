"""How long a running service waits for a FHIR server, and what the answer says then."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from service.hook_calls import EMPTY, call, complete, ldn

from cds_service.callers import Caller
from cds_service.fhir.client import FhirClient
from cds_service.hooks.request import HookRequest
from cds_service.hostile.ehr import HostileEhr
from cds_service.hostile.records import Records
from cds_service.outbound import AllowedBases
from cds_service.running import Service
from cds_service.settings import Settings

TOKEN = "sesame-7f3a"


@pytest.fixture(scope="module")
def service() -> Service:
    return Service(Settings())


def asking(request: HookRequest, base: str) -> HookRequest:
    return replace(request, fhir_server=base, token=TOKEN)


@pytest.mark.parametrize(("budget", "reading"), [(2.0, 1.9), (0.5, 0.4), (0.2, 0.15), (4.5, 4.4), (30.0, 4.4)])
def test_of_the_budget_some_is_kept_for_the_cards_and_none_is_above_the_limit(
    service: Service, monkeypatch: pytest.MonkeyPatch, budget: float, reading: float
) -> None:
    deadlines: list[float] = []

    def reader(self: FhirClient, base: str, token: str, deadline: float, allowed: AllowedBases) -> None:
        deadlines.append(deadline)

    monkeypatch.setattr(FhirClient, "reader", reader)
    service.answer(call(complete()), 1000.0, Caller(budget_seconds=budget))
    assert deadlines == [pytest.approx(1000.0 + reading)]


class Server:
    """Counts connections, and sends a byte now and then to each, for as long as anybody listens."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}/fhir"
        self.connections = 0
        self.over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._trickle, args=(wire,), daemon=True).start()

    def _trickle(self, wire: socket.socket) -> None:
        with wire:
            for one in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 1000:
                try:
                    wire.sendall(bytes([one]))
                except OSError:
                    return
                if self.over.wait(0.02):
                    return

    def close(self) -> None:
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    yield started
    started.close()


def test_a_trickling_server_costs_the_budget_and_the_card_says_so(service: Service, server: Server) -> None:
    began = time.monotonic()
    answer = service.answer(asking(call(), server.base), None, Caller(budget_seconds=0.5))
    taken = time.monotonic() - began
    assert 0.35 < taken < 5.0  # the server would take minutes; tests/hostile holds the budget more closely
    (card,) = answer.cards
    assert "timeout" in card["summary"] + card["detail"]
    assert "check NOT done" in card["summary"]
    assert TOKEN not in json.dumps(answer.cards) + repr(answer)


def test_no_reading_thread_is_left_behind_by_a_trickling_server(service: Service, server: Server) -> None:
    service.answer(asking(call(), server.base), None, Caller(budget_seconds=0.3))
    lanes = service._client._lanes
    patience = time.monotonic() + 20
    while time.monotonic() < patience and any(lane._value < lanes._width for lane in lanes._lanes.values()):
        time.sleep(0.01)
    assert {lane._value for lane in lanes._lanes.values()} == {lanes._width}


@pytest.mark.parametrize("prefetch", [None, complete()], ids=["no prefetch", "whole prefetch"])
@pytest.mark.parametrize("words", ["amoxicillin 500 mg capsule", "lisinopril 10 mg tablet"])
def test_an_unrelated_order_makes_no_outbound_call(
    service: Service, server: Server, prefetch: dict[str, object] | None, words: str
) -> None:
    order = ldn() | {"medicationCodeableConcept": {"text": words}}
    assert service.answer(asking(call(prefetch, [order]), server.base)).cards == []
    assert server.connections == 0


def test_the_connections_of_a_call_are_used_again_by_the_next(service: Service) -> None:
    # What is not found is not read to its end, and its connection is closed: so these two are there.
    known = [{"resourceType": "Patient", "id": "ada"}, {"resourceType": "Encounter", "id": "visit"}]
    with HostileEhr(Records(known, "ada")) as ehr:
        for _ in range(4):
            service.answer(asking(call(), ehr.base()), None, Caller(budget_seconds=4.5))
        came = Counter(one.what for one in ehr.arrivals)
    assert came["request"] >= 40
    assert came["connection"] <= 15


def test_a_whole_prefetch_makes_no_outbound_call(service: Service, server: Server) -> None:
    service.answer(asking(call(complete(encounter=dict(EMPTY))), server.base))
    assert server.connections == 0


def test_a_server_that_the_caller_has_not_registered_is_not_called(service: Service, server: Server) -> None:
    caller = Caller(fhir_bases=("https://ehr.example.com/fhir",))
    (card,) = service.answer(asking(call(), server.base), None, caller).cards
    assert "check NOT done" in card["summary"]
    assert server.connections == 0


def test_a_dead_server_costs_nobody_anything_after_five_calls_and_the_card_says_so() -> None:
    service = Service(Settings())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{nobody.getsockname()[1]}/fhir"
        for _ in range(5):
            service.answer(asking(call(), base))
        (card,) = service.answer(asking(call(), base)).cards
    assert "server not answering of late" in card["summary"] + card["detail"]
    assert service.fhir_servers() == {"closed": 0, "open": 1, "half-open": 0}


def test_the_service_counts_the_servers_it_has_asked_by_state(service: Service) -> None:
    assert set(service.fhir_servers()) == {"closed", "open", "half-open"}
