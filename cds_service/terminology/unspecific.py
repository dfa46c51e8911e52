"""Whether words on an order can name a drug at all, or only say what orders of any drug say."""

from cds_service.terminology.words import words_of

_OF_ANY_DRUG = frozenset((
    "medication", "medications", "medicine", "medicament", "drug", "drugs", "product", "item", "order",
    "prescription", "treatment", "therapy", "agent", "compound", "compounded", "compounding", "compounds",
    "extemporaneous", "preparation", "prep", "mixture", "formulation", "formula", "ingredient", "custom", "free",
    "text", "misc", "miscellaneous", "other", "unlisted", "unknown", "unspecified", "nonformulary", "non",
    "formulary", "special", "specialty", "pharmacy", "patient", "own", "supplied", "supply", "study", "trial",
    "see", "note", "notes", "comment", "comments", "instruction", "instructions", "capsule", "capsules", "cap",
    "caps", "tablet", "tablets", "tab", "tabs", "pill", "pills", "oral", "solution", "suspension", "liquid",
    "drops", "cream", "ointment", "topical", "gel", "lotion", "powder", "injection", "injectable", "vial", "kit",
    "syringe", "spray", "patch", "film", "strip", "sublingual", "troche", "lozenge", "dose", "dosed", "doses",
    "daily", "nightly", "bedtime", "low", "high", "strength", "each", "unit", "units", "bottle", "pack",
    "generic", "brand", "name", "the", "for", "and", "per", "with", "not", "from", "this",
))  # fmt: skip
_SHORTEST = 3
"""Letters of a word that could be a name; shorter ones are units (mg, ml)."""


def may_name_a_drug(text: str) -> bool:
    """Whether some word of it is more than a form, a strength or a filler such as `compounded medication`."""
    return any(word.isalpha() and len(word) >= _SHORTEST and word not in _OF_ANY_DRUG for word in words_of(text))
