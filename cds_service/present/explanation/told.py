"""What an explanation is made of."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from cds_service.definitions.case import Case
from cds_service.fhir.answers import Answer as Read
from cds_service.fhir.gather import Fetch, Fetched
from cds_service.hooks.request import HookRequest
from cds_service.present.cards import Context, Shown
from cds_service.record import Finding


@dataclass(slots=True)
class Queries:
    """A fetch that notes what it was asked."""

    fetch: Fetch
    asked: set[str] = field(default_factory=set)

    def __call__(self, queries: tuple[str, ...]) -> Mapping[str, Fetched]:
        self.asked.update(queries)
        return self.fetch(queries)


@dataclass(frozen=True, slots=True)
class Told:
    """What an explanation is made of; `findings` are the rules' own, before the site's wishes.

    `answers` are prefetch as it came, `read` all that was judged in the end: pages read on, and what a server answered.
    """

    request: HookRequest
    case: Case
    findings: tuple[Finding, ...]
    applied: tuple[Finding, ...]
    broken: tuple[str, ...]
    cards: tuple[Shown, ...]
    context: Context
    wanted: tuple[str, ...]
    answers: tuple[Read, ...]
    read: tuple[Read, ...]
    queries: Set[str]
