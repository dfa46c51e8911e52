"""Rules 14 and 15: cirrhosis, what stands near it, and decompensation that is sufficient without it."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import COMA, DECOMPENSATED, ENCEPHALOPATHY, STANDALONE, Corrections

CORRECTIONS: Corrections = {
    (ICD10CM, "K70.31", "exact"): ("Alcoholic cirrhosis of liver with ascites", (*DECOMPENSATED, "ascites")),
    (ICD10CM, "K74.6", "prefix"): ("Other and unspecified cirrhosis of liver", ("cirrhosis",)),
    (SNOMED, "716203000", "exact"): ("Decompensated cirrhosis of liver (disorder)", DECOMPENSATED),
    (SNOMED, "1082601000119104", "exact"): ("Ascites due to alcoholic cirrhosis", (*DECOMPENSATED, "ascites")),
    (SNOMED, "308129003", "exact"): (
        "Esophageal varices in cirrhosis of the liver (disorder)",
        ("cirrhosis", "portal-hypertension"),  # varices without bleeding do not decompensate, near-miss (4)
    ),
    (SNOMED, "309783001", "exact"): (
        "Esophageal varices in alcoholic cirrhosis of the liver",
        ("cirrhosis", "portal-hypertension"),
    ),
    (SNOMED, "715401008", "exact"): (
        "Primary biliary cirrhosis co-occurrent with systemic scleroderma (disorder)",
        ("primary-biliary-cholangitis",),
    ),
    (SNOMED, "31712002", "exact"): ("Primary biliary cholangitis (disorder)", ("primary-biliary-cholangitis",)),
    (ICD10CM, "K74.3", "exact"): ("Primary biliary cirrhosis", ("primary-biliary-cholangitis",)),
    (ICD10, "K74.3", "prefix"): ("Primary biliary cirrhosis", ("primary-biliary-cholangitis",)),
    (ICD10CM, "Z94.4", "exact"): ("Liver transplant status", ("liver-transplant",)),
    (ICD10, "Z94.4", "prefix"): ("Liver transplant status", ("liver-transplant",)),
    # Seen with this name in two public registries' value sets.
    (SNOMED, "737297006", "exact"): ("Transplanted liver present (finding)", ("liver-transplant",)),
    # Sufficient without a cirrhosis code.
    (ICD10CM, "K76.82", "exact"): ("Hepatic encephalopathy", ENCEPHALOPATHY),
    (ICD10CM, "K76.7", "exact"): ("Hepatorenal syndrome", STANDALONE),
    (ICD10, "K76.7", "prefix"): ("Hepatorenal syndrome", STANDALONE),
    # Named by the rulebook, not in the tables; seen with this name in public FHIR examples and value sets.
    (SNOMED, "708248004", "exact"): ("End stage liver disease (disorder)", STANDALONE),
    (SNOMED, "13920009", "exact"): ("Hepatic encephalopathy (disorder)", ENCEPHALOPATHY),
    (SNOMED, "232534061000119102", "exact"): ("Delirium due to hepatic encephalopathy (disorder)", ENCEPHALOPATHY),
    (SNOMED, "51292008", "exact"): ("Hepatorenal syndrome (disorder)", STANDALONE),
    (SNOMED, "72836002", "exact"): ("Hepatic coma", COMA),
    (SNOMED, "1082621000119108", "exact"): (
        "Hepatic coma due to alcoholic liver failure",
        (*COMA, "liver-failure"),
    ),
    (SNOMED, "1085091000119108", "exact"): ("Hepatic coma due to chronic hepatic failure", (*COMA, "liver-failure")),
    (SNOMED, "146371000119104", "exact"): ("Hepatic coma due to chronic hepatitis C (disorder)", COMA),
    (SNOMED, "153091000119109", "exact"): (
        "Hepatic coma due to chronic hepatitis B with delta agent (disorder)",
        COMA,
    ),
    (SNOMED, "424340000", "exact"): ("Hepatic coma due to chronic hepatitis B (disorder)", COMA),
    (SNOMED, "435101000124104", "exact"): ("Chronic viral hepatitis C with hepatic coma (disorder)", COMA),
    # A recorded class, where it stands on the problem list (names as in OBSERVATIONS_ADDED).
    **{
        (SNOMED, code, "exact"): (f"Child-Pugh score class {letter.upper()} (finding)", (f"child-pugh-{letter}",))
        for code, letter in (("710065009", "a"), ("710066005", "b"), ("710067001", "c"))
    },
    # Hepatorenal syndrome after surgery or as a complication of care is not the hepatorenal syndrome of rule 14.
    (SNOMED, "213231008", "exact"): ("", ()),
    (SNOMED, "31005002", "exact"): ("", ()),
}
