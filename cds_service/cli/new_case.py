"""`cds-service new-case`: a Bundle and a few answers become a case folder."""

import os
import re
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from rich.prompt import Confirm, Prompt
from rich.text import Text

from cds_service.cli.asking import Reply, here
from cds_service.cli.cases import BadInput, Case, checked, located, read_object, tagged
from cds_service.cli.comparison import findings_of
from cds_service.cli.json_text import filed
from cds_service.cli.kinds import kind_of, ordered, roles
from cds_service.cli.terminal import card_panel, console, plain, print_json
from cds_service.cli.updating import expected_card
from cds_service.fhir.bundled import entries_of, patients_in, prefetch_from
from cds_service.fhir.release import release_of
from cds_service.fhir.write import Session, plain_draft
from cds_service.rules import rules
from cds_service.running import knowledge_of
from cds_service.settings import Settings

NO_RULE = "no-rule"
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TITLE = (20, 240)
_PRESCRIBER = "Practitioner/prescriber-synthetic"
_NOTHING_TO_SAY = "b.1 nothing to say"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The answers. `kind` is fires or silent."""

    rule: str
    kind: str
    name: str
    hook: str
    drug: str
    dose: str
    as_of: date
    title: str

    @property
    def folder(self) -> str:
        return f"{self.rule}/{self.kind}-{self.name}"


def new_case(asked: Namespace, hooks: Sequence[str]) -> int:
    """`hooks` may be called, the first one where nobody says which.

    Exit code 0 where the case was written, 1 where the service does not answer as it was to. Raises BadInput.
    """
    path = located(asked.bundle)
    bundle = read_object(path)
    entries = entries_of(bundle)
    identity, patient = _patient(entries, asked.patient)
    asks = sys.stdin.isatty() and not asked.yes and not asked.json
    wanted = _answers(asked, hooks, asks, path)
    target = Path(asked.out) / wanted.folder
    if target.exists():
        raise BadInput(f"{target} is there already; a case is not overwritten.")
    release = asked.release or release_of([], [entry["resource"] for entry in entries])
    request = build_request(entries, identity, patient, wanted, release)
    settings = Settings.read(os.environ)
    reply = here(settings)(Case(wanted.folder, request, {"as_of": wanted.as_of.isoformat()}))
    if reply.fault:
        raise BadInput(f"the service cannot answer the case: {reply.fault}.")
    out = console()
    if not asked.json:
        for card in reply.cards:
            out.print(card_panel(card))
        out.print(Text(f"{len(reply.cards)} cards" if reply.cards else "no card: the service stays silent"))
    fault = disagreement(wanted, reply)
    if fault:
        return _tell(asked, fault, 1)
    number = 0 if wanted.rule == NO_RULE else knowledge_of(settings).cards[wanted.rule].number
    expected = checked(build_expectation(reply, wanted, release, number), "expected", wanted.folder)
    if asks and not Confirm.ask("Is this what must come? Write it", console=out, default=True):
        return _tell(asked, "nothing was written", 0)
    _write(target, {"request.json": request, "expected.json": expected})
    return _tell(asked, f"written: {target}", 0)


def _tell(asked: Namespace, words: str, code: int) -> int:
    if asked.json:
        print_json({"done": code == 0, "said": words})
    else:
        console().print(Text(plain(words), style="bold red" if code else "bold green"), soft_wrap=True)
    return code


def _patient(entries: Sequence[Mapping[str, Any]], identity: str) -> tuple[str, Mapping[str, Any] | None]:
    """The id, and the resource; None for a Bundle without a Patient whose id is told instead."""
    every = patients_in(entries)
    if identity and not every:
        return identity, None
    found = [one for one in every if identity in ("", one.get("id"))]
    if len(found) != 1 or not isinstance(found[0].get("id"), str):
        many = f"{len(found)} patients" if not identity else f"no single patient {identity}"
        raise BadInput(f"the Bundle holds {many} with an id; a case is about one (--patient says which).")
    return str(found[0]["id"]), found[0]


def _answers(asked: Namespace, hooks: Sequence[str], asks: bool, path: Path) -> Wanted:
    """Options first, then the person at the terminal. Raises BadInput naming every option that is missing."""
    known = sorted([*rules(), NO_RULE])
    missing: list[str] = []

    def one(option: str, words: str, default: str = "", choices: Sequence[str] = ()) -> str:
        given: str = getattr(asked, option) or ""
        if not given and asks:
            shown = list(choices) or None
            given = Prompt.ask(words, default=default, show_default=bool(default), choices=shown, console=console())
        given = (given or default).strip()
        if not given:
            missing.append("--fires or --silent" if option == "kind" else f"--{option}")
        return given

    rule = one("rule", "Rule that the case is about")
    if rule and rule not in known:
        raise BadInput(f"there is no rule {rule}; those there are: {', '.join(known)}.")
    kind = one(
        "kind", "Must it fire or be silent", default="silent" if rule == NO_RULE else "", choices=("fires", "silent")
    )
    if rule == NO_RULE and kind == "fires":
        raise BadInput("a case of no-rule is silent.")
    hook = one("hook", "Hook", default=hooks[0], choices=hooks)
    drug = one("drug", "What is ordered", default="")
    dose = asked.dose or (
        Prompt.ask("How it is taken (empty: not said)", default="", console=console()) if asks else ""
    )
    name = one("name", "What the case differs in, in a few words", default=_slug(path.stem))
    if missing:
        raise BadInput(f"not said: {', '.join(missing)}.")
    title = one("title", "One sentence: the situation and what must happen", default=_title(rule, kind, drug))
    if not _SLUG.fullmatch(_slug(name)):
        raise BadInput(f"{name} gives no name of a folder: use letters and digits.")
    if not _TITLE[0] <= len(title) <= _TITLE[1] or not title.endswith(".") or title.endswith(".."):
        raise BadInput(
            f"the title must be a sentence of {_TITLE[0]} to {_TITLE[1]} characters that ends with a full stop."
        )
    return Wanted(rule, kind, _slug(name), hook, drug, dose, asked.as_of or date.today(), title)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80].strip("-")


def _title(rule: str, kind: str, drug: str) -> str:
    verb = "speaks" if kind == "fires" else "stays silent"
    return f"An order of {drug} for a synthetic patient: {rule} {verb}." if rule and kind and drug else ""


def build_request(
    entries: Sequence[Mapping[str, Any]],
    identity: str,
    patient: Mapping[str, Any] | None,
    wanted: Wanted,
    release: str,
) -> dict[str, Any]:
    """The call that a client would make: the draft, and every prefetch key answered from the Bundle."""
    session = Session(identity, _PRESCRIBER)
    draft = plain_draft(release, "draft", wanted.drug, wanted.dose, session, wanted.as_of)
    key = "medications" if wanted.hook == "medication-prescribe" else "draftOrders"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
    context: dict[str, Any] = {"userId": _PRESCRIBER, "patientId": identity}
    if wanted.hook == "order-select":
        context["selections"] = [f"{draft['resourceType']}/draft"]
    return {
        "hook": wanted.hook,
        "hookInstance": str(uuid5(NAMESPACE_URL, f"urn:ldn-cds:case:{wanted.folder}")),
        "context": {**context, key: bundle},
        "prefetch": prefetch_from(entries, None if patient is None else tagged(patient)),
    }


def disagreement(wanted: Wanted, reply: Reply) -> str:
    """Why the answer is not the one that the case is about; empty where it is."""
    spoken = {finding[0] for card in reply.cards for finding in findings_of(card)}
    if wanted.rule == NO_RULE:
        return f"not written: {', '.join(sorted(map(str, spoken)))} spoke, and no rule was to" if reply.cards else ""
    if (wanted.rule in spoken) == (wanted.kind == "fires"):
        return ""
    said = "did not speak" if wanted.kind == "fires" else "spoke"
    return f"not written: {wanted.rule} {said}. `cds-service call --explain` says why"


def build_expectation(reply: Reply, wanted: Wanted, release: str, number: int) -> dict[str, Any]:
    """What came, as an expectation with everything that can be said of it. `number` is the rule's, 0 for no rule."""
    named = partial(kind_of, drafts=roles(reply.request), before=ordered(reply.request))
    return {
        "title": wanted.title,
        "synthetic": True,
        "as_of": wanted.as_of.isoformat(),
        "release": release,
        "cases": [],
        "rulebook": f"{number} {'fires' if wanted.kind == 'fires' else 'not'}" if number else _NOTHING_TO_SAY,
        "cards": [expected_card(card, named) for card in reply.cards],
        "never": [wanted.rule] if wanted.kind == "silent" and wanted.rule != NO_RULE else [],
    }


def _write(folder: Path, files: Mapping[str, Any]) -> None:
    try:
        folder.mkdir(parents=True)
        for name, value in files.items():
            (folder / name).write_bytes(filed(value))
    except OSError as fault:
        raise BadInput(f"{folder} cannot be written: {fault.strerror}.") from None
