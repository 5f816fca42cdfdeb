"""The beginning of `method.pyz`: its folder is the exchange directory, its sources are inside."""

from __future__ import annotations

import logging
import os
import sys
import zipimport
from pathlib import Path

from swamp_driver.models._runtime import run_request

SOURCES = "sources"


def main() -> None:
    """Run the request that lies beside the program, and end the process.

    Threads that a method has left behind do not keep it, and nothing is run at exit: the outcome
    is written, and what comes after it would be nobody's.
    """
    program = Path(sys.argv[0])
    folder = program / SOURCES

    def read(file: str) -> bytes:
        return zipimport.zipimporter(str(program)).get_data(str(folder / file))

    code = run_request(program.absolute().parent, read, str(folder))
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # noqa: PERF203 - closed by the method
            continue
    os._exit(code)
