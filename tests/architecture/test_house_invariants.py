"""The invariants of the house that a reader of the code can check: what may be imported and read where."""

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "cds_service"
DOORS = ("web", "cli", "hostile")
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
BELOW = [path for path in FILES if path.relative_to(PACKAGE).parts[0] not in DOORS]
JUDGEMENT = [path for path in FILES if path.relative_to(PACKAGE).parts[0] in ("rules", "definitions")]

CLOCK, NETWORK = "the clock", "the network"
IMPORTS = {
    "time": CLOCK,
    "sched": CLOCK,
    "random": "chance",
    "secrets": "chance",
    "os": "the environment",
    "subprocess": "other programs",
    "socket": NETWORK,
    "ssl": NETWORK,
    "http": NETWORK,
    "urllib.request": NETWORK,
    "requests": NETWORK,
    "urllib3": NETWORK,
    "httpx": NETWORK,
}
CALLS = {
    "now": CLOCK,
    "today": CLOCK,
    "utcnow": CLOCK,
    "monotonic": CLOCK,
    "perf_counter": CLOCK,
    "uuid1": "chance",
    "uuid4": "chance",
    "getenv": "the environment",
    "environ": "the environment",
    "urandom": "chance",
}
ALLOWED = {
    "fhir/client.py": {CLOCK},  # the time that is left of a call's deadline
    "outbound/breaker.py": {CLOCK},  # how long a server has been left alone
    "outbound/lanes.py": {CLOCK},  # how long threads are waited for
    "outbound/reader.py": {CLOCK, NETWORK, "chance"},  # the one way out, against a deadline; chance spreads retries
    "outbound/retry.py": {CLOCK},  # a Retry-After may be a date
    "outbound/timed_sockets.py": {CLOCK, NETWORK},  # connections that obey the deadline
    "callers/key_sets.py": {CLOCK},  # how old a key set is; a test brings its own stopwatch
    "callers/reception.py": {CLOCK},  # whether a token has expired; a test brings its own clock
    "callers/replay.py": {CLOCK},  # how long a lost store is left alone
    "callers/fetching.py": {CLOCK},  # how long a key set may take
    "running.py": {CLOCK},  # a service that runs: `answer` asks what day it is and hands it down
    "feedback/tables.py": {CLOCK},  # the database stamps its rows (`func.now`); nothing reads the clock
}
each_file_below = pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(PACKAGE)))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def touched(path: Path) -> set[str]:
    """What of the outside world a file reads, by its imports and the names of what it uses."""
    found = set()
    for name in imported(path):
        found |= {what for module, what in IMPORTS.items() if name == module or name.startswith(f"{module}.")}
        found |= {what for call, what in CALLS.items() if name.rsplit(".", 1)[-1] == call}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in CALLS:
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner not in ("case", "self", "thresholds"):  # `case.today` is a fact, not a clock
                found.add(CALLS[node.attr])
    return found


@each_file_below
def test_below_the_doors_nothing_reads_clock_environment_network_or_chance(path: Path) -> None:
    allowed = ALLOWED.get(str(path.relative_to(PACKAGE)), set())
    assert touched(path) <= allowed


@pytest.mark.parametrize("name", ALLOWED)
def test_an_exception_is_an_exception_because_it_is_needed(name: str) -> None:
    assert touched(PACKAGE / name) == ALLOWED[name]


def test_the_check_itself_sees_a_clock(tmp_path: Path) -> None:
    for line, what in {
        "from time import monotonic": CLOCK,
        "import time": CLOCK,
        "from datetime import date\nday = date.today()": CLOCK,
        "import datetime\nday = datetime.datetime.now()": CLOCK,
        "from uuid import uuid4": "chance",
        "import os": "the environment",
        "from os import environ": "the environment",
        "import requests": NETWORK,
        "from urllib.request import urlopen": NETWORK,
    }.items():
        (tmp_path / "seen.py").write_text(line, "utf-8")
        assert what in touched(tmp_path / "seen.py"), line
    (tmp_path / "seen.py").write_text("from urllib.parse import urlsplit\ndef f(case):\n    return case.today", "utf-8")
    assert touched(tmp_path / "seen.py") == set()


