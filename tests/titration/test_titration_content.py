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
from cds_service.titration.content import parse
from cds_service.titration.table import FILE
from cds_service.titration.variants import Band

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
    "a step down that lasts too long": (
        lambda c: (
            c["variants"]["V4"]["steps"][0].update(to_day=15),
            c["variants"]["V4"]["steps"][1].update(from_day=16, to_day=29),
            c["variants"]["V4"].update(decision_day=29),
            c["variants"]["V4"]["prescriptions"][0].update(days=29, quantity=43),
            c["variants"]["V4"]["prescriptions"][0]["lines"][0].update(to_day=15),
            c["variants"]["V4"]["prescriptions"][0]["lines"][1].update(from_day=16, to_day=29),
        ),
        "variants.V4.steps[1]",
    ),
    "a step down to the dose that is taken": (
        lambda c: c["variants"]["V4"]["step_down"].update(from_mg=Decimal("1.5")),
        "variants.V4.step_down",
    ),
    "two step downs for one dose": (
        lambda c: c["variants"]["V4-middle"]["step_down"].update(below_mg=Decimal("3.5")),
        "V4-middle.step_down",
    ),
    "a band that is no band": (
        lambda c: c["variants"]["V4"].update(step_down={}),
        "variants.V4.step_down.from_mg",
    ),
    "a window that ends before it begins": (
        lambda c: next(lab for lab in c["labs"] if lab["id"] == "hepatic-panel-repeat").update(to_day=90),
        "labs[6].to_day",
    ),
    "a message without a sentence": (
        lambda c: c["patient_instruction"].update(sentences={}),
        "patient_instruction.sentences",
    ),
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


@pytest.mark.parametrize("days", [7, 14])
def test_a_step_down_of_one_to_two_weeks_is_accepted(days: int) -> None:
    def shortened(content: dict[str, Any]) -> None:
        variant = content["variants"]["V4"]
        variant["steps"] = [
            {"from_day": 1, "to_day": days, "dose_mg": Decimal("1.5")},
            {"from_day": days + 1, "to_day": 28, "dose_mg": Decimal(3)},
        ]
        supply = variant["prescriptions"][0]
        supply["quantity"] = days + 2 * (28 - days)
        supply["lines"][0]["to_day"] = days
        supply["lines"][1]["from_day"] = days + 1

    assert parse(edited(shortened)).variant("V4").steps[0].to_day == days


def test_the_very_slow_liquid_is_offered_once_a_site_switches_it_on() -> None:
    switched = parse(edited(lambda content: content["variants"]["V3b"].update(enabled=True)))
    assert [variant.id for variant in parse(CONTENT).offered] == ["V1", "V2", "V3"]
    assert [variant.id for variant in switched.offered] == ["V1", "V2", "V3", "V3b"]


def test_a_step_down_that_is_switched_off_is_not_found() -> None:
    switched = parse(edited(lambda content: content["variants"]["V4"].update(enabled=False)))
    assert switched.step_down(Decimal(4)) is None
    assert switched.step_down(Decimal(2)) is not None


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


def test_a_band_without_an_end_holds_every_dose_on_that_side() -> None:
    assert Band().holds(Decimal(50))
    assert [Band(from_mg=Decimal(3)).holds(Decimal(dose)) for dose in ("2.9", "3", "50")] == [False, True, True]
    assert [Band(above_mg=Decimal(1)).holds(Decimal(dose)) for dose in ("1", "1.1")] == [False, True]
    assert [Band(below_mg=Decimal(3)).holds(Decimal(dose)) for dose in ("0.5", "2.9", "3")] == [True, True, False]
