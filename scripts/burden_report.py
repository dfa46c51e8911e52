"""How many cards a naltrexone order brings: over the fixtures, and over ordinary patients that are made up.

    .venv/bin/python scripts/burden_report.py [--orders 2000] [--seed 20260302] [--write]

Why: a service that speaks too often is not read (rulebook e.4). The target is at most 0.2 interruptive cards, warning
or critical, for each naltrexone order on an ordinary population, and none where an order holds neither naltrexone nor
an opioid for somebody on naltrexone. `--write` puts the report into docs/reference/burden.md. The exit code is 1 where
a target is missed.

Each order is put to the service twice, at order-select and at order-sign. A card that comes at both is the same card
met twice: the target counts it once, the report gives both figures.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ordinary_patients import (
    DAY,
    Order,
    ldn_orders,
    opioid_orders_on_ldn,
    other_naltrexone_orders,
    shares,
    unrelated_orders,
)
from ordinary_rates import RATES, REASONS

from cds_service.cli.asking import here
from cds_service.cli.cases import case_folders, read_case
from cds_service.content import fixtures_dir
from cds_service.hooks.request import read_request
from cds_service.running import Service
from cds_service.service import respond
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "reference" / "burden.md"
TARGET = 0.2
INDICATORS = ("critical", "warning", "info")
_URGENT = INDICATORS[:2]
OFTEN = 0.221
"""Share of adults with chronic pain who had used a prescription opioid in three months (NHIS 2019)."""


@dataclass(frozen=True, slots=True)
class Burden:
    """What a number of orders brought. `cards` counts a card of both hooks once; `met` counts it at each hook."""

    orders: int
    cards: Counter[tuple[str, str]]
    met: Counter[tuple[str, str]]

    def count(self, indicator: str, *, each_time: bool = False) -> int:
        cards = self.met if each_time else self.cards
        return sum(times for (_, urgency), times in cards.items() if urgency == indicator)

    def an_order(self, *indicators: str, each_time: bool = False) -> float:
        return sum(self.count(one, each_time=each_time) for one in indicators) / self.orders

    @property
    def interruptive(self) -> float:
        """Warning and critical cards for each order."""
        return self.an_order(*_URGENT)


def burden(orders: Iterable[Order], service: Service) -> Burden:
    """Put every order to the service, on the day for which it was made."""
    count = 0
    cards: Counter[tuple[str, str]] = Counter()
    met: Counter[tuple[str, str]] = Counter()
    for order in orders:
        count += 1
        seen: set[tuple[str, str]] = set()
        for hook, body in order.calls.items():
            answer = respond(read_request(body, hook), None, DAY, service.knowledge, service.place)
            found = [(card["source"]["topic"]["code"], card["indicator"]) for card in answer.cards]
            met.update(found)
            seen.update(found)
        cards.update(seen)
    return Burden(count, cards, met)


def fixtures() -> Burden:
    """Every case of fhir_fixtures/: made to make rules speak, so these figures say nothing about ordinary use."""
    ask = here(Settings())
    cases = [read_case(folder) for folder in case_folders(fixtures_dir())]
    found = Counter((card["source"]["topic"]["code"], card["indicator"]) for case in cases for card in ask(case).cards)
    return Burden(len(cases), found, found)


@dataclass(frozen=True, slots=True)
class Measured:
    """Burdens by the name of the population."""

    ldn: Burden
    labelled: Burden
    overlap: Burden
    unrelated: Burden
    often: Burden

    @property
    def naltrexone(self) -> Burden:
        """All naltrexone orders: low dose, and the labelled uses beside it."""
        both = (self.ldn, self.labelled)
        cards: Counter[tuple[str, str]] = Counter()
        met: Counter[tuple[str, str]] = Counter()
        for one in both:
            cards += one.cards
            met += one.met
        return Burden(sum(one.orders for one in both), cards, met)

    def missed(self) -> list[str]:
        """Targets that do not hold, with the rules that bring most of the cards."""
        found = []
        each = self.naltrexone.interruptive
        if each > TARGET:
            found.append(f"{each:.3f} interruptive cards a naltrexone order: {_most(self.naltrexone)}")
        if self.unrelated.cards:
            found.append(f"cards on orders that do not concern naltrexone: {_most(self.unrelated)}")
        return found


def measure(service: Service, orders: int, seed: int) -> Measured:
    """`orders` of LDN; a tenth of that in labelled uses, a fifth without naltrexone, a tenth that overlap."""
    often = shares(opioid_current=OFTEN)
    return Measured(
        ldn=burden(ldn_orders(orders, seed), service),
        labelled=burden(other_naltrexone_orders(max(orders // 10, 1), seed), service),
        overlap=burden(opioid_orders_on_ldn(max(orders // 10, 1), seed), service),
        unrelated=burden(unrelated_orders(max(orders // 5, 1), seed), service),
        often=burden(ldn_orders(max(orders // 4, 1), seed, often), service),
    )


def _most(found: Burden) -> str:
    urgent = Counter({rule: 0 for rule, _ in found.cards})
    for (rule, indicator), times in found.cards.items():
        urgent[rule] += times if indicator in _URGENT else 0
    return ", ".join(f"{rule} {times}" for rule, times in urgent.most_common(4))


def report(found: Measured, cases: Burden, version: str, command: str) -> str:
    """The page."""
    parts = [
        *_head(found, version, command),
        "## Ordinary patients\n",
        "Each order is judged at order-select and at order-sign. A card that comes at both hooks is counted once; the",
        "last column counts it each time.\n",
        *_populations(found),
        "\n### By the rule that leads the card, all naltrexone orders\n",
        *_table(["rule", *INDICATORS, "interruptive a 1000 orders"], _by_rule(found.naltrexone)),
        *_if_nobody_looked(found.often),
        "## Fixtures\n",
        f"{cases.orders} cases, made to make rules speak or come close: they show which rules speak, not how often.\n",
        *_table(["rule", *INDICATORS], (row[:4] for row in _by_rule(cases))),
        *_assumptions(),
    ]
    return "\n".join(parts) + "\n"


def _head(found: Measured, version: str, command: str) -> list[str]:
    return [
        "# Burden: how many cards an order brings\n",
        f"Written by `{command}`",
        f"with knowledge {version}; the same command and seed give the same figures as long as that is the same.",
        "All patients are made up, so this shows what the rules do with the rates assumed below. It is no measurement",
        "in a clinic.\n",
        f"Target: at most {TARGET} interruptive cards (warning or critical) a naltrexone order, none where an order",
        "holds neither naltrexone nor an opioid for somebody on it.",
        f"**{'Not met' if found.missed() else 'Met'}.**\n",
    ]


def _populations(found: Measured) -> list[str]:
    rows = [
        ("**all naltrexone orders**", found.naltrexone),
        ("low-dose naltrexone", found.ldn),
        ("naltrexone in its labelled uses", found.labelled),
        ("neither naltrexone nor an opioid beside it", found.unrelated),
        ("an opioid for somebody on LDN (the overlap)", found.overlap),
    ]
    heads = ["orders of", "orders", *INDICATORS, "interruptive", "interruptive, each time"]
    return _table(heads, ([name, str(one.orders), *_figures(one)] for name, one in rows))


def _if_nobody_looked(often: Burden) -> list[str]:
    """The rate that moves the result most, put up to where it stands among people with chronic pain."""
    above = often.interruptive > TARGET
    return [
        "\n### If prescribers did not look first\n",
        f"With a current opioid in {OFTEN:.1%} of new starts (as in adults with chronic pain, NHIS 2019) instead of",
        f"{RATES['opioid-current'].share:.1%}: {often.interruptive:.2f} interruptive cards an LDN order,",
        f"{often.an_order('critical'):.2f} of them critical. {'Above' if above else 'Within'} the target.",
        "The cards that come on top are current opioids: orders that would bring on withdrawal.\n",
    ]


def _assumptions() -> list[str]:
    rows = (
        [one.what, f"{one.share:.1%}" if one.share >= 0.01 else f"{one.share:.2%}", one.source]
        for one in RATES.values()
    )
    reasons = ", ".join(f"{name or 'no reason given'} {share:.0%}" for _, name, share in REASONS)
    return [
        "\n## What is assumed\n",
        'Shares of patients, or of the group named. "assumed" is a guess of ours: put your own figure into',
        "`scripts/ordinary_rates.py` and run the command again.\n",
        *_table(["what", "share", "source"], rows),
        f"\nLDN is ordered for (assumed): {reasons}.",
        "First doses: 1.5 mg in 62 %, 4.5 mg at once in 18 %, 3 mg in 10 %, less in 10 % (assumed). Ages: normal",
        "around 48, standard deviation 14, 18 to 88 (assumed). Common problems and drugs are spread over the charts at",
        "rounded rates. All lists are answered but for the share named above.",
    ]


def _figures(found: Burden) -> list[str]:
    each = [f"{found.an_order(indicator):.3f}" for indicator in INDICATORS]
    return [*each, f"{found.interruptive:.3f}", f"{found.an_order(*_URGENT, each_time=True):.3f}"]


def _by_rule(found: Burden) -> list[list[str]]:
    rules = sorted({rule for rule, _ in found.cards})
    urgent = {rule: sum(found.cards[rule, indicator] for indicator in _URGENT) for rule in rules}
    return [
        [
            f"`{rule}`",
            *(str(found.cards[rule, indicator] or "") for indicator in INDICATORS),
            f"{1000 * urgent[rule] / found.orders:.1f}" if urgent[rule] else "",
        ]
        for rule in sorted(rules, key=lambda rule: (-urgent[rule], rule))
    ]


def _table(heads: list[str], rows: Iterable[Iterable[str]]) -> list[str]:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Cards a naltrexone order, by indicator and by rule.")
    parser.add_argument("--orders", type=int, default=2000, help="LDN orders to make up (default 2000)")
    parser.add_argument("--seed", type=int, default=20260302, help="the same seed gives the same patients")
    parser.add_argument("--write", action="store_true", help="write docs/reference/burden.md")
    asked = parser.parse_args(arguments)
    service = Service.from_settings(Settings())
    found = measure(service, asked.orders, asked.seed)
    command = f"scripts/burden_report.py --orders {asked.orders} --seed {asked.seed}"
    text = report(found, fixtures(), service.knowledge.version, command)
    print(text)
    if asked.write:
        PAGE.write_text(text, "utf-8")
    for complaint in found.missed():
        print(f"target missed: {complaint}", file=sys.stderr)
    return 1 if found.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
