"""The directories of runs: where one is, who holds it, what is kept."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from swamp_driver import rundir
from swamp_driver._value import Value
from swamp_driver.errors import HostError, NotFoundError, WorkspaceBusyError, WorkspaceError
from swamp_driver.host._reservation import release, reserved_for
from swamp_driver.host._settings import HostSettings
from swamp_driver.spec import CancelToken, WorkspaceRequest

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SAFE_KEY = r"[a-z0-9][a-z0-9-]{0,39}"
_POLL_S = 0.1


def new_run_id() -> str:
    """Return a run id that no other run has: a letter and 11 letters or digits (62 bits)."""
    number = int.from_bytes(os.urandom(16))
    number, first = divmod(number, 26)
    return _ALPHABET[first] + "".join(_ALPHABET[number // 36**place % 36] for place in range(11))


def persistent_name(key: str) -> str:
    """Return the directory name of a persistent workspace: the key where it is safe as it is.

    Any other key is made safe and told apart by a digest, so that two keys never share a directory.
    """
    if re.fullmatch(_SAFE_KEY, key):
        return key
    slug = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")[:28]
    digest = _digest(key)[:10]
    return f"{slug}-{digest}" if slug else f"key-{digest}"


def _digest(key: str) -> str:
    import hashlib  # noqa: PLC0415 - 3 ms, and most runs have no such key

    return hashlib.sha256(key.encode()).hexdigest()


def request_workspace(
    settings: HostSettings, run_id: str, *, persistent_key: str | None, may_suspend: bool = False
) -> WorkspaceRequest:
    """Return the workspace of a run; pure but for the ids of the calling user.

    The path is a function of the root and the run id, or of the root and the key. A run that may be
    suspended has a workspace that drivers can take up again.
    """
    if persistent_key is None:
        run_dir = settings.runs_dir / run_id
    else:
        run_dir = settings.persistent_dir / persistent_name(persistent_key)
    return WorkspaceRequest(
        run_dir=str(run_dir),
        persistent=persistent_key is not None or may_suspend,
        uid=os.getuid(),
        gid=os.getgid(),
    )


@contextlib.contextmanager
def hold_workspace(
    settings: HostSettings,
    request: WorkspaceRequest,
    *,
    wait: bool,
    cancel: CancelToken,
    on_wait: Callable[[], None],
) -> Iterator[None]:
    """Make the place for a run directory, and hold a persistent one while the block runs.

    The lock dies with its holder, so a killed run never blocks the next (SWD-WS). `on_wait` is
    called once, before the wait. A cancelled wait ends as if the lock had been got: the caller
    looks at its token anyway.

    Raises:
        WorkspaceBusyError: another run holds it and `wait` is false.
        WorkspaceError: the directories cannot be made.
    """
    parent = Path(request.run_dir).parent
    try:
        settings.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(
            f"'{parent}' cannot be made: {error.strerror} (set SWAMP_DRIVER_ROOT to a directory "
            "that you can write to)"
        ) from error
    if parent != settings.persistent_dir:
        yield
        return
    import filelock  # noqa: PLC0415 - 30 ms, and only for persistent workspaces

    lock = filelock.FileLock(f"{request.run_dir}.lock", fallback_to_soft=False)
    try:
        with contextlib.suppress(filelock.Timeout):
            lock.acquire(blocking=False)
        if not lock.is_locked:
            if not wait:
                raise WorkspaceBusyError(
                    f"the persistent workspace '{Path(request.run_dir).name}' is in use by "
                    f"{_holder(request.run_dir)}: wait for it, or leave out --no-wait"
                )
            on_wait()
        while not lock.is_locked and not cancel.cancelled:
            with contextlib.suppress(filelock.Timeout):
                lock.acquire(timeout=_POLL_S)
        yield
    finally:
        lock.release()


def _holder(run_dir: str) -> str:
    marker = rundir.read_marker(run_dir)
    return f"run {marker.run_id}" if marker else "another run"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class KeptWorkspace(Value):
    """A workspace that is on this machine now."""

    name: str
    """A run id, or the name of a persistent workspace."""
    path: str
    """Of the workspace itself."""
    run_dir: str
    kind: str
    """`preserved`, `persistent`, `suspended` (its run waits for an approval), `in use`, or
    `abandoned` (its run died; `gc` removes it)."""
    run_id: str
    created_at: float
    in_use: bool


def list_workspaces(settings: HostSettings) -> tuple[KeptWorkspace, ...]:
    """Return the workspaces below the root, oldest first; those of live runs as well."""
    found = [
        _describe(marker_dir, is_persistent=parent == settings.persistent_dir)
        for parent in (settings.runs_dir, settings.persistent_dir)
        for marker_dir in rundir.list_run_dirs(parent)
    ]
    return tuple(sorted(found, key=lambda kept: kept.created_at))


def _describe(found: rundir.FoundRunDir, *, is_persistent: bool) -> KeptWorkspace:
    marker = found.marker
    in_use = _is_locked(found.path) if is_persistent else marker.owner.is_alive() is not False
    suspended = reserved_for(found.path)
    kind = "abandoned"
    if suspended is not None:
        kind = "suspended"
    elif is_persistent:
        kind = "persistent"
    elif marker.preserved:
        kind = "preserved"
    elif in_use:
        kind = "in use"
    return KeptWorkspace(
        name=Path(found.path).name,
        path=str(Path(found.path) / "workspace"),
        run_dir=found.path,
        kind=kind,
        run_id=suspended or marker.run_id,
        created_at=marker.created_at,
        in_use=in_use and not (marker.preserved and not is_persistent),
    )


def _is_locked(run_dir: str) -> bool:
    import filelock  # noqa: PLC0415 - see hold_workspace

    lock = filelock.FileLock(f"{run_dir}.lock", fallback_to_soft=False)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return True
    lock.release()
    return False


def find_workspace(settings: HostSettings, name: str) -> KeptWorkspace:
    """Return the workspace of a run (by id or its only beginning) or of a persistent key.

    Raises:
        NotFoundError: there is none of that name, or several begin so.
    """
    kept = list_workspaces(settings)
    exact = [one for one in kept if one.name in (name, persistent_name(name))]
    found = exact or [one for one in kept if name and one.run_id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFoundError(f"'{name}' is not one workspace: {', '.join(o.name for o in found)}")
    raise NotFoundError(f"there is no workspace '{name}' (see 'swamp-driver workspace list')")


def remove_workspace(
    settings: HostSettings, name: str, *, also_suspended: bool = False
) -> KeptWorkspace:
    """Remove a workspace that no run holds, and return what it was.

    With `also_suspended`, one that a suspended run needs goes too: say so in its record before,
    with `Store.cancel_suspended`.

    Raises:
        NotFoundError: as `find_workspace`.
        WorkspaceBusyError: a run uses it, or is suspended and will.
        HostError: parts of it could not be removed; the message names them.
    """
    kept = find_workspace(settings, name)
    if kept.in_use:
        raise WorkspaceBusyError(f"workspace '{kept.name}' is in use by run {kept.run_id}")
    if kept.kind == "suspended" and not also_suspended:
        raise WorkspaceBusyError(
            f"workspace '{kept.name}' is needed by run {kept.run_id}, which is suspended: end it "
            f"with 'swamp-driver reject {kept.run_id}', or cancel it with --force"
        )
    errors = rundir.remove_run_dir(kept.run_dir, deadline_s=600)
    if errors:
        raise HostError(f"workspace '{kept.name}' was not wholly removed: {'; '.join(errors)}")
    release(kept.run_dir)
    Path(f"{kept.run_dir}.lock").unlink(missing_ok=True)
    return kept


class OnceMarks:
    """Which `once` keys have been done in a workspace, and what those steps gave out.

    The marks are files beside the workspace, written by rename after the step succeeded, so they
    live and go with it; where the host does not see the workspace they live as long as the run.
    """

    def __init__(self, run_dir: str | None) -> None:
        self._directory = None if run_dir is None else Path(run_dir) / "once"
        self._done: dict[str, Mapping[str, str]] = {}

    def outputs_of(self, key: str) -> Mapping[str, str] | None:
        """Return the outputs of the step that did `key`, or None where it must be done."""
        if key not in self._done and self._directory is not None:
            with contextlib.suppress(OSError, ValueError):
                data = json.loads(self._path(key).read_text(encoding="utf-8"))
                self._done[key] = {str(k): str(v) for k, v in data["outputs"].items()}
        return self._done.get(key)

    def is_undone(self, paths: Sequence[str]) -> bool:
        """Return whether what a step handed on is gone from the workspace: it must run again.

        Where the host does not see the workspace marks live as long as the run, and so do files.
        """
        if self._directory is None:
            return False
        workspace = self._directory.parent / "workspace"
        return not all((workspace / path).exists() for path in paths)

    def mark(self, key: str, outputs: Mapping[str, str]) -> None:
        """Note that `key` was done. Raises `OSError` where it cannot be written."""
        self._done[key] = dict(outputs)
        if self._directory is None:
            return
        self._directory.mkdir(exist_ok=True)
        path = self._path(key)
        content = {"key": key, "done_at": time.time(), "outputs": dict(outputs)}
        path.with_suffix(".new").write_text(json.dumps(content), encoding="utf-8")
        path.with_suffix(".new").replace(path)

    def _path(self, key: str) -> Path:
        assert self._directory is not None
        return self._directory / f"{_digest(key)[:32]}.json"
