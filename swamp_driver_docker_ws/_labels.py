"""The names and labels of what the drivers make: how it is found again, and by whom it is owned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from swamp_driver.spec import Owner, RunContext

_PREFIX = "swamp-driver."
TOOL_LABEL = _PREFIX + "tool"
TOOL = "docker-ws"
RUN_LABEL = _PREFIX + "run"
BINDING_LABEL = _PREFIX + "binding"
NETWORK_LABEL = _PREFIX + "network"
"""Its container holds the network of this key, for others of the run to join."""
_ROLE = _PREFIX + "role"
_WORKFLOW = _PREFIX + "workflow"
_RUN_DIR = _PREFIX + "run-dir"
_CREATED = _PREFIX + "created-at"
_OWNER_HOST = _PREFIX + "owner.host"
_OWNER_BOOT = _PREFIX + "owner.boot"
_OWNER_PID = _PREFIX + "owner.pid"
_OWNER_START = _PREFIX + "owner.start"

Role = Literal["session", "step", "network", "helper", "workspace", "persistent", "kept"]
"""What a thing is for. A volume is the `workspace` of a run, or a `persistent` one of many runs.
One that is `kept` is empty: it says that the run's workspace was kept on purpose, since the labels
of a volume cannot be changed."""


def labels_for(
    run: RunContext, *, binding: str, role: Role, created_at: float
) -> Mapping[str, str]:
    """Return the labels of a container or volume: set at its creation, so it is never unowned.

    Those of `run.labels` come first and cannot take the place of ours.
    """
    return {
        **run.labels,
        TOOL_LABEL: TOOL,
        RUN_LABEL: run.run_id,
        BINDING_LABEL: binding,
        _ROLE: role,
        _WORKFLOW: run.workflow,
        _RUN_DIR: run.workspace.run_dir,
        _CREATED: f"{created_at:.3f}",
        _OWNER_HOST: run.owner.host,
        _OWNER_BOOT: run.owner.boot_id,
        _OWNER_PID: str(run.owner.pid),
        _OWNER_START: run.owner.start_time,
    }


def ours(*, run_id: str | None = None, binding: str | None = None) -> Mapping[str, str]:
    """Return the labels to search by: all of ours, those of a run, or those of one binding of it.

    Never a name: names of strangers may begin as ours do.
    """
    wanted = {TOOL_LABEL: TOOL, RUN_LABEL: run_id, BINDING_LABEL: binding}
    return {key: value for key, value in wanted.items() if value is not None}


def name_for(run_id: str, *, binding: str, role: Role, number: int) -> str:
    """Return a name that no other container or volume has."""
    return f"swamp-{run_id}-{binding}-{role}-{number}"


def persistent_volume_name(run_dir: str) -> str:
    """Return the name of the volume that stands for a persistent run directory in every run."""
    import hashlib  # noqa: PLC0415 - rare

    return f"swamp-persistent-{hashlib.sha256(run_dir.encode()).hexdigest()[:20]}"


@attrs.frozen(kw_only=True)
class LabelFacts:
    """What the labels of a thing say, as far as they are whole."""

    run_id: str
    owner: Owner | None
    created_at: float | None
    role: str


def read_labels(labels: Mapping[str, str]) -> LabelFacts | None:
    """Return what labels say, or None where they are not ours."""
    if labels.get(TOOL_LABEL) != TOOL or not labels.get(RUN_LABEL):
        return None
    return LabelFacts(
        run_id=labels[RUN_LABEL],
        owner=_owner(labels),
        created_at=_number(labels.get(_CREATED, "")),
        role=labels.get(_ROLE, ""),
    )


def _owner(labels: Mapping[str, str]) -> Owner | None:
    pid = labels.get(_OWNER_PID, "")
    texts = [labels.get(key, "") for key in (_OWNER_HOST, _OWNER_BOOT, _OWNER_START)]
    if not pid.isdecimal() or not all(texts):
        return None
    host, boot_id, start_time = texts
    return Owner(host=host, boot_id=boot_id, pid=int(pid), start_time=start_time)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
