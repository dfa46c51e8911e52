"""The names of elements that an order of any release may have, as the models of fhir.resources know them."""

import importlib
from typing import Any

_PARTS = (
    "medicationrequest", "dosage", "timing", "codeableconcept", "codeablereference", "quantity", "duration", "range",
    "ratio", "reference", "period", "annotation", "identifier", "extension", "meta", "narrative", "coding",
    "servicerequest", "procedurerequest", "communicationrequest", "plandefinition", "activitydefinition",
)  # fmt: skip


def of_the_models() -> set[str]:
    names: set[str] = set()
    for release in ("R4B.", "STU3.", ""):
        for part in _PARTS:
            try:
                module: Any = importlib.import_module(f"fhir.resources.{release}{part}")
            except ImportError:
                continue
            models = [model for model in vars(module).values() if hasattr(model, "elements_sequence")]
            names.update(name for model in models for name in model.elements_sequence())
    return names
