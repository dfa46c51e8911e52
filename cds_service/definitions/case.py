"""One hook call as the rules see it: the record, the drafts, the numbers; everything derived is worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cds_service.definitions.cirrhosis import Liver, liver
from cds_service.definitions.exposure import Exposure, weigh
from cds_service.definitions.follow_up import Course, course
from cds_service.definitions.form import is_injection, washout_row
from cds_service.definitions.hypersensitivity import Intolerance, intolerance
from cds_service.definitions.liver_tests import LiverTests, liver_tests
from cds_service.definitions.once import once
from cds_service.definitions.order_class import OrderClass, order_class
from cds_service.definitions.pregnancy import PregnancyStatus, pregnancy_status, years
from cds_service.definitions.pregnancy_signs import Sign, possible_signs
from cds_service.definitions.surgery import Surgery, upcoming
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.treatment import NEW_START, RENEWAL, RESTART, treatment
from cds_service.definitions.washout import Washout, washout
from cds_service.record import DraftOrder, Medication, PatientRecord

ORDER_SELECT, ORDER_SIGN, MEDICATION_PRESCRIBE = "order-select", "order-sign", "medication-prescribe"
PATIENT_VIEW = "patient-view"
_DEAD = frozenset({"cancelled", "stopped", "completed", "entered-in-error"})


@dataclass(frozen=True)
class Case:
    """Read-only context of every rule. `drafts` are all live drafts of the session, judged or not.

    `medication_lists` are the prefetch keys that must have been answered for the medication check to count as done.
    """

    hook: str
    record: PatientRecord
    drafts: tuple[DraftOrder, ...]
    thresholds: Thresholds
    orders_sent: bool = True
    medication_lists: tuple[str, ...] = ("medStatements", "medRequests")

    @property
    def today(self) -> date:
        return self.record.as_of

    @once
    def naltrexone_drafts(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.drafts if is_naltrexone(draft))

    @once
    def opioid_drafts(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.drafts if is_opioid(draft))

    @once
    def naltrexone_judged(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.naltrexone_drafts if draft.selected)

    @once
    def opioid_judged(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.opioid_drafts if draft.selected)

    @once
    def opioids(self) -> tuple[Exposure, ...]:
        """Exposure to every opioid of the record, by ingredient."""
        return weigh(self.record.medications, _opioid_parts, self.today, self.thresholds)

    @once
    def naltrexone(self) -> Exposure | None:
        """Exposure to naltrexone in any product; a product that holds an opioid is never naltrexone."""

        def parts(record: Medication) -> Iterable[tuple[str, str, str]]:
            product = record.drug.naltrexone
            if product is None or record.drug.opioids:
                return []
            injection = is_injection(product, record.dosages, self.thresholds)
            return [("naltrexone", "naltrexone", "naltrexone-injection" if injection else "naltrexone-oral")]

        found = weigh(self.record.medications, parts, self.today, self.thresholds)
        return found[0] if found else None

    @once
    def anticoagulants(self) -> tuple[Exposure, ...]:
        return weigh(self.record.medications, _anticoagulant_parts, self.today, self.thresholds)

    @once
    def washouts(self) -> tuple[Washout, ...]:
        """Ended opioids that are not clear yet, the most severe first."""
        found = [judged for exposure in self.opioids if (judged := washout(exposure, self.today, self.thresholds))]
        return tuple(sorted(found, key=lambda one: (-one.indicator, -(one.earliest_clear or date.max).toordinal())))

    @once
    def earliest_clear(self) -> date | None:
        """The latest clear date over all ended opioids; None where none is pending or none can be computed."""
        dates = [one.earliest_clear for one in self.washouts]
        return None if not dates or None in dates else max(day for day in dates if day)

    @once
    def pregnancy(self) -> PregnancyStatus:
        return pregnancy_status(self.record, self.thresholds)

    @once
    def possible_pregnancy(self) -> list[Sign]:
        return possible_signs(self.record, self.pregnancy, self.thresholds)

    @once
    def liver(self) -> Liver:
        return liver(self.record, self.anticoagulants, self.thresholds)

    def order_class(self, order: DraftOrder) -> OrderClass:
        """Class of one of the drafts, worked out once however many rules ask."""
        known = self._order_classes.get(id(order))
        if known is None:
            known = (order, order_class(order, self.record, self.thresholds))
            self._order_classes[id(order)] = known
        return known[1]

    @once
    def _order_classes(self) -> dict[int, tuple[DraftOrder, OrderClass]]:
        """By the identity of the draft, which is kept beside its class so that no other can take its identity."""
        return {}

    def treatment(self, order: DraftOrder) -> str:
        """New start, renewal, restart or dose change; worked out once, like the class."""
        known = self._treatments.get(id(order))
        if known is None:
            dose = self.order_class(order).dose
            known = (order, treatment(dose, self.naltrexone, self.today, self.thresholds))
            self._treatments[id(order)] = known
        return known[1]

    @once
    def _treatments(self) -> dict[int, tuple[DraftOrder, str]]:
        return {}

    @once
    def new_starts(self) -> tuple[DraftOrder, ...]:
        """Judged naltrexone drafts of any class that are no renewal, restart or dose change."""
        return tuple(order for order in self.naltrexone_judged if self.treatment(order) == NEW_START)

    @once
    def all_renewals(self) -> bool:
        """Stable treatment goes on: little is worth saying (rulebook e.4)."""
        return all(self.treatment(order) == RENEWAL for order in self.naltrexone_judged)

    @once
    def ldn_renewals(self) -> tuple[DraftOrder, ...]:
        """Judged drafts that go on with low-dose naltrexone at the same dose."""
        return tuple(
            order
            for order in self.naltrexone_judged
            if self.treatment(order) == RENEWAL and self.order_class(order).name == "ldn"
        )

    @once
    def age_span(self) -> tuple[int, int] | None:
        """(oldest, youngest) age in years that the birth date allows; None without one."""
        patient = self.record.patient
        if patient is None or patient.born_first is None or patient.born_last is None:
            return None
        return years(patient.born_first, self.today), years(patient.born_last, self.today)

    @once
    def takes_low_dose(self) -> bool:
        """LDN is current, as far as anybody can tell its dose."""
        return self.course is not None and bool(self.naltrexone and self.naltrexone.current)

    @once
    def course(self) -> Course | None:
        """The course of LDN that is going on or has just ended."""
        return course(self.naltrexone, self.today, self.thresholds)

    @once
    def intolerance(self) -> Intolerance | None:
        """What rule 33 speaks of; the order set goes slowly for it, and steps down where it is `ongoing`."""
        return intolerance(self.record, self.naltrexone, self.takes_low_dose, self.thresholds)

    @once
    def liver_tests(self) -> LiverTests:
        return liver_tests(self.record, self.thresholds)

    @once
    def injected(self) -> tuple[date, ...]:
        """Days on which an extended-release injection was given that may still block, today for one that is drafted."""
        readings = (*self.naltrexone.current, *self.naltrexone.ended) if self.naltrexone else ()
        given = [
            reading.last or self.today
            for reading in readings
            if reading.washout == "naltrexone-injection"
            and (self.today - (reading.last or self.today)).days <= self.thresholds.surgery.injection_near_days
        ]
        drafted = any(self.order_class(order).name == "er-injectable" for order in self.naltrexone_judged)
        return (*given, *((self.today,) if drafted else ()))

    @once
    def surgery(self) -> Surgery | None:
        """The next operation inside the horizon of rule 31, which is longer for an injection."""
        limits = self.thresholds.surgery
        return upcoming(self.record, limits.injection_ahead_days if self.injected else limits.ahead_days)

    @once
    def after_surgery(self) -> date | None:
        """Until when a start is to be put off for an operation within 14 days (rule 31); None where there is none."""
        limits = self.thresholds.surgery
        found = upcoming(self.record, limits.ahead_days)
        begun = [order for order in self.naltrexone_judged if self.treatment(order) in (NEW_START, RESTART)]
        return found.on + timedelta(days=limits.start_after_days) if found and begun else None

    @once
    def unanswered_lists(self) -> frozenset[str]:
        """Medication lists that were needed and not answered."""
        missing = {shortfall.data for shortfall in self.record.shortfalls}
        return frozenset(self.medication_lists) & missing


def is_live(order: DraftOrder) -> bool:
    """Re-signing may carry active or on-hold; dead statuses are never judged (b.1, Hooks)."""
    return order.status not in _DEAD


def is_naltrexone(order: DraftOrder) -> bool:
    return order.drug is not None and order.drug.naltrexone is not None and not order.drug.opioids


def is_opioid(order: DraftOrder) -> bool:
    return order.drug is not None and bool(order.drug.opioids)


def _opioid_parts(record: Medication) -> Iterable[tuple[str, str, str]]:
    return [(one.ingredient, one.name, washout_row(one, record.dosages)) for one in record.drug.opioids]


def _anticoagulant_parts(record: Medication) -> Iterable[tuple[str, str, str]]:
    return [(record.drug.name, record.drug.name, "anticoagulant")] if record.drug.anticoagulant else []
