"""Rule 16: acute liver injury. Its list wins over the table's group."""

from cds_service.terminology.systems import ICD10, ICD10CM, SNOMED
from value_sets.condition_groups import ACUTE_COMA, ACUTE_FAILURE, FAILURE_WITH_COMA, Corrections

CORRECTIONS: Corrections = {
    **{
        (system, code, "prefix"): (display, groups)
        for system in (ICD10CM, ICD10)
        for code, display, groups in (
            ("B15", "Acute hepatitis A", ("acute-liver-injury",)),
            ("B15.0", "Hepatitis A with hepatic coma", ACUTE_COMA),
            ("B16", "Acute hepatitis B", ("acute-liver-injury",)),
            ("B16.0", "Acute hepatitis B with delta-agent with hepatic coma", ACUTE_COMA),
            ("B16.2", "Acute hepatitis B without delta-agent with hepatic coma", ACUTE_COMA),
            ("B17", "Other acute viral hepatitis", ("acute-liver-injury",)),
            ("K70.1", "Alcoholic hepatitis", ("acute-liver-injury",)),
            ("K71.1", "Toxic liver disease with hepatic necrosis", ACUTE_FAILURE),
            ("K71.2", "Toxic liver disease with acute hepatitis", ("acute-liver-injury",)),
            ("K71.6", "Toxic liver disease with hepatitis, not elsewhere classified", ("acute-liver-injury",)),
        )
    },
    (ICD10CM, "B17.11", "exact"): ("Acute hepatitis C with hepatic coma", ACUTE_COMA),
    # Viral hepatitis whose course is not stated, with coma: liver failure in plain words.
    (ICD10CM, "B19.0", "exact"): (
        "Unspecified viral hepatitis with hepatic coma",
        FAILURE_WITH_COMA,
    ),
    (ICD10, "B19.0", "prefix"): ("Unspecified viral hepatitis with hepatic coma", FAILURE_WITH_COMA),
    (ICD10CM, "B19.11", "exact"): ("Unspecified viral hepatitis B with hepatic coma", FAILURE_WITH_COMA),
    (ICD10CM, "B19.21", "exact"): ("Unspecified viral hepatitis C with hepatic coma", FAILURE_WITH_COMA),
    # Named by no line of rule 16: hepatitis as a part of another infection.
    (ICD10CM, "B00.81", "exact"): ("Herpesviral hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B25.1", "exact"): ("Cytomegaloviral hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B26.81", "exact"): ("Mumps hepatitis", ("liver-disease-other",)),
    (ICD10CM, "B58.1", "exact"): ("Toxoplasma hepatitis", ("liver-disease-other",)),
    # Immune or tested is not ill; B without coma does not say acute (near-miss 5: the stable carrier).
    (SNOMED, "278971009", "exact"): ("", ()),
    (SNOMED, "165997004", "exact"): ("", ()),
    (SNOMED, "111891008", "exact"): (
        "Viral hepatitis B without hepatic coma (disorder)",
        ("liver-disease-other",),
    ),
    # K70.1, K71.6 and B15 in SNOMED's words.
    (SNOMED, "235875008", "exact"): ("Alcoholic hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "197352008", "exact"): ("Toxic hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "235876009", "exact"): ("Drug-induced hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "40468003", "exact"): ("Viral hepatitis, type A (disorder)", ("acute-liver-injury",)),
    (SNOMED, "43634002", "exact"): ("Relapsing type A viral hepatitis (disorder)", ("acute-liver-injury",)),
    (SNOMED, "79031007", "exact"): ("Anicteric type A viral hepatitis (disorder)", ("acute-liver-injury",)),
    # Tests and contacts, not diseases.
    (SNOMED, "18418004", "exact"): ("", ()),
    (SNOMED, "271511000", "exact"): ("", ()),
    (SNOMED, "281638009", "exact"): ("", ()),
    (SNOMED, "62216007", "exact"): ("", ()),  # a congenital syndrome
}
