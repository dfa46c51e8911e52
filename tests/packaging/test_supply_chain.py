"""What is installed is locked, and what is known to be weak or secret is found."""

import configparser
import json
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from project_script import script

CHECKOUT = Path(__file__).resolve().parents[2]
lock, audit, scan_secrets = script("lock"), script("audit"), script("scan_secrets")
LOCKS = ("run", "redis", "test", "docs", "check", "build", "fuzz")

each_lock = pytest.mark.parametrize("name", LOCKS)


def text_of(name: str) -> str:
    return (CHECKOUT / "requirements" / f"{name}.txt").read_text("utf-8")


def pins(name: str) -> list[Requirement]:
    return [Requirement(line.rstrip(" \\")) for line in text_of(name).splitlines() if line[:1].isalpha()]


def asked_for_by_setup(name: str) -> set[str]:
    """Distributions of which the lock says that setup.cfg asks for them."""
    blocks = re.split(r"^(?=\w)", text_of(name), flags=re.MULTILINE)
    ours = [block for block in blocks if re.search(r"^ +# +(?:via )?ldn-cds \(setup.cfg\)$", block, re.MULTILINE)]
    return {str(canonicalize_name(re.split(r"\[|==", block, maxsplit=1)[0])) for block in ours}


@pytest.mark.parametrize("name", ["run", "redis", "test", "docs", "check"])
def test_the_lock_is_in_step_with_setup_cfg(name: str) -> None:
    wanted = [Requirement(line) for line in lock.direct("" if name == "run" else name)]
    assert asked_for_by_setup(name) == {str(canonicalize_name(one.name)) for one in wanted}, "run make lock"
    for one in wanted:
        held = [pin for pin in pins(name) if canonicalize_name(pin.name) == canonicalize_name(one.name)]
        assert held, one.name
        for pin in held:
            [version] = pin.specifier
            assert one.specifier.contains(version.version), f"{pin} is not {one}; run make lock"


def test_every_extra_has_its_lock() -> None:
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg", "utf-8")
    assert {*setup["options.extras_require"], "run", "build"} == set(LOCKS)
    assert {path.stem for path in (CHECKOUT / "requirements").glob("*.txt")} == set(LOCKS)


