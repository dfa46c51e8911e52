"""The fixtures for others: a manifest that is true, and an archive that is whole, reproducible and can be replayed."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from project_script import script

from cds_service.cli import main
from cds_service.cli.cases import case_folders
from cds_service.content import fixtures_dir

build = script("build_fixtures")


@pytest.fixture(scope="module")
def packed() -> bytes:
    content: bytes = build.archive()
    return content


@pytest.fixture(scope="module")
def unpacked(packed: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    [root] = folder.iterdir()
    return root


def members(packed: bytes) -> Iterator[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        yield from tar.getmembers()


def manifest(root: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((root / "manifest.json").read_text("utf-8"))
    return said


def test_the_manifest_is_up_to_date() -> None:
    assert build.MANIFEST.read_bytes() == build.manifest(), "run make fixtures"


def test_the_manifest_is_as_its_schema_says_and_lists_every_case() -> None:
    schema = json.loads((fixtures_dir() / "manifest.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    said = manifest(fixtures_dir())
    assert [fault.message for fault in Draft202012Validator(schema).iter_errors(said)] == []
    folders = [folder.relative_to(fixtures_dir()).as_posix() for folder in case_folders(fixtures_dir())]
    assert [case["path"] for case in said["cases"]] == folders


def test_the_archive_is_the_same_to_the_byte_every_time(packed: bytes) -> None:
    assert build.archive() == packed
    facts = {(one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) for one in members(packed)}
    assert len(facts) == 1
    names = [one.name for one in members(packed)]
    assert names == sorted(names)


def test_the_archive_needs_nothing_of_this_project(unpacked: Path) -> None:
    """Everything that the manifest names is there, and every digest is right."""
    for case in manifest(unpacked)["cases"]:
        folder = unpacked / case["path"]
        assert json.loads((folder / "request.json").read_text("utf-8"))["hook"] == case["hook"]
        assert (folder / "expected.json").is_file()
        assert (folder / "server.json").is_file() is case["server"]
    wanted = {"LICENSE", "NOTICE", "README.md", "expected.schema.json", "server.schema.json", "manifest.schema.json"}
    assert wanted <= {path.name for path in unpacked.iterdir()}
    lines = (unpacked / "SHA256SUMS").read_text("utf-8").splitlines()
    for line in lines:
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((unpacked / name).read_bytes()).hexdigest() == digest
    assert len(lines) == sum(path.is_file() for path in unpacked.rglob("*")) - 1


def test_the_unpacked_cases_can_be_replayed(unpacked: Path) -> None:
    assert main(["replay", str(unpacked), "--rule", "opioid-active", "-q"]) == 0
