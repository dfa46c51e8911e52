"""A corrected draft in the order set's words: its capsules, its sentences, its code (rules 21, 22, 23, 25)."""

from decimal import Decimal

from cds_service.fhir.write import Correction
from cds_service.record import Concept, Quantity
from cds_service.titration import wording
from cds_service.titration.variants import OrderSet


def correction(order_set: OrderSet, dose_mg: str, strength_mg: str, moment: str) -> Correction:
    """`dose_mg` once a day and `strength_mg` of a compounded capsule as plain numbers, either may be empty.

    `moment` is a key of the file's [moments]: `HS` or `MORN`.
    """
    form = order_set.variant(order_set.default).prescriptions[0].form
    medication = None
    if strength_mg:
        strength = wording.number(Decimal(strength_mg))
        medication = Concept((order_set.medication,), wording.fill(form.medication, {"strength": strength}))
    if not dose_mg:
        return Correction(medication)
    dose = Decimal(dose_mg)
    units = dose / Decimal(strength_mg) if strength_mg else None
    sentence = "once_daily" if units is None else "once_daily_counted"
    values = {
        "dose": wording.number(dose),
        "amount": wording.amount(units, form) if units is not None else "",
        "moment": order_set.moments[moment],
    }
    text = wording.fill(order_set.sentences.dosage[sentence], values)
    return Correction(medication, Quantity(float(dose), "mg", "mg"), text, moment)
