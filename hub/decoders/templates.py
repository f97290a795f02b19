"""Value templates: the part of Jinja that devices use to say where in a payload a value stands.

Rule: Jinja parses, nothing of Jinja runs. What is known here is evaluated by functions that touch the payload and
constants alone; whatever is not known makes the whole template unreadable, which is said and never guessed around. A
value that is missing stays missing: a template's default for it is nobody's measurement.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

from jinja2 import Environment, TemplateError, nodes

from hub.core.reading import DecodeError
from hub.decoders.documents import read_json
from hub.decoders.numbers import number


class Unreadable(Exception):
    """The template holds something that is not known here."""


class NoValue(Exception):
    """There is no value in this payload: what the template points at is missing or of another kind."""


class Payload:
    """One payload as templates see it: the text, and the JSON in it, read when it is first asked for."""

    def __init__(self, payload: bytes) -> None:
        """Take the bytes as they came."""
        self._payload = payload
        self._json: object = self

    @property
    def text(self) -> str:
        """The payload as text; `NoValue` if it is none."""
        try:
            return self._payload.decode()
        except UnicodeDecodeError:
            raise NoValue from None

    @property
    def json(self) -> object:
        """The payload as JSON; `NoValue` if it is none."""
        if self._json is self:
            try:
                self._json = read_json(self._payload)
            except DecodeError:
                self._json = None
                raise NoValue from None
        if self._json is None:
            raise NoValue
        return self._json


Part = TypeVar("Part")
Evaluate = Callable[[Payload], object]
_LONGEST = 1000
_NUMBER_FORMAT = re.compile(r"%(?:\.\d)?[df]")
_BY_NAME = frozenset({"default", "precision"})
"""Arguments of filters that may be given by name; a default is none of a device's values."""
_ENVIRONMENT = Environment(autoescape=False)  # noqa: S701 - it parses only, nothing is ever rendered


@lru_cache(maxsize=20_000)
def compiled(template: str) -> Evaluate | None:
    """A function from a payload to what the template makes of it, which may raise `NoValue`; None: not readable."""
    try:
        return _document(_ENVIRONMENT.parse(template).body) if len(template) <= _LONGEST else None
    except (TemplateError, Unreadable, RecursionError):
        return None


def _document(body: list[nodes.Node]) -> Evaluate:
    """A template is outputs and conditions one after the other; a single expression keeps its type."""
    parts = [part for node in body for part in _statement(node)]
    if len(parts) == 1:
        return parts[0]

    def joined(payload: Payload) -> object:
        return "".join(_as_text(part(payload)) for part in parts)

    return joined


def _statement(node: nodes.Node) -> list[Evaluate]:
    if isinstance(node, nodes.Output):
        shown = [n for n in node.nodes if not (isinstance(n, nodes.TemplateData) and not n.data.strip())]
        return [_expression(n) for n in shown]
    if isinstance(node, nodes.If) and not node.elif_:
        test, then, other = _expression(node.test), _branch(_document, node.body), _branch(_document, node.else_)
        return [lambda payload: then(payload) if test(payload) else other(payload)]
    raise Unreadable


def _branch(read: Callable[[Part], Evaluate], part: Part) -> Evaluate:
    """One side of a condition; one that is not known here has no value, and the other may be followed all the same."""
    try:
        return read(part)
    except Unreadable:
        return _nothing


def _expression(node: nodes.Node) -> Evaluate:
    make = _NODES.get(type(node))
    if make is None:
        raise Unreadable
    return make(node)


def _name(node: nodes.Name) -> Evaluate:
    if node.name == "value":
        return lambda payload: payload.text
    if node.name == "value_json":
        return lambda payload: payload.json
    raise Unreadable


def _constant(node: nodes.Const) -> Evaluate:
    value: object = node.value
    return lambda _: value


def _text(node: nodes.TemplateData) -> Evaluate:
    return lambda _: node.data


def _member(node: nodes.Getattr) -> Evaluate:
    return _under(_expression(node.node), node.attr)


