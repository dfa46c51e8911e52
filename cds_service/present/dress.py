"""The last step of an answer: its cards as one kind of EHR can show them. The findings on them are the same for all.

What a client cannot show never goes missing in silence: a schedule whose buttons were split, an alternative that could
not stay a button, a text that was too long: each is said in words, which are clinicians' (`[dress]` in wording.toml).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cds_service.errors import BadContent
from cds_service.present.cards import Shown
from cds_service.present.escape import inert
from cds_service.present.plain import plain
from cds_service.present.suggested import Action, Arranged, Offer, arranged, draft, same
from cds_service.present.wording import fill
from cds_service.profiles import Profile

_LONGEST_LABEL = 300
_PLAIN_TEXT = "text/plain"


def dressed(
    cards: tuple[Shown, ...], profile: Profile, words: Mapping[str, str], new_uuid: Callable[[str], str]
) -> tuple[Shown, ...]:
    """The cards in the dress of the profile, in their order. `words` are the `[dress]` table of the wording."""
    if profile.as_made:
        return cards
    ticked: dict[str, Action] = {}
    return tuple(_dressed(shown, profile, words, new_uuid, ticked) for shown in cards)


def _dressed(
    shown: Shown,
    profile: Profile,
    words: Mapping[str, str],
    new_uuid: Callable[[str], str],
    ticked: dict[str, Action],
) -> Shown:
    card = dict(shown.card)
    offers: tuple[Offer, ...] = ()
    detail: str = card["detail"]
    if "suggestions" in card:
        kinds = dict(shown.kinds)
        made = [(kinds[one["uuid"]], one) for one in card["suggestions"]]
        plan = arranged(made, card["selectionBehavior"], profile, words, new_uuid)
        offers = _ticks(plan.offers, ticked) if profile.preselects else plan.offers
        card["suggestions"] = [one for _, one in offers]
        card["selectionBehavior"] = plan.selection
        detail = _with_points(detail, list(_said(plan, detail, words)))
    if profile.detail_characters:
        detail = _cut(detail, profile.detail_characters, words)
    if profile.detail == "plain":
        detail = plain(detail)
        if profile.detail_extension:
            card["extension"] = {**card["extension"], profile.detail_extension: _PLAIN_TEXT}
    card["detail"] = detail
    topic = card["source"]["topic"]
    card["source"] = {**card["source"], "topic": {**topic, "code": topic_code(topic["code"], profile)}}
    if profile.override_reasons == "none":
        card.pop("overrideReasons", None)
    _link(card, profile)
    return Shown(card, shown.findings, tuple((one["uuid"], kind) for kind, one in offers))


def topic_code(rule: str, profile: Profile) -> str:
    """The topic of a rule as the client can keep it: `opioid-active`, or `opioidActive` without a hyphen."""
    if profile.topic == "rule":
        return rule
    first, *rest = rule.split("-")
    return first + "".join(part.capitalize() for part in rest)


def check_topics(rules: Iterable[str], profile: Profile) -> None:
    """At start: each rule keeps a topic of its own. Raises BadContent where two would share one or one is too long."""
    rules = tuple(rules)
    codes = {topic_code(rule, profile) for rule in rules}
    if len(codes) < len(rules) or any(len(code) > profile.topic_characters for code in codes):
        raise BadContent(f"{profile.name}.toml: topic: two rules share a topic, or one has too many characters")


def _ticks(offers: tuple[Offer, ...], ticked: dict[str, Action]) -> tuple[Offer, ...]:
    """Where a recommendation comes ticked, no two ticks of one answer may do different things to one draft.

    The more urgent card comes first and keeps its tick.
    """
    made = []
    for kind, one in offers:
        touched = {draft(action): action for action in one["actions"] if draft(action)}
        if one.get("isRecommended"):
            if any(name in ticked and not same(action, ticked[name]) for name, action in touched.items()):
                one = {name: value for name, value in one.items() if name != "isRecommended"}
            else:
                ticked |= touched
        made.append((kind, one))
    return tuple(made)


def _said(plan: Arranged, detail: str, words: Mapping[str, str]) -> Iterable[str]:
    """What the buttons no longer say."""
    if plan.schedule and plan.schedule not in detail:
        yield fill(words["schedule"], {"schedule": plan.schedule}, keep=True) or ""
    if plan.alternatives:
        yield fill(words["other_schedules"], {"schedules": "; ".join(plan.alternatives)}, keep=True) or ""
    for label in plan.by_hand:
        yield fill(words["by_hand"], {"label": inert(label, _LONGEST_LABEL)}, keep=True) or ""
    if plan.stepped:
        yield words["steps"]
    if plan.one_only:
        yield words["one_only"]


def _with_points(detail: str, points: list[str]) -> str:
    """Further points below those of the card, above its notes."""
    if not points:
        return detail
    lines = detail.split("\n")
    last = max((place for place, line in enumerate(lines) if line.startswith("- ")), default=-1)
    more = [f"- {point}" for point in points]
    if last < 0:
        return "\n".join([*more, "", *lines])
    return "\n".join([*lines[: last + 1], *more, *lines[last + 1 :]])


def _cut(detail: str, most: int, words: Mapping[str, str]) -> str:
    """At most `most` characters: last points go first, and their number is said. Notes and footer always stay."""
    lines = detail.split("\n")
    left = 0
    shown = detail
    while len(shown) > most:
        points = [place for place, line in enumerate(lines) if line.startswith("- ")]
        if len(points) < 2:
            break
        del lines[points[-1]]
        left += 1
        note = fill(words["cut"], {"count": str(left)}, keep=True) or ""
        shown = _with_points("\n".join(lines), [note])
    return shown


def _link(card: dict[str, Any], profile: Profile) -> None:
    """Links of the kinds that the client shows, without what it does not take."""
    kept = [link for link in card.get("links", ()) if link["type"] in profile.links]
    if not profile.app_context:
        kept = [{name: value for name, value in link.items() if name != "appContext"} for link in kept]
    card.pop("links", None)
    if kept:
        card["links"] = kept
