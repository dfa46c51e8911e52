"""The clinicians' file: what the service refuses to start with, and the wording rules of rulebook c and e.1."""

import copy
import re
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cds_service.content import cards_dir
from cds_service.errors import BadContent
from cds_service.titration import load
from cds_service.titration.variants import FILE, parse

TEXT = (cards_dir() / FILE).read_text(encoding="utf-8")
CONTENT = tomllib.loads(TEXT, parse_float=Decimal)


def edited(edit: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    content = copy.deepcopy(CONTENT)
    edit(content)
    return content


MISTAKES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a gap between steps": (lambda c: c["variants"]["V1"]["steps"][1].update(from_day=16), "variants.V1.steps"),
    "a dose that the capsules do not give": (
        lambda c: c["variants"]["V1"]["steps"][1].update(dose_mg=4),
        "prescriptions A",
    ),
    "a capsule too few": (lambda c: c["variants"]["V2"]["prescriptions"][0].update(quantity=20), "A.quantity"),
    "a refill too many": (lambda c: c["variants"]["V1"]["prescriptions"][1].update(repeats=2), "B.days"),
    "a supply that outlasts the decision": (lambda c: c["variants"]["V3"].update(decision_day=84), "variants.V3.steps"),
    "valid only after the first dose": (
        lambda c: c["variants"]["V1"]["prescriptions"][1].update(valid_from_day=30),
        "B.valid_from_day",
    ),
    "a review after the decision": (
        lambda c: c["variants"]["V1"]["reviews"][1].update(to_day=90),
        "reviews week-12",
    ),
    "an unknown review": (lambda c: c["variants"]["V1"]["reviews"][0].update(id="week-5"), "reviews[1].id"),
    "an unknown form": (lambda c: c["variants"]["V1"]["prescriptions"][0].update(form="tablet"), "[1].form"),
    "a quantity in words": (lambda c: c["variants"]["V1"]["prescriptions"][0].update(quantity="42"), "[1].quantity"),
    "a missing sentence": (lambda c: c["note"].pop("compounding"), "note.compounding"),
    "an empty sentence": (lambda c: c["reviews"]["week-4"].update(note=" "), "reviews.week-4.note"),
    "a default that is switched off": (lambda c: c["variants"]["V1"].update(enabled=False), "order_set.default"),
    "no prescriptions": (lambda c: c["variants"]["V1"].update(prescriptions=[]), "variants.V1.prescriptions"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_file_that_cannot_be_right_is_refused_with_file_and_field(mistake: str) -> None:
    edit, field = MISTAKES[mistake]
    with pytest.raises(BadContent) as refused:
        parse(edited(edit))
    assert FILE in str(refused.value)
    assert field in str(refused.value)


def test_a_folder_without_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match=r"titration\.toml"):
        load(tmp_path)


def test_a_site_can_bring_its_own_file(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text(TEXT.replace('name = "Slow steps"', 'name = "Gentle steps"'), encoding="utf-8")
    assert load(tmp_path).variant("V3").name == "Gentle steps"


def test_every_variant_names_its_sources() -> None:
    for variant in parse(CONTENT).variants:
        assert variant.sources
        assert all(re.fullmatch(r"[SD]\d+", source) for source in variant.sources)


@pytest.mark.parametrize("field", ["decision_day", "from_day"])
def test_every_day_of_decision_or_review_names_its_source_beside_it(field: str) -> None:
    lines = [line for line in TEXT.splitlines() if line.startswith(f"{field} = ")]
    unexplained = [line for line in lines if not re.search(r"# .*([SD]\d+|8 weeks)", line)]
    assert lines
    assert unexplained == []


@pytest.mark.parametrize(
    "banned",
    ["bi-weekly", "biweekly", "QHS", "safe", "effective", "no interactions", "no monitoring", "must", "!", "$"],
)
def test_no_sentence_says_what_the_rulebook_bans(banned: str) -> None:
    sentences = [line.partition(" = ")[2] for line in TEXT.splitlines() if ' = "' in line and line[0] != "#"]
    assert not [s for s in sentences if re.search(rf"(?<!\w){re.escape(banned)}(?!\w)", s, re.IGNORECASE)]
