"""What a route or a dose tells about the form of a drug where its code leaves that open (rulebook b.1, b.2)."""

from cds_service.definitions.dose import milligrams
from cds_service.definitions.signature import worded_dose
from cds_service.definitions.thresholds import Thresholds
from cds_service.record import Dosage, Naltrexone, Opioid

_DEPOT_DRUG, _INFUSED_DRUG = "buprenorphine", "fentanyl"
_INJECTED = frozenset({"intramuscular", "intravenous", "subcutaneous", "epidural-intrathecal"})
_SHORT = _INJECTED | {"nasal"}


def is_injection(product: Naltrexone, dosages: tuple[Dosage, ...], thresholds: Thresholds) -> bool:
    """Extended-release naltrexone: by its product, by an intramuscular route, or by its one dose of 380 mg (b.1)."""
    if product.product in ("er-injectable", "implant"):
        return True
    dose = thresholds.order_class.injection_mg
    return any(
        line.route == "intramuscular"
        or (milligrams(line.dose, None) if line.dose else worded_dose(line.text, product).mg) == dose
        for line in dosages
    )


def washout_row(opioid: Opioid, dosages: tuple[Dosage, ...]) -> str:
    """The washout row, with the route where it decides: fentanyl in a vein or the nose is short-acting, buprenorphine
    under the skin is a depot."""
    routes = {line.route for line in dosages if line.route}
    if opioid.name == _INFUSED_DRUG and opioid.washout == "long-acting" and routes and routes <= _SHORT:
        return "short-acting"
    if opioid.name == _DEPOT_DRUG and "subcutaneous" in routes:
        return "depot"
    return opioid.washout
