"""What a child process does for `ask_driver`: drivers are other people's code, and may hang.

It reads one request from stdin and writes a line of JSON for each stage, before it and after it, so
that whoever waits knows where it hangs.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import attrs

from swamp_driver.errors import SwampDriverError, UnavailableError
from swamp_driver.host._api import load_workflow_text, plan, run
from swamp_driver.host._bound_driver import LoadedDriver, open_driver
from swamp_driver.host._registry import load_driver
from swamp_driver.host._run import RunOptions
from swamp_driver.host._settings import HostSettings
from swamp_driver.spec import (
    CancelStage,
    CancelToken,
    Capability,
    Json,
    config_options,
    structure_config,
)

Answer = dict[str, Json]

_TRIAL = """\
name: doctor
jobs:
  - name: try
    steps:
      - name: step
        run: |
          echo made > "$SWAMP_WORKSPACE/file"
          echo "user=$(id -u 2>/dev/null):$(id -g 2>/dev/null)" >> "$SWAMP_OUTPUT"
          echo "system=$(uname -sm 2>/dev/null)" >> "$SWAMP_OUTPUT"
        timeout: 60s
"""


def main(request: Mapping[str, Any]) -> None:
    """Do what is asked; end the process, whatever threads the driver has left behind."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)  # what a driver prints is not for the one who reads our lines
        try:
            for answer in _answers(request):
                _write(out, answer)
        except SwampDriverError as error:
            _write(out, _failure(error))
    os._exit(0)


def _write(out: TextIO, answer: Answer) -> None:
    out.write(json.dumps(answer) + "\n")
    out.flush()


def _failure(error: SwampDriverError) -> Answer:
    if isinstance(error, UnavailableError):
        return {"error": error.reason, "fix": error.fix}
    return {"error": "; ".join(str(error).split("\n")), "fix": None}


def _answers(request: Mapping[str, Any]) -> Iterator[Answer]:
    cancel = CancelToken()
    yield {"begins": "load"}
    loaded = load_driver(request["driver"])
    signal.signal(signal.SIGTERM, lambda *_: cancel.cancel(CancelStage.NOW))
    yield {
        "loaded": {
            "origin": loaded.installed.origin,
            "api": str(loaded.info.api),
            "summary": loaded.info.summary,
        }
    }
    yield {"begins": "probe"}
    given: dict[str, Json] = request["config"]
    missing = _missing(loaded, given)
    probed = _probe(loaded, structure_config(loaded.info.config, _filled(loaded, given, missing)))
    yield {"probed": probed}
    if missing or (probed is not None and not probed["available"]):
        yield {"untried": missing}
    else:
        yield from _trials(loaded, given, request, cancel)


def _trials(
    loaded: LoadedDriver, given: dict[str, Json], request: Mapping[str, Any], cancel: CancelToken
) -> Iterator[Answer]:
    """Run a step below each root, until one fails."""
    isolated = Capability.ISOLATION in loaded.info.capabilities
    for root in [*request["roots"], *(request["shared"] if isolated else ())]:
        yield {"begins": "try"}
        tried = {"root": root, **_try(loaded.name, given, Path(root), cancel)}
        yield {"tried": tried}
        if tried["status"] != "succeeded":
            return


def _missing(loaded: LoadedDriver, given: Mapping[str, Json]) -> list[Json]:
    """Return the options that are required, and not given."""
    options = config_options(loaded.info.config)
    return [
        one.key for one in options if one.required and "." not in one.key and one.key not in given
    ]


def _filled(
    loaded: LoadedDriver, given: Mapping[str, Json], missing: Sequence[Json]
) -> Mapping[str, Json]:
    """Return options to ask with: what is missing is taken from the driver's own first sample."""
    sample = loaded.info.good_configs[0].data if loaded.info.good_configs else {}
    return {**{key: value for key, value in sample.items() if key in missing}, **given}


def _probe(loaded: LoadedDriver, config: object) -> Answer | None:
    found = open_driver(loaded, config).probe_environment()
    if found is None:
        return None
    facts = json.loads(json.dumps(dict(found.facts), default=str))
    return {**attrs.asdict(found), "warnings": [*found.warnings], "facts": facts}


def _try(driver: str, config: dict[str, Json], root: Path, cancel: CancelToken) -> Answer:
    """Run a step and return how that went; what it made is gone."""
    loaded = load_workflow_text(_TRIAL, source="doctor")
    with tempfile.TemporaryDirectory(prefix="swamp-doctor-") as state:
        record = run(
            plan(loaded, driver=driver, driver_config=config),
            settings=HostSettings(root=root, state_dir=Path(state)),
            cancel=cancel,
            options=RunOptions(preserve="never"),
        )
    (step,) = record.steps or (None,)
    return {
        "status": record.status.value,
        "errors": [*record.errors],
        "seconds": (record.ended_at or record.started_at) - record.started_at,
        "detail": "" if step is None else step.detail,
        "end": None if step is None or step.end is None else step.end.value,
        "exitCode": None if step is None else step.exit_code,
        "outputs": {} if step is None else dict(step.outputs),
    }
