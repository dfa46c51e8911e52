"""An EHR that signs: synthetic keys, the tokens it would send, and what it publishes. Nothing here is anybody's."""

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms

ISSUER = "https://ehr.example.com"
KEY_SET = "https://ehr.example.com/jwks.json"
BASE = "https://cds.example.com/ldn"
SIGN = "/cds-services/ldn-order-sign"
NOW = 1_800_000_000
DROPPED = object()
"""Stands for a claim or a header that is left out."""
_CURVES = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}


@cache
def private(kind: str) -> Any:
    """`P-384`, `RSA-2048` and so on; a number behind a slash makes it another key of the kind."""
    name = kind.split("/")[0]
    if name.startswith("RSA-"):
        return rsa.generate_private_key(65537, int(name.removeprefix("RSA-")))
    return ec.generate_private_key(_CURVES[name]())


def jwk(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """The public half as it is published."""
    public = private(kind).public_key()
    reader: Any = RSAAlgorithm if kind.startswith("RSA") else ECAlgorithm
    bare = {key: value for key, value in reader.to_jwk(public, as_dict=True).items() if key != "key_ops"}
    return _changed({"kid": name, "use": "sig", **bare}, more)


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def encoded(part: bytes) -> str:
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes, key: Any, algorithm: str) -> str:
    """A token of any content, however wrong: what is signed is what is given."""
    parts = [encoded(one if isinstance(one, bytes) else json.dumps(one).encode()) for one in (header, claims)]
    text = ".".join(parts)
    signature = get_default_algorithms()[algorithm].sign(text.encode(), key) if algorithm != "none" else b""
    return f"{text}.{encoded(signature)}"


@dataclass
class Ehr:
    """One issuer with one key at a time."""

    kind: str = "P-384"
    algorithm: str = "ES384"
    name: str = "key-1"
    issuer: str = ISSUER
    key_set_url: str = ""
    life: int = 300
    claims: dict[str, Any] = field(default_factory=dict)

    def header(self, **changes: Any) -> dict[str, Any]:
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.name}
        return _changed({**header, **({"jku": self.key_set_url} if self.key_set_url else {})}, changes)

    def body(self, audience: Any = BASE + SIGN, now: float = NOW, **changes: Any) -> dict[str, Any]:
        issued = int(now)
        claims = {"iss": self.issuer, "aud": audience, "iat": issued, "exp": issued + self.life, "jti": str(uuid4())}
        return _changed({**claims, **self.claims}, changes)

    def token(self, audience: Any = BASE + SIGN, now: float = NOW, header: Any = None, **changes: Any) -> str:
        """A good token, with changes of its claims, and of its header in `header`."""
        headers = self.header(**(header or {}))
        return signed(headers, self.body(audience, now, **changes), private(self.kind), self.algorithm)

    def bearer(self, *arguments: Any, **changes: Any) -> str:
        return f"Bearer {self.token(*arguments, **changes)}"

    @property
    def published(self) -> dict[str, Any]:
        return jwk(self.kind, self.name, alg=self.algorithm)


def _changed(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**values, **changes}.items() if value is not DROPPED}


def client(name: str = "general", **changes: Any) -> str:
    """One entry of a file of clients, as TOML."""
    values = {"issuer": ISSUER, "algorithms": ["ES384", "RS384"], "jwks_url": KEY_SET}
    lines = (f"{key} = {toml(value)}" for key, value in _changed(values, changes).items())
    return "\n".join([f"[clients.{name}]", *lines, ""])


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def written(folder: Path, *clients: str) -> Path:
    path = folder / "clients.toml"
    path.write_text("\n".join(clients), "utf-8")
    return path


assert jwt.__version__ >= "2.13"
