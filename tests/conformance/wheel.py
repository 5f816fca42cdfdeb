"""The suite from a built wheel, away from this tree.

`python -m tests.conformance.wheel 'pytest==8.*' 'pluggy==1.5.*'` does it in a new environment with
these versions, from the package index, and runs all of it over the raw driver. With `pytest-xdist`
among them it is spread over two workers, with `pytest-randomly` it comes in random order.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build_wheel(folder: Path) -> Path:
    """Build the wheel of this tree into a folder; return its path."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def suite_command(python: str, *options: str) -> list[str]:
    """Return the command that runs the suite with plain pytest."""
    words = ["-p", "no:cacheprovider", "-q", "--swamp-driver", "raw", *options]
    return [python, "-m", "pytest", "--pyargs", "swamp_driver_conformance.suite", *words]


def run_in_new_environment(requirements: Sequence[str], folder: Path) -> int:
    """Install the wheel and these versions into a new environment and run the suite there."""
    wheel = build_wheel(folder)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = str(folder / "venv/bin/python")
    install = [python, "-m", "pip", "install", "-q", f"{wheel}[conformance]", *requirements]
    subprocess.run(install, check=True)
    listed = [python, "-m", "pip", "list", "--format", "freeze"]
    subprocess.run(listed, check=True)
    options = ["-n", "2"] if "pytest-xdist" in requirements else []
    return subprocess.run(suite_command(python, *options), cwd=folder, check=False).returncode


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        raise SystemExit(run_in_new_environment(sys.argv[1:], Path(scratch)))
