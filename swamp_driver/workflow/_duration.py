"""Durations as people write them: `90s`, `5m`, `1h30m`, `500ms`."""

from __future__ import annotations

import re

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import quoted
from swamp_driver.workflow._node import Node, ScalarNode
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._shape import Definitions, Shape
from swamp_driver.workflow._template import Template

_PART = r"[0-9]{1,9}(?:\.[0-9]{1,3})?(?:ms|s|m|h|d)"
_DURATION = rf"(?:{_PART})+"
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def parse_duration(text: str) -> int | None:
    """Return the milliseconds that a duration stands for, or None where it is none or is zero."""
    if not re.fullmatch(_DURATION, text):
        return None
    parts = re.findall(r"([0-9.]+)([a-z]+)", text)
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts)) or None


class Duration(Shape[Template]):
    """A duration with its unit, or a text with expressions that gives one."""

    words = "a duration such as '90s' or '5m'"
    blank = None

    def read(self, node: Node, path: str, problems: Problems) -> Template:
        """Return it as it is written."""
        if not isinstance(node, ScalarNode) or node.value is None:
            raise self.refuse(node, path, problems)
        if not isinstance(node.value, str):
            hint = f"say the unit: '{node.text[:20]}s' or '{node.text[:20]}ms'"
            raise self.refuse(node, path, problems, hint=hint)
        if not has_expression(node.text) and parse_duration(node.text) is None:
            raise self.refuse(
                node, path, problems, f"expected {self.words}, found {quoted(node.text)}"
            )
        return node.template

    def schema(self, _: Definitions) -> dict[str, Json]:
        """Return the schema."""
        return {"type": "string", "pattern": rf"^(?:(?:{_PART})+|[^$]*\$\{{\{{[\s\S]*)$"}
