"""Short spellings of facts for the tests of definitions, rules and present: one patient, one day, few words."""

import tomllib
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from cds_service.content import cards_dir
from cds_service.definitions.case import MEDICATION_PRESCRIBE, Case
from cds_service.definitions.thresholds import Thresholds, read_thresholds
from cds_service.record import (
    Allergy,
    Coding,
    Concept,
    Condition,
    Dosage,
    DraftOrder,
    Drug,
    Encounter,
    FirstLineDrug,
    LabOrder,
    Medication,
    Naltrexone,
    Observation,
    Opioid,
    Patient,
    PatientRecord,
    Procedure,
    Quantity,
    Shortfall,
)

T0 = date(2026, 3, 2)
FILE = cards_dir() / "thresholds.toml"
THRESHOLDS: Thresholds = read_thresholds(tomllib.loads(FILE.read_text("utf-8")))


def ago(days: int) -> date:
    return T0 - timedelta(days=days)


def ahead(days: int) -> date:
    return T0 + timedelta(days=days)


def opioid(name: str, washout: str, ingredient: str = "") -> Drug:
    return Drug(name, f"{name} as written", opioids=(Opioid(ingredient or name, name, washout),))


CODEINE = opioid("codeine", "short-acting")
HYDROCODONE = opioid("hydrocodone", "short-acting")
OXYCODONE_ER = opioid("oxycodone", "long-acting")
METHADONE = opioid("methadone", "two-week")
DEPOT = opioid("buprenorphine", "depot")
SOME_OPIOID = opioid("opioid", "kind-unknown")
BY_ROW = {
    "short-acting": CODEINE,
    "long-acting": OXYCODONE_ER,
    "two-week": METHADONE,
    "depot": DEPOT,
    "kind-unknown": SOME_OPIOID,
}
CAPSULE = Naltrexone("oral", strength_mg=1.5, compounded=True)
TABLET = Naltrexone("oral", strength_mg=50.0)
INJECTION = Naltrexone("er-injectable", strength_mg=380.0)
COMBINATION = Naltrexone("nb-combo", strength_mg=8.0)
UNSPECIFIED = Naltrexone("unspecified")
WARFARIN = Drug("warfarin", "warfarin 5 mg tablet", anticoagulant=True)


def naltrexone_drug(product: Naltrexone = UNSPECIFIED, label: str = "naltrexone") -> Drug:
    return Drug("naltrexone", label, naltrexone=product)


LDN = naltrexone_drug(CAPSULE)


def record_of(kind: str, drug: Drug = CODEINE, **facts: Any) -> Medication:
    facts.setdefault("reference", f"Medication{kind.capitalize()}/{drug.name}")
    facts.setdefault("status", "completed" if kind in ("dispense", "administration") else "active")
    return Medication(kind=kind, drug=drug, **facts)


def statement(drug: Drug = CODEINE, **facts: Any) -> Medication:
    return record_of("statement", drug, **facts)


def request(drug: Drug = CODEINE, **facts: Any) -> Medication:
    return record_of("request", drug, **facts)


def dispense(drug: Drug = CODEINE, **facts: Any) -> Medication:
    return record_of("dispense", drug, **facts)


def administration(drug: Drug = CODEINE, **facts: Any) -> Medication:
    return record_of("administration", drug, **facts)


def mg(value: float, **timing: Any) -> Dosage:
    return Dosage(dose=Quantity(value, "mg", "mg"), **timing)


def draft(drug: Drug | None = LDN, *dosages: Dosage, **facts: Any) -> DraftOrder:
    facts.setdefault("reference", "MedicationRequest/draft")
    facts.setdefault("label", drug.label if drug else "")
    return DraftOrder(drug=drug, dosages=dosages or (mg(1.5),), **facts)


def opioid_draft(drug: Drug = CODEINE, **facts: Any) -> DraftOrder:
    facts.setdefault("reference", "MedicationRequest/opioid")
    return DraftOrder(label=drug.label, drug=drug, **facts)


def condition(*groups: str, **facts: Any) -> Condition:
    facts.setdefault("reference", f"Condition/{groups[0] if groups else 'other'}")
    facts.setdefault("concept", Concept((), groups[0] if groups else "other"))
    facts.setdefault("clinical", "active")
    facts.setdefault("verification", "confirmed")
    facts.setdefault("has_abatement", facts.get("abated") is not None)
    return Condition(groups=frozenset(groups), **facts)


def result(group: str, taken: date | None = T0, **facts: Any) -> Observation:
    facts.setdefault("reference", f"Observation/{group}")
    facts.setdefault("status", "final")
    facts.setdefault("taken_order", taken.isoformat() if taken else "")
    facts["answers"] = frozenset(facts.get("answers", ()))
    return Observation(group=group, taken=taken, **facts)


def value(number: float, unit: str) -> Quantity:
    return Quantity(number, unit, unit)


WOMAN = Patient("female", date(1980, 6, 15), date(1980, 6, 15))
MAN = Patient("male", date(1980, 6, 15), date(1980, 6, 15))


def chart(
    medications: Iterable[Medication] = (),
    conditions: Iterable[Condition] = (),
    observations: Iterable[Observation] = (),
    lab_orders: Iterable[LabOrder] = (),
    shortfalls: Iterable[Shortfall] = (),
    patient: Patient | None = WOMAN,
    encounter: Encounter | None = None,
    as_of: date = T0,
    allergies: Iterable[Allergy] = (),
    procedures: Iterable[Procedure] = (),
    first_line: Iterable[FirstLineDrug] = (),
) -> PatientRecord:
    return PatientRecord(
        as_of,
        patient,
        encounter,
        tuple(medications),
        tuple(conditions),
        tuple(observations),
        tuple(lab_orders),
        tuple(shortfalls),
        tuple(allergies),
        tuple(procedures),
        tuple(first_line),
    )


def case(*drafts: DraftOrder, hook: str = MEDICATION_PRESCRIBE, orders_sent: bool = True, **facts: Any) -> Case:
    """A call with one LDN draft unless told otherwise; `facts` are those of `chart`."""
    return Case(hook, chart(**facts), drafts or (draft(),), THRESHOLDS, orders_sent)


def coded(system: str, code: str, text: str = "") -> Concept:
    return Concept((Coding(system, code),), text)
