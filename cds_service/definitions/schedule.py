"""Do several drafts together make one schedule? (rulebook c: a step is ours if it and another draft form a variant)

Where a release or a client drops the group identifier, the order set's own prescriptions must still be recognised, or
the next call would offer to titrate a titration.
"""

from datetime import date, timedelta
from itertools import combinations, pairwise

from cds_service.definitions.dose import milligrams
from cds_service.record import DraftOrder

_ONE_DAY = timedelta(days=1)


def is_one_schedule(drafts: tuple[DraftOrder, ...]) -> bool:
    """Two or more naltrexone drafts whose dated lines follow one another without gap, at rising doses."""
    lines = []
    for draft in drafts:
        product = draft.drug.naltrexone if draft.drug else None
        for line in draft.dosages:
            dose = milligrams(line.dose, product) if line.dose else None
            if line.starts is None or line.ends is None or dose is None:
                return False
            lines.append((line.starts, line.ends, dose))
    lines.sort()
    return len(drafts) > 1 and all(
        after[0] - before[1] == _ONE_DAY and after[2] >= before[2] for before, after in pairwise(lines)
    )


def overlap(drafts: tuple[DraftOrder, ...]) -> tuple[date, date] | None:
    """The first and last day on which two of the orders would be taken together; None where no dates say so.

    Steps of one set never share a day. Where they do, one of them was moved and the other was not.
    """
    spans = [span for draft in drafts if (span := _span(draft))]
    shared = [(max(one[0], other[0]), min(one[1], other[1])) for one, other in combinations(spans, 2)]
    return min((days for days in shared if days[0] <= days[1]), default=None)


def _span(draft: DraftOrder) -> tuple[date, date] | None:
    starts = [line.starts for line in draft.dosages if line.starts]
    ends = [line.ends for line in draft.dosages if line.ends]
    return (min(starts), max(ends)) if starts and ends else None
