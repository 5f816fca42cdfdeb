"""Agents in other places than a plain process of the caller."""

from __future__ import annotations

import contextlib
import os
import platform
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from swamp_driver.agent import LocalAgent, agent_binary, start_local_agent

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can set this up")

PATH = "/usr/local/bin:/usr/bin:/bin"
ANYBODY = 64124
"""A user that nobody knows."""

WITHOUT_CAPABILITIES = (
    ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all") if os.geteuid() == 0 else ()
)
"""As in a container with `--cap-drop ALL`: root is bound by file modes as anybody else."""

AS_ANYBODY = ("setpriv", "--reuid", str(ANYBODY), "--regid", str(ANYBODY), "--clear-groups")
AS_INIT = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
AS_INIT_WITHOUT_PROC = ("unshare", "--pid", "--fork", "--mount", "--kill-child")


@contextlib.contextmanager
def agent_as(
    directory: Path, command: tuple[str, ...], *, program: Path | None = None
) -> Iterator[LocalAgent]:
    """Start an agent below another program; `directory` takes the script that does so."""
    agent = program or agent_binary(platform.machine())
    script = directory / "start-agent"
    script.write_text(f"#!/bin/sh\nexec {shlex.join([*command, str(agent)])}\n")
    script.chmod(0o755)
    local = start_local_agent(env={"PATH": PATH}, program=script)
    try:
        yield local
    finally:
        local.close()
