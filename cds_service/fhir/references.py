"""References as FHIR writes them: relative, absolute, versioned, urn, contained; and whose resource one is."""

import re
from collections.abc import Mapping
from typing import Any

_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.-]{1,128}")


def relative(reference: Any) -> str:
    """`Type/id` of a reference in any spelling; a urn or a contained reference stays as it is; empty for none."""
    if isinstance(reference, dict):
        reference = reference.get("reference")
    if not isinstance(reference, str):
        return ""
    text = reference.strip()
    if text.count("/") == 1 and "?" not in text and not text.startswith("#"):
        return text
    if not text or text.startswith(("#", "urn:")):
        return text
    parts = text.split("?", 1)[0].rstrip("/").split("/")
    if "_history" in parts:
        parts = parts[: parts.index("_history")]
    return "/".join(parts[-2:])


def own(resource: Mapping[str, Any]) -> str:
    """`Type/id` of a resource, or empty where it has no id that a reference could carry.

    A little wider than FHIR's own pattern, since real servers write underscores and longer ids; never a path, a space
    or a control character, because the reference goes out again in suggestions and evidence.
    """
    kind, name = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(name, str) or _ID.fullmatch(name) is None:
        return ""
    return f"{kind}/{name}"


def belongs(resource: Mapping[str, Any], patient_id: str, patient_urns: frozenset[str]) -> bool:
    """Whether a resource is the patient's: its subject names the patient, or it names no subject at all.

    `patient_urns` are the fullUrls under which the patient's own resource came, for Bundles that refer by urn.
    """
    if resource.get("resourceType") == "Patient":
        return resource.get("id") in (None, patient_id)
    if resource.get("resourceType") == "Appointment" and "subject" not in resource:
        return _attends(resource.get("participant"), patient_id, patient_urns)
    subject = resource.get("subject", resource.get("patient"))
    return _names_patient(subject, patient_id, patient_urns)


def _attends(participants: Any, patient_id: str, patient_urns: frozenset[str]) -> bool:
    """An appointment names its patient among those who take part; one that names no patient at all is taken."""
    actors = (
        [one.get("actor") for one in participants if isinstance(one, dict)] if isinstance(participants, list) else []
    )
    patients = [actor for actor in actors if isinstance(actor, dict) and _is_patient(actor)]
    return not patients or any(_names_patient(one, patient_id, patient_urns) for one in patients)


def _is_patient(actor: Mapping[str, Any]) -> bool:
    reference = actor.get("reference")
    return isinstance(reference, str) and relative(reference).startswith("Patient/")


def _names_patient(subject: Any, patient_id: str, patient_urns: frozenset[str]) -> bool:
    if not isinstance(subject, dict):
        return True
    reference = subject.get("reference")
    if not isinstance(reference, str) or not reference or reference.startswith("#"):
        return True
    if reference.startswith("Patient/") and reference[8:] == patient_id:
        return True
    if reference.startswith("urn:"):
        return reference in patient_urns or reference.rsplit(":", 1)[-1] == patient_id
    return relative(reference) in (f"Patient/{patient_id}", patient_id)
