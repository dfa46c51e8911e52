"""Findings folded into cards: families, words, suggestions, the longest names, what was not checked."""

import csv
from dataclasses import replace
from typing import Any

import pytest
from definitions.chart import (
    CODEINE,
    LDN,
    METHADONE,
    OXYCODONE_ER,
    administration,
    ago,
    case,
    condition,
    draft,
    opioid,
    opioid_draft,
    request,
    result,
    statement,
    value,
)
from present.answered_cases import PLACE, actions, knowledge

from cds_service.definitions.case import ORDER_SIGN, Case
from cds_service.present.cards import Context, Shown, present
from cds_service.present.knowledge import TERMINOLOGY
from cds_service.present.suggestions import Session
from cds_service.record import DraftOrder, Finding, FirstLineDrug, Indicator, PatientRecord, Shortfall
from cds_service.rules import detect_all

RESOURCE = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "naltrexone 1.5 mg capsule, compounded"},
    "subject": {"reference": "Patient/ada"},
}
ORDER = draft(resource=RESOURCE)
ON_FILE = (
    result("ALT", ago(20), value=value(22, "U/L")),
    result("hCG-qualitative", ago(5), answers={"negative"}),
)
TRIED_BEFORE = FirstLineDrug("MedicationStatement/duloxetine", "duloxetine", "completed")


def context(**facts: Any) -> Context:
    session = Session("R4", "ada", "Practitioner/own", "visit", lambda name: f"uuid of {name}")
    return Context(session, knowledge(), PLACE.base_url, **facts)


def settled(*drafts: DraftOrder, **facts: Any) -> Case:
    """The baseline patient of the rulebook (d): whose record leaves nothing to ask for before the start."""
    return case(*drafts, **{"observations": ON_FILE, "first_line": (TRIED_BEFORE,), **facts})


def cards(call: Case, *extra: Finding) -> list[dict[str, Any]]:
    return [shown.card for shown in built(call, *extra)]


def built(call: Case, *extra: Finding) -> tuple[Shown, ...]:
    findings, broken = detect_all(call)
    assert broken == ()
    return present([*findings, *extra], call, context())


def leaders(found: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in found]


def names(card: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in card["extension"]["org.ldn-cds"]["findings"]]


def kinds(shown: Shown) -> list[str]:
    return [kind for _, kind in shown.kinds]


# Families


def test_findings_of_one_family_share_one_card() -> None:
    call = case(ORDER, medications=[statement(starts=ago(9)), statement(METHADONE, status="unknown", starts=ago(9))])
    (card,) = cards(call)
    assert names(card) == ["opioid-active", "opioid-status-uncertain"]
    assert "methadone" in card["detail"].lower()


def test_findings_of_different_families_stay_apart_and_critical_ones_come_first() -> None:
    call = case(ORDER, medications=[statement(starts=ago(9))], conditions=[condition("pregnancy", onset=ago(90)),
                condition("cirrhosis")], shortfalls=[Shortfall("allergies", "timeout")])  # fmt: skip
    assert leaders(cards(call)) == [
        "opioid-active",
        "pregnancy-current",
        "cirrhosis-compensated",
        "data-not-checked",
    ]


def test_a_pair_in_one_session_leads_the_opioid_card() -> None:
    call = case(ORDER, opioid_draft(), medications=[statement(OXYCODONE_ER, starts=ago(9))])
    (card,) = cards(call)
    assert names(card) == ["opioid-naltrexone-same-session", "opioid-active"]


def test_the_findings_of_a_card_name_their_evidence() -> None:
    (card,) = cards(case(ORDER, medications=[statement(starts=ago(9))]))
    assert card["extension"]["org.ldn-cds"]["findings"] == [
        {"rule": "opioid-active", "indicator": "critical", "evidence": ["MedicationStatement/codeine"]}
    ]


def test_a_clean_case_gets_the_order_set_and_nothing_else() -> None:
    assert leaders(cards(settled(ORDER))) == ["titration-order-set"]


def test_what_the_record_does_not_show_is_one_card_of_lines_before_the_order_set() -> None:
    ask, order_set = cards(case(ORDER, conditions=[condition("fibromyalgia")]))
    assert names(ask) == ["pregnancy-unknown", "baseline-lft-missing", "first-line-not-documented"]
    assert (ask["indicator"], order_set["indicator"]) == ("info", "info")
    assert leaders([order_set]) == ["titration-order-set"]


