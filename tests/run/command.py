"""`swamp-driver` as a person runs it: the whole command, and what it leaves on the machine."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "docs/examples"
SWAMP_DRIVER = str(Path(sys.executable).with_name("swamp-driver"))
LIMIT_S = 120.0


_WITH_SIGNALS = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start the command, both streams in one pipe, in the order in which they were written.

    It gets the default handling of signals: a shell that runs the tests in the background has them
    ignored, and what is ignored stays ignored.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _WITH_SIGNALS, SWAMP_DRIVER, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*arguments: str | Path) -> tuple[int, str]:
    """Run the command; return its exit code and all that it printed."""
    with start(*arguments) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    return process.returncode, output


def left_in(root: Path) -> list[str]:
    """Return what is under the root, but for the two directories that hold all runs."""
    standing = {root / "runs", root / "persistent"}
    return [str(path.relative_to(root)) for path in root.rglob("*") if path not in standing]


def alive_below(root: Path) -> list[str]:
    """Return the processes whose working directory or HOME lies below the root."""
    return [str(process) for process in psutil.process_iter() if _lives_below(root, process)]


def _lives_below(root: Path, process: psutil.Process) -> bool:
    # It may end meanwhile, or stand in a directory whose path is too long to be told.
    with contextlib.suppress(psutil.Error, OSError):
        places = (process.cwd(), process.environ().get("HOME", ""))
        return any(place.startswith(f"{root}/") for place in places)
    return False


def commit_files(directory: Path, files: dict[str, str]) -> Path:
    """Make a git repository with one commit."""
    directory.mkdir()
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(directory), *command], check=True)
    return directory
