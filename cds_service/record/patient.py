"""The patient's record as plain facts: one shape whatever FHIR release it came in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from cds_service.record.coding import Concept
from cds_service.record.dosage import Dosage, Quantity
from cds_service.record.drug import Drug


@dataclass(frozen=True, slots=True)
class Patient:
    """`born_first` and `born_last` differ where birthDate is only a month or a year."""

    gender: str = ""
    born_first: date | None = None
    born_last: date | None = None


@dataclass(frozen=True, slots=True)
class Encounter:
    """`setting` is the v3-ActCode of the encounter class (AMB, VR, HH, EMER, ACUTE, IMP, ...), or empty."""

    reference: str
    setting: str = ""
    reasons: tuple[Concept, ...] = ()


@dataclass(frozen=True, slots=True)
class Medication:
    """A MedicationStatement, -Request/-Order, -Dispense or -Administration of a drug that matters here.

    `kind` is `statement`, `request`, `dispense` or `administration`. `status` uses R4 words, plus `not-taken`.
    `starts` and `ends` are the effective period; `authored`, `asserted`, `handed_over`, `prepared`, `status_changed`
    and `updated` are what their FHIR namesakes say. `supply_days` and `repeats` are as written; `supply` (the quantity
    handed out) and the dosages let the exposure model reckon where `supply_days` is missing.
    """

    reference: str
    kind: str
    drug: Drug
    status: str
    intent: str = "order"
    do_not_perform: bool = False
    starts: date | None = None
    ends: date | None = None
    at: date | None = None
    authored: date | None = None
    asserted: date | None = None
    handed_over: date | None = None
    prepared: date | None = None
    status_changed: date | None = None
    updated: date | None = None
    supply_days: int | None = None
    supply: Quantity | None = None
    repeats: int | None = None
    dosages: tuple[Dosage, ...] = ()
    based_on: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """`groups` are the value-set groups its code (or, without a known code, its text) belongs to.

    `clinical` is `active`, `recurrence`, `relapse`, `inactive`, `remission`, `resolved` or empty; `verification` is
    `confirmed`, `unconfirmed`, `provisional`, `differential`, `refuted`, `entered-in-error` or empty.
    """

    reference: str
    concept: Concept
    groups: frozenset[str]
    clinical: str = ""
    verification: str = ""
    onset: date | None = None
    recorded: date | None = None
    abated: date | None = None
    has_abatement: bool = False


class Observation(NamedTuple):
    """`group` is the value-set group of its code; `answers` those of its coded, text or interpretation value.

    `high` is referenceRange.high in the unit of the value. `date_value` is a date answer (estimated delivery date).
    """

    reference: str
    group: str
    status: str
    taken: date | None = None
    taken_order: str = ""
    value: Quantity | None = None
    answers: frozenset[str] = frozenset()
    date_value: date | None = None
    high: Quantity | None = None
    concept: Concept = Concept()


@dataclass(frozen=True, slots=True)
class LabOrder:
    """A laboratory request, in the chart or among the drafts; `groups` are the observation groups it asks for."""

    reference: str
    groups: frozenset[str]
    status: str
    authored: date | None = None
    draft: bool = False


@dataclass(frozen=True, slots=True)
class Allergy:
    """`groups` are what is not borne (`naltrexone`, `opioid`, ...), `reactions` the groups of how it showed.

    `kind` is `allergy`, `intolerance` or empty; `criticality` is `high`, `low` or empty; `severe` where a reaction was
    called severe. `other_reactions` is true where something outside the known groups was recorded too, `of_drug` where
    the record is about a medication, whichever.
    """

    reference: str
    groups: frozenset[str]
    clinical: str = ""
    verification: str = ""
    kind: str = ""
    criticality: str = ""
    reactions: frozenset[str] = frozenset()
    other_reactions: bool = False
    severe: bool = False
    effect: str = ""
    recorded: date | None = None
    concept: Concept = Concept()
    of_drug: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """Something done or planned: `kind` is `procedure`, `request` or `appointment`, `status` the release's own word.

    `first` and `last` are the days it is (to be) done; `based_on` are the requests that an appointment carries out.
    """

    reference: str
    kind: str
    groups: frozenset[str]
    status: str
    intent: str = ""
    first: date | None = None
    last: date | None = None
    do_not_perform: bool = False
    based_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstLineDrug:
    """A record, whatever its status, of a drug that guidelines name before naltrexone (rule 34)."""

    reference: str
    name: str
    status: str
    do_not_perform: bool = False


OTHER_PATIENT, UNVERIFIED = "other-patient", "patient-unverified"
"""Causes of a shortfall: a stranger's record that was left out, and one, still read, that does not say whose it is."""
MIXED_UP = frozenset({OTHER_PATIENT, UNVERIFIED})


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A data class that could not be obtained or trusted, and why.

    `data` is a prefetch key of rulebook b.5; `cause` is a key of the `[causes]` table of the not-checked card, and
    `count` how many resources it concerns where that says something.
    """

    data: str
    cause: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """All that is known about the patient on `as_of`, and what is not known."""

    as_of: date
    patient: Patient | None = None
    encounter: Encounter | None = None
    medications: tuple[Medication, ...] = ()
    conditions: tuple[Condition, ...] = ()
    observations: tuple[Observation, ...] = ()
    lab_orders: tuple[LabOrder, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    first_line: tuple[FirstLineDrug, ...] = ()
    _results: dict[str, list[Observation]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        results: dict[str, list[Observation]] = {}
        for observation in self.observations:
            results.setdefault(observation.group, []).append(observation)
        object.__setattr__(self, "_results", results)

    def results(self, group: str) -> Sequence[Observation]:
        """The observations of one group, in the order of the record. Two dozen questions are asked of hundreds."""
        return self._results.get(group, ())

    def result_groups(self, prefix: str) -> list[str]:
        """The groups of observations there are whose names begin so, sorted."""
        return sorted(group for group in self._results if group.startswith(prefix))
