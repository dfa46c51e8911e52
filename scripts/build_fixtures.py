"""Write fhir_fixtures/manifest.json, and an archive of all fixtures that needs nothing of this project.

    python scripts/build_fixtures.py            both; the archive goes to dist/
    python scripts/build_fixtures.py --manifest the manifest only

The archive is the same to the byte for the same cases, whoever builds it when: files are sorted, and neither times,
owners nor the name of the machine are in it. The manifest says what a case is about and nothing that another dose in
a request would change; the digests of all files are in the archive.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cds_service import __version__
from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.selection import tags_of

CHECKOUT = Path(__file__).resolve().parents[1]
FIXTURES = CHECKOUT / "fhir_fixtures"
MANIFEST = FIXTURES / "manifest.json"
NAME = "ldn-cds-fixtures"
BESIDE = ("LICENSE", "NOTICE")
# The earliest moment that every archive format knows: 1 January 1980.
_EPOCH = 315_532_800


def main(arguments: list[str]) -> int:
    MANIFEST.write_bytes(manifest())
    print(f"written: {MANIFEST.relative_to(CHECKOUT)}")
    if "--manifest" not in arguments:
        file = CHECKOUT / "dist" / f"{NAME}-{__version__}.tar.gz"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(archive())
        print(f"written: {file.relative_to(CHECKOUT)} ({file.stat().st_size} bytes)")
    return 0


def manifest() -> bytes:
    """One line a case, so that a change of one is a change of one line."""
    cases = [json.dumps(_said(read_case(folder)), ensure_ascii=False) for folder in case_folders(FIXTURES)]
    head = {
        "$schema": "manifest.schema.json",
        "name": NAME,
        "version": __version__,
        "licence": "Apache-2.0",
        "synthetic": True,
        "clinically_approved": False,
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items()]
    return ("{\n" + "".join(lines) + '  "cases": [\n    ' + ",\n    ".join(cases) + "\n  ]\n}\n").encode()


def _said(case: Case) -> dict[str, Any]:
    rule, _, name = case.name.partition("/")
    return {
        "path": case.name,
        "rule": rule,
        "kind": name.partition("-")[0],
        "title": case.expected["title"],
        "hook": case.request["hook"],
        "release": case.expected["release"],
        "as_of": case.expected["as_of"],
        "tags": sorted(tags_of(case)),
        "server": case.server is not None,
        "cards": [{"topic": card["leader"], "indicator": card["indicator"]} for card in case.expected["cards"]],
    }


def archive() -> bytes:
    """The bytes of a .tar.gz. All that is in it lies below one folder."""
    root = f"{NAME}-{__version__}"
    files = dict(_files())
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    files["SHA256SUMS"] = sums.encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"{root}/{name}")
            member.size, member.mtime, member.mode = len(content), _EPOCH, 0o644
            tar.addfile(member, io.BytesIO(content))
    squeezed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=squeezed, compresslevel=9, mtime=_EPOCH) as out:
        out.write(packed.getvalue())
    return squeezed.getvalue()


def _files() -> Iterator[tuple[str, bytes]]:
    for name in BESIDE:
        yield name, (CHECKOUT / name).read_bytes()
    yield "README.md", (FIXTURES / "README.md").read_bytes()
    yield "manifest.json", manifest()
    for path in FIXTURES.glob("*.schema.json"):
        yield path.name, path.read_bytes()
    for folder in case_folders(FIXTURES):
        for path in folder.glob("*.json"):
            yield path.relative_to(FIXTURES).as_posix(), path.read_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
