"""A site changes numbers, rules, urgency and words without touching code: site.toml."""

import logging
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from service.hook_calls import CODEINE, OXYCODONE, T0, call, complete
from service.release_spelling import condition, named, statement

from cds_service.content import cards_dir
from cds_service.errors import BadContent
from cds_service.hooks.request import HookRequest
from cds_service.present.knowledge import Knowledge, read_knowledge
from cds_service.service import Answer, Place, respond
from cds_service.settings import Settings
from cds_service.web.app import create_app

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"
PLACE = Place("http://cds.example", UTC)
REASON = 'reason = "decided in March"'
CRITICAL_OPIOID = f'[rules]\nopioid-active = {{ indicator = "warning", {REASON} }}\n'


def site(folder: Path, text: str) -> Knowledge:
    file = folder / "site.toml"
    file.write_text(text, "utf-8")
    return read_knowledge(cards_dir(), file)


def answered(knowledge: Knowledge, request: HookRequest) -> Answer:
    return respond(request, None, T0, knowledge, PLACE)


def shown(answer: Answer) -> list[tuple[str, str]]:
    """(rule, indicator) of each card's leader, in the order of the cards."""
    return [(card["source"]["topic"]["code"], card["indicator"]) for card in answer.cards]


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


@pytest.fixture
def on_oxycodone() -> HookRequest:
    taken = statement("R4", "oxy", OXYCODONE, "active", start="2026-01-05")
    return call(complete(medStatements=bundle(taken)), hook="medication-prescribe")


@pytest.fixture
def on_oxycodone_and_pregnant() -> HookRequest:
    taken = statement("R4", "oxy", OXYCODONE, "active", start="2026-01-05")
    pregnant = condition("R4", "due", named(ICD10, "Z34.02", "Pregnancy"), onset="2025-12-01")
    return call(complete(medStatements=bundle(taken), conditions=bundle(pregnant)), hook="medication-prescribe")


def test_without_a_site_file_nothing_changes() -> None:
    knowledge = read_knowledge(cards_dir())
    assert knowledge.changes == ()
    assert knowledge.site.rules == {}


def test_a_rule_that_is_off_is_neither_logged_nor_shown(tmp_path: Path, on_oxycodone: HookRequest) -> None:
    knowledge = site(tmp_path, f'[rules]\nopioid-active = {{ mode = "off", {REASON} }}\n')
    answer = answered(knowledge, on_oxycodone)
    assert "opioid-active" not in {finding.rule for finding in answer.findings}
    assert "opioid-active" not in answer.log["silent"]
    assert "opioid-active" not in {rule for rule, _ in shown(answer)}


def test_a_silent_rule_is_logged_and_not_shown(tmp_path: Path, on_oxycodone: HookRequest) -> None:
    knowledge = site(tmp_path, f'[rules]\nopioid-active = {{ mode = "silent", {REASON} }}\n')
    answer = answered(knowledge, on_oxycodone)
    assert answer.log["silent"] == ["opioid-active"]
    assert all(
        finding["rule"] != "opioid-active"
        for card in answer.cards
        for finding in card["extension"]["org.ldn-cds"]["findings"]
    )
    assert all("opioid-active" not in card.findings for card in answer.issued)


@pytest.mark.parametrize(
    "change",
    ['mode = "silent"', 'indicator = "warning"', 'indicator = { critical = "info" }'],
)
def test_no_titration_is_offered_beside_a_hazard_that_the_site_lowered(
    change: str, tmp_path: Path, on_oxycodone: HookRequest
) -> None:
    knowledge = site(tmp_path, f"[rules]\nopioid-active = {{ {change}, {REASON} }}\n")
    answer = answered(knowledge, on_oxycodone)
    kinds = {kind for card in answer.issued for _, kind in card.suggestions}
    assert "titration-order-set" not in {rule for rule, _ in shown(answer)}
    assert not any(kind.startswith("titration-") for kind in kinds)


def test_an_indicator_that_is_lowered_reorders_the_cards(
    tmp_path: Path, on_oxycodone_and_pregnant: HookRequest
) -> None:
    before = answered(read_knowledge(cards_dir()), on_oxycodone_and_pregnant)
    assert shown(before) == [("opioid-active", "critical"), ("pregnancy-current", "critical")]
    after = answered(site(tmp_path, CRITICAL_OPIOID), on_oxycodone_and_pregnant)
    assert shown(after) == [("pregnancy-current", "critical"), ("opioid-active", "warning")]


