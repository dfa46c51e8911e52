"""The stairwell: a call goes in, cards come out, and a fault of our own is never silence."""

import json
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from typing import Any

import pytest
from service import release_spelling as spell
from service.hook_calls import (
    NALTREXONE,
    OXYCODONE,
    T0,
    call,
    complete,
    ldn,
    server,
)
from service.release_spelling import ICD, LOINC, RXNORM, amount, bundle, named

from cds_service import rules as rules_room
from cds_service.content import cards_dir
from cds_service.definitions.case import Case
from cds_service.fhir.gather import Fetch, Fetched
from cds_service.hooks.request import HookRequest
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.rules import rules
from cds_service.running import Service
from cds_service.service import Answer, Place, respond
from cds_service.settings import Settings

PLACE = Place("https://ldn.example", UTC)
TAKEN = spell.statement("R4", "oxy", OXYCODONE, start="2025-08-14")
TRAMADOL = named(RXNORM, "10689", "Tramadol")
LISINOPRIL = named(RXNORM, "29046", "Lisinopril")
NEGATIVE_TEST = {"coding": [{"system": LOINC, "code": "LA6577-6"}]}


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


def ask(request: HookRequest, fetch: Fetch | None = None) -> Answer:
    return respond(request, fetch, T0, knowledge(), PLACE)


def leaders(answer: Answer) -> list[str]:
    return [card["source"]["topic"]["code"] for card in answer.cards]


def tramadol(name: str = "pain", **facts: Any) -> dict[str, Any]:
    return spell.order("R4", name, TRAMADOL, "draft", "2026-03-02", **facts)


def clean() -> dict[str, Any]:
    """The baseline patient of the rulebook's shared cases: nothing may be said but the order set."""
    return complete(
        labs=bundle(spell.observation("R4", "alt", "1742-6", "2026-02-10", valueQuantity=amount(22, "U/L"))),
        pregnancyObs=bundle(spell.observation("R4", "hcg", "2106-3", "2026-02-25", valueCodeableConcept=NEGATIVE_TEST)),
    )


def never(_: tuple[str, ...]) -> Mapping[str, Fetched]:
    raise AssertionError("the record server was asked")


# What is asked, and of whom


def test_a_clean_patient_gets_the_order_set_and_nothing_else() -> None:
    assert leaders(ask(call(clean(), hook="medication-prescribe"))) == ["titration-order-set"]
    assert leaders(ask(call(clean(), hook="order-sign"))) == []


def test_a_current_opioid_is_found_and_told() -> None:
    answer = ask(call(clean() | {"medStatements": bundle(TAKEN)}))
    assert leaders(answer) == ["opioid-active"]
    assert "oxycodone" in answer.cards[0]["summary"]


@pytest.mark.parametrize("hook", ["order-select", "order-sign", "medication-prescribe"])
def test_an_order_that_concerns_neither_is_answered_at_once_and_nobody_is_asked(hook: str) -> None:
    unrelated = spell.order("R4", "draft", LISINOPRIL, "draft", "2026-03-02")
    assert ask(call(None, [unrelated], hook), never).cards == []


def test_unrelated_data_in_prefetch_make_no_card_for_an_unrelated_order() -> None:
    unrelated = spell.order("R4", "draft", LISINOPRIL, "draft", "2026-03-02")
    assert ask(call({"medStatements": bundle(TAKEN)}, [unrelated]), never).cards == []


@pytest.mark.parametrize("status", ["cancelled", "stopped", "completed", "entered-in-error"])
def test_a_dead_draft_is_not_judged(status: str) -> None:
    assert ask(call(None, [ldn() | {"status": status}]), never).cards == []


@pytest.mark.parametrize("status", ["draft", "active", "on-hold"])
def test_a_draft_that_is_signed_again_is_judged_again(status: str) -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    assert leaders(ask(call(sent, [ldn() | {"status": status}]))) == ["opioid-active"]


def test_an_order_not_to_give_something_is_not_judged() -> None:
    assert ask(call(None, [ldn() | {"doNotPerform": True}]), never).cards == []
    both = [ldn(), tramadol() | {"doNotPerform": True}]
    assert leaders(ask(call(clean(), both, "medication-prescribe"))) == ["titration-order-set"]


def test_what_did_not_come_is_fetched_and_judged() -> None:
    request = call(clean() | {"medStatements": None})
    fetch = server({"medStatements": bundle(TAKEN)}, request)
    assert leaders(ask(request, fetch)) == ["opioid-active"]


def test_an_opioid_draft_alone_asks_for_the_naltrexone_history_alone() -> None:
    asked: list[str] = []
    request = call(None, [tramadol()])
    ask(request, server({}, request, asked))
    assert {query.split("?")[0].split("/")[0] for query in asked} == {
        "MedicationStatement",
        "MedicationRequest",
        "MedicationDispense",
        "MedicationAdministration",
        "Encounter",
    }


