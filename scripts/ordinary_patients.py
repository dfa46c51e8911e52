"""Ordinary patients and the orders that are written for them, made up from a table of rates and one seed.

The table `RATES` is the whole of what is assumed; `scripts/burden_report.py` prints it with its sources. A rate whose
source is "assumed" is a guess of ours that a site should put its own figure in place of. Nobody here is real: every
Patient carries the tag HTEST.

The orders are written as prescribers write them, slips included: compounded capsules by text, now and then the 50 mg
tablet from the catalogue with a low dose in the instructions, a first dose of 4.5 mg, a dose twice a day.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

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
_ASSUMED = "assumed"
_NHANES = "NHANES 2015-2018, NCHS Data Brief 369: adults with a prescription opioid in the past 30 days"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of patients (0 to 1) for whom something is true."""

    share: float
    source: str
    what: str


RATES: Mapping[str, Rate] = {
    "woman": Rate(0.80, "fibromyalgia is diagnosed in women mostly; exact share assumed", "women among patients"),
    "minor": Rate(0.003, _ASSUMED, "patients of 15 to 17 years"),
    "new": Rate(0.45, _ASSUMED, "LDN orders that start treatment; the others go on with it"),
    "dose-change": Rate(0.15, _ASSUMED, "orders that go on with LDN at another dose"),
    "unlinked": Rate(0.20, _ASSUMED, "orders that go on with LDN and do not name the order before"),
    "early": Rate(0.10, _ASSUMED, "orders that go on with LDN more than 14 days before the supply ends"),
    "opioid-current": Rate(0.057, _NHANES, "a current opioid, new start"),
    "opioid-current-on-ldn": Rate(0.010, _ASSUMED, "a current opioid although LDN is taken"),
    "opioid-as-statement": Rate(0.30, _ASSUMED, "of these, listed as a statement and not as a prescription"),
    "agonist": Rate(0.004, _ASSUMED, "buprenorphine or methadone, new start"),
    "opioid-course": Rate(0.035, _ASSUMED, "a short opioid course that ended in the last 90 days"),
    "opioid-relic": Rate(0.08, _ASSUMED, "an opioid prescription of 120 days to 4 years ago still marked active"),
    "opioid-undated": Rate(0.010, _ASSUMED, "an opioid on the list as active without any date"),
    "use-disorder": Rate(0.006, _ASSUMED, "opioid use disorder on the problem list"),
    "use-disorder-remission": Rate(0.004, _ASSUMED, "opioid use disorder in remission on the problem list"),
    "screen-positive": Rate(0.002, _ASSUMED, "an opioid screen positive in the last two weeks"),
    "pregnant": Rate(0.04, "3.6 million births a year, 65 million US women of 15 to 44", "pregnant, women of 15 to 44"),
    "pregnancy-old": Rate(0.05, _ASSUMED, "a pregnancy of over a year ago still active on the list, women of 15 to 44"),
    "pregnancy-tested": Rate(0.25, _ASSUMED, "a negative pregnancy test in the last 30 days, other women of 15 to 50"),
    "cirrhosis": Rate(0.0027, "NHANES 1999-2010 as published in 2015: 0.27 % of adults", "cirrhosis"),
    "decompensated": Rate(0.25, _ASSUMED, "of these, decompensated"),
    "liver-tested": Rate(0.45, _ASSUMED, "ALT on file from the last 90 days"),
    "alt-raised": Rate(0.006, _ASSUMED, "of these, ALT above 3 times its limit"),
    "alt-high": Rate(0.0015, _ASSUMED, "of these, ALT above 5 times its limit"),
    "fatty-liver": Rate(0.10, _ASSUMED, "fatty liver on the problem list"),
    "surgery": Rate(0.006, _ASSUMED, "an operation booked in the next 14 days"),
    "procedure-elsewhere": Rate(0.03, _ASSUMED, "an imaging or screening appointment in the next 14 days"),
    "opioid-allergy": Rate(0.05, _ASSUMED, "nausea or itch from an opioid on the allergy list"),
    "naltrexone-allergy": Rate(0.001, _ASSUMED, "an allergy to naltrexone on the list"),
    "first-line": Rate(0.85, _ASSUMED, "a first-line drug for pain on some list"),
    "tablet-chosen": Rate(0.02, _ASSUMED, "the 50 mg tablet of the catalogue, with a low dose in the instructions"),
    "tablet-dose": Rate(0.006, _ASSUMED, "50 mg a day ordered for pain"),
    "tenfold": Rate(0.001, _ASSUMED, "a tenfold dose"),
    "above-range": Rate(0.015, _ASSUMED, "5 or 6 mg a day"),
    "twice-daily": Rate(0.015, _ASSUMED, "a dose twice a day"),
    "text-only": Rate(0.15, _ASSUMED, "instructions in words alone"),
    "liquid": Rate(0.06, _ASSUMED, "1 mg/mL liquid"),
    "sequenced": Rate(0.08, _ASSUMED, "a new start written as a sequence of steps"),
    "score": Rate(0.30, _ASSUMED, "a pain score of the last months"),
    "lists-missing": Rate(0.005, _ASSUMED, "calls in which a medication list could not be had"),
}  # fmt: skip

