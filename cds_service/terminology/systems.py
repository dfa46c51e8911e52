"""Code systems: one URI for each, however the record spells it."""

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
UCUM = "http://unitsofmeasure.org"
ROUTE = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

# OIDs as the HL7 registry gives them; the rest are spellings met in FHIR servers of several releases.
_SPELLINGS: dict[str, tuple[str, ...]] = {
    RXNORM: ("2.16.840.1.113883.6.88", "www.nlm.nih.gov/research/umls/rxnorm", "rxnav.nlm.nih.gov", "rxnorm"),
    SNOMED: ("2.16.840.1.113883.6.96", "snomed.info/sct", "snomed.info/id", "snomed.info", "snomedct", "snomed-ct"),
    ATC: ("2.16.840.1.113883.6.73", "www.whocc.no/atc", "whocc.no/atc", "fhir.de/codesystem/bfarm/atc", "atc"),
    LOINC: ("2.16.840.1.113883.6.1", "loinc.org", "loinc"),
    ICD10CM: ("2.16.840.1.113883.6.90", "hl7.org/fhir/sid/icd-10-cm", "hl7.org/fhir/sid/icd-10-us", "icd-10-cm"),
    ICD10: (
        "2.16.840.1.113883.6.3",
        "hl7.org/fhir/sid/icd-10",
        "hl7.org/fhir/sid/icd-10-de",
        "fhir.de/codesystem/bfarm/icd-10-gm",
        "fhir.de/codesystem/dimdi/icd-10-gm",
        "icd-10",
    ),
    UCUM: ("2.16.840.1.113883.6.8", "unitsofmeasure.org", "ucum"),
    ROUTE: (
        "2.16.840.1.113883.5.112",
        "terminology.hl7.org/codesystem/v3-routeofadministration",
        "hl7.org/fhir/v3/routeofadministration",
    ),
    INTERPRETATION: (
        "2.16.840.1.113883.5.83",
        "terminology.hl7.org/codesystem/v3-observationinterpretation",
        "hl7.org/fhir/v3/observationinterpretation",
        "hl7.org/fhir/v2/0078",
        "terminology.hl7.org/codesystem/v2-0078",
    ),
}
_CANONICAL = {spelling: system for system, spellings in _SPELLINGS.items() for spelling in spellings}
_PREFIXES = ("urn:oid:", "https://", "http://")
_DRUG_SYSTEMS = frozenset({RXNORM, SNOMED, ATC})


def canonical_system(system: str) -> str:
    """The URI by which this service knows a code system; a system it does not know comes back as it was.

    Scheme, letter case, a trailing slash, an OID in place of a URL and a SNOMED edition in the URL make no difference.
    """
    if system in _SPELLINGS:
        return system
    bare = system.strip().rstrip("/").lower()
    for prefix in _PREFIXES:
        bare = bare.removeprefix(prefix)
    if bare.startswith("snomed.info/sct/"):
        return SNOMED
    return _CANONICAL.get(bare, system)


def is_known_system(system: str) -> bool:
    """True for every system named here, however it is spelled."""
    return canonical_system(system) in _SPELLINGS


def is_our_system(system: str) -> bool:
    """True for the systems in which drug codes are held: RxNorm, SNOMED CT and ATC."""
    return canonical_system(system) in _DRUG_SYSTEMS
