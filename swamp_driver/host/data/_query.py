"""Finding data by a predicate over its fields."""

from __future__ import annotations

from collections.abc import Iterable

from swamp_driver.host.data._artifact import Artifact, artifact_to_json
from swamp_driver.host.data._view import DataView
from swamp_driver.workflow import compile_predicate, predicate_holds, wants_all_versions


def query_data(
    view: DataView, text: str, *, among: Iterable[Artifact] | None = None
) -> tuple[Artifact, ...]:
    """Return the artifacts for which a predicate is true, by model, name and version.

    It is asked of the newest version of each name; of all versions where it names `version`; or of
    those in `among`.

    Raises:
        ExpressionError: the predicate cannot be understood, or gives neither true nor false.
    """
    predicate = compile_predicate(text)
    if among is None:
        among = view.all_versions() if wants_all_versions(predicate) else view.latest_of()
    return tuple(one for one in among if predicate_holds(predicate, artifact_to_json(one)))
