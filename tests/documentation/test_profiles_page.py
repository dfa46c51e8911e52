"""docs/reference/profiles.md names every profile, every value and every count."""

import re
from dataclasses import fields
from pathlib import Path

from cds_service.profiles import Profile, profile_names, profile_of
from cds_service.web.telemetry.metrics import Metrics

PAGE = "\n" + (Path(__file__).resolve().parents[2] / "docs" / "reference" / "profiles.md").read_text("utf-8")


def _rows(title: str) -> list[list[str]]:
    section = PAGE.split(f"\n{title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_profile_is_named_and_whether_its_cards_are_dressed() -> None:
    shown = {row[0].strip("`"): row[3] for row in _rows("# Profiles of clients") if len(row) == 4}
    assert shown == {name: "as made" if profile_of(name).as_made else "dressed" for name in profile_names()}


def test_every_value_is_explained() -> None:
    values = [one.name for one in fields(Profile) if one.init and one.name not in ("name", "title")]
    assert [row[0].strip("`") for row in _rows("## The values")] == values


def test_every_count_is_explained_with_its_labels() -> None:
    shown = {row[0].strip("`"): re.findall(r"`(\w+)`", row[1].split(":")[0]) for row in _rows("## Counts")}
    page = Metrics().page().decode()
    kept = set(re.findall(r"^# TYPE (\w+) (?:counter|histogram)$", page, re.MULTILINE))
    assert set(shown) == kept
    assert shown["cds_request_seconds"] == ["hook", "outcome"]
    assert shown["cds_cards_total"] == ["rule", "indicator"]
    assert shown["cds_unable_to_check_total"] == ["reason"]
    assert shown["cds_prefetch_key_state_total"][:3] == ["tenant", "key", "state"]