def _item(node: nodes.Getitem) -> Evaluate:
    if not isinstance(node.arg, nodes.Const):
        raise Unreadable
    return _under(_expression(node.node), node.arg.value)


def _under(parent: Evaluate, key: object) -> Evaluate:
    def found(payload: Payload) -> object:
        tree = parent(payload)
        if isinstance(tree, dict) and isinstance(key, str) and key in tree:
            return tree[key]
        if isinstance(tree, list) and isinstance(key, int) and -len(tree) <= key < len(tree):
            return tree[key]
        raise NoValue

    return found


def _filter(node: nodes.Filter) -> Evaluate:
    if node.node is None or node.dyn_args or node.dyn_kwargs or any(k.key not in _BY_NAME for k in node.kwargs):
        raise Unreadable
    if node.name == "format":
        return _formatted(node.node, node.args)
    given = [k.value for k in node.kwargs if k.key != "default"]
    return _applied(node.name, _expression(node.node), [*node.args, *given])


def _formatted(pattern: nodes.Expr, arguments: list[nodes.Expr]) -> Evaluate:
    """`'%.1f' | format(x)`: one number, written with so many digits."""
    if not isinstance(pattern, nodes.Const) or not _NUMBER_FORMAT.fullmatch(str(pattern.value)) or len(arguments) != 1:
        raise Unreadable
    written, argument = str(pattern.value), _expression(arguments[0])
    return lambda payload: written % _as_number(argument(payload))


def _call(node: nodes.Call) -> Evaluate:
    """`float(value)`, `value_json.get('a')`: the few calls that read no more than a filter or a member does."""
    if node.kwargs or node.dyn_args or node.dyn_kwargs or not node.args:
        raise Unreadable
    first, *rest = node.args
    if isinstance(node.node, nodes.Name) and node.node.name in {"float", "int"}:
        return _applied(node.node.name, _expression(first), rest)
    if isinstance(node.node, nodes.Getattr) and node.node.attr == "get" and isinstance(first, nodes.Const):
        return _under(_expression(node.node.node), first.value)
    if isinstance(node.node, nodes.Getattr) and node.node.attr == "split" and isinstance(first, nodes.Const):
        return _split(_expression(node.node.node), str(first.value))
    raise Unreadable


def _split(argument: Evaluate, sign: str) -> Evaluate:
    def parts(payload: Payload) -> object:
        found = argument(payload)
        if not isinstance(found, str) or not sign:
            raise NoValue
        return found.split(sign, _LONGEST)

    return parts


def _applied(name: str, argument: Evaluate, extra: list[nodes.Expr]) -> Evaluate:
    """A filter; what it takes besides are constants."""
    if any(not isinstance(e, nodes.Const) for e in extra):
        raise Unreadable
    constants = tuple(e.value for e in extra if isinstance(e, nodes.Const))
    act = _FILTERS.get(name)
    if act is None:
        raise Unreadable
    return lambda payload: act(argument(payload), *constants)


def _as_number(value: object, *_: object) -> float:
    found = number(value)
    if found is None:
        raise NoValue
    return float(found)


def _rounded(value: object, precision: object = 0, method: object = "common") -> float:
    found = _as_number(value)
    if not isinstance(precision, int) or abs(precision) > 15 or method != "common":  # noqa: PLR2004 - digits of a float
        raise NoValue
    return round(found, precision)


def _same(value: object, *_: object) -> object:
    return value


def _iif(value: object, yes: object = True, no: object = False, *_: object) -> object:  # noqa: FBT002 - as it is there
    return yes if value else no


def _replaced(value: object, old: object = "", new: object = "") -> str:
    if not isinstance(value, str) or not isinstance(old, str) or not isinstance(new, str):
        raise NoValue
    return value.replace(old, new) if old and len(value) <= _LONGEST else value


