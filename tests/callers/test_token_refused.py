"""Tokens that must not be taken, one for each way to be wrong; the caller is told the same of every one (trust T9)."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from issuing import (
    BASE,
    DROPPED,
    ISSUER,
    KEY_SET,
    NOW,
    SIGN,
    Ehr,
    client,
    encoded,
    jwk,
    key_set,
    private,
    signed,
)
from receiving import Desk, reasons

from cds_service.callers import reception
from cds_service.callers.token import Refused
from cds_service.errors import NotAuthenticated

EHR = Ehr()
KEY = private("P-384")
PUBLIC = KEY.public_key()
PEM = PUBLIC.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
DER = PUBLIC.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
JWK = json.dumps(EHR.published).encode()
OTHER = private("P-384/other")


def header(**changes: Any) -> str:
    return EHR.token(header=changes)


def claims(**changes: Any) -> str:
    return EHR.token(**changes)


def raw(header_text: bytes | None = None, claims_text: bytes | None = None) -> str:
    """A good signature over any bytes."""
    head = EHR.header() if header_text is None else header_text
    body = EHR.body() if claims_text is None else claims_text
    return signed(head, body, KEY, "ES384")


def by_hmac(secret: bytes, algorithm: str = "HS256") -> str:
    import hashlib
    import hmac

    text = ".".join(encoded(json.dumps(part).encode()) for part in (EHR.header(alg=algorithm), EHR.body()))
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{text}.{encoded(hmac.new(secret, text.encode(), digest).digest())}"


def repeated(name: str, value: Any, of: dict[str, Any]) -> bytes:
    """An object that names a member twice, the bad value first and the good one last."""
    return b"{" + json.dumps(name).encode() + b":" + json.dumps(value).encode() + b"," + json.dumps(of).encode()[1:]


def tampered(**changes: Any) -> str:
    head, _, signature = EHR.token().split(".")
    return f"{head}.{encoded(json.dumps(EHR.body(**changes)).encode())}.{signature}"


def own_key(**parts: Any) -> str:
    """Signed with a key of the attacker's, which the header brings along."""
    return signed(EHR.header(**parts), EHR.body(), OTHER, "ES384")


def without_signature(algorithm: str) -> str:
    return signed(EHR.header(alg=algorithm), EHR.body(), None, "none")


def unsigned_tail(algorithm: str) -> str:
    """The same with the signature of a good token put on."""
    return without_signature(algorithm) + EHR.token().split(".")[2]


RSA = Ehr("RSA-2048", "RS384", "key-rsa")
WEAK = Ehr("RSA-1024", "RS384", "key-weak")
P256 = Ehr("P-256", "ES256", "key-256")

