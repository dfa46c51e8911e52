"""The arithmetic: quantiles, spread, growth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the least and the greatest of its values."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank, so always one of them)."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def exponent(cost: Mapping[int, float]) -> float:
    """b of cost = a · size^b, by least squares over the logarithms. At least two sizes."""
    points = [(log(size), log(value)) for size, value in cost.items()]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
