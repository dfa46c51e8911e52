"""Three tenants with the same patients, hook instances and card ids: nothing of one reaches another (trust T12)."""

import os
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from issuing import DROPPED, Ehr, client, written
from settled import acceptances

from cds_service.callers import Caller
from cds_service.feedback.store import Acceptance, FeedbackStore, IssuedCard
from cds_service.hooks.request import HookRequest
from cds_service.service import Answer
from cds_service.settings import Settings
from cds_service.web.app import create_app

BASE = "https://cds.example.com"
SIGN = "/cds-services/ldn-order-sign"
SHARED = "https://shared.example.com"
EHRS = {
    "north": Ehr(issuer=SHARED, claims={"tenant": "n"}),
    "south": Ehr(issuer=SHARED, claims={"tenant": "s"}),
    "west": Ehr("P-384/west", issuer="https://west.example.com"),
}
TENANTS, PATIENTS, RULES = st.sampled_from(sorted(EHRS)), st.sampled_from("ab"), ("opioid-active", "pregnancy-current")
AT = "2026-03-02T10:05:31Z"


def card_id(patient: str) -> str:
    """The same for every tenant, as it is where two EHRs number their hook instances alike."""
    return str(uuid5(NAMESPACE_URL, patient))


class _Echo:
    """One card a patient, by a rule that depends on the patient; it notes for whom it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(
        self, request: HookRequest, received: float | None = None, caller: Caller | None = None, *_: Any
    ) -> Answer:
        assert caller is not None
        self.asked.append(caller.tenant)
        uuid, led = card_id(request.patient_id), RULES[request.patient_id == "b"]
        source = {"label": "LDN checks", "topic": {"code": led, "system": "urn:ldn-cds:rule"}}
        card = {"uuid": uuid, "summary": "A card.", "indicator": "warning", "source": source}
        return Answer([card], (IssuedCard(uuid, led, "warning", (led,), (), "order-sign", request.instance, "test"),))

    def did_not_run(self, request: HookRequest, caller: Caller | None = None) -> Answer:
        raise AssertionError("the service broke")


class Tenants(RuleBasedStateMachine):
    """What is stored for each tenant is what that tenant alone has done."""

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = Path(self.held.enter_context(TemporaryDirectory()))
        keys = {name: client(name, issuer=ehr.issuer, jwks_url=DROPPED, keys=[ehr.published],
                             **({"tenant_claim": ehr.claims["tenant"]} if ehr.claims else {}))
                for name, ehr in EHRS.items()}  # fmt: skip
        self.store = FeedbackStore(f"sqlite:///{folder / 'cards.sqlite'}")
        self.held.callback(self.store.close)
        self.echo = _Echo()
        whole = Settings(clients_file=str(written(folder, *keys.values())), replay_store="memory", base_url=BASE)
        self.door = create_app(whole, self.echo, self.store).test_client()
        self.cards: dict[str, set[str]] = defaultdict(set)
        self.reports: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def teardown(self) -> None:
        self.held.close()

    def post(self, sender: str, path: str, body: dict[str, Any], **claims: Any) -> Any:
        token = EHRS[sender].bearer(BASE + path, now=time(), **claims)
        return self.door.post(path, json=body, headers={"Authorization": token})

    def call(self, sender: str, patient: str, **claims: Any) -> Any:
        order = {"resourceType": "MedicationRequest", "id": "ldn", "status": "draft"}
        body = {
            "hook": "order-sign",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {
                "userId": "Practitioner/x",
                "patientId": patient,
                "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
            },
        }
        return self.post(sender, SIGN, body, **claims)

    @rule(tenant=TENANTS, patient=PATIENTS)
    def invoke(self, tenant: str, patient: str) -> None:
        answer = self.call(tenant, patient)
        assert [card["uuid"] for card in answer.get_json()["cards"]] == [card_id(patient)]
        assert self.echo.asked.pop() == tenant
        self.cards[tenant].add(patient)

    @rule(tenant=TENANTS, patient=PATIENTS, outcome=st.sampled_from(["accepted", "overridden"]))
    def report(self, tenant: str, patient: str, outcome: str) -> None:
        entry: dict[str, Any] = {"card": card_id(patient), "outcome": outcome, "outcomeTimestamp": AT}
        if outcome == "accepted":
            entry["acceptedSuggestions"] = [{"id": "s"}]
        answer = self.post(tenant, f"{SIGN}/feedback", {"feedback": [entry]})
        assert (answer.status_code, answer.data) == (200, b'{"kept":1}')  # the same for a card that nobody issued
        self.reports[tenant].add((patient, outcome))

    @rule(tenant=st.sampled_from(["north", "south"]), claimed=st.sampled_from(["n", "s", "", "w", None, DROPPED]))
    def claim_to_be_another(self, tenant: str, claimed: Any) -> None:
        """A token counts for the tenant that its issuer states, and for no other."""
        answer = self.call(tenant, "a", tenant=claimed)
        if claimed in ("n", "s"):
            actual = {"n": "north", "s": "south"}[claimed]
            assert self.echo.asked.pop() == actual
            self.cards[actual].add("a")
        else:
            assert answer.status_code == 401
        assert self.echo.asked == []

    @precondition(lambda self: any(self.cards.values()))
    @rule(patient=PATIENTS)
    def ask_without_a_token(self, patient: str) -> None:
        assert self.door.post(SIGN, json={}).status_code == 401
        assert self.door.post(f"{SIGN}/feedback", json={}).status_code == 401

    @invariant()
    def each_sees_its_own(self) -> None:
        for tenant in EHRS:
            expected = {
                led: Acceptance(
                    1, *(int((patient, outcome) in self.reports[tenant]) for outcome in ("accepted", "overridden"))
                )
                for patient, led in zip("ab", RULES, strict=True)
                if patient in self.cards[tenant]
            }
            assert acceptances(self.door, self.store, tenant) == expected
        assert self.store.acceptances_by_rule("") == {}


TestTenants = Tenants.TestCase
# 500 steps in `make test`, 5,000 in `make fuzz`
LONG = int(os.environ.get("CDS_FUZZ_CASES", "300")) > 300
TestTenants.settings = settings(max_examples=120 if LONG else 20, stateful_step_count=50 if LONG else 25, deadline=None)
