"""Finding data by a predicate over its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from swamp_driver.host.data._artifact import Artifact, artifact_to_json
from swamp_driver.host.data._view import DataView
from swamp_driver.spec import Json
from swamp_driver.workflow import (
    compile_predicate,
    predicate_holds,
    select_value,
    wants_all_versions,
)


def query_data(
    view: DataView, text: str, *, among: Iterable[Artifact] | None = None
) -> tuple[Artifact, ...]:
    """Return the artifacts for which a predicate is true, by model, name and version.

    It is asked of the newest version of each name; of all versions where it names `version`; or of
    those in `among`.

    Raises:
        ExpressionError: the predicate cannot be understood, or gives neither true nor false.
    """
    return tuple(one for one, _ in _found(view, text, among))


def query_values(view: DataView, text: str, select: Json = None) -> list[Json]:
    """Return what `query_data` finds as expressions see it, or what `select` makes of each.

    Raises:
        ExpressionError: the predicate or `select` cannot be understood, or has no value.
    """
    found = [seen for _, seen in _found(view, text, None)]
    if not isinstance(select, str):
        return [*found]
    selected = compile_predicate(select)
    return [select_value(selected, seen) for seen in found]


def _found(
    view: DataView, text: str, among: Iterable[Artifact] | None
) -> Iterator[tuple[Artifact, dict[str, Json]]]:
    predicate = compile_predicate(text)
    latest = view.latest_of()
    newest = {(one.model, one.name, one.version) for one in latest}
    if among is None:
        among = view.all_versions() if wants_all_versions(predicate) else latest
    for one in among:
        is_latest = (one.model, one.name, one.version) in newest
        seen = {**artifact_to_json(one), "isLatest": is_latest}
        if predicate_holds(predicate, seen):
            yield one, seen
