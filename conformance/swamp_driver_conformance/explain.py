"""One clause with everything that belongs to it, as lines of text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from swamp_driver_conformance.clauses import Clause
from swamp_driver_conformance.document import applies_to
from swamp_driver_conformance.index import index_by_clause
from swamp_driver_conformance.mutants import MUTANTS

_WIDTH = 96


def explain(clause: Clause) -> Iterator[str]:
    """Yield the text of a clause, why it is there, its tests, and the mutants that break it."""
    yield f"{clause.id}  {clause.level}, {applies_to(clause)}, {clause.status}"
    yield from _wrapped(clause.text, "  ")
    yield from _wrapped(f"why: {clause.why}", "  ")
    if clause.untested:
        yield from _wrapped(f"not tested: {clause.untested}", "  ")
    for test in index_by_clause().get(clause.id, ()):
        yield from _wrapped(f"test: {test.name}: {test.reason}", "  ")
    for mutant in MUTANTS:
        if clause.id in mutant.kills:
            yield from _wrapped(f"broken by {mutant.name}: {mutant.story}", "  ")
    if clause.unmutated:
        yield from _wrapped(f"no broken driver: {clause.unmutated}", "  ")


def _wrapped(text: str, indent: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ")
