"""How a process ended, in words."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str:
    """Return `SIGKILL` for 9; `signal 99` for a number that has no name here."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def exit_words(code: int) -> str:
    """Return what a return code of `subprocess` says: `exit code 3`, or the name of a signal."""
    return f"exit code {code}" if code >= 0 else signal_name(-code)
