"""The only way out: every call that this service makes of its own goes through here, and nothing goes past it.

Whom to call is decided by what was registered, never by what a request says; how long is decided by one deadline. The
room knows HTTP and nothing of FHIR, so that key sets of callers are fetched by the same rules as records.
"""

from cds_service.outbound.addresses import (
    LOOPBACK,
    TEST_PREFIX,
    AllowedBases,
    Origin,
    joined,
    origin,
    registered,
    tail_below,
)
from cds_service.outbound.breaker import CLOSED, Breaker, Breakers
from cds_service.outbound.lanes import Lanes
from cds_service.outbound.reader import Allowance, GuardedReader, Reply
from cds_service.outbound.retry import RetryBudget

__all__ = [
    "CLOSED",
    "LOOPBACK",
    "TEST_PREFIX",
    "Allowance",
    "AllowedBases",
    "Breaker",
    "Breakers",
    "GuardedReader",
    "Lanes",
    "Origin",
    "Reply",
    "RetryBudget",
    "joined",
    "origin",
    "registered",
    "tail_below",
]
