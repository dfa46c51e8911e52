"""A call without its person: what this service reads and nothing else, with other names for everything.

An allow-list (`kept_elements`): names, addresses, telecom, identifiers, narrative, notes, extensions and whatever is
unknown are dropped because they are not on it. Ids become digests with a salt that nobody keeps. Free text is dropped
(`Words.NONE`), or cut down to the words of our own value sets where the findings rest on it (`Words.KNOWN`). Dates are
moved by whoever calls, before or after: a date that is one is kept here. Pure; the salt is an argument.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from cds_service.fhir.answers import EPIC_NO_RESULTS, key_of
from cds_service.fhir.kept_elements import BARE, BUNDLE, CODES, ELEMENTS, Spec
from cds_service.terminology.kept_words import MARK, kept_words
from cds_service.terminology.systems import canonical_system, is_known_system
from cds_service.terminology.units import is_unit

BASE = "https://ehr.example.test/fhir"
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?")
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?")
_CODE = re.compile(r"[A-Za-z0-9]{1,20}([.-][A-Za-z0-9]{1,12}){0,3}")
_TYPE = re.compile(r"[A-Z][A-Za-z]{2,40}")
_HOOK = re.compile(r"[a-z]{2,20}(-[a-z]{2,20}){0,3}")
_LOINC = re.compile(r"\d{1,7}-\d")
_HL7 = re.compile(r"http://(terminology\.hl7\.org|hl7\.org/fhir)/[A-Za-z0-9/.-]{1,60}")
_DEEPEST = 40
_NOTHING = object()


class Words(Enum):
    """How much is left of a free text."""

    NONE = "none"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Deidentifier:
    """Reads one call after another with one salt, so that the same person has the same new id in all of them."""

    salt: bytes = field(repr=False)
    words: Words = Words.NONE

    def request(self, call: Mapping[str, Any], instance: str) -> dict[str, Any]:
        """The call with a new `hookInstance`; `fhirServer`, `fhirAuthorization` and extensions are never kept."""
        context = call.get("context")
        context = context if isinstance(context, Mapping) else {}
        hook = call.get("hook")
        made: dict[str, Any] = {"hook": hook if isinstance(hook, str) and _HOOK.fullmatch(hook) else ""}
        made |= {"hookInstance": instance, "context": self._context(context)}
        prefetch = call.get("prefetch")
        if isinstance(prefetch, Mapping):
            made["prefetch"] = self._prefetch(prefetch)
        return made

    def reference(self, text: str) -> str:
        """`Type/id` in any spelling, `urn:uuid:…`, `#contained` or a bare id, with another id; a bare type stays."""
        if text in _TYPES:
            return text
        if text.startswith("#"):
            return f"#{self.name(text[1:])}"
        if text.startswith("urn:"):
            return f"urn:uuid:{UUID(bytes=self._digest(text.rsplit(':', 1)[-1])[:16])}"
        steps = text.partition("/_history/")[0].rstrip("/").split("/")
        kind = steps[-2] if len(steps) > 1 and _TYPE.fullmatch(steps[-2]) and steps[-2] in _TYPES else ""
        return f"{kind}/{self.name(steps[-1])}" if kind else self.name(steps[-1])

    def name(self, identity: str) -> str:
        """An id with another one in its place: the same for the same id, different for every salt."""
        return "x" + self._digest(identity).hex()[:20]

    def _digest(self, text: str) -> bytes:
        return hmac.new(self.salt, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _context(self, context: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key in ("userId", "patientId", "encounterId"):
            if isinstance(context.get(key), str) and context[key].strip():
                made[key] = self.reference(context[key].strip())
        if isinstance(context.get("selections"), list):
            made["selections"] = [self.reference(one) for one in context["selections"] if isinstance(one, str)]
        for key in ("draftOrders", "medications"):
            if key in context:
                value = self._value(context[key], "resource", 0)
                made[key] = None if value is _NOTHING else value
        return made

    def _prefetch(self, prefetch: Mapping[str, Any]) -> dict[str, Any]:
        """Keys that mean one of ours keep their meaning and lose their spelling; others are numbered."""
        made: dict[str, Any] = {}
        for number, (key, value) in enumerate(prefetch.items(), start=1):
            known = key_of(key)
            name = known if known and known not in made else f"other{number}"
            kept = None if value is None else self._value(value, "resource", 0)
            if kept is not _NOTHING:
                made[name] = kept
        return made

    def _value(self, value: Any, how: Any, depth: int) -> Any:
        """A value as it may be kept; `_NOTHING` for what may not."""
        if depth > _DEEPEST:
            return _NOTHING
        if isinstance(value, list):
            parts = [self._value(part, how, depth + 1) for part in value]
            return [part for part in parts if part is not _NOTHING]
        if isinstance(how, Mapping):
            return self._object(value, how, depth)
        if how == "resource":
            return self._resource(value, depth)
        kept = _KINDS[how](self, value)
        return _NOTHING if kept is None else kept

    def _object(self, value: Any, spec: Spec, depth: int) -> Any:
        if not isinstance(value, Mapping):
            return _NOTHING
        made = {}
        for name, how in spec.items():
            if name in value:
                kept = self._value(value[name], how, depth + 1)
                if kept is not _NOTHING:
                    made[name] = kept
        return made

    def _resource(self, value: Any, depth: int) -> Any:
        if not isinstance(value, Mapping):
            return _NOTHING
        kind = value.get("resourceType")
        if kind is None and isinstance(value.get("entry"), list):
            return self._object(value, BUNDLE, depth)
        if kind is None and isinstance(value.get("resource"), Mapping):  # an entry where a Bundle or resource belongs
            return self._object(value, BUNDLE["entry"], depth)
        if not isinstance(kind, str) or kind not in _TYPES:
            return _NOTHING
        if kind in BARE:
            return {"resourceType": kind}
        return {"resourceType": kind, **self._object(value, BUNDLE if kind == "Bundle" else ELEMENTS[kind], depth)}

    def _text(self, value: Any) -> str | None:
        if not isinstance(value, str) or self.words is Words.NONE:
            return None
        return kept_words(value) or None

    def _concept(self, value: Any) -> Any:
        """Codings of known systems, with their displays as text is treated; a bare string is a text or a code."""
        if isinstance(value, str):
            return value if value in CODES else self._text(value)
        if not isinstance(value, Mapping):
            return None
        if isinstance(value.get("concept"), Mapping):
            return {"concept": self._concept(value["concept"])}
        coding = value.get("coding")
        if coding is None and "code" in value:  # a Coding where a CodeableConcept belongs
            return self._coding(value)
        made: dict[str, Any] = {}
        codings = [self._coding(one) for one in (coding if isinstance(coding, list) else [coding])]
        if any(codings):
            made["coding"] = [one for one in codings if one]
        text = self._text(value.get("text"))
        if text:
            made["text"] = text
        return made

    def _coding(self, value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping):
            return None
        made: dict[str, Any] = {}
        system, code = value.get("system"), value.get("code")
        if isinstance(code, str) and _CODE.fullmatch(code.strip()):
            if isinstance(system, str) and _is_kept(system):
                made = {"system": canonical_system(system), "code": code}
            elif code == EPIC_NO_RESULTS or code in CODES:
                made = {"code": code}
        display = self._text(value.get("display"))
        return {**made, "display": display} if display else made or None

    def _status(self, value: Any) -> Any:
        return self._concept(value) if isinstance(value, Mapping) else _code(value)

    def _quantity(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        made: dict[str, Any] = {}
        if _is_number(value.get("value")):
            made["value"] = value["value"]
        if value.get("comparator") in ("<", "<=", ">=", ">", "ad"):
            made["comparator"] = value["comparator"]
        for name in ("unit", "code"):
            if isinstance(value.get(name), str) and is_unit(value[name]):
                made[name] = value[name]
        if isinstance(value.get("system"), str) and is_known_system(value["system"]):
            made["system"] = canonical_system(value["system"])
        return made

    def _period(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        return {name: value[name] for name in ("start", "end") if _date(value.get(name))}

    def _reference(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.reference(value)
        if not isinstance(value, Mapping):
            return None
        inner = value.get("reference")
        if isinstance(inner, Mapping):
            return {"reference": self._reference(inner)}
        return {"reference": self.reference(inner)} if isinstance(inner, str) else {}

    def _drug_reference(self, value: Any) -> Any:
        """The display of a medication's reference is what the drug is called where the reference leads nowhere."""
        made = self._reference(value)
        display = self._text(value.get("display")) if isinstance(value, Mapping) else None
        return {**made, "display": display} if isinstance(made, dict) and display else made

    def _codeable_reference(self, value: Any) -> Any:
        if isinstance(value, Mapping) and "reference" in value:
            made = self._drug_reference(value)
            return {**made, **({"concept": self._concept(value["concept"])} if "concept" in value else {})}
        return self._concept(value)

    def _requester(self, value: Any) -> Any:
        """Only who, by another name; STU3 wraps it once more, which tells the release."""
        if isinstance(value, Mapping) and "agent" in value:
            return {"agent": self._reference(value["agent"]) or {}}
        return self._reference(value)

    def _identifier(self, value: Any) -> Any:
        """What belongs together still does; what it was called is gone."""
        if not isinstance(value, Mapping):
            return None
        made = {name: self.name(value[name]) for name in ("system", "value") if isinstance(value.get(name), str)}
        return {**made, **({"system": f"urn:x:{made['system']}"} if "system" in made else {})}

    def _note(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            text = self._text(value.get("text"))
            return {"text": text} if text else None
        return self._text(value)

    def _id(self, value: Any) -> str | None:
        return self.name(value) if isinstance(value, str) else None

    def _url(self, value: Any) -> str | None:
        if not isinstance(value, str) or not value:
            return None
        return self.reference(value) if value.startswith("urn:") else f"{BASE}/{self.reference(value)}"

    def _link(self, value: Any) -> str:
        """Of a search only what it searched: the type, and LOINC codes."""
        try:
            parts = urlsplit(value if isinstance(value, str) else "")
        except ValueError:
            return BASE
        kind = parts.path.rstrip("/").rsplit("/", 1)[-1]
        if kind not in _TYPES:
            return BASE
        asked = [code.rpartition("|")[2] for one in parse_qs(parts.query).get("code", ()) for code in one.split(",")]
        codes = ",".join(code for code in asked if _LOINC.fullmatch(code))
        return f"{BASE}/{kind}?code={codes}" if codes else f"{BASE}/{kind}?"


_TYPES = frozenset(ELEMENTS) | BARE | {"Bundle"}


def _is_kept(system: str) -> bool:
    return is_known_system(system) or _HL7.fullmatch(system) is not None


def _code(value: Any) -> str | None:
    return value if isinstance(value, str) and value in CODES else None


def _date(value: Any) -> str | None:
    return value if isinstance(value, str) and _DATE.fullmatch(value) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_KINDS: Mapping[str, Any] = {
    "code": lambda _, value: _code(value),
    "status": Deidentifier._status,
    "date": lambda _, value: _date(value),
    "time": lambda _, value: value if isinstance(value, str) and _TIME.fullmatch(value) else None,
    "number": lambda _, value: value if _is_number(value) else None,
    "boolean": lambda _, value: value if isinstance(value, bool) else None,
    "presence": lambda _, value: {"text": MARK},
    "presence-text": lambda _, value: MARK,
    "text": Deidentifier._text,
    "note": Deidentifier._note,
    "concept": Deidentifier._concept,
    "coding": Deidentifier._coding,
    "quantity": Deidentifier._quantity,
    "period": Deidentifier._period,
    "reference": Deidentifier._reference,
    "drug-reference": Deidentifier._drug_reference,
    "codeable-reference": Deidentifier._codeable_reference,
    "requester": Deidentifier._requester,
    "identifier": Deidentifier._identifier,
    "id": Deidentifier._id,
    "url": Deidentifier._url,
    "link": Deidentifier._link,
}