def test_a_finding_that_is_recorded_and_not_shown_makes_no_card() -> None:
    late = replace(ORDER, starts=ago(-30))
    codeine = statement(status="completed", starts=ago(40), ends=ago(3))
    assert leaders(cards(settled(late, medications=[codeine]))) == ["titration-order-set"]


# Suggestions


def test_while_the_order_set_is_offered_other_cards_may_only_delete() -> None:
    codeine = statement(status="completed", starts=ago(20), ends=ago(8))
    washout, order_set = built(settled(ORDER, medications=[codeine]))
    assert (washout.findings[0].rule, kinds(washout)) == ("opioid-recent-washout", ["delete-draft"])
    assert "starts on the right day" in washout.card["detail"]
    assert [kind.split("-")[0] for kind in kinds(order_set)] == ["titration"] * 3


def test_without_the_order_set_the_washout_card_moves_the_start() -> None:
    codeine = statement(status="completed", starts=ago(20), ends=ago(3))
    (washout,) = built(case(ORDER, medications=[codeine]))
    assert kinds(washout)[:2] == ["set-start", "delete-draft"]
    update = actions(washout.card)[0]
    assert (update["type"], update["resource"]["id"]) == ("update", "draft")
    assert "2026-03-09" in str(update["resource"])


def test_a_delete_names_the_draft_by_its_id() -> None:
    (card,) = cards(case(ORDER, medications=[statement(starts=ago(9))]))
    assert [action.get("resourceId") for action in actions(card)] == [
        "MedicationRequest/draft",
        "MedicationRequest/draft",
        None,
    ]


def without_id() -> DraftOrder:
    return replace(ORDER, reference="", resource={key: value for key, value in RESOURCE.items() if key != "id"})


def test_a_draft_without_an_id_cannot_be_deleted_and_the_card_says_so() -> None:
    (card,) = cards(case(without_id(), medications=[statement(starts=ago(9))]))
    assert "delete" not in {action["type"] for action in actions(card)}
    assert "no id" in card["detail"]


def test_a_draft_without_an_id_gets_an_order_set_of_creates_alone() -> None:
    (card,) = cards(settled(without_id()))
    assert {action["type"] for action in actions(card)} == {"create"}
    assert "no id" in card["detail"]


def test_of_two_drafts_one_without_an_id_neither_is_deleted() -> None:
    opioid_card, duplicate_card = cards(case(ORDER, without_id(), medications=[statement(starts=ago(9))]))
    assert leaders([opioid_card, duplicate_card]) == ["opioid-active", "duplicate-naltrexone"]
    for card in (opioid_card, duplicate_card):
        assert "delete" not in {action["type"] for action in actions(card)}


def test_the_leader_alone_suggests() -> None:
    call = case(ORDER, medications=[statement(starts=ago(9)), statement(METHADONE, status="unknown", starts=ago(9))])
    (shown,) = built(call)
    assert kinds(shown) == ["delete-draft", "taper-review"]


def test_compensated_cirrhosis_makes_the_slow_titration_the_recommended_one() -> None:
    _, order_set = built(settled(ORDER, conditions=[condition("cirrhosis")]))
    recommended = [s["label"] for s in order_set.card["suggestions"] if s.get("isRecommended")]
    (slow,) = [s["label"] for kind, s in zip(kinds(order_set), order_set.card["suggestions"], strict=True)
               if kind == "titration-V3"]  # fmt: skip
    assert recommended == [slow]


# Longest names


def opioid_names() -> set[str]:
    with (TERMINOLOGY / "opioids.csv").open(encoding="utf-8", newline="") as lines:
        coded = {name for row in csv.DictReader(lines) for name in row["name"].split(";") if name}
    with (TERMINOLOGY / "drug_words.csv").open(encoding="utf-8", newline="") as lines:
        worded = {row["drug"] for row in csv.DictReader(lines) if row["means"].startswith("opioid")}
    return coded | worded


LONGEST = sorted(opioid_names(), key=lambda name: (len(name), name))[-3:]


