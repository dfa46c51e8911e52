"""Rules 10 and 11: conception is unlikely or excluded."""

from cds_service.terminology.systems import ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    **{
        (system, code, "exact"): (display, ("conception-unlikely", "uterus-absent"))
        for system, code, display in (
            (ICD10CM, "Z90.710", "Acquired absence of both cervix and uterus"),
            (ICD10CM, "Z90.711", "Acquired absence of uterus with remaining cervical stump"),
            (ICD10CM, "Q51.0", "Agenesis and aplasia of uterus"),
            # Seen with this name in a public surgical phenotype list.
            (SNOMED, "161800001", "History of hysterectomy (situation)"),
        )
    },
    **{
        (system, code, "exact"): (display, ("conception-unlikely",))
        for system, code, display in (
            (ICD10CM, "Z98.51", "Tubal ligation status"),
            (ICD10CM, "Z30.2", "Encounter for sterilization"),
            (ICD10CM, "Z78.0", "Asymptomatic menopausal state"),
            (ICD10CM, "N95.0", "Postmenopausal bleeding"),
            (ICD10CM, "N95.2", "Postmenopausal atrophic vaginitis"),
            (ICD10CM, "Z97.5", "Presence of (intrauterine) contraceptive device"),
            (ICD10CM, "Z30.430", "Encounter for insertion of intrauterine contraceptive device"),
            (ICD10CM, "Z30.431", "Encounter for routine checking of intrauterine contraceptive device"),
            (ICD10CM, "Z30.433", "Encounter for removal and reinsertion of intrauterine contraceptive device"),
            (ICD10CM, "Z30.017", "Encounter for initial prescription of implantable subdermal contraceptive"),
            (ICD10CM, "Z30.46", "Encounter for surveillance of implantable subdermal contraceptive"),
            # Seen with this name in several national profiles.
            (SNOMED, "76498008", "Postmenopausal state (finding)"),
        )
    },
}
