"""What every rule says about every case, whole: indicator, wording, values, evidence and proposals, as data.

    make findings        writes it anew; then read the difference before you commit it

A case of fhir_fixtures/ states what a clinician has to see. It leaves open which date fills which blank, which record
comes first, which draft a proposal touches. All of that is written down in findings/, one file a folder of cases, so
that no change of it goes unseen. It is a record and no judgement: where the rulebook differs, the record is wrong.
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC
from enum import Enum
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cds_service import service
from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.record_server import in_process
from cds_service.content import cards_dir, fixtures_dir
from cds_service.definitions.case import Case as Judged
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.record import DraftOrder, Finding, Proposal, Shortfall

FOLDER = Path(__file__).with_name("findings")
PLACE = service.Place("https://ldn.example", UTC)


def findings(case: Case, knowledge: Knowledge) -> list[dict[str, Any]]:
    """The findings of all rules about a case, in the order of their names, before anything is hidden or worded."""
    found: list[Finding] = []
    detect_all = service.detect_all

    def watched(judged: Judged) -> Any:
        detected = detect_all(judged)
        assert detected[1] == ()
        found.extend(detected[0])
        return detected

    request = read_request(case.request, case.request["hook"])
    with patch.object(service, "detect_all", watched):
        service.respond(request, in_process(case.server) if request.token else None, case.as_of, knowledge, PLACE)
    return sorted((_plain(one) for one in found), key=lambda one: str(one["rule"]))


def _plain(value: Finding | Proposal | Shortfall) -> dict[str, Any]:
    """Fields that differ from their default, and blanks that are filled."""
    return {
        field.name: _spelled(there)
        for field in fields(value)
        if (there := getattr(value, field.name)) not in (field.default, {}, ())
    }


def _spelled(value: Any) -> Any:
    if isinstance(value, DraftOrder):
        return value.reference or value.label
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Finding | Proposal | Shortfall):
        return _plain(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_spelled(one) for one in value]
    if isinstance(value, dict):
        return {name: _spelled(one) for name, one in value.items() if one != ""}
    return value


def recorded(folder: str) -> dict[str, list[dict[str, Any]]]:
    """Case -> its findings, as they were written down for a folder of cases."""
    path = FOLDER / f"{folder}.json"
    there: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return there


def page(by_case: dict[str, list[dict[str, Any]]]) -> str:
    """One finding a line, so that a difference is short."""
    cases = (
        f" {json.dumps(name)}: [" + ",".join(f"\n  {json.dumps(one, ensure_ascii=False)}" for one in found) + "]"
        for name, found in sorted(by_case.items())
    )
    return "{\n" + ",\n".join(cases) + "\n}\n"


def write(folders: Iterable[Path]) -> None:
    knowledge = read_knowledge(cards_dir())
    by_folder: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for folder in folders:
        found = findings(read_case(folder), knowledge)
        by_folder.setdefault(folder.parent.name, {})[folder.name] = found
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for name, by_case in by_folder.items():
        (FOLDER / f"{name}.json").write_text(page(by_case), "utf-8")


if __name__ == "__main__":
    sys.exit(write(case_folders(fixtures_dir())))
