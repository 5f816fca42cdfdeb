"""Which names an expression refers to: reads the engine's serialised syntax tree.

The engine gives its tree only as a protobuf message (`cel.expr.ParsedExpr`, syntax.proto of the CEL
specification). The few fields that matter are read here, so that no protobuf library is needed.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from swamp_driver._value import Value

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# field numbers of google.protobuf.Any, cel.expr.ParsedExpr, SourceInfo and Expr
_ANY_VALUE = 2
_PARSED_EXPR, _PARSED_SOURCE = 2, 3
_SOURCE_POSITIONS = 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9
_CONST_STRING = 6

Field = tuple[int, int | bytes]


@attrs.frozen(eq=False, repr=False)
class Reference(Value):
    """A name and what is selected from it: `steps.build.outputs.key`, `steps['build']`.

    `offset` is that of the name, in code points of the expression. `is_call` where the last of
    `path` is a function that is called on the rest; `arguments` are what it is called with, those
    that are texts as they stand, None for others.
    """

    root: str
    path: tuple[str, ...]
    offset: int
    is_call: bool = False
    arguments: tuple[str | None, ...] = ()


def read_references(serialized: bytes) -> tuple[Reference, ...]:
    """Return the names that a parsed expression refers to, without those that it makes itself."""
    parsed = _messages(_one(serialized, _ANY_VALUE))
    walk = _Walk(_positions(parsed.get(_PARSED_SOURCE, b"")))
    return tuple(walk.references(parsed.get(_PARSED_EXPR, b""), frozenset()))


class _Walk:
    def __init__(self, positions: dict[int, int]) -> None:
        self._positions = positions

    def references(self, expr: bytes, own: frozenset[str]) -> Iterator[Reference]:
        """Yield the references in `expr`; `own` are names that comprehensions around it made."""
        if (chain := self._chain(expr)) is not None:
            if chain.root not in own:
                yield chain
            return
        for field, value in _parts(expr, {_SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION}):
            if field == _COMPREHENSION:
                yield from self._comprehension(value, own)
            elif field == _CALL:
                yield from self._call(value, own)
            else:
                for part in _operands(field, value):
                    yield from self.references(part, own)

    def _call(self, call: bytes, own: frozenset[str]) -> Iterator[Reference]:
        target = _messages(call).get(1)
        chain = self._chain(target) if target is not None else None
        if chain is not None and chain.root not in own:
            path = (*chain.path, _text(call, 2))
            arguments = tuple(_constant_text(argument) for _, argument in _parts(call, {3}))
            yield attrs.evolve(chain, path=path, is_call=True, arguments=arguments)
        elif target is not None:
            yield from self.references(target, own)
        for _, argument in _parts(call, {3}):
            yield from self.references(argument, own)

    def _comprehension(self, value: bytes, own: frozenset[str]) -> Iterator[Reference]:
        inside = own | {_text(value, 1), _text(value, 3), _text(value, 8)}
        for field, part in _parts(value, {2, 4, 5, 6, 7}):
            yield from self.references(part, own if field in {2, 4} else inside)

    def _chain(self, expr: bytes) -> Reference | None:
        """Return the reference that `expr` is as a whole, if it is one."""
        parts = _messages(expr)
        if ident := parts.get(_IDENT):
            return Reference(_text(ident, 1), (), self._positions.get(_number(expr, _ID), 0))
        if select := parts.get(_SELECT):
            return self._longer(_messages(select).get(1, b""), _text(select, 2))
        if (call := parts.get(_CALL)) and _text(call, 2) == "_[_]":
            operand, index = (argument for _, argument in _parts(call, {3}))
            if (key := _constant_text(index)) is not None:
                return self._longer(operand, key)
        return None

    def _longer(self, operand: bytes, key: str) -> Reference | None:
        chain = self._chain(operand)
        return chain and attrs.evolve(chain, path=(*chain.path, key))


def _constant_text(expr: bytes) -> str | None:
    """Return the text that an expression is, where it is one as it stands."""
    constant = _messages(expr).get(_CONST)
    found = _messages(constant).get(_CONST_STRING) if constant else None
    return None if found is None else found.decode()


def _operands(field: int, value: bytes) -> Iterator[bytes]:
    """Yield the expressions in a selection, a list or a map."""
    if field != _STRUCT:
        yield from (part for _, part in _parts(value, {1}))
        return
    for _, entry in _parts(value, {2}):
        yield from (part for _, part in _parts(entry, {3, 4}))


def _positions(source: bytes) -> dict[int, int]:
    return {
        _number(entry, 1): _number(entry, 2) for _, entry in _parts(source, {_SOURCE_POSITIONS})
    }


def _fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a protobuf message: number and value."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        kind = tag & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield tag >> 3, value
            continue
        if kind == _BYTES:
            size, position = _varint(data, position)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}[kind]
        yield tag >> 3, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the high bit says that more follows
            return value, position


def _parts(data: bytes, wanted: set[int]) -> Iterator[tuple[int, bytes]]:
    for field, value in _fields(data):
        if field in wanted and isinstance(value, bytes):
            yield field, value


def _messages(data: bytes) -> dict[int, bytes]:
    return {field: value for field, value in _fields(data) if isinstance(value, bytes)}


def _one(data: bytes, field: int) -> bytes:
    return _messages(data)[field]


def _text(data: bytes, field: int) -> str:
    return _messages(data).get(field, b"").decode()


def _number(data: bytes, field: int) -> int:
    return next((v for f, v in _fields(data) if f == field and isinstance(v, int)), 0)
