"""Text with `${{ CEL }}` in it, as it stands in a file."""

from __future__ import annotations

import attrs

from swamp_driver._value import Value


@attrs.frozen(eq=False, repr=False)
class Template(Value):
    """A scalar of a workflow file that may hold expressions, and where it stands.

    `text` is what the author wrote. `line` and `column` count from 1 and point at the first
    character of the scalar's content; 0 where it has no place in a file.
    """

    text: str
    line: int = attrs.field(default=0, kw_only=True)
    column: int = attrs.field(default=0, kw_only=True)
