"""Family history (rulebook b.1): says nothing of the patient."""

from cds_service.terminology.systems import ICD10CM
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    **{
        (ICD10CM, code, "prefix"): (display, ("family-history",))
        for code, display in (
            ("Z80", "Family history of primary malignant neoplasm"),
            ("Z81", "Family history of mental and behavioral disorders"),
            ("Z82", "Family history of certain disabilities and chronic diseases (leading to disablement)"),
            ("Z83", "Family history of other specific disorders"),
            ("Z84", "Family history of other conditions"),
        )
    },
}