def test_an_indicator_can_be_raised(tmp_path: Path) -> None:
    ended = statement("R4", "codeine", CODEINE, "completed", start="2026-02-18", end="2026-02-22")
    request = call(complete(medStatements=bundle(ended)), hook="medication-prescribe")
    shipped = dict(shown(answered(read_knowledge(cards_dir()), request)))
    assert shipped["opioid-recent-washout"] == "info"
    knowledge = site(tmp_path, f'[rules]\nopioid-recent-washout = {{ indicator = {{ info = "warning" }}, {REASON} }}\n')
    assert dict(shown(answered(knowledge, request)))["opioid-recent-washout"] == "warning"


def test_a_number_of_the_site_decides_and_says_why(tmp_path: Path) -> None:
    ended = statement("R4", "codeine", CODEINE, "completed", start="2026-02-18", end="2026-02-20")
    request = call(complete(medStatements=bundle(ended)), hook="medication-prescribe")
    assert "opioid-recent-washout" not in dict(shown(answered(read_knowledge(cards_dir()), request)))
    number = f'[thresholds]\nwashout.short-acting.clear_days = {{ value = 12, {REASON}, decided_by = "Dr A" }}\n'
    knowledge = site(tmp_path, number)
    assert "opioid-recent-washout" in dict(shown(answered(knowledge, request)))
    said = knowledge.numbers_said["washout.short-acting.clear_days"]
    assert said.value == 12
    assert "decided in March" in said.source


def test_a_nested_number_and_a_pair_can_be_changed(tmp_path: Path) -> None:
    knowledge = site(
        tmp_path,
        f"[thresholds.liver.child_pugh]\ninr = {{ value = [1.6, 2.2], {REASON} }}\n"
        f"[thresholds.surgery]\nhold_days = {{ value = 4, {REASON} }}\n",
    )
    assert knowledge.thresholds.child_pugh.inr == (1.6, 2.2)
    assert knowledge.thresholds.surgery.hold_days == 4
    assert knowledge.numbers_said["surgery.hold_days"].source == "this site: decided in March"


def test_a_reworded_card_lies_over_the_shipped_one(tmp_path: Path, on_oxycodone: HookRequest) -> None:
    shipped = (cards_dir() / "opioid" / "opioid-active.md").read_text("utf-8")
    own = tmp_path / "ours" / "opioid"
    own.mkdir(parents=True)
    (own / "opioid-active.md").write_text(shipped.replace("Patient is on {{drug}}", "On file: {{drug}}"), "utf-8")
    knowledge = site(tmp_path, 'cards = "ours"\n')
    assert answered(knowledge, on_oxycodone).cards[0]["summary"].startswith("On file: oxycodone")
    assert [change.what for change in knowledge.changes] == ["card opioid-active is the site's own"]


def test_the_knowledge_version_changes_with_everything_a_site_changes(tmp_path: Path) -> None:
    own = tmp_path / "ours" / "opioid"
    own.mkdir(parents=True)
    shipped = (cards_dir() / "opioid" / "opioid-active.md").read_text("utf-8")
    (own / "opioid-active.md").write_text(shipped, "utf-8")
    versions = [
        read_knowledge(cards_dir()).version,
        site(tmp_path, CRITICAL_OPIOID).version,
        site(tmp_path, CRITICAL_OPIOID.replace("March", "April")).version,
        site(tmp_path, f"[thresholds]\nsurgery.hold_days = {{ value = 4, {REASON} }}\n").version,
        site(tmp_path, 'cards = "ours"\n').version,
    ]
    (own / "opioid-active.md").write_text(shipped.replace("block", "stop"), "utf-8")
    versions.append(site(tmp_path, 'cards = "ours"\n').version)
    assert len(set(versions)) == len(versions)


def test_a_site_file_in_the_cards_folder_counts_without_being_named(tmp_path: Path) -> None:
    folder = tmp_path / "cards"
    for path in cards_dir().rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(cards_dir())
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (folder / "site.toml").write_text(CRITICAL_OPIOID, "utf-8")
    assert any(change.lowers_opioid_check for change in read_knowledge(folder).changes)


