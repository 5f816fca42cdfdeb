"""What a run waits for, and how to answer: the same after a run and in `show`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from swamp_driver.cli._style import Style
from swamp_driver.cli._untrusted import escape_controls


def question_lines(
    run_id: str, questions: Sequence[tuple[str, str]], *, style: Style
) -> Iterator[str]:
    """Yield lines for the steps that wait, each with its label and what it asks."""
    for label, prompt in questions:
        shown = style.paint(escape_controls(label), "strong")
        asked = escape_controls(" ".join(prompt.split()))
        yield f"{style.mark('asking')} {shown} waits for an approval: {asked}"
        which = f" {escape_controls(shlex.quote(label))}" if len(questions) > 1 else ""
        yield f"    approve it: swamp-driver approve {run_id}{which}"
        yield f"    reject it:  swamp-driver reject {run_id}{which}"
