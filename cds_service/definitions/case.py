"""One hook call as the rules see it: the record, the drafts, the numbers; everything derived is worked out once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from cds_service.definitions.cirrhosis import Liver, liver
from cds_service.definitions.exposure import Exposure, weigh
from cds_service.definitions.form import is_injection, washout_row
from cds_service.definitions.order_class import OrderClass, order_class
from cds_service.definitions.pregnancy import PregnancyStatus, pregnancy_status
from cds_service.definitions.thresholds import Thresholds
from cds_service.definitions.treatment import treatment
from cds_service.definitions.washout import Washout, washout
from cds_service.record import DraftOrder, Medication, PatientRecord

ORDER_SELECT, ORDER_SIGN, MEDICATION_PRESCRIBE = "order-select", "order-sign", "medication-prescribe"
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

    @cached_property
    def naltrexone_drafts(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.drafts if is_naltrexone(draft))

    @cached_property
    def opioid_drafts(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.drafts if is_opioid(draft))

    @cached_property
    def naltrexone_judged(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.naltrexone_drafts if draft.selected)

    @cached_property
    def opioid_judged(self) -> tuple[DraftOrder, ...]:
        return tuple(draft for draft in self.opioid_drafts if draft.selected)

    @cached_property
    def opioids(self) -> tuple[Exposure, ...]:
        """Exposure to every opioid of the record, by ingredient."""
        return weigh(self.record.medications, _opioid_parts, self.today, self.thresholds)

    @cached_property
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

    @cached_property
    def anticoagulants(self) -> tuple[Exposure, ...]:
        return weigh(self.record.medications, _anticoagulant_parts, self.today, self.thresholds)

    @cached_property
    def washouts(self) -> tuple[Washout, ...]:
        """Ended opioids that are not clear yet, the most severe first."""
        found = [judged for exposure in self.opioids if (judged := washout(exposure, self.today, self.thresholds))]
        return tuple(sorted(found, key=lambda one: (-one.indicator, -(one.earliest_clear or date.max).toordinal())))

    @cached_property
    def earliest_clear(self) -> date | None:
        """The latest clear date over all ended opioids; None where none is pending or none can be computed."""
        dates = [one.earliest_clear for one in self.washouts]
        return None if not dates or None in dates else max(day for day in dates if day)

    @cached_property
    def pregnancy(self) -> PregnancyStatus:
        return pregnancy_status(self.record, self.thresholds)

    @cached_property
    def liver(self) -> Liver:
        return liver(self.record, self.anticoagulants, self.thresholds)

    def order_class(self, order: DraftOrder) -> OrderClass:
        """Class of one of the drafts, worked out once however many rules ask."""
        known = self._order_classes.get(id(order))
        if known is None:
            known = (order, order_class(order, self.record, self.thresholds))
            self._order_classes[id(order)] = known
        return known[1]

    @cached_property
    def _order_classes(self) -> dict[int, tuple[DraftOrder, OrderClass]]:
        """By the identity of the draft, which is kept beside its class so that no other can take its identity."""
        return {}

    def treatment(self, order: DraftOrder) -> str:
        dose = self.order_class(order).dose
        return treatment(dose, self.naltrexone, self.today, self.thresholds)

    @cached_property
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
