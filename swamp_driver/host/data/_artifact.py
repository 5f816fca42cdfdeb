"""Data that outlives the step that made it: a version of a name of a model."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Literal

import attrs

from swamp_driver._value import Value
from swamp_driver.spec import Json
from swamp_driver.workflow import KEPT_VERSIONS

Kind = Literal["resource", "file"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NewArtifact(Value):
    """What shall be kept. See `DataStore.write`."""

    model: str
    """The name of the model that made it."""
    name: str
    """The name of the data within the model, `vary` applied (`varied_name`)."""
    spec: str
    """The name of the model's resource or file that it is one of."""
    kind: Kind = "resource"
    attributes: Mapping[str, Json] = attrs.field(factory=dict)
    """What a resource says. Secrets must be masked by the caller."""
    content_type: str = "application/json"
    tags: Mapping[str, str] = attrs.field(factory=dict)
    lifetime: str = "infinite"
    """As it is written: see `parse_lifetime`."""
    garbage_collection: int | str = KEPT_VERSIONS
    """As it is written: see `parse_garbage_rule`."""
    run_id: str
    job: str = ""
    step_id: str = ""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Artifact(Value):
    """A version of data as it is kept."""

    id: str
    """Unique among all data of this host."""
    model: str
    name: str
    version: int
    """From 1; within a model and name."""
    spec: str
    kind: Kind
    attributes: Mapping[str, Json]
    """Empty for a file."""
    digest: str | None
    """Of a file: the blob that holds its content."""
    size_bytes: int
    """Of the content; of a resource, of its attributes as JSON."""
    content_type: str
    tags: Mapping[str, str]
    lifetime: str
    garbage_collection: int | str
    run_id: str
    job: str
    step_id: str
    created_at: float
    """Seconds since the epoch."""


def artifact_to_json(artifact: Artifact) -> dict[str, Json]:
    """Return an artifact as expressions and programs see it."""
    created = datetime.datetime.fromtimestamp(artifact.created_at, datetime.UTC)
    return {
        "id": artifact.id,
        "name": artifact.name,
        "version": artifact.version,
        "createdAt": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "attributes": dict(artifact.attributes),
        "tags": {"workflowRunId": artifact.run_id, **artifact.tags},
        "modelName": artifact.model,
        "specName": artifact.spec,
        "dataType": artifact.kind,
        "contentType": artifact.content_type,
        "lifetime": artifact.lifetime,
        "size": artifact.size_bytes,
        "runId": artifact.run_id,
        "workflowRunId": artifact.run_id,
        "jobName": artifact.job,
    }
