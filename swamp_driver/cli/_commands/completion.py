"""`swamp-driver completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from swamp_driver.cli._help import TeachingCommand
from swamp_driver.cli._print import print_lines


@click.command(
    "completion",
    cls=TeachingCommand,
    examples=(
        ("in ~/.bashrc", 'eval "$(swamp-driver completion bash)"'),
        ("in ~/.zshrc", 'eval "$(swamp-driver completion zsh)"'),
        ("in ~/.config/fish/config.fish", "swamp-driver completion fish | source"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands and options, workflow files, ids of runs, drivers and workspaces.
    """
    found = get_completion_class(shell)
    assert found is not None
    root = ctx.find_root()
    print_lines([found(root.command, {}, "swamp-driver", "_SWAMP_DRIVER_COMPLETE").source()])