def situations(name: str) -> list[Case]:
    """The drug in every rule that speaks of one, alone and with others of as long a name."""
    drugs = [opioid(name, row, ingredient=f"{name} {row}") for row in ("short-acting", "long-acting", "two-week")]
    depot = opioid(name, "depot")
    on_naltrexone = statement(LDN, starts=ago(60))
    made: list[Case] = []
    for group in (drugs[:1], drugs):
        made += [
            case(ORDER, medications=[statement(drug, starts=ago(9)) for drug in group]),
            case(ORDER, medications=[statement(drug, status="active", asserted=ago(3)) for drug in group]),
            case(ORDER, medications=[administration(drug, status="in-progress", starts=ago(1)) for drug in group]),
            case(ORDER, medications=[statement(drug, status="completed", ends=ago(3)) for drug in group]),
            case(ORDER, medications=[statement(drug, status="entered-in-err0r-of-a-vendor") for drug in group]),
            case(ORDER, medications=[request(drug, authored=ago(300)) for drug in group]),
            case(ORDER, *[opioid_draft(drug, reference=f"MedicationRequest/{n}") for n, drug in enumerate(group)]),
            case(*[opioid_draft(drug) for drug in group], medications=[on_naltrexone], hook=ORDER_SIGN),
        ]
    made.append(case(ORDER, medications=[administration(depot, at=ago(40))]))
    return made


@pytest.mark.parametrize("name", LONGEST)
def test_no_summary_has_to_be_cut_for_the_longest_drug_names_there_are(name: str) -> None:
    for call in situations(name):
        found = cards(call)
        assert found
        for card in found:
            assert len(card["summary"]) < 140
            assert not card["summary"].endswith("…")


def test_every_drug_name_there_is_fits_into_every_summary_that_names_one() -> None:
    longest = max(opioid_names(), key=len)
    day = "2026-12-24"
    values = {"drug": longest, "opioid": longest, "last": day, "minimum": day, "clear": day, "since": day, "start": day,
              "status": "entered-in-error", "dose": "4.5 mg", "record": longest}  # fmt: skip
    for card in knowledge().cards.values():
        for wording in card.summaries:
            summary = card.summary(wording, values)
            if "{{drug}}" in str(card.summaries[wording]) or "{{opioid}}" in str(card.summaries[wording]):
                assert longest.lower() in summary.lower(), (card.rule, wording)
                assert not summary.endswith("…"), (card.rule, wording)


# What was not checked


def lapse(
    *shortfalls: Shortfall, drafts: tuple[DraftOrder, ...] = (ORDER,), evidence: tuple[str, ...] = ()
) -> dict[str, Any]:
    wording = "reverse" if all(one.drug and one.drug.opioids for one in drafts) else "default"
    finding = Finding("data-not-checked", Indicator.WARNING, evidence, wording, shortfalls=shortfalls)
    (shown,) = present([finding], case(*drafts, hook=ORDER_SIGN), context())
    return shown.card


CAUSES = knowledge().cards["data-not-checked"].tables["causes"]
KNOWN_CAUSES = {
    "absent", "null-unverified", "timeout", "no-connection", "not-allowed", "not-found", "busy", "server-error",
    "too-large", "outcome", "partial", "more-pages", "truncated", "wrong-type", "malformed", "unreadable",
    "other-patient", "unresolved-medication", "no-birth-date", "fault", "unread", "not-as-asked", "not-answering",
    "foreign-server",
}  # fmt: skip


def test_every_cause_there_is_has_words() -> None:
    assert set(CAUSES) >= KNOWN_CAUSES


@pytest.mark.parametrize("cause", sorted(KNOWN_CAUSES - {"no-birth-date", "fault"}))
def test_the_card_says_which_check_was_not_done_on_which_data_and_why(cause: str) -> None:
    card = lapse(Shortfall("medRequests", cause, 3))
    reason = CAUSES[cause].replace("{{count}}", "3")
    assert card["summary"].startswith("Opioid check NOT done: medication list ")
    assert reason in card["summary"] + card["detail"]
    assert card["indicator"] == "warning"
    assert [reason["code"] for reason in card["overrideReasons"]] == ["checked-manually", "other"]
    assert "suggestions" not in card