def test_an_opioid_for_a_patient_on_naltrexone_is_told() -> None:
    history = spell.statement("R4", "ldn", NALTREXONE, start="2026-01-01")
    answer = ask(call(complete(medStatements=bundle(history)), [tramadol()]))
    assert leaders(answer) == ["opioid-ordered-on-naltrexone"]


def test_without_any_data_the_answer_says_what_was_not_checked_and_judges_the_drafts() -> None:
    answer = ask(call(None, [ldn(), tramadol()]))
    assert leaders(answer) == ["opioid-naltrexone-same-session", "data-not-checked"]


def test_a_draft_for_another_patient_is_not_judged_and_that_is_said() -> None:
    other = ldn() | {"subject": {"reference": "Patient/bob"}}
    answer = ask(call(clean(), [other]))
    assert leaders(answer) == ["data-not-checked"]
    assert "another patient" in answer.cards[0]["summary"]


def test_no_orders_at_all_is_said() -> None:
    answer = ask(call(clean(), draftOrders=None))
    assert leaders(answer) == ["data-not-checked"]
    assert "no orders were sent" in answer.cards[0]["summary"]


def test_an_empty_list_of_orders_is_an_answer() -> None:
    assert ask(call(clean(), []), never).cards == []


def test_an_unreadable_medication_in_the_draft_is_said_at_every_hook() -> None:
    lost = {key: value for key, value in ldn().items() if key != "medicationCodeableConcept"}
    lost["medicationReference"] = {"reference": "Medication/gone"}
    for hook in ("order-select", "order-sign", "medication-prescribe"):
        assert leaders(ask(call(clean(), [lost], hook))) == ["data-not-checked"]


# Selections


def test_order_select_judges_only_the_selected_drafts() -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    other = spell.order("R4", "other", LISINOPRIL, "draft", "2026-03-02")
    for chosen, expected in (("draft", ["opioid-active"]), ("other", [])):
        request = call(sent, [ldn(), other], "order-select", selections=[f"MedicationRequest/{chosen}"])
        assert leaders(ask(request)) == expected


@pytest.mark.parametrize(
    "spelled", ["draft", "MedicationRequest/draft", "https://ehr.example/r4/MedicationRequest/draft"]
)
def test_a_selection_may_be_a_bare_id_or_any_reference(spelled: str) -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    other = spell.order("R4", "other", LISINOPRIL, "draft", "2026-03-02")
    assert leaders(ask(call(sent, [ldn(), other], "order-select", selections=[spelled]))) == ["opioid-active"]


def test_selections_that_match_no_draft_judge_them_all() -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    assert leaders(ask(call(sent, [ldn()], "order-select", selections=["MedicationRequest/gone"]))) == ["opioid-active"]


def test_an_unselected_draft_still_makes_a_pair() -> None:
    drafts = [ldn(), tramadol()]
    answer = ask(call(clean(), drafts, "order-select", selections=["MedicationRequest/pain"]))
    assert leaders(answer) == ["opioid-naltrexone-same-session"]


def test_when_signing_every_draft_is_judged_whatever_is_selected() -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    assert leaders(ask(call(sent, [ldn()], "order-sign", selections=["MedicationRequest/gone"]))) == ["opioid-active"]


# Same call, same answer


def whole_call(**facts: Any) -> HookRequest:
    sent = clean() | {
        "medStatements": bundle(TAKEN),
        "conditions": bundle(spell.condition("R4", "liver", named(ICD, "K74.60", "Cirrhosis"))),
        "allergies": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
    }
    return call(sent, [ldn(), tramadol()], "order-sign", **facts)


def test_the_same_call_twice_gives_the_same_bytes() -> None:
    one, other = (json.dumps(ask(whole_call()).cards).encode() for _ in range(2))
    assert one == other
    assert len(ask(whole_call()).cards) == 3


def uuids(answer: Answer) -> set[str]:
    found = set()
    for card in answer.cards:
        found |= {card["uuid"], *(suggestion["uuid"] for suggestion in card.get("suggestions", []))}
    return found


def test_another_call_gives_other_uuids_and_the_same_words() -> None:
    one = ask(whole_call())
    other = ask(whole_call(instance="11111111-2222-4333-8444-555555555555"))
    assert not uuids(one) & uuids(other)
    assert [card["detail"] for card in one.cards] == [card["detail"] for card in other.cards]


def test_another_hook_gives_other_uuids() -> None:
    sent = clean() | {"medStatements": bundle(TAKEN)}
    assert not uuids(ask(call(sent, hook="order-sign"))) & uuids(ask(call(sent, hook="medication-prescribe")))


def test_what_is_remembered_of_a_card_is_what_was_sent() -> None:
    answer = ask(whole_call())
    for card, issued in zip(answer.cards, answer.issued, strict=True):
        assert (issued.card, issued.rule, issued.indicator) == (
            card["uuid"],
            card["source"]["topic"]["code"],
            card["indicator"],
        )
        assert [uuid for uuid, _ in issued.suggestions] == [s["uuid"] for s in card.get("suggestions", [])]
        assert issued.findings == tuple(f["rule"] for f in card["extension"]["org.ldn-cds"]["findings"])


