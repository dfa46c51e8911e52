"""The same patient tells the same story in R5: every R4 case, respelled, is answered as the case expects.

Strict: whatever is written to the R5 client is put to the R5 models of fhir.resources.
"""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from content.r5_spelling import in_r5, untold

from cds_service.cli.asking import Ask, here
from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.comparison import compare
from cds_service.content import fixtures_dir
from cds_service.settings import Settings

ALL = [read_case(folder) for folder in case_folders(fixtures_dir())]
CASES = [case for case in ALL if case.expected["release"] == "R4"]
SAYABLE = [case for case in CASES if not [*untold(case.request), *untold(case.server)]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    return here(Settings(strict=True))


def respelled(case: Case) -> Case:
    return replace(case, request=in_r5(dict(case.request)), server=in_r5(case.server))


def test_nearly_all_cases_can_be_told_in_r5() -> None:
    assert len(SAYABLE) > 0.95 * len(CASES)


@pytest.mark.parametrize("case", SAYABLE, ids=[case.name for case in SAYABLE])
def test_an_r4_case_is_answered_the_same_when_it_is_written_in_r5(case: Case, ask: Ask) -> None:
    reply = ask(respelled(case))
    assert reply.fault == ""
    verdict = compare(case.expected, reply.cards, in_r5(dict(case.request)))
    assert verdict.agrees, "\n".join([case.expected["title"], *verdict.difference])


# What this test relies on: what is called R5 here is R5, by the models of somebody else.

NOT_R4_EITHER = {"NutritionOrder"}
WRONG_ON_PURPOSE = "data-not-checked/"
WRITTEN_IN_R5 = [case for case in ALL if case.expected["release"] == "R5"]


def resources(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for one in value:
            yield from resources(one)
    elif isinstance(value, dict):
        if isinstance(value.get("resourceType"), str) and value["resourceType"] != "Bundle":
            yield value
        else:
            for inner in value.values():
                yield from resources(inner)


def test_there_are_cases_in_r5_of_both_kinds() -> None:
    kinds = [case.name.split("/")[1].split("-")[0] for case in WRITTEN_IN_R5]
    assert len(kinds) >= 10
    assert {"fires", "silent"} == set(kinds)


@pytest.mark.parametrize("case", [*WRITTEN_IN_R5, *map(respelled, SAYABLE[::5])], ids=lambda case: case.name)
def test_what_is_called_r5_is_valid_r5(case: Case) -> None:
    if case.name.startswith(WRONG_ON_PURPOSE):
        return
    for resource in resources([case.request, case.server]):
        kind = resource["resourceType"]
        if kind not in NOT_R4_EITHER:
            model = getattr(importlib.import_module(f"fhir.resources.{kind.lower()}"), kind)
            model.model_validate(resource)
