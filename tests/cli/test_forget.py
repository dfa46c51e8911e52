"""`cds-service forget`."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from stored_months import fill

from cds_service.cli import main
from cds_service.feedback.store import FeedbackStore


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cards.sqlite"
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{path}")
    fill(path, 40)
    fill(path, 20, tenant="north")
    return path


def test_what_was_deleted_is_counted_and_the_rest_is_there(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--older-than", "30", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["tenant"] is None
    assert 0 < said["deleted"]["cards_issued"] < 60
    assert main(["forget", "--older-than", "30"]) == 0
    assert capsys.readouterr().out.startswith("Deleted: 0 feedback events, 0 cards, 0 calls,")


def test_a_tenant_that_leaves_is_forgotten_whole(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--older-than", "0", "--tenant", "north", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deleted"]["cards_issued"] == 20
    with closing(FeedbackStore(f"sqlite:///{stored}")) as store:
        assert store.acceptances_by_rule("north") == {}
        assert sum(one.issued for one in store.acceptances_by_rule("").values()) == 40


@pytest.mark.parametrize("days", ["-1", "1.5", "all", "36501", ""])
def test_a_number_of_days_that_is_none_is_refused(days: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["forget", f"--older-than={days}"])
    assert left.value.code == 2


def test_a_database_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", f"sqlite:///{tmp_path}/nowhere/x.sqlite")
    assert main(["forget", "--older-than", "1"]) == 2
    assert "database" in capsys.readouterr().err
