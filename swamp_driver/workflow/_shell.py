"""Scripts with expressions -> scripts with quoted references to environment variables.

A value is never part of the script: it travels in the environment as `SWAMP_EXPR_<n>`, and the
script gets a reference to it, quoted as its place asks for. Whatever a value holds, the shell never
reads it as code: an expansion is not parsed again (POSIX XCU 2.6). What the place decides is only
that the value stays one word and is expanded at all.
"""

from __future__ import annotations

import functools

import attrs

from swamp_driver._value import Value
from swamp_driver.workflow._evaluate import TemplateError, template_parts
from swamp_driver.workflow._scan import Expression, Literal
from swamp_driver.workflow._template import Template

PREFIX = "SWAMP_EXPR_"
_NUL = "\0"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Script(Value):
    """A script for `/bin/sh`, and the expressions whose values it finds in its environment."""

    text: str
    expressions: tuple[tuple[str, Expression], ...] = ()
    """Name of the variable, expression."""


@functools.lru_cache(maxsize=1024)
def write_script(template: Template) -> Script:
    """Return the script that a template is, with references in place of its expressions.

    The same expression has the same variable.

    Raises:
        TemplateError: An expression stands where the shell would not expand a value (a quoted
            here-document, after a backslash), or where a value could be more than a value
            (arithmetic, the name of a parameter); or the scripts holds a NUL character.
    """
    parts = template_parts(template)
    expressions = [part for part in parts if isinstance(part, Expression)]
    if _NUL in template.text:
        offset = template.text.index(_NUL)
        raise TemplateError(
            "a script cannot hold a NUL character", template, start=offset, offset=offset, hint=None
        )
    if not expressions:
        return Script(text=template.text)
    return _rewrite(template, parts, expressions)


def _rewrite(
    template: Template, parts: list[Literal | Expression], expressions: list[Expression]
) -> Script:
    # Most scripts have no expressions, and need no reader.
    from swamp_driver.workflow._shell_cursor import MARK, PlaceError  # noqa: PLC0415 - see above
    from swamp_driver.workflow._shell_reader import ShellReader  # noqa: PLC0415 - see above

    names: dict[str, str] = {}
    for part in expressions:
        names.setdefault(part.text, f"{PREFIX}{len(names) + 1}")
    marked = "".join(MARK if isinstance(part, Expression) else part.text for part in parts)
    reader = ShellReader(marked, [names[part.text] for part in expressions])
    try:
        text = reader.rewrite()
    except PlaceError as error:
        start = expressions[error.number].start
        raise TemplateError(
            str(error), template, start=start, offset=start, hint=error.hint
        ) from error
    first = {part.text: part for part in reversed(expressions)}
    return Script(text=text, expressions=tuple((names[key], first[key]) for key in names))
