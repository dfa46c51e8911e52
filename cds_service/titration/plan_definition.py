"""The order set as FHIR R4 PlanDefinition and ActivityDefinition, for a record that imports rather than accepts (c.3).

They know no patient and no date: days are counted from the first dose, and a clinician's system lays them on the
calendar. Ids and addresses are stable: `ldn-titration-V1`, `ldn-titration-V1-A`, `ldn-titration-hepatic-panel`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.record import Concept, Quantity
from cds_service.titration import wording
from cds_service.titration.variants import LabRule, LineRule, OrderSet, PrescriptionRule, ReviewRule, Variant

PLANS, ACTIVITIES = "PlanDefinition", "ActivityDefinition"
_PREFIX = "ldn-titration"
_UCUM = "http://unitsofmeasure.org"
_FIRST = "first-dose"
_ORDER_SET = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/plan-definition-type",
            "code": "order-set",
            "display": "Order Set",
        }
    ]
}
_ORDERED = {
    "coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/dose-rate-type", "code": "ordered", "display": "Ordered"}
    ]
}
Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """What one installation adds: its public address, and the version of its content."""

    base_url: str
    version: str


def plan_definitions(order_set: OrderSet, published: Published) -> Mapping[str, Resource]:
    """A PlanDefinition by id for each variant that is switched on, those that step down included."""
    plans = (_plan(order_set, variant, published) for variant in order_set.variants if variant.enabled)
    return {plan["id"]: plan for plan in plans}


def activity_definitions(order_set: OrderSet, published: Published) -> Mapping[str, Resource]:
    """Every ActivityDefinition that these plans name, by id."""
    made = [
        _prescription(order_set, variant, rule, published)
        for variant in order_set.variants
        if variant.enabled
        for rule in variant.prescriptions
    ]
    made += [_lab(order_set, rule, published) for rule in order_set.labs]
    reviews = {rule.id: rule for variant in order_set.variants if variant.enabled for rule in variant.reviews}
    made += [_review(rule, published) for rule in reviews.values()]
    made.append(_message(order_set, published))
    return {activity["id"]: activity for activity in made}


def plan_address(variant: Variant, base_url: str) -> str:
    """Where the PlanDefinition of a variant is served."""
    return f"{base_url}/fhir/{PLANS}/{_PREFIX}-{variant.id}"


def _plan(order_set: OrderSet, variant: Variant, published: Published) -> Resource:
    sentences = order_set.sentences.definition
    steps = ", ".join(
        wording.fill(
            sentences["step"],
            {
                "dose": wording.number(step.dose_mg),
                "from_day": str(step.from_day),
                "to_day": str(step.to_day),
            },
        )
        for step in variant.steps
    )
    return {
        **_head(PLANS, variant.id, wording.fill(sentences["title"], {"name": variant.name}), published),
        "type": _ORDER_SET,
        "description": wording.fill(sentences["description"], {"steps": steps}),
        "purpose": sentences["check"],
        "action": [*_actions(order_set, variant, published)],
    }


def _actions(order_set: OrderSet, variant: Variant, published: Published) -> Iterator[Resource]:
    """The first prescription is what all other days are counted from."""
    for position, rule in enumerate(variant.prescriptions):
        identity = _FIRST if position == 0 else f"prescription-{rule.id}"
        title = _supply(order_set, rule)
        action = _action(identity, title, f"{variant.id}-{rule.id}", published, chosen=True)
        if position:
            action["relatedAction"] = [_after(rule.lines[0].from_day)]
        yield action
    if variant.step_down is None:
        for lab in order_set.labs:
            values = {"text": lab.code.text, "when": lab.when}
            title = wording.fill(order_set.sentences.definition["lab"], values)
            action = _action(f"lab-{lab.id}", title, lab.id, published, chosen=False)
            if lab.from_day:
                action["relatedAction"] = [_after(lab.from_day, lab.to_day)]
            else:
                action["relatedAction"] = [{"actionId": _FIRST, "relationship": "before-start"}]
            yield action
    for review in variant.reviews:
        action = _action(f"review-{review.id}", review.code.text, f"review-{review.id}", published, chosen=True)
        action["relatedAction"] = [_after(review.from_day, review.to_day)]
        yield action
    instruction = order_set.instruction
    yield _action("patient-instruction", instruction.category, "patient-instruction", published, chosen=True)


def _action(identity: str, title: str, activity: str, published: Published, *, chosen: bool) -> Resource:
    return {
        "id": identity,
        "title": title,
        "precheckBehavior": "yes" if chosen else "no",
        "definitionCanonical": f"{published.base_url}/fhir/{ACTIVITIES}/{_PREFIX}-{activity}",
    }


def _after(first_day: int, last_day: int = 0) -> Resource:
    """So many days after the first dose; between two numbers of days where it has a window."""
    related: Resource = {"actionId": _FIRST, "relationship": "after-start"}
    if last_day:
        related["offsetRange"] = {"low": _days(first_day - 1), "high": _days(last_day - 1)}
    else:
        related["offsetDuration"] = _days(first_day - 1)
    return related


def _prescription(order_set: OrderSet, variant: Variant, rule: PrescriptionRule, published: Published) -> Resource:
    medication = wording.fill(rule.form.medication, {"strength": wording.number(rule.strength_mg)})
    return {
        **_head(ACTIVITIES, f"{variant.id}-{rule.id}", medication, published),
        "description": _supply(order_set, rule),
        "kind": "MedicationRequest",
        "intent": "order",
        "productCodeableConcept": _concept(Concept((order_set.medication,), medication)),
        "quantity": _quantity(Quantity(float(rule.quantity), rule.form.units, rule.form.code)),
        "dosage": [_dosage(order_set, rule, line, sequence) for sequence, line in enumerate(rule.lines, start=1)],
        "dynamicValue": [
            _value("dispenseRequest.numberOfRepeatsAllowed", str(rule.repeats)),
            _value("dispenseRequest.expectedSupplyDuration", f"{rule.days} days"),
        ],
    }


def _dosage(order_set: OrderSet, rule: PrescriptionRule, line: LineRule, sequence: int) -> Resource:
    dose = line.units * rule.strength_mg
    return {
        "sequence": sequence,
        "text": wording.fill(order_set.sentences.definition["line"], _line_values(rule, line)),
        "patientInstruction": order_set.sentences.dosage["patient"],
        "timing": {
            "repeat": {
                "boundsDuration": _days(line.to_day - line.from_day + 1),
                "frequency": 1,
                "period": 1,
                "periodUnit": "d",
                "when": ["HS"],
            }
        },
        "route": _concept(order_set.route),
        "doseAndRate": [{"type": _ORDERED, "doseQuantity": _quantity(Quantity(float(dose), "mg", "mg"))}],
    }


def _line_values(rule: PrescriptionRule, line: LineRule) -> dict[str, str]:
    return {
        "amount": wording.amount(line.units, rule.form),
        "dose": wording.number(line.units * rule.strength_mg),
        "from_day": str(line.from_day),
        "to_day": str(line.to_day),
    }


def _supply(order_set: OrderSet, rule: PrescriptionRule) -> str:
    """A prescription in one sentence: product, doses by day, and what is dispensed."""
    definition, suggestion = order_set.sentences.definition, order_set.sentences.suggestion
    lines = (wording.fill(definition["line"], _line_values(rule, line)) for line in rule.lines)
    values = {
        "medication": wording.fill(rule.form.medication, {"strength": wording.number(rule.strength_mg)}),
        "lines": suggestion["between_lines"].join(lines),
        "supply": wording.supply(order_set, rule),
    }
    return wording.fill(definition["prescription"], values)


def _lab(order_set: OrderSet, rule: LabRule, published: Published) -> Resource:
    values = {"text": rule.code.text, "when": rule.when}
    return {
        **_head(ACTIVITIES, rule.id, rule.code.text, published),
        "description": wording.fill(order_set.sentences.definition["lab"], values),
        "kind": "ServiceRequest",
        "intent": "order",
        "code": _concept(rule.code),
    }


def _review(rule: ReviewRule, published: Published) -> Resource:
    return {
        **_head(ACTIVITIES, f"review-{rule.id}", rule.code.text, published),
        "kind": "ServiceRequest",
        "intent": "order",
        "code": _concept(rule.code),
    }


def _message(order_set: OrderSet, published: Published) -> Resource:
    instruction = order_set.instruction
    return {
        **_head(ACTIVITIES, "patient-instruction", instruction.category, published),
        "description": " ".join(instruction.sentences),
        "kind": "CommunicationRequest",
        "code": {"text": instruction.category},
    }


def _head(kind: str, identity: str, title: str, published: Published) -> Resource:
    """Never `active`: nobody has approved it, and whoever imports it decides that for himself."""
    named = f"{_PREFIX}-{identity}"
    return {
        "resourceType": kind,
        "id": named,
        "url": f"{published.base_url}/fhir/{kind}/{named}",
        "version": published.version,
        "name": "".join(part[:1].upper() + part[1:] for part in named.split("-")),
        "title": title,
        "status": "draft",
        "experimental": True,
    }


def _concept(facts: Concept) -> Resource:
    codings = [{"system": one.system, "code": one.code, "display": one.display} for one in facts.codings]
    return {"coding": codings, "text": facts.text}


def _quantity(facts: Quantity) -> Resource:
    value = int(facts.value) if facts.value.is_integer() else facts.value
    return {"value": value, "unit": facts.unit, "system": _UCUM, "code": facts.code}


def _days(number: int) -> Resource:
    return {"value": number, "unit": "days", "system": _UCUM, "code": "d"}


def _value(path: str, expression: str) -> Resource:
    return {"path": path, "expression": {"language": "text/fhirpath", "expression": expression}}
