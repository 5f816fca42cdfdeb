"""What a plan leaves open: what inputs alone decide is evaluated, the rest stays as written."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from swamp_driver.spec import Json
from swamp_driver.workflow._commands import ConfigTree
from swamp_driver.workflow._evaluate import TemplateError, evaluate, tree_references
from swamp_driver.workflow._scope import InputsScope
from swamp_driver.workflow._static import KNOWN_BEFORE, is_static
from swamp_driver.workflow._template import Template

KnownTree = None | bool | int | float | str | Template | list["KnownTree"] | dict[str, "KnownTree"]
"""A tree in which texts are known, and a template is what must wait for the run."""


def known_tree(tree: ConfigTree, inputs: Mapping[str, Json]) -> KnownTree:
    """Return a tree of a plan with every template evaluated that uses nothing but inputs.

    Pure; may be called from any thread. What else there is stays a template, as it is written.
    """
    match tree:
        case Template():
            return _known(tree, inputs)
        case list():
            return [known_tree(item, inputs) for item in tree]
        case dict():
            return {key: known_tree(item, inputs) for key, item in tree.items()}
        case _:
            return tree


def waits_for(tree: ConfigTree, late: Collection[str] = ()) -> frozenset[str]:
    """Return what a tree needs beside inputs: the first parts of names, `steps` or `workspace`.

    `late` are the inputs whose defaults only the run can tell (`Plan.defaults`): for those,
    `inputs` is among them.
    """
    scope = InputsScope(inputs={}, later=frozenset(late))
    try:
        references = tuple(tree_references(tree))
    except TemplateError:
        return frozenset()
    roots = frozenset(reference.root for reference in references) - KNOWN_BEFORE
    return roots | {"inputs"} if scope.is_later(references) else roots


def _known(template: Template, inputs: Mapping[str, Json]) -> KnownTree:
    if not is_static(template):
        return template
    try:
        return evaluate(template, InputsScope(inputs=inputs))  # type: ignore[return-value]
    except TemplateError:
        return template
