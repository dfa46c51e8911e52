"""AllergyIntolerance as facts, in the spelling of any release.

DSTU2 has one `status` for what later became two, and calls the code `substance`; R5 wraps manifestations once more.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any

from cds_service.fhir.dates import first_day
from cds_service.fhir.elements import code_of, concept, items, text_of
from cds_service.fhir.references import own
from cds_service.record import Allergy, Concept
from cds_service.terminology.allergies import allergy_groups, reaction_groups
from cds_service.terminology.glance import allergy_glance
from cds_service.terminology.systems import ATC, RXNORM, canonical_system

# DSTU2's status -> (clinical status, verification status).
_OLD_STATUS = {
    "active": ("active", ""),
    "unconfirmed": ("active", "unconfirmed"),
    "confirmed": ("active", "confirmed"),
    "inactive": ("inactive", ""),
    "resolved": ("resolved", ""),
    "refuted": ("", "refuted"),
    "entered-in-error": ("", "entered-in-error"),
}
_CRITICALITY = {"crith": "high", "high": "high", "critl": "low", "low": "low"}


def may_matter(resource: Mapping[str, Any]) -> bool:
    """Whether reading it could name anything that a rule looks at: most lists hold penicillin, pollen and latex.

    Intolerances are all read: how many drugs are not borne counts too (rulebook c.2).
    """
    if code_of(resource.get("type")).lower() == "intolerance":
        return True
    substances = (one.get("substance") for one in items(resource.get("reaction")))
    named = (resource.get("code"), resource.get("substance"), *substances)
    return any(_is_seen(one) for one in named if one is not None)


def _is_seen(said: Any) -> bool:
    return not isinstance(said, Mapping) or "concept" in said or allergy_glance().sees(said)


def read_allergy(resource: Mapping[str, Any], zone: tzinfo) -> Allergy:
    """One record; what a reaction itself names as its substance counts too."""
    named = [concept(resource.get("code")), concept(resource.get("substance"))]
    reactions = list(items(resource.get("reaction")))
    named += [concept(one.get("substance")) for one in reactions]
    shown = [found for one in reactions for found in _manifestations(one)]
    clinical, verification = _status(resource)
    recorded = resource.get("recordedDate") or resource.get("assertedDate") or resource.get("onsetDateTime")
    groups = [reaction_groups(one) for one in shown]
    known = frozenset().union(*groups)
    return Allergy(
        reference=own(resource) or "AllergyIntolerance",
        groups=frozenset().union(*(allergy_groups(one) for one in named)),
        clinical=clinical,
        verification=verification,
        kind=code_of(resource.get("type")).lower(),
        criticality=_CRITICALITY.get(code_of(resource.get("criticality")).lower(), ""),
        reactions=known,
        other_reactions=any(not one for one in groups),
        severe=any(code_of(one.get("severity")).lower() == "severe" for one in reactions),
        effect=next((one.words for one, found in zip(shown, groups, strict=True) if found), ""),
        recorded=first_day(recorded, zone),
        concept=next((one for one in named if one.codings or one.text), Concept()),
        of_drug=_is_of_drug(resource, named),
    )


def _is_of_drug(resource: Mapping[str, Any], named: Iterable[Concept]) -> bool:
    """The category says so (a list, in DSTU2 one word); without a category a code of a drug system does."""
    category = resource.get("category")
    if category:
        return "medication" in (category if isinstance(category, list) else [category])
    return any(canonical_system(coding.system) in (RXNORM, ATC) for one in named for coding in one.codings)


def _status(resource: Mapping[str, Any]) -> tuple[str, str]:
    if "clinicalStatus" not in resource and "verificationStatus" not in resource:
        return _OLD_STATUS.get(text_of(resource.get("status")), ("", ""))
    return code_of(resource.get("clinicalStatus")).lower(), code_of(resource.get("verificationStatus")).lower()


def _manifestations(reaction: Mapping[str, Any]) -> Iterable[Concept]:
    for one in items(reaction.get("manifestation")):
        found = concept(one)
        if found.codings or found.text:
            yield found
