"""A corrected draft speaks in the words of the order set that is in force."""

from dataclasses import replace

from cds_service.titration import shipped
from cds_service.titration.correction import correction


def test_a_correction_takes_the_form_of_the_first_prescription_of_the_default() -> None:
    order_set = shipped()
    default = order_set.variant(order_set.default)
    first, *others = default.prescriptions
    liquid = replace(first, form=order_set.variant("V4-middle").prescriptions[0].form)
    changed = replace(default, prescriptions=(liquid, *others))
    variants = tuple(changed if one.id == default.id else one for one in order_set.variants)
    found = correction(replace(order_set, variants=variants), "1.5", "1", "HS")
    assert found.text == "Take 1.5 mL (1.5 mg) by mouth at bedtime"
