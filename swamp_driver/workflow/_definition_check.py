"""Expressions in a definition of a model, as far as they can be checked before the run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from swamp_driver.workflow._cel import ExpressionError, references_of
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._evaluate import TemplateError, compiled, template_parts
from swamp_driver.workflow._names import Known, check_references
from swamp_driver.workflow._problems import join_path
from swamp_driver.workflow._scan import Expression
from swamp_driver.workflow._template import Template

_OF_THE_STEP = ("self", "steps", "model")
"""What these have depends on the step that uses the model."""


def expression_errors(
    tree: ConfigTree, path: str, *, inputs: Collection[str] | None
) -> Iterator[tuple[str, TemplateError | ExpressionError]]:
    """Yield what is wrong with expressions, each with its path.

    `inputs` are those that the workflow declares; None where others may be given.
    """
    match tree:
        case Template():
            yield from ((path, error) for error in _errors(tree, inputs))
        case list():
            for number, item in enumerate(tree):
                yield from expression_errors(item, f"{path}[{number}]", inputs=inputs)
        case dict():
            for key, item in tree.items():
                yield from expression_errors(item, join_path(path, key), inputs=inputs)
        case _:
            return


def _errors(
    template: Template, inputs: Collection[str] | None
) -> Iterator[TemplateError | ExpressionError]:
    try:
        for part in template_parts(template):
            if isinstance(part, Expression):
                references = [
                    one for one in references_of(part.text) if one.root not in _OF_THE_STEP
                ]
                wrong = check_references(references, Known(inputs=inputs))
                yield from wrong
                if not wrong:
                    compiled(template, part)
    except (TemplateError, ExpressionError) as error:
        yield error
