# ruff: noqa: RUF009 - `declare` makes an attrs field
"""Reads the names of reports: a text, or a mapping that also names methods."""

from __future__ import annotations

import attrs

from swamp_driver.spec import Json
from swamp_driver.workflow._collection import ListOf
from swamp_driver.workflow._node import MappingNode, Node
from swamp_driver.workflow._problems import Problems, join_path
from swamp_driver.workflow._record import Record, Where, declare
from swamp_driver.workflow._shape import Definitions, Shape, Text
from swamp_driver.workflow._template import Template

_TEXT = Text(advice={"a mapping": "write a name, or {name: ..., methods: [...]}"})


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ReportName:
    """A report that is named, and the methods that it is named for."""

    where: Where
    path: str = ""
    name: Template = declare(_TEXT, "The name of a report.", required=True, when="never")
    methods: tuple[Template, ...] = declare(
        ListOf(_TEXT), "Only after these methods; after all by default.", default=(), when="never"
    )


_RECORD = Record(ReportName, words="a report")


class ReportNameShape(Shape[ReportName]):
    """A report: `eval_result`, or `{name: eval_result, methods: [evaluate]}`."""

    words = "the name of a report"
    blank = ReportName(where=Where(), name=Template(""))

    def read(self, node: Node, path: str, problems: Problems) -> ReportName:
        """Return the name, and the methods where some are named."""
        if isinstance(node, MappingNode):
            return attrs.evolve(_RECORD.read(node, path, problems), path=join_path(path, "name"))
        return ReportName(where=Where(), path=path, name=_TEXT.read(node, path, problems))

    def schema(self, definitions: Definitions) -> dict[str, Json]:
        """Return the schema of either."""
        return {"anyOf": [_TEXT.schema(definitions), _RECORD.schema(definitions)]}
