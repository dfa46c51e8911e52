"""Code systems in their many spellings."""

import pytest

from cds_service.terminology.systems import (
    ATC,
    ICD10,
    ICD10CM,
    INTERPRETATION,
    LOINC,
    ROUTE,
    RXNORM,
    SNOMED,
    canonical_system,
    is_our_system,
)


@pytest.mark.parametrize(
    ("spelled", "system"),
    [
        ("http://www.nlm.nih.gov/research/umls/rxnorm", RXNORM),
        ("http://www.nlm.nih.gov/research/umls/rxnorm/", RXNORM),
        ("https://www.nlm.nih.gov/research/umls/RxNorm", RXNORM),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("http://snomed.info/sct", SNOMED),
        ("http://snomed.info/sct/731000124108", SNOMED),
        ("urn:oid:2.16.840.1.113883.6.96", SNOMED),
        ("http://www.whocc.no/atc", ATC),
        ("http://www.whocc.no/atc/", ATC),
        ("urn:oid:2.16.840.1.113883.6.73", ATC),
        ("http://loinc.org/", LOINC),
        ("urn:oid:2.16.840.1.113883.6.1", LOINC),
        ("http://hl7.org/fhir/sid/icd-10-cm", ICD10CM),
        ("urn:oid:2.16.840.1.113883.6.90", ICD10CM),
        ("http://hl7.org/fhir/sid/icd-10", ICD10),
        ("urn:oid:2.16.840.1.113883.6.3", ICD10),
        ("http://hl7.org/fhir/v3/ObservationInterpretation", INTERPRETATION),
        ("http://hl7.org/fhir/v3/RouteOfAdministration", ROUTE),
        ("urn:oid:2.16.840.1.113883.5.112", ROUTE),
    ],
)
def test_every_spelling_of_a_system_is_the_same_system(spelled: str, system: str) -> None:
    assert canonical_system(spelled) == system


@pytest.mark.parametrize("system", ["", "http://example.org/local", "urn:oid:1.2.3"])
def test_a_system_that_is_not_known_comes_back_as_it_was(system: str) -> None:
    assert canonical_system(system) == system


def test_drug_codes_are_held_for_rxnorm_snomed_and_atc() -> None:
    assert all(map(is_our_system, (RXNORM, SNOMED, ATC, "urn:oid:2.16.840.1.113883.6.88")))
    assert not any(map(is_our_system, (LOINC, ICD10CM, "", "http://hl7.org/fhir/sid/ndc")))
