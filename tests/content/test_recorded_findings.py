"""No rule says anything else about any case than what was read and written down."""

from pathlib import Path

import pytest
from content.recorded_findings import FOLDER, findings, recorded

from cds_service.cli.cases import case_folders, read_case
from cds_service.content import cards_dir, fixtures_dir
from cds_service.present.knowledge import Knowledge, read_knowledge

FOLDERS = case_folders(fixtures_dir())
ANEW = "Read what changed. If it is right: make findings"


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_the_findings_are_those_on_record(folder: Path, knowledge: Knowledge) -> None:
    there = recorded(folder.parent.name)
    assert folder.name in there, f"No findings are on record for this case. {ANEW}"
    assert findings(read_case(folder), knowledge) == there[folder.name], ANEW


def test_nothing_is_on_record_of_a_case_that_is_gone() -> None:
    cases = {(folder.parent.name, folder.name) for folder in FOLDERS}
    assert {(path.stem, name) for path in FOLDER.glob("*.json") for name in recorded(path.stem)} <= cases
