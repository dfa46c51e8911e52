"""Every change of a Python file: where it is, what it says, and the changed source."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor
from mutmut.mutation.pragma_handling import IgnoredCode

from mutation.operators import OPERATORS
from mutation.rooms import CHECKOUT

FUNCTION, CONSTANT, WHOLE, CONTENT = "function", "constant", "whole", "content"
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `lines` are the lines a test has to pass for it to matter.

    `kind` says how far it reaches: the body of a `function`, a `constant` of the module, or what only a `whole` new
    import of the module shows (the body of a class, a default value). `inside` names the function or the constant.
    """

    path: Path
    line: int
    inside: str
    before: str
    after: str
    kind: str
    lines: tuple[int, ...]
    _module: Any = field(repr=False, compare=False, default=None)
    _function: Any = field(repr=False, compare=False, default=None)
    _nodes: tuple[Any, Any] = field(repr=False, compare=False, default=(None, None))
    _source: str = field(repr=False, compare=False, default="")

    @property
    def file(self) -> str:
        return str(self.path.relative_to(CHECKOUT))

    @property
    def source(self) -> str:
        """The whole file with this change."""
        if self._source:
            return self._source
        changed: str = self._module.deep_replace(*self._nodes).code
        return changed

    @property
    def function(self) -> str:
        """Only the changed function, or the class with only that method: a hundredth of the work of `source`."""
        code: str = self._module.code_for_node(self._function.deep_replace(*self._nodes))
        for name in reversed(self.inside.split(".")[:-1]):
            code = f"class {name}:\n" + indent(dedent(code), "    ")
        return dedent(code)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.inside}: {self.before}  ->  {self.after}"


def mutants(path: Path) -> list[Mutant]:
    """All changes of a file, each once, in the order of the file."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    visitor = _Visitor(path, wrapper.module)
    wrapper.visit(visitor)
    return sorted(visitor.found.values(), key=lambda mutant: mutant.line)


class _Visitor(MutationVisitor):
    """mutmut's walk through a file with our operators. Decorated functions and properties are changed too."""

    def __init__(self, path: Path, module: cst.Module) -> None:
        super().__init__(OPERATORS, IgnoredCode(set(), set(), set()))
        self.found: dict[Any, Mutant] = {}
        self._path = path
        self._module = module
        self._above: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        self._above.append(node)
        return super().on_visit(node)

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._above.pop()
        super().on_leave(original_node)

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return False
        if isinstance(node, cst.Import | cst.ImportFrom):
            return True
        if isinstance(node, cst.Assign | cst.AnnAssign) and "__all__" in _assigned(node):
            return True
        skipped: bool = super()._skip_node_and_children(node)
        return skipped

    def _create_mutations(self, node: cst.CSTNode) -> None:
        at = self._span(node)
        inside, kind, lines = self._place(at)
        function = next((one for one in self._above if isinstance(one, cst.FunctionDef)), None)
        for accepted, operator in OPERATORS:
            if not isinstance(node, accepted):
                continue
            for changed in operator(node):
                before, after = (self._words(part) for part in (node, changed))
                key = (at, inside, self._module.code_for_node(node), self._module.code_for_node(changed))
                self.found.setdefault(
                    key,
                    Mutant(
                        self._path,
                        at[0],
                        inside,
                        *_difference(before, after),
                        kind,
                        lines,
                        self._module,
                        function,
                        (node, changed),
                    ),
                )

    def _place(self, at: tuple[int, int]) -> tuple[str, str, tuple[int, ...]]:
        """The function, constant or class around the node, how far a change reaches, and the lines of the place."""
        functions = [place for place in self._above if isinstance(place, cst.FunctionDef)]
        classes = [place for place in self._above if isinstance(place, cst.ClassDef)]
        outermost = functions[0] if functions else None
        name = ".".join([place.name.value for place in classes] + [place.name.value for place in functions[:1]])
        if outermost is not None and any(place is outermost.body for place in self._above):
            return name, FUNCTION, tuple(range(at[0], at[1] + 1))
        if not functions and not classes:
            constants = [place for place in self._above if isinstance(place, cst.Assign | cst.AnnAssign)]
            if constants:
                return ", ".join(_assigned(constants[0])), CONSTANT, ()
        return name or "module", WHOLE, ()

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        for place in [node, *reversed(self._above)]:
            position = self.get_metadata(PositionProvider, place, None)
            if position is not None:
                return position.start.line, position.end.line
        return 1, 1

    def _words(self, node: cst.CSTNode) -> str:
        return re.sub(r"\s+", " ", self._module.code_for_node(node)).strip()


def _assigned(node: cst.Assign | cst.AnnAssign) -> list[str]:
    targets = [target.target for target in node.targets] if isinstance(node, cst.Assign) else [node.target]
    return [target.value for target in targets if isinstance(target, cst.Name)]


def _difference(before: str, after: str) -> tuple[str, str]:
    """The two texts without a long beginning and end that they share."""
    if max(len(before), len(after)) <= _LONGEST:
        return before, after
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    start = max(0, start - 40)
    return tuple(("… " if start else "") + words[start : start + _LONGEST] for words in (before, after))  # type: ignore[return-value]
