"""Which release is it? Resources say so, else the server, else the registration; what nobody knows is not hidden."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import pytest
from service import release_spelling as spell
from service.hook_calls import CODEINE, NALTREXONE, OXYCODONE, T0, call, complete, gathered, lapses, ldn, read, server
from service.release_spelling import RELEASES, bundle

from cds_service.content import cards_dir
from cds_service.fhir import write
from cds_service.fhir.gather import Fetch, Fetched, Opened, gather
from cds_service.fhir.metadata import FAILED_SECONDS, KEPT_SECONDS, ServerReleases
from cds_service.fhir.release import UNSUPPORTED, release_in, settled, told
from cds_service.hooks.request import HookRequest
from cds_service.present.knowledge import read_knowledge
from cds_service.service import NALTREXONE as NALTREXONE_KEYS
from cds_service.service import Answer, Place, respond

each_release = pytest.mark.parametrize("release", RELEASES)
VERSIONS = {"DSTU2": "1.0.2", "STU3": "3.0.2", "R4": "4.0.1", "R5": "5.0.0"}
MUTE = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/ada"},
    "medicationCodeableConcept": NALTREXONE,
    "dosageInstruction": [{"text": "1.5 mg at bedtime"}],
}
"""STU3 or R4: nothing in it tells which."""
TELLING = {release: ldn(release) for release in RELEASES}
TELLING["STU3"] |= {"context": {"reference": "Encounter/visit"}}


def capabilities(release: str) -> dict[str, Any]:
    kind = "Conformance" if release == "DSTU2" else "CapabilityStatement"
    return {"resourceType": kind, "fhirVersion": VERSIONS.get(release, release)}


def found(drafts: list[dict[str, Any]], *others: Mapping[str, Any]) -> tuple[str, str] | None:
    release = told(drafts, others)
    return (release.name, release.told_by) if release else None


def release_by(request: HookRequest, fetch: Fetch | None, registered: str = "") -> tuple[str, str]:
    whole = gather(request, Opened(request, fetch), NALTREXONE_KEYS, fetch, registered)
    return whole.release, whole.told_by


# By resources


@each_release
def test_a_draft_tells_its_release(release: str) -> None:
    assert found([TELLING[release]]) == (release, "drafts")


def test_a_dose_beside_the_timing_is_a_sign_of_stu3_where_there_is_no_better_one() -> None:
    """The public sandbox writes it in R4 too."""
    request = call(complete(), [ldn("STU3")])
    assert found([ldn("STU3")]) is None
    assert release_by(request, None) == ("STU3", "drafts")
    assert release_by(request, server({"metadata": capabilities("R4")}, request)) == ("R4", "metadata")


@each_release
def test_each_kind_of_record_tells_its_release_to_a_call_without_drafts(release: str) -> None:
    named = spell.named(spell.ICD, "M79.7", "Fibromyalgia")
    old = release == "DSTU2"
    records = [
        spell.condition(release, "c", named),
        spell.allergy(release, "a", "Penicillin"),
        spell.lab_order(release, "l", "24325-3", "2026-02-20"),
        *([spell.encounter(release, "e", "AMB", named)] if release in ("DSTU2", "R5") else []),
        *([spell.statement(release, "s", CODEINE)] if release != "R4" else []),
        *([spell.dispense(release, "d", CODEINE, "2026-02-03", 10)] if release in ("DSTU2", "R5") else []),
        *([spell.administration(release, "g", CODEINE, "2026-02-24")] if release != "R4" else []),
    ]
    said = {record["resourceType"]: found([], record) for record in records}
    # What is the same in R4 and R5 is called R4: of the two, drafts and medications always tell.
    like_r4 = {"Condition", "AllergyIntolerance"} if release == "R5" else set()
    assert said == {kind: ("R4" if kind in like_r4 else release, "record") for kind in said}
    assert len(said) >= 4 if old or release != "R4" else len(said) >= 3


def test_data_of_a_release_that_the_draft_cannot_be_in_decide_nothing() -> None:
    assert found([MUTE], spell.statement("R5", "s", CODEINE)) is None
    assert found([MUTE], spell.statement("DSTU2", "s", CODEINE)) is None
    assert found([MUTE], spell.statement("DSTU2", "s", CODEINE), spell.statement("STU3", "t", CODEINE)) == (
        "STU3",
        "record",
    )


# By the server


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("1.0.2", "DSTU2"),
        ("3.0.1", "STU3"),
        ("4.0.1", "R4"),
        ("4.3.0", "R4"),
        ("4.3.0-cibuild", "R4"),
        ("5.0.0", "R5"),
        ("6.0.0-ballot2", UNSUPPORTED),
        ("0.0.82", UNSUPPORTED),
        ("4.30", UNSUPPORTED),
        ("R4", ""),
        ("", ""),
        (4, ""),
        (None, ""),
    ],
)
def test_a_capability_statement_names_the_release(version: Any, release: str) -> None:
    assert release_in({"resourceType": "CapabilityStatement", "fhirVersion": version}) == release


@pytest.mark.parametrize("body", [None, [], "4.0.1", {"fhirVersion": "4.0.1"}, {"resourceType": "Bundle"}])
def test_what_is_no_capability_statement_names_nothing(body: Any) -> None:
    assert release_in(body) == ""


@pytest.mark.parametrize("release", ["STU3", "R4"])
def test_a_mute_draft_is_what_the_server_says(release: str) -> None:
    asked: list[str] = []
    request = call(complete(), [MUTE])
    assert release_by(request, server({"metadata": capabilities(release)}, request, asked)) == (release, "metadata")
    assert asked == ["metadata"]


@pytest.mark.parametrize("release", ["DSTU2", "R5"])
def test_a_server_cannot_make_a_draft_what_it_is_not(release: str) -> None:
    request = call(complete(), [MUTE])
    assert release_by(request, server({"metadata": capabilities(release)}, request)) == ("R4", "assumed")


@each_release
def test_the_server_is_not_asked_what_the_draft_has_told(release: str) -> None:
    asked: list[str] = []
    request = call(complete(), [TELLING[release]])
    assert release_by(request, server({}, request, asked)) == (release, "drafts")
    assert asked == []


def test_the_server_is_not_asked_what_the_fetched_data_tell() -> None:
    asked: list[str] = []
    request = call(complete(conditions=...), [MUTE])
    diagnosed = spell.condition("STU3", "c", spell.named(spell.ICD, "M79.7", "Fibromyalgia"))
    fetch = server({"conditions": bundle(diagnosed)}, request, asked)
    assert release_by(request, fetch) == ("STU3", "record")
    assert asked == ["Condition?patient=ada"]


def test_an_opioid_draft_alone_asks_for_no_release_since_nothing_is_written() -> None:
    asked: list[str] = []
    request = call(None, [MUTE | {"medicationCodeableConcept": OXYCODONE}])
    answer(request, server({}, request, asked))
    assert "metadata" not in asked


def test_an_old_server_is_asked_again_in_its_own_words() -> None:
    asked: list[str] = []
    request = call(None, [], hook="patient-view")
    taken = spell.order("DSTU2", "rx", OXYCODONE, written="2026-02-25", days=30)
    answers = {
        "metadata": capabilities("DSTU2"),
        "medRequests": Fetched(cause="not-found"),
        "MedicationOrder?patient=ada": bundle(taken),
    }
    record = read(request, server(answers, request, asked), wanted=("medStatements", "medRequests"))
    assert [one.drug.name for one in record.medications] == ["oxycodone"]
    assert lapses(record) == {}
    assert asked == [
        "MedicationStatement?patient=ada",
        "MedicationRequest?patient=ada",
        "metadata",
        "MedicationOrder?patient=ada",
    ]


def test_requests_of_an_stu3_client_are_asked_for_by_their_old_name() -> None:
    asked: list[str] = []
    request = call({}, [TELLING["STU3"]])
    gathered(request, server({}, request, asked), wanted=("medRequests", "serviceRequests"))
    assert asked == ["MedicationRequest?patient=ada", "ProcedureRequest?patient=ada"]


@pytest.mark.parametrize(
    ("metadata", "cause"),
    [(Fetched(cause="timeout"), "release-unknown"), (capabilities("6.0.0"), "release")],
)
def test_a_list_that_a_server_of_no_known_release_refuses_says_so(metadata: Any, cause: str) -> None:
    request = call(complete(medRequests=...), [MUTE])
    fetch = server({"metadata": metadata, "medRequests": Fetched(cause="not-found")}, request)
    said = {"medRequests": cause} | ({"release": "assumed"} if cause == "release-unknown" else {})
    assert lapses(read(request, fetch, wanted=NALTREXONE_KEYS)) == said
    (card,) = [card for card in answer(request, fetch).cards if "NOT done" in card["summary"]]
    assert "FHIR release" in card["summary"] + card["detail"]


# By registration


@pytest.mark.parametrize("release", ["STU3", "R4"])
def test_where_neither_tells_the_registration_does(release: str) -> None:
    request = call(complete(), [MUTE])
    assert release_by(request, None, release) == (release, "caller")
    assert release_by(request, server({"metadata": Fetched(cause="timeout")}, request), release) == (release, "caller")


def test_a_registration_that_the_draft_contradicts_is_not_believed() -> None:
    assert release_by(call(complete(), [MUTE]), None, "R5") == ("R4", "assumed")
    assert release_by(call(complete(), [TELLING["STU3"]]), None, "R4") == ("STU3", "drafts")


def test_where_nothing_tells_r4_is_assumed_and_the_log_says_so() -> None:
    log = answer(call(complete(), [MUTE]), None).log
    assert (log["release"], log["release_told_by"]) == ("R4", "assumed")


# What is written


def answer(request: HookRequest, fetch: Fetch | None, release: str = "") -> Answer:
    place = Place("https://cds.example.test", UTC, strict=True)
    return respond(request, fetch, T0, read_knowledge(cards_dir()), place, release=release)


def written(said: Answer) -> list[dict[str, Any]]:
    return [
        action["resource"]
        for card in said.cards
        for suggestion in card.get("suggestions", ())
        for action in suggestion["actions"]
        if "resource" in action
    ]


@each_release
def test_everything_that_is_offered_to_a_client_is_valid_in_its_release(release: str) -> None:
    draft = ldn(release)
    for prefetch in (
        complete(),
        complete(
            medStatements=bundle(spell.statement(release, "cod", CODEINE, "completed", "2026-02-20", "2026-02-27"))
        ),
        complete(labs=..., pregnancyObs=bundle()),
    ):
        made = written(answer(call(prefetch, [draft], "medication-prescribe"), None))
        assert made
        assert [write.validate(release, resource) for resource in made] == [[]] * len(made)


@pytest.mark.parametrize("release", ["STU3", "R4"])
def test_a_mute_draft_is_updated_in_the_release_of_the_server(release: str) -> None:
    request = call(complete(), [MUTE], "medication-prescribe")
    made = written(answer(request, server({"metadata": capabilities(release)}, request)))
    assert made
    assert [write.validate(release, resource) for resource in made] == [[]] * len(made)


def test_in_a_release_that_this_service_does_not_write_nothing_is_written_and_all_is_said() -> None:
    taken = complete(medStatements=bundle(spell.statement("R4", "oxy", OXYCODONE, start="2026-01-01")))
    request = call(taken, [MUTE])
    fetch = server({"metadata": capabilities("6.0.0")}, request)
    said = answer(request, fetch)
    assert "oxycodone" in said.cards[0]["summary"]
    assert said.log["release"] == UNSUPPORTED
    assert written(said) == []
    kinds = [action["type"] for card in said.cards for one in card["suggestions"] for action in one["actions"]]
    assert kinds == ["delete"]


# Remembered


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now


def remembered(clock: Clock, body: Any, asked: list[str]) -> tuple[ServerReleases, Fetch]:
    def fetch(queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        asked.extend(queries)
        return {query: body if isinstance(body, Fetched) else Fetched(body) for query in queries}

    return ServerReleases(clock), fetch


def test_a_server_is_asked_for_its_release_once_in_a_while() -> None:
    clock, asked = Clock(), list[str]()
    memory, fetch = remembered(clock, capabilities("R4") | {"rest": [{"mode": "server"}] * 1000}, asked)
    for _ in range(3):
        known = memory.through(fetch, "https://a.test/fhir")(("metadata",))["metadata"]
        assert known.value == {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}
    assert asked == ["metadata"]
    clock.now += KEPT_SECONDS
    memory.through(fetch, "https://a.test/fhir")(("metadata",))
    assert asked == ["metadata"] * 2


def test_each_base_is_remembered_by_itself() -> None:
    asked: list[str] = []
    memory, fetch = remembered(Clock(), capabilities("R4"), asked)
    for base in ("https://a.test/fhir", "https://b.test/fhir", "https://a.test/fhir"):
        memory.through(fetch, base)(("metadata",))
    assert asked == ["metadata"] * 2


@pytest.mark.parametrize("failure", [Fetched(cause="timeout"), Fetched({"resourceType": "OperationOutcome"})])
def test_a_server_that_does_not_say_is_left_alone_for_a_minute(failure: Fetched) -> None:
    clock, asked = Clock(), list[str]()
    memory, fetch = remembered(clock, failure, asked)
    for _ in range(3):
        assert memory.through(fetch, "https://a.test/fhir")(("metadata",))["metadata"].cause
    assert asked == ["metadata"]
    clock.now += FAILED_SECONDS
    memory.through(fetch, "https://a.test/fhir")(("metadata",))
    assert asked == ["metadata"] * 2


def test_nothing_of_a_patient_is_remembered() -> None:
    asked: list[str] = []
    memory, fetch = remembered(Clock(), capabilities("R4"), asked)
    for _ in range(2):
        answers = memory.through(fetch, "https://a.test/fhir")(("Patient/ada", "metadata"))
        assert set(answers) == {"Patient/ada", "metadata"}
    assert asked == ["Patient/ada", "metadata", "Patient/ada"]


def test_any_body_at_all_settles_for_something() -> None:
    for body in (None, {}, [], 5, {"resourceType": "CapabilityStatement", "fhirVersion": {"a": 1}}):
        assert settled([], body, "").name == "R4"
