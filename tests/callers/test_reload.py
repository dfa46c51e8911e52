"""The file of clients is taken anew without a restart, and never for the worse."""

import os
from pathlib import Path

import pytest
from issuing import DROPPED, Ehr, client, jwk, key_set
from receiving import Desk

OTHER = Ehr(issuer="https://other.example.com")


def rewrite(desk: Desk, *entries: str) -> None:
    """As an editor does it: another file in the same place."""
    fresh = desk.path.with_suffix(".new")
    fresh.write_text("\n".join(entries), "utf-8")
    os.replace(fresh, desk.path)


def test_a_new_client_may_call_within_seconds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert not desk.admits(OTHER.token())
    rewrite(desk, client(), client("other", issuer=OTHER.issuer))
    assert not desk.admits(OTHER.token())  # looked at once a second at most
    desk.clock.pass_by(1)
    assert desk.admits(OTHER.token())
    assert desk.admits(Ehr().token())


def test_a_client_that_is_taken_out_is_out(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rewrite(desk, client("other", issuer=OTHER.issuer))
    desk.clock.pass_by(1)
    assert not desk.admits(Ehr().token())


@pytest.mark.parametrize("bad", ["", "[clients.x]", "nonsense", client(algorithms=["none"])])
def test_a_file_that_cannot_be_used_leaves_the_old_one_in_force_and_is_said(
    tmp_path: Path, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    rewrite(desk, bad)
    desk.clock.pass_by(1)
    assert desk.admits(Ehr().token())
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == ["clients-file-refused"]
    assert desk.reception.condition()["clients"].startswith("outdated")
    desk.clock.pass_by(1)
    assert desk.admits(Ehr().token())
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    rewrite(desk, client("other", issuer=OTHER.issuer))
    desk.clock.pass_by(1)
    assert desk.admits(OTHER.token())
    assert desk.reception.condition()["clients"] == "current"


def test_a_file_that_vanishes_leaves_the_old_one_in_force(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path)
    desk.path.unlink()
    desk.clock.pass_by(1)
    assert desk.admits(Ehr().token())
    assert "clients-file-refused" in caplog.messages


def test_a_file_of_keys_is_watched_too(tmp_path: Path) -> None:
    new = Ehr("P-384/new", name="new")
    (tmp_path / "keys.json").write_bytes(key_set(Ehr().published))
    desk = Desk(tmp_path, client(jwks_url=DROPPED, keys_file="keys.json"))
    assert desk.admits(Ehr().token())
    (tmp_path / "keys.json").write_bytes(key_set(jwk("P-384/new", "new")))
    desk.clock.pass_by(1)
    assert desk.admits(new.token())
    assert not desk.admits(Ehr().token())


def test_keys_that_were_fetched_outlive_a_new_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.admits(Ehr().token())
    rewrite(desk, client(), client("other", issuer=OTHER.issuer))
    desk.clock.pass_by(1)
    assert desk.admits(Ehr().token())
    assert len(desk.web.fetched) == 1


def test_a_caller_that_is_switched_off_is_known_and_may_call_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    rewrite(desk, client(mode="off"))
    desk.clock.pass_by(1)
    assert not desk.caller(Ehr().token()).may_call("order-sign")