@pytest.mark.parametrize(
    ("data", "check"),
    [
        ("medStatements", "Opioid"),
        ("medDispenses", "Opioid"),
        ("medAdministrations", "Opioid"),
        ("conditions", "Pregnancy"),
        ("pregnancyObs", "Pregnancy"),
        ("labs", "Liver"),
        ("allergies", "Allergy"),
        ("patient", "Age"),
        ("toxLabs", "Drug screen"),
        ("outcomes", "Pain score"),
    ],
)
def test_each_kind_of_data_names_the_check_that_rests_on_it(data: str, check: str) -> None:
    summary = lapse(Shortfall(data, "timeout"))["summary"]
    assert summary.startswith(check)
    assert "check NOT done: " in summary


def test_the_medication_check_comes_first_and_the_others_are_named_too() -> None:
    card = lapse(Shortfall("allergies", "absent"), Shortfall("labs", "busy"), Shortfall("medRequests", "timeout"))
    assert card["summary"].startswith("Opioid check NOT done: medication list unavailable (timeout). Also not done:")
    assert all(word in card["summary"] + card["detail"] for word in ("allergy", "liver", "server busy"))


def test_when_everything_is_missing_the_summary_still_fits() -> None:
    everything = [Shortfall(data, "absent") for data in ("medStatements", "medRequests", "conditions", "pregnancyObs",
                                                         "labs", "allergies", "patient")]  # fmt: skip
    card = lapse(*everything)
    assert len(card["summary"]) < 140
    assert not card["summary"].endswith("…")
    assert card["detail"].count("\n- ") <= 4


def test_for_an_opioid_draft_it_is_the_naltrexone_check_that_was_not_done() -> None:
    card = lapse(Shortfall("medRequests", "timeout"), drafts=(opioid_draft(),))
    assert card["summary"].startswith("Naltrexone check NOT done: medication list")


def test_counts_of_the_same_fault_are_added_up() -> None:
    card = lapse(Shortfall("medRequests", "other-patient", 2), Shortfall("medRequests", "other-patient", 1))
    assert "3 of another patient left out" in card["summary"]


@pytest.mark.parametrize("cause", ["none-sent", "no-drug", "unresolved-medication", "other-patient"])
def test_a_fault_of_the_orders_themselves_says_that_nothing_was_checked(cause: str) -> None:
    card = lapse(Shortfall("orders", cause, 1), evidence=("MedicationRequest/draft",))
    assert card["summary"].startswith("Naltrexone and opioid checks NOT done: ")
    assert "MedicationRequest/draft" in card["summary"] + card["detail"]


def test_a_missing_birth_date_is_the_age_check() -> None:
    assert lapse(Shortfall("patient", "no-birth-date"))["summary"].startswith("Age check NOT done")


def test_an_assumed_release_is_about_what_is_written_and_never_comes_first() -> None:
    assert "suggested orders are written as R4" in lapse(Shortfall("release", "assumed"))["summary"]
    card = lapse(Shortfall("release", "assumed"), Shortfall("labs", "timeout"))
    assert card["summary"].startswith("Liver check NOT done: ")
    assert "FHIR release of the EHR not known (R4 assumed)" in card["detail"]


def test_a_rule_that_broke_is_named() -> None:
    assert "opioid-active check not done" in lapse(Shortfall("rule opioid-active", "fault"))["summary"].lower()


def test_a_fault_of_the_whole_service_says_that_no_check_ran() -> None:
    finding = Finding("data-not-checked", Indicator.WARNING, shortfalls=(Shortfall("service", "fault"),))
    call = Case(ORDER_SIGN, PatientRecord(ago(0)), (), knowledge().thresholds)
    (shown,) = present([finding], call, context())
    assert "did NOT run" in shown.card["summary"]


@pytest.mark.parametrize("data", ["medDispenses", "medAdministrations"])
def test_data_worth_no_card_are_named_in_one_sentence_on_a_card_shown_anyway(data: str) -> None:
    call = case(ORDER, medications=[statement(starts=ago(9))], shortfalls=[Shortfall(data, "timeout")])
    (card,) = cards(call)
    assert card["detail"].count("Not checked: ") == 1
    assert cards(case(draft(CODEINE), shortfalls=[Shortfall(data, "timeout")], hook=ORDER_SIGN)) == []


def test_development_mode_says_on_every_card_that_it_is_for_synthetic_data() -> None:
    findings, _ = detect_all(settled(ORDER))
    (shown,) = present(findings, settled(ORDER), context(development=True))
    assert "synthetic data only" in shown.card["detail"]
