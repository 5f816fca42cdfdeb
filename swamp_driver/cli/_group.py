"""A command group that imports a command when it is used."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click

from swamp_driver.cli._help import TeachingGroup


class LazyGroup(TeachingGroup):
    """A group whose commands are modules: `commands_in` maps names to modules with a `command`.

    To add a command, write a module and add its name: nothing of it is imported before it is run
    or asked for help.
    """

    def __init__(self, *args: Any, commands_in: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._modules = dict(commands_in)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the order in which they were given."""
        return [*self._modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None where there is none."""
        module = self._modules.get(cmd_name)
        if module is None:
            return super().get_command(ctx, cmd_name)
        if module not in sys.modules:
            with _collector_at_rest():
                importlib.import_module(module)
        command: click.Command = sys.modules[module].command
        return command


@contextlib.contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let no garbage be looked for among what is made meanwhile, now or later.

    What an import makes stays to the end; looking through it, at last when the process ends, is a
    tenth of what a short command takes.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
