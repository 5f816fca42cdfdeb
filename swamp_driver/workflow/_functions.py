"""The functions of expressions that ask the run: their names, parameters and results."""

from __future__ import annotations

from typing import Literal

import attrs

from swamp_driver._value import Value

Kind = Literal["text", "number", "list", "any"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Function(Value):
    """A function `root.name`; each signature is the names of its parameters with their types."""

    name: str
    signatures: tuple[tuple[tuple[str, Kind], ...], ...]
    returns: Kind = "any"

    @property
    def usage(self) -> str:
        """Return how it is written."""
        first, *others = ([name for name, _ in signature] for signature in self.signatures)
        if others and others[0][:-1] == first:
            return f"{self.name}({', '.join(first)}[, {others[0][-1]}])"
        return " or ".join(f"{self.name}({', '.join(names)})" for names in (first, *others))


_MODEL: tuple[str, Kind] = ("model", "text")
_NAMED: tuple[tuple[str, Kind], ...] = (_MODEL, ("name", "text"))
_NUMBERED: tuple[tuple[str, Kind], ...] = (*_NAMED, ("version", "number"))
_VARY: tuple[str, Kind] = ("vary", "list")

FUNCTIONS = {
    found.name: found
    for found in (
        Function(name="data.latest", signatures=(_NAMED, (*_NAMED, _VARY))),
        Function(
            name="data.version",
            signatures=(_NUMBERED, (*_NUMBERED, _VARY), (*_NAMED, _VARY, ("version", "number"))),
        ),
        Function(name="data.listVersions", signatures=(_NAMED, (*_NAMED, _VARY)), returns="list"),
        Function(name="data.findBySpec", signatures=((_MODEL, ("spec", "text")),), returns="list"),
        Function(
            name="data.findByTag",
            signatures=((("key", "text"), ("value", "text")),),
            returns="list",
        ),
        Function(
            name="data.query",
            signatures=(
                (("predicate", "text"),),
                (("predicate", "text"), ("select", "text")),
            ),
            returns="list",
        ),
        Function(
            name="file.contents",
            signatures=((("path", "text"),), (_MODEL, ("name", "text"))),
            returns="text",
        ),
        Function(
            name="vault.get", signatures=((("vault", "text"), ("key", "text")),), returns="text"
        ),
    )
}
FUNCTION_ROOTS = tuple(dict.fromkeys(name.partition(".")[0] for name in FUNCTIONS))
"""The names that functions are grouped under: `data`, `file`, `vault`."""


def functions_of(root: str) -> dict[str, Function]:
    """Return the functions under a root by their own names."""
    return {
        name.partition(".")[2]: found
        for name, found in FUNCTIONS.items()
        if name.startswith(f"{root}.")
    }
