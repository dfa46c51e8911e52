"""Which kind of naltrexone order this is (rulebook b.1, "Naltrexone order class"): the first class that fits wins."""

import re
from dataclasses import dataclass

from cds_service.definitions.dose import DailyDose, daily_dose
from cds_service.definitions.form import is_injection
from cds_service.definitions.indication import ADDICTION, LDN, reasons
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import DraftOrder, Naltrexone, PatientRecord

_CUE = re.compile(r"\bLDN\b|\blow[- ]dose naltrexone\b", re.I)
_LONGEST = 2000
_ULTRA_LOW = re.compile(r"\bultra[- ]?low[- ]?dose\b|\bULDN\b", re.I)


@dataclass(frozen=True, slots=True)
class OrderClass:
    """`name` is er-injectable, nb-combo, ldn, standard or unknown."""

    name: str
    dose: DailyDose
    reasons: frozenset[str]
    ultra_low: bool = False

    @property
    def for_addiction(self) -> bool:
        return bool(self.reasons & ADDICTION)


def order_class(order: DraftOrder, record: PatientRecord, thresholds: Thresholds) -> OrderClass:
    """Class of a naltrexone draft. Needs `order.drug.naltrexone`."""
    assert order.drug is not None  # nosec B101  # for mypy: made sure of by the caller
    assert order.drug.naltrexone is not None  # nosec B101  # for mypy: made sure of by the caller
    product = order.drug.naltrexone
    dose = daily_dose(order.dosages, product)
    why = reasons(order, record, thresholds)
    return OrderClass(_name(order, product, dose, why, thresholds), dose, why, _is_ultra_low(order, dose, thresholds))


def _name(order: DraftOrder, product: Naltrexone, dose: DailyDose, why: frozenset[str], thresholds: Thresholds) -> str:
    limits = thresholds.order_class
    if is_injection(product, order.dosages, thresholds):
        return "er-injectable"
    if product.product == "nb-combo":
        return "nb-combo"
    if dose.mg is not None and 0 < dose.mg <= limits.low_dose_max_mg:
        return "ldn"
    if _has_cue(order, product, limits.low_dose_max_mg):
        return "ldn"
    between = dose.mg is None or limits.low_dose_max_mg < dose.mg < limits.standard_min_mg
    if between and LDN in why and not why & ADDICTION:
        return "ldn"
    if dose.mg is not None and limits.standard_min_mg <= dose.mg <= limits.standard_max_mg:
        return "standard"
    return "unknown"


def _has_cue(order: DraftOrder, product: Naltrexone, low: float) -> bool:
    if product.low_dose_cue or (product.strength_mg is not None and product.strength_mg <= low):
        return True
    return says_low_dose(order)


def has_cue(order: DraftOrder, thresholds: Thresholds) -> bool:
    """An LDN cue of a naltrexone draft: its words say so, or its product has a strength of no more than 6 mg."""
    product = order.drug.naltrexone if order.drug else None
    return product is not None and _has_cue(order, product, thresholds.order_class.low_dose_max_mg)


def says_low_dose(order: DraftOrder) -> bool:
    """Whether the words of the order say LDN, wherever they stand."""
    return any(_CUE.search(word, 0, _LONGEST) for word in _words(order))


def says_ultra_low(order: DraftOrder) -> bool:
    """Whether the words of the order say ultra-low dose."""
    return any(_ULTRA_LOW.search(word, 0, _LONGEST) for word in _words(order))


def _words(order: DraftOrder) -> list[str]:
    return [word for word in (order.label, order.note, *(dosage.text for dosage in order.dosages)) if word]


def _is_ultra_low(order: DraftOrder, dose: DailyDose, thresholds: Thresholds) -> bool:
    """Microgram dosing: said in words, or micrograms far below the lowest step (rule 36, near-miss 7)."""
    few = dose.mg is not None and dose.mg < thresholds.order_class.ultra_low_mg
    return says_ultra_low(order) or (dose.microgram and few)
