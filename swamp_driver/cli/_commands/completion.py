"""`swamp-driver completion`."""

from __future__ import annotations

import rich_click as click
from click.shell_completion import get_completion_class

from swamp_driver.cli._options import examples
from swamp_driver.cli._print import print_lines


@click.command(
    "completion",
    epilog=examples(
        ('eval "$(swamp-driver completion bash)"', "in ~/.bashrc"),
        ('eval "$(swamp-driver completion zsh)"', "in ~/.zshrc"),
        ("swamp-driver completion fish > \\\\", ""),
        ("    ~/.config/fish/completions/swamp-driver.fish", "once"),
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what a shell needs to complete commands, options, runs, drivers and files."""
    found = get_completion_class(shell)
    assert found is not None
    root = ctx.find_root()
    print_lines([found(root.command, {}, "swamp-driver", "_SWAMP_DRIVER_COMPLETE").source()])
