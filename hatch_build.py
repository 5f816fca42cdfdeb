"""The build hook: compiles the step agent for each architecture into the package.

hatchling runs it for wheels and editable installs. In a checkout `python hatch_build.py` does the
same. A program is compiled again only where its sources, its flags or the compiler changed.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ARCHITECTURES = ("x86_64", "aarch64")
FLAGS = ("-std=gnu11", "-Os", "-static", "-s", "-Wall", "-Wextra", "-Werror")


class AgentBuildHook(BuildHookInterface[Any]):
    """Build the agent before the files of the package are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile what is not up to date."""
        build_agents(Path(self.root))


def build_agents(root: Path) -> list[Path]:
    """Compile the agents of the checkout at `root` that are not up to date; return those."""
    agent = root / "swamp_driver" / "agent"
    output = agent / "bin"
    output.mkdir(exist_ok=True)
    sources = sorted((agent / "src").glob("*.[ch]"))
    return [
        program
        for architecture in ARCHITECTURES
        if _build(sources, architecture, program := output / f"swamp-agent-{architecture}")
    ]


def _build(sources: list[Path], architecture: str, program: Path) -> bool:
    stamp = program.with_name(f"{program.name}.sha256")
    digest = _digest(sources, architecture)
    if program.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        return False
    with tempfile.TemporaryDirectory(dir=program.parent) as directory:
        compiled = Path(directory) / program.name
        _compile([path for path in sources if path.suffix == ".c"], architecture, compiled)
        # Put in place whole: a running agent keeps the old file, two builds do not mix.
        compiled.replace(program)
        new_stamp = Path(directory) / stamp.name
        new_stamp.write_text(digest, encoding="ascii")
        new_stamp.replace(stamp)
    return True


def _compile(sources: list[Path], architecture: str, output: Path) -> None:
    target = f"{architecture}-linux-musl"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *FLAGS]
    result = subprocess.run(
        [*command, *map(str, sources), "-o", str(output)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ZIG_LOCAL_CACHE_DIR": str(output.parent / "zig-cache")},
    )
    if result.returncode != 0:
        raise RuntimeError(f"the agent cannot be compiled for {target}:\n{result.stderr}")
    output.chmod(0o755)


def _digest(sources: list[Path], architecture: str) -> str:
    digest = hashlib.sha256()
    for text in (architecture, *FLAGS, importlib.metadata.version("ziglang")):
        digest.update(text.encode() + b"\0")
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    for built in build_agents(Path(__file__).parent):
        sys.stdout.write(f"built {built}\n")
