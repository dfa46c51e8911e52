"""Every case of fhir_fixtures/, judged on its own day by the whole service, and again as if that day were another."""

from datetime import date
from pathlib import Path

import pytest

from cds_service.cli.asking import Ask, here
from cds_service.cli.cases import case_folders, read_case
from cds_service.cli.comparison import compare
from cds_service.cli.replay import results
from cds_service.content import fixtures_dir
from cds_service.hooks.response import check_response
from cds_service.settings import Settings

FOLDERS = case_folders(fixtures_dir())
# A day before and a day after, a leap day, and the two ends of a year.
OTHER_DAYS = [date(2025, 8, 31), date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)]


def _name(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.fixture(scope="module")
def ask() -> Ask:
    """Strict: every resource of an answer is checked against the models of its release as well."""
    return here(Settings(strict=True))


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_the_service_answers_as_the_case_expects(folder: Path, ask: Ask) -> None:
    case = read_case(folder)
    reply = ask(case)
    assert reply.fault == ""
    verdict = compare(case.expected, reply.cards, case.request)
    assert verdict.agrees, "\n".join([case.expected["title"], *verdict.difference])
    check_response({"cards": list(reply.cards)})


@pytest.mark.parametrize("day", OTHER_DAYS, ids=str)
def test_the_answers_depend_on_the_time_between_days_and_not_on_the_calendar(day: date, ask: Ask) -> None:
    cases = [read_case(folder) for folder in FOLDERS[::7]]
    assert [r.case.name for r in results(cases, ask, day) if not r.verdict.agrees] == []
