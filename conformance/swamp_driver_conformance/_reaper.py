"""Ending what the suite started and a broken driver left running."""

from __future__ import annotations

import contextlib
import os
import signal

from swamp_driver_conformance.probes import processes_with

MARK_VARIABLE = "SWAMP_CONFORMANCE"
"""Every step of the suite has it in its environment, with a word of its own for each test."""


def kill_marked(mark: str, *, older: frozenset[int]) -> None:
    """Kill the processes of this host that carry a test's word; nothing else can have it.

    `older` are those that were there before the test: they need not be looked at.
    """
    for pid in processes_with(mark, but=older):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
