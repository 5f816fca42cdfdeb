"""Data of models: versions, tags, lifetimes, in one SQLite file with contents beside it."""

from swamp_driver.host.data._artifact import Artifact, Kind, NewArtifact, artifact_to_json
from swamp_driver.host.data._garbage import collect_data_garbage
from swamp_driver.host.data._of_run import data_of_run
from swamp_driver.host.data._query import query_data, query_values
from swamp_driver.host.data._store import Collected, DataStore, open_data_store
from swamp_driver.host.data._view import DataView

__all__ = [
    "Artifact",
    "Collected",
    "DataStore",
    "DataView",
    "Kind",
    "NewArtifact",
    "artifact_to_json",
    "collect_data_garbage",
    "data_of_run",
    "open_data_store",
    "query_data",
    "query_values",
]
