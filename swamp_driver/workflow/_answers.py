"""What expressions ask that is neither in the file nor in what has run: data, files, secrets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from swamp_driver.spec import Json


class Answers(Protocol):
    """Answers expressions while a run goes on.

    `job` is the name of the job that asks. A question that has no answer raises `ExpressionError`,
    which says what there is instead.
    """

    def call(self, function: str, arguments: tuple[Json, ...], *, job: str) -> Json:
        """Return what a function of `FUNCTIONS` gives; its arguments are of the types declared."""
        ...

    def models(self, names: Collection[str] | None, *, job: str) -> dict[str, Json]:
        """Return what `model.<name>` is for each name that is known; for all with None."""
        ...
