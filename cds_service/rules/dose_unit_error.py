"""Rule 21: a dose that is probably a slip of the decimal point or of the unit (S1 S22 S43 S59)."""

from dataclasses import dataclass

from cds_service.definitions.case import Case
from cds_service.definitions.dose import lines_of, measure, milligrams, times_a_day
from cds_service.definitions.indication import LDN
from cds_service.definitions.order_class import has_cue, says_ultra_low
from cds_service.definitions.signature import Worded, forgets_the_unit, worded_count, worded_dose, worded_volume_ml
from cds_service.definitions.titration import is_more, is_tenfold
from cds_service.record import Dosage, DraftOrder, Finding, Indicator, Naltrexone, Proposal, Quantity
from cds_service.terminology.units import convert

_ALIKE = 0.01
"""mg: two doses that differ by less are the same dose."""


@dataclass(frozen=True, slots=True)
class _Slip:
    """`wording` is a section of the card; `said` and `usual` fill its blanks."""

    indicator: Indicator
    wording: str
    said: str
    usual: str = ""


def detect(case: Case) -> Finding | None:
    """Critical for gross errors, warning for a doubtful unit; more than 150 mg a day by mouth whatever the reason."""
    judged = [(found, order) for order in case.naltrexone_judged if (found := _slip(case, order)) is not None]
    if not judged:
        return None
    slip, order = max(judged, key=lambda one: one[0].indicator)
    start = f"{case.thresholds.dose.start_mg:g}"
    return Finding(
        rule="dose-unit-error",
        indicator=slip.indicator,
        evidence=tuple(order.reference for _, order in judged if order.reference),
        wording=slip.wording,
        values={
            "said": slip.said,
            "usual": slip.usual,
            "target": f"{case.thresholds.dose.target_mg:g} mg",
            "text": _words(order),
        },
        proposals=(
            Proposal("correct-draft", (order,), True, {"dose": f"{start} mg", "mg": start, "strength": start}),
            Proposal("delete-draft", tuple(order for _, order in judged)),
        ),
    )


def _words(order: DraftOrder) -> str:
    return next((line.text for line in order.dosages if line.text), "")


def _slip(case: Case, order: DraftOrder) -> _Slip | None:
    found = case.order_class(order)
    if found.name == "er-injectable" or order.drug is None or order.drug.naltrexone is None:
        return None
    product, daily = order.drug.naltrexone, found.dose.mg
    pairs = [(line, worded_dose(line.text, product)) for line in order.dosages]
    low_dose = (
        has_cue(order, case.thresholds)
        or LDN in found.reasons
        or any(mg <= case.thresholds.order_class.low_dose_max_mg for _, said in pairs for mg in said.all_mg)
    )
    too_much = is_more(daily, case.thresholds.order_class.standard_max_mg)
    if found.name == "nb-combo":
        return _Slip(Indicator.CRITICAL, "excess", f"{daily:g} mg") if too_much else None
    if low_dose and daily is not None and is_tenfold(case, daily):
        return _Slip(Indicator.CRITICAL, "default", f"{daily:g} mg", f"{daily / case.thresholds.dose.tenfold:g} mg")
    if low_dose:
        slips = [slip for line, said in pairs if (slip := _in_line(case, order, line, said, product)) is not None]
        if slips:
            return max(slips, key=lambda one: one.indicator)
    if too_much and daily is not None:
        return _Slip(Indicator.CRITICAL, "excess", f"{daily:g} mg")
    return None


def _in_line(case: Case, order: DraftOrder, line: Dosage, said: Worded, product: Naltrexone) -> _Slip | None:
    limits = case.thresholds.dose
    written = line.dose_high or line.dose
    measured = measure(written) if written else None
    kind, amount = measured or ("", None)
    per_ml = product.strength_mg_per_ml
    if per_ml is not None and per_ml >= limits.concentrated_mg_per_ml:
        volume = amount if kind == "volume" else worded_volume_ml(line.text) if written is None else None
        first, last = limits.liquid_error_ml
        if volume is not None and first <= volume <= last and not _says_mass(said, volume, per_ml):
            return _Slip(Indicator.CRITICAL, "liquid", f"{volume:g} mL", f"{per_ml:g} mg/mL")
    count = amount if kind == "count" else worded_count(line.text) if written is None else None
    strength = product.strength_mg
    if count == limits.target_mg and strength is not None and is_more(strength, limits.start_mg):
        return _Slip(Indicator.CRITICAL, "count", f"{count:g}", f"{strength:g} mg")
    if written is not None and not written.spelled:
        return _Slip(Indicator.WARNING, "unitless", f"{written.value:g}")
    if written is None and forgets_the_unit(line.text):
        return _Slip(Indicator.WARNING, "unitless", "")
    one = milligrams(written, product) if written else said.mg
    if one is not None and _is_few_micrograms(case, one, written, said) and not says_ultra_low(order):
        return _Slip(Indicator.WARNING, "microgram", f"{_micrograms(one):g} micrograms")
    return _disagreement(case, line, said, product)


def _says_mass(said: Worded, volume: float, per_ml: float) -> bool:
    """The words say a mass of their own, not only the one that the volume makes."""
    return any(abs(mg - volume * per_ml) > _ALIKE for mg in said.all_mg)


def _micrograms(mg: float) -> float:
    return convert(mg, "mg", "ug") or 0.0


def _is_few_micrograms(case: Case, mg: float, written: Quantity | None, said: Worded) -> bool:
    low, high = case.thresholds.dose.microgram_error_ug
    micro = said.microgram if written is None else (measure(written) or ("", 0))[0] == "mass"
    return micro and low - 0.001 <= _micrograms(mg) <= high + 0.001


def _disagreement(case: Case, line: Dosage, said: Worded, product: Naltrexone) -> _Slip | None:
    """Structure and words say different doses: gross where one of them is above the low-dose range."""
    written = [one for quantity in (line.dose, line.dose_high) if quantity and (one := milligrams(quantity, product))]
    if not written or not said.all_mg:
        return None
    times = max(times_a_day(line), 1.0)
    if any(abs(one * each - mg) < _ALIKE for one in written for each in (1.0, times) for mg in said.all_mg):
        return None
    if len(lines_of((line,), product)) > 1:
        return None
    other = max(said.all_mg)
    high = is_more(max(*written, other), case.thresholds.order_class.low_dose_max_mg)
    return _Slip(Indicator.CRITICAL if high else Indicator.WARNING, "disagree", f"{max(written):g} mg", f"{other:g} mg")
