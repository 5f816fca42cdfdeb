"""The suite as others install it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.wheel import build_wheel, suite_command


def test_the_wheel_brings_the_suite(tmp_path: Path) -> None:
    """A file that is only in the tree is missed first by somebody else."""
    wheel = build_wheel(tmp_path)
    site = tmp_path / "site"
    install = ["install", "-q", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True)
    away = tmp_path / "away"
    away.mkdir()
    options = ["--swamp-clause", "SWD-WS-001", "--swamp-report", str(away / "report"), "-rA"]
    done = subprocess.run(
        suite_command(sys.executable, *options),
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
        cwd=away,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert str(site) in _where(site)
    assert (site / "swamp_driver_conformance/reporting/report.schema.json").is_file()
    assert (away / "report/report.json").is_file()


def _where(site: Path) -> str:
    script = "import swamp_driver_conformance as one; print(one.__file__)"
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True, cwd="/"
    ).stdout
