"""Two answers to the same call, written as the same plain lines and compared: what a prescriber would see changed.

Left out is what differs in every answer and means nothing: uuids, links, and the version of the knowledge.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from cds_service.cli.asking import Reply
from cds_service.cli.comparison import Verdict, difference
from cds_service.cli.json_text import written
from cds_service.cli.kinds import kind_of, ordered, roles
from cds_service.fhir.elements import items

_AROUND = 3


def changed(first: Reply, second: Reply) -> Verdict:
    """A verdict that agrees where both say the same; `-` the first said, `+` the second."""
    return difference(_lines(first), _lines(second), "first", "second", context=_AROUND)


def _lines(reply: Reply) -> list[str]:
    if reply.fault:
        return [f"no answer: {reply.fault}"]
    named = partial(kind_of, drafts=roles(reply.request), before=ordered(reply.request))
    return [line for card in reply.cards for line in _card(card, named)] or ["no card"]


def _card(card: Mapping[str, Any], named: Any) -> Iterable[str]:
    source = card.get("source") if isinstance(card.get("source"), Mapping) else {}
    topic = source.get("topic") if isinstance(source, Mapping) else None
    code = topic.get("code") if isinstance(topic, Mapping) else None
    yield f"card {_text(code)}, {_text(card.get('indicator'))}"
    yield f"  {_text(card.get('summary'))}"
    detail = card.get("detail")
    yield from (f"  {_text(line)}" for line in (detail.splitlines() if isinstance(detail, str) else ()) if line.strip())
    for suggestion in items(card.get("suggestions")):
        mark = ", recommended" if suggestion.get("isRecommended") is True else ""
        yield f"  suggestion {named(suggestion)}{mark}: {_text(suggestion.get('label'))}"
        yield from (f"    {action}" for action in _actions(items(suggestion.get("actions"))))
    yield from (f"  override reason {_text(one.get('code'))}" for one in items(card.get("overrideReasons")))


def _actions(actions: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for action in actions:
        yield f"{action.get('type')}: {_text(action.get('description'))}"
        what = action.get("resource") or action.get("resourceId")
        yield from written(what).splitlines()


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value is not None else "(nothing)"
