"""What counts as one small change of Python: mutmut's, without those that break at once, and ours.

mutmut brings numbers, texts, comparisons, signs, `and` and `or`, `not`, `is` and `in`, arguments left out. Ours add
what it lacks: a comparison or a condition turned round, `min` for `max`, the last date for the first, two arguments
that change places, a number one lower, an answer that is lost.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Change = Callable[[Any], Iterable[cst.CSTNode]]

TWINS = {
    "first": "last",
    "since": "last",
    "starts": "ends",
    "start": "end",
    "from_day": "to_day",
    "earliest_clear": "earliest_minimum",
    "clear_days": "minimum_days",
    "minimum": "clear",
    "dose": "dose_high",
    "low": "high",
    "lowest": "highest",
    "issued": "effective",
}
"""Names that stand for two ends of one thing: swapped both ways."""
_TWIN = TWINS | {other: name for name, other in TWINS.items()}
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_TURNED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}


def left_out(node: cst.Call) -> Iterator[cst.CSTNode]:
    """A call without one of its named arguments, so that the default counts."""
    for place, argument in enumerate(node.args):
        if argument.keyword:
            yield node.with_changes(args=[*node.args[:place], *node.args[place + 1 :]])


def field_default(node: cst.Assign | cst.AnnAssign) -> Iterator[cst.CSTNode]:
    """Another default of a field: None, or a text where it was None."""
    if isinstance(node, cst.AnnAssign):
        yield from mutators.operator_assignment(node)


def text(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """Another text. mutmut's further variants, in capitals and in small letters, say the same once more."""
    yield from list(mutators.operator_string(node))[:1]


def one_less(node: cst.BaseNumber) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Integer | cst.Float):
        less = node.evaluated_value - 1
        yield cst.parse_expression(f"({less!r})" if less < 0 else repr(less))


def turned_comparison(node: cst.ComparisonTarget) -> Iterator[cst.CSTNode]:
    turned = _TURNED.get(type(node.operator))
    if turned:
        yield node.with_changes(operator=turned())


def turned_condition(node: cst.If | cst.IfExp | cst.While | cst.CompIf) -> Iterator[cst.CSTNode]:
    """`if not x` for `if x`; a comparison and a `not` are turned by other changes."""
    if not isinstance(node.test, cst.Comparison | cst.UnaryOperation):
        bracketed = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), bracketed))


def other_end(node: cst.Attribute) -> Iterator[cst.CSTNode]:
    twin = _TWIN.get(node.attr.value)
    if twin:
        yield node.with_changes(attr=cst.Name(twin))


def other_end_by_name(node: cst.Call) -> Iterator[cst.CSTNode]:
    """`f(first=a, last=b)` becomes `f(first=b, last=a)`."""
    by_name = {argument.keyword.value: argument for argument in node.args if argument.keyword}
    for name, twin in TWINS.items():
        if name in by_name and twin in by_name:
            one, other = by_name[name], by_name[twin]
            swapped = {id(one): one.with_changes(value=other.value), id(other): other.with_changes(value=one.value)}
            yield node.with_changes(args=[swapped.get(id(argument), argument) for argument in node.args])


def changed_places(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Two neighbours among the arguments by position."""
    for place, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if not (one.keyword or other.keyword or one.star or other.star) and not one.value.deep_equals(other.value):
            args = list(node.args)
            args[place], args[place + 1] = one.with_changes(value=other.value), other.with_changes(value=one.value)
            yield node.with_changes(args=args)


def other_function(node: cst.Call) -> Iterator[cst.CSTNode]:
    if isinstance(node.func, cst.Name) and node.func.value in _CALLED:
        yield node.with_changes(func=cst.Name(_CALLED[node.func.value]))


def lost_answer(node: cst.Return) -> Iterator[cst.CSTNode]:
    if node.value is not None and not (isinstance(node.value, cst.Name) and node.value.value == "None"):
        yield node.with_changes(value=cst.Name("None"))


_REPLACED: dict[Any, Change | None] = {
    mutators.operator_arg_removal: left_out,
    mutators.operator_string: text,
    mutators.operator_assignment: field_default,
    mutators.operator_augmented_assignment: None,
    mutators.operator_if_exp: None,
    mutators.operator_lambda: None,
}
"""None where mutmut's change mostly breaks the code at once, or says what one of ours says."""
_OURS: tuple[tuple[Any, Change], ...] = (
    (cst.BaseNumber, one_less),
    (cst.ComparisonTarget, turned_comparison),
    ((cst.If, cst.IfExp, cst.While, cst.CompIf), turned_condition),
    (cst.Attribute, other_end),
    (cst.Call, other_end_by_name),
    (cst.Call, changed_places),
    (cst.Call, other_function),
    (cst.Return, lost_answer),
)
OPERATORS: list[tuple[Any, Change]] = [
    *((kind, change) for kind, one in mutators.mutation_operators if (change := _REPLACED.get(one, one)) is not None),
    *_OURS,
]
"""What each kind of node can become; the order is that in which changes are numbered."""
