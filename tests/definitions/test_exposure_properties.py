"""What must hold of exposure and washout for every chart, whatever stands in it."""

from dataclasses import fields, replace
from datetime import date, timedelta

from definitions.chart import BY_ROW, T0, THRESHOLDS, ago, case, record_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.definitions.case import Case
from cds_service.definitions.readings import read
from cds_service.record import Drug, Indicator, Medication, PatientRecord
from cds_service.rules.opioid_active import detect as active
from cds_service.rules.opioid_recent_washout import detect as recent
from cds_service.rules.opioid_status_uncertain import detect as uncertain

ROWS = sorted(BY_ROW)
STATUSES = {
    "statement": ["active", "completed", "stopped", "on-hold", "unknown", "intended", "not-taken", "entered-in-error"],
    "request": ["active", "completed", "stopped", "on-hold", "unknown", "cancelled", "draft", "entered-in-error"],
    "dispense": ["completed", "in-progress", "on-hold", "unknown", "cancelled", "declined", "stopped", "preparation"],
    "administration": ["completed", "in-progress", "stopped", "on-hold", "unknown", "not-done", "entered-in-error"],
}
DATES = {
    "statement": ("starts", "ends", "at", "asserted"),
    "request": ("authored", "status_changed", "updated"),
    "dispense": ("handed_over", "prepared"),
    "administration": ("at", "starts", "ends"),
}

days = st.one_of(st.none(), st.integers(-20, 500), st.integers(0, 20))


@st.composite
def records(draw: st.DrawFn, drug: Drug | None = None) -> Medication:
    kind = draw(st.sampled_from(sorted(STATUSES)))
    facts: dict[str, object] = {name: None if (n := draw(days)) is None else ago(n) for name in DATES[kind]}
    if kind in ("request", "dispense"):
        facts["supply_days"] = draw(st.one_of(st.none(), st.integers(1, 90)))
    if kind == "request":
        facts["repeats"] = draw(st.one_of(st.none(), st.integers(0, 3)))
    found = drug or BY_ROW[draw(st.sampled_from(ROWS))]
    return record_of(kind, found, status=draw(st.sampled_from(STATUSES[kind])), **facts)


def severity(call: Case) -> int:
    """How loudly the opioid rules speak: 0 for silence."""
    found = [finding for detect in (active, recent, uncertain) if (finding := detect(call)) is not None]
    return max((int(finding.indicator) for finding in found), default=0)


def said_to_be_current(drug: Drug) -> st.SearchStrategy[Medication]:
    """Records that say, as of some day within the year, that the drug is being taken."""
    return st.one_of(
        st.integers(0, 365).map(lambda n: record_of("statement", drug, starts=ago(n))),
        st.integers(0, 365).map(lambda n: record_of("statement", drug, starts=ago(400), asserted=ago(n))),
        st.integers(0, 27).map(lambda n: record_of("dispense", drug, handed_over=ago(n), supply_days=28)),
    )


@settings(max_examples=300)
@given(st.data(), st.sampled_from(ROWS), st.data())
def test_a_record_that_says_the_opioid_is_taken_never_makes_the_answer_milder(
    data: st.DataObject, row: str, more: st.DataObject
) -> None:
    drug = BY_ROW[row]
    before = data.draw(st.lists(records(drug), max_size=4))
    added = more.draw(said_to_be_current(drug))
    assert severity(case(medications=[*before, added])) >= severity(case(medications=before))


@settings(max_examples=200)
@given(st.sampled_from(ROWS), st.integers(0, 400), st.integers(0, 400), st.integers(1, 60))
def test_a_later_last_dose_never_lowers_the_indicator(row: str, one: int, other: int, length: int) -> None:
    earlier, later = max(one, other), min(one, other)

    def loudness(last: int) -> int:
        period = record_of("statement", BY_ROW[row], status="completed", starts=ago(last + length), ends=ago(last))
        return severity(case(medications=[period]))

    assert loudness(later) >= loudness(earlier)


def shifted(record: Medication, by: timedelta) -> Medication:
    moved = {
        field.name: getattr(record, field.name) + by
        for field in fields(record)
        if isinstance(getattr(record, field.name), date)
    }
    return replace(record, **moved)


@settings(max_examples=200)
@given(st.lists(records(), max_size=4), st.integers(-800, 800))
def test_moving_every_date_and_today_alike_changes_nothing_but_the_dates(chart: list[Medication], days: int) -> None:
    by = timedelta(days=days)
    here = case(medications=chart)
    there = case(medications=[shifted(record, by) for record in chart], as_of=T0 + by)
    for detect in (active, recent, uncertain):
        one, other = detect(here), detect(there)
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert (one.indicator, one.wording, one.evidence) == (other.indicator, other.wording, other.evidence)
    assert here.earliest_clear is None or there.earliest_clear == here.earliest_clear + by


@given(records())
def test_no_record_is_taken_after_today_or_before_it_began(record: Medication) -> None:
    found = read(record, record.drug.opioids[0].washout, (record,), T0, THRESHOLDS)
    assert found.last is None or found.last <= T0


@given(st.lists(records(), max_size=5), st.randoms(use_true_random=False))
def test_the_order_in_which_records_come_makes_no_difference(chart: list[Medication], shuffler: object) -> None:
    shuffled = list(chart)
    shuffler.shuffle(shuffled)
    assert severity(case(medications=chart)) == severity(case(medications=shuffled))


@given(st.lists(records(), max_size=5))
def test_an_opioid_that_is_current_is_always_critical(chart: list[Medication]) -> None:
    call = case(medications=chart)
    if any(exposure.current for exposure in call.opioids):
        assert severity(call) == Indicator.CRITICAL


def test_the_shift_moves_a_whole_record() -> None:
    moved = shifted(record_of("request", authored=T0, updated=ago(3)), timedelta(days=5))
    assert (moved.authored, moved.updated) == (date(2026, 3, 7), date(2026, 3, 4))
    assert isinstance(case().record, PatientRecord)
