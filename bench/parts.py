"""Two parts of the service alone, in the processor time of this process: a warm check of a token, the insights' answer.

Processor time, since the machine may have other work; the median, since the collector of garbage comes when it likes.
"""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import dumps
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bench.calls import PATH
from bench.client import BadAnswers
from bench.tokens import BASE, published, token
from cds_service.callers.reception import Reception
from cds_service.callers.registry import Terms
from cds_service.callers.replay import Uses
from cds_service.callers.replay_stores import FileUses
from cds_service.errors import NotAuthenticated
from cds_service.feedback.store import FeedbackStore
from cds_service.settings import Settings
from cds_service.web.app import create_app

GOAL_TOKEN_MS = 3.0
GOAL_INSIGHTS_MS = 1000.0
_ISSUER = "https://ehr.example.com"
_KEY_SET = f"{_ISSUER}/jwks.json"
_DAYS = 90
_RULES = ("opioid-active", "opioid-recent-washout", "titration-order-set", "data-not-checked", "pregnancy-current")
_HOOKS = ("order-sign", "order-select", "medication-prescribe")
_CARDS = "INSERT INTO cards_issued VALUES ('', ?, ?, 'warning', ?, '[]', ?, 'instance', 'v1', ?)"
_EVENTS = "INSERT INTO feedback_events VALUES ('', ?, 'overridden', ?, '', ?, 'reason', 'urn:example', 0, ?)"
_CALLS = "INSERT INTO calls VALUES ('', ?, ?, 'cards', '', ?, 'v1', ?)"


@dataclass(slots=True)
class Part:
    """Milliseconds of processor time, one for each turn."""

    name: str
    goal_ms: float
    milliseconds: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return median(self.milliseconds)

    def line(self) -> str:
        most = max(self.milliseconds)
        return (
            f"{self.name}: median {self.middle:.2f} ms, most {most:.2f} ms of {len(self.milliseconds)}; "
            f"goal {self.goal_ms:g} ms"
        )

    def misses(self) -> list[str]:
        if self.middle <= self.goal_ms:
            return []
        return [f"{self.name} takes {self.middle:.2f} ms, more than {self.goal_ms:g}."]


def measure_parts(tokens: int = 200, cards: int = 50_000, turns: int = 7) -> list[Part]:
    """The parts, one after the other. Raises BadAnswers where a token is refused or a card is not counted."""
    with tempfile.TemporaryDirectory(prefix="bench-parts-") as folder:
        kinds = {"ES384": ec.generate_private_key(ec.SECP384R1()), "RS384": rsa.generate_private_key(65537, 4096)}
        found = [_tokens(Path(folder), algorithm, key, tokens) for algorithm, key in kinds.items()]
        return [*found, _insights(Path(folder) / "cards.sqlite", cards, turns)]


def _tokens(folder: Path, algorithm: str, key: Any, tokens: int) -> Part:
    """The first one fetches the key set and opens the store of uses, and is not counted."""
    keys = dumps({"keys": [{**published(key, algorithm, "bench"), "alg": algorithm}]}).encode()
    file = folder / f"{algorithm}.toml"
    file.write_text(
        f'[clients.bench]\nissuer = "{_ISSUER}"\nalgorithms = ["{algorithm}"]\njwks_url = "{_KEY_SET}"\n', "utf-8"
    )
    part = Part(f"warm check of a token ({algorithm}, its use noted)", GOAL_TOKEN_MS)
    with closing(FileUses(folder / f"{algorithm}.uses")) as shared:
        terms = Terms(BASE, 2.0, frozenset({"order-select", "order-sign"}))
        reception = Reception(file, {}, terms, lambda _: keys, Uses(shared))
        for sent in [token(key, algorithm, "bench", _ISSUER, 300, jku=_KEY_SET) for _ in range(tokens + 1)]:
            began = process_time()
            try:
                reception.recognise(f"Bearer {sent}", PATH)
            except NotAuthenticated as refused:
                raise BadAnswers("A good token was refused.") from refused
            part.milliseconds.append((process_time() - began) * 1000)
    del part.milliseconds[0]
    return part


def _insights(file: Path, cards: int, turns: int) -> Part:
    _fill(file, cards)
    part = Part(f"insights over {cards} stored cards", GOAL_INSIGHTS_MS)
    first = datetime.now(UTC).date() - timedelta(days=_DAYS + 10)
    client = create_app(Settings(database_url=f"sqlite:///{file}")).test_client()
    client.get("/insights/data?first=2000-01-01&last=2000-01-02")  # what is read once
    for _ in range(turns):
        began = process_time()
        answer = client.get(f"/insights/data?first={first}")
        part.milliseconds.append((process_time() - began) * 1000)
        if answer.status_code != 200 or answer.get_json()["totals"]["cards"] != cards:
            raise BadAnswers(f"The insights answered {answer.status_code}, or not of all cards.")
    return part


def _fill(file: Path, cards: int) -> None:
    """Synthetic cards of three months, each with its call, an override for every other one."""
    with closing(FeedbackStore(f"sqlite:///{file}")) as store:
        store.ping()
    now = datetime.now(UTC)
    issued, events, calls = [], [], []
    for number in range(cards):
        at = f"{now - timedelta(days=number % _DAYS, seconds=number % 3600):%Y-%m-%d %H:%M:%S}"
        card, hook, rule = f"card-{number:06}", _HOOKS[number % 3], _RULES[number % 5]
        issued.append((card, rule, f'["{rule}"]', hook, at))
        calls.append((f"{number:016x}", hook, 1 + number % 40, at))
        if number % 2:
            events.append((card, f"{at}.000000", f"ldn-{hook}", at))
    with closing(sqlite3.connect(file)) as stored, stored:
        stored.executemany(_CARDS, issued)
        stored.executemany(_EVENTS, events)
        stored.executemany(_CALLS, calls)
