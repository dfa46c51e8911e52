"""The pages on security: each threat has its defence and a test that exists, or says that it has none."""

import re
from argparse import ArgumentParser
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from project_script import script

from cds_service.cli.commands import forget as forget_command
from cds_service.feedback.retention import forget
from cds_service.feedback.store import FeedbackStore
from cds_service.feedback.tables import METADATA

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = CHECKOUT / "docs" / "explanation" / "security.md"
TEXT = PAGE.read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| T")]
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}
conformance = script("write_conformance")

each_threat = pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])


def test_all_sixteen_threats_are_there_in_order() -> None:
    assert [row[0] for row in ROWS] == [f"T{number}" for number in range(1, 17)]


@each_threat
def test_a_threat_has_a_defence_and_a_proof_or_says_that_it_has_none(row: list[str]) -> None:
    _, threat, defence, proof = row
    assert len(threat.split()) > 2
    assert len(defence.split()) > 2
    assert re.search(r"\[\w+\]\(", proof) or "*Not yet*" in proof


@each_threat
def test_every_proof_of_a_threat_is_a_test(row: list[str]) -> None:
    assert len(named_tests(row[3])) == len(re.findall(r"\]\(", row[3]))


def test_every_test_that_is_named_anywhere_exists() -> None:
    """In the table and in the answers below it; a link to a test bears the test's name."""
    named = named_tests(TEXT)
    assert len(named) == len(re.findall(r"\]\([./]*/tests/", TEXT))
    assert [name for name, file in named if name not in conformance.names(CHECKOUT / "tests" / file)] == []


def named_tests(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = re.findall(r"\[(\w+)\]\(\.\./\.\./tests/([\w./]+)\)", text)
    return found


def test_a_reviewers_questions_are_answered() -> None:
    questions = re.findall(r"^\*\*(.+\?)\*\*", TEXT, re.MULTILINE)
    asked = " ".join(questions).lower()
    assert [
        word for word in ("kept", "long", "logs", "keys", "networks", "tenants", "fails") if word not in asked
    ] == []


def test_every_table_of_the_store_is_on_the_page_of_what_is_kept_and_goes_by_the_command() -> None:
    kept = (CHECKOUT / "docs" / "reference" / "data-kept.md").read_text("utf-8")
    rows = re.findall(r"^\| database, table `(\w+)` \|.*\| `cds-service forget` \|$", kept, re.MULTILINE)
    assert sorted(rows) == sorted(METADATA.tables)
    assert f"{NUMBERS[len(rows)]} tables" in TEXT
    with closing(FeedbackStore("sqlite://")) as store:
        assert set(forget(store, datetime.max)) == set(rows)


def test_no_column_of_the_store_is_about_a_patient() -> None:
    columns = {column.name for table in METADATA.tables.values() for column in table.columns}
    assert not {name for name in columns if re.search(r"patient|user|order|comment$|text", name)} - {"has_comment"}


def test_both_pages_lead_to_the_command_that_forgets_as_it_really_is() -> None:
    parser = ArgumentParser()
    forget_command.options(parser)
    for page in (TEXT, (CHECKOUT / "docs" / "reference" / "data-kept.md").read_text("utf-8")):
        assert "`cds-service forget --older-than DAYS`" in page
        assert "`--tenant NAME`" in page
    assert parser.parse_args(["--older-than", "30", "--tenant", "north"]).tenant == "north"


def test_the_policy_says_how_to_report_and_names_no_address() -> None:
    policy = (CHECKOUT / "SECURITY.md").read_text("utf-8")
    assert [
        part for part in ("## Report a weakness", "## Supported versions", "## In scope") if part not in policy
    ] == []
    assert "private vulnerability report" in policy
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", policy) == []
