"""Every shipped case answered once, for tests that ask something of all cards there are."""

from collections.abc import Iterator
from datetime import UTC
from functools import cache
from typing import Any

from cds_service.cli.cases import Case, case_folders, read_case
from cds_service.cli.record_server import in_process
from cds_service.content import cards_dir, fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.service import Answer, Place, respond

PLACE = Place("https://ldn.example", UTC)
Card = dict[str, Any]


@cache
def knowledge() -> Knowledge:
    return read_knowledge(cards_dir())


@cache
def answered() -> tuple[tuple[Case, Answer], ...]:
    return tuple((case, _answer(case)) for case in map(read_case, case_folders(fixtures_dir())))


def _answer(case: Case) -> Answer:
    request = read_request(case.request, case.request["hook"])
    return respond(request, in_process(case.server), case.as_of, knowledge(), PLACE)


def cards() -> Iterator[tuple[str, Card]]:
    """(name of the case, card), for every card of every case."""
    for case, answer in answered():
        for card in answer.cards:
            yield case.name, card


def actions(card: Card) -> list[dict[str, Any]]:
    return [action for suggestion in card.get("suggestions", []) for action in suggestion["actions"]]
