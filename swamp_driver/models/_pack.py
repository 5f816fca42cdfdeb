"""The program that a method's step runs: this package and the model's sources, in one zip file."""

from __future__ import annotations

import functools
import importlib.util
import io
import marshal
import zipfile
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAIN = """\
import os
import sys

if sys.version_info < (3, 9):
    told = "python3 is %d.%d here, and models need 3.9 or newer" % sys.version_info[:2]
    with open(os.path.join(os.path.dirname(sys.argv[0]), "outcome.json"), "w") as file:
        file.write('{"outcome": "failed", "message": "%s"}' % told)
    sys.exit(told)

if __name__ == "__main__":  # not where multiprocessing imports it once more
    from swamp_driver.models._start import main

    main()
"""


def pack(sources: Mapping[str, str]) -> bytes:
    """Return the program with the sources of a model in it: equal sources give equal bytes.

    `sources` maps paths with slashes (`git.py`, `acme/models.py`) to text.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in _runtime().items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), data, zipfile.ZIP_DEFLATED)
        for path in sorted(sources):
            info = zipfile.ZipInfo(f"sources/{path}", _EPOCH)
            archive.writestr(info, sources[path].encode(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


@functools.lru_cache(maxsize=1)
def _runtime() -> dict[str, bytes]:
    """Return the files of this package, read once, and what they are compiled to.

    A Python of the version that runs here takes the latter, which saves it a third of its start;
    any other takes the sources.
    """
    found = {"__main__.py": _MAIN.encode(), "swamp_driver/__init__.py": b""}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        name = f"swamp_driver/models/{path.name}"
        found[name] = path.read_bytes()
        found[f"{name}c"] = _compiled(found[name], name)
    return found


def _compiled(source: bytes, name: str) -> bytes:
    """Return a module compiled: in the form that is taken without a look at the source."""
    code = compile(source, name, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    return header + importlib.util.source_hash(source) + marshal.dumps(code)
