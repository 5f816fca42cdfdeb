"""Trees as hostile steps leave them, and processes that are not almighty."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swamp_driver.rundir import create_run_dir
from swamp_driver.spec import Owner, WorkspaceRequest

LIMIT_S = 60.0
RUN_ID = "abcdefghijkl"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set this up")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux shows this")


def workspace_request(
    tmp_path: Path, name: str = "run", *, persistent: bool = False
) -> WorkspaceRequest:
    """Return a request for a run directory below `tmp_path`, for the calling user."""
    run_dir = os.path.realpath(tmp_path) + "/" + name
    return WorkspaceRequest(
        run_dir=run_dir, persistent=persistent, uid=os.geteuid(), gid=os.getegid()
    )


def make_run_dir(
    tmp_path: Path, name: str = "run", *, persistent: bool = False
) -> WorkspaceRequest:
    """Make a run directory below `tmp_path` and return its request."""
    request = workspace_request(tmp_path, name, persistent=persistent)
    create_run_dir(request, run_id=RUN_ID, owner=Owner.current())
    return request


def names_in(path: str | Path) -> list[str]:
    """Return the names in a directory, in order."""
    return sorted(entry.name for entry in Path(path).iterdir())


def make_deep(top: Path, *, levels: int) -> None:
    """Make directories in directories, far beyond what a path can name."""
    fd = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("a-rather-long-name-of-a-directory", dir_fd=fd)
        below = os.open("a-rather-long-name-of-a-directory", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(os.open("leaf", os.O_CREAT, dir_fd=fd))
    os.close(fd)


def run_as_plain_owner(code: str, *args: str) -> str:
    """Run Python code as a user whom file modes bind; return what it prints.

    Root gives up the capabilities that let it ignore modes, and stays the owner of its files.
    """
    drop = []
    if os.geteuid() == 0:
        caps = "-chown,-dac_override,-dac_read_search,-fowner"
        drop = ["setpriv", "--bounding-set", caps, "--inh-caps", caps]
    done = subprocess.run(
        [*drop, sys.executable, "-c", code, *args],
        check=True,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        timeout=LIMIT_S,
    )
    return done.stdout.decode()
