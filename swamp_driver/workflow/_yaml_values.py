"""Plain values in YAML: inputs and options in files."""

from __future__ import annotations

from swamp_driver.spec import Json
from swamp_driver.workflow._node import json_value
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._yaml import parse_yaml


def parse_yaml_values(text: str, *, source: str) -> Json:
    """Return the value of a YAML document, read as workflow files are; `${{ }}` is text in it.

    Pure. The text is not trusted: see `parse_workflow` for its bounds.

    Raises:
        WorkflowError: it cannot be read; all problems with their places.
    """
    problems = Problems(file=source, text=text)
    node = parse_yaml(text, problems)
    problems.raise_any()
    assert node is not None
    return json_value(node)
