"""Text -> Workflow."""

from __future__ import annotations

from collections.abc import Collection

import attrs

from swamp_driver.workflow._check import check_workflow
from swamp_driver.workflow._model import WORKFLOW, Workflow
from swamp_driver.workflow._problems import Problems
from swamp_driver.workflow._shape import Refused
from swamp_driver.workflow._yaml import parse_yaml


def parse_workflow(text: str, *, source: str, vaults: Collection[str] | None = None) -> Workflow:
    """Return the workflow that `text` is, checked as far as can be without inputs and drivers.

    Pure. `source` is what the file is called in messages; `vaults` are the names that `vault.get`
    can use, None where they are not known. The text is not trusted: it may be at
    most 1 MiB, 50,000 values (with aliases expanded) and 64 levels deep, and no tag is obeyed.

    Raises:
        WorkflowError: With all problems at once, in the order of the file: YAML that cannot be
            read, wrong types, unknown keys, names that stand twice or nowhere, cycles, expressions
            that cannot be understood or use names that are not known, expressions where a script
            can take no value.
    """
    problems = Problems(file=source, text=text)
    workflow = read_workflow(text, problems, vaults=vaults)
    problems.raise_any()
    assert workflow is not None
    return workflow


def read_workflow(
    text: str, problems: Problems, *, vaults: Collection[str] | None = None
) -> Workflow | None:
    """Return as much of a workflow as can be read; note all problems. None where it is none."""
    node = parse_yaml(text, problems)
    if node is None:
        return None
    try:
        workflow = attrs.evolve(WORKFLOW.read(node, "", problems), text=text)
    except Refused:
        return None
    check_workflow(workflow, problems, vaults=vaults)
    return workflow
