"""Run all tests; in CI, fail on a skip that nobody has reviewed.

    .venv/bin/python scripts/run_tests.py [argument of pytest ...]

A skipped test is a test that did not run, and a green run must not hide it. With CI=true every skip (an expected
failure counts as one) has to stand in `.ci/allowed-skips.txt`, and a line there that matches nothing has to go.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

CHECKOUT = Path(__file__).resolve().parents[1]
ALLOWED = CHECKOUT / ".ci" / "allowed-skips.txt"
# A file stays on one worker, so that what its tests share, such as a running server, is made once.
SPREAD = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")


def main(arguments: list[str]) -> int:
    """pytest's exit code, or 1 where it passed and the skips are not as reviewed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        options = [*SPREAD, f"--junitxml={report}", "-o", "junit_family=xunit1"]
        code = subprocess.run([sys.executable, "-m", "pytest", *options, *arguments], check=False).returncode
        if code or not in_ci(os.environ):
            return code
        complaints = judge(skipped(report), allowed(ALLOWED), whole=not arguments)
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def in_ci(environ: "os._Environ[str] | dict[str, str]") -> bool:
    return environ.get("CI", "").lower() in ("1", "true", "yes")


def skipped(report: Path) -> list[str]:
    """Ids such as `tests/web/test_door.py::test_name[case]` of all tests that did not run."""
    cases = ElementTree.parse(report).getroot().iter("testcase")
    return sorted(f"{case.get('file')}::{case.get('name')}" for case in cases if case.find("skipped") is not None)


def allowed(path: Path) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def judge(found: list[str], reviewed: list[str], *, whole: bool) -> list[str]:
    """What to complain of. `whole`: all tests were asked for, so that a line without a skip is out of date."""
    complaints = [f"SKIPPED without review: {test}" for test in found if test not in reviewed]
    if whole:
        complaints += [
            f"no longer skipped, remove from allowed-skips.txt: {test}" for test in reviewed if test not in found
        ]
    return complaints


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