@pytest.mark.parametrize(
    ("change", "event", "level"),
    [
        (CRITICAL_OPIOID, "site-lowers-an-opioid-check", logging.WARNING),
        (f'[rules]\nopioid-active = {{ mode = "off", {REASON} }}\n', "site-lowers-an-opioid-check", logging.WARNING),
        (f'[rules]\nbreastfeeding = {{ mode = "off", {REASON} }}\n', "site-change", logging.INFO),
        (f"[thresholds]\nsurgery.hold_days = {{ value = 4, {REASON} }}\n", "site-change", logging.INFO),
    ],
)
def test_every_change_is_logged_at_start_with_its_reason(
    change: str, event: str, level: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "site.toml"
    file.write_text(change, "utf-8")
    caplog.set_level(logging.INFO, "cds_service")
    create_app(Settings(site_file=str(file), database_url=f"sqlite:///{tmp_path}/cards.sqlite"))
    told = [record for record in caplog.records if record.getMessage().startswith("site-")]
    assert (event, level) in {(record.getMessage(), record.levelno) for record in told}
    assert all("decided in March" in str(vars(record)["facts"]) for record in told)


BAD = {
    "no TOML": ("[rules\n", "line 1: "),
    "unknown table": ('[rule]\nx = "y"\n', "line 1: rule: nothing reads this"),
    "unknown rule": (
        f'[rules]\nopiod-active = {{ mode = "off", {REASON} }}\n',
        "line 2: rules.opiod-active: there is no",
    ),
    "no reason": ('\n[rules]\nbreastfeeding = { mode = "off" }\n', "line 3: rules.breastfeeding: reason must say"),
    "empty reason": (
        '[rules.breastfeeding]\nmode = "off"\nreason = " "\n',
        "line 3: rules.breastfeeding.reason: reason must say",
    ),
    "unknown mode": (
        f'[rules]\nbreastfeeding = {{ mode = "mute", {REASON} }}\n',
        "line 2: rules.breastfeeding.mode: must",
    ),
    "unknown indicator": (
        f'[rules]\nbreastfeeding = {{ indicator = "loud", {REASON} }}\n',
        "line 2: rules.breastfeeding.indicator: must be info",
    ),
    "unknown field": (f"[rules]\nbreastfeeding = {{ on = true, {REASON} }}\n", "rules.breastfeeding.on: nothing reads"),
    "neither mode nor indicator": (f"[rules]\nbreastfeeding = {{ {REASON} }}\n", "must have mode or indicator"),
    "could not check made silent": (
        f'[rules]\ndata-not-checked = {{ mode = "silent", {REASON} }}\n',
        "what could not be checked is always said",
    ),
    "unknown number": (
        f"[thresholds]\nsurgery.holding = {{ value = 4, {REASON} }}\n",
        "line 2: thresholds.surgery.holding: there is no such number",
    ),
    "number of the wrong kind": (
        f'[thresholds.surgery]\n# days\nhold_days = {{ value = "four", {REASON} }}\n',
        "line 3: thresholds.surgery.hold_days: must be a whole number",
    ),
    "minimum above clear": (
        f"[thresholds]\nwashout.short-acting.minimum_days = {{ value = 11, {REASON} }}\n",
        "line 2: thresholds.washout.short-acting.minimum_days: minimum_days must not be more",
    ),
    "number without a reason": (
        "[thresholds]\nsurgery.hold_days = { value = 4 }\n",
        "line 2: thresholds.surgery.hold_days",
    ),
    "bare number": ("[thresholds]\nsurgery.hold_days = 4\n", "line 2: thresholds.surgery.hold_days: must be {"),
    "no such folder": ('cards = "nowhere"\n', "line 1: cards: there is no such folder"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_slip_stops_the_start_with_file_line_and_field(bad: str, tmp_path: Path) -> None:
    text, words = BAD[bad]
    with pytest.raises(BadContent) as caught:
        site(tmp_path, text)
    assert caught.value.text.startswith("site.toml: line ")
    assert words in caught.value.text


def test_a_site_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match=r"the site file does not exist: gone\.toml"):
        read_knowledge(cards_dir(), tmp_path / "gone.toml")