WRONG: dict[str, tuple[Callable[[], str], str]] = {
    # algorithm
    "alg none": (lambda: without_signature("none"), "not-a-token"),
    "alg None with a tail": (lambda: unsigned_tail("None"), "algorithm-not-allowed"),
    "alg nOnE with a tail": (lambda: unsigned_tail("nOnE"), "algorithm-not-allowed"),
    "alg none with a tail": (lambda: unsigned_tail("none"), "algorithm-not-allowed"),
    "HS256 by the public key as PEM": (lambda: by_hmac(PEM), "algorithm-not-allowed"),
    "HS384 by the public key as DER": (lambda: by_hmac(DER, "HS384"), "algorithm-not-allowed"),
    "HS512 by the public key as JWK": (lambda: by_hmac(JWK, "HS512"), "algorithm-not-allowed"),
    "HS256 by nothing": (lambda: by_hmac(b""), "algorithm-not-allowed"),
    "an algorithm that is good elsewhere": (lambda: RSA.token(header={"alg": "RS256"}), "algorithm-not-allowed"),
    "a curve that is not allowed": (P256.token, "algorithm-not-allowed"),
    "alg missing": (lambda: header(alg=DROPPED), "algorithm-not-allowed"),
    "alg a list": (lambda: header(alg=["ES384"]), "algorithm-not-allowed"),
    "alg a number": (lambda: header(alg=384), "algorithm-not-allowed"),
    "alg in small letters": (lambda: header(alg="es384"), "algorithm-not-allowed"),
    "RS384 stated for an EC key": (lambda: signed(EHR.header(alg="RS384"), EHR.body(), KEY, "ES384"), "unknown-key"),
    "ES384 stated for an RSA key": (
        lambda: signed(RSA.header(alg="ES384"), RSA.body(), private("RSA-2048"), "RS384"),
        "unknown-key",
    ),
    "RSA of 1024 bits": (WEAK.token, "unknown-key"),
    # header
    "typ missing": (lambda: header(typ=DROPPED), "bad-type"),
    "typ of an access token": (lambda: header(typ="at+jwt"), "bad-type"),
    "typ a list": (lambda: header(typ=["JWT"]), "bad-type"),
    "crit that nobody knows": (lambda: header(crit=["exp2"], exp2=1), "critical-header"),
    "crit empty": (lambda: header(crit=[]), "critical-header"),
    "b64 false": (lambda: header(b64=False, crit=["b64"]), "critical-header"),
    "b64 true": (lambda: header(b64=True), "critical-header"),
    "kid missing": (lambda: header(kid=DROPPED), "bad-key-id"),
    "kid empty": (lambda: header(kid=""), "bad-key-id"),
    "kid null": (lambda: header(kid=None), "bad-key-id"),
    "kid a number": (lambda: header(kid=1), "bad-key-id"),
    "kid an object": (lambda: header(kid={"$ne": ""}), "bad-key-id"),
    "kid that nobody has": (lambda: header(kid="key-2"), "unknown-key"),
    "kid with a space": (lambda: header(kid="key-1 "), "unknown-key"),
    "kid as a path": (lambda: header(kid="../../../../dev/null"), "unknown-key"),
    "kid as a URL": (lambda: header(kid="https://evil.example/key"), "unknown-key"),
    "kid as SQL": (lambda: header(kid="x' UNION SELECT 'key"), "unknown-key"),
    "kid of ten kilobytes": (lambda: header(kid="k" * 10_000), "not-a-token"),
    "kid of two kilobytes": (lambda: header(kid="k" * 2_000), "bad-key-id"),
    "jwk brought along": (lambda: own_key(jwk=jwk("P-384/other", "key-1")), "bad-signature"),
    "jwk brought along under a new kid": (lambda: own_key(jwk=jwk("P-384/other", "x"), kid="x"), "unknown-key"),
    "x5u brought along": (lambda: own_key(x5u="https://evil.example/cert"), "bad-signature"),
    "x5c brought along": (lambda: own_key(x5c=["MIIB"]), "bad-signature"),
    "jku of somebody else": (lambda: own_key(jku="https://evil.example/jwks.json"), "foreign-key-set"),
    "jku that begins alike": (lambda: header(jku=f"{KEY_SET}.evil.example"), "foreign-key-set"),
    "jku below the right one": (lambda: header(jku=f"{KEY_SET}/../../evil"), "foreign-key-set"),
    "jku with a user": (lambda: header(jku=KEY_SET.replace("https://", "https://ehr@")), "foreign-key-set"),
    "jku with a query": (lambda: header(jku=f"{KEY_SET}?x=1"), "foreign-key-set"),
    "jku with a fragment": (lambda: header(jku=f"{KEY_SET}#x"), "foreign-key-set"),
    "jku in capitals": (lambda: header(jku=KEY_SET.upper()), "foreign-key-set"),
    "jku without TLS": (lambda: header(jku=KEY_SET.replace("https", "http")), "foreign-key-set"),
    "jku of this machine": (lambda: header(jku="file:///etc/passwd"), "foreign-key-set"),
    "jku a list": (lambda: header(jku=[KEY_SET]), "foreign-key-set"),
    "jku empty": (lambda: header(jku=""), "foreign-key-set"),
    "alg named twice": (lambda: raw(repeated("alg", "none", EHR.header())), "bad-header"),
    "header no object": (lambda: raw(b'["ES384"]'), "bad-header"),
    "header no JSON": (lambda: raw(b"ES384"), "bad-header"),
    "header UTF-16": (lambda: raw(json.dumps(EHR.header()).encode("utf-16")), "bad-header"),
    "header nested deeply": (lambda: raw(b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}"), "bad-header"),
    # audience
    "aud missing": (lambda: claims(aud=DROPPED), "bad-audience"),
    "aud null": (lambda: claims(aud=None), "bad-audience"),
    "aud empty": (lambda: claims(aud=""), "bad-audience"),
    "aud an empty list": (lambda: claims(aud=[]), "bad-audience"),
    "aud a number": (lambda: claims(aud=1), "bad-audience"),
    "aud an object": (lambda: claims(aud={BASE + SIGN: True}), "bad-audience"),
    "aud of another service": (lambda: claims(aud=f"{BASE}/cds-services/ldn-order-select"), "bad-audience"),
    "aud of discovery": (lambda: claims(aud=f"{BASE}/cds-services"), "bad-audience"),
    "aud of feedback": (lambda: claims(aud=f"{BASE}{SIGN}/feedback"), "bad-audience"),
    "aud of another installation": (lambda: claims(aud=f"https://evil.example{SIGN}"), "bad-audience"),
    "aud with a slash more": (lambda: claims(aud=f"{BASE}{SIGN}/"), "bad-audience"),
    "aud with a query": (lambda: claims(aud=f"{BASE}{SIGN}?x"), "bad-audience"),
    "aud in capitals": (lambda: claims(aud=(BASE + SIGN).upper()), "bad-audience"),
    "aud without TLS": (lambda: claims(aud=(BASE + SIGN).replace("https", "http")), "bad-audience"),
    "aud of one sandbox": (lambda: claims(aud="sand_man"), "bad-audience"),
    "aud a list of others": (lambda: claims(aud=["https://a.example", f"{BASE}/x"]), "bad-audience"),
    "aud a list in a list": (lambda: claims(aud=[[BASE + SIGN]]), "bad-audience"),
    "aud a list with a number": (lambda: claims(aud=[BASE + SIGN, 1]), "bad-audience"),
    "aud more than twenty": (lambda: claims(aud=[BASE + SIGN] * 21), "bad-audience"),
    # time
    "exp missing": (lambda: claims(exp=DROPPED), "bad-time"),
    "exp null": (lambda: claims(exp=None), "bad-time"),
    "exp in quotation marks": (lambda: claims(exp=str(NOW + 300)), "bad-time"),
    "exp with a fraction": (lambda: claims(exp=NOW + 299.5), "bad-time"),
    "exp true": (lambda: claims(exp=True), "bad-time"),
    "exp infinite": (lambda: raw(claims_text=b'{"exp":1e999}'), "bad-claims"),
    "exp not a number": (lambda: raw(claims_text=b'{"exp":NaN}'), "bad-claims"),
    "exp beyond 64 bits": (lambda: claims(exp=10**30), "bad-time"),
    "exp negative": (lambda: claims(exp=-1), "bad-time"),
    "exp past": (lambda: claims(exp=NOW - 60), "expired"),
    "exp long past": (lambda: EHR.token(now=NOW - 86_400), "expired"),
    "exp far": (lambda: claims(exp=NOW + 301), "too-long-lived"),
    "exp of a year": (lambda: claims(exp=NOW + 31_536_000), "too-long-lived"),
    "exp before iat": (lambda: claims(iat=NOW + 30, exp=NOW + 20), "too-long-lived"),
    "exp in milliseconds": (lambda: claims(exp=(NOW + 300) * 1000), "bad-time"),
    "iat missing": (lambda: claims(iat=DROPPED), "bad-time"),
    "iat in quotation marks": (lambda: claims(iat=str(NOW)), "bad-time"),
    "iat to come": (lambda: EHR.token(now=NOW + 61), "not-yet-valid"),
    "iat in milliseconds": (lambda: claims(iat=NOW * 1000), "bad-time"),
    "nbf to come": (lambda: claims(nbf=NOW + 61), "not-yet-valid"),
    "nbf in quotation marks": (lambda: claims(nbf=str(NOW)), "bad-time"),
    "nbf null": (lambda: claims(nbf=None), "bad-time"),
    # who
    "iss missing": (lambda: claims(iss=DROPPED), "bad-issuer"),
    "iss null": (lambda: claims(iss=None), "bad-issuer"),
    "iss a list": (lambda: claims(iss=[ISSUER]), "bad-issuer"),
    "iss of somebody else": (lambda: claims(iss="https://evil.example"), "unknown-issuer"),
    "iss a part of the right one": (lambda: claims(iss=ISSUER[:-1]), "unknown-issuer"),
    "iss that begins alike": (lambda: claims(iss=f"{ISSUER}.evil.example"), "unknown-issuer"),
    "iss with a slash more": (lambda: claims(iss=f"{ISSUER}/"), "unknown-issuer"),
    "iss in capitals": (lambda: claims(iss=ISSUER.upper()), "unknown-issuer"),
    "sub a number": (lambda: claims(sub=1), "bad-name"),
    "tenant an object": (lambda: claims(tenant={}), "bad-name"),
    # once
    "jti missing": (lambda: claims(jti=DROPPED), "bad-token-id"),
    "jti empty": (lambda: claims(jti=""), "bad-token-id"),
    "jti blank": (lambda: claims(jti="  "), "bad-token-id"),
    "jti null": (lambda: claims(jti=None), "bad-token-id"),
    "jti a number": (lambda: claims(jti=7), "bad-token-id"),
    "jti of two kilobytes": (lambda: claims(jti="j" * 2_000), "bad-token-id"),
    # signature
    "claims exchanged": (lambda: tampered(sub="admin"), "bad-signature"),
    "signature of another key": (lambda: signed(EHR.header(), EHR.body(), OTHER, "ES384"), "bad-signature"),
    "signature cut": (lambda: EHR.token()[:-8], "bad-signature"),
    "signature of zeros": (lambda: f"{EHR.token().rpartition('.')[0]}.{encoded(bytes(96))}", "bad-signature"),
    "signature as DER": (
        lambda: f"{EHR.token().rpartition('.')[0]}.{encoded(bytes.fromhex('3006020101020101'))}",
        "bad-signature",
    ),
    # form
    "claims no object": (lambda: raw(claims_text=b'"claims"'), "bad-claims"),
    "claims a token": (lambda: raw(claims_text=EHR.token().encode()), "bad-claims"),
    "claims empty": (lambda: raw(claims_text=b""), "not-a-token"),
    "exp named twice": (lambda: raw(claims_text=repeated("exp", 1, EHR.body())), "bad-claims"),
    "aud named twice by an escape": (
        lambda: raw(claims_text=json.dumps(EHR.body()).replace('"aud"', '"aud": "x", "\\u0061ud"').encode()),
        "bad-claims",
    ),
    "no signature at all": (lambda: EHR.token().rpartition(".")[0], "not-a-token"),
    "four parts": (lambda: EHR.token() + ".x", "not-a-token"),
    "an encrypted token": (lambda: "a.b.c.d.e", "not-a-token"),
    "an empty part": (lambda: "..", "not-a-token"),
    "padding": (lambda: EHR.token() + "=", "not-a-token"),
    "a line break": (lambda: EHR.token()[:50] + "\n" + EHR.token()[50:], "not-a-token"),
    "a word": (lambda: "secret", "not-a-token"),
    "twenty kilobytes": (lambda: EHR.token(more="x" * 20_000), "not-a-token"),
    "letters that are no base64url": (lambda: EHR.token().replace("e", "+", 1), "not-a-token"),
}  # fmt: skip


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The keys of all kinds are published, so that nothing but the fault in question is in the way."""
    opened = Desk(tmp_path, client())
    opened.web.pages[KEY_SET] = key_set(EHR.published, RSA.published, P256.published, jwk("RSA-1024", "key-weak"))
    return opened


def test_the_same_token_without_a_fault_is_taken(desk: Desk) -> None:
    assert desk.admits(EHR.token())
    assert desk.admits(RSA.token())


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_token_is_refused_for_the_fault_it_has(desk: Desk, name: str, caplog: pytest.LogCaptureFixture) -> None:
    make, reason = WRONG[name]
    caplog.set_level(logging.INFO)
    with pytest.raises(NotAuthenticated) as refused:
        desk.caller(make())
    assert list(reasons(caplog.records)) == [reason]
    assert refused.value.text == NotAuthenticated().text
    assert (refused.value.expression, refused.value.diagnostics) == ("", "")


def test_there_are_as_many_negative_cases_as_agreed() -> None:
    assert len(WRONG) >= 40


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        ("", "no-token"),
        ("Bearer", "no-token"),
        ("Bearer ", "no-token"),
        ("Basic dXNlcjpwYXNz", "not-bearer"),
        ("Digest x", "not-bearer"),
        ("BearerX a.b.c", "not-bearer"),
        ("Bearer a b", "not-a-token"),
        ("Bearer a.b.c, Bearer a.b.c", "not-a-token"),
    ],
)
def test_what_is_no_bearer_token_is_refused(
    desk: Desk, authorization: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotAuthenticated):
        desk.reception.recognise(authorization, SIGN)
    assert list(reasons(caplog.records)) == [reason]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_may_be_spelt_in_any_case(desk: Desk, scheme: str) -> None:
    assert desk.reception.recognise(f"{scheme} {EHR.token()}", SIGN).tenant == "general"


def test_nothing_is_fetched_for_a_token_that_a_list_forbids(desk: Desk) -> None:
    for make, reason in WRONG.values():
        if reason not in ("unknown-key", "bad-signature"):
            assert not desk.admits(make())
    assert desk.web.fetched == []


def test_nothing_is_ever_fetched_from_where_a_token_points(desk: Desk) -> None:
    for make, _ in WRONG.values():
        desk.admits(make())
    assert set(desk.web.fetched) == {KEY_SET}


def test_a_refused_token_uses_nothing_up(desk: Desk) -> None:
    """A stranger who knows a token's id must not be able to spend it."""
    claims = EHR.body(jti="shared")
    assert not desk.admits(signed(EHR.header(), claims, OTHER, "ES384"))
    assert desk.admits(signed(EHR.header(), claims, KEY, "ES384"))


def test_no_part_of_a_token_reaches_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for change in ("iss", "sub", "jti", "tenant", "aud", "exp"):
        desk.admits(EHR.token(**{change: "Kanarienvogel"}))
    for change in ("alg", "kid", "jku", "typ", "crit"):
        desk.admits(EHR.token(header={change: "Kanarienvogel"}))
    written = repr([vars(record) for record in caplog.records])
    assert "token-refused" in written
    assert "Kanarienvogel" not in written
    assert not any(part in written for part in EHR.token().split(".")[:1])


@given(st.text(max_size=200))
def test_no_text_in_the_header_breaks_the_reception(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with pytest.raises(Refused):
        Desk(tmp_path_factory.mktemp("desk")).reception._judged(text, SIGN)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "typ", "kid", "jku", "crit", "jwk"]), st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        ), min_size=1,
    )
)  # fmt: skip
def test_no_value_of_a_header_breaks_the_reception(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    judged = Desk(tmp_path_factory.mktemp("desk")).reception._judged
    try:
        judged(f"Bearer {header(**changes)}", SIGN)
        taken = True
    except Refused:
        taken = False
    assert taken == all(name == "jwk" or EHR.header().get(name, DROPPED) == value for name, value in changes.items())


def test_a_fault_of_our_own_lets_nobody_in_and_looks_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("Kanarienvogel")

    monkeypatch.setattr(reception, "verify", broken)
    with pytest.raises(NotAuthenticated):
        desk.caller(EHR.token())
    assert [record.facts for record in caplog.records] == [{"error": "RuntimeError"}]  # type: ignore[attr-defined]


def test_the_library_is_one_in_which_known_holes_are_closed() -> None:
    assert tuple(map(int, jwt.__version__.split(".")[:2])) >= (2, 13)
