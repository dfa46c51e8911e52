"""`cds-service validate`: everything that is wrong with a file, each with its JSON path."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from cds_service.cli.cases import BadInput, located, shape_faults
from cds_service.cli.terminal import console, plain, print_json, progress
from cds_service.errors import MalformedRequest, RefusedRequest
from cds_service.fhir.validation import Placed, faults_of, is_judged, placed, releases_of
from cds_service.hooks.body import read_json
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.request import read_request
from cds_service.hooks.schemas import Fault, schema

_MARKS = {
    "hook": "request",
    "hookInstance": "request",
    "cards": "response",
    "systemActions": "response",
    "feedback": "feedback",
    "services": "discovery",
    "resourceType": "resource",
    "answers": "server",
}
# Required by this project only, or refused by it though CDS Hooks has it: (keyword, end of the path).
_OURS_ONLY = re.compile(r"required:.*\.(uuid|topic)|false:.*|additionalProperties:.*")


@dataclass(frozen=True, slots=True)
class Problem:
    """`path` is where (`prefetch.labs.entry[3].resource.code`), `by` whose rule is broken: json, wire, fhir, case."""

    path: str
    text: str
    by: str
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class Judged:
    """One file. `unjudged` are resource types for which there is no model in the release."""

    file: str
    kind: str
    release: str
    problems: tuple[Problem, ...]
    unjudged: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)


def validate(names: Sequence[str], kind: str, release: str, *, as_json: bool) -> int:
    """Exit code 0 where every file is valid, 1 where one is not. Raises BadInput where there is no file."""
    out = console()
    files = [file for name in names for file in _files(located(name))]
    judged = []
    with progress(out, quiet_out=as_json) as bar:
        task = bar.add_task("files", total=len(files))
        for file in files:
            judged.append(judge_file(file, kind, release))
            bar.advance(task)
            if not as_json:
                for line in _lines(judged[-1]):
                    out.print(line, soft_wrap=True)
    wrong = sum(not one.valid for one in judged)
    if as_json:
        rows = [{**asdict(one), "valid": one.valid} for one in judged]
        print_json({"valid": len(judged) - wrong, "invalid": wrong, "files": rows})
    else:
        out.print(Text(f"{len(judged) - wrong} valid, {wrong} not valid", style="bold red" if wrong else "bold green"))
    return 1 if wrong else 0


def _files(path: Path) -> list[Path]:
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise BadInput(f"no JSON file is in {path}.")
    return files


def judge_file(path: Path, kind: str = "", release: str = "") -> Judged:
    """Raises BadInput where the file cannot be read or is of no known kind."""
    try:
        value = read_json(path.read_bytes())
    except OSError as fault:
        raise BadInput(f"{path} cannot be read: {fault.strerror}.") from None
    except MalformedRequest as fault:
        return Judged(str(path), kind or "unknown", "", (Problem("", f"{fault.text} {fault.diagnostics}.", "json"),))
    return judge(value, str(path), kind or _kind(value, path.name), release)


def _kind(value: Any, name: str) -> str:
    """Cases and schemas are known by their names, everything else by what it holds."""
    if name == "expected.json":
        return "expected"
    known = next((kind for mark, kind in _MARKS.items() if isinstance(value, Mapping) and mark in value), "")
    return known or ("schema" if isinstance(value, Mapping) and "$schema" in value else "unknown")


def judge(value: Any, file: str, kind: str, release: str = "") -> Judged:
    """Judge a value that was read. `release` empty: the one that its resources look like."""
    if kind in ("unknown", "schema"):
        text = "is a JSON Schema, nothing to judge" if kind == "schema" else "is nothing that CDS Hooks or FHIR sends"
        severity = "warning" if kind == "schema" else "error"
        return Judged(file, kind, "", (Problem("", f"The file {text}.", "wire", severity),))
    problems = list(_wire(value, kind))
    resources = list(placed(value)) if kind not in ("feedback", "discovery", "expected") else []
    release = release or (releases_of(resources) if resources else "")
    problems += [problem for one in resources for problem in _fhir(one, release)]
    kinds = {str(one.resource["resourceType"]) for one in resources}
    unjudged = sorted(one for one in kinds if release == "DSTU2" and not is_judged(one, release))
    return Judged(file, kind, release, tuple(problems), tuple(unjudged))


def _wire(value: Any, kind: str) -> Iterator[Problem]:
    if kind == "request":
        faults = schema("request").faults(value)
        yield from map(_problem, faults)
        if not faults:
            yield from _refusal(value)
    elif kind == "feedback":
        yield from _feedback(value)
    elif kind in ("response", "discovery"):
        for fault in schema(kind).faults(value):
            ours = _OURS_ONLY.fullmatch(f"{fault.keyword}:{fault.path}")
            yield _problem(fault, severity="warning" if ours else "error")
    elif kind in ("expected", "server"):
        yield from (Problem(path, text, "case") for path, text in shape_faults(kind, value))
    elif not isinstance(value, Mapping) or not isinstance(value.get("resourceType"), str):
        yield Problem("resourceType", "A resource must be an object with a resourceType.", "fhir")


def _refusal(value: Mapping[str, Any]) -> Iterator[Problem]:
    """What the schema cannot say; the first thing only, as the service would refuse it."""
    try:
        read_request(value, str(value["hook"]))
    except RefusedRequest as fault:
        yield Problem(fault.expression, fault.text, "wire")


def _feedback(value: Any) -> Iterator[Problem]:
    try:
        _, bad = read_feedback(value)
    except RefusedRequest as fault:
        yield Problem(fault.expression, fault.text, "wire")
        return
    for entry in bad:
        found = schema("feedback").faults(value["feedback"][entry.index])
        if not found:
            yield Problem(entry.path, entry.text, "wire")
        for one in found:
            yield _problem(Fault(f"feedback[{entry.index}].{one.path}".rstrip("."), one.keyword, one.text))


def _problem(fault: Fault, severity: str = "error") -> Problem:
    return Problem(fault.path, fault.text, "wire", severity)


def _fhir(one: Placed, release: str) -> Iterator[Problem]:
    for fault in faults_of(one, release):
        yield Problem(json_path(fault.path), fault.reason, "fhir")


def json_path(steps: Sequence[str | int]) -> str:
    """`prefetch.labs.entry[3].resource` from its steps."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _lines(one: Judged) -> Iterator[Text]:
    what = " ".join(part for part in (one.release, one.kind) if part)
    word, style = ("valid", "green") if one.valid else ("WRONG", "bold red")
    yield Text.assemble((word, style), plain(f"  {one.file} ({what})"))
    for problem in one.problems:
        colour = "red" if problem.severity == "error" else "yellow"
        yield Text(plain(f"    {problem.path or 'the top'}: {problem.text} [{problem.by} {problem.severity}]"), colour)
    if one.unjudged:
        yield Text(plain(f"    without a model in {one.release}, not judged: {', '.join(one.unjudged)}"), style="dim")
