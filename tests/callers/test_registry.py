"""The file of clients: what it says is taken exactly, and what is wrong is named with file, entry and field."""

from pathlib import Path
from typing import Any

import pytest
from issuing import BASE, DROPPED, ISSUER, KEY_SET, client, jwk, key_set, toml, written

from cds_service.callers.registry import Registry, Terms, TrustRecord, read_registry
from cds_service.errors import BadClients
from cds_service.profiles import profile_of

TERMS = Terms(BASE, 2.0, frozenset({"order-select", "order-sign"}))
KEY = jwk("P-384", "key-1")


def read(folder: Path, *clients: str, environ: dict[str, str] | None = None, terms: Terms = TERMS) -> Registry:
    return read_registry(written(folder, *clients), environ or {}, terms)


def one(folder: Path, **changes: Any) -> TrustRecord:
    [record] = read(folder, client(**changes)).records
    return record


def complaint(folder: Path, *clients: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(BadClients) as refused:
        read(folder, *clients, environ=environ)
    path = str(folder / "clients.toml")
    assert refused.value.text.startswith(path)
    return refused.value.text.removeprefix(path).lstrip(": ")


def test_what_is_not_said_has_a_safe_default(tmp_path: Path) -> None:
    record = one(tmp_path)
    assert (record.tenant, record.issuer, record.jku) == ("general", ISSUER, KEY_SET)
    assert (record.max_token_seconds, record.leeway_seconds, record.enforces_single_use) == (300, 60, True)
    assert record.caller.fhir_bases == ()
    assert record.caller.budget_seconds == 2.0
    assert record.caller.hooks is None
    assert not record.caller.silent
    assert not record.caller.off


def test_everything_that_is_said_is_taken(tmp_path: Path) -> None:
    record = one(
        tmp_path,
        tenant_claim="t-1",
        subject="s-1",
        jku="https://other.example.com/keys",
        algorithms=["RS256"],
        max_token_seconds=120,
        leeway_seconds=5,
        replay="observe",
        fhir_bases=["https://ehr.example.com/fhir/R4/"],
        hooks=["order-sign"],
        profile="epic",
        budget_seconds=1,
        mode="silent",
    )
    assert (record.tenant_claim, record.subject, record.jku) == ("t-1", "s-1", "https://other.example.com/keys")
    assert record.algorithms == {"RS256"}
    assert (record.max_token_seconds, record.leeway_seconds, record.enforces_single_use) == (120, 5, False)
    caller = record.caller
    assert caller.fhir_bases == ("https://ehr.example.com/fhir/R4",)
    assert (caller.budget_seconds, caller.profile, caller.silent) == (1.0, profile_of("epic"), True)
    assert caller.may_call("order-sign")
    assert not caller.may_call("order-select")


def test_the_epic_profile_may_have_tokens_of_fifteen_minutes(tmp_path: Path) -> None:
    assert one(tmp_path, profile="epic").max_token_seconds == 900
    assert one(tmp_path, profile="epic", max_token_seconds=300).max_token_seconds == 300


def test_a_caller_that_is_off_may_call_nothing(tmp_path: Path) -> None:
    assert not one(tmp_path, mode="off").caller.may_call("order-sign")


def test_keys_may_stand_in_the_file_or_beside_it(tmp_path: Path) -> None:
    inline = one(tmp_path, jwks_url=DROPPED, keys=[KEY])
    assert inline.keys is not None
    assert [key.name for key in inline.keys.keys] == ["key-1"]
    (tmp_path / "keys.json").write_bytes(key_set(KEY))
    beside = read(tmp_path, client(jwks_url=DROPPED, keys_file="keys.json"))
    assert beside.records[0].keys is not None
    assert beside.files == (tmp_path / "clients.toml", tmp_path / "keys.json")


def test_a_text_may_come_from_the_environment(tmp_path: Path) -> None:
    text = client(issuer={"env": "EHR_ISSUER"}, audiences=[{"env": "EHR_AUDIENCE"}])
    environ = {"EHR_ISSUER": "https://secret.example.com", "EHR_AUDIENCE": "sand_man"}
    [record] = read(tmp_path, text, environ=environ).records
    assert (record.issuer, record.audiences) == ("https://secret.example.com", ("sand_man",))


@pytest.mark.parametrize("environ", [{}, {"EHR_ISSUER": " "}])
def test_a_variable_that_is_not_set_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    said = complaint(tmp_path, client(issuer={"env": "EHR_ISSUER"}), environ=environ)
    assert said == "[clients.general] issuer needs the environment variable EHR_ISSUER."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": DROPPED}, "[clients.general] issuer is missing."),
        ({"issuer": ""}, "[clients.general] issuer must be a text of 1 to 500 characters."),
        ({"algorithms": DROPPED}, "[clients.general] algorithms is missing."),
        ({"algorithms": []}, "[clients.general] algorithms must be a list"),
        ({"algorithms": ["HS256"]}, "[clients.general] algorithms must be one of RS256"),
        ({"algorithms": ["none"]}, "[clients.general] algorithms must be one of RS256"),
        ({"issuers": "x"}, "[clients.general] issuers is not known."),
        ({"jwks_url": DROPPED}, "[clients.general] jwks_url is missing, and so are keys and keys_file"),
        ({"keys": [KEY]}, "[clients.general] jwks_url and keys are too many"),
        ({"jwks_url": "http://ehr.example.com/jwks"}, "[clients.general] jwks_url must be an https URL"),
        ({"jwks_url": "https://u:p@ehr.example.com/jwks"}, "[clients.general] jwks_url must be an https URL"),
        ({"jwks_url": "file:///etc/passwd"}, "[clients.general] jwks_url must be an https URL"),
        ({"jwks_url": "https://ehr.example.com\\@evil.example/"}, "[clients.general] jwks_url must be an https URL"),
        ({"jwks_url": "https://[::1"}, "[clients.general] jwks_url must be an https URL"),
        ({"fhir_bases": ["http://ehr.example.com/fhir"]}, "[clients.general] fhir_bases must hold https URLs"),
        ({"fhir_bases": ["https://ehr.example.com/fhir?x=1"]}, "[clients.general] fhir_bases must hold https URLs"),
        ({"fhir_bases": ["https://ehr.example.com/a/../b"]}, "[clients.general] fhir_bases must hold https URLs"),
        ({"fhir_bases": "https://ehr.example.com"}, "[clients.general] fhir_bases must be a list"),
        ({"max_token_seconds": 3601}, "[clients.general] max_token_seconds must be a whole number"),
        ({"max_token_seconds": 29}, "[clients.general] max_token_seconds must be a whole number"),
        ({"max_token_seconds": "300"}, "[clients.general] max_token_seconds must be a whole number"),
        ({"leeway_seconds": 121}, "[clients.general] leeway_seconds must be a whole number"),
        ({"replay": "off"}, "[clients.general] replay must be enforce or observe."),
        ({"mode": "loud"}, "[clients.general] mode must be off, silent or visible."),
        ({"hooks": []}, "[clients.general] hooks must be a list of at least one hook"),
        ({"hooks": ["patient-view"]}, "[clients.general] hooks names a hook that is not offered: order-select, order"),
        ({"budget_seconds": 5}, "[clients.general] budget_seconds must be a number"),
        ({"profile": "../x"}, "[clients.general] profile must be the name of a profile."),
        ({"audiences": []}, "[clients.general] audiences must be a list of at least one audience"),
        ({"name": "Upper"}, "clients names a client in other than"),
        ({"jwks_url": DROPPED, "keys_file": "absent.json"}, "[clients.general] keys_file cannot be read: No such file"),
        ({"jwks_url": DROPPED, "keys_file": "clients.toml"}, "[clients.general] keys_file is not strict JSON."),
        ({"jwks_url": DROPPED, "keys": [{"kty": "EC"}]}, "[clients.general] keys cannot be used: keys[0] has no 'kid'"),
        ({"jwks_url": DROPPED, "keys": [jwk("P-256", "k")]}, "[clients.general] keys holds no key for any of the alg"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_by_entry_and_field(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    assert complaint(tmp_path, client(**changes)).startswith(said)


@pytest.mark.parametrize("text", ["", "[clients]\n", "clients = 3\n", "[clients.a]\n[clients.a]\n", "x", "\ufeffx = 1"])
def test_a_file_without_a_client_is_refused(tmp_path: Path, text: str) -> None:
    assert complaint(tmp_path, text)


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadClients, match=r"nowhere\.toml cannot be read: No such file"):
        read_registry(tmp_path / "nowhere.toml", {}, TERMS)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "clients.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadClients, match="is not TOML in UTF-8"):
        read_registry(tmp_path / "clients.toml", {}, TERMS)


def test_no_value_is_repeated_in_a_complaint(tmp_path: Path) -> None:
    for field in ("issuer", "algorithms", "jwks_url", "mode", "keys", "hooks", "fhir_bases", "profile"):
        assert "Kanarienvogel" not in complaint(tmp_path, client(**{field: {"kanarie": "Kanarienvogel"}}))
        assert "Kanarienvogel" not in complaint(tmp_path, client(), f"{field} = 'Kanarienvogel")


def test_two_clients_of_one_issuer_have_to_be_told_apart(tmp_path: Path) -> None:
    said = complaint(tmp_path, client("a"), client("b", tenant_claim="b"))
    assert said.startswith("[clients.b] issuer is that of [clients.a] too")
    assert complaint(tmp_path, client("a", tenant_claim="same"), client("b", tenant_claim="same"))
    assert complaint(tmp_path, client("a", tenant_claim="x"), client("b", subject="y"))
    assert len(read(tmp_path, client("a", tenant_claim="a"), client("b", tenant_claim="b")).records) == 2
    assert len(read(tmp_path, client("a", subject="a"), client("b", subject="b")).records) == 2


def test_a_profile_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadClients, match="profile names no profile there is: crd, epic, "):
        read(tmp_path, client(profile="nobodys"))


def test_what_a_client_does_not_say_its_profile_says(tmp_path: Path) -> None:
    record = read(tmp_path, client(profile="crd"), terms=Terms(BASE, None, TERMS.hooks)).records[0]
    profile = profile_of("crd")
    assert record.caller.budget_seconds == profile.budget_seconds
    assert record.caller.fhir_release == profile.release
    assert record.max_token_seconds == profile.jwt_seconds
    assert one(tmp_path, profile="crd", fhir_release="STU3").caller.fhir_release == "STU3"


def test_keys_may_be_fetched_without_tls_from_this_machine_only(tmp_path: Path) -> None:
    assert one(tmp_path, jwks_url="http://127.0.0.1:9000/jwks").jwks_url
    assert one(tmp_path, fhir_bases=["http://localhost:9000/fhir"]).caller.fhir_bases


class TestAudiences:
    """Which audiences are good at which endpoint."""

    def test_without_a_list_it_is_the_address_of_the_endpoint(self, tmp_path: Path) -> None:
        record = one(tmp_path)
        assert record.audiences_of("/cds-services/ldn-order-sign", BASE) == {f"{BASE}/cds-services/ldn-order-sign"}

    def test_a_listed_endpoint_counts_there_and_for_its_feedback(self, tmp_path: Path) -> None:
        sign = "https://outside.example.com/x/cds-services/ldn-order-sign"
        record = one(tmp_path, audiences=[sign])
        assert record.audiences_of("/cds-services/ldn-order-sign", BASE) == {sign}
        assert record.audiences_of("/cds-services/ldn-order-sign/feedback", BASE) == {sign}
        assert record.audiences_of("/cds-services/ldn-order-select", BASE) == set()

    def test_the_address_for_feedback_counts_for_feedback_only(self, tmp_path: Path) -> None:
        feedback = "https://outside.example.com/cds-services/ldn-order-sign/feedback"
        record = one(tmp_path, audiences=[feedback])
        assert record.audiences_of("/cds-services/ldn-order-sign/feedback", BASE) == {feedback}
        assert record.audiences_of("/cds-services/ldn-order-sign", BASE) == set()

    def test_what_is_no_address_of_an_endpoint_counts_everywhere(self, tmp_path: Path) -> None:
        assert one(tmp_path, audiences=["sand_man"]).audiences_of("/cds-services/ldn-order-sign", BASE) == {"sand_man"}


def test_what_the_tests_write_is_toml() -> None:
    assert toml({"a": [1, "x"], "b": True}) == '{a = [1, "x"], b = true}'