def test_what_is_logged_holds_no_value_of_the_patient() -> None:
    logged = json.dumps(ask(whole_call()).log, default=str)
    assert not any(secret in logged for secret in ("ada", "oxycodone", "Oxycodone", "K74", "1980", "own"))


# Faults of our own


def broken(_: Case) -> None:
    raise RuntimeError("a slip")


@pytest.fixture
def break_rule(monkeypatch: pytest.MonkeyPatch) -> Any:
    def break_it(*names: str) -> None:
        changed = {**rules(), **dict.fromkeys(names, broken)}
        monkeypatch.setattr(rules_room, "rules", lambda: changed)

    return break_it


@pytest.mark.parametrize("rule", ["opioid-active", "pregnancy-current", "cirrhosis-compensated", "opioid-withdrawal"])
def test_a_rule_that_breaks_is_named_on_a_card(break_rule: Any, rule: str) -> None:
    break_rule(rule)
    answer = ask(call(clean()))
    assert leaders(answer) == ["data-not-checked"]
    assert f"{rule} check not done" in answer.cards[0]["summary"].lower()
    assert answer.cards[0]["indicator"] == "warning"


def test_a_rule_that_breaks_silences_no_other(break_rule: Any) -> None:
    break_rule("pregnancy-current", "opioid-withdrawal")
    answer = ask(call(clean() | {"medStatements": bundle(TAKEN)}))
    assert leaders(answer) == ["opioid-active", "data-not-checked"]
    assert "pregnancy-current" in (answer.cards[1]["summary"] + answer.cards[1]["detail"]).lower()
    assert "opioid-withdrawal" in (answer.cards[1]["summary"] + answer.cards[1]["detail"]).lower()


def test_a_rule_that_breaks_is_named_beside_what_else_was_not_checked(break_rule: Any) -> None:
    break_rule("opioid-active")
    answer = ask(call(complete(allergies=...)))
    said = (answer.cards[0]["summary"] + answer.cards[0]["detail"]).lower()
    assert leaders(answer) == ["data-not-checked"]
    assert "opioid-active" in said
    assert "allergy" in said


@pytest.mark.parametrize("rule", ["opioid-active", "opioid-recent-washout", "opioid-status-uncertain"])
def test_while_an_opioid_rule_is_broken_nobody_is_told_how_to_start(break_rule: Any, rule: str) -> None:
    break_rule(rule)
    assert leaders(ask(call(clean(), hook="medication-prescribe"))) == ["data-not-checked"]


def test_while_an_opioid_rule_is_broken_the_dose_card_offers_no_titration_either(break_rule: Any) -> None:
    fifty = spell.order("R4", "draft", NALTREXONE, "draft", "2026-03-02", dose=(amount(50, "mg"), 1, "HS", "50 mg"),
                        reason=named(ICD, "M79.7", "Fibromyalgia"))  # fmt: skip
    request = call(clean(), [fifty], "medication-prescribe")

    def offered(answer: Answer) -> list[str]:
        (card,) = (card for card in answer.issued if card.rule == "standard-dose-for-pain")
        return [kind for _, kind in card.suggestions]

    assert offered(ask(request)) == ["titration-V1", "titration-V2", "titration-V3", "delete-draft"]
    break_rule("opioid-active")
    assert offered(ask(request)) == ["delete-draft"]


def test_a_fault_on_an_opioid_draft_still_speaks_of_the_naltrexone_check(break_rule: Any) -> None:
    break_rule("opioid-ordered-on-naltrexone")
    answer = ask(call(complete(medRequests=...), [tramadol()]))
    assert "naltrexone check" in (answer.cards[0]["summary"] + answer.cards[0]["detail"]).lower()


def test_a_call_that_could_not_be_answered_at_all_gets_a_card_that_says_so() -> None:
    service = Service(Settings())
    answer = service.did_not_run(call(clean()))
    (card,) = answer.cards
    assert leaders(answer) == ["data-not-checked"]
    assert card["indicator"] == "warning"
    assert "did NOT run" in card["summary"]
    assert [reason["code"] for reason in card["overrideReasons"]] == ["checked-manually", "other"]


def test_a_running_service_answers_as_of_its_own_day() -> None:
    answer = Service(Settings()).answer(call(clean() | {"medStatements": bundle(TAKEN)}))
    assert "opioid-active" in leaders(answer)
    assert "synthetic data only" in answer.cards[0]["detail"]


def test_a_file_of_clients_makes_it_a_service_for_real_data() -> None:
    service = Service(Settings(clients_file="clients.toml"))
    answer = service.answer(call(clean() | {"medStatements": bundle(TAKEN)}))
    assert "synthetic data only" not in answer.cards[0]["detail"]
