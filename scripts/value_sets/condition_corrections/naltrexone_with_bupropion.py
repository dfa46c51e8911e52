"""Rule 27: why naltrexone with bupropion is given, and the labelled contraindications of bupropion."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    (SNOMED, "414916001", "exact"): ("Obesity (disorder)", ("obesity",)),
    (ICD10, "E66", "prefix"): ("Obesity", ("obesity",)),
    # A body mass index of 27 or more, as it is coded for adults (rule 27, near-miss 3).
    **{
        (ICD10CM, code, match): (f"Body mass index [BMI] {words}, adult", ("bmi-27-or-more",))
        for code, match, words in (
            ("Z68.27", "exact", "27.0-27.9"),
            ("Z68.28", "exact", "28.0-28.9"),
            ("Z68.29", "exact", "29.0-29.9"),
            ("Z68.3", "prefix", "30-39"),
            ("Z68.4", "prefix", "40 or greater"),
        )
    },
    (ICD10CM, "G40", "prefix"): ("Epilepsy and recurrent seizures", ("seizure-disorder",)),
    (ICD10, "G40", "prefix"): ("Epilepsy", ("seizure-disorder",)),
    (SNOMED, "84757009", "exact"): ("Epilepsy (disorder)", ("seizure-disorder",)),
    (SNOMED, "128613002", "exact"): ("Seizure disorder (disorder)", ("seizure-disorder",)),
    (ICD10CM, "F50.2", "prefix"): ("Bulimia nervosa", ("bulimia",)),
    (ICD10, "F50.2", "prefix"): ("Bulimia nervosa", ("bulimia",)),
    (SNOMED, "78004001", "exact"): ("Bulimia nervosa (disorder)", ("bulimia",)),
}
