"""A draft order of the session that is being decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cds_service.record.coding import Concept
from cds_service.record.dosage import Dosage
from cds_service.record.drug import Drug


@dataclass(frozen=True, slots=True)
class DraftOrder:
    """One medication order in the hook's context.

    `reference` is `Type/id`, or empty where the draft has no id: then nothing can be updated or deleted.
    `names_drug` is false where the order carries neither code nor text nor a reference that could be followed;
    `unresolved` holds the reference that led nowhere. `resource` is the order as it came, kept for the suggestion
    that rewrites it; nothing below `fhir` looks inside.
    """

    reference: str
    label: str
    drug: Drug | None
    status: str = "draft"
    selected: bool = True
    names_drug: bool = True
    unresolved: str = ""
    dosages: tuple[Dosage, ...] = ()
    reasons: tuple[Concept, ...] = ()
    reason_references: tuple[str, ...] = ()
    starts: date | None = None
    ends: date | None = None
    prior: str = ""
    group: str = ""
    note: str = ""
    resource: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
