"""A store as it is after months: synthetic cards, feedback and calls of one tenant, as many as a test wants."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from cds_service.feedback.latency import bound_of
from cds_service.feedback.store import FeedbackStore

RULES = {
    "titration-order-set": 30, "opioid-active": 18, "opioid-recent-washout": 14, "first-line-not-documented": 9,
    "data-not-checked": 8, "pregnancy-current": 4, "cirrhosis-decompensated": 3, "surgery-upcoming": 3,
    "duplicate-naltrexone": 2, "naltrexone-allergy": 1,
}  # fmt: skip
REASONS = {"opioid-list-wrong": 8, "opioid-free-verified": 5, "specialist-plan": 4, "future-start": 3, "": 1}
CAUSES = {"absent": 6, "timeout": 4, "absent,timeout": 2, "more-pages": 2, "not-allowed": 1}
HOOKS = {"order-sign": 5, "order-select": 4, "medication-prescribe": 1}
_CARDS = "INSERT INTO cards_issued VALUES (?, ?, ?, 'warning', ?, ?, ?, 'instance', 'v1', ?)"
_EVENTS = "INSERT INTO feedback_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
_CALLS = "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, 'v1', ?)"


def fill(path: Path, cards: int, *, days: int = 90, last: date | None = None, tenant: str = "") -> None:
    """`cards` issued over some days, feedback on most of them, their calls, and ten times as many quiet calls."""
    draw = Random(cards)
    last = last or datetime.now(UTC).date()
    with closing(FeedbackStore(f"sqlite:///{path}")) as store:
        store.ping()
    issued, events, calls, quiet = [], [], [], {}
    for number in range(cards):
        day = last - timedelta(days=int(days * draw.random() ** 1.3))
        at = f"{day} {draw.randrange(24):02}:{draw.randrange(60):02}:00"
        rule, hook = _one_of(RULES, draw), _one_of(HOOKS, draw)
        card = f"{tenant}-card-{number:06}"
        issued.append((tenant, card, rule, f'["{rule}"]', f'[["{card}-s","delete-draft"]]', hook, at))
        chance = draw.random()
        service = f"ldn-{hook}"
        if chance < 0.45:
            events.append((tenant, card, "accepted", f"{at}.000000", f"{card}-s", service, "", "", at))
        elif chance < 0.75:
            reason = _one_of(REASONS, draw)
            system = "urn:ldn-cds:override-reason" if reason else ""
            events.append((tenant, card, "overridden", f"{at}.000000", "", service, reason, system, at))
        missing = _one_of(CAUSES, draw) if rule == "data-not-checked" else ""
        outcome = "not-checked" if missing else "cards"
        milliseconds = max(1, round(draw.lognormvariate(2.2, 0.9)))
        calls.append((tenant, f"{number:016x}", hook, outcome, missing, milliseconds, at))
        for _ in range(10):
            key = (tenant, str(day), _one_of(HOOKS, draw), bound_of(draw.lognormvariate(0.6, 0.5)))
            quiet[key] = quiet.get(key, 0) + 1
    with closing(sqlite3.connect(path)) as file, file:
        file.executemany(_CARDS, issued)
        file.executemany(_EVENTS, events)
        file.executemany(_CALLS, calls)
        file.executemany("INSERT INTO quiet_calls VALUES (?, ?, ?, ?, ?)", [(*key, n) for key, n in quiet.items()])


def _one_of(weights: dict[str, int], draw: Random) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]
