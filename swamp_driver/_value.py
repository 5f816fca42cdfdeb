"""What all values have in common: they are compared and printed by their fields."""

from __future__ import annotations

from typing import Any

import attrs


class Value:
    """A frozen value: it equals another of its class with equal fields, and is printed with them.

    For classes made by `attrs.frozen(eq=False, repr=False)`, kw_only or not. attrs would write
    these methods for each class anew and compile them at import, which is half of what it takes to
    make a class, and every start of the command line makes a hundred. Fields marked `eq=False` or
    `repr=False` are left out, as with attrs.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Value) and other.__class__ is self.__class__:
            return self._compared() == other._compared()
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.__class__, self._compared()))

    def __repr__(self) -> str:
        shown = (f"{one.name}={getattr(self, one.name)!r}" for one in self._fields() if one.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _compared(self) -> tuple[object, ...]:
        return tuple(getattr(self, one.name) for one in self._fields() if one.eq)

    def _fields(self) -> tuple[attrs.Attribute[Any], ...]:
        cls: Any = self.__class__
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(cls)
        return fields
