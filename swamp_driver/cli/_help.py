"""Commands that teach: examples and exit codes below their options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from rich.text import Text

Example = tuple[str, str]
"""What one wants, and the command line for it (several lines where it is long)."""
ExitCode = tuple[int, str]


class _Teaching(click.RichCommand):
    """What commands and groups have in common."""

    def __init__(
        self,
        *args: Any,
        examples: Sequence[Example] = (),
        exit_codes: Sequence[ExitCode] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        self.exit_codes = tuple(exit_codes)

    def format_epilog(self, _: click.RichContext, formatter: click.RichHelpFormatter) -> None:  # type: ignore[override]
        """Write the examples and exit codes."""
        from rich.padding import Padding  # noqa: PLC0415 - only help needs it

        for block in self._blocks():
            formatter.write(Padding(block, (0, 1, 1, 1)))

    def _blocks(self) -> Iterator[Text]:
        from rich.text import Text  # noqa: PLC0415 - see format_epilog

        if self.examples:
            lines = [Text("Examples", "bold")]
            for wanted, command in self.examples:
                lines.append(Text(f"  # {wanted}", "dim"))
                lines += [Text(f"  {line}", "cyan") for line in prompted(command)]
            yield Text("\n").join(lines)
        if self.exit_codes:
            codes = [
                Text.assemble((f"{code:>5}", "bold"), f"  {what}") for code, what in self.exit_codes
            ]
            yield Text("\n").join([Text("Exit codes", "bold"), *codes])


def prompted(command: str) -> list[str]:
    """Return the lines of an example; each that does not continue one before has a prompt."""
    lines = command.split("\n")
    continues = [False, *(line.endswith("\\") for line in lines)]
    return [f"{'  ' if more else '$ '}{line}" for line, more in zip(lines, continues, strict=False)]


class TeachingCommand(_Teaching):
    """A command with `examples` and `exit_codes`."""


class TeachingGroup(_Teaching, click.RichGroup):  # type: ignore[misc]  # as rich_click does
    """A group of commands with `examples` and `exit_codes`."""

    command_class = TeachingCommand
