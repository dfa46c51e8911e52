"""Public keys of callers: read from a JWK Set (RFC 7517), each with the algorithms it may be used for.

A key that does not fit an algorithm cannot be tried with it, so a token chooses between keys and never between kinds of
verification (trust T9). Symmetric keys, keys that are too weak and sets that give away a private key are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

from cds_service.errors import MalformedRequest
from cds_service.hooks.body import read_json

LEAST_RSA_BITS = 2048
_MOST_RSA_BITS = 8192
_MOST_KEYS = 100
_MOST_NAME = 255
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES = {
    "P-256": frozenset({"ES256"}),
    "P-384": frozenset({"ES384"}),
    "P-521": frozenset({"ES512"}),
}
ALGORITHMS = frozenset(_RSA.union(*_CURVES.values()))
"""Every algorithm that a registry may allow: asymmetric ones only (CDS Hooks, JWT Signing Algorithm)."""


class BadKey(Exception):
    """A key or a set of keys that cannot be used; the text says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key by its `kid`, and what it may verify."""

    name: str
    algorithms: frozenset[str]
    public: RSAPublicKey | EllipticCurvePublicKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys that can be used, and what was wrong with the others (`keys[2] is too short`)."""

    keys: tuple[Key, ...]
    complaints: tuple[str, ...] = ()

    def fitting(self, name: str, algorithm: str) -> tuple[Key, ...]:
        """The keys of that name for that algorithm; more than one only where a client repeats a `kid`."""
        return tuple(key for key in self.keys if key.name == name and algorithm in key.algorithms)

    def names(self, name: str) -> bool:
        return any(key.name == name for key in self.keys)


def read_key_set(document: bytes) -> KeySet:
    """The keys of a JWK Set. Raises BadKey where it is none; a bad key among good ones is left out and told of."""
    try:
        value = read_json(document)
    except MalformedRequest:
        raise BadKey("is not strict JSON") from None
    listed = value.get("keys") if isinstance(value, Mapping) else None
    if not isinstance(listed, list):
        raise BadKey("is not a JWK Set, an object with a list 'keys'")
    return key_set(listed)


def key_set(listed: Sequence[Any]) -> KeySet:
    """The same from a list of JWKs."""
    if len(listed) > _MOST_KEYS:
        raise BadKey(f"holds more than {_MOST_KEYS} keys")
    keys: list[Key] = []
    complaints: list[str] = []
    for index, jwk in enumerate(listed):
        try:
            keys.append(_read(jwk))
        except BadKey as fault:
            complaints.append(f"keys[{index}] {fault}")
    return KeySet(tuple(keys), tuple(complaints))


def _read(jwk: Any) -> Key:
    if not isinstance(jwk, Mapping):
        raise BadKey("is not an object")
    name = jwk.get("kid")
    if not isinstance(name, str) or not 0 < len(name) <= _MOST_NAME:
        raise BadKey("has no 'kid'")
    if "d" in jwk or "k" in jwk:
        raise BadKey("is a private or a shared secret; only public keys belong here")
    operations = jwk.get("key_ops")
    if jwk.get("use", "sig") != "sig" or (isinstance(operations, list) and "verify" not in operations):
        raise BadKey("is not meant for signatures")
    public, fits = _public(jwk)
    stated = jwk.get("alg")
    if stated is not None:
        fits = fits & {stated} if isinstance(stated, str) else frozenset()
    if not fits:
        raise BadKey("states an algorithm that it does not fit")
    return Key(name, fits, public)


def _public(jwk: Mapping[str, Any]) -> tuple[RSAPublicKey | EllipticCurvePublicKey, frozenset[str]]:
    try:
        if jwk.get("kty") == "RSA":
            return _rsa(RSAAlgorithm.from_jwk(dict(jwk)))
        if jwk.get("kty") == "EC" and jwk.get("crv") in _CURVES:
            return _elliptic(ECAlgorithm.from_jwk(dict(jwk))), _CURVES[jwk["crv"]]
    except (PyJWTError, ValueError, TypeError, KeyError, OverflowError, AttributeError):
        raise BadKey("cannot be read") from None
    raise BadKey("is neither RSA nor a key on P-256, P-384 or P-521")


def _rsa(public: object) -> tuple[RSAPublicKey, frozenset[str]]:
    if not isinstance(public, RSAPublicKey):
        raise BadKey("cannot be read")
    if not LEAST_RSA_BITS <= public.key_size <= _MOST_RSA_BITS:
        raise BadKey(f"has {public.key_size} bits; {LEAST_RSA_BITS} to {_MOST_RSA_BITS} are taken")
    return public, _RSA


def _elliptic(public: object) -> EllipticCurvePublicKey:
    if not isinstance(public, EllipticCurvePublicKey):
        raise BadKey("cannot be read")
    return public
