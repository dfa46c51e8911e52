"""The services offered, as data: one id for each hook, since clients key services by URL (rulebook b.0)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cds_service.hooks.prefetch import TEMPLATES

_NOT_APPROVED = "Not clinically approved: for evaluation with synthetic data only."
_USAGE = (
    "Safety rests on order-sign as well: subscribe to order-sign wherever order-select or medication-prescribe is "
    "used, because details that matter may only be there when the order is signed. All prefetch keys are wanted; "
    "what is missing is read from the FHIR server if a token came, and named on a card if it could not be read."
)


@dataclass(frozen=True, slots=True)
class HookService:
    """One entry of discovery (cds-hooks 10 to 12). `keys` are the prefetch keys it asks for."""

    id: str
    hook: str
    title: str
    description: str
    keys: tuple[str, ...] = tuple(TEMPLATES)

    def entry(self, notice: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "hook": self.hook,
            "title": self.title,
            "description": f"{notice} {self.description}".strip(),
            "usageRequirements": _USAGE,
            "prefetch": {key: TEMPLATES[key] for key in self.keys},
        }


SERVICES: Mapping[str, HookService] = {
    service.id: service
    for service in (
        HookService(
            id="ldn-medication-prescribe",
            hook="medication-prescribe",
            title="Low-dose naltrexone checks (medication-prescribe)",
            description="Checks a naltrexone prescription against opioids, pregnancy and liver disease, and offers "
            "a low-dose titration. For clients that speak the legacy medication-prescribe hook. " + _NOT_APPROVED,
        ),
        HookService(
            id="ldn-order-select",
            hook="order-select",
            title="Low-dose naltrexone checks (order-select)",
            description="Checks a selected naltrexone or opioid order against opioids, pregnancy and liver disease, "
            "and offers a low-dose titration. " + _NOT_APPROVED,
        ),
        HookService(
            id="ldn-order-sign",
            hook="order-sign",
            title="Low-dose naltrexone checks (order-sign)",
            description="Checks naltrexone and opioid orders once more before they are signed. " + _NOT_APPROVED,
        ),
    )
}


# Off unless a site asks for it (rulebook, rules 37 and 38): it speaks where nobody is ordering anything.
PATIENT_VIEW = HookService(
    id="ldn-patient-view",
    hook="patient-view",
    title="Low-dose naltrexone follow-up (patient-view)",
    description="Asks for a pain score and for the decision to stop or continue while low-dose naltrexone is taken. "
    + _NOT_APPROVED,
    keys=("patient", "medStatements", "medRequests", "medDispenses", "medAdministrations", "outcomes"),
)


def offered(*, patient_view: bool = False) -> Mapping[str, HookService]:
    """The services of an installation by id."""
    return {**SERVICES, **({PATIENT_VIEW.id: PATIENT_VIEW} if patient_view else {})}


def discovery(*, notice: str = "", patient_view: bool = False) -> dict[str, Any]:
    """The discovery answer. `notice` stands first in every description; development mode announces itself by it."""
    return {"services": [service.entry(notice) for service in offered(patient_view=patient_view).values()]}
