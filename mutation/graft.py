"""Puts a changed source in place of what a running process has imported, or of what it is going to import."""

import ast
import functools
import gc
import importlib.abc
import importlib.util
import shutil
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import is_dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from mutation.mutants import CONSTANT, CONTENT, WHOLE, Mutant
from mutation.rooms import CARDS, CODE, module_name

_OURS = ("cds_service", *(path.name for path in (CARDS.parent / "tests").iterdir()))
"""Where a cache may hold what was read from the clinicians' files."""


class CannotGraft(Exception):
    """Only a new import shows this change."""


class Stock:
    """The functions of the rooms as they stand in this process, found once: by file and name.

    `cards` is where a changed copy of the clinicians' room may be laid.
    """

    def __init__(self, cards: Path) -> None:
        self._cards = cards
        from cds_service.terminology.memory import Memory

        self._functions: dict[tuple[str, str], list[FunctionType]] = defaultdict(list)
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(CODE)):
                self._functions[one.__code__.co_filename, one.__code__.co_qualname].append(one)
        self._caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
        self._memories = [one for one in gc.get_objects() if isinstance(one, Memory)]

    def graft(self, mutant: Mutant) -> None:
        """Changes a function, a constant or a file of numbers where it stands; every holder of it sees the change.

        A function object stays what it is and gets the changed code, so that names imported elsewhere, decorators,
        properties and caches that hold it follow. Raises CannotGraft where that cannot be done.
        """
        if mutant.kind == CONSTANT:
            _graft_constant(mutant)
        elif mutant.kind == CONTENT:
            self._graft_content(mutant)
        elif mutant.kind == WHOLE:
            _graft_defaults(mutant)
        else:
            self._graft_function(mutant)

    def forget(self, *modules: str) -> None:
        """Empties the caches of functions of these modules and of those below them, and every memory of meanings."""
        for memory in self._memories:
            memory.forget()
        for cache in self._caches:
            if str(cache.__module__).startswith(modules):
                cache.cache_clear()

    def _graft_function(self, mutant: Mutant) -> None:
        file = str(mutant.path)
        codes = [code for code in _codes(compile(mutant.function, file, "exec")) if code.co_qualname == mutant.inside]
        there = self._functions[file, mutant.inside]
        if len(codes) != 1 or not there:
            raise CannotGraft(mutant.inside)
        for function in there:
            try:
                function.__code__ = codes[0]
            except ValueError as fault:
                raise CannotGraft(mutant.inside) from fault

    def _graft_content(self, mutant: Mutant) -> None:
        """A copy of the clinicians' room with the change is what everybody finds, and what was read is read anew."""
        from cds_service import content
        from cds_service.definitions.thresholds import Thresholds, read_thresholds
        from cds_service.present.knowledge import Knowledge, read_knowledge
        from cds_service.titration.content import shipped
        from cds_service.titration.variants import OrderSet

        cards = self._cards
        shutil.copytree(CARDS, cards, dirs_exist_ok=True)
        (cards / mutant.path.relative_to(CARDS)).write_text(mutant.source, "utf-8")
        found = content._folder
        content._folder = lambda name: cards if name == "cards" else found(name)
        self.forget(*_OURS)
        anew = {
            Thresholds: read_thresholds(tomllib.loads((cards / "thresholds.toml").read_text("utf-8"))),
            OrderSet: shipped(),
            Knowledge: read_knowledge(cards),
        }
        for module in list(sys.modules.values()):
            held = getattr(module, "__dict__", {})
            for name, value in list(held.items()):
                if type(value) in anew:
                    held[name] = anew[type(value)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _graft_constant(mutant: Mutant) -> None:
    module = sys.modules.get(module_name(mutant.path))
    if module is None:
        raise CannotGraft(mutant.inside)
    for name, value in _constants(mutant, vars(module)):
        old = vars(module)[name]
        # The same object under whatever name in whatever module: small numbers are shared, so the name has to agree.
        for other in list(sys.modules.values()):
            held = getattr(other, "__dict__", {})
            if name in held and held[name] is old:
                held[name] = value


def _graft_defaults(mutant: Mutant) -> None:
    """Default values, of the fields of a fact or of a function, as the changed source would have them."""
    module = sys.modules.get(module_name(mutant.path))
    if module is None:
        raise CannotGraft(mutant.inside)
    scope = {"__name__": module.__name__, "__file__": str(mutant.path)}
    exec(compile(mutant.source, str(mutant.path), "exec"), scope)
    old, new = _found(vars(module), mutant.inside), _found(scope, mutant.inside)
    if isinstance(old, FunctionType) and isinstance(new, FunctionType):
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
    elif is_dataclass(old) and is_dataclass(new):
        old.__init__.__defaults__ = new.__init__.__defaults__  # type: ignore[misc]
        for name, of_field in new.__dataclass_fields__.items():
            old.__dataclass_fields__[name].default = of_field.default
    elif hasattr(old, "_field_defaults"):
        old.__new__.__defaults__ = new.__new__.__defaults__
        old._field_defaults.update(new._field_defaults)
    else:
        raise CannotGraft(mutant.inside)


def _found(namespace: dict[str, Any], dotted: str) -> Any:
    found: Any = namespace.get(dotted.split(".")[0])
    for name in dotted.split(".")[1:]:
        found = getattr(found, name, None)
    return found


def _constants(mutant: Mutant, namespace: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The names that the changed statement assigns, with new values reckoned in the module's own namespace."""
    for statement in ast.parse(mutant.source).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if names and ", ".join(names) == mutant.inside:
            scope = dict(namespace)
            exec(compile(ast.Module([statement], []), str(mutant.path), "exec"), scope)
            yield from ((name, scope[name]) for name in names)


class ChangedSource(importlib.abc.MetaPathFinder):
    """Imports one module from a changed source, and every other as usual."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = module_name(mutant.path)
        self._path = str(mutant.path)
        self._source = mutant.source

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _Loader(fullname, self._path)
        loader.changed = self._source
        folder = [str(self._path).rsplit("/", 1)[0]] if self._path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=loader, submodule_search_locations=folder
        )


class _Loader(SourceFileLoader):
    changed = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.changed, self.path, "exec")
