"""What a rule says: one finding, its evidence, and what it proposes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from cds_service.record.order import DraftOrder
from cds_service.record.patient import Shortfall


class Indicator(IntEnum):
    """Urgency of a card, in CDS Hooks' words; ordered so that `max` is the more urgent."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing a prescriber could accept with a click, named by kind; the words stand in the card file.

    `kind` is a key of the card's `[suggestions]` table and of the builders in `present`. `orders` are the drafts it
    touches. `values` fill the blanks of its label. `recommended` is honoured on the leading finding only.
    """

    kind: str
    orders: tuple[DraftOrder, ...] = ()
    recommended: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule firing.

    `wording` chooses a section of the card file; `values` fill its blanks; `evidence` are `Type/id` references, the
    decisive one first. `silent` is a finding that is recorded and not shown (rulebook rule 2, near-miss 6).
    `item` is no finding of its own but a line and a proposal on a card of its family that is shown anyway (rules 19
    and 26). `family` is empty for the family of the card file; an info line that a near-miss yields names another.
    `subjects` are the ingredients it speaks of, so that the priority table can tell "the same pair" from another;
    `shortfalls` are what the not-checked finding has to name.
    """

    rule: str
    indicator: Indicator
    evidence: tuple[str, ...] = ()
    wording: str = "default"
    values: Mapping[str, str] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    family: str = ""
    silent: bool = False
    item: bool = False
    subjects: frozenset[str] = frozenset()
    shortfalls: tuple[Shortfall, ...] = ()