# (reason code, its name, share): what LDN is ordered for; assumed. The last one is an order without a reason.
REASONS = (
    ("M79.7", "Fibromyalgia", 0.52),
    ("G89.4", "Chronic pain syndrome", 0.14),
    ("G62.9", "Polyneuropathy, unspecified", 0.08),
    ("G90.511", "Complex regional pain syndrome I of right upper limb", 0.04),
    ("G35", "Multiple sclerosis", 0.07),
    ("K50.90", "Crohn's disease, unspecified, without complications", 0.06),
    ("", "", 0.09),
)
# (code, name, share of adults): common problems that have nothing to do with naltrexone; rounded, assumed.
PROBLEMS = (
    ("I10", "Essential hypertension", 0.32),
    ("E11.9", "Type 2 diabetes mellitus without complications", 0.11),
    ("F33.1", "Major depressive disorder, recurrent, moderate", 0.22),
    ("F41.1", "Generalized anxiety disorder", 0.20),
    ("G43.909", "Migraine, unspecified", 0.18),
    ("K58.9", "Irritable bowel syndrome without diarrhea", 0.15),
    ("E03.9", "Hypothyroidism, unspecified", 0.10),
    ("J45.909", "Unspecified asthma, uncomplicated", 0.09),
    ("G47.00", "Insomnia, unspecified", 0.15),
    ("M54.50", "Low back pain, unspecified", 0.25),
)
# (RxNorm ingredient, name, share): drugs on the list; assumed.
DRUGS = (
    ("29046", "lisinopril 10 mg tablet", 0.14),
    ("6809", "metformin 500 mg tablet", 0.09),
    ("10582", "levothyroxine 50 mcg tablet", 0.10),
    ("36437", "sertraline 50 mg tablet", 0.13),
    ("435", "albuterol inhaler", 0.10),
    ("83367", "atorvastatin 20 mg tablet", 0.16),
    ("5640", "ibuprofen 600 mg tablet", 0.20),
    ("7646", "omeprazole 20 mg capsule", 0.15),
    ("6468", "loperamide 2 mg capsule", 0.02),
)
FIRST_LINE = (
    ("72625", "duloxetine 60 mg capsule"),
    ("187832", "pregabalin 75 mg capsule"),
    ("25480", "gabapentin 300 mg capsule"),
    ("704", "amitriptyline 25 mg tablet"),
)
# Clinical drugs of the value set opioids.csv, weighted as they are prescribed (assumed).
OPIOIDS = (
    ("857002", "acetaminophen 325 MG / hydrocodone bitartrate 5 MG Oral Tablet", 0.40),
    ("1049221", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet", 0.27),
    ("835603", "tramadol hydrochloride 50 MG Oral Tablet", 0.33),
)
PREGNANCY = ("Z34.90", "Encounter for supervision of normal pregnancy, unspecified")
AGONISTS = (
    ("1010604", "buprenorphine 8 MG / naloxone 2 MG Sublingual Film"),
    ("864706", "methadone hydrochloride 10 MG Oral Tablet"),
)


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
