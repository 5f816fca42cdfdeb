"""The contract between hosts and drivers, version 1.1: hookspecs and value types.

This package and `swamp_driver.errors` are all that a driver must import. The docstrings are the
specification; clause families in brackets (SWD-WS) refer to the conformance suite.
"""

from swamp_driver.spec._cancel import CancelStage, CancelToken
from swamp_driver.spec._capabilities import Capability, is_known_capability
from swamp_driver.spec._config import OptionInfo, config_options, option, structure_config
from swamp_driver.spec._events import (
    ApprovalRequested,
    DriverProgress,
    JobEnded,
    JobOutline,
    JobStarted,
    Notice,
    RunEnded,
    RunEvent,
    RunStarted,
    StepEnded,
    StepEvent,
    StepOutput,
    StepReady,
    StepStarted,
    WorkflowStarted,
    WorkspaceReady,
)
from swamp_driver.spec._hooks import (
    ENTRY_POINT_GROUP,
    OPTIONAL_HOOKS,
    PROJECT_NAME,
    REQUIRED_HOOKS,
    DriverHooks,
    RunObserver,
    hookimpl,
    hookspec,
)
from swamp_driver.spec._info import (
    API_VERSION,
    ApiVersion,
    Availability,
    ConfigSample,
    DriverInfo,
)
from swamp_driver.spec._owner import Owner
from swamp_driver.spec._protocol import Driver
from swamp_driver.spec._run import (
    Json,
    Leftover,
    Progress,
    RunContext,
    RunOutcome,
    TeardownReport,
    Workspace,
    WorkspaceRequest,
)
from swamp_driver.spec._status import RunStatus, StepEnd, StepStatus
from swamp_driver.spec._step import StepIO, StepRequest, StepResult, Stream, Usage

__all__ = [
    "API_VERSION",
    "ENTRY_POINT_GROUP",
    "OPTIONAL_HOOKS",
    "PROJECT_NAME",
    "REQUIRED_HOOKS",
    "ApiVersion",
    "ApprovalRequested",
    "Availability",
    "CancelStage",
    "CancelToken",
    "Capability",
    "ConfigSample",
    "Driver",
    "DriverHooks",
    "DriverInfo",
    "DriverProgress",
    "JobEnded",
    "JobOutline",
    "JobStarted",
    "Json",
    "Leftover",
    "Notice",
    "OptionInfo",
    "Owner",
    "Progress",
    "RunContext",
    "RunEnded",
    "RunEvent",
    "RunObserver",
    "RunOutcome",
    "RunStarted",
    "RunStatus",
    "StepEnd",
    "StepEnded",
    "StepEvent",
    "StepIO",
    "StepOutput",
    "StepReady",
    "StepRequest",
    "StepResult",
    "StepStarted",
    "StepStatus",
    "Stream",
    "TeardownReport",
    "Usage",
    "WorkflowStarted",
    "Workspace",
    "WorkspaceReady",
    "WorkspaceRequest",
    "config_options",
    "hookimpl",
    "hookspec",
    "is_known_capability",
    "option",
    "structure_config",
]
