"""The key set of an EHR that signs its calls: fresh keys at each start, with their private halves for who tests."""

import base64
import threading
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

_BYTES = 48


class Keys:
    """Signing keys on P-384 (ES384), by `kid`. Made when first asked for: most uses need none."""

    def __init__(self) -> None:
        self._private: list[tuple[str, ec.EllipticCurvePrivateKey]] = []
        self._lock = threading.Lock()

    def current(self) -> tuple[str, ec.EllipticCurvePrivateKey]:
        """(kid, private key) that a token would be signed with now."""
        with self._lock:
            if not self._private:
                self._add()
            return self._private[-1]

    def rotate(self) -> None:
        """A new key to sign with; the last one stays in the set, older ones leave it."""
        with self._lock:
            self._add()
            del self._private[:-2]

    def public_set(self) -> dict[str, Any]:
        self.current()
        with self._lock:
            return {"keys": [_jwk(kid, key) for kid, key in self._private]}

    def _add(self) -> None:
        number = int(self._private[-1][0].removeprefix("key-")) + 1 if self._private else 1
        self._private.append((f"key-{number}", ec.generate_private_key(ec.SECP384R1())))


def _jwk(kid: str, key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    point = key.public_key().public_numbers()
    spelled = {"x": _base64(point.x), "y": _base64(point.y)}
    return {"kty": "EC", "crv": "P-384", "use": "sig", "alg": "ES384", "kid": kid, **spelled}


def _base64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(_BYTES, "big")).rstrip(b"=").decode()
