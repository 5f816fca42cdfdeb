"""Looking whether outputs are there, where steps share a workspace: nothing is moved then."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from swamp_driver.host.outputs._beside import Beside
from swamp_driver.host.outputs._capture import argument, missing, outside
from swamp_driver.host.outputs._scripts import CHECK_ONLY


def check(beside: Beside, paths: Sequence[str]) -> tuple[str, ...]:
    """Return what is wrong with outputs in the shared workspace, one line each.

    Where the host does not see the workspace, or may not look into it, the driver is asked.

    Raises:
        HandOverError: The driver could not look.
        DriverError: See `Beside.run`.
    """
    if beside.opened.workspace.host_visible:
        try:
            return tuple(_problems_here(beside.opened.workspace.path, paths))
        except PermissionError:  # files of another user: those who made them can look
            pass
    args = [beside.opened.workspace.path, *map(argument, paths)]
    findings = beside.run("check", CHECK_ONLY, args)
    said = {"ok": None, "outside": outside}
    makers = (
        (path, said.get(findings.states.get(number, ""), missing))
        for number, path in enumerate(paths, 1)
    )
    return tuple(make(path) for path, make in makers if make is not None)


def _problems_here(workspace: str, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        try:
            real = os.path.realpath(f"{workspace}/{path}", strict=True)
        except (FileNotFoundError, NotADirectoryError):
            yield missing(path)
            continue
        # `workspace` is free of symlinks, unless a step has put one in its place.
        if real != workspace and not real.startswith(f"{workspace}/"):
            yield outside(path)
