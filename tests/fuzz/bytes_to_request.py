"""atheris changes bytes by what they reach in the reader of requests.

    .venv/bin/python tests/fuzz/bytes_to_request.py SEEDS CRASHES [option of libFuzzer ...]

Half of the changes are of bytes, half of one place of a body that is JSON; else nearly all would end at its first
comma. A call that is read wrongly, or raises what it should not, is left as a file below CRASHES, and the exit code is
not 0. atheris lies in `.venv/fuzz` (scripts/fuzzers.py); the service is that of this environment.
"""

import sys
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]
sys.path += [str(path) for path in (Path(sys.prefix) / "fuzz").glob("lib/python*/site-packages")]  # behind ours

import atheris  # type: ignore[import-not-found]  # noqa: E402

with atheris.instrument_imports(include=["cds_service", "fuzz"]):
    import orjson
    from fuzz.reading import read
    from fuzz.wild_calls import ELEMENTS, KINDS, Way, places

_WORDS = (*ELEMENTS, *KINDS, "hook", "hookInstance", "context", "draftOrders", "medications", "selections", "prefetch",
          "fhirServer", "fhirAuthorization", "patientId", "userId", "encounterId", "feedback", "outcome",
          "card")  # fmt: skip
_VALUES: tuple[Any, ...] = (None, True, 0, -1, 1.5, 2**63, "", " ", "Patient/", [], {}, [[]], [None], {"": None})


def change(data: bytes, most: int, seed: int) -> bytes:
    chance = Random(seed)
    if chance.random() < 0.5:
        return bytes(atheris.Mutate(data, most))
    try:
        body = orjson.loads(data)
    except ValueError:
        return bytes(atheris.Mutate(data, most))
    for _ in range(chance.randint(1, 3)):
        ways = list(places(body))
        if ways:
            _change(body, chance.choice(ways), chance)
    try:
        written = orjson.dumps(body)
    except orjson.JSONEncodeError:
        return data[:most]
    return written if len(written) <= most else data[:most]


def _change(body: Any, way: Way, chance: Random) -> None:
    parent = body
    for step in way[:-1]:
        parent = parent[step]
    kind, old = chance.randint(0, 5), parent[way[-1]]
    if kind == 0:
        del parent[way[-1]]
    elif kind == 1 and isinstance(parent, dict):
        parent[chance.choice(_WORDS)] = parent.pop(way[-1])
    elif kind == 2 and isinstance(old, str):
        parent[way[-1]] = bytes(atheris.Mutate(old.encode(), len(old) + 20)).decode("utf-8", "replace")
    elif kind == 3:
        parent[way[-1]] = [deepcopy(old)] if chance.random() < 0.5 else {chance.choice(_WORDS): deepcopy(old)}
    elif kind == 4:
        parent[way[-1]] = chance.choice((*_WORDS, *KINDS))
    else:
        parent[way[-1]] = deepcopy(chance.choice(_VALUES))


def main(seeds: str, crashes: str, *options: str) -> None:
    arguments = [sys.argv[0], f"-artifact_prefix={crashes}/", "-max_len=32768", "-timeout=30", *options, seeds]
    atheris.Setup(arguments, read_bytes, custom_mutator=change)
    atheris.Fuzz()


def read_bytes(data: bytes) -> None:
    read(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
