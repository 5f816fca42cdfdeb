"""Keeps what models said of themselves, by the content of their sources."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import attrs

from swamp_driver import __version__
from swamp_driver.host.models._survey import Answer

_FORM = 1


def content_key(folder: Path, sources: Mapping[str, str]) -> str:
    """Return what names equal sources at the same place, described by the same program."""
    import hashlib  # noqa: PLC0415 - only repositories with models need it

    told = [_FORM, __version__, sys.version, str(folder), sorted(sources.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def load_answers(directory: Path | None, key: str) -> list[Answer] | None:
    """Return what was kept under a key; None where there is nothing that can be read."""
    if directory is None:
        return None
    try:
        kept = json.loads((directory / f"{key}.json").read_bytes())
        return [
            Answer(item=one["item"], models=tuple(one["models"]), errors=tuple(one["errors"]))
            for one in kept
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_answers(directory: Path | None, key: str, answers: list[Answer]) -> None:
    """Keep answers under a key; what cannot be written is asked again next time."""
    if directory is None or any(answer.errors for answer in answers):
        return  # an error may be gone when a package is installed
    with contextlib.suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump([attrs.asdict(answer) for answer in answers], file)
        Path(name).replace(directory / f"{key}.json")
