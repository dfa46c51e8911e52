"""A finding that has to be there."""

from cds_service.record import Finding


def fired(finding: Finding | None) -> Finding:
    assert finding is not None
    return finding
