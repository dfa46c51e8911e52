"""How much, how often, when: one dosage line as written, before anybody reckons with it."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


class Quantity(NamedTuple):
    """A number with its unit as the record spells it; `code` is the UCUM (or other) unit code, if one came.

    `comparator` is `<`, `<=`, `>=` or `>` where the true value is only known to lie on that side.
    """

    value: float
    unit: str = ""
    code: str = ""
    comparator: str = ""

    @property
    def spelled(self) -> str:
        """The unit to reckon with: the code where there is one, since displays are free text."""
        return self.code or self.unit


@dataclass(frozen=True, slots=True)
class Dosage:
    """One line of a dosage instruction. Absent elements are None, never zero.

    `route` is a value-set group (`oral`, `intramuscular`, `nasal`, ...), empty where it is not known.
    `times_of_day` and `days_of_week` count the clock times and the weekdays that it names; zero where it names none.
    """

    text: str = ""
    sequence: int | None = None
    dose: Quantity | None = None
    dose_high: Quantity | None = None
    frequency: float | None = None
    period: float | None = None
    period_unit: str = ""
    timing_code: str = ""
    when: tuple[str, ...] = ()
    as_needed: bool = False
    starts: date | None = None
    ends: date | None = None
    duration_days: int | None = None
    route: str = ""
    times_of_day: int = 0
    days_of_week: int = 0
