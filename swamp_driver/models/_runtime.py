"""Runs one method of a model, in the process of a step.

Reads the request, leaves results and outcome as `_wire` says. Prints and logs go to the log of the
step and mean nothing; neither does the exit code to the host, which reads the outcome.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from swamp_driver.models import _wire as wire
from swamp_driver.models._build import build_arguments, build_dataclass
from swamp_driver.models._check import check, unknown
from swamp_driver.models._describe import describe, names_of
from swamp_driver.models._errors import Cancelled, DefinitionError, LimitError, SchemaError
from swamp_driver.models._load import Read, load_class
from swamp_driver.models._model import Model, methods_of
from swamp_driver.models._sink import Sink
from swamp_driver.models._term import Term

Outcome = tuple[str, str]


def run_request(exchange: Path, read: Read, folder: str) -> int:
    """Run the method that the request in `exchange` names; return the exit code.

    `read` gives the sources that travelled along, `folder` is their place on the path of imports.
    """
    pid = os.getpid()
    term = Term()
    faulthandler.enable()
    term.take()
    with contextlib.suppress(AttributeError, OSError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    try:
        outcome = _run(exchange, read, folder, term)
    except Cancelled as error:
        outcome = (wire.CANCELLED, str(error))
    if os.getpid() != pid:  # a child that the method forked has come back from it
        os._exit(1)
    term.stop()
    _write_outcome(exchange, outcome)
    return 0 if outcome[0] == wire.OK else 1


def _run(exchange: Path, read: Read, folder: str, term: Term) -> Outcome:
    try:
        request = json.loads((exchange / wire.REQUEST).read_bytes())
        cls = load_class(request["origin"], read, folder)
        description = describe(cls)
    except Exception as error:  # noqa: BLE001 - whatever importing a model does is told
        return _failed(error, "the model cannot be loaded")
    sink = Sink(exchange, description, shield=term.shield)
    try:
        outcome = _call(cls, description, request, sink)
    finally:
        with term.shield(), contextlib.suppress(LimitError):
            sink.close()
    return outcome


def _call(
    cls: type[Model], description: Mapping[str, Any], request: Mapping[str, Any], sink: Sink
) -> Outcome:
    try:
        function, model, arguments = prepare(cls, description, request, sink)
    except (SchemaError, DefinitionError) as error:
        return wire.FAILED, str(error)
    try:
        returned: object = function(model, **arguments)
        sink.close()
    except Exception as error:  # noqa: BLE001 - what a method raises is told
        kind = wire.WRONG_SCHEMA if error is sink.failed else wire.FAILED
        return _failed(error, "", kind=kind)
    except SystemExit as error:
        if error.code not in (None, 0):
            return wire.FAILED, f"the method exited: {error.code}"
        returned = None
    if returned is not None:
        model.logger.warning("what the method returned is not kept; 'write_resource' keeps data")
    return wire.OK, ""


def prepare(
    cls: type[Model], description: Mapping[str, Any], request: Mapping[str, Any], sink: Sink
) -> tuple[Callable[..., Any], Model, dict[str, Any]]:
    """Return the method, the model and the arguments of a request.

    Raises:
        DefinitionError: There is no such method.
        SchemaError: Arguments or inputs are not as they are declared.
    """
    functions = methods_of(cls)
    name = request["method"]
    if name not in functions:
        raise DefinitionError(f"{description['type']}: {unknown('method', name, functions)}")
    problems = check(request["arguments"], description["arguments"], "globalArguments")
    problems += check(request["inputs"], description["methods"][name]["inputs"], "inputs")
    if problems:
        raise SchemaError(f"{description['type']}: {name}", problems)
    names = names_of(cls)
    given = request["arguments"]
    arguments: Any = cls.Arguments
    workspace = request["workspace"]
    fields = {
        "arguments": None if arguments is None else build_dataclass(given, arguments, names),
        "name": request["model"]["name"],
        "workspace": None if workspace is None else Path(workspace),
        "logger": _logger(description["type"]),
        "run": dict(request["run"]),
    }
    model = cls(sink=sink, fields=fields)
    return functions[name], model, build_arguments(request["inputs"], functions[name], names)


def _logger(kind: str) -> logging.Logger:
    logger = logging.getLogger("swamp.models." + kind)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
    return logger


def _failed(error: BaseException, what: str, *, kind: str = wire.FAILED) -> Outcome:
    """Print a traceback, without our own first frame, and return the outcome."""
    frames = error.__traceback__ and error.__traceback__.tb_next
    traceback.print_exception(type(error), error, frames)
    told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if kind == wire.WRONG_SCHEMA:
        told = str(error)
    return kind, f"{what}: {told}" if what else told


def _write_outcome(exchange: Path, outcome: Outcome) -> None:
    kind, message = outcome
    data = json.dumps({"outcome": kind, "message": message[: wire.MOST_MESSAGE]})
    partial = exchange / (wire.OUTCOME + ".part")
    partial.write_text(data, encoding="utf-8")
    partial.replace(exchange / wire.OUTCOME)
