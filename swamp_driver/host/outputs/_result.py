"""What came of handing on."""

from __future__ import annotations

import attrs

from swamp_driver._value import Value
from swamp_driver.host._records import HandedOn


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HandOverResult(Value):
    """What a step that ended has handed on."""

    handed_on: tuple[HandedOn, ...] = ()
    problems: tuple[str, ...] = ()
    """Why outputs are not there: a step that had succeeded has failed by that."""
