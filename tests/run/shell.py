"""`swamp-driver` called in this process."""

from __future__ import annotations

import attrs
import pytest

from swamp_driver.cli import main


@attrs.frozen
class Done:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


@attrs.frozen
class Shell:
    """Calls `swamp-driver` in this process."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Done:
        """Run a command to its end."""
        self.capsys.readouterr()
        code = main(arguments)
        printed = self.capsys.readouterr()
        return Done(code, printed.out, printed.err)
