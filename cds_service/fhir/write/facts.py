"""What an order says, before any FHIR release spells it. Whoever wants a resource hands these in."""

from dataclasses import dataclass
from datetime import date

from cds_service.record import Concept, Quantity


@dataclass(frozen=True, slots=True)
class Session:
    """Who orders for whom.

    `patient` and `encounter` are ids with or without their type, `user` is a reference (`Practitioner/x`); encounter
    and user may be empty. `group_system` and `group` identify the set that the orders belong to, where the release
    has room for that.
    """

    patient: str
    user: str = ""
    encounter: str = ""
    group_system: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class DoseLine:
    """One step of a dosage instruction: once a day, `first` to `last` inclusive. `when` is an HL7 EventTiming code."""

    text: str
    dose: Quantity
    first: date
    last: date
    when: str = ""
    patient_instruction: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Prescription:
    """One prescription with its supply: `quantity` and `days` are those of one fill, `repeats` the refills after it.

    `prior` is the order whose place it takes (`MedicationRequest/x`); empty leaves what the draft says of that.
    It is known by its identity, so that what was once written of it is found again.
    """

    medication: Concept
    route: Concept
    lines: tuple[DoseLine, ...]
    valid_from: date
    quantity: Quantity
    days: int
    repeats: int = 0
    note: str = ""
    prior: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What of a draft is to be written anew: its product, its dose once a day with the words for it, or both."""

    medication: Concept | None = None
    dose: Quantity | None = None
    text: str = ""
    when: str = "HS"


@dataclass(frozen=True, slots=True, eq=False)
class Service:
    """A laboratory test or a review to be done; `window` is its first and last day, None where no day is set.

    It is known by its identity, as a Prescription is.
    """

    code: Concept
    category: Concept = Concept()
    window: tuple[date, date] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """Something somebody is to be told; `category` says whom or what it concerns, since no address is known.

    `to_patient`: the patient is the one who is to be told.
    """

    text: str
    category: Concept = Concept()
    to_patient: bool = False