_FILTERS: Mapping[str, Callable[..., object]] = {
    "float": _as_number,
    "int": lambda value, *_: int(_as_number(value)),
    "round": _rounded,
    "abs": lambda value, *_: abs(_as_number(value)),
    "is_defined": _same,
    "default": _same,
    "d": _same,
    "iif": _iif,
    "multiply": lambda value, by=1: _finite(_as_number(value) * _as_number(by)),
    "add": lambda value, more=0: _finite(_as_number(value) + _as_number(more)),
    "trim": lambda value, *_: _as_text(value).strip(),
    "lower": lambda value, *_: _as_text(value).lower(),
    "upper": lambda value, *_: _as_text(value).upper(),
    "string": lambda value, *_: _as_text(value),
    "replace": _replaced,
}
_ARITHMETIC: Mapping[type[nodes.Node], Callable[[float, float], float]] = {
    nodes.Add: operator.add, nodes.Sub: operator.sub, nodes.Mul: operator.mul, nodes.Div: operator.truediv,
    nodes.FloorDiv: operator.floordiv, nodes.Mod: operator.mod,
}  # fmt: skip
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gteq": operator.ge, "lt": operator.lt,
    "lteq": operator.le,
}  # fmt: skip


def _binary(node: nodes.BinExpr) -> Evaluate:
    """Arithmetic between numbers; text with a sign between would be something else, and is no value."""
    act, left, right = _ARITHMETIC[type(node)], _expression(node.left), _expression(node.right)

    def result(payload: Payload) -> float:
        a, b = left(payload), right(payload)
        if isinstance(a, str) or isinstance(b, str):
            raise NoValue
        try:
            return _finite(act(_as_number(a), _as_number(b)))
        except (ArithmeticError, ValueError):
            raise NoValue from None

    return result


def _finite(value: float) -> float:
    if not isfinite(value):
        raise NoValue
    return value


def _negative(node: nodes.Neg) -> Evaluate:
    argument = _expression(node.node)
    return lambda payload: -_as_number(argument(payload))


def _compare(node: nodes.Compare) -> Evaluate:
    if len(node.ops) != 1 or node.ops[0].op not in _COMPARED:
        raise Unreadable
    act, left, right = _COMPARED[node.ops[0].op], _expression(node.expr), _expression(node.ops[0].expr)

    def result(payload: Payload) -> bool:
        try:
            return act(left(payload), right(payload))
        except TypeError:
            raise NoValue from None

    return result


def _choice(node: nodes.CondExpr) -> Evaluate:
    test, then = _expression(node.test), _branch(_expression, node.expr1)
    other = _nothing if node.expr2 is None else _branch(_expression, node.expr2)
    return lambda payload: then(payload) if test(payload) else other(payload)


def _nothing(_: Payload) -> object:
    raise NoValue


def _is(node: nodes.Test) -> Evaluate:
    """`is defined`, and its opposite; as for any other test, nobody asked for it yet."""
    if node.name not in {"defined", "undefined"}:
        raise Unreadable
    argument, wanted = _expression(node.node), node.name == "defined"

    def result(payload: Payload) -> bool:
        try:
            argument(payload)
        except NoValue:
            return not wanted
        return wanted

    return result


def _not(node: nodes.Not) -> Evaluate:
    argument = _expression(node.node)
    return lambda payload: not argument(payload)


def _logic(node: nodes.BinExpr) -> Evaluate:
    left, right, both = _expression(node.left), _expression(node.right), isinstance(node, nodes.And)
    return lambda payload: (left(payload) and right(payload)) if both else (left(payload) or right(payload))


def _as_text(value: object) -> str:
    """As Jinja writes it, for what is a single value."""
    if isinstance(value, dict | list):
        raise NoValue
    return str(value)


_NODES: Mapping[type[nodes.Node], Callable[..., Evaluate]] = {
    nodes.Name: _name, nodes.Const: _constant, nodes.TemplateData: _text, nodes.Getattr: _member,
    nodes.Getitem: _item, nodes.Filter: _filter, nodes.Call: _call, nodes.Neg: _negative, nodes.Compare: _compare,
    nodes.CondExpr: _choice, nodes.Test: _is, nodes.Not: _not, nodes.And: _logic, nodes.Or: _logic,
    **dict.fromkeys(_ARITHMETIC, _binary),
}  # fmt: skip
