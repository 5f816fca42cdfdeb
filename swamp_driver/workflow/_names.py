"""Checks the names in expressions while nothing has run yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import attrs

from swamp_driver.spec._suggest import did_you_mean, quoted
from swamp_driver.workflow._cel import ROOTS, ExpressionError
from swamp_driver.workflow._functions import FUNCTION_ROOTS, Function, functions_of
from swamp_driver.workflow._scope import NOT_HERE, WHERE_SECRETS_GO
from swamp_driver.workflow._syntax_tree import Reference

_BUILT_IN = frozenset(
    {"int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"}
) | {"base64", "google", "math", "optional", "strings"}
_SELF = ("id", "name", "version", "tags")
_RUN = ("id", "workflowName", "startedAt", "tags", "directory")
_STEP = ("status", "exitCode", "outputs")
_MODEL = ("resource", "file")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Known:
    """What is known at one place of a workflow."""

    inputs: Collection[str] | None
    """The inputs declared; None where others may be given."""
    before_run: bool = False
    """Only the inputs are known: the value is needed before anything runs."""
    item: str | None = None
    """The item of the `forEach` around it."""
    workspace: bool = True
    steps: Callable[[str], str | None] = lambda _: None
    """Says what is wrong with a reference to a step of that name."""
    step_names: Collection[str] = ()
    secrets: bool = True
    """A secret can stand here: the value is neither shown nor kept."""
    vaults: Collection[str] | None = None
    """The names of the vaults; None where they are not known."""


def check_references(references: Iterable[Reference], known: Known) -> list[ExpressionError]:
    """Return what is wrong with the names of an expression."""
    wrong = []
    for reference in references:
        if (error := _check(reference, known)) is not None:
            wrong.append(error)
            if error.hint and error.hint.startswith(("write steps['", "write model['")):
                break  # the rest of a name with '-' in it looks like names of its own
    return wrong


def _check(reference: Reference, known: Known) -> ExpressionError | None:
    root = reference.root
    if root not in ROOTS:
        return _unknown_root(reference)
    if known.before_run and root != "inputs":
        return _error(
            reference,
            f"{root!r} is not known here: the value is needed before anything runs",
            "only 'inputs' can be used here",
        )
    return _CHECKS[root](reference, known)


def _unknown_root(reference: Reference) -> ExpressionError | None:
    if reference.root in _BUILT_IN or (reference.is_call and not reference.path):
        return None
    hint = did_you_mean(reference.root, ROOTS) or f"there are: {', '.join(ROOTS)}"
    return _error(reference, f"unknown name {quoted(reference.root)}", hint)


def _error(reference: Reference, what: str, hint: str | None = None) -> ExpressionError:
    return ExpressionError(what, offset=reference.offset, hint=hint)


def _part(reference: Reference, known: Collection[str], at: int = 0) -> ExpressionError | None:
    """Return an error where the part `at` of the path is not among `known`."""
    is_function = reference.is_call and at == len(reference.path) - 1
    if at >= len(reference.path) or is_function or reference.path[at] in known:
        return None
    before = ".".join((reference.root, *reference.path[:at]))
    hint = did_you_mean(reference.path[at], known) or (
        f"there are: {', '.join(known)}" if known else "none are declared"
    )
    return _error(reference, f"{before!r} has no {quoted(reference.path[at])}", hint)


def _inputs(reference: Reference, known: Known) -> ExpressionError | None:
    return None if known.inputs is None else _part(reference, known.inputs)


def _self(reference: Reference, known: Known) -> ExpressionError | None:
    return _part(reference, (*_SELF, known.item) if known.item else _SELF)


def _run(reference: Reference, _: Known) -> ExpressionError | None:
    return _part(reference, _RUN)


def _workspace(reference: Reference, known: Known) -> ExpressionError | None:
    if not known.workspace:
        return _error(
            reference,
            "the workspace is disabled, so it has no path",
            "write 'workspace: {enabled: true}'",
        )
    return _part(reference, ("path",))


def _steps(reference: Reference, known: Known) -> ExpressionError | None:
    if not reference.path or (reference.is_call and len(reference.path) == 1):
        return _error(reference, "the step must be named here", "write steps.NAME or steps['NAME']")
    name = reference.path[0]
    if name not in known.step_names:
        dashed = [other for other in known.step_names if other.startswith(f"{name}-")]
        if dashed:
            hint: str | None = f"write steps['{dashed[0]}']: a '-' after a name subtracts"
        else:
            hint = did_you_mean(name, known.step_names)
        return _error(reference, f"there is no step {quoted(name)}", hint)
    if (what := known.steps(name)) is not None:
        return _error(reference, what)
    return _part(reference, _STEP, at=1)


def _model(reference: Reference, _: Known) -> ExpressionError | None:
    if not reference.path or (reference.is_call and len(reference.path) == 1):
        return None  # all models: 'name in model'
    if len(reference.path) == 1:
        what = f"what is wanted of the model {quoted(reference.path[0])} must be named here"
        return _error(
            reference, what, "write model['NAME'].resource.SPEC.NAME.attributes; a '-' subtracts"
        )
    return _part(reference, _MODEL, at=1)


def _function(reference: Reference, known: Known) -> ExpressionError | None:
    """Check a call of a function, or what looks like one."""
    there = functions_of(reference.root)
    name = reference.path[0] if reference.path else ""
    found = there.get(name)
    if found is None or len(reference.path) > 1 or not reference.is_call:
        what = f"{reference.root!r} has no {quoted(name)}" if name and found is None else None
        usages = "there are: " + ", ".join(one.usage for one in there.values())
        hint = (what and did_you_mean(name, there)) or usages
        return _error(reference, what or f"{reference.root!r} has functions and no value", hint)
    lengths = {len(signature) for signature in found.signatures}
    if len(reference.arguments) not in lengths:
        count = len(reference.arguments)
        given = f"{count} argument{'' if count == 1 else 's'}"
        return _error(reference, f"{found.name!r} does not take {given}", f"write {found.usage}")
    return _arguments(reference, found, known)


def _arguments(reference: Reference, function: Function, known: Known) -> ExpressionError | None:
    first = reference.arguments[0]
    if function.name == "vault.get":
        if not known.secrets:
            return _error(reference, NOT_HERE, WHERE_SECRETS_GO)
        if known.vaults is not None and first is not None and first not in known.vaults:
            hint = did_you_mean(first, known.vaults) or f"there are: {', '.join(known.vaults)}"
            error = _error(reference, f"there is no vault {quoted(first)}", hint)
            error.kind = "absent"
            return error
    if function.name == "data.query":
        from swamp_driver.workflow._predicate import compile_predicate  # noqa: PLC0415 - seldom

        for words, text in zip(("predicate", "selection"), reference.arguments, strict=False):
            try:
                compile_predicate(text or "true")
            except ExpressionError as error:
                return _error(reference, f"the {words}: {error}", error.hint)
    return None


def _env(_reference: Reference, _known: Known) -> ExpressionError | None:
    return None


_CHECKS: dict[str, Callable[[Reference, Known], ExpressionError | None]] = {
    "inputs": _inputs,
    "self": _self,
    "run": _run,
    "workspace": _workspace,
    "steps": _steps,
    "env": _env,
    "model": _model,
    **dict.fromkeys(FUNCTION_ROOTS, _function),
}
