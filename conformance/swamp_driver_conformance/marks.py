"""The mark that ties a test to the clauses that it tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from swamp_driver_conformance.clauses import Clause, clause_by_id

if TYPE_CHECKING:
    from _pytest.mark.structures import MarkDecorator

MARK = "swamp_clause"


def clause(*ids: str) -> MarkDecorator:
    """Mark a test with the clauses that it tests; a typing error is found at import."""
    for one in ids:
        clause_by_id(one)
    return getattr(pytest.mark, MARK)(*ids)  # type: ignore[no-any-return]


def clauses_of(item: pytest.Item) -> Sequence[Clause]:
    """Return the clauses that a test is marked with."""
    return [clause_by_id(one) for mark in item.iter_markers(MARK) for one in mark.args]
