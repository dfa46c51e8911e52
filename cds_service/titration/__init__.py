"""The titration order set: the clinicians' file laid on the calendar and written as suggestions (rulebook c)."""

from cds_service.titration.content import load, shipped
from cds_service.titration.orderset import selfcheck, suggestions
from cds_service.titration.plan import Plan, plan, recommend
from cds_service.titration.variants import OrderSet, Variant

__all__ = ["OrderSet", "Plan", "Variant", "load", "plan", "recommend", "selfcheck", "shipped", "suggestions"]
