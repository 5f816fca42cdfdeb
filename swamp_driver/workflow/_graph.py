"""What waits for what: unknown names, cycles, order, and what is known to have ended before."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

import attrs

from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._problems import Place, Problems


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Vertex:
    """A job or a step: its name, what it waits for, and where each of these stands."""

    name: str
    place: Place
    waits_for: tuple[tuple[str, Place], ...] = ()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Graph:
    """A graph without cycles; vertices are known by their position among those it was made of."""

    level: tuple[int, ...]
    """0 for what waits for nothing, else one more than the highest of what it waits for."""
    before: tuple[int, ...]
    """A bit for each vertex that has certainly ended when this one starts."""

    def precedes(self, first: int, second: int) -> bool:
        """Return whether `first` has certainly ended when `second` starts."""
        return bool(self.before[second] >> first & 1)


def build_graph(vertices: Sequence[Vertex], *, kind: str, problems: Problems) -> Graph:
    """Return the graph; note names that stand twice, unknown names and cycles.

    An edge that is wrong is left out. `kind` is `job` or `step`.
    """
    numbers: dict[str, int] = {}
    for number, vertex in enumerate(vertices):
        first = numbers.setdefault(vertex.name, number)
        if first != number and vertex.name:
            problems.add(
                f"there are two {kind}s with the name {quoted(vertex.name)}",
                vertex.place,
                hint=f"the first is on line {vertices[first].place.line}",
            )
    edges = [_edges(vertex, numbers, kind=kind, problems=problems) for vertex in vertices]
    order = _break_cycles(vertices, edges, kind=kind, problems=problems)
    level, before = [0] * len(vertices), [0] * len(vertices)
    for number in order:
        for other in edges[number]:
            level[number] = max(level[number], level[other] + 1)
            before[number] |= before[other] | 1 << other
    return Graph(level=tuple(level), before=tuple(before))


def _edges(
    vertex: Vertex, numbers: dict[str, int], *, kind: str, problems: Problems
) -> dict[int, Place]:
    edges: dict[int, Place] = {}
    for name, place in vertex.waits_for:
        if name in numbers:
            edges.setdefault(numbers[name], place)
        elif name:
            known = ", ".join(repr(known) for known in list(numbers)[:10] if known)
            hint = did_you_mean(name, numbers) or f"there are: {known}"
            problems.add(f"there is no {kind} {quoted(name)}", place, hint=hint)
    return edges


def _break_cycles(
    vertices: Sequence[Vertex], edges: list[dict[int, Place]], *, kind: str, problems: Problems
) -> list[int]:
    """Note each cycle and take one edge out of it; return an order that respects the rest."""
    while True:
        try:
            return list(TopologicalSorter(dict(enumerate(edges))).static_order())
        except CycleError as error:
            cycle: list[int] = error.args[1]
            # graphlib lists each before what waits for it; people read it the other way round
            names = " -> ".join(repr(vertices[number].name) for number in reversed(cycle))
            last, first = cycle[-1], cycle[-2]
            problems.add(
                f"the {kind}s wait for each other: {names}",
                edges[last].pop(first),
                hint="take one of these dependencies away",
            )
