"""Rules 14 and 16: decompensation that needs a cirrhosis code beside it, and liver failure."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import ACUTE_FAILURE, ASCITES, FAILURE, FAILURE_WITH_COMA, Corrections

CORRECTIONS: Corrections = {
    # Decompensation that needs a cirrhosis code beside it.
    (ICD10CM, "R18.8", "exact"): ("Other ascites", ASCITES),
    (ICD10, "R18", "prefix"): ("Ascites", ASCITES),
    (SNOMED, "389026000", "exact"): ("Ascites (disorder)", ASCITES),
    (SNOMED, "236004002", "exact"): ("Hepatic ascites", ASCITES),
    (SNOMED, "1085021000119106", "exact"): ("Hepatic ascites due to chronic alcoholic hepatitis", ASCITES),
    (SNOMED, "1082611000119101", "exact"): (
        "Ascites due to alcoholic hepatitis",
        ("acute-liver-injury", *ASCITES),  # K70.11 in SNOMED's words
    ),
    (ICD10CM, "K70.11", "exact"): ("Alcoholic hepatitis with ascites", ("acute-liver-injury", *ASCITES)),
    (ICD10CM, "K71.51", "exact"): (
        "Toxic liver disease with chronic active hepatitis with ascites",
        ("chronic-hepatitis", *ASCITES),
    ),
    (ICD10CM, "K65.2", "exact"): ("Spontaneous bacterial peritonitis", ("decompensation",)),
    # Liver failure: with cirrhosis rule 14, without it rule 16. K72.0* is acute and belongs to rule 16 alone.
    (ICD10CM, "K72", "prefix"): ("", ()),
    (ICD10, "K72", "prefix"): ("", ()),
    (ICD10CM, "K72.0", "prefix"): ("Acute and subacute hepatic failure", ACUTE_FAILURE),
    (ICD10, "K72.0", "prefix"): ("Acute and subacute hepatic failure", ACUTE_FAILURE),
    (ICD10CM, "K72.01", "exact"): (
        "Acute and subacute hepatic failure with coma",
        (*ACUTE_FAILURE, "encephalopathy", "encephalopathy-coma"),
    ),
    (ICD10CM, "K72.1", "prefix"): ("Chronic hepatic failure", FAILURE),
    (ICD10, "K72.1", "prefix"): ("Chronic hepatic failure", FAILURE),
    (ICD10CM, "K72.11", "exact"): ("Chronic hepatic failure with coma", FAILURE_WITH_COMA),
    (ICD10CM, "K72.9", "prefix"): ("Hepatic failure, unspecified", FAILURE),
    (ICD10, "K72.9", "prefix"): ("Hepatic failure, unspecified", FAILURE),
    (ICD10CM, "K72.91", "exact"): ("Hepatic failure, unspecified with coma", FAILURE_WITH_COMA),
    (ICD10CM, "K70.4", "prefix"): ("Alcoholic hepatic failure", FAILURE),
    (ICD10, "K70.4", "prefix"): ("Alcoholic hepatic failure", FAILURE),
    (ICD10CM, "K70.41", "exact"): ("Alcoholic hepatic failure with coma", FAILURE_WITH_COMA),
    # Not in rule 14's list: hepatopulmonary syndrome.
    (ICD10CM, "K76.81", "exact"): ("", ()),
}
