"""The set as PlanDefinition and ActivityDefinition: valid, complete, with stable addresses, and never "active"."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir import write
from cds_service.titration import shipped
from cds_service.titration.plan_definition import Published, activity_definitions, plan_address, plan_definitions

HERE = Published("https://cds.example.test", "1.2.3+abc")
PLANS = plan_definitions(shipped(), HERE)
ACTIVITIES = activity_definitions(shipped(), HERE)


def offset(action: dict[str, Any]) -> list[int]:
    """Days after the first dose at which an action begins, or between which it falls."""
    (related,) = action["relatedAction"]
    if "offsetRange" in related:
        return [related["offsetRange"][end]["value"] for end in ("low", "high")]
    return [related["offsetDuration"]["value"]]


def test_there_is_a_plan_for_each_variant_that_is_switched_on() -> None:
    assert set(PLANS) == {
        "ldn-titration-V1",
        "ldn-titration-V2",
        "ldn-titration-V3",
        "ldn-titration-V4",
        "ldn-titration-V4-middle",
    }


def test_the_very_slow_liquid_has_one_only_where_it_is_switched_on() -> None:
    order_set = shipped()
    variants = tuple(replace(one, enabled=True) for one in order_set.variants)
    plans = plan_definitions(replace(order_set, variants=variants), HERE)
    assert set(plans) - set(PLANS) == {"ldn-titration-V3b"}


@pytest.mark.parametrize("definition", [*PLANS.values(), *ACTIVITIES.values()], ids=lambda one: one["id"])
def test_each_definition_is_valid_r4_a_draft_and_names_its_own_address(definition: dict[str, Any]) -> None:
    assert write.validate("R4", definition) == []
    assert definition["status"] == "draft"
    assert definition["experimental"] is True
    assert definition["version"] == HERE.version
    assert definition["url"] == f"{HERE.base_url}/fhir/{definition['resourceType']}/{definition['id']}"
    assert re.fullmatch(r"[A-Z]([A-Za-z0-9_]){0,254}", definition["name"])
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", definition["id"])


def test_the_address_on_a_card_is_that_of_the_plan() -> None:
    for variant in shipped().variants:
        if variant.enabled:
            assert plan_address(variant, HERE.base_url) == PLANS[f"ldn-titration-{variant.id}"]["url"]


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda one: one["id"])
def test_every_activity_that_a_plan_names_is_served(plan: dict[str, Any]) -> None:
    known = {one["url"] for one in ACTIVITIES.values()}
    assert {action["definitionCanonical"] for action in plan["action"]} <= known
    identities = [action["id"] for action in plan["action"]]
    assert len(set(identities)) == len(identities)
    for action in plan["action"]:
        assert all(related["actionId"] in identities for related in action.get("relatedAction", []))


def test_the_usual_plan_counts_its_days_from_the_first_dose() -> None:
    actions = {action["id"]: action for action in PLANS["ldn-titration-V1"]["action"]}
    assert offset(actions["prescription-B"]) == [28]
    assert offset(actions["review-week-4"]) == [23, 27]
    assert offset(actions["review-week-12"]) == [77, 83]
    assert offset(actions["lab-hepatic-panel-repeat"]) == [90, 181]
    assert actions["lab-hepatic-panel"]["relatedAction"] == [
        {"actionId": "first-dose", "relationship": "before-start"},
    ]


def test_prescriptions_reviews_and_message_are_ticked_and_tests_are_not() -> None:
    for plan in PLANS.values():
        for action in plan["action"]:
            assert action["precheckBehavior"] == ("no" if action["id"].startswith("lab-") else "yes")


def test_a_step_down_brings_no_baseline_tests() -> None:
    assert not [one for one in PLANS["ldn-titration-V4"]["action"] if one["id"].startswith("lab-")]


def test_the_doses_of_an_activity_are_those_of_the_file() -> None:
    for variant in shipped().variants:
        if not variant.enabled:
            continue
        for rule in variant.prescriptions:
            activity = ACTIVITIES[f"ldn-titration-{variant.id}-{rule.id}"]
            doses = [Decimal(str(line["doseAndRate"][0]["doseQuantity"]["value"])) for line in activity["dosage"]]
            lengths = [line["timing"]["repeat"]["boundsDuration"]["value"] for line in activity["dosage"]]
            assert doses == [line.units * rule.strength_mg for line in rule.lines]
            assert lengths == [line.to_day - line.from_day + 1 for line in rule.lines]
            assert activity["quantity"]["value"] == rule.quantity
            values = {one["path"]: one["expression"]["expression"] for one in activity["dynamicValue"]}
            assert values == {
                "dispenseRequest.numberOfRepeatsAllowed": str(rule.repeats),
                "dispenseRequest.expectedSupplyDuration": f"{rule.days} days",
            }


def test_no_sentence_of_a_definition_has_a_blank_or_a_number_that_can_be_misread() -> None:
    for definition in (*PLANS.values(), *ACTIVITIES.values()):
        assert not re.search(r"{{|\d\.0 mg|(?<![\d])\.\d+ mg", str(definition))


def test_a_plan_says_what_to_check_first_and_that_nobody_has_approved_it() -> None:
    for plan in PLANS.values():
        assert "no opioid" in plan["purpose"]
        assert "not clinically approved" in plan["description"]
