"""Checks what a file declares of its inputs, before any value is given."""

from __future__ import annotations

from swamp_driver.spec import Json
from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._cel import ExpressionError, pattern_matches
from swamp_driver.workflow._input_bounds import wrong_bounds
from swamp_driver.workflow._input_shape import InputDeclaration, Inputs
from swamp_driver.workflow._inputs import check_value, unusable
from swamp_driver.workflow._late_inputs import is_late
from swamp_driver.workflow._node import ScalarNode, SequenceNode, json_value, place_of
from swamp_driver.workflow._problems import Problems


def check_declarations(declared: Inputs, problems: Problems) -> None:
    """Note defaults that are not as declared, bounds that exclude everything, wrong patterns."""
    for declaration in (*declared.declarations.values(), declared.open):
        if isinstance(declaration, InputDeclaration):
            _check_declaration(declaration, problems)
    _check_required(declared, problems)


def _check_required(declared: Inputs, problems: Problems) -> None:
    """Note names under `required` that are not declared: nothing would ever ask for them."""
    where = declared.where
    entry = where.node.entries.get("required")
    if declared.open or entry is None or not isinstance(entry.value, SequenceNode):
        return
    for index, node in enumerate(entry.value.items):
        if isinstance(node, ScalarNode) and node.text not in declared.declarations:
            problems.add(
                f"the input {quoted(node.text)} is required and not declared",
                place_of(node, f"{where.path}.required[{index}]"),
                hint=did_you_mean(node.text, declared.declarations) or "write it into 'properties'",
            )


def _check_declaration(declaration: InputDeclaration, problems: Problems) -> None:
    where = declaration.where
    for bound, key in wrong_bounds(declaration):
        problems.add(bound, where.value(key))
    default = json_value(declaration.default) if declaration.default is not None else None
    if is_late(declaration):
        default = None  # what it is, only the run can tell
    if what := unusable(default):
        problems.add(what, where.value("default"))
    elif default is not None and not where.has("pattern"):
        check_value(declaration, default, where.value("default"), problems)
    elif declaration.pattern is not None:
        _check_own_pattern(declaration, default, problems)
    others = declaration.items, declaration.additional_properties
    for part in (*others, *(declaration.properties or {}).values()):
        if isinstance(part, InputDeclaration):
            _check_declaration(part, problems)


def _check_own_pattern(declaration: InputDeclaration, default: Json, problems: Problems) -> None:
    where = declaration.where
    assert declaration.pattern is not None
    try:
        pattern_matches(declaration.pattern.text, "")
    except ExpressionError as error:
        problems.add(f"the pattern cannot be used: {error}", where.value("pattern"))
        return
    if default is not None:
        check_value(declaration, default, where.value("default"), problems)
