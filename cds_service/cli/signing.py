"""Signed calls: a token for each of them, as an EHR sends it (CDS Hooks 2.0, "Trusting CDS Clients").

`aud` is the address that is called, `jti` is new for each call. The algorithm follows from the key: ES384 for P-384,
RS384 for RSA. Nothing else is offered, since the specification recommends these two and forbids symmetric ones.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from cds_service.cli.cases import BadInput

LIFE_SECONDS = 300
ALGORITHMS = ("ES384", "RS384")
_LEAST_RSA_BITS = 2048
_THUMBPRINT = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, with what, and what else the token says. Empty members are left out of it."""

    key: Key = field(repr=False)
    issuer: str
    key_id: str = ""
    key_set_url: str = ""
    tenant: str = ""
    subject: str = ""
    life_seconds: int = LIFE_SECONDS

    def token(self, url: str) -> str:
        """A token for one call of `url`."""
        now = int(time())
        claims = {"iss": self.issuer, "aud": url, "iat": now, "exp": now + self.life_seconds, "jti": str(uuid4())}
        if self.tenant:
            claims["tenant"] = self.tenant
        if self.subject:
            claims["sub"] = self.subject
        headers = {"typ": "JWT", "kid": self.key_id or key_id(self.key)}
        if self.key_set_url:
            headers["jku"] = self.key_set_url
        return jwt.encode(claims, self.key, algorithm(self.key), headers)


def read_key(path: Path) -> Key:
    """A private key from a PEM file or a JWK. Raises BadInput, which never repeats what is in the file."""
    try:
        raw = path.read_bytes()
    except OSError as fault:
        raise BadInput(f"the key {path} cannot be read: {fault.strerror}.") from None
    try:
        key = _from_jwk(raw) if raw.lstrip().startswith(b"{") else load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, jwt.PyJWTError):
        raise BadInput(f"{path} holds no private key that can be used (PEM without a password, or a JWK).") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise BadInput(f"{path} holds neither an EC nor an RSA private key.")
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name != ec.SECP384R1().name:
        raise BadInput(f"{path} holds an EC key of another curve than P-384, which ES384 needs.")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST_RSA_BITS:
        raise BadInput(f"{path} holds an RSA key shorter than {_LEAST_RSA_BITS} bits.")
    return key


def _from_jwk(raw: bytes) -> Any:
    """Of a set, the first key."""
    value = json.loads(raw)
    value = value["keys"][0] if isinstance(value.get("keys"), list) and value["keys"] else value
    return jwt.PyJWK(value).key


def new_key(path: Path, algorithm_name: str) -> Key:
    """A new key, written as PEM for its owner's eyes only. Raises BadInput where the file is already there."""
    key: Key
    if algorithm_name == "ES384":
        key = ec.generate_private_key(ec.SECP384R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_LEAST_RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(pem)
    except FileExistsError:
        raise BadInput(f"{path} is there already; a key is not overwritten.") from None
    except OSError as fault:
        raise BadInput(f"the key {path} cannot be written: {fault.strerror}.") from None
    return key


def algorithm(key: Key) -> str:
    return "ES384" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS384"


def public_jwk(key: Key) -> dict[str, Any]:
    """The public half as a JWK with `kid`, `alg` and `use`, to be registered with the service that is called."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        jwk = _bare(ECAlgorithm.to_jwk(public, as_dict=True))
    else:
        jwk = _bare(RSAAlgorithm.to_jwk(public, as_dict=True))
    return {**jwk, "kid": _thumbprint(jwk), "alg": algorithm(key), "use": "sig"}


def key_id(key: Key) -> str:
    """The thumbprint of RFC 7638, so that the same key has the same id wherever it is registered."""
    kid: str = public_jwk(key)["kid"]
    return kid


def _bare(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name in _THUMBPRINT[str(jwk["kty"])]}


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    members = {name: jwk[name] for name in _THUMBPRINT[jwk["kty"]]}
    digest = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
