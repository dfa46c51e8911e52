"""Which test passes which line of the rooms: every test is run once, unchanged, and must pass."""

import functools
import gc
import hashlib
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mutation.rooms import BUILD, CARDS, CHECKOUT, CODE, ROOMS, TESTS

FILE = BUILD / "reach.json"
QUIET = ("-p", "no:cacheprovider", "-p", "no:xdist", "--capture=sys", "--hypothesis-seed=0")
JUDGING = (
    *(f"cds_service.{room}" for room in ("record", "definitions", "rules", "titration")),
    *(f"cds_service.present.{module}" for module in ("cards", "suggestions", "wording")),
)
"""Modules whose caches hold what the changed code made: each test and each trial begins without it."""


@dataclass
class Reach:
    """`seconds` a test takes, by its id; `passed` are the tests by file and line.

    `libraries` are worth importing once. `early` are lines that run while tests are collected, by file.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    passed: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)
    early: dict[str, list[int]] = field(default_factory=dict)

    def tests(self, file: str, lines: Iterable[int]) -> set[str]:
        """Tests that pass one of the lines; without lines, all that pass any line of the file."""
        of_file = self.passed.get(file, {})
        wanted = list(lines) or list(of_file)
        return {test for line in wanted for test in of_file.get(line, ())}


class NotGreen(Exception):
    """A test fails without any change: nothing can be learnt from its failing with one."""


def reach() -> Reach:
    """From the last time where nothing was changed since; what was changed is measured.

    A change of the code has every test run again, a change of a test or of a case only those that it concerns.
    """
    digest = _code_digest()
    kept = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    known = kept if kept.get("digest") == digest else {}
    BUILD.mkdir(parents=True, exist_ok=True)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = _measure(digest, known)
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise NotGreen("Tests fail, or cannot be collected, before anything is changed. Run them first: make test")
    return _read(json.loads(FILE.read_text("utf-8")))


def here(tests: Iterable[str]) -> list[str]:
    """Those of the files and folders that exist."""
    return [test for test in tests if (CHECKOUT / test).exists()]


def _read(kept: dict[str, Any]) -> Reach:
    names: list[str] = kept["tests"]
    passed = {
        file: {int(line): [names[one] for one in there] for line, there in of_file.items()}
        for file, of_file in kept["lines"].items()
    }
    return Reach(dict(zip(names, kept["seconds"], strict=True)), passed, kept["libraries"], kept["early"])


def _code_digest() -> str:
    """Of all that tests have in common: the code, the clinicians' files, and what stands beside the tests."""
    sums = hashlib.sha256()
    shared = (path for path in (CHECKOUT / "tests").rglob("*.py") if not path.name.startswith("test_"))
    for path in sorted([*CODE.rglob("*"), *CARDS.rglob("*"), *shared]):
        if path.is_file() and "__pycache__" not in path.parts:
            sums.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return sums.hexdigest()


def _test_digest(test: str) -> str:
    """Of the file of a test and, where it is one of a case, of the case."""
    file, _, name = test.partition("::")
    digest = _file_digest(CHECKOUT / file)
    case = re.search(r"\[([\w-]+/[\w-]+)\]$", name)
    folder = CHECKOUT / "fhir_fixtures" / (case[1] if case else "")
    if case and folder.is_dir():
        digest += "".join(_file_digest(path) for path in sorted(folder.iterdir()))
    return digest


@functools.cache
def _file_digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _measure(digest: str, known: dict[str, Any]) -> int:
    import coverage

    include = [str(CHECKOUT / pattern) for patterns in ROOMS.values() for pattern in patterns]
    cover = coverage.Coverage(data_file=None, config_file=False, include=include)
    cover.start()
    watch = _Watch(cover, dict(zip(known.get("tests", ()), known.get("digests", ()), strict=True)))
    code = int(pytest.main(["-qq", "-x", *QUIET, *here(TESTS)], plugins=[watch, QuickHypothesis()]))
    cover.stop()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return code
    tests: dict[str, float] = {
        test: seconds
        for test, seconds in zip(known.get("tests", ()), known.get("seconds", ()), strict=True)
        if test in watch.unchanged
    } | watch.seconds
    place = {name: number for number, name in enumerate(tests)}
    lines: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for file, of_file in known.get("lines", {}).items():
        for line, passed in of_file.items():
            lines[file][line] += [place[name] for one in passed if (name := known["tests"][one]) in watch.unchanged]
    early: dict[str, list[int]] = {}
    data = cover.get_data()
    for measured in data.measured_files():
        file = str(Path(measured).relative_to(CHECKOUT))
        for number, contexts in data.contexts_by_lineno(measured).items():
            lines[file][str(number)] += [place[name] for name in contexts if name in watch.seconds]
        early[file] = [number for number, contexts in data.contexts_by_lineno(measured).items() if "" in contexts]
    libraries = [
        name for name, one in list(sys.modules.items()) if "site-packages" in (getattr(one, "__file__", "") or "")
    ]
    whole = {
        "digest": digest,
        "tests": list(tests),
        "digests": [_test_digest(test) for test in tests],
        "seconds": [round(seconds, 5) for seconds in tests.values()],
        "lines": lines,
        "early": early,
        "libraries": libraries if watch.seconds else known.get("libraries", []),
    }
    FILE.write_text(json.dumps(whole), "utf-8")
    return 0


class _Watch:
    """Names the test that runs to coverage, takes its time, and lets sheets be made anew for each test."""

    def __init__(self, cover: Any, known: dict[str, str]) -> None:
        self.seconds: dict[str, float] = {}
        self.unchanged: set[str] = set()
        self._cover = cover
        self._known = known
        self._kept: list[functools._lru_cache_wrapper[object]] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        self.unchanged = {one.nodeid for one in items if self._known.get(one.nodeid) == _test_digest(one.nodeid)}
        items[:] = [one for one in items if one.nodeid not in self.unchanged]

    def pytest_collection_finish(self) -> None:
        self._kept = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith(JUDGING)
        ]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        for one in self._kept:
            one.cache_clear()
        self._cover.switch_context(item.nodeid)
        start = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.process_time() - start
            self._cover.switch_context("")


class QuickHypothesis:
    """Examples that fail are not made smaller nor kept: that a test fails is all that counts here."""

    def pytest_sessionstart(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutation", settings.default, phases=(Phase.explicit, Phase.generate), database=None, deadline=None
        )
        settings.load_profile("mutation")
