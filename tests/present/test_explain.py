"""An explanation says for every rule why it did or did not fire, changes no answer and repeats no words of a record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from service.hook_calls import NALTREXONE, OXYCODONE, T0, call, complete, server
from service.release_spelling import bundle, order, statement

from cds_service import rules as room
from cds_service.cli.cases import case_folders, read_case
from cds_service.cli.record_server import in_process
from cds_service.content import cards_dir, fixtures_dir
from cds_service.definitions.case import Case
from cds_service.fhir.gather import Fetched
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.response import check_response
from cds_service.present import explanation as explaining
from cds_service.present.explanation import OUTCOMES
from cds_service.present.knowledge import read_knowledge
from cds_service.rules import rules
from cds_service.service import Answer, Place, respond

KNOWLEDGE = read_knowledge(cards_dir())
PLACE = Place("http://cds.example", UTC, explain=True)
FOLDERS = case_folders(fixtures_dir())[::9]
ON_OXYCODONE = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 1,
    "entry": [{"resource": statement("R4", "oxy", OXYCODONE, "active", start="2026-01-05")}],
}


def explained(request: HookRequest, fetch: Any = None, knowledge: Any = KNOWLEDGE) -> Mapping[str, Any]:
    answer = respond(request, fetch, T0, knowledge, PLACE)
    assert answer.explained is not None
    return answer.explained


def rule(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in said["rules"] if one["id"] == name)
    return found


def data(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in said["data"] if one["key"] == key)
    return found


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_explaining_changes_no_card_and_agrees_with_the_cards(folder: Path) -> None:
    case = read_case(folder)
    request = read_request(case.request, str(case.request["hook"]))
    fetch = in_process(case.server) if request.token else None
    plain = respond(request, fetch, case.as_of, KNOWLEDGE, replace(PLACE, explain=False))
    answer = respond(request, fetch, case.as_of, KNOWLEDGE, PLACE)
    assert plain.explained is None
    assert answer.cards == plain.cards
    said = answer.explained
    assert said is not None
    check_response({"cards": answer.cards, "extension": {"org.ldn-cds": {"explain": said}}})
    assert [one["id"] for one in said["rules"]] == sorted(rules(), key=lambda name: KNOWLEDGE.cards[name].number)
    assert {one["outcome"] for one in said["rules"]} <= set(OUTCOMES)
    on_cards = {finding["rule"] for card in answer.cards for finding in card["extension"]["org.ldn-cds"]["findings"]}
    assert {one["id"] for one in said["rules"] if one["outcome"] == "fired" and "because" not in one} == on_cards
    fired = {finding.rule for finding in answer.findings}
    assert {one["id"] for one in said["rules"] if one["outcome"] != "silent"} == fired
    assert all(one["because"] for one in said["rules"] if one["outcome"] == "silent")


def test_a_rule_that_fired_names_its_evidence_with_dates() -> None:
    found = rule(explained(call(complete(medStatements=ON_OXYCODONE))), "opioid-active")
    assert (found["outcome"], found["indicator"]) == ("fired", "critical")
    assert found["evidence"] == [
        {
            "reference": "MedicationStatement/oxy",
            "status": "active",
            "dates": {"starts": "2026-01-05"},
            "groups": ["7804"],
        }
    ]


def test_a_rule_that_stayed_silent_says_what_it_lacked() -> None:
    said = explained(call(complete(), hook="medication-prescribe"))
    assert rule(said, "opioid-ordered-on-naltrexone")["because"] == "no opioid draft judged"
    assert rule(said, "opioid-active")["because"] == "no opioid on the record"
    assert rule(said, "naltrexone-allergy")["because"].endswith("nothing on record under allergies")
    assert rule(said, "ldn-followup-due")["because"] == "no judged draft renews low-dose naltrexone"
    assert rule(said, "pregnancy-current")["state"] == {"pregnancy": {"positive": 0}}


def test_a_renewal_is_given_as_the_reason_why_nothing_is_asked_of_a_new_start() -> None:
    before = order("R4", "before", NALTREXONE, "active", "2026-02-20", days=30)
    history = {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": before}]}
    found = rule(explained(call(complete(medRequests=history), hook="order-select")), "pregnancy-unknown")
    assert found["because"] == "no judged draft is a new start (renewal)"


def test_a_hidden_rule_names_what_hides_it() -> None:
    said = explained(call(complete(medStatements=ON_OXYCODONE), hook="order-select"))
    found = rule(said, "titration-order-set")
    assert (found["outcome"], found["by"]) == ("hidden", ["opioid-active"])
    assert {"rule": "titration-order-set", "by": ["opioid-active"]}.items() <= next(
        one for one in said["suppression"] if one["rule"] == "titration-order-set"
    ).items()


def test_information_that_waits_for_another_hook_says_so() -> None:
    found = rule(explained(call(complete(labs=...), hook="order-sign")), "first-line-not-documented")
    assert found["outcome"] in ("not-at-this-hook", "silent")
    said = explained(call(complete(), hook="order-sign"))
    assert "not-at-this-hook" in {one["outcome"] for one in said["rules"]}


def test_the_numbers_that_a_rule_read_come_with_value_and_source() -> None:
    found = rule(explained(call(complete(), hook="order-select")), "age-under-18")
    [number] = found["thresholds"]
    assert number["name"] == "dose.adult_years"
    assert number["value"] == 18
    assert "rule 35" in number["source"]


def test_every_number_a_rule_reads_stands_in_the_thresholds_file() -> None:
    for folder in FOLDERS:
        case = read_case(folder)
        request = read_request(case.request, str(case.request["hook"]))
        said = respond(request, None, case.as_of, KNOWLEDGE, PLACE).explained
        assert said is not None
        used = {number["name"] for one in said["rules"] for number in one.get("thresholds", ())}
        assert used <= set(KNOWLEDGE.numbers_said)


def test_a_rule_that_could_not_be_sure_says_which_data_were_missing() -> None:
    said = explained(call(complete(labs=...)))
    assert {"data": "labs", "cause": "absent"} in rule(said, "acute-liver-injury")["missing"]
    assert "missing" not in rule(said, "opioid-active")


def test_each_key_says_how_it_was_answered() -> None:
    request = replace(
        call(complete(labs=..., conditions=..., toxLabs=None)), token="t", fhir_server="http://ehr.example"
    )
    said = explained(request, server({"conditions": Fetched(cause="timeout")}, request))
    assert data(said, "medStatements")["answered"] == "prefetch"
    assert data(said, "labs")["answered"] == "fetched"
    assert data(said, "toxLabs")["answered"] == "null"
    assert (data(said, "conditions")["answered"], data(said, "conditions")["cause"]) == ("failed", "timeout")


def test_a_list_that_was_read_on_is_counted_to_its_end() -> None:
    server_base = "http://ehr.example/fhir"
    more = bundle(statement("R4", "second", OXYCODONE, "active", start="2026-01-05"))
    first = {**ON_OXYCODONE, "link": [{"relation": "next", "url": f"{server_base}?page=2"}]}
    request = replace(call(complete(medStatements=first, labs=...)), token="t", fhir_server=server_base)
    said = explained(request, server({"?page=2": more, "labs": more}, request))
    assert data(said, "medStatements")["resources"] == 2
    assert (data(said, "labs")["answered"], data(said, "labs").get("resources", 0)) == ("failed", 0)


def test_drafts_and_drugs_taken_are_told_by_class_state_and_date() -> None:
    said = explained(call(complete(medStatements=ON_OXYCODONE)))
    [draft] = said["drafts"]
    assert (draft["class"], draft["treatment"], draft["selected"]) == ("ldn", "new-start", True)
    assert draft["dose"]["mgADay"] == 1.5
    [taken] = said["exposures"]
    assert (taken["ingredient"], taken["state"], taken["since"]) == ("7804", "current", "2026-01-05")


def test_an_order_that_concerns_nothing_here_is_explained_too() -> None:
    request = call(complete(), drafts=[order("R4", "d", {"text": "amoxicillin"}, "draft", "2026-03-02")])
    said = explained(request)
    assert {one["outcome"] for one in said["rules"]} == {"silent"}
    assert len(said["rules"]) == len(rules())


def test_a_rule_that_broke_is_named_as_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Case) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room, "rules", lambda: {**rules(), "opioid-withdrawal": broken})
    assert rule(explained(call(complete())), "opioid-withdrawal")["outcome"] == "broke"


def test_a_fault_of_the_explanation_costs_no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(explaining, "facts_said", broken)
    answer = respond(call(complete(medStatements=ON_OXYCODONE)), None, T0, KNOWLEDGE, PLACE)
    assert answer.explained == {"fault": "ZeroDivisionError"}
    assert [card["indicator"] for card in answer.cards] == ["critical"]


def test_no_words_of_a_record_are_repeated() -> None:
    words = "SAYS-SOMETHING-PRIVATE"
    taken = statement("R4", "oxy", {**OXYCODONE, "text": words}, "active", start="2026-01-05")
    draft = order("R4", "draft", {**NALTREXONE, "text": f"LDN {words}"}, "draft", "2026-03-02", note=words)
    record = {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": taken}]}
    assert words not in str(explained(call(complete(medStatements=record), drafts=[draft])))


def test_what_the_site_changed_is_part_of_the_explanation(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[rules]\nbreastfeeding = { mode = "off", reason = "clinic rule" }\n'
        'opioid-active = { mode = "silent", reason = "trial run" }\n',
        "utf-8",
    )
    knowledge = read_knowledge(cards_dir(), tmp_path / "site.toml")
    said = explained(call(complete(medStatements=ON_OXYCODONE)), knowledge=knowledge)
    assert rule(said, "breastfeeding") == {
        "id": "breastfeeding",
        "number": 13,
        "family": "before-you-start",
        "outcome": "off",
        "because": "clinic rule",
    }
    assert rule(said, "opioid-active")["outcome"] == "recorded"
    assert {one["reason"] for one in said["site"]} == {"clinic rule", "trial run"}


def test_a_client_asks_in_the_extension_of_its_call() -> None:
    body = {
        "hook": "order-sign",
        "hookInstance": "5c1f1a3e-6f0c-4c6d-8a39-0d9f5d6f1e11",
        "context": {"userId": "Practitioner/own", "patientId": "p", "draftOrders": {"resourceType": "Bundle"}},
    }
    asked: list[Any] = [
        {"org.ldn-cds": {"explain": True}},
        {"org.ldn-cds": {"explain": "yes"}},
        {},
        None,
    ]
    answers: list[Answer] = [
        respond(
            read_request({**body, "extension": one}, "order-sign"), None, T0, KNOWLEDGE, replace(PLACE, explain=False)
        )
        for one in asked
    ]
    assert [answer.explained is not None for answer in answers] == [True, False, False, False]
