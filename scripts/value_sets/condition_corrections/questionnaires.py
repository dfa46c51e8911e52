"""Questionnaires and therapies that the table takes for diagnoses."""

from cds_service.terminology.systems import SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    (SNOMED, "183388004", "exact"): ("", ()),
    (SNOMED, "273264006", "exact"): ("", ()),
    (SNOMED, "273265007", "exact"): ("", ()),
    (SNOMED, "273554001", "exact"): ("", ()),
    (SNOMED, "273639003", "exact"): ("", ()),
    (SNOMED, "273802002", "exact"): ("", ()),
}
