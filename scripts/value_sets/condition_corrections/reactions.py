"""Rules 32 and 33: what naltrexone does to some, and what an allergy does."""

from cds_service.terminology.systems import ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    **{
        (system, code, match): (display, ("naltrexone-effect",))
        for system, code, match, display in (
            (ICD10CM, "F51.0", "prefix", "Insomnia not due to a substance or known physiological condition"),
            (ICD10CM, "F51.5", "exact", "Nightmare disorder"),
            (ICD10CM, "G47.0", "prefix", "Insomnia"),
            (ICD10CM, "R00.0", "exact", "Tachycardia, unspecified"),
            (ICD10CM, "R11.0", "exact", "Nausea"),
            (ICD10CM, "R40.0", "exact", "Somnolence"),
            (ICD10CM, "R42", "exact", "Dizziness and giddiness"),
            (ICD10CM, "R51", "prefix", "Headache"),
            # Seen with these names in public symptom lists.
            (SNOMED, "193462001", "exact", "Insomnia (disorder)"),
            (SNOMED, "25064002", "exact", "Headache (finding)"),
            (SNOMED, "271782001", "exact", "Drowsy (finding)"),
            (SNOMED, "3424008", "exact", "Tachycardia (finding)"),
            (SNOMED, "404640003", "exact", "Dizziness (finding)"),
            (SNOMED, "422587007", "exact", "Nausea (finding)"),
        )
    },
    **{
        (system, code, match): (display, ("severe-reaction",))
        for system, code, match, display in (
            (ICD10CM, "T78.2", "prefix", "Anaphylactic shock, unspecified"),
            (ICD10CM, "T78.3", "prefix", "Angioneurotic edema"),
            (
                ICD10CM,
                "T88.6",
                "prefix",
                "Anaphylactic reaction due to adverse effect of correct drug or medicament properly administered",
            ),
            (SNOMED, "39579001", "exact", "Anaphylaxis (disorder)"),
            (SNOMED, "41291007", "exact", "Angioedema (disorder)"),
        )
    },
}
