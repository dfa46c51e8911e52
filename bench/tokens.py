"""Keys and tokens of synthetic clients."""

from time import time
from typing import Any
from uuid import uuid4

import jwt
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from bench.calls import PATH

BASE = "https://cds.example.com"


def published(key: Any, algorithm: str, name: str) -> dict[str, str]:
    """The public key as a client publishes it (JWK)."""
    kind: Any = ECAlgorithm if algorithm.startswith("ES") else RSAAlgorithm
    jwk = kind.to_jwk(key.public_key(), as_dict=True)
    return {**{one: value for one, value in jwk.items() if one != "key_ops"}, "kid": name, "use": "sig"}


def token(key: Any, algorithm: str, name: str, issuer: str, seconds: int, **header: str) -> str:
    """A good token for the service that is called, once."""
    now = int(time())
    claims = {"iss": issuer, "aud": BASE + PATH, "iat": now, "exp": now + seconds, "jti": uuid4().hex}
    return jwt.encode(claims, key, algorithm, headers={"kid": name, **header})