OUTGOING = ("requests", "urllib3", "httpx", "aiohttp", "http.client", "urllib.request", "socket", "ssl", "ftplib")
OUTGOING_ALLOWED = {
    "outbound/reader.py": "the one way out",
    "outbound/timed_sockets.py": "the connections of the one way out",
    "cli/asking.py": "calls the CDS service that somebody names on the command line, not a server of a request",
    "cli/record.py": "stands between an EHR and the CDS service that somebody names on the command line",
    "cli/serve.py": "looks whether the port to listen on is free",
    "hostile/ehr.py": "a server for tests: it listens, also on the ports where a fault is shown",
    "hostile/names.py": "makes one name slow to look up, for a test",
    "hostile/wire.py": "writes to whoever has connected to it",
    "web/connections/connection.py": "holds the socket of a client that has connected to us",
    "web/connections/receiving.py": "sockets of clients that have connected to us; it opens none",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_goes_past_the_one_way_out(path: Path) -> None:
    used = {name for name in imported(path) for module in OUTGOING if name == module or name.startswith(f"{module}.")}
    assert bool(used) == (str(path.relative_to(PACKAGE)) in OUTGOING_ALLOWED), used


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_flask_lives_only_in_web_and_sqlalchemy_only_in_feedback(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    libraries = {name.split(".")[0] for name in imported(path)}
    assert room == "web" or not libraries & {"flask", "flask_cors", "werkzeug"}
    assert room == "feedback" or "sqlalchemy" not in libraries


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_fhir_speaks_of_releases_models(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0]
    assert room == "fhir" or not any(name == "fhir" or name.startswith("fhir.") for name in imported(path))


def _numbers_compared(path: Path) -> Iterator[tuple[int, float]]:
    """(line, number) where a number above 2 is compared with something or makes a span of days."""
    for node in ast.walk(tree(path)):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and "timedelta" in ast.dump(node.func):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        for part in parts:
            for constant in ast.walk(part):
                if isinstance(constant, ast.Constant) and type(constant.value) in (int, float) and constant.value > 2:
                    yield node.lineno, constant.value


@pytest.mark.parametrize("path", JUDGEMENT, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_clinical_number_lives_in_code(path: Path) -> None:
    assert list(_numbers_compared(path)) == []


def test_the_check_itself_sees_a_number(tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text("x = days <= 14\ny = timedelta(days=308)\nz = len(a) > 1\n", "utf-8")
    assert list(_numbers_compared(tmp_path / "seen.py")) == [(1, 14), (2, 308)]


@pytest.mark.parametrize("path", JUDGEMENT, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_clinical_sentence_lives_in_a_rule_or_definition(path: Path) -> None:
    """Complaints about a bad thresholds file are for operators, and patterns are no sentences."""
    parsed = tree(path)
    excused = {
        id(inner)
        for node in ast.walk(parsed)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("_bad", "re.compile"))
        for inner in ast.walk(node)
    }
    texts = [n for n in ast.walk(parsed) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert [one.value for one in texts if id(one) not in excused and one.value.count(" ") > 2] == []


def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / "setup.cfg", "utf-8")
    return parser


def test_every_folder_with_python_in_it_is_packaged() -> None:
    packages = set(setup()["options"]["packages"].split())
    folders = {".".join(path.parent.relative_to(CHECKOUT).parts) for path in FILES}
    assert folders <= packages


def test_every_package_that_is_listed_is_there() -> None:
    config = setup()
    placed = dict(line.split(" = ") for line in config["options"]["package_dir"].strip().splitlines())
    for package in config["options"]["packages"].split():
        folder = placed.get(package, package.replace(".", "/"))
        assert (CHECKOUT / folder).is_dir(), package


def test_every_data_file_of_the_package_is_packaged() -> None:
    """Schemas and value sets: a file that no pattern covers would be missing from the wheel."""
    config = setup()
    patterns = {package: globs.split() for package, globs in config["options.package_data"].items()}
    for path in PACKAGE.rglob("*"):
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts:
            folder = next(parent for parent in path.parents if (parent / "__init__.py").is_file())
            package = ".".join(folder.relative_to(CHECKOUT).parts)
            assert any(path.match(glob) for glob in patterns.get(package, [])), path.relative_to(CHECKOUT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_named_for_what_they_hold(path: Path) -> None:
    assert not {"utils", "helpers", "common", "manager", "util", "misc"} & set(
        path.relative_to(PACKAGE).with_suffix("").parts
    )


def test_function_names_do_not_shadow_a_package_of_their_room() -> None:
    for folder in (path.parent for path in FILES if path.name == "__init__.py"):
        rooms = {child.name for child in folder.iterdir() if child.is_dir()}
        defined = {node.name for node in tree(folder / "__init__.py").body if isinstance(node, ast.FunctionDef)}
        assert not rooms & defined, folder


def test_no_two_files_of_the_tests_have_one_name() -> None:
    """The folders of tests are no packages: pytest refuses the second module of a name when both land on one worker."""
    names = [path.name for path in (CHECKOUT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(set(names)) == sorted(names)