@pytest.mark.parametrize("name", ["build", "fuzz"])
def test_what_has_an_environment_of_its_own_is_locked_too(name: str) -> None:
    held = {canonicalize_name(pin.name): pin for pin in pins(name)}
    for wanted in map(Requirement, lock.build_requirements() if name == "build" else lock.of_extra(name)):
        [version] = held[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(version.version), "run make lock"


@each_lock
def test_every_distribution_is_pinned_with_digests(name: str) -> None:
    blocks = re.split(r"^(?=\w)", text_of(name), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(name)) > 0
    for block in blocks:
        assert re.match(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+( ;.*)? \\\n", block), block[:80]
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block), block[:80]


def test_what_a_distribution_asks_of_another_is_locked_with_its_extras() -> None:
    """Older pips hold `coverage[toml]` for a distribution of its own, and install nothing where it has no version."""
    held = {canonicalize_name(pin.name): pin for pin in pins("test")}
    asked = [
        wanted
        for pin in held.values()
        if pin.marker is None or pin.marker.evaluate()
        for wanted in map(Requirement, distribution(pin.name).requires or ())
        if wanted.extras and (wanted.marker is None or wanted.marker.evaluate({"extra": ""}))
    ]
    assert asked
    assert [str(one) for one in asked if not one.extras <= held[canonicalize_name(one.name)].extras] == []


@each_lock
def test_no_lock_names_an_index_or_a_place(name: str) -> None:
    assert re.findall(r"://|--(?:extra-)?index|--find-links|--trusted|file:", text_of(name)) == []


def test_the_locks_agree_with_each_other() -> None:
    """So that several can be installed into one environment."""
    versions: dict[tuple[str, str], set[str]] = {}
    for name in ("run", "redis", "test", "docs", "check"):
        for pin in pins(name):
            versions.setdefault((pin.name, str(pin.marker or "")), set()).add(str(pin.specifier))
    assert {one: held for one, held in versions.items() if len(held) > 1} == {}


# pip-audit's report, in the shape of its version 2.10.
SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
WEAK = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"]}]}
UNKNOWN = {"name": "orjson", "skip_reason": "Dependency not found on PyPI and could not be audited: orjson (3.13.0)"}


def verdicts(*reports: list[dict[str, object]]) -> list[object]:
    return [audit.read({"dependencies": report, "fixes": []}) for report in reports]


def test_a_known_weakness_fails_and_is_named() -> None:
    code, words = audit.judge(verdicts([SOUND, WEAK]), {})
    assert (code, "jinja2 2.4.1: PYSEC-2014-8" in words) == (1, True)


def test_a_weakness_that_one_of_two_sources_knows_fails() -> None:
    assert audit.judge(verdicts([SOUND, {**UNKNOWN, "name": "jinja2"}], [SOUND, WEAK]), {})[0] == 1


def test_an_accepted_weakness_passes_and_one_that_is_gone_has_to_be_taken_off() -> None:
    accepted = audit.accepted_advisories(["# all", "PYSEC-2014-8  # templates are our own"])
    assert accepted == {"PYSEC-2014-8": "templates are our own"}
    assert audit.judge(verdicts([WEAK]), accepted)[0] == 0
    assert audit.judge(verdicts([SOUND]), accepted)[0] == 1


def test_every_accepted_weakness_says_why() -> None:
    assert all(audit.accepted_advisories(audit.ACCEPTED.read_text("utf-8").splitlines()).values())


@pytest.mark.parametrize("heard", [[], [[UNKNOWN]], [[UNKNOWN], [UNKNOWN]]])
def test_a_source_that_says_nothing_is_no_all_clear_and_no_failure(heard: list[list[dict[str, object]]]) -> None:
    code, words = audit.judge(verdicts(*heard), {})
    assert (code, words.startswith("NOT AUDITED")) == (0, True)


def test_what_only_one_source_knows_counts_as_asked() -> None:
    orjson = {"name": "orjson", "version": "3.13.0", "vulns": []}
    assert audit.judge(verdicts([SOUND, UNKNOWN]), {})[1].endswith("NOT AUDITED: orjson")
    assert audit.judge(verdicts([SOUND, UNKNOWN], [UNKNOWN | {"name": "flask"}, orjson]), {}) == (
        0,
        "audited 2 of 2 distributions, no weakness that is not accepted",
    )


def test_a_tool_that_breaks_or_hangs_has_not_audited(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> object:
        return subprocess.CompletedProcess([], 1, "Traceback", "")

    def hanging(command: list[str], **_: object) -> object:
        raise subprocess.TimeoutExpired(command, 1)

    for run in (broken, hanging):
        monkeypatch.setattr(audit.subprocess, "run", run)
        assert audit.ask("pypi") is None


def test_a_secret_that_nobody_reviewed_is_named_without_repeating_it() -> None:
    [complaint] = scan_secrets.judge({"a.py": ["Secret Keyword: 0123"]}, {})
    assert complaint.startswith("a.py: looks like a secret (Secret Keyword)")
    assert scan_secrets.judge({"a.py": ["Secret Keyword: 0123"]}, {"a.py": ["Secret Keyword: 0123"]}) == []
    [gone] = scan_secrets.judge({}, {"a.py": ["Secret Keyword: 0123"]})
    assert "remove from .secrets.baseline" in gone


def test_what_was_reviewed_names_files_that_are_there() -> None:
    reviewed = json.loads((CHECKOUT / ".secrets.baseline").read_text("utf-8"))
    assert [name for name in reviewed if not (CHECKOUT / name).is_file()] == []


def test_no_weakness_that_bandit_names_is_excluded_in_general() -> None:
    """Each is fixed or has its reason beside it."""
    setup = configparser.ConfigParser()
    setup.read(CHECKOUT / "setup.cfg", "utf-8")
    assert dict(setup["bandit"]) == {"targets": "cds_service", "recursive": "true"}
    lines = [
        (path.name, line)
        for path in sorted((CHECKOUT / "cds_service").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if "nosec" in line
    ]
    assert [one for one in lines if not re.search(r"# nosec B\d{3}  # \w+", one[1])] == []


def test_make_check_asks_all_three() -> None:
    recipe = (CHECKOUT / "Makefile").read_text("utf-8").split("\ncheck:", 1)[1].split("\n\n", 1)[0]
    assert [name for name in ("bandit", "scan_secrets.py", "audit.py") if name not in recipe] == []
