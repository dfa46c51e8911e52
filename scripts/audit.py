"""Ask whether any locked distribution has a published weakness; a known one fails.

    .venv/bin/python scripts/audit.py

pip-audit asks; this script judges what it heard. An advisory source that cannot be reached, or that does not know a
distribution, has not said that all is well, though pip-audit ends with 0 in the second case. That is said, and it does
not fail, since a change must not wait for somebody else's server. A weakness that has to be lived with for a while
stands in `.ci/accepted-advisories.txt`: one id a line, and why after a #.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
LOCKS = ("run", "redis", "test", "docs", "check", "build", "fuzz")
ACCEPTED = CHECKOUT / ".ci" / "accepted-advisories.txt"
SOURCES = ("pypi", "osv")
_LONGEST = 240


@dataclass(frozen=True, slots=True)
class Verdict:
    """`asked`: how many distributions; `silent`: those the source does not know; `found`: id and distribution."""

    asked: int
    silent: tuple[str, ...]
    found: tuple[tuple[str, str], ...]


def main() -> int:
    """Exit code 1 where a weakness is known that nobody accepted, or an accepted one is gone; else 0."""
    accepted = accepted_advisories(ACCEPTED.read_text("utf-8").splitlines())
    heard = [verdict for source in SOURCES if (verdict := ask(source)) is not None]
    code, words = judge(heard, accepted)
    print(words)
    return code


def ask(source: str) -> Verdict | None:
    """None where the source cannot be reached or does not answer in time."""
    locks = [word for name in LOCKS for word in ("--requirement", str(CHECKOUT / "requirements" / f"{name}.txt"))]
    options = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off", "--timeout", "10")
    command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", source, *options, *locks]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST)
        return read(json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None


def read(report: Mapping[str, Any]) -> Verdict:
    """pip-audit's JSON: a distribution has `vulns`, or a `skip_reason` where the source does not know it."""
    entries = report["dependencies"]
    silent = {entry["name"] for entry in entries if "skip_reason" in entry}
    found = {(one["id"], f"{entry['name']} {entry['version']}") for entry in entries for one in entry.get("vulns", ())}
    return Verdict(len({entry["name"] for entry in entries}), tuple(sorted(silent)), tuple(sorted(found)))


def judge(heard: Iterable[Verdict], accepted: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and words. What one source does not know, another may; a weakness counts whoever told of it."""
    verdicts = list(heard)
    found = sorted({one for verdict in verdicts for one in verdict.found})
    unknown = sorted(set[str].intersection(*(set(verdict.silent) for verdict in verdicts))) if verdicts else []
    asked = max((verdict.asked for verdict in verdicts), default=0)
    open_ones = [f"{name}: {identity}" for identity, name in found if identity not in accepted]
    if open_ones:
        return 1, "\n".join(["Known weaknesses, not accepted in .ci/accepted-advisories.txt:", *open_ones])
    if len(unknown) == asked:
        return 0, "NOT AUDITED: no advisory source could be reached that knows our distributions. This is no all-clear."
    gone = sorted(set(accepted) - {identity for identity, _ in found}) if not unknown else []
    if gone:
        return 1, f"no longer found, remove from accepted-advisories.txt: {', '.join(gone)}"
    said = f"audited {asked - len(unknown)} of {asked} distributions, no weakness that is not accepted"
    return 0, f"{said}; NOT AUDITED: {', '.join(unknown)}" if unknown else said


def accepted_advisories(lines: Iterable[str]) -> dict[str, str]:
    """Id to reason."""
    parts = [line.partition("#") for line in lines if line.split("#", 1)[0].strip()]
    return {identity.strip(): reason.strip() for identity, _, reason in parts}


if __name__ == "__main__":
    sys.exit(main())
