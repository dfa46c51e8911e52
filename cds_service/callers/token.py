"""One signed token (JWT, RFC 7519) against one trust record.

PyJWT verifies the signature. What it does not do, or does too kindly, is done here: strict JSON without repeated names,
numbers that are numbers, every allow-list before any key is looked for, a limit to a token's life, and nothing read
from the headers that could bring a key along (`jwk`, `x5u`, `x5c`). See trust T9.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from jwt.api_jws import PyJWS
from jwt.exceptions import PyJWTError
from jwt.utils import base64url_decode

from cds_service.callers.keys import ALGORITHMS, Key
from cds_service.callers.registry import Registry, TrustRecord
from cds_service.errors import MalformedRequest
from cds_service.hooks.body import read_json

_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,8000}\.[A-Za-z0-9_-]{1,1400}")
_LONGEST_NAME = 500
_MOST_AUDIENCES = 20
_LATEST = 2**40
_SIGNATURES = PyJWS(sorted(ALGORITHMS), {"enforce_minimum_key_length": True})


class Refused(Exception):
    """A token that is not good here. `reason` is a code for the log; the caller never learns it."""

    def __init__(self, reason: str, tenant: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tenant = tenant


@dataclass(frozen=True, slots=True)
class Token:
    """A token that has been read and is not yet believed."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        return str(self.header["alg"])

    @property
    def key_name(self) -> str:
        return str(self.header["kid"])

    @property
    def expires(self) -> int:
        return int(self.claims["exp"])

    @property
    def id(self) -> str:
        return str(self.claims["jti"])


def read_token(authorization: str) -> Token:
    """The token of an Authorization header. Raises Refused where there is none that could be one."""
    scheme, _, text = authorization.strip().partition(" ")
    text = text.strip()
    if not text:
        raise Refused("no-token")
    if scheme.lower() != "bearer":
        raise Refused("not-bearer")
    if not _COMPACT.fullmatch(text):
        raise Refused("not-a-token")
    header, claims, _ = text.split(".")
    return Token(text, _object(header, "header"), _object(claims, "claims"))


def _object(part: str, name: str) -> Mapping[str, Any]:
    try:
        value = read_json(base64url_decode(part))
    except (ValueError, MalformedRequest):
        raise Refused(f"bad-{name}") from None
    if not isinstance(value, dict):
        raise Refused(f"bad-{name}")
    return value


def record_of(token: Token, registry: Registry) -> TrustRecord:
    """The one record that this token could be of, by issuer, then by tenant claim and subject."""
    issuer = token.claims.get("iss")
    if not isinstance(issuer, str):
        raise Refused("bad-issuer")
    records = registry.by_issuer(issuer)
    if not records:
        raise Refused("unknown-issuer")
    for record in records:
        if _is(token, "tenant", record.tenant_claim) and _is(token, "sub", record.subject):
            return record
    raise Refused("unknown-tenant")


def _is(token: Token, claim: str, wanted: str) -> bool:
    return not wanted or token.claims.get(claim) == wanted


def check(token: Token, record: TrustRecord, audiences: frozenset[str], now: float) -> None:
    """Everything that can be judged without a key. `now` is seconds since 1970. Raises Refused."""
    for reason in (_dislike_header(token.header, record), _dislike_claims(token.claims, record, audiences, now)):
        if reason:
            raise Refused(reason, record.tenant)


def _dislike_header(header: Mapping[str, Any], record: TrustRecord) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in record.algorithms:
        return "algorithm-not-allowed"
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        return "bad-type"
    if "crit" in header or "b64" in header:
        return "critical-header"
    if not _is_name(header.get("kid")):
        return "bad-key-id"
    if "jku" in header and (not record.jku or header["jku"] != record.jku):
        return "foreign-key-set"
    return ""


def _dislike_claims(claims: Mapping[str, Any], record: TrustRecord, audiences: frozenset[str], now: float) -> str:
    if not _addresses(claims.get("aud"), audiences):
        return "bad-audience"
    if not _is_name(claims.get("jti")):
        return "bad-token-id"
    if any(name in claims and not isinstance(claims[name], str) for name in ("sub", "tenant")):
        return "bad-name"
    issued, expires, begins = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if not (_is_moment(issued) and _is_moment(expires) and _is_moment(begins)):
        return "bad-time"
    return _dislike_times(issued, expires, begins, record, now)


def _dislike_times(issued: int, expires: int, begins: int, record: TrustRecord, now: float) -> str:
    if expires <= now - record.leeway_seconds:
        return "expired"
    if max(issued, begins) > now + record.leeway_seconds:
        return "not-yet-valid"
    if not 0 < expires - issued <= record.max_token_seconds:
        return "too-long-lived"
    return ""


def _addresses(stated: Any, good: frozenset[str]) -> bool:
    named = [stated] if isinstance(stated, str) else stated
    if not isinstance(named, list) or len(named) > _MOST_AUDIENCES:
        return False
    return all(isinstance(one, str) for one in named) and any(one in good for one in named)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and bool(value.strip())


def _is_moment(value: Any) -> TypeGuard[int]:
    """A whole number; JSON's `true` and numbers in quotation marks are not."""
    return type(value) is int and 0 <= value < _LATEST


def verify(token: Token, keys: tuple[Key, ...]) -> bool:
    """Whether one of the keys made the signature. Each is one that fits the algorithm of the token."""
    for key in keys:
        try:
            _SIGNATURES.decode_complete(token.text, key.public, [token.algorithm])
        except (PyJWTError, ValueError, TypeError):
            continue
        return True
    return False
