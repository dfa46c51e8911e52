"""Ordinary patients and the orders that are written for them, made up from a table of rates and one seed.

What is assumed of them stands in `ordinary_rates.py`. Nobody here is real: every Patient carries the tag HTEST.

The orders are written as prescribers write them, slips included: compounded capsules by text, now and then the 50 mg
tablet from the catalogue with a low dose in the instructions, a first dose of 4.5 mg, a dose twice a day.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ordinary_rates import AGONISTS, DRUGS, FIRST_LINE, OPIOIDS, PREGNANCY, PROBLEMS, RATES, REASONS

DAY = date(2026, 3, 2)
PATIENT = "ordinary"
RXNORM, ICD, LOINC = (
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://loinc.org",
)
LISTS = (
    "medStatements", "medRequests", "medDispenses", "medAdministrations", "conditions", "allergies", "pregnancyObs",
    "labs", "toxLabs", "outcomes", "procedures", "serviceRequests", "appointments",
)  # fmt: skip


@dataclass
class Chart:
    """One patient's record as it grows; `lists` are prefetch keys and their resources."""

    dice: random.Random
    shares: Mapping[str, float]
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {key: [] for key in LISTS})
    patient: dict[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def is_true(self, rate: str) -> bool:
        return self.dice.random() < self.shares[rate]

    def add(self, key: str, kind: str, **fields: Any) -> dict[str, Any]:
        resource = {
            "resourceType": kind,
            "id": f"{kind.lower()}-{sum(map(len, self.lists.values())) + 1}",
            "subject": {"reference": f"Patient/{PATIENT}"},
            **fields,
        }
        if kind == "AllergyIntolerance":
            resource["patient"] = resource.pop("subject")
        elif kind == "Appointment":
            resource["participant"] = [{"actor": resource.pop("subject"), "status": "accepted"}]
        self.lists[key].append(resource)
        return resource

    def prefetch(self) -> dict[str, Any]:
        """Complete searchsets; a list that could not be had is left out."""
        bundles: dict[str, Any] = {
            key: {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(resources),
                "entry": [{"resource": resource} for resource in resources],
            }
            for key, resources in self.lists.items()
            if key not in self.missing
        }
        visit = {
            "resourceType": "Encounter",
            "id": "visit",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": f"Patient/{PATIENT}"},
        }
        return {"patient": self.patient, "encounter": visit, **bundles}


@dataclass(frozen=True, slots=True)
class Order:
    """One order on one chart. `kind`: ldn, addiction, weight, opioid-on-ldn, or other; `calls` are by hook."""

    kind: str
    calls: Mapping[str, Mapping[str, Any]]


def shares(**changed: float) -> dict[str, float]:
    """The shares of the table, some of them changed by name (`opioid_current=0.22`)."""
    found = {name: rate.share for name, rate in RATES.items()}
    for name, share in changed.items():
        found[name.replace("_", "-")] = share
    return found


def ldn_orders(count: int, seed: int, rates: Mapping[str, float] | None = None) -> list[Order]:
    """Orders of low-dose naltrexone, each for a patient of its own."""
    return [_ldn(*_chart(seed, "ldn", number, rates)) for number in range(count)]


def other_naltrexone_orders(count: int, seed: int, rates: Mapping[str, float] | None = None) -> list[Order]:
    """Naltrexone in its labelled uses: 50 mg for alcohol dependence, with bupropion for weight."""
    return [_labelled(*_chart(seed, "labelled", number, rates), number) for number in range(count)]


def unrelated_orders(count: int, seed: int, rates: Mapping[str, float] | None = None) -> list[Order]:
    """Orders with neither naltrexone nor an opioid for somebody on naltrexone."""
    return [_unrelated(*_chart(seed, "other", number, rates), number) for number in range(count)]


def opioid_orders_on_ldn(count: int, seed: int, rates: Mapping[str, float] | None = None) -> list[Order]:
    """A short opioid course ordered for somebody who takes low-dose naltrexone: the overlap, written the other way."""
    return [_opioid_on_ldn(*_chart(seed, "overlap", number, rates)) for number in range(count)]


def _chart(seed: int, kind: str, number: int, rates: Mapping[str, float] | None) -> tuple[Chart, UUID]:
    """A patient with problems and drugs, the same for the same seed, kind and number."""
    dice = random.Random(f"{seed} {kind} {number}")
    chart = Chart(dice, rates or shares())
    instance = UUID(int=dice.getrandbits(128), version=4)
    woman = chart.is_true("woman")
    age = dice.randint(15, 17) if chart.is_true("minor") else min(max(round(dice.gauss(48, 14)), 18), 88)
    chart.patient = {
        "resourceType": "Patient",
        "id": PATIENT,
        "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]},
        "gender": "female" if woman else "male",
        "birthDate": (DAY - timedelta(days=round(age * 365.25) + dice.randint(1, 360))).isoformat(),
    }
    for code, name, share in PROBLEMS:
        if dice.random() < share:
            _problem(chart, code, name, dice.randint(30, 3000))
    for code, name, share in DRUGS:
        if dice.random() < share:
            _taken(chart, code, name)
    _women(chart, woman, age)
    _liver(chart)
    _lists_around(chart)
    return chart, instance


def _women(chart: Chart, woman: bool, age: int) -> None:
    if not woman or age > 50:
        return
    if age <= 44 and chart.is_true("pregnant"):
        _problem(chart, *PREGNANCY, chart.dice.randint(1, 200))
        return
    if age <= 44 and chart.is_true("pregnancy-old"):
        _problem(chart, *PREGNANCY, chart.dice.randint(370, 2500))
    if chart.is_true("pregnancy-tested"):
        negative = {"coding": [{"system": LOINC, "code": "LA6577-6", "display": "Negative"}]}
        test = _code(LOINC, "2106-3", "Choriogonadotropin (pregnancy test) [Presence] in Urine")
        _result(chart, "pregnancyObs", test, chart.dice.randint(0, 30), valueCodeableConcept=negative)


def _liver(chart: Chart) -> None:
    if chart.is_true("cirrhosis"):
        _problem(chart, "K74.60", "Unspecified cirrhosis of liver", chart.dice.randint(60, 2500))
        if chart.is_true("decompensated"):
            _problem(chart, "R18.8", "Other ascites", chart.dice.randint(5, 170))
    if chart.is_true("fatty-liver"):
        _problem(chart, "K76.0", "Fatty (change of) liver, not elsewhere classified", chart.dice.randint(60, 2500))
    if chart.is_true("liver-tested"):
        high = chart.is_true("alt-high")
        raised = high or chart.is_true("alt-raised")
        value = chart.dice.randint(202, 480) if high else chart.dice.randint(122, 200) if raised else None
        value = value or min(max(round(chart.dice.lognormvariate(3.1, 0.45)), 7), 118)
        _alt(chart, value, chart.dice.randint(0, 89))
    elif chart.dice.random() < 0.5:
        _alt(chart, chart.dice.randint(9, 60), chart.dice.randint(91, 700))


def _lists_around(chart: Chart) -> None:
    """Clutter and rare findings that every patient may have."""
    dice = chart.dice
    if chart.is_true("first-line"):
        for code, name in dice.sample(FIRST_LINE, dice.randint(1, 2)):
            _taken(chart, code, name, ended=dice.random() < 0.5)
    if chart.is_true("opioid-relic"):
        code, name = _weighted(dice, OPIOIDS)
        _prescribed(chart, code, name, "active", dice.randint(120, 1460), dice.choice((3, 5, 7, 10)))
    if chart.is_true("opioid-allergy"):
        chart.add(
            "allergies",
            "AllergyIntolerance",
            clinicalStatus=_status("allergyintolerance-clinical", "active"),
            verificationStatus=_status("allergyintolerance-verification", "confirmed"),
            criticality="low",
            code=_code(RXNORM, "2670", "codeine"),
            reaction=[{"manifestation": [{"text": dice.choice(("Nausea", "Itching"))}]}],
        )
    if chart.is_true("naltrexone-allergy"):
        chart.add(
            "allergies",
            "AllergyIntolerance",
            clinicalStatus=_status("allergyintolerance-clinical", "active"),
            verificationStatus=_status("allergyintolerance-verification", "confirmed"),
            code=_code(RXNORM, "7243", "naltrexone"),
            reaction=[{"manifestation": [{"text": "Rash"}]}],
        )
    if chart.is_true("surgery"):
        _appointment(chart, "Laparoscopic cholecystectomy", dice.randint(1, 14))
    if chart.is_true("procedure-elsewhere"):
        _appointment(
            chart, dice.choice(("MRI lumbar spine", "Screening colonoscopy", "Mammography")), dice.randint(1, 14)
        )
    if chart.is_true("score"):
        pain = _code(LOINC, "72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
        _result(
            chart, "outcomes", pain, dice.randint(1, 60), valueQuantity={"value": dice.randint(2, 7), "unit": "{score}"}
        )


def _opioids(chart: Chart, new: bool) -> None:
    """Opioids beside an order of naltrexone. The course, the relic and the entry without a date may all be there."""
    dice = chart.dice
    if new and chart.is_true("agonist"):
        code, name = dice.choice(AGONISTS)
        _problem(chart, "F11.20", "Opioid dependence, uncomplicated", dice.randint(100, 2000))
        _prescribed(chart, code, name, "active", dice.randint(1, 25), 30)
    elif chart.is_true("opioid-current" if new else "opioid-current-on-ldn"):
        code, name = _weighted(dice, OPIOIDS)
        if chart.is_true("opioid-as-statement"):
            since = (DAY - timedelta(days=dice.randint(10, 900))).isoformat()
            drug = {"medicationCodeableConcept": _code(RXNORM, code, name), "effectivePeriod": {"start": since}}
            chart.add("medStatements", "MedicationStatement", status="active", dateAsserted=since, **drug)
        else:
            _prescribed(chart, code, name, "active", dice.randint(0, 25), 30)
    elif chart.is_true("opioid-course"):
        code, name = _weighted(dice, OPIOIDS)
        days = dice.choice((3, 3, 5, 5, 7))
        _prescribed(chart, code, name, "completed", dice.randint(days, 90 + days), days, dispensed=True)
    if chart.is_true("opioid-undated"):
        code, name = _weighted(dice, OPIOIDS)
        drug = _code(RXNORM, code, name)
        chart.add("medStatements", "MedicationStatement", status="active", medicationCodeableConcept=drug)
    if chart.is_true("use-disorder"):
        _problem(chart, "F11.20", "Opioid dependence, uncomplicated", dice.randint(100, 2000))
    elif chart.is_true("use-disorder-remission"):
        _problem(chart, "F11.21", "Opioid dependence, in remission", dice.randint(100, 2000))
    if chart.is_true("screen-positive"):
        positive = {"coding": [{"system": LOINC, "code": "LA6576-8", "display": "Positive"}]}
        screen = _code(LOINC, "18390-5", "Opiates [Presence] in Urine by Confirmatory method")
        _result(chart, "toxLabs", screen, dice.randint(0, 14), valueCodeableConcept=positive)


def _ldn(chart: Chart, instance: UUID) -> Order:
    dice = chart.dice
    code, name = _weighted(dice, REASONS)
    if code or dice.random() < 0.8:
        _problem(chart, *((code, name) if code else ("M79.7", "Fibromyalgia")), dice.randint(60, 3000))
    new = chart.is_true("new")
    _opioids(chart, new)
    if chart.is_true("lists-missing"):
        chart.missing = (dice.choice(("medStatements", "medRequests")),)
    dose = dice.choices((0.5, 1, 1.5, 3, 4.5), (2, 8, 62, 10, 18) if new else (0, 2, 10, 18, 70))[0]
    draft = _draft(chart, dose, new)
    if code:
        draft["reasonCode"] = [_code(ICD, code, name)]
    if not new:
        _goes_on(chart, draft, dose)
    return Order("ldn", _calls(chart, draft, instance))


def _goes_on(chart: Chart, draft: dict[str, Any], dose: float) -> None:
    """The order that this one follows: its supply ends soon, and mostly the new one names it."""
    changed = chart.is_true("dose-change")
    before = {0.5: 1.0, 1: 0.5, 1.5: 1.0, 3: 1.5, 4.5: 3.0}[dose] if changed else dose
    left = chart.dice.randint(15, 25) if chart.is_true("early") else chart.dice.randint(0, 12)
    supply = chart.dice.choice((30, 30, 90))
    refills = chart.dice.choice((0, 1, 2))
    last = chart.add(
        "medRequests",
        "MedicationRequest",
        status="active",
        intent="order",
        authoredOn=(DAY - timedelta(days=supply * (1 + refills) - left)).isoformat(),
        medicationCodeableConcept=_code(RXNORM, "7243", f"naltrexone {before:g} mg capsule, compounded"),
        dosageInstruction=[_dosage(before, f"Take 1 capsule ({before:g} mg) by mouth at bedtime")],
        dispenseRequest={"numberOfRepeatsAllowed": refills, "expectedSupplyDuration": _days(supply)},
    )
    if not chart.is_true("unlinked"):
        draft["priorPrescription"] = {"reference": f"MedicationRequest/{last['id']}"}


def _draft(chart: Chart, dose: float, new: bool) -> dict[str, Any]:
    """The order as it is written, with the slips of the table."""
    drug = _code(RXNORM, "7243", f"naltrexone {dose:g} mg capsule, compounded")
    lines = [_dosage(dose, f"Take 1 capsule ({dose:g} mg) by mouth at bedtime")]
    if chart.is_true("tenfold"):
        lines = [_dosage(dose * 10, f"Take {dose * 10:g} mg by mouth at bedtime")]
    elif chart.is_true("tablet-dose"):
        drug = _code(RXNORM, "1483744", "naltrexone hydrochloride 50 MG Oral Tablet")
        lines = [_dosage(50, "Take 1 tablet (50 mg) by mouth daily", "")]
    elif chart.is_true("tablet-chosen"):
        drug = _code(RXNORM, "1483744", "naltrexone hydrochloride 50 MG Oral Tablet")
        lines = [_dosage(dose, f"{dose:g} mg by mouth at bedtime; compound from tablets")]
    elif chart.is_true("above-range"):
        dose = chart.dice.choice((5, 6))
        drug = _code(RXNORM, "7243", f"naltrexone {dose:g} mg capsule, compounded")
        lines = [_dosage(dose, f"Take 1 capsule ({dose:g} mg) by mouth at bedtime")]
    elif chart.is_true("twice-daily"):
        lines = [_dosage(dose, f"Take 1 capsule ({dose:g} mg) by mouth twice daily", "", times=2)]
    elif chart.is_true("liquid"):
        drug = {"text": "naltrexone 1 mg/mL oral suspension, compounded"}
        lines = [_dosage(dose, f"Take {dose:g} mL ({dose:g} mg) by mouth at bedtime")]
    elif new and chart.is_true("sequenced"):
        lines = _steps()
        drug = _code(RXNORM, "7243", "naltrexone 1.5 mg capsule, compounded")
    elif chart.is_true("text-only"):
        drug = {"text": f"Naltrexone {dose:g} mg capsules (low dose, compounded)"}
        lines = [{"text": f"Take one capsule ({dose:g} mg) by mouth at bedtime"}]
    return _order(drug, lines)


def _steps() -> list[dict[str, Any]]:
    lines = []
    for number, dose in enumerate((1.5, 3, 4.5)):
        start = DAY + timedelta(days=14 * number)
        end = start + timedelta(days=13)
        line = _dosage(dose, f"Take {dose:g} mg by mouth at bedtime from {start} to {end}")
        line["sequence"] = number + 1
        line["timing"]["repeat"]["boundsPeriod"] = {"start": start.isoformat(), "end": end.isoformat()}
        lines.append(line)
    return lines


def _labelled(chart: Chart, instance: UUID, number: int) -> Order:
    _opioids(chart, new=True)
    if number % 4:
        _problem(chart, "F10.20", "Alcohol dependence, uncomplicated", chart.dice.randint(30, 2000))
        drug = _code(RXNORM, "1483744", "naltrexone hydrochloride 50 MG Oral Tablet")
        draft = _order(drug, [_dosage(50, "Take 1 tablet (50 mg) by mouth daily", "")])
        draft["reasonCode"] = [_code(ICD, "F10.20", "Alcohol dependence, uncomplicated")]
        return Order("addiction", _calls(chart, draft, instance))
    _problem(chart, "E66.9", "Obesity, unspecified", chart.dice.randint(30, 2000))
    drug = {"text": "naltrexone 8 mg / bupropion 90 mg extended-release tablet"}
    draft = _order(drug, [{"text": "Take 1 tablet by mouth every morning"}])
    draft["reasonCode"] = [_code(ICD, "E66.9", "Obesity, unspecified")]
    return Order("weight", _calls(chart, draft, instance))


def _unrelated(chart: Chart, instance: UUID, number: int) -> Order:
    """A third of these are opioids, for patients who take no naltrexone."""
    if number % 3 == 0:
        code, name = _weighted(chart.dice, OPIOIDS)
    elif number % 3 == 1:
        code, name, _ = chart.dice.choice(DRUGS)
    else:
        code, name = chart.dice.choice(FIRST_LINE)
    draft = _order(_code(RXNORM, code, name), [{"text": "Take as directed"}])
    return Order("other", _calls(chart, draft, instance))


def _opioid_on_ldn(chart: Chart, instance: UUID) -> Order:
    _goes_on(chart, {}, 4.5)
    draft = _order(_code(RXNORM, *_weighted(chart.dice, OPIOIDS)), [{"text": "Take 1 tablet every 6 hours as needed"}])
    return Order("opioid-on-ldn", _calls(chart, draft, instance))


def _calls(chart: Chart, draft: Mapping[str, Any], instance: UUID) -> dict[str, dict[str, Any]]:
    """The same order while it is written and when it is signed."""
    context = {
        "userId": "Practitioner/ordinary",
        "patientId": PATIENT,
        "encounterId": "visit",
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": dict(draft)}]},
    }
    prefetch = chart.prefetch()
    selected = {**context, "selections": [f"MedicationRequest/{draft['id']}"]}
    return {
        "order-select": {
            "hook": "order-select",
            "hookInstance": str(instance),
            "context": selected,
            "prefetch": prefetch,
        },
        "order-sign": {"hook": "order-sign", "hookInstance": str(instance), "context": context, "prefetch": prefetch},
    }


def _order(drug: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{PATIENT}"},
        "authoredOn": DAY.isoformat(),
        "medicationCodeableConcept": drug,
        "dosageInstruction": list(lines),
    }


def _dosage(dose: float, text: str, when: str = "HS", times: int = 1) -> dict[str, Any]:
    repeat: dict[str, Any] = {"frequency": times, "period": 1, "periodUnit": "d"}
    if when:
        repeat["when"] = [when]
    quantity = {"value": dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    return {"text": text, "timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}


def _code(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def _status(kind: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{kind}", "code": code}]}


def _days(count: int) -> dict[str, Any]:
    return {"value": count, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}


def _problem(chart: Chart, code: str, name: str, days_ago: int) -> None:
    day = (DAY - timedelta(days=days_ago)).isoformat()
    chart.add(
        "conditions",
        "Condition",
        clinicalStatus=_status("condition-clinical", "active"),
        verificationStatus=_status("condition-ver-status", "confirmed"),
        code=_code(ICD, code, name),
        onsetDateTime=day,
        recordedDate=day,
    )


def _taken(chart: Chart, code: str, name: str, *, ended: bool = False) -> None:
    period = {"start": (DAY - timedelta(days=chart.dice.randint(400, 2500))).isoformat()}
    if ended:
        period["end"] = (DAY - timedelta(days=chart.dice.randint(20, 390))).isoformat()
    chart.add(
        "medStatements",
        "MedicationStatement",
        status="completed" if ended else "active",
        medicationCodeableConcept=_code(RXNORM, code, name),
        effectivePeriod=period,
    )


def _prescribed(
    chart: Chart, code: str, name: str, status: str, days_ago: int, supply: int, *, dispensed: bool = False
) -> None:
    day = (DAY - timedelta(days=days_ago)).isoformat()
    request = chart.add(
        "medRequests",
        "MedicationRequest",
        status=status,
        intent="order",
        authoredOn=day,
        medicationCodeableConcept=_code(RXNORM, code, name),
        dosageInstruction=[{"text": "Take 1 tablet by mouth every 6 hours as needed for pain"}],
        dispenseRequest={"numberOfRepeatsAllowed": 0, "expectedSupplyDuration": _days(supply)},
    )
    if dispensed:
        chart.add(
            "medDispenses",
            "MedicationDispense",
            status="completed",
            medicationCodeableConcept=_code(RXNORM, code, name),
            whenHandedOver=day,
            daysSupply=_days(supply),
            authorizingPrescription=[{"reference": f"MedicationRequest/{request['id']}"}],
        )


def _result(chart: Chart, key: str, code: Mapping[str, Any], days_ago: int, **value: Any) -> None:
    day = (DAY - timedelta(days=days_ago)).isoformat()
    chart.add(key, "Observation", status="final", code=code, effectiveDateTime=day, **value)


def _alt(chart: Chart, value: int, days_ago: int) -> None:
    unit = {"unit": "U/L", "system": "http://unitsofmeasure.org", "code": "U/L"}
    name = _code(LOINC, "1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma")
    limits = [{"high": {"value": 40, **unit}}]
    _result(chart, "labs", name, days_ago, valueQuantity={"value": value, **unit}, referenceRange=limits)


def _appointment(chart: Chart, words: str, days: int) -> None:
    day = (DAY + timedelta(days=days)).isoformat()
    chart.add("appointments", "Appointment", status="booked", start=f"{day}T08:00:00Z", description=words)


def _weighted(dice: random.Random, table: Sequence[tuple[str, str, float]]) -> tuple[str, str]:
    code, name, _ = dice.choices(table, [share for _, _, share in table])[0]
    return code, name
