"""The tokens that EHRs really send: each is taken by the entry that one would write for it."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from issuing import BASE, DROPPED, ISSUER, KEY_SET, NOW, SIGN, Ehr, client, key_set
from receiving import Desk

from cds_service.callers.replay import Uses
from cds_service.callers.replay_stores import FileUses

SANDBOX = "https://sandbox.cds-hooks.org"
SANDBOX_KEYS = f"{SANDBOX}/.well-known/jwks.json"
# Public: what the sandbox publishes at that address.
SANDBOX_KEY = {
    "kty": "EC",
    "use": "sig",
    "crv": "P-384",
    "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f",
    "x": "dw_JGR8nB2I6XveNxUOl2qk699ZPLM2nYI5STSdiEl9avAkrm3CkfYMbrrjr8laB",
    "y": "Sm3mLE-n1zYNla_aiE3cb3nZsL51RbC7ysw3q8aJLxGm-hx79RPMYpITDjp7kgzy",
    "alg": "ES384",
}
# A token that the sandbox signed in July 2020 for a service on the developer's own machine; good for five minutes then.
SANDBOX_TOKEN = (
    "eyJhbGciOiJFUzM4NCIsInR5cCI6IkpXVCIsImtpZCI6IjQ0ODIzZjNkLTBiMDEtNGE2Yy1hODBlLWI5ZDNlOGE3MjI2ZiIsImprdSI6Imh0dH"
    "BzOi8vc2FuZGJveC5jZHMtaG9va3Mub3JnLy53ZWxsLWtub3duL2p3a3MuanNvbiJ9.eyJpc3MiOiJodHRwczovL3NhbmRib3guY2RzLWhvb2t"
    "zLm9yZyIsImF1ZCI6Imh0dHA6Ly8xMjcuMC4wLjE6ODAwMC9jZHMtc2VydmljZXMiLCJleHAiOjE1OTQyMzA5MDAsImlhdCI6MTU5NDIzMDYwMC"
    "wianRpIjoiZWZiMzc3M2QtM2EyOC00M2UyLTlmYmMtYjkzNmE5YWUzODhiIn0.Cbey3n5NkDRoCLHZ2WMFc1z_RY8Rlq5oGxdAYfbrBPMiJXLCw"
    "jbYoU0av2CQj-Olhbnpe7Vs8vzJ5oHP5gc2-0ooc5J49t4Uz9iYKpiM9KLUrqaJe0umc_klM2-ynHAI"
)
SANDBOX_SIGNED = 1_594_230_600


def desk_for(folder: Path, ehr: Ehr, *entries: str) -> Desk:
    desk = Desk(folder, *entries)
    desk.web.pages[ehr.key_set_url or KEY_SET] = key_set(ehr.published)
    return desk


def test_epics_token_lives_fifteen_minutes_and_began_before_it_was_issued(tmp_path: Path) -> None:
    jku = "https://hospital.example.com/interconnect/api/epic/2019/Security/Open/PublicKeys/530005/CDS"
    epic = Ehr("RSA-2048", "RS384", "epic-key", "https://hospital.example.com/oauth2", jku, 900)
    entry = client(
        "hospital", issuer=epic.issuer, jwks_url=jku, algorithms=["RS384"], subject="client-1", profile="epic"
    )
    desk = desk_for(tmp_path, epic, entry)
    caller = desk.caller(epic.token(sub="client-1", nbf=NOW - 300))
    assert (caller.tenant, caller.profile.name) == ("hospital", "epic")
    assert not desk.admits(epic.token(sub="client-2", nbf=NOW - 300))
    assert not desk.admits(epic.token(sub="client-1", exp=NOW + 901))


def test_epics_token_is_too_long_lived_without_the_profile(tmp_path: Path) -> None:
    epic = Ehr(life=900)
    assert not desk_for(tmp_path, epic, client()).admits(epic.token())


def test_oracles_issuer_is_shared_and_the_tenant_claim_tells_who_it_is(tmp_path: Path) -> None:
    oracle = Ehr("RSA-2048", "RS256", "oracle-key", "https://cds-hooks.cerner.com")
    oracle.key_set_url = "https://authorization.cerner.com/jwk"
    shared: dict[str, Any] = {"issuer": oracle.issuer, "jwks_url": oracle.key_set_url, "algorithms": ["RS256"]}
    entries = [
        client(name, **shared, tenant_claim=guid, fhir_bases=[f"https://fhir.example.com/r4/{guid}"])
        for name, guid in (("north", "11111111-guid"), ("south", "22222222-guid"))
    ]
    desk = desk_for(tmp_path, oracle, *entries)
    north = desk.caller(oracle.token(tenant="11111111-guid"))
    assert (north.tenant, north.fhir_bases) == ("north", ("https://fhir.example.com/r4/11111111-guid",))
    assert desk.caller(oracle.token(tenant="22222222-guid")).tenant == "south"
    for tenant in ("33333333-guid", "", None, ["11111111-guid"], DROPPED):
        assert not desk.admits(oracle.token(tenant=tenant))
    assert desk.web.fetched == [oracle.key_set_url]


@pytest.mark.parametrize(("kind", "algorithm"), [("P-384", "ES384"), ("RSA-2048", "RS384")])
def test_inferno_uses_one_token_for_a_whole_group_of_bodies(tmp_path: Path, kind: str, algorithm: str) -> None:
    inferno = Ehr(kind, algorithm, "4b49a739d1eb115b3225f4cf9beb6d1b", "https://inferno.example.org")
    inferno.key_set_url = "https://inferno.example.org/custom/crd_server/jwks.json"
    known = {"issuer": inferno.issuer, "jwks_url": inferno.key_set_url}
    token = inferno.token(jti="0f" * 32)
    assert [desk_for(tmp_path, inferno, client(**known, replay="observe")).admits(token) for _ in range(3)] == [
        True
    ] * 3
    desk = desk_for(tmp_path, inferno, client(**known, replay="observe"))
    assert [desk.admits(token) for _ in range(3)] == [True] * 3
    strict = desk_for(tmp_path, inferno, client(**known))
    assert [strict.admits(token) for _ in range(3)] == [True, False, False]


def sandbox_desk(folder: Path, **changes: Any) -> Desk:
    entry = {
        "issuer": SANDBOX,
        "jku": SANDBOX_KEYS,
        "jwks_url": DROPPED,
        "keys": [SANDBOX_KEY],
        "algorithms": ["ES384"],
    }
    desk = Desk(folder, client("sandbox", **{**entry, **changes}))
    desk.clock.now = SANDBOX_SIGNED + 20
    return desk


def test_a_token_of_the_public_sandbox_is_verified_with_the_key_it_publishes(tmp_path: Path) -> None:
    """It was signed for discovery, so the entry of this test says that such an audience is good."""
    aud = "http://127.0.0.1:8000/cds-services"
    assert sandbox_desk(tmp_path, audiences=[aud]).caller(SANDBOX_TOKEN).tenant == "sandbox"
    late = sandbox_desk(tmp_path, audiences=[aud])
    late.clock.now += 300 + 60
    assert not late.admits(SANDBOX_TOKEN)
    assert not sandbox_desk(tmp_path).admits(SANDBOX_TOKEN)
    damaged = SANDBOX_TOKEN[:-4] + ("AAAA" if not SANDBOX_TOKEN.endswith("AAAA") else "BBBB")
    assert not sandbox_desk(tmp_path, audiences=[aud]).admits(damaged)


def test_the_sandbox_signs_feedback_for_the_address_of_the_feedback(tmp_path: Path) -> None:
    sandbox = Ehr(issuer=SANDBOX, key_set_url=SANDBOX_KEYS)
    desk = desk_for(tmp_path, sandbox, client("sandbox", issuer=SANDBOX, jwks_url=SANDBOX_KEYS))
    feedback = f"{SIGN}/feedback"
    assert desk.admits(sandbox.token(BASE + feedback), feedback)
    assert not desk.admits(sandbox.token(BASE + SIGN), feedback)
    assert not desk.admits(sandbox.token(BASE + feedback), SIGN)


def test_meld_sends_one_word_as_audience_which_one_client_may_be_allowed(tmp_path: Path) -> None:
    meld = Ehr(issuer="https://meld.example.org")
    known = {"issuer": meld.issuer}
    other = client("other", issuer=ISSUER)
    desk = desk_for(tmp_path, meld, client("meld", **known, audiences=["sand_man"]), other)
    assert desk.caller(meld.token("sand_man")).tenant == "meld"
    assert not desk.admits(Ehr().token("sand_man"))


def test_an_audience_may_be_one_of_several(tmp_path: Path) -> None:
    desk = desk_for(tmp_path, Ehr(), client())
    assert desk.admits(Ehr().token(["https://elsewhere.example.com", BASE + SIGN]))


def test_clocks_may_differ_by_the_leeway(tmp_path: Path) -> None:
    desk = desk_for(tmp_path, Ehr(), client(leeway_seconds=60))
    assert desk.admits(Ehr().token(now=NOW + 60))
    assert desk.admits(Ehr().token(now=NOW - 359))
    assert not desk.admits(Ehr().token(now=NOW - 360))
    none = desk_for(tmp_path, Ehr(), client(leeway_seconds=0))
    assert not none.admits(Ehr().token(now=NOW + 1))
    assert not none.admits(Ehr().token(now=NOW - 300))


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [("RSA-2048", "RS256"), ("RSA-3072", "RS512"), ("RSA-2048", "PS256"), ("RSA-2048", "PS384"), ("RSA-2048", "PS512"),
     ("P-256", "ES256"), ("P-521", "ES512")],
)  # fmt: skip
def test_every_algorithm_that_a_registry_may_name_works(tmp_path: Path, kind: str, algorithm: str) -> None:
    ehr = Ehr(kind, algorithm)
    assert desk_for(tmp_path, ehr, client(algorithms=[algorithm])).admits(ehr.token())


@pytest.mark.parametrize(("kind", "algorithm"), [("P-384", "ES384"), ("RSA-4096", "RS384")])
def test_a_warm_check_fetches_no_keys_and_notes_the_use(tmp_path: Path, kind: str, algorithm: str) -> None:
    ehr = Ehr(kind, algorithm)
    with closing(FileUses(tmp_path / "tokens.sqlite")) as shared:
        desk = Desk(tmp_path, client(), uses=Uses(shared))
        desk.web.pages[KEY_SET] = key_set(ehr.published)
        tokens = [ehr.token() for _ in range(5)]
        assert [desk.admits(token) for token in tokens] == [True] * 5
        assert [desk.admits(token) for token in tokens] == [False] * 5
    assert desk.web.fetched == [KEY_SET]
