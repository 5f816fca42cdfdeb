"""Defaults of inputs that hold expressions: only the run can tell what they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._input_shape import InputDeclaration, Inputs
from swamp_driver.workflow._node import config_tree
from swamp_driver.workflow._problems import Problems, join_path
from swamp_driver.workflow._scan import has_expression
from swamp_driver.workflow._template import Template
from swamp_driver.workflow._templates import Spot


def late_defaults(declared: Inputs, given: Collection[str]) -> Mapping[str, ConfigTree]:
    """Return the defaults with expressions in them, of the inputs that are not given."""
    return {
        name: tree
        for name, declaration in declared.declarations.items()
        if name not in given and (tree := _late(declaration)) is not None
    }


def late_spots(declared: Inputs) -> Iterator[Spot]:
    """Yield the expressions in the defaults of inputs."""
    for declaration in declared.declarations.values():
        tree = _late(declaration)
        if tree is not None:
            yield from _spots(tree, declaration.where.value("default").path)


def is_late(declaration: InputDeclaration) -> bool:
    """Return whether a default has an expression in it."""
    return _late(declaration) is not None


def note_inner_expressions(declared: Inputs, problems: Problems) -> None:
    """Note expressions in the defaults of parts of inputs: those stay as they are written."""
    for declaration in declared.declarations.values():
        for part in _parts(declaration):
            if is_late(part):
                problems.add(
                    "the default of a part of an input cannot be an expression",
                    part.where.value("default"),
                    hint="write it into the 'default' of the input itself",
                )


def _late(declaration: InputDeclaration) -> ConfigTree:
    """Return a default with an expression in it; None where it has none."""
    if declaration.default is None:
        return None
    tree = config_tree(declaration.default)
    return tree if next(_spots(tree, ""), None) is not None else None


def _parts(declaration: InputDeclaration) -> Iterator[InputDeclaration]:
    others = declaration.items, declaration.additional_properties
    for part in (*others, *(declaration.properties or {}).values()):
        if isinstance(part, InputDeclaration):
            yield part
            yield from _parts(part)


def _spots(tree: ConfigTree, path: str) -> Iterator[Spot]:
    match tree:
        case Template() if has_expression(tree.text):
            yield Spot(tree, path, "run")
        case list():
            for index, item in enumerate(tree):
                yield from _spots(item, f"{path}[{index}]")
        case dict():
            for key, item in tree.items():
                yield from _spots(item, join_path(path, key))
