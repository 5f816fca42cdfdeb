"""Runs a plan and remembers all of it that must not depend on its driver."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from swamp_driver.errors import SwampDriverError
from swamp_driver.host._enter import export_workspace
from swamp_driver.host._leftovers import find_leftovers
from swamp_driver.host._records import RunRecord
from swamp_driver.host._registry import RegistryCatalog
from swamp_driver.host._run import RunOptions, execute_run
from swamp_driver.host._settings import HostSettings
from swamp_driver.host._step_log import LoggedOutput
from swamp_driver.host._store import Store, open_store
from swamp_driver.host._workspaces import remove_workspace
from swamp_driver.host.parity._probe import PROBE_JOB, probe_plan, read_probe
from swamp_driver.host.parity._values import StepTrace, StreamTrace, Surroundings, Trace
from swamp_driver.rundir import StreamReplacer, TreeView, inspect_tree
from swamp_driver.spec import CancelToken, Stream
from swamp_driver.workflow import Plan

_HEAD_BYTES = 256 * 1024
RUN_DIR = "<run dir>"
RUN_ID = "<run id>"


def trace_run(
    plan: Plan,
    *,
    label: str,
    settings: HostSettings,
    cancel: CancelToken | None = None,
    drivers: Mapping[str, type] | None = None,
) -> Trace:
    """Run a plan, look at everything, remove its workspace, and return what there was.

    The run is recorded like any other, so that its logs can be read. A second, short run asks where
    its steps find themselves; it leaves no record. Blocks; from any thread. A driver that breaks
    does not raise: `Trace.status` says it.

    Raises:
        StoreError: records cannot be written.
    """
    cancel = cancel or CancelToken()
    catalog = RegistryCatalog(drivers)
    with open_store(settings) as store:
        record = execute_run(
            plan,
            store=store,
            load=catalog.load,
            cancel=cancel,
            options=RunOptions(preserve="always"),
        )
        try:
            tree, problems = _tree(record, settings, catalog)
        finally:
            left = _remove(record, settings, store, catalog)
        trace = _trace(record, store, label=label, replace=_replacements(record, settings))
    return attrs.evolve(
        trace,
        tree=tree,
        left=(*left, *problems),
        surroundings=_surroundings(plan, settings, catalog, cancel),
    )


def _run_dir(record: RunRecord, settings: HostSettings) -> Path:
    return settings.runs_dir / record.run_id


def _replacements(record: RunRecord, settings: HostSettings) -> dict[bytes, bytes]:
    return {
        str(_run_dir(record, settings)).encode(errors="surrogateescape"): RUN_DIR.encode(),
        record.run_id.encode(): RUN_ID.encode(),
    }


def _trace(record: RunRecord, store: Store, *, label: str, replace: Mapping[bytes, bytes]) -> Trace:
    path = record.workspace_path
    run_dir, run_id = (text.decode(errors="surrogateescape") for text in replace)
    return Trace(
        label=label,
        run_id=record.run_id,
        status=record.status,
        exit_code=record.exit_code,
        errors=record.errors,
        duration_s=(record.ended_at or record.started_at) - record.started_at,
        workspace_path=None if path is None else path.replace(run_dir, RUN_DIR),
        steps={
            f"{step.job}/{step.step}": StepTrace(
                status=str(step.status),
                end=None if step.end is None else str(step.end),
                exit_code=step.exit_code,
                signal=step.signal,
                streams=_streams(store.step_output(record.run_id, step.step_id), replace),
                outputs={
                    key: value.replace(run_dir, RUN_DIR).replace(run_id, RUN_ID)
                    for key, value in step.outputs.items()
                },
                files={
                    made.path: f"{made.size_bytes} bytes in {made.files} files ({made.digest[:12]})"
                    for made in step.handed_on
                },
            )
            for step in record.steps
        },
    )


class _StreamTracer:
    def __init__(self, replace: Mapping[bytes, bytes]) -> None:
        self._replacer = StreamReplacer(replace)
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = bytearray()

    def feed(self, data: bytes) -> None:
        self._take(self._replacer.feed(data))

    def finish(self) -> StreamTrace:
        self._take(self._replacer.flush())
        return StreamTrace(
            size_bytes=self._size, digest=self._digest.hexdigest(), head=bytes(self._head)
        )

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        self._digest.update(data)
        self._head += data[: _HEAD_BYTES - len(self._head)]


def _streams(
    pieces: Iterator[LoggedOutput], replace: Mapping[bytes, bytes]
) -> dict[Stream, StreamTrace]:
    tracers: dict[Stream, _StreamTracer] = {}
    for piece in pieces:
        tracers.setdefault(piece.stream, _StreamTracer(replace)).feed(piece.data)
    return {stream: tracer.finish() for stream, tracer in tracers.items()}


def _tree(
    record: RunRecord, settings: HostSettings, catalog: RegistryCatalog
) -> tuple[TreeView, tuple[str, ...]]:
    """Return what is in the workspace, copied from where its driver keeps it if need be."""
    replace = _replacements(record, settings)
    if record.workspace_path is None or not record.workspace_kept:
        return TreeView(), ()
    if all(prepared.host_visible for prepared in record.workspaces):
        return inspect_tree(record.workspace_path, replace=replace), ()
    with tempfile.TemporaryDirectory(prefix="swamp-parity-") as place:
        try:
            export_workspace(record, Path(place, "workspace"), catalog=catalog)
        except SwampDriverError as error:
            return TreeView(), (f"the workspace could not be looked at: {error}",)
        return inspect_tree(str(Path(place, "workspace")), replace=replace), ()


def _remove(
    record: RunRecord, settings: HostSettings, store: Store, catalog: RegistryCatalog
) -> tuple[str, ...]:
    """Remove what was kept of a run; return what is left of it."""
    if not record.workspace_kept:
        return ()
    try:
        if all(prepared.host_visible for prepared in record.workspaces):
            remove_workspace(settings, record.run_id)
        else:
            used = tuple(dict.fromkeys(one.driver for one in record.workspaces))
            for one in find_leftovers(settings, store, catalog, used).found:
                if one.leftover.run_id == record.run_id:
                    one.remove()
    except SwampDriverError as error:
        return (str(error),)
    return ()


def _surroundings(
    plan: Plan, settings: HostSettings, catalog: RegistryCatalog, cancel: CancelToken
) -> dict[str, Surroundings]:
    probe, names = probe_plan(plan)
    if probe is None or cancel.cancelled:
        return {}
    with contextlib.ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory(prefix="swamp-parity-"))
        store = stack.enter_context(open_store(attrs.evolve(settings, state_dir=Path(state))))
        record = execute_run(
            probe,
            store=store,
            load=catalog.load,
            cancel=cancel,
            options=RunOptions(preserve="never"),
        )
        trace = _trace(record, store, label="", replace=_replacements(record, settings))
    return {name: _probed(trace, f"{PROBE_JOB}/{step}") for step, name in names.items()}


def _probed(trace: Trace, step: str) -> Surroundings:
    found = trace.steps.get(step)
    if found is None:
        return Surroundings(problem="; ".join(trace.errors) or "the step did not run")
    heads = {stream: traced.head for stream, traced in found.streams.items()}
    return read_probe(found.status, heads.get("stdout", b""), heads.get("stderr", b""))
