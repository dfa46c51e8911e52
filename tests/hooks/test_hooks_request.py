"""A hook call as clients really send it, and as it may not be sent (cds-hooks D, E, M)."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import errors
from cds_service.hooks.request import HookRequest, read_request
from cds_service.hooks.schemas import schema

NALTREXONE = {"resourceType": "MedicationRequest", "id": "ldn", "status": "draft"}
IBUPROFEN = {"resourceType": "MedicationRequest", "id": "ibu", "status": "draft"}


def call(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/example",
            "patientId": "1288992",
            "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": NALTREXONE}]},
        },
    }
    body.update(changes)
    return copy.deepcopy(body)


def context(**changes: Any) -> dict[str, Any]:
    body = call()
    body["context"].update(changes)
    return body


def read(body: Any) -> HookRequest:
    return read_request(body, "order-sign")


def ids(request: HookRequest) -> list[str]:
    return [str(entry.resource.get("id")) for entry in request.drafts]


def test_the_plain_call_is_read() -> None:
    request = read(call())
    assert request.hook == "order-sign"
    assert request.instance == "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    assert request.patient_id == "1288992"
    assert request.user_id == "Practitioner/example"
    assert ids(request) == ["ldn"]
    assert request.orders_sent
    assert request.selections is None
    assert (request.encounter_id, request.fhir_server, request.token, request.token_patient) == ("", "", "", "")
    assert request.prefetch == {}


@pytest.mark.parametrize(
    "spelling",
    [
        "1288992",
        "Patient/1288992",
        "https://ehr.example.com/fhir/Patient/1288992",
        "Patient/1288992/_history/3",
        " 1288992 ",
    ],
)
def test_any_spelling_of_the_patient_gives_the_bare_id(spelling: str) -> None:
    assert read(context(patientId=spelling)).patient_id == "1288992"


@pytest.mark.parametrize("spelling", ["Encounter/89284", "89284", "http://ehr.example.com/r4/Encounter/89284"])
def test_any_spelling_of_the_encounter_gives_the_bare_id(spelling: str) -> None:
    assert read(context(encounterId=spelling)).encounter_id == "89284"


@pytest.mark.parametrize(
    "wrong", ["Practitioner/1", "Patient/", "https://ehr.example.com/fhir/Group/1", "", " ", 7, [], {}]
)
def test_a_patient_that_is_no_patient_is_refused(wrong: object) -> None:
    with pytest.raises(errors.InvalidRequest) as refusal:
        read(context(patientId=wrong))
    assert refusal.value.expression == "context.patientId"


def test_user_and_patient_of_before_1_0_stand_in_for_those_of_the_context() -> None:
    body = call(user="Practitioner/old", patient="Patient/77")
    del body["context"]["userId"], body["context"]["patientId"]
    request = read(body)
    assert (request.user_id, request.patient_id) == ("Practitioner/old", "77")


def test_the_context_wins_over_what_stands_on_top() -> None:
    request = read(call(user="Practitioner/old", patient={"unknown": "member"}))
    assert (request.user_id, request.patient_id) == ("Practitioner/example", "1288992")


@pytest.mark.parametrize("name", ["userId", "patientId"])
@pytest.mark.parametrize("null", [True, False])
def test_a_call_without_user_or_patient_is_refused(name: str, null: bool) -> None:
    body = call()
    if null:
        body["context"][name] = None
    else:
        del body["context"][name]
    with pytest.raises(errors.MissingField) as refusal:
        read(body)
    assert refusal.value.expression == f"context.{name}"


@pytest.mark.parametrize("name", ["hook", "hookInstance", "context"])
def test_a_call_without_a_required_field_is_refused(name: str) -> None:
    body = call()
    del body[name]
    with pytest.raises(errors.MissingField) as refusal:
        read(body)
    assert refusal.value.expression == name


@pytest.mark.parametrize(
    "instance",
    [
        "rec08-p02-5",
        "",
        "d1577c69dfbe44adba6d3e05e953b2ea",
        "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n",
        "urn:uuid:d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "{d1577c69-dfbe-44ad-ba6d-3e05e953b2ea}",
        "g1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        17,
        None,
        ["d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"],
    ],
)
def test_a_hook_instance_that_is_no_uuid_is_refused(instance: object) -> None:
    with pytest.raises(errors.BadHookInstance):
        read(call(hookInstance=instance))


def test_a_hook_instance_in_capitals_is_the_same_uuid() -> None:
    assert read(call(hookInstance="D1577C69-DFBE-44AD-BA6D-3E05E953B2EA")).instance == call()["hookInstance"]


@pytest.mark.parametrize("hook", ["order-select", "patient-view", "ORDER-SIGN", "order-sign "])
def test_a_call_of_another_hook_is_refused(hook: str) -> None:
    with pytest.raises(errors.HookMismatch):
        read(call(hook=hook))


@pytest.mark.parametrize("body", [None, [], "x", 3, True, [{}]])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(errors.InvalidRequest):
        read(body)


@pytest.mark.parametrize("wrong", [None, "x", [], 3])
def test_a_context_that_is_no_object_is_refused(wrong: object) -> None:
    with pytest.raises(errors.InvalidRequest):
        read(call(context=wrong))


def test_nulls_for_optional_fields_count_as_absent() -> None:
    body = call(fhirServer=None, fhirAuthorization=None, prefetch=None, extension=None)
    body["context"].update(encounterId=None, selections=None, medications=None, extension=None)
    request = read(body)
    assert (request.fhir_server, request.token, request.prefetch) == ("", "", {})
    assert (request.encounter_id, request.selections) == ("", None)


def test_unknown_members_are_tolerated_everywhere() -> None:
    body = context(brandNew={"a": [None, ""]}, services=None)
    body["brandNew"] = ["", None]
    body["extension"] = {"com.example": {}}
    assert ids(read(body)) == ["ldn"]


@pytest.mark.parametrize("wrong", ["x", [], 1, True])
def test_an_extension_that_is_no_object_is_refused(wrong: object) -> None:
    with pytest.raises(errors.InvalidRequest):
        read(call(extension=wrong))
    with pytest.raises(errors.InvalidRequest):
        read(context(extension=wrong))


class TestDrafts:
    """Drafts as they really come."""

    @pytest.mark.parametrize("key", ["draftOrders", "medications"])
    @pytest.mark.parametrize(
        "value",
        [
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": NALTREXONE}]},
            {"resourceType": "Bundle", "entry": [{"resource": NALTREXONE}]},
            {"entry": [{"resource": NALTREXONE}]},
            NALTREXONE,
            [NALTREXONE],
            [None, NALTREXONE, None],
            [{"resourceType": "Bundle", "entry": [{"resource": NALTREXONE}]}],
            [{"resource": NALTREXONE, "fullUrl": "urn:uuid:1"}],
            {
                "resourceType": "Bundle",
                "entry": [None, {}, {"fullUrl": "x"}, {"resource": None}, {"resource": NALTREXONE}],
            },
        ],
    )
    def test_any_holder_under_either_key_gives_the_order(self, key: str, value: object) -> None:
        body = call()
        del body["context"]["draftOrders"]
        body["context"][key] = value
        request = read(body)
        assert ids(request) == ["ldn"]
        assert request.orders_sent

    def test_both_keys_are_united(self) -> None:
        assert ids(read(context(medications=[IBUPROFEN]))) == ["ldn", "ibu"]

    def test_the_same_order_under_both_keys_is_one_order(self) -> None:
        assert ids(read(context(medications=[NALTREXONE, IBUPROFEN]))) == ["ldn", "ibu"]

    def test_an_order_that_differs_between_the_keys_is_kept_twice(self) -> None:
        assert ids(read(context(medications=[{**NALTREXONE, "status": "active"}]))) == ["ldn", "ldn"]

    def test_equal_orders_without_an_id_are_two_orders(self) -> None:
        nameless = {"resourceType": "MedicationRequest", "status": "draft"}
        assert len(read(context(draftOrders=[nameless], medications=[nameless])).drafts) == 2

    def test_the_full_url_is_kept(self) -> None:
        entry = {"fullUrl": "urn:uuid:0a", "resource": NALTREXONE}
        assert read(context(draftOrders={"entry": [entry]})).drafts[0].full_url == "urn:uuid:0a"

    def test_a_full_url_that_is_no_string_is_left_out(self) -> None:
        entry = {"fullUrl": 7, "resource": NALTREXONE}
        assert read(context(draftOrders={"entry": [entry]})).drafts[0].full_url == ""

    @pytest.mark.parametrize("empty", [[], {"resourceType": "Bundle"}, {"entry": []}, {"entry": None}])
    def test_an_empty_holder_means_that_orders_were_sent_and_there_are_none(self, empty: object) -> None:
        request = read(context(draftOrders=empty))
        assert request.orders_sent
        assert request.drafts == ()

    @pytest.mark.parametrize("sent", [{}, {"draftOrders": None}, {"draftOrders": None, "medications": None}])
    def test_no_holder_means_that_no_orders_were_sent(self, sent: dict[str, Any]) -> None:
        body = call()
        del body["context"]["draftOrders"]
        body["context"].update(sent)
        assert not read(body).orders_sent

    @pytest.mark.parametrize(
        "wrong",
        ["x", 1, True, {}, {"foo": 1}, ["x"], [1], [[NALTREXONE]], [{}], {"entry": {}}, {"entry": "x"}, {"entry": [1]},
         {"entry": [{"resource": "x"}]}, {"entry": [{"resource": [NALTREXONE]}]},
         {"entry": [{"resource": {"entry": [5]}}]}, {"entry": [{"resource": {"entry": [{"resource": 7}]}}]},
         {"entry": [{"resource": {"entry": [{"resource": {"entry": ["x"]}}]}}]}],
    )  # fmt: skip
    @pytest.mark.parametrize("key", ["draftOrders", "medications"])
    def test_what_holds_no_orders_is_refused_with_its_place(self, key: str, wrong: object) -> None:
        with pytest.raises(errors.InvalidRequest) as refusal:
            read(context(**{key: wrong}))
        assert refusal.value.expression.startswith(f"context.{key}")

    def test_the_place_of_a_wrong_entry_is_named(self) -> None:
        with pytest.raises(errors.InvalidRequest) as refusal:
            read(context(draftOrders={"entry": [{"resource": NALTREXONE}, {"resource": 3}]}))
        assert refusal.value.expression == "context.draftOrders.entry[1].resource"

    def test_more_entries_than_the_limit_are_refused(self) -> None:
        body = context(draftOrders={"entry": [{"resource": NALTREXONE}] * 3})
        body["prefetch"] = {"medRequests": {"resourceType": "Bundle", "entry": [{}] * 3}}
        assert len(read_request(body, "order-sign", most_entries=6).drafts) == 3
        with pytest.raises(errors.TooManyEntries):
            read_request(body, "order-sign", most_entries=5)


@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        (["MedicationRequest/103"], ("MedicationRequest/103",)),
        (["103", "https://ehr.example.com/fhir/MedicationRequest/103/_history/2"],
         ("103", "https://ehr.example.com/fhir/MedicationRequest/103/_history/2")),
        ("MedicationRequest/103", ("MedicationRequest/103",)),
        ([], ()),
        (None, None),
    ],
)  # fmt: skip
def test_selections_are_kept_as_given(sent: object, read_as: object) -> None:
    assert read(context(selections=sent)).selections == read_as


@pytest.mark.parametrize("wrong", [7, {}, [7], [None], [["MedicationRequest/1"]], True])
def test_selections_that_are_no_references_are_refused(wrong: object) -> None:
    with pytest.raises(errors.InvalidRequest) as refusal:
        read(context(selections=wrong))
    assert refusal.value.expression.startswith("context.selections")


class TestPrefetch:
    def test_values_are_passed_on_unjudged(self) -> None:
        sent = {"a": None, "b": {"resourceType": "OperationOutcome"}, "c": "nonsense", "d": {"resourceType": "Bundle"}}
        assert read(call(prefetch=sent)).prefetch == sent

    def test_the_old_wrapping_is_taken_off(self) -> None:
        patient = {"resourceType": "Patient", "id": "1"}
        sent = {"patient": {"response": {"status": "200 OK"}, "resource": patient}}
        assert read(call(prefetch=sent)).prefetch == {"patient": patient}

    def test_a_wrapping_without_a_resource_was_not_answered(self) -> None:
        sent = {"patient": {"response": {"status": "500"}}, "b": {"response": {}, "resource": None}}
        assert read(call(prefetch=sent)).prefetch == {}

    def test_a_wrapped_404_is_the_answer_that_nothing_is_there(self) -> None:
        assert read(call(prefetch={"patient": {"response": {"status": "404 Not Found"}}})).prefetch == {"patient": None}

    def test_a_resource_with_a_response_member_is_no_wrapping(self) -> None:
        sent = {"a": {"resourceType": "Bundle", "response": {"status": "404"}}}
        assert read(call(prefetch=sent)).prefetch == sent

    @pytest.mark.parametrize("wrong", ["x", [], 1, True])
    def test_prefetch_that_is_no_object_is_refused(self, wrong: object) -> None:
        with pytest.raises(errors.InvalidRequest):
            read(call(prefetch=wrong))


FULL = {
    "access_token": "some-opaque-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.read",
    "subject": "cds-service4",
    "patient": "1288992",
}


class TestFhirAccess:
    def test_server_and_token_are_read(self) -> None:
        request = read(call(fhirServer="https://ehr.example.com/fhir/", fhirAuthorization=FULL))
        assert request.fhir_server == "https://ehr.example.com/fhir"
        assert request.token == "some-opaque-token"
        assert request.token_patient == "1288992"

    @pytest.mark.parametrize("missing", ["expires_in", "scope", "subject", "patient"])
    def test_a_missing_member_that_nothing_rests_on_costs_nobody_a_warning(self, missing: str) -> None:
        authorization = {name: value for name, value in FULL.items() if name != missing}
        assert read(call(fhirServer="http://localhost:8080/fhir", fhirAuthorization=authorization)).token

    @pytest.mark.parametrize("word", ["bearer", "BEARER"])
    def test_the_token_type_may_be_in_any_case(self, word: str) -> None:
        authorization = {**FULL, "token_type": word}
        assert read(call(fhirServer="http://localhost/fhir", fhirAuthorization=authorization)).token

    @pytest.mark.parametrize(
        "change",
        [
            {"access_token": ""},
            {"access_token": None},
            {"access_token": 7},
            {"access_token": "two words"},
            {"access_token": "a\r\nX-Header: b"},
            {"token_type": "MAC"},
            {"token_type": "Bearer\n"},
            {"token_type": None},
            {"expires_in": "300"},
            {"expires_in": 1.5},
            {"scope": []},
            {"subject": {}},
            {"patient": 1},
            {"patient": "Practitioner/1"},
        ],
    )
    def test_an_authorization_of_the_wrong_shape_is_refused(self, change: dict[str, Any]) -> None:
        with pytest.raises(errors.InvalidRequest) as refusal:
            read(call(fhirServer="http://localhost/fhir", fhirAuthorization={**FULL, **change}))
        assert refusal.value.expression.startswith("fhirAuthorization.")

    @pytest.mark.parametrize("missing", ["access_token", "token_type"])
    def test_an_authorization_without_a_token_is_refused(self, missing: str) -> None:
        authorization = {name: value for name, value in FULL.items() if name != missing}
        with pytest.raises(errors.MissingField):
            read(call(fhirServer="http://localhost/fhir", fhirAuthorization=authorization))

    @pytest.mark.parametrize("wrong", ["x", [], 3])
    def test_an_authorization_that_is_no_object_is_refused(self, wrong: object) -> None:
        with pytest.raises(errors.BadFhirAccess):
            read(call(fhirServer="http://localhost/fhir", fhirAuthorization=wrong))

    @pytest.mark.parametrize("server", [{}, {"fhirServer": None}])
    def test_an_authorization_without_a_server_is_refused(self, server: dict[str, Any]) -> None:
        with pytest.raises(errors.BadFhirAccess):
            read(call(fhirAuthorization=FULL, **server))

    @pytest.mark.parametrize(
        "url",
        ["", "ehr", "/fhir", "//ehr.example.com/fhir", "ftp://ehr.example.com", "file:///etc/passwd", "http://",
         "http:///fhir", "https://[::1", "http://ehr:99999/fhir", "http://a b/fhir", "http://ehr/fhir\n", "data:,x",
         "http://user@ehr.example.com/fhir", "http://user:secret@ehr/fhir", "http://ehr\\evil/fhir", "http://ehr/fhir?x=1",
         "http://ehr/fhir#x", "http://\u0435hr/fhir", 7, [], {}],
    )  # fmt: skip
    def test_a_server_that_is_no_plain_web_address_is_refused(self, url: object) -> None:
        with pytest.raises(errors.BadFhirAccess):
            read(call(fhirServer=url))

    def test_the_token_is_in_no_representation_of_the_call(self) -> None:
        request = read(call(fhirServer="http://localhost/fhir", fhirAuthorization=FULL))
        assert "some-opaque-token" not in repr(request)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    with pytest.raises(errors.InvalidRequest) as refusal:
        read(context(patientId=["Mustermann"] * 1000))
    assert "Mustermann" not in refusal.value.text


WILD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["Bundle", "Patient/1", "http://h/"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["resourceType", "entry", "resource", "response", "status", "id", "fullUrl", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
PLACES = [
    ("hook",),
    ("hookInstance",),
    ("fhirServer",),
    ("fhirAuthorization",),
    ("prefetch",),
    ("extension",),
    ("context",),
    *(("context", name) for name in ("userId", "patientId", "encounterId", "selections", "draftOrders", "medications")),
]


@given(st.sampled_from(PLACES), WILD)
def test_anything_anywhere_is_read_or_refused_in_our_own_words(place: tuple[str, ...], value: object) -> None:
    body = call()
    target = body
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    try:
        request = read(body)
    except errors.RefusedRequest:
        return
    assert request.patient_id
    assert all(isinstance(entry.resource, dict) for entry in request.drafts)


@given(st.sampled_from(PLACES), WILD)
def test_both_readers_of_the_schema_agree(place: tuple[str, ...], value: object) -> None:
    body = call()
    target = body
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    request = schema("request")
    assert request.quick.is_valid(body) == request.exact.is_valid(body)
