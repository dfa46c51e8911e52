"""What the modules of a package say, in one mapping: who adds a file edits no list."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def gathered(package: str, attribute: str) -> dict[Any, Any]:
    """The mappings of this name of all modules of `package`, as one; a module without it adds nothing.

    A key that two modules have ends the script, for one of them would be lost without a word.
    """
    found: dict[Any, Any] = {}
    said_by: dict[Any, str] = {}
    for module in sorted(module.name for module in iter_modules(import_module(package).__path__)):
        for key, value in getattr(import_module(f"{package}.{module}"), attribute, {}).items():
            if key in found:
                raise SystemExit(f"{key} stands in two modules of {package}: {said_by[key]} and {module}")
            found[key], said_by[key] = value, module
    return found
