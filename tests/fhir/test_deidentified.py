"""A call without its person: nothing that anybody could have written into a record comes through."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import fixtures_dir
from cds_service.fhir.deidentified import Deidentifier, Words
from cds_service.fhir.kept_elements import CODES
from cds_service.terminology.kept_words import kept_words

CASES = [read_case(folder) for folder in case_folders(fixtures_dir())]
CANARY = "Zzyzxbird"
INSTANCE = "842e2cf3-a735-532a-9e03-4eb8f09065e7"
# What the kept system, code and unit of a coding may hold, and names of members, which are no strings of the record.
MAY = re.compile(r".*\.(code|system|unit)(\[\d+\])?")
STRUCTURE = ("resourceType", "hook")


def with_canaries(value: Any, make: Any, key: str = "") -> Any:
    """Every string of a record with a canary in it; the few words that say what kind of thing it is stay."""
    if isinstance(value, dict):
        return {name: with_canaries(part, make, name) for name, part in value.items()}
    if isinstance(value, list):
        return [with_canaries(part, make, key) for part in value]
    return make(value) if isinstance(value, str) and key not in STRUCTURE else value


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{path}.{name} as a name", name
            yield from strings(part, f"{path}.{name}")
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from strings(part, f"{path}[{place}]")
    elif isinstance(value, str):
        yield path, value


@pytest.mark.parametrize("words", Words)
@pytest.mark.parametrize(
    "make",
    [
        lambda text: f"{text} {CANARY}",
        lambda text: f"{CANARY}{text}",
        lambda text: f"{text}{CANARY.lower()}",
        lambda text: CANARY,
    ],
    ids=["after", "before", "joined", "instead"],
)
def test_no_canary_in_any_string_of_any_case_survives(make: Any, words: Words) -> None:
    reader = Deidentifier(b"salt", words)
    for case in CASES:
        call = with_canaries(case.request, make)
        call.setdefault("prefetch", {})["unheardOf"] = {"resourceType": "Patient", "name": [{"text": CANARY}]}
        made = reader.request(call, INSTANCE)
        left = [path for path, text in strings(made) if CANARY.lower() in text.lower() and not MAY.fullmatch(path)]
        assert left == [], case.name


def test_canaries_in_elements_that_nobody_reads_do_not_survive() -> None:
    """Names, addresses, narrative, notes, extensions, contained resources and made-up members, everywhere."""
    hidden = {
        "text": {"div": CANARY},
        "extension": [{"url": CANARY, "valueString": CANARY}],
        "name": [{"family": CANARY}],
        "address": [{"line": [CANARY], "postalCode": CANARY}],
        "telecom": [{"value": CANARY}],
        "identifier": [{"value": CANARY}],
        "note": [{"text": CANARY}],
        "unheardOf": {"deep": [CANARY]},
        "contained": [{"resourceType": "Patient", "id": CANARY, "name": [{"text": CANARY}]}],
    }

    def planted(value: Any) -> Any:
        if isinstance(value, list):
            return [planted(part) for part in value]
        if isinstance(value, dict):
            more = {} if "resourceType" not in value and "coding" not in value else hidden
            return {**{name: planted(part) for name, part in value.items()}, **more}
        return value

    for case in CASES[::5]:
        call = {
            **planted(case.request),
            "fhirServer": f"https://{CANARY}",
            "fhirAuthorization": {"access_token": CANARY},
            "extension": hidden,
        }
        for words in Words:
            assert CANARY.lower() not in json.dumps(Deidentifier(b"salt", words).request(call, INSTANCE)).lower()


def test_no_id_of_any_case_survives_and_the_same_id_gets_the_same_name() -> None:
    for case in CASES[::5]:
        made = Deidentifier(b"salt").request(case.request, INSTANCE)
        ids = {text for path, text in strings(case.request) if path.endswith((".id", ".patientId", ".hookInstance"))}
        named = (".id", ".reference", ".fullUrl", "Id", ".hookInstance", "]")
        left = {text.rpartition("/")[2] for path, text in strings(made) if path.endswith(named)} - CODES
        assert ids & left == set(), case.name
        patient = made.get("prefetch", {}).get("patient")
        assert not patient or made["context"]["patientId"] == patient["id"] or "anothers" in case.name, case.name
    assert Deidentifier(b"a").name("1") != Deidentifier(b"b").name("1")


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        ("Patient/7", "Patient/"),
        ("https://ehr.example/fhir/Patient/7", "Patient/"),
        ("Patient/7/_history/3", "Patient/"),
        ("7", ""),
        ("#7", "#"),
    ],
)
def test_a_reference_keeps_its_kind_and_its_meaning_in_any_spelling(spelling: str, kind: str) -> None:
    reader = Deidentifier(b"salt")
    assert reader.reference(spelling) == f"{kind}{reader.name('7')}"


def test_references_by_urn_still_meet_and_are_urns() -> None:
    reader = Deidentifier(b"salt")
    made = reader.reference("urn:uuid:842e2cf3-a735-532a-9e03-4eb8f09065e7")
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", made)
    assert made == reader.reference("urn:uuid:842e2cf3-a735-532a-9e03-4eb8f09065e7")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("naltrexone 1.5 mg capsule, compounded", "naltrexone 1.5 mg capsule, compounded"),
        ("Take 1-2 tablets (5 mg) by mouth every 6 hours as needed", None),
        ("1/2 tablet at bedtime", None),
        ("one to two capsules from 2026-03-02", None),
        ("Call Jane Roe on 555-0199 about oxycodone", "… on … oxycodone"),
        ("MRN 12345678, 12 Elm Street, 90210", "…"),
        ("mail to 1234 Main", "… to …"),
        ("born 12/03/1956", "…"),
        ("SSN 123-45-6789 mg", None),
        ("", ""),
    ],
)
def test_of_a_text_only_words_of_the_value_sets_and_amounts_are_left(text: str, left: str | None) -> None:
    kept = kept_words(text)
    if left is not None:
        assert kept == left
    else:
        assert "123" not in kept
        assert "…" not in kept or "SSN" in text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "entry",
                    "resource",
                    "code",
                    "coding",
                    "text",
                    "medicationReference",
                    "reference",
                    "link",
                ]
            ),
            parts,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(json_values, json_values, st.sampled_from(Words))
def test_whatever_a_call_holds_is_read_and_stays_json(context: Any, value: Any, words: Words) -> None:
    call = {"hook": "order-sign", "context": {"draftOrders": context, "patientId": "a"}, "prefetch": {"labs": value}}
    made = Deidentifier(b"salt", words).request(call, INSTANCE)
    json.dumps(made)
    again = Deidentifier(b"salt", words).request(call, INSTANCE)
    assert made == again


@given(st.text(max_size=60))
def test_a_text_never_gains_words(text: str) -> None:
    before = set(re.findall(r"[^\W\d_]+", text))
    assert set(re.findall(r"[^\W\d_]+", kept_words(text))) <= before
