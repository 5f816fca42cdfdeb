"""The agent with checks compiled in: of memory, and of what C leaves undefined."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from swamp_driver import agent

_SOURCES = sorted((Path(agent.__file__).parent / "src").glob("*.c"))
_FLAGS = (
    "-std=gnu11",
    "-g",
    "-O1",
    "-fno-omit-frame-pointer",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-Wall",
    "-Wextra",
    "-Werror",
)


def build_sanitized(directory: Path) -> Path | None:
    """Compile the agent into `directory`, unless it is there; None where no compiler can do it."""
    program = directory / "swamp-agent-sanitized"
    if program.exists():
        return program
    for compiler in ("gcc", "clang", "cc"):
        if shutil.which(compiler) is None or not _supports(compiler, directory):
            continue
        command = [compiler, *_FLAGS, *map(str, _SOURCES), "-o", str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return program
    return None


def _supports(compiler: str, directory: Path) -> bool:
    probe = directory / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    command = [compiler, "-fsanitize=address,undefined", str(probe), "-o", str(directory / "probe")]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
