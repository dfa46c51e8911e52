"""How long calls took, as counts within bounds: totals of many days then add up, which percentiles do not."""

from bisect import bisect_left
from collections.abc import Mapping

BOUNDS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4500, 60_000)
"""Milliseconds. The last holds whatever took longer than an answer may."""


def bound_of(milliseconds: float) -> int:
    """The least bound that this call kept."""
    return BOUNDS[min(bisect_left(BOUNDS, milliseconds), len(BOUNDS) - 1)]


def bound_of_share(counts: Mapping[int, int], share: float) -> int | None:
    """The least bound that this share of the calls kept; None without calls."""
    wanted, seen = share * sum(counts.values()), 0
    for bound in sorted(counts):
        seen += counts[bound]
        if seen >= wanted and seen:
            return bound
    return None
