"""Cases on disk: a request, what is expected, and what the record server would answer (fhir_fixtures/README.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from cds_service.content import fixtures_dir
from cds_service.errors import MalformedRequest, ServiceError
from cds_service.hooks.body import read_json


class BadInput(ServiceError):
    """A file or folder named on the command line cannot be used; the text names it."""

    code = "bad-input"
    issue = "invalid"


@dataclass(frozen=True, slots=True)
class Case:
    """One situation. `name` is `<rule>/<case>`; `server` is None where no record server belongs to the case, `folder`
    where it is not on disk."""

    name: str
    request: Mapping[str, Any]
    expected: Mapping[str, Any]
    server: Mapping[str, Any] | None = None
    folder: Path | None = None

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.expected["as_of"])


_TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


def tagged(patient: Mapping[str, Any]) -> dict[str, Any]:
    """The Patient, marked as test data, as every patient of a case is."""
    found = patient.get("meta")
    meta = found if isinstance(found, Mapping) else {}
    sent = meta.get("tag")
    tags = [tag for tag in sent if isinstance(tag, Mapping)] if isinstance(sent, list) else []
    if not any(tag.get("code") == _TEST_DATA["code"] for tag in tags):
        tags.append(_TEST_DATA)
    return {**patient, "meta": {**meta, "tag": tags}}


def located(name: str) -> Path:
    """The file or folder of that name, here or among the shipped cases. Raises BadInput where there is none."""
    for path in (Path(name), fixtures_dir() / name):
        if path.exists():
            return path
    raise BadInput(f"there is no file or folder {name}, neither here nor among the shipped cases.")


def case_folders(folder: Path) -> list[Path]:
    """Every case in a folder, or the folder itself where it is one; sorted, so that two runs read alike."""
    return sorted(path.parent for path in folder.rglob("expected.json") if (path.parent / "request.json").is_file())


def read_case(folder: Path) -> Case:
    """Raises BadInput, naming the file and the place in it, where a file is not of the agreed shape."""
    folder = folder.resolve()
    name = f"{folder.parent.name}/{folder.name}"
    return Case(
        name=name,
        request=read_object(folder / "request.json"),
        expected=checked(read_object(folder / "expected.json"), "expected", name),
        server=read_server(folder),
        folder=folder,
    )


def read_server(folder: Path) -> Mapping[str, Any] | None:
    path = folder / "server.json"
    return checked(read_object(path), "server", folder.name) if path.is_file() else None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, read as strictly as a request from the network."""
    try:
        value = read_json(path.read_bytes())
    except OSError as fault:
        raise BadInput(f"{path} cannot be read: {fault.strerror}.") from None
    except MalformedRequest as fault:
        raise BadInput(f"{path}: {fault.text}", diagnostics=fault.diagnostics) from None
    if not isinstance(value, dict):
        raise BadInput(f"{path} must hold a JSON object.")
    return value


def checked(value: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """The value, where it is of the shape that `kind` has. Raises BadInput with the case, the file and the place."""
    fault = next(iter(shape_faults(kind, value)), None)
    if fault is not None:
        place, text = fault
        raise BadInput(f"{name}/{kind}.json: {text}, at {place or 'the top'}.")
    return value


def shape_faults(kind: str, value: Any) -> list[tuple[str, str]]:
    """(place, text) of everything that an expectation or a record server's answers must not be."""
    found = [
        (".".join(str(step) for step in fault.absolute_path), fault.message)
        for fault in _validator(kind).iter_errors(value)
    ]
    if kind == "expected" and not found:
        try:
            date.fromisoformat(value["as_of"])
        except ValueError:
            found.append(("as_of", "as_of is no day of the calendar"))
    return found


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = orjson.loads((fixtures_dir() / f"{kind}.schema.json").read_bytes())
    return Draft202012Validator(schema)
