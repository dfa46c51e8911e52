"""Suggestions for a client that takes fewer actions at once, or more suggestions, than we would offer it.

Under `any` a user may tick every suggestion of a card, so those that remain have to be sound together: of alternatives
that touch one draft, or that would order one drug twice, only the recommended or first one stays, and the text names
the others. Where a suggestion may hold few actions, its steps become suggestions, in the order of the actions: the
update of the draft first, so that a user who takes only that one has one sound order (decision 17).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.present.wording import fill
from cds_service.profiles import Profile

Action = Mapping[str, Any]
Offer = tuple[str, dict[str, Any]]
"""(kind, suggestion)"""
ANY, ONE = "any", "at-most-one"
TITRATION = "titration-"
_ORDERS = ("MedicationRequest", "MedicationOrder")


@dataclass(frozen=True, slots=True)
class Arranged:
    """What is offered, how it is chosen, and what the text has to say of it.

    `schedule` is the label of a titration whose steps stand alone; `alternatives` are labels of other titrations and
    `by_hand` of other suggestions that could not stand beside what is offered. `stepped` is true where steps belong
    together, `one_only` where a user can take one of several that would go together.
    """

    offers: tuple[Offer, ...]
    selection: str
    schedule: str = ""
    alternatives: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    stepped: bool = False
    one_only: bool = False


def arranged(
    offers: Sequence[Offer],
    selection: str,
    profile: Profile,
    words: Mapping[str, str],
    new_uuid: Callable[[str], str],
) -> Arranged:
    """The suggestions of one card as the profile can take them. `words` are the `[dress]` table of the wording."""
    whole = [offer for offer in offers if _must_stay_whole(offer[1], profile)]
    found = [offer for offer in offers if offer not in whole]
    wanted = _selection(found, selection, profile)
    alternatives: tuple[str, ...] = ()
    by_hand = tuple(one["label"] for _, one in whole)
    schedule = ""
    if wanted == ANY and selection == ONE:
        kept = _together(found)
        left = [offer for offer in found if offer not in kept]
        alternatives = tuple(one["label"] for kind, one in left if kind.startswith(TITRATION))
        by_hand += tuple(one["label"] for kind, one in left if not kind.startswith(TITRATION))
        schedule = next((one["label"] for kind, one in kept if kind.startswith(TITRATION)), "")
        found = kept
    made: list[Offer] = []
    stepped = False
    done: list[Action] = []
    for kind, suggestion in found:
        steps, in_turn = _steps(kind, suggestion, profile, words, new_uuid, done)
        stepped = stepped or in_turn
        made += steps
    one_only = wanted == ONE and selection == ANY and len(made) > 1
    if wanted == ONE:
        made = _one_recommended(made)
    return Arranged(tuple(made), wanted, schedule, alternatives, by_hand, stepped, one_only)


def _must_stay_whole(suggestion: Mapping[str, Any], profile: Profile) -> bool:
    """Whether its parts are unsound apart: of two steps of a schedule, one moved alone would overlap the other."""
    updates = [action for action in suggestion["actions"] if action["type"] == "update"]
    return 0 < profile.actions < len(updates)


def _selection(offers: list[Offer], selection: str, profile: Profile) -> str:
    """Steps of one suggestion have to be taken one after the other, which `at-most-one` would forbid."""
    splits = profile.actions and any(len(one["actions"]) > profile.actions for _, one in offers)
    wanted = ANY if splits else selection
    return wanted if wanted in profile.selection else profile.selection[0]


def _together(offers: list[Offer]) -> list[Offer]:
    """Those that can be taken together, in the order in which they stood.

    Where two cannot, the recommended one stays, then an order set: a draft can always be removed by hand.
    """
    claimed: dict[str, Action] = {}
    kept: list[Offer] = []
    titrates = False
    for offer in sorted(offers, key=lambda one: (not one[1].get("isRecommended"), not one[0].startswith(TITRATION))):
        kind, suggestion = offer
        if kind.startswith(TITRATION) and titrates:
            continue
        touched = {draft(action): action for action in suggestion["actions"] if draft(action)}
        if any(name in claimed and not same(action, claimed[name]) for name, action in touched.items()):
            continue
        titrates = titrates or kind.startswith(TITRATION)
        claimed |= touched
        kept.append(offer)
    return [offer for offer in offers if offer in kept]


def _steps(
    kind: str,
    suggestion: dict[str, Any],
    profile: Profile,
    words: Mapping[str, str],
    new_uuid: Callable[[str], str],
    done: list[Action],
) -> tuple[list[Offer], bool]:
    """One suggestion, or its steps, and whether these have to be taken in turn: tests can be taken in any order.

    An action that an earlier suggestion of the card offers is not offered again.
    """
    actions = suggestion["actions"]
    if not profile.actions:
        return [(kind, suggestion)], False
    new = [action for action in actions if not any(same(action, other) for other in done)]
    done += new
    if len(actions) <= profile.actions:
        return [(kind, {**suggestion, "actions": _described(new, profile, words)})] if new else [], False
    parts = [new[first : first + profile.actions] for first in range(0, len(new), profile.actions)]
    in_turn = len(parts) > 1 and any(is_order(action) or draft(action) for action in new)
    steps: list[Offer] = []
    for number, part in enumerate(parts, 1):
        said = _described(part, profile, words)
        if in_turn:
            head = fill(words["step"], {"number": str(number), "count": str(len(parts))}, keep=True)
            said = [{**said[0], "description": f"{head} {said[0]['description']}"}, *said[1:]]
        label = " ".join(action["description"] for action in said)
        if profile.spoken == "label":
            said = _described(part, profile, words)
        step = {**suggestion, "label": label, "actions": said}
        if not profile.keeps_details and any(action["type"] == "create" and is_order(action) for action in said):
            step.pop("isRecommended", None)  # nobody should find an order ticked whose dose may be another
        if number > 1:
            step["uuid"] = new_uuid(f"{suggestion['uuid']} step {number}")
        steps.append((kind if number == 1 else f"{kind}-step-{number}", step))
    return steps, in_turn


def _described(actions: list[Action], profile: Profile, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Where a created order takes the client's defaults, its description says so: they may be another dose."""
    said = []
    for action in actions:
        text = action["description"]
        if not profile.keeps_details and action["type"] == "create" and is_order(action):
            text = f"{text} {words['defaults']}"
        said.append({**action, "description": text})
    return said


def _one_recommended(offers: list[Offer]) -> list[Offer]:
    """`at-most-one` allows one recommendation (cds-hooks 65)."""
    first = next((one["uuid"] for _, one in offers if one.get("isRecommended")), "")
    return [
        (kind, one if one["uuid"] == first else {name: value for name, value in one.items() if name != "isRecommended"})
        for kind, one in offers
    ]


def draft(action: Action) -> str:
    """The order of the call that an action deletes or rewrites, as `Type/id`; empty for a create."""
    if action["type"] == "delete":
        return str(action["resourceId"])
    resource = action["resource"]
    return f"{resource['resourceType']}/{resource['id']}" if action["type"] == "update" else ""


def same(one: Action, other: Action) -> bool:
    """Whether two actions do one thing; what they are called does not matter."""
    parts = ("type", "resource", "resourceId")
    return one is other or all(one.get(part) == other.get(part) for part in parts)


def is_order(action: Action) -> bool:
    resource = action.get("resource") or {}
    return resource.get("resourceType") in _ORDERS
