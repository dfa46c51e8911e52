"""Rules 5, 6 and 40, and the addiction set: withdrawal, agonist therapy, poisoning, use of alcohol."""

from cds_service.terminology.systems import ICD10CM, SNOMED
from value_sets.condition_groups import Corrections

CORRECTIONS: Corrections = {
    (SNOMED, "1264554000", "exact"): (
        "Signs of opioid withdrawal on naloxone challenge test (finding)",
        ("naloxone-challenge-failed",),
    ),
    (ICD10CM, "F11.13", "exact"): ("Opioid abuse with withdrawal", ("opioid-use-disorder", "opioid-withdrawal")),
    (ICD10CM, "F11.23", "exact"): (
        "Opioid dependence with withdrawal",
        ("opioid-use-disorder", "opioid-withdrawal"),
    ),
    # "Alcohol use, unspecified" is no use disorder; the set is F10.1 and F10.2.
    **{
        (ICD10CM, code, match): ("", ())
        for code, match in (
            ("F10.90", "exact"),
            ("F10.91", "exact"),
            ("F10.92", "prefix"),
            ("F10.93", "prefix"),
            ("F10.94", "exact"),
            ("F10.95", "prefix"),
            ("F10.96", "exact"),
            ("F10.97", "exact"),
            ("F10.98", "prefix"),
            ("F10.99", "exact"),
        )
    },
    (SNOMED, "1081000119105", "exact"): (
        "Opioid dependence, on agonist therapy (disorder)",
        ("opioid-agonist-therapy", "opioid-use-disorder"),  # rule 5
    ),
    # Poisoning by an opioid, but neither its adverse effect at a proper dose nor underdosing (rule 6).
    **{
        (ICD10CM, f"{code}{intent}", "prefix"): (f"Poisoning by {drug}, {meant}", ("opioid-poisoning",))
        for code, drug in (
            ("T40.0X", "opium"),
            ("T40.1X", "heroin"),
            ("T40.2X", "other opioids"),
            ("T40.3X", "methadone"),
            ("T40.41", "fentanyl or fentanyl analogs"),
            ("T40.42", "tramadol"),
            ("T40.49", "other synthetic narcotics"),
            ("T40.60", "unspecified narcotics"),
            ("T40.69", "other narcotics"),
        )
        for intent, meant in (
            ("1", "accidental (unintentional)"),
            ("2", "intentional self-harm"),
            ("3", "assault"),
            ("4", "undetermined"),
        )
    },
}
