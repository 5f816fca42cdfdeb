"""The beginning of `method.pyz`: its folder is the exchange directory, its sources are inside."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from swamp_driver.models._runtime import run_request

SOURCES = "sources"


def main() -> int:
    """Run the request that lies beside the program; return the exit code."""
    program = Path(sys.argv[0])
    folder = program / SOURCES
    # before the installed packages: a package that travelled along is the one that is meant
    sys.path.insert(1, str(folder))

    def read(file: str) -> bytes:
        with zipfile.ZipFile(program) as archive:
            return archive.read(f"{SOURCES}/{file}")

    return run_request(program.absolute().parent, read, str(folder))
